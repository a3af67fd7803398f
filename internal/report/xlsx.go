package report

import (
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/xuri/excelize/v2"
)

// properties are what a file says of itself.
type properties struct {
	title, subject, creator string
	lang                    Lang
	at                      time.Time
	footer                  string // below each printed page
}

// writeXLSX writes a workbook. Equal sheets are equal bytes. Numbers are numbers, texts are
// texts: none is ever read as a formula.
func writeXLSX(w io.Writer, sheets []sheet, p properties) (err error) {
	f := excelize.NewFile()
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	b := &book{f: f, props: p, styles: map[look]int{}}
	for i := range sheets {
		if err := b.add(&sheets[i], i == 0); err != nil {
			return fmt.Errorf("writing sheet %s: %w", sheets[i].tab, err)
		}
	}
	if err := b.chartData(); err != nil {
		return fmt.Errorf("writing the charts: %w", err)
	}
	moment := p.at.UTC().Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{
		Title: p.title, Subject: p.subject, Creator: p.creator, LastModifiedBy: p.creator,
		Created: moment, Modified: moment, Language: p.lang.tag(), Description: p.footer,
	}); err != nil {
		return err
	}
	if err := f.SetAppProps(&excelize.AppProperties{Application: "hotline", Company: p.creator}); err != nil {
		return err
	}
	f.SetActiveSheet(0)
	// Charts declare the types of pictures in the order of a map.
	types := f.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	return nil
}

// book is a workbook that is being written.
type book struct {
	f      *excelize.File
	props  properties
	styles map[look]int
	charts []placed
}

// placed is a chart and where it goes, once its values have a place.
type placed struct {
	chart *chart
	sheet string
	cell  string
	width uint // pixels
}

// writer fills one sheet from the top.
type writer struct {
	*book
	s      *sheet
	name   string
	widths []float64
	row    int // the next one, from 1
	head   int // the row of the head that is repeated and kept in sight; 0: none
	top    int // its first row
	err    error
}

func (b *book) add(s *sheet, first bool) error {
	name := sheetName(s.tab)
	if first {
		if err := b.f.SetSheetName(b.f.GetSheetName(0), name); err != nil {
			return err
		}
	} else if _, err := b.f.NewSheet(name); err != nil {
		return err
	}
	w := &writer{book: b, s: s, name: name, widths: s.widths(), row: 1}
	w.do(func() error { return w.columns() })
	w.line(s.title, look{face: faceTitle, size: 18, align: alignCentre}, 30)
	for _, text := range s.lead {
		w.line(text, look{face: facePlain, size: 10}, 0)
	}
	for i := range s.parts {
		w.part(&s.parts[i], i == s.only())
	}
	if len(s.signed) > 0 {
		w.signatures()
	}
	w.do(w.layout)
	return w.err
}

func (w *writer) do(step func() error) {
	if w.err == nil {
		w.err = step()
	}
}

// widths are those of the grid that all parts of a sheet share.
func (s *sheet) widths() []float64 {
	var widths []float64
	for _, p := range s.parts {
		for i, c := range p.columns {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], c.width)
		}
	}
	return widths
}

// only is the one part of a sheet that has a head: it is repeated on each printed page. Of
// several tables one's head would stand above another's lines; then it is -1.
func (s *sheet) only() int {
	only := -1
	for i, p := range s.parts {
		switch {
		case p.bare || len(p.rows) == 0:
		case only >= 0:
			return -1
		default:
			only = i
		}
	}
	return only
}

func (w *writer) columns() error {
	for i, width := range w.widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := w.f.SetColWidth(w.name, name, name, width+1); err != nil {
			return err
		}
	}
	return nil
}

// layout is how the sheet is seen and printed: A4, one page wide.
func (w *writer) layout() error {
	size, orientation, wide, tall := 9, "portrait", 1, 0
	if w.s.landscape {
		orientation = "landscape"
	}
	if err := w.f.SetPageLayout(w.name, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall}); err != nil {
		return err
	}
	yes, no := true, false
	if err := w.f.SetSheetProps(w.name, &excelize.SheetPropsOptions{FitToPage: &yes}); err != nil {
		return err
	}
	side, top, foot := 0.55, 0.75, 0.3
	if err := w.f.SetPageMargins(w.name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &top, Bottom: &top, Header: &foot, Footer: &foot, Horizontally: &yes}); err != nil {
		return err
	}
	pages := w.props.lang.of("第 &P 页，共 &N 页", "page &P of &N")
	if err := w.f.SetHeaderFooter(w.name, &excelize.HeaderFooterOptions{
		OddHeader: "&R" + escapeField(w.draftMark()), OddFooter: "&L&8" + escapeField(w.props.footer) + "&R&8" + pages,
	}); err != nil {
		return err
	}
	if err := w.f.SetSheetView(w.name, 0, &excelize.ViewOptions{ShowGridLines: &no}); err != nil {
		return err
	}
	if w.head == 0 {
		return nil
	}
	const inSight = 9 // more frozen rows would leave no room for what they are the head of
	if w.head <= inSight {
		below, err := excelize.CoordinatesToCellName(1, w.head+1)
		if err != nil {
			return err
		}
		if err := w.f.SetPanes(w.name, &excelize.Panes{Freeze: true, YSplit: w.head, TopLeftCell: below, ActivePane: "bottomLeft"}); err != nil {
			return err
		}
	}
	return w.f.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("%s!$%d:$%d", quoteSheet(w.name), w.top, w.head), Scope: w.name,
	})
}

func (w *writer) draftMark() string {
	if !w.s.draft {
		return ""
	}
	return w.props.lang.of("草稿：口径待确认", "draft: definitions not confirmed")
}

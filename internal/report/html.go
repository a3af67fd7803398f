package report

import (
	_ "embed" // the page's template
	"fmt"
	"html"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageCSS string

// CSS is the look of what [WriteSheets] writes.
func CSS() []byte { return []byte(pageCSS) }

// WriteSheets writes what stands in the page of a report, without the page around it, for
// a page that brings its own and the style. link gives where a figure leads to; empty:
// nowhere.
func WriteSheets(w io.Writer, r *Report, o Options, link func(Trace) string) error {
	t := &teller{Lang: o.Lang, r: r, d: r.Choices}
	return pageOf(t.sheets(o), t.properties(), link).write(w, "sheets")
}

// writeHTML writes one page that needs nothing beside it: no script, no picture, no style
// from elsewhere. It prints on A4.
func writeHTML(w io.Writer, sheets []sheet, p properties) error {
	view := pageOf(sheets, p, func(Trace) string { return "" })
	view.CSS = template.CSS(pageCSS)
	return view.write(w, "page")
}

func pageOf(sheets []sheet, p properties, link func(Trace) string) *htmlPage {
	view := &htmlPage{Lang: p.lang.tag(), Title: p.title, Contents: p.lang.of("目录", "contents"), Footer: p.footer}
	for i := range sheets {
		view.Sheets = append(view.Sheets, htmlSheetOf(&sheets[i], p.lang, link))
	}
	return view
}

func (v *htmlPage) write(w io.Writer, name string) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	if err := t.ExecuteTemplate(w, name, v); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

type htmlPage struct {
	CSS                           template.CSS
	Lang, Title, Contents, Footer string
	Sheets                        []htmlSheet
}

type htmlSheet struct {
	ID, Tab, Title, Draft string
	Lead                  []string
	Wide                  bool
	Parts                 []htmlPart
	Signed                []string
}

type htmlPart struct {
	Heading string
	Apart   bool
	Head    [][]htmlCell
	Rows    [][]htmlCell
	Widths  []string
	Notes   []string
	Chart   template.HTML
}

type htmlCell struct {
	Text    string
	Class   string
	Href    string // to the calls behind it
	Title   string // of the link
	Columns int
	Rows    int
}

func htmlSheetOf(s *sheet, l Lang, link func(Trace) string) htmlSheet {
	x := htmlSheet{ID: s.id, Tab: s.tab, Title: s.title, Lead: s.lead, Wide: s.landscape}
	for _, who := range s.signed {
		x.Signed = append(x.Signed, who+l.of("：", ": "))
	}
	if s.draft {
		x.Draft = l.of("草稿：口径待确认", "draft: definitions not confirmed")
	}
	for i := range s.parts {
		p := &s.parts[i]
		y := htmlPart{Heading: p.heading, Apart: p.apart, Notes: p.notes}
		if p.chart != nil && p.chart.drawable() {
			y.Chart = p.chart.svg()
		}
		total := 0.0
		for _, c := range p.columns {
			total += c.width
		}
		for _, c := range p.columns {
			y.Widths = append(y.Widths, fmt.Sprintf("%.1f%%", 100*c.width/max(total, 1)))
		}
		if !p.bare && len(p.columns) > 0 {
			y.Head = p.htmlHead()
		}
		y.Rows = p.htmlRows(link)
		x.Parts = append(x.Parts, y)
	}
	return x
}

func (p *part) htmlHead() [][]htmlCell {
	var first, second []htmlCell
	grouped := false
	for _, c := range p.columns {
		grouped = grouped || c.over != ""
	}
	for i, c := range p.columns {
		switch {
		case c.over == "" && grouped:
			first = append(first, htmlCell{Text: c.title, Rows: 2})
		case c.over == "":
			first = append(first, htmlCell{Text: c.title})
		default:
			if i == 0 || p.columns[i-1].over != c.over {
				first = append(first, htmlCell{Text: c.over})
			}
			first[len(first)-1].Columns++
			second = append(second, htmlCell{Text: c.title})
		}
	}
	if !grouped {
		return [][]htmlCell{first}
	}
	return [][]htmlCell{first, second}
}

func (p *part) htmlRows(link func(Trace) string) [][]htmlCell {
	most := 0.0
	for _, row := range p.rows {
		for _, c := range row {
			if p.heat && c.number != nil {
				most = max(most, *c.number)
			}
		}
	}
	rows := make([][]htmlCell, len(p.rows))
	for i, row := range p.rows {
		column := 0
		for _, c := range row {
			at := column
			column += max(c.span, 1)
			if c.span == restOfRow {
				c.span = len(p.columns) - at
			}
			if c.covered || p.joined(i, at) {
				continue
			}
			h := htmlCell{Text: c.text, Columns: c.span, Rows: c.down, Class: p.htmlClass(&c, at)}
			for r := i + 1; r < len(p.rows) && p.joined(r, at); r++ {
				h.Rows = r - i + 1
			}
			if p.heat && c.number != nil && most > 0 {
				h.Class = strings.TrimSpace(fmt.Sprintf("%s heat%.0f", h.Class, math.Ceil(heats**c.number/most)))
			}
			if c.trace.Figure != "" && c.text != "" {
				h.Href, h.Title = link(c.trace), c.title
			}
			rows[i] = append(rows[i], h)
		}
	}
	return rows
}

// heats is how many shades of heat the style has.
const heats = 20

func (p *part) htmlClass(c *cell, column int) string {
	var classes []string
	a := c.align
	if a == alignAuto && column < len(p.columns) {
		a = p.columns[column].align
	}
	switch {
	case a == alignCentre:
		classes = append(classes, "centre")
	case a == alignAuto && c.number != nil:
		classes = append(classes, "number")
	}
	if name := [...]string{toneMet: "met", toneNear: "near", toneMissed: "missed", toneWeak: "weak", toneLabel: "label"}[c.tone]; name != "" {
		classes = append(classes, name)
	}
	if c.bold {
		classes = append(classes, "bold")
	}
	return strings.Join(classes, " ")
}

// svg draws a chart: bars and lines over labels, a gap where a value is missing.
func (c *chart) svg() template.HTML {
	const width, height, left, foot, top = 720.0, 230.0, 56.0, 34.0, 26.0
	low, high := c.reach()
	n := len(c.labels)
	x := func(i int) float64 { return left + (float64(i)+0.5)*(width-left-10)/float64(n) }
	y := func(v float64) float64 { return height - foot - (v-low)/(high-low)*(height-foot-top) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s"><text class="t" x="%g" y="14">%s</text>`,
		width, height, html.EscapeString(c.title), width/2, html.EscapeString(c.title))
	for i := range 5 {
		v := low + (high-low)*float64(i)/4
		shown := group(int64(v))
		if c.share {
			shown = fmt.Sprintf("%.0f%%", v*100)
		}
		fmt.Fprintf(&b, `<line class="g" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="y" x="%g" y="%.1f">%s</text>`, left, width-10, y(v), y(v), left-6, y(v)+3, shown)
	}
	for i, text := range c.labels {
		if n <= 16 || i%((n+15)/16) == 0 {
			fmt.Fprintf(&b, `<text class="x" x="%.1f" y="%g">%s</text>`, x(i), height-foot+14, html.EscapeString(text))
		}
	}
	for i, s := range c.series {
		s.draw(&b, x, y, 0.6*(width-left-10)/float64(n), y(low))
		class := "v"
		if s.target {
			class = "w"
		}
		fmt.Fprintf(&b, `<rect class="%s k" x="%g" y="%g" width="14" height="4"/><text class="l" x="%g" y="%g">%s</text>`,
			class, left+float64(i)*150, height-8, left+20+float64(i)*150, height-3, html.EscapeString(s.name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

func (s *series) draw(b *strings.Builder, x func(int) float64, y func(float64) float64, wide, base float64) {
	class := "v"
	if s.target {
		class = "w"
	}
	var line []string
	flush := func() {
		if len(line) > 0 {
			fmt.Fprintf(b, `<polyline class="%s" points="%s"/>`, class, strings.Join(line, " "))
			line = nil
		}
	}
	for i, v := range s.values {
		switch {
		case v == nil:
			flush()
		case s.bars:
			fmt.Fprintf(b, `<rect class="%s b" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x(i)-wide/2, y(*v), wide, max(0, base-y(*v)))
		default:
			line = append(line, fmt.Sprintf("%.1f,%.1f", x(i), y(*v)))
		}
	}
	flush()
}

// reach are the edges of the axis: from zero, or of shares what bounds says.
func (c *chart) reach() (low, high float64) {
	if c.share {
		return c.bounds()
	}
	for _, s := range c.series {
		for _, v := range s.values {
			if v != nil {
				high = max(high, *v)
			}
		}
	}
	return 0, max(high*1.05, 1)
}

package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"
)

const (
	lineHeight = 14.5 // of the body's size, in points
	mostHeight = 409  // of a row: no spreadsheet takes more
)

// height sets how tall a row is. A text of more lines than fit is whole in its cell, and cut
// in print.
func (w *writer) height(row int, points float64) error {
	return w.f.SetRowHeight(w.name, row, min(points, mostHeight))
}

// at names a cell of the sheet.
func at(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic("report: " + err.Error()) // columns and rows count from 1
	}
	return name
}

// line writes a text over the whole width. height 0: as many lines as it needs.
func (w *writer) line(s string, l look, height float64) {
	w.do(func() error {
		from, to := at(1, w.row), at(max(len(w.widths), 1), w.row)
		if from != to {
			if err := w.f.MergeCell(w.name, from, to); err != nil {
				return err
			}
		}
		l.wrap = true
		style, err := w.style(l)
		if err != nil {
			return err
		}
		if err := w.f.SetCellStyle(w.name, from, to, style); err != nil {
			return err
		}
		if err := w.f.SetCellStr(w.name, from, defuse(s)); err != nil {
			return err
		}
		if height == 0 {
			total := 0.0
			for _, width := range w.widths {
				total += width + 1
			}
			height = float64(linesOf(s, total*10/max(l.size, 8)))*lineHeight*l.size/10 + 2
		}
		if err := w.height(w.row, height); err != nil {
			return err
		}
		w.row++
		return nil
	})
}

// linesOf is how many lines a text takes in a width of characters, Chinese ones counting two.
func linesOf(s string, width float64) int {
	lines := 0
	for part := range strings.SplitSeq(s, "\n") {
		lines += max(1, int(math.Ceil(float64(runewidth.StringWidth(part))/max(width, 1))))
	}
	return lines
}

func (w *writer) part(p *part, repeated bool) {
	if p.apart && w.row > 1 {
		w.do(func() error { return w.f.InsertPageBreak(w.name, at(1, w.row)) })
	}
	if p.heading != "" {
		w.line(p.heading, look{face: faceHead, size: 11}, 22)
	}
	if !p.bare && len(p.columns) > 0 {
		top := w.row
		w.do(func() error { return w.tableHead(p) })
		if repeated {
			w.top, w.head = top, w.row-1
		}
	}
	first := w.row
	for i := range p.rows {
		w.do(func() error { return w.tableRow(p, i) })
	}
	w.do(func() error { return w.joinColumns(p, first) })
	if p.heat && len(p.rows) > 0 {
		w.do(func() error { return w.heat(p, first) })
	}
	for _, n := range p.notes {
		w.line(n, look{face: facePlain, size: 9}, 0)
	}
	if p.chart != nil && p.chart.drawable() {
		w.place(p.chart)
	}
	if len(p.rows) > 0 || len(p.notes) > 0 {
		w.row++ // a free line before what follows
	}
	if p.bare {
		w.row = max(first+len(p.rows), w.row-1) // lines of a form stand close
	}
}

func (w *writer) tableHead(p *part) error {
	style, err := w.style(look{face: faceHead, size: 10, align: alignCentre, border: true, fill: "EDEDED", wrap: true})
	if err != nil {
		return err
	}
	rows := 1
	for _, c := range p.columns {
		if c.over != "" {
			rows = 2
		}
	}
	for r := range rows {
		if err := w.f.SetCellStyle(w.name, at(1, w.row+r), at(len(p.columns), w.row+r), style); err != nil {
			return err
		}
	}
	var heights [2]int
	for i, c := range p.columns {
		if n := linesOf(c.title, c.width); c.over != "" {
			heights[1] = max(heights[1], n)
		} else {
			heights[0] = max(heights[0], (n+rows-1)/rows)
		}
		if c.over == "" {
			if err := w.join(i+1, w.row, i+1, w.row+rows-1, c.title); err != nil {
				return err
			}
			continue
		}
		if err := w.f.SetCellStr(w.name, at(i+1, w.row+1), defuse(c.title)); err != nil {
			return err
		}
		if i == 0 || p.columns[i-1].over != c.over {
			last := i
			for last+1 < len(p.columns) && p.columns[last+1].over == c.over {
				last++
			}
			if err := w.join(i+1, w.row, last+1, w.row, c.over); err != nil {
				return err
			}
		}
	}
	for r := range rows {
		if err := w.height(w.row+r, max(20, float64(heights[r])*lineHeight+6)); err != nil {
			return err
		}
	}
	w.row += rows
	return nil
}

// join makes one cell of several and writes a text into it.
func (w *writer) join(c1, r1, c2, r2 int, s string) error {
	if c1 != c2 || r1 != r2 {
		if err := w.f.MergeCell(w.name, at(c1, r1), at(c2, r2)); err != nil {
			return err
		}
	}
	return w.f.SetCellStr(w.name, at(c1, r1), defuse(s))
}

func (w *writer) tableRow(p *part, i int) error {
	column, height := 1, 1
	for _, c := range p.rows[i] {
		last := column
		switch {
		case c.span == restOfRow:
			last = len(p.columns)
		case c.span > 1:
			last = min(column+c.span-1, len(p.columns))
		}
		width := 0.0
		for i := column; i <= last && i <= len(w.widths); i++ {
			width += w.widths[i-1] + 1
		}
		align := c.align
		if align == alignAuto && column <= len(p.columns) {
			align = p.columns[column-1].align
		}
		style, err := w.style(bodyLook(&c, align))
		if err != nil {
			return err
		}
		if err := w.f.SetCellStyle(w.name, at(column, w.row), at(last, w.row), style); err != nil {
			return err
		}
		if foot := w.row + max(c.down, 1) - 1; !c.covered && (last > column || foot > w.row) {
			if err := w.f.MergeCell(w.name, at(column, w.row), at(last, foot)); err != nil {
				return err
			}
		}
		if !c.covered {
			if err := w.value(at(column, w.row), &c); err != nil {
				return err
			}
		}
		if p.joined(i, column-1) || p.joined(i+1, column-1) {
			column++
			continue // what is one with other rows has their room, too
		}
		height = max(height, c.tall, (linesOf(c.text, width-1)+max(c.down, 1)-1)/max(c.down, 1))
		column = last + 1
	}
	if err := w.height(w.row, float64(height)*lineHeight+4); err != nil {
		return err
	}
	w.row++
	return nil
}

func (w *writer) value(name string, c *cell) error {
	if c.number != nil {
		return w.number(w.name, name, *c.number)
	}
	return w.f.SetCellStr(w.name, name, defuse(c.text))
}

// number writes all the digits that tell a number from its neighbours; left to itself the
// library keeps fifteen.
func (b *book) number(sheet, cell string, v float64) error {
	_, decimals, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	return b.f.SetCellFloat(sheet, cell, v, len(decimals), 64)
}

// joinColumns makes one cell of equal ones below each other, where the column says so.
func (w *writer) joinColumns(p *part, first int) error {
	for i := range p.columns {
		if !p.columns[i].joins {
			continue
		}
		for start := 0; start < len(p.rows); {
			end := start
			for end+1 < len(p.rows) && p.joined(end+1, i) {
				end++
			}
			if end > start {
				if err := w.f.MergeCell(w.name, at(i+1, first+start), at(i+1, first+end)); err != nil {
					return err
				}
			}
			start = end + 1
		}
	}
	return nil
}

// joined says whether a cell is one with that above it: they are equal, and so are those
// of the columns before it that join.
func (p *part) joined(row, column int) bool {
	if row == 0 || row >= len(p.rows) || column >= len(p.columns) || !p.columns[column].joins {
		return false
	}
	for i := 0; i <= column; i++ {
		if !p.columns[i].joins {
			continue
		}
		if i >= len(p.rows[row]) || i >= len(p.rows[row-1]) || p.rows[row][i].text != p.rows[row-1][i].text || p.rows[row][i].span != 0 {
			return false
		}
	}
	return true
}

// heat colours the numbers of a part: the more, the darker.
func (w *writer) heat(p *part, first int) error {
	return w.f.SetConditionalFormat(w.name, at(2, first)+":"+at(len(p.columns), first+len(p.rows)-1), []excelize.ConditionalFormatOptions{{
		Type: "2_color_scale", Criteria: "=", MinType: "min", MaxType: "max", MinColor: "#FFFFFF", MaxColor: "#E8743B",
	}})
}

// signatures is the line at the foot that people sign on.
func (w *writer) signatures() {
	var b strings.Builder
	for i, who := range w.s.signed {
		if i > 0 {
			b.WriteString("        ")
		}
		b.WriteString(who + w.props.lang.of("：", ": ") + strings.Repeat("　", 6))
	}
	w.row++
	w.line(b.String(), look{face: facePlain, size: 11}, 26)
}

package docx

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Style is how a paragraph looks.
type Style string

// The styles.
const (
	Title    Style = "Title"    // 二号小标宋, centred
	Lead     Style = "Lead"     // 小四楷体, centred: what stands below the title
	Heading1 Style = "Heading1" // 三号黑体: 一、
	Heading2 Style = "Heading2" // 三号楷体: （一）
	Body     Style = "Body"     // 三号仿宋, indented by two characters
	Note     Style = "Note"     // 小四仿宋, as below a table
	Caption  Style = "Caption"  // 小四黑体, centred, above a table
	Right    Style = "Right"    // as Body, at the right: signature and date
)

// Document is gathered part by part, in the order it is read.
type Document struct {
	Title, Subject, Creator string
	Language                string    // of the text, as zh-CN; needed
	At                      time.Time // the moment the document says it was made

	body []*node
}

// Paragraph adds a paragraph. Control characters that a document cannot hold are replaced.
func (d *Document) Paragraph(style Style, text string) {
	d.body = append(d.body, paragraph(style, text))
}

// Cell is one cell of a table.
type Cell struct {
	Text   string
	Number bool // to the right
	Bold   bool
	// Joined makes the cell one with that above it.
	Joined bool
}

// Table has a head that is repeated on each page.
type Table struct {
	Widths []int // of the columns, relative to each other
	Head   []string
	Rows   [][]Cell
}

// textWidth of the page in twentieths of a point: 156 mm.
const textWidth = 8845

// Table adds a table over the whole width of the text.
func (d *Document) Table(t Table) {
	sum := 0
	for _, w := range t.Widths {
		sum += w
	}
	widths := make([]string, len(t.Widths))
	grid := el("w:tblGrid")
	for i, w := range t.Widths {
		widths[i] = fmt.Sprint(w * textWidth / max(sum, 1))
		grid.add(el("w:gridCol", at("w:w", widths[i])))
	}
	table := el("w:tbl", tableProperties(), grid)
	head := make([]Cell, len(t.Head))
	for i, text := range t.Head {
		head[i] = Cell{Text: text, Bold: true}
	}
	table.add(tableRow(head, widths, nil, true))
	for i, row := range t.Rows {
		var below []Cell
		if i+1 < len(t.Rows) {
			below = t.Rows[i+1]
		}
		table.add(tableRow(row, widths, below, false))
	}
	d.body = append(d.body, table)
}

func tableProperties() *node {
	borders := el("w:tblBorders")
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		borders.add(el("w:"+side, at("w:val", "single"), at("w:sz", "4"), at("w:space", "0"), at("w:color", "000000")))
	}
	margins := el("w:tblCellMar")
	for _, side := range []string{"left", "right"} {
		margins.add(el("w:"+side, at("w:w", "60"), at("w:type", "dxa")))
	}
	return el("w:tblPr",
		el("w:tblW", at("w:w", fmt.Sprint(textWidth)), at("w:type", "dxa")),
		el("w:jc", at("w:val", "center")), borders, el("w:tblLayout", at("w:type", "fixed")), margins)
}

func tableRow(cells []Cell, widths []string, below []Cell, head bool) *node {
	properties := el("w:trPr", el("w:cantSplit"))
	if head {
		properties.add(el("w:tblHeader"))
	}
	row := el("w:tr", properties)
	for i, c := range cells {
		p := el("w:tcPr", el("w:tcW", at("w:w", widths[i]), at("w:type", "dxa")))
		switch {
		case c.Joined:
			p.add(el("w:vMerge"))
		case i < len(below) && below[i].Joined:
			p.add(el("w:vMerge", at("w:val", "restart")))
		}
		if head {
			p.add(el("w:shd", at("w:val", "clear"), at("w:color", "auto"), at("w:fill", "EDEDED")))
		}
		p.add(el("w:vAlign", at("w:val", "center")))
		row.add(el("w:tc", p, cellText(c, head)))
	}
	return row
}

func cellText(c Cell, head bool) *node {
	style := "TableText"
	if head || c.Number && c.Text == "" {
		style = "TableHead"
	}
	align := "left"
	switch {
	case head:
		align = "center"
	case c.Number:
		align = "right"
	}
	text := c.Text
	if c.Joined {
		text = "" // what is above holds for both
	}
	run := el("w:r")
	if c.Bold && !head {
		run.add(el("w:rPr", el("w:b")))
	}
	run.add(textOf(text))
	return el("w:p", el("w:pPr", el("w:pStyle", at("w:val", style)), el("w:jc", at("w:val", align))), run)
}

func paragraph(style Style, text string) *node {
	p := el("w:p", el("w:pPr", el("w:pStyle", at("w:val", string(style)))))
	for i, line := range strings.Split(text, "\n") {
		r := el("w:r")
		if i > 0 {
			r.add(el("w:br"))
		}
		p.add(r.with(textOf(line)))
	}
	return p
}

func textOf(s string) *node {
	t := el("w:t", at("xml:space", "preserve"))
	t.Text = s
	return t
}

// Write writes the document.
func (d *Document) Write(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, p := range d.parts() {
		// No time: one that is not set is the same in every run.
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate})
		if err != nil {
			return fmt.Errorf("writing %s: %w", p.name, err)
		}
		if _, err := io.WriteString(f, xml.Header); err != nil {
			return fmt.Errorf("writing %s: %w", p.name, err)
		}
		if err := xml.NewEncoder(f).Encode(p.root); err != nil {
			return fmt.Errorf("writing %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}

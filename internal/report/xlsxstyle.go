package report

import (
	"strings"

	"github.com/xuri/excelize/v2"
)

// The typefaces of office forms. A machine that has none of them takes its own.
const (
	faceTitle = "方正小标宋简体"
	faceHead  = "黑体"
	facePlain = "宋体"
)

// look of a cell; equal ones share a style of the workbook.
type look struct {
	face     string
	size     float64
	colour   string
	fill     string
	align    align
	format   format
	decimals int
	border   bool
	bold     bool
	wrap     bool
}

// bodyLook is how a cell of a table looks.
func bodyLook(c *cell, a align) look {
	l := look{face: facePlain, size: 10, border: true, wrap: true, bold: c.bold, format: c.format, decimals: c.decimals, align: a}
	switch c.tone {
	case toneMet:
		l.colour = "1E7B34"
	case toneNear:
		l.colour = "B26A00"
	case toneMissed:
		l.colour = "C00000"
	case toneWeak:
		l.colour = "7F7F7F"
	case toneLabel:
		l.face, l.fill = faceHead, "F5F5F5"
	}
	if l.align == alignAuto && c.tone == toneLabel {
		l.align = alignCentre
	}
	return l
}

func (b *book) style(l look) (int, error) {
	if id, ok := b.styles[l]; ok {
		return id, nil
	}
	s := &excelize.Style{
		Font:      &excelize.Font{Family: l.face, Size: l.size, Bold: l.bold, Color: l.colour},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: l.wrap},
	}
	switch l.align {
	case alignCentre:
		s.Alignment.Horizontal = "center"
	case alignLeft:
		s.Alignment.Horizontal = "left"
	}
	if l.border {
		for _, side := range []string{"left", "top", "right", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: "000000", Style: 1})
		}
	}
	if l.fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
	}
	if code := l.code(); code != "" {
		s.CustomNumFmt = &code
	}
	id, err := b.f.NewStyle(s)
	if err != nil {
		return 0, err
	}
	b.styles[l] = id
	return id, nil
}

// code is the number format as workbooks have it.
func (l *look) code() string {
	switch l.format {
	case formatCount:
		return "#,##0"
	case formatPercent:
		return "0.00%"
	case formatTwo:
		return "#,##0.00"
	case formatExact:
		return "0.000000000000"
	case formatFixed:
		if l.decimals == 0 {
			return "0"
		}
		return "0." + strings.Repeat("0", l.decimals)
	case formatText:
		return "@"
	}
	return ""
}

// sheetName makes a tab's name of what a workbook allows.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, s)
	const most = 31
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}

func quoteSheet(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }

// escapeField keeps a text from being read as a code of headers and footers.
func escapeField(s string) string { return strings.ReplaceAll(s, "&", "&&") }

package report

import (
	"fmt"

	"hotline12333/internal/kpi"
)

// totalRow adds the scores up, or says that they cannot be.
func (t *teller) totalRow(x *FilledTable) []cell {
	name := label(t.of("总分", "Total"))
	words := ""
	switch {
	case x.Total != "":
		words = x.Total
		if x.Grade != nil {
			words += t.of("（", " (") + t.word(*x.Grade) + t.of("）", ")")
		}
	default:
		words = fmt.Sprintf(t.of("暂无：%d 项未得分；已得 %s 分（满分 %s 分）", "none yet: %d lines have no score; %s of %s points so far"), len(x.Unscored), cutText(x.Reached), x.Points)
	}
	name.span = 2
	return []cell{name, {text: words, span: restOfRow, bold: x.Total != "", align: alignLeft}}
}

// cutText shortens an exact number to two decimals.
func cutText(exact string) string {
	var f kpi.Fraction
	if err := f.UnmarshalText([]byte(exact)); err != nil {
		return exact
	}
	return kpi.Cut(f.Rat(), 2)
}

func (t *teller) formNotes(x *FilledTable) []string {
	var notes []string
	for i, n := range x.Layout.Notes {
		notes = append(notes, fmt.Sprintf("%s%d. %s", t.of("注", "Note "), i+1, t.word(n)))
	}
	for _, n := range t.r.Notices {
		notes = append(notes, t.of("注意：", "Note: ")+t.word(n))
	}
	for i := range t.r.Definitions {
		d := &t.r.Definitions[i]
		if d.Official {
			notes = append(notes, t.of("口径：", "Definition: ")+t.word(d.Text)+t.of("（", " (")+t.confirmed(d).text+t.of("）", ")"))
		}
	}
	return notes
}

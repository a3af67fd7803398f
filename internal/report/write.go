package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"hotline12333/internal/kpi"
)

// The formats of a report, beside CSV and JSON.
const (
	XLSX Format = "xlsx"
	DOCX Format = "docx"
	HTML Format = "html"
)

// ReportFormats are all formats of a report.
func ReportFormats() []Format { return []Format{XLSX, DOCX, HTML, CSV, JSON} }

// Options say how a report is printed. JSON and CSV have everything in every language.
type Options struct {
	Format Format
	Lang   Lang
	Table  string       // the forms of one table only: 13; empty: all
	Form   kpi.FormKind // one kind of form only; empty: both
}

// Render prints a report. Equal reports are equal bytes: what is sealed can be compared.
func Render(w io.Writer, r *Report, o Options) error {
	t := &teller{Lang: o.Lang, r: r, d: r.Choices}
	switch o.Format {
	case XLSX:
		return writeXLSX(w, t.sheets(o), t.properties())
	case HTML:
		return writeHTML(w, t.sheets(o), t.properties())
	case DOCX:
		return t.writeDOCX(w, o)
	case CSV:
		return writeReportCSV(w, r)
	case JSON:
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	return fmt.Errorf("a report cannot be printed as %q", o.Format)
}

// wanted are the tables that the options ask for.
func (t *teller) wanted(o Options) []*FilledTable {
	var list []*FilledTable
	for i := range t.r.Tables {
		x := &t.r.Tables[i]
		if (o.Table == "" || o.Table == x.Number) && (o.Form == "" || o.Form == x.Form) {
			list = append(list, x)
		}
	}
	return list
}

// sheets are all of them, in the order a reader needs them: what is handed in first.
func (t *teller) sheets(o Options) []sheet {
	var list []sheet
	for _, x := range t.wanted(o) {
		list = append(list, t.formSheet(x))
	}
	return append(
		list,
		t.summary(), t.heat(),
		t.divided(t.sheet("topics", t.of("热点业务", "Topics"), t.of("热点业务分布", "Calls by topic")), t.of("业务类型", "Topic"), byVolume(t.r.Topics), t.named),
		t.divided(t.sheet("queues", t.of("技能组", "Queues"), t.of("技能组话务", "Calls by queue")), t.of("技能组", "Queue"), byVolume(t.r.Queues), t.named),
		t.agents(), t.days(), t.dayHours(), t.comparison(), t.reconciliation(), t.definitions(), t.quality(), t.lost(), t.exactFigures(),
	)
}

// byVolume orders groups by how many calls they have.
func byVolume(groups []kpi.Group) []kpi.Group {
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b kpi.Group) int { return int(b.Counts.Offered - a.Counts.Offered) })
	return sorted
}

// properties are what the file says of itself. It has no time of its own: that of the
// newest record is the same whenever the same report is printed.
func (t *teller) properties() properties {
	at := time.Unix(0, 0).UTC()
	if !t.r.Period.From.IsZero() {
		at = t.r.Period.From
	}
	if t.r.DataTo != nil {
		at = *t.r.DataTo
	}
	reach := t.of("无数据", "no calls")
	if t.r.DataTo != nil {
		reach = t.moment(*t.r.DataTo)
	}
	creator := t.word(t.r.Unit)
	if creator == "" {
		creator = "hotline"
	}
	return properties{
		title:   t.word(t.r.Period.Title) + t.of(" 12333热线绩效报告", ": performance of the 12333 hotline"),
		subject: t.of("12333热线绩效", "12333 hotline performance"), creator: creator, lang: t.Lang, at: at,
		footer: t.of("数据截至 ", "data to ") + reach + " " + t.r.Period.Zone + " · " + t.state() + " · hotline " + t.r.Program,
	}
}

package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"hotline12333/internal/kpi"
)

// writeReportCSV writes one line per figure: programs and spreadsheets filter it by its
// first columns. A value that is missing is an empty field with the reason beside it.
func writeReportCSV(w io.Writer, r *Report) error {
	out := &csvLines{w: csv.NewWriter(w)}
	out.line("section", "key", "from", "to", "figure", "name_zh", "name_en", "value", "numerator", "denominator", "shown", "state")
	for i := range r.Tables {
		t := &r.Tables[i]
		section := "table_" + t.Number + "_" + string(t.Form)
		for j := range t.Rows {
			x := &t.Rows[j]
			num, den := "", ""
			if n, d, ok := x.Counts(); ok {
				num, den = whole(n), whole(d)
			}
			shown := x.Shown
			if shown != "" {
				shown += " " + x.Unit.ZH
			}
			out.line(section, strconv.Itoa(x.Number), stamp(t.Period.From), stamp(t.Period.To), x.Code, x.Name.ZH, x.Name.EN, x.Value, num, den, shown, string(x.State))
			out.line(section, strconv.Itoa(x.Number), stamp(t.Period.From), stamp(t.Period.To), x.Code+".score", "得分", "score", x.Score, "", "", x.ScoreShown, string(x.State))
		}
	}
	out.statement("total", "", &r.Total, r.Choices)
	if r.YearToDate != nil {
		out.statement("year_to_date", "", r.YearToDate, r.Choices)
	}
	for i := range r.Comparisons {
		out.statement(string(r.Comparisons[i].Kind), r.Comparisons[i].Title.EN, &r.Comparisons[i].Statement, r.Choices)
	}
	for _, g := range []struct {
		section string
		groups  []kpi.Group
	}{
		{"month", r.Months},
		{"day", r.Days},
		{"hour_of_day", r.DayHours},
		{"hour_of_week", r.Weeks},
		{"queue", r.Queues},
		{"agent", r.Agents},
		{"topic", r.Topics},
	} {
		for i := range g.groups {
			x := &g.groups[i]
			s := kpi.Statement{Period: kpi.Period{From: x.From, To: x.To}, Counts: x.Counts, Rates: x.Rates, Exact: x.Exact}
			out.statement(g.section, defuse(x.Key), &s, r.Choices)
		}
	}
	out.w.Flush()
	if out.err != nil {
		return out.err
	}
	return out.w.Error()
}

// csvLines writes lines and keeps the first error.
type csvLines struct {
	w   *csv.Writer
	err error
}

func (l *csvLines) line(fields ...string) {
	if l.err == nil {
		l.err = l.w.Write(fields)
	}
}

func (l *csvLines) statement(section, key string, s *kpi.Statement, d kpi.Definitions) {
	from, to := instant(s.Period.From), instant(s.Period.To)
	for _, f := range figures(s, d) {
		num, den, shown, state := whole(f.ratio.Num), whole(f.ratio.Den), "", ""
		switch {
		case f.ratio.NotConnected != "":
			num, den, state = "", "", "not_connected:"+string(f.ratio.NotConnected)
		case f.value == nil:
			state = "no_data"
		case f.seconds:
			shown, _ = kpi.CutSeconds(f.ratio, 2)
		default:
			shown, _ = kpi.CutPercent(f.ratio, 2)
		}
		l.line(section, key, from, to, f.code, f.name.ZH, f.name.EN, number(f.value), num, den, shown, state)
	}
	for _, v := range volumes(&s.Counts) {
		if v.missing != "" {
			l.line(section, key, from, to, v.code, v.name.ZH, v.name.EN, "", "", "", "", "not_connected:"+string(v.missing))
			continue
		}
		l.line(section, key, from, to, v.code, v.name.ZH, v.name.EN, whole(v.n), "", "", group(v.n), "")
	}
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

package app

import (
	"slices"
	"strconv"
	"strings"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/web"
)

// namedFigure is a number of a report as a reviewer compares it, with what it is called and
// where it comes from.
type namedFigure struct {
	journal.HandedIn
	name  kpi.Wording
	trace report.Trace // blank: it is of no calls
}

// comparedFigures are the numbers of a report that somebody answers for: the rows of its
// tables, and the counts of the period.
func comparedFigures(r *report.Report) (list []namedFigure) {
	for i := range r.Tables {
		t := &r.Tables[i]
		for j := range t.Rows {
			x := &t.Rows[j]
			list = append(list, namedFigure{
				HandedIn: journal.HandedIn{
					Table: t.Number, Form: string(t.Form), Code: x.Code, Value: x.Value, Shown: shownOf(x).ZH, State: string(x.State), Score: x.ScoreShown,
				},
				name: x.Name, trace: report.TraceOf(r, t, x),
			})
		}
	}
	for _, c := range comparedCounts(&r.Total.Counts) {
		n := strconv.FormatInt(c.n, 10)
		list = append(list, namedFigure{
			HandedIn: journal.HandedIn{Code: c.figure, Value: n, Shown: n}, name: c.name,
			trace: report.Trace{Figure: c.figure, Period: r.Period.Name, Place: kpi.Place{Centre: r.Centre}},
		})
	}
	return list
}

// comparedCount is a count of a period that is held against what it was.
type comparedCount struct {
	figure string
	name   kpi.Wording
	n      int64
}

func comparedCounts(c *kpi.Counts) []comparedCount {
	list := []comparedCount{
		{"offered", kpi.Wording{ZH: "来电总量", EN: "offered"}, c.Offered},
		{"requested", kpi.Wording{ZH: "人工请求量", EN: "requested"}, c.Requested},
		{"answered", kpi.Wording{ZH: "人工接听量", EN: "answered by agents"}, c.Answered},
		{"self_service", kpi.Wording{ZH: "自助服务量", EN: "self-service"}, c.SelfService},
		{"open", kpi.Wording{ZH: "未办结", EN: "open"}, c.Open},
	}
	return slices.DeleteFunc(list, func(n comparedCount) bool { return c.NotConnected[n.figure] != "" })
}

// handedIn is what is kept of a report that is handed to its reviewer.
func handedIn(r *report.Report) (list []journal.HandedIn) {
	for _, f := range comparedFigures(r) {
		list = append(list, f.HandedIn)
	}
	return list
}

// sinceHandedIn are the numbers of a report that are not what was handed in.
func sinceHandedIn(was []journal.HandedIn, now *report.Report) []web.DifferentRow {
	type key struct{ table, form, code string }
	then := make(map[key]journal.HandedIn, len(was))
	for _, w := range was {
		then[key{w.Table, w.Form, w.Code}] = w
	}
	var rows []web.DifferentRow
	same := map[changedRow]int{} // where it is listed
	for _, is := range comparedFigures(now) {
		w, known := then[key{is.Table, is.Form, is.Code}]
		if w == is.HandedIn {
			continue
		}
		row := changedRow{
			form: is.Form, code: is.Code, name: is.name, trace: is.trace,
			was: kpi.Wording{ZH: "—", EN: "—"}, is: handedWords(&is.HandedIn, w.Score), change: inShort(change(w.Value, is.Value)),
		}
		if known {
			row.was = handedWords(&w, is.Score)
		}
		i, listed := same[row]
		if listed {
			rows[i].Table += ", " + is.Table
			continue
		}
		same[row] = len(rows)
		rows = append(rows, web.DifferentRow{
			Table: is.Table, Form: row.form, Code: row.code, Name: row.name, Was: row.was, Is: row.is, Change: row.change, Trace: web.Trace(row.trace),
		})
	}
	return rows
}

// changedRow is what is the same in several tables.
type changedRow struct {
	form, code, change string
	name, was, is      kpi.Wording
	trace              report.Trace
}

// inShort is a difference without zeros at its end.
func inShort(digits string) string {
	if !strings.Contains(digits, ".") {
		return digits
	}
	return strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
}

// handedWords is a number as it was shown, with its score where that is another one.
func handedWords(h *journal.HandedIn, otherScore string) kpi.Wording {
	w := kpi.Wording{ZH: h.Shown, EN: h.Shown}
	if h.Value == "" && h.State != "" {
		w = kpi.State(h.State).Wording()
	}
	if h.Score != otherScore && h.Score != "" {
		w.ZH += "，得分 " + h.Score
		w.EN += ", score " + h.Score
	}
	return w
}

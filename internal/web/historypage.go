package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/web/people"
)

type historyPage struct {
	*asked
	By      string
	Bys     []choice
	Total   historyRow
	Rows    []historyRow
	Name    string // of the rows, a word
	Overlap bool
	DataTo  bool
	S       *kpi.Statement
	traced  bool // the visitor may see calls
}

// historyRow is one line of figures, cut for display.
type historyRow struct {
	Name  string
	Cells []historyCell
}

type historyCell struct{ Text, Href, Class string }

// historyPart is what a row is about: its figures, and where their calls are.
type historyPart struct {
	name   string
	counts *kpi.Counts
	exact  *kpi.Figures
	at     Trace
}

// bys are how the history can be divided, by the word of the catalogue behind "by_".
func bys() map[string]kpi.By {
	return map[string]kpi.By{"none": kpi.Undivided, "day": kpi.Day, "hour": kpi.Hour, "queue": kpi.Queue, "agent": kpi.Agent, "topic": kpi.Topic}
}

func (s *Server) history(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	page := historyPage{asked: a, By: r.FormValue("by"), traced: v.Role.May(people.Trace)}
	by, ok := bys()[page.By]
	if !ok {
		page.By, by = "day", kpi.Day
	}
	for _, name := range []string{"day", "hour", "queue", "agent", "topic", "none"} {
		page.Bys = append(page.Bys, choice{name, s.words.in(a.Lang, "by_"+name), name == page.By})
	}
	err = s.busy(r, func(ctx context.Context) (err error) {
		page.S, err = s.deps.Desk.Figures(ctx, a.Span.From, a.Span.To, by, a.Centre)
		return err
	})
	if err != nil {
		return err
	}
	page.Name = page.By
	page.Total = s.historyRow(&page, historyPart{
		s.words.in(a.Lang, "total"), &page.S.Counts, &page.S.Exact, Trace{Period: a.Span.Name, Place: kpi.Place{Centre: a.Centre}},
	})
	for i := range page.S.Groups {
		g := &page.S.Groups[i]
		name, at := placeOf(a, g)
		if g.Key == "" {
			name = s.words.in(a.Lang, "unnamed")
		}
		page.Rows = append(page.Rows, s.historyRow(&page, historyPart{name, &g.Counts, &g.Exact, at}))
		page.Overlap = page.Overlap || g.Overlap
	}
	s.show(w, r, http.StatusOK, shown{page: "history", title: "history", visitor: v, body: page})
	return nil
}

// placeOf is what a group is called, and where its calls are.
func placeOf(a *asked, g *kpi.Group) (name string, at Trace) {
	at = Trace{Period: a.Span.Name, Place: kpi.Place{Centre: a.Centre}}
	switch kpi.By(g.By) {
	case kpi.Day:
		at.Period = g.Key
		return g.Key, at
	case kpi.Hour:
		at.Period, name = g.From.Format(time.DateOnly), g.From.Format("2006-01-02 15:04")
	default:
		name = g.Key
	}
	at.Place, _ = g.Place(at.Place)
	return name, at
}

func (s *Server) historyRow(p *historyPage, of historyPart) historyRow {
	row, c, f := historyRow{Name: of.name}, of.counts, of.exact
	add := func(figure, text, class string) {
		cell := historyCell{Text: text, Class: class}
		if p.traced {
			of.at.Figure = figure
			cell.Href = callsOf(of.at)
		}
		row.Cells = append(row.Cells, cell)
	}
	for _, n := range []struct {
		figure string
		n      int64
	}{{"offered", c.Offered}, {"requested", c.Requested}, {"answered", c.Answered}, {"requested_abandoned", c.RequestedAbandoned}} {
		if c.NotConnected[n.figure] != "" {
			add(n.figure, s.words.in(p.Lang, "not_connected"), "weak")
			continue
		}
		add(n.figure, group(n.n), "")
	}
	for _, rate := range []struct {
		figure string
		r      kpi.Ratio
	}{{"answer_rate_agent", f.AnswerRateAgent}, {"answer_rate_composite", f.AnswerRateComposite}} {
		text, ok := kpi.CutPercent(rate.r, 2)
		class := "met"
		switch {
		case !ok:
			text, class = s.missing(p.Lang, rate.r), "weak"
		case !kpi.AnswerRateTarget.MetBy(rate.r):
			class = "missed"
		}
		add(rate.figure, text, class)
	}
	text, ok := kpi.CutSeconds(f.ASA, 2)
	if !ok {
		text = s.missing(p.Lang, f.ASA)
	}
	add("asa_seconds", text, "")
	return row
}

func (s *Server) missing(l Lang, r kpi.Ratio) string {
	if r.NotConnected != "" {
		return s.words.in(l, "not_connected")
	}
	return s.words.in(l, "no_data")
}

// known says whether a value is one of a list of choices.
func known(list []choice, value string) bool {
	return slices.ContainsFunc(list, func(c choice) bool { return c.Value == value })
}

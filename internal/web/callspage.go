package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"hotline12333/internal/kpi"
)

// The sample and the page of calls.
const (
	defaultSample = 20
	mostSample    = 200
	callsPerPage  = 100
)

type callsPage struct {
	*asked
	Trace   Trace
	Figures []choice
	Name    kpi.Wording
	Sample  kpi.Sample
	E       *kpi.Explanation // nil: no figure is asked for yet
	Value   string
	Sides   []side
	Places  []place
}

// place narrows the calls.
type place struct{ Word, Name, Value string }

// side are the calls of one role.
type side struct {
	Role  kpi.Role
	Word  string
	Calls int64
	Rules []kpi.RuleTotal
	Some  []kpi.ExplainedCall
	All   string // address of the list of all
}

type callListPage struct {
	*asked
	Trace       Trace
	Name        kpi.Wording
	Role        kpi.Role
	Word        string
	Calls       []kpi.ExplainedCall
	Next, First string
	Back        string
}

func (s *Server) traceOf(r *http.Request, a *asked) Trace {
	return Trace{Figure: strings.TrimSpace(r.FormValue("figure")), Period: a.Span.Name, Place: kpi.Place{
		Centre: a.Centre, Source: r.FormValue("source"), Queue: r.FormValue("queue"), Agent: r.FormValue("agent"), Topic: r.FormValue("topic"),
	}}
}

// Places are what narrows the calls, set or not.
func (t Trace) Places() []place {
	return []place{{"queue", "queue", t.Place.Queue}, {"agent", "agent", t.Place.Agent}, {"topic", "topic", t.Place.Topic}, {"source", "source", t.Place.Source}}
}

// calls leads a figure back to its calls.
func (s *Server) calls(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	page := callsPage{asked: a, Trace: s.traceOf(r, a), Sample: sampleOf(r)}
	page.Places = page.Trace.Places()
	for _, f := range s.deps.Desk.Traceable() {
		page.Figures = append(page.Figures, choice{f.Name, a.Lang.of(f.ZH, f.EN), f.Name == page.Trace.Figure})
	}
	if page.Trace.Figure != "" {
		if !known(page.Figures, page.Trace.Figure) { // a threshold that is no usual one
			page.Figures = append(page.Figures, choice{page.Trace.Figure, page.Trace.Figure, true})
		}
		err := s.busy(r, func(ctx context.Context) (err error) {
			page.E, err = s.deps.Desk.Explanation(ctx, page.Trace, page.Sample)
			return err
		})
		if err != nil {
			return err
		}
		page.Name = kpi.Wording{ZH: page.E.Figure.ZH, EN: page.E.Figure.EN}
		page.Value = s.valueOf(a.Lang, page.E)
		page.Sides = sidesOf(&page)
	}
	s.show(w, r, http.StatusOK, shown{page: "calls", title: "calls", visitor: v, body: page})
	return nil
}

func sampleOf(r *http.Request) kpi.Sample {
	sample := kpi.Sample{Size: defaultSample, Seed: 1}
	if n, err := strconv.Atoi(r.FormValue("sample")); err == nil && n >= 0 {
		sample.Size = min(n, mostSample)
	}
	if seed, err := strconv.ParseUint(r.FormValue("seed"), 10, 64); err == nil {
		sample.Seed = seed
	}
	return sample
}

// valueOf is the figure as reports show it: cut, not rounded.
func (s *Server) valueOf(l Lang, e *kpi.Explanation) string {
	ratio := kpi.Ratio{Num: e.Numerator, Den: e.Denominator, NotConnected: e.NotConnected}
	text, ok := "", true
	switch e.Figure.Kind {
	case kpi.CountFigure:
		return group(e.Numerator)
	case kpi.MeanFigure:
		text, ok = kpi.CutSeconds(ratio, 2)
		text += l.of(" 秒", " s")
	default:
		text, ok = kpi.CutPercent(ratio, 2)
	}
	if !ok || e.NotConnected != "" {
		return s.missing(l, ratio)
	}
	return text
}

func sideWord(role kpi.Role, kind kpi.FigureKind) string {
	if role == kpi.Numerator && kind != kpi.RateFigure {
		return "counted"
	}
	return string(role)
}

func sidesOf(p *callsPage) []side {
	var list []side
	for _, total := range p.E.Roles {
		if total.Calls == 0 && total.Role == kpi.Denominator && p.E.Figure.Kind != kpi.RateFigure {
			continue
		}
		one := side{Role: total.Role, Word: sideWord(total.Role, p.E.Figure.Kind), Calls: total.Calls, Rules: total.Rules}
		for _, c := range p.E.Calls {
			if c.Role == total.Role {
				one.Some = append(one.Some, c)
			}
		}
		if total.Calls > 0 {
			one.All = listOf(p.Trace, total.Role, "")
		}
		list = append(list, one)
	}
	return list
}

func listOf(t Trace, role kpi.Role, after string) string {
	return query("/calls/list", "figure", t.Figure, "period", t.Period, "centre", t.Place.Centre, "queue", t.Place.Queue, "agent", t.Place.Agent,
		"topic", t.Place.Topic, "source", t.Place.Source, "role", string(role), "after", after)
}

// callList is a page of all calls of a side, in order of arrival.
func (s *Server) callList(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, "")
	if err != nil {
		return err
	}
	page := callListPage{asked: a, Trace: s.traceOf(r, a), Role: kpi.Role(r.FormValue("role"))}
	page.Word = sideWord(page.Role, kpi.RateFigure)
	for _, f := range s.deps.Desk.Traceable() {
		if f.Name == page.Trace.Figure {
			page.Name, page.Word = kpi.Wording{ZH: f.ZH, EN: f.EN}, sideWord(page.Role, f.Kind)
		}
	}
	if !s.words.has(page.Word) {
		page.Word = "all_calls"
	}
	next := ""
	err = s.busy(r, func(ctx context.Context) (err error) {
		page.Calls, next, err = s.deps.Desk.Calls(ctx, page.Trace, page.Role, r.FormValue("after"), callsPerPage)
		return err
	})
	if err != nil {
		return err
	}
	if next != "" {
		page.Next = listOf(page.Trace, page.Role, next)
	}
	if r.FormValue("after") != "" {
		page.First = listOf(page.Trace, page.Role, "")
	}
	page.Back = callsOf(page.Trace)
	s.show(w, r, http.StatusOK, shown{page: "calllist", title: "calls", visitor: v, body: page})
	return nil
}

package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	Terms   string // what it is divided from; of a count nothing
	Sides   []side
	Places  []place // fields of the form
	Parts   []place // those that narrow

	Hours, Weekdays, Nameless []choice
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
	Parts       []place
	Name        kpi.Wording
	Role        kpi.Role
	Word        string
	Calls       []kpi.ExplainedCall
	Next, First string
	Back        string
}

func (s *Server) traceOf(r *http.Request, a *asked) (t Trace, err error) {
	t = Trace{Figure: strings.TrimSpace(r.FormValue("figure")), Period: a.Span.Name, Place: kpi.Place{
		Centre: a.Centre, Source: r.FormValue("source"), Queue: r.FormValue("queue"), Agent: r.FormValue("agent"), Topic: r.FormValue("topic"),
		Nameless: kpi.Dimension(r.FormValue("nameless")),
	}}
	if hour := r.FormValue("hour"); hour != "" {
		if t.Place.Hour, err = kpi.ParseHour(hour); err != nil {
			return t, refuse(http.StatusBadRequest, err)
		}
	}
	if day := r.FormValue("weekday"); day != "" {
		if t.Place.Weekday, err = kpi.ParseWeekday(day); err != nil {
			return t, refuse(http.StatusBadRequest, err)
		}
	}
	if err := t.Place.Check(); err != nil {
		return t, refuse(http.StatusBadRequest, err)
	}
	return t, nil
}

// parts are what narrows the calls of a trace in words of the catalogue: for the lines that
// say what is shown.
func (s *Server) parts(l Lang, t Trace) []place {
	list := t.Places()
	p := &t.Place
	if p.Nameless != "" {
		list = append(list, place{Word: string(p.Nameless), Value: s.words.in(l, "unnamed")})
	}
	if p.Weekday != "" {
		list = append(list, place{Word: "weekday", Value: s.words.in(l, "day_"+p.Weekday)})
	}
	if p.Hour != "" {
		list = append(list, place{Word: "hour_of_day", Value: hourText(p.Hour)})
	}
	return slices.DeleteFunc(list, func(p place) bool { return p.Value == "" })
}

// hourText is an hour of the day as clocks show it, with the offset where that matters.
func hourText(hour string) string {
	digits, offset := hour[:2], hour[2:]
	if offset != "" {
		offset = " (UTC" + offset + ")"
	}
	return digits + ":00–" + digits + ":59" + offset
}

// choices are the hours, weekdays and blank names that calls can be narrowed to.
func (s *Server) choices(l Lang, p *kpi.Place) (hours, days, nameless []choice) {
	hours = []choice{{"", s.words.in(l, "any_time"), p.Hour == ""}}
	for h := range 24 {
		hour := fmt.Sprintf("%02d", h)
		hours = append(hours, choice{hour, hourText(hour), p.Hour == hour})
	}
	if !known(hours, p.Hour) { // by one offset
		hours = append(hours, choice{p.Hour, hourText(p.Hour), true})
	}
	days = []choice{{"", s.words.in(l, "any_day"), p.Weekday == ""}}
	for _, day := range kpi.Weekdays() {
		days = append(days, choice{day, s.words.in(l, "day_"+day), p.Weekday == day})
	}
	nameless = []choice{{"", s.words.in(l, "any_name"), p.Nameless == ""}}
	for _, d := range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent, kpi.ByTopic} {
		nameless = append(nameless, choice{string(d), s.words.in(l, "without_"+string(d)), p.Nameless == d})
	}
	return hours, days, nameless
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
	trace, err := s.traceOf(r, a)
	if err != nil {
		return err
	}
	page := callsPage{asked: a, Trace: trace, Sample: sampleOf(r), Places: trace.Places(), Parts: s.parts(a.Lang, trace)}
	page.Hours, page.Weekdays, page.Nameless = s.choices(a.Lang, &page.Trace.Place)
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
		page.Value, page.Terms = s.valueOf(a.Lang, page.E), termsOf(a.Lang, page.E)
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
	if e.NotConnected != "" {
		return s.missing(l, ratio)
	}
	switch e.Figure.Kind {
	case kpi.CountFigure:
		return group(e.Numerator)
	case kpi.MeanFigure:
		text, ok = kpi.CutSeconds(ratio, 2)
		text += l.of(" 秒", " s")
	default:
		text, ok = kpi.CutPercent(ratio, 2)
	}
	if !ok {
		return s.missing(l, ratio)
	}
	return text
}

// termsOf are the two numbers behind a rate or a mean.
func termsOf(l Lang, e *kpi.Explanation) string {
	if e.NotConnected != "" {
		return ""
	}
	switch e.Figure.Kind {
	case kpi.RateFigure:
		return group(e.Numerator) + " / " + group(e.Denominator)
	case kpi.MeanFigure:
		return kpi.Millis(e.Numerator).String() + l.of(" 秒", " s") + " / " + group(e.Denominator)
	}
	return ""
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
	return query("/calls/list", append(t.pairs(), "role", string(role), "after", after)...)
}

// callList is a page of all calls of a side, in order of arrival.
func (s *Server) callList(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, "")
	if err != nil {
		return err
	}
	trace, err := s.traceOf(r, a)
	if err != nil {
		return err
	}
	page := callListPage{asked: a, Trace: trace, Parts: s.parts(a.Lang, trace), Role: kpi.Role(r.FormValue("role"))}
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

package kpi

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
)

// FigureKind is what a figure is made of.
type FigureKind string

// The kinds.
const (
	CountFigure FigureKind = "count" // of calls: there is no denominator
	RateFigure  FigureKind = "rate"  // calls to calls
	MeanFigure  FigureKind = "mean"  // milliseconds to calls
)

// Figure is one figure of Compute, or one count, that can be led back to its calls.
type Figure struct {
	Name    string     `json:"name"`
	Kind    FigureKind `json:"kind"`
	ZH      string     `json:"zh"`
	EN      string     `json:"en"`
	Formula string     `json:"formula"`

	definitions Definitions
	of          func(*Figures) Ratio
	count       func(*Tally, Definitions) int64
	rule        func(*Seen) Rule
}

// Of is the figure of a tally. Of a count it is the count alone.
func (f *Figure) Of(t *Tally, knows Knows) Ratio {
	if f.Kind == CountFigure {
		return Ratio{Num: f.count(t, f.definitions)}
	}
	all := Compute(t, knows, f.definitions)
	return f.of(&all)
}

// Role is where a call stands in a figure.
type Role string

// The roles. In a rate the numerator's calls are of the denominator as well; in a count
// and a mean there is no denominator beside those that count.
const (
	Numerator   Role = "numerator"
	Denominator Role = "denominator" // and not in the numerator
	LeftOut     Role = "left_out"
)

// Roles are all of them, in the order they are shown.
func Roles() []Role { return []Role{Numerator, Denominator, LeftOut} }

// Standing is a call's part in a figure: summed over all calls, Num and Den are the
// figure's own.
type Standing struct {
	Role     Role
	Rule     Rule
	Num, Den int64
}

// Explainer says of each call where it stands in a figure. It is not for several
// goroutines.
type Explainer struct {
	Figure Figure
	memo   map[Seen]Standing
}

// NewExplainer makes one.
func NewExplainer(f Figure) *Explainer { return &Explainer{Figure: f, memo: make(map[Seen]Standing)} }

// mostKnown bounds the memory of what has been seen; it is far above what there is of
// outcomes, waits and ratings.
const mostKnown = 1 << 16

// Stand is what the figure's own function makes of the one call; only the rule is told
// beside it. The figures are linear in the tallies, so the sum over all calls is the
// figure.
func (e *Explainer) Stand(s Seen) Standing {
	if e.Figure.Kind == MeanFigure {
		return e.stand(&s)
	}
	// Where no time is summed up, calls differ by the wait's class at most.
	s.Talk, s.Hold, s.Wrapup = 0, 0, 0
	if s.Outcome == hotline.Answered {
		s.Wait += 999
	}
	s.Wait = 1000 * int64(Class(s.Wait/1000))
	known, ok := e.memo[s]
	if !ok {
		known = e.stand(&s)
		if len(e.memo) < mostKnown {
			e.memo[s] = known
		}
	}
	return known
}

func (e *Explainer) stand(s *Seen) Standing {
	t := s.Tally()
	r := e.Figure.Of(&t, nil)
	at := Standing{Role: LeftOut, Rule: e.Figure.rule(s), Num: r.Num, Den: r.Den}
	switch {
	case r.Num > 0 || e.Figure.Kind == MeanFigure && r.Den > 0:
		at.Role = Numerator
	case r.Den > 0:
		at.Role = Denominator
	}
	if s.Part && at.Role == Numerator {
		at.Rule = ruleAgentLeg
	}
	return at
}

// LookupFigure finds a figure by its name in the JSON of statements; thresholds follow
// the name: service_level_20. The definitions are those it is computed by.
func LookupFigure(name string, d Definitions) (Figure, error) {
	list := figureList(d)
	if i := slices.IndexFunc(list, func(f Figure) bool { return f.Name == name }); i >= 0 {
		return list[i], nil
	}
	for _, prefix := range []string{"service_level_of_answered_", "service_level_", "answered_within_"} {
		digits, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		limit, err := strconv.Atoi(digits)
		if err != nil || limit < 1 || limit > FineSeconds || strconv.Itoa(limit) != digits {
			return Figure{}, fmt.Errorf("figure %q: the threshold is 1 to %d whole seconds, as in %s20", name, FineSeconds, prefix)
		}
		d.ServiceLevels = []int{limit}
		return thresholdFigure(prefix, limit, d), nil
	}
	return Figure{}, fmt.Errorf("figure %q is not known; known are %s", name, strings.Join(FigureNames(d), ", "))
}

// FigureNames are the names of all figures, with the thresholds of the definitions.
func FigureNames(d Definitions) []string {
	list := figureList(d)
	names := make([]string, 0, len(list)+3*len(d.ServiceLevels))
	for i := range list {
		names = append(names, list[i].Name)
	}
	for _, prefix := range []string{"service_level_", "service_level_of_answered_", "answered_within_"} {
		for _, limit := range d.ServiceLevels {
			names = append(names, prefix+strconv.Itoa(limit))
		}
	}
	return names
}

func thresholdFigure(prefix string, limit int, d Definitions) Figure {
	f := Figure{Name: prefix + strconv.Itoa(limit), Kind: RateFigure, definitions: d}
	switch prefix {
	case "service_level_":
		f.ZH, f.EN = fmt.Sprintf("%d秒接通率(占请求)", limit), fmt.Sprintf("service level %d s", limit)
		f.Formula = fmt.Sprintf("answered with wait ≤ %d s / requested", limit)
		f.of = func(all *Figures) Ratio { return all.ServiceLevel[limit] }
		f.rule = within(limit, (*Seen).asked)
	case "service_level_of_answered_":
		f.ZH, f.EN = fmt.Sprintf("%d秒应答率(占接听)", limit), fmt.Sprintf("service level of answered %d s", limit)
		f.Formula = fmt.Sprintf("answered with wait ≤ %d s / answered", limit)
		f.of = func(all *Figures) Ratio { return all.ServiceLevelOfAnswered[limit] }
		f.rule = within(limit, (*Seen).became)
	default:
		f.Kind = CountFigure
		f.ZH, f.EN = fmt.Sprintf("%d秒内人工接听量", limit), fmt.Sprintf("answered within %d s", limit)
		f.Formula = fmt.Sprintf("answered with wait ≤ %d s", limit)
		f.count = func(t *Tally, _ Definitions) int64 { return t.WaitAnswered.AtMost(limit) }
		f.rule = within(limit, (*Seen).became)
	}
	return f
}

func figureList(d Definitions) []Figure {
	d.ServiceLevels = nil // not asked for
	list := slices.Concat(rateFigures(d), meanFigures(), countFigures(d), outcomeFigures())
	for i := range list {
		list[i].definitions = d
	}
	return list
}

func rateFigures(d Definitions) []Figure {
	excl := fmt.Sprintf("short abandons (wait < %d s)", d.ShortAbandon)
	agent := Figure{
		Name: "answer_rate_agent", ZH: "人工接通率", EN: "agent answer rate", Formula: "answered / requested",
		of: func(f *Figures) Ratio { return f.AnswerRateAgent }, rule: (*Seen).asked,
	}
	composite := Figure{
		Name: "answer_rate_composite", ZH: "综合接通率(含自助)", EN: "composite answer rate", Formula: "(answered + self_service) / offered",
		of: func(f *Figures) Ratio { return f.AnswerRateComposite }, rule: (*Seen).became,
	}
	official := agent
	if d.AnswerRate == RateComposite {
		official = composite
	}
	official.Name, official.of = "answer_rate", func(f *Figures) Ratio { return f.AnswerRate }
	list := []Figure{
		official, agent, composite,
		{
			Name: "answer_rate_agent_excluding_short", ZH: "人工接通率(不计速挂)", EN: "agent answer rate excluding short abandons",
			Formula: "answered / (requested − " + excl + ")",
			of:      func(f *Figures) Ratio { return f.AnswerRateAgentExclShort }, rule: short(d.ShortAbandon, (*Seen).asked),
		},
		{
			Name: "response_timeliness", ZH: "12333热线响应及时率", EN: "response timeliness",
			Formula: fmt.Sprintf("answered with wait ≤ %d s / answered", d.Timeliness),
			of:      func(f *Figures) Ratio { return f.ResponseTimeliness }, rule: within(d.Timeliness, (*Seen).became),
		},
		{
			Name: "abandonment_rate", ZH: "放弃率", EN: "abandonment rate", Formula: "(abandoned_queue + abandoned_ringing) / requested",
			of: func(f *Figures) Ratio { return f.AbandonmentRate }, rule: (*Seen).asked,
		},
		{
			Name: "satisfaction_rate", ZH: "满意率", EN: "satisfaction", Formula: "satisfied / ratings on known scales",
			of: func(f *Figures) Ratio { return f.Satisfaction }, rule: func(s *Seen) Rule { return s.rated(d.Satisfied) },
		},
		{
			Name: "participation_rate", ZH: "参评率", EN: "participation", Formula: "ratings / invitations",
			of: func(f *Figures) Ratio { return f.Participation }, rule: (*Seen).participated,
		},
		{
			Name: "first_contact_resolution", ZH: "一次解决率", EN: "first contact resolution",
			Formula: fmt.Sprintf("answered without a further call of the caller within %.0f h / answered of known callers", hotline.RepeatWindow.Hours()),
			of:      func(f *Figures) Ratio { return f.FirstContact }, rule: (*Seen).settled,
		},
		{
			Name: "repeat_callers", ZH: "重复来电率", EN: "repeat callers",
			Formula: fmt.Sprintf("calls within %.0f h after another of the caller / calls of known callers", hotline.RepeatWindow.Hours()),
			of:      func(f *Figures) Ratio { return f.RepeatCallers }, rule: (*Seen).repeated,
		},
	}
	for i := range list {
		list[i].Kind = RateFigure
	}
	return list
}

func meanFigures() []Figure {
	return []Figure{
		{
			Name: "asa_seconds", Kind: MeanFigure, ZH: "平均等待", EN: "mean wait (ASA)", Formula: "wait of answered calls / answered",
			of: func(f *Figures) Ratio { return f.ASA }, rule: (*Seen).became,
		},
		{
			Name: "talk_mean_seconds", Kind: MeanFigure, ZH: "平均通话时长", EN: "mean talk time", Formula: "talk of answered calls / answered",
			of: func(f *Figures) Ratio { return f.TalkMean }, rule: (*Seen).became,
		},
		{
			Name: "aht_seconds", Kind: MeanFigure, ZH: "平均处理时长", EN: "mean handling time (AHT)", Formula: "(talk + hold + wrap-up) / answered",
			of: func(f *Figures) Ratio { return f.AHT }, rule: (*Seen).became,
		},
	}
}

func countFigures(d Definitions) []Figure {
	lost := fmt.Sprintf("abandoned in queue or ringing with wait < %d s", d.ShortAbandon)
	excluded := Figure{
		Name: "excluded", ZH: "剔除量", EN: "excluded", Formula: "excluded, for whatever reason",
		count: func(t *Tally, _ Definitions) int64 { return t.ExcludedTotal() }, rule: (*Seen).became,
	}
	list := []Figure{
		{
			Name: "calls", ZH: "全部记录", EN: "all calls", Formula: "offered + open + excluded",
			count: func(t *Tally, _ Definitions) int64 { return t.Calls }, rule: (*Seen).became,
		},
		{
			Name: "offered", ZH: "来电总量", EN: "offered", Formula: "decided and not excluded",
			count: func(t *Tally, _ Definitions) int64 { return t.Offered() }, rule: (*Seen).became,
		},
		{
			Name: "asked", ZH: "请求人工(含非服务时间)", EN: "asked for an agent, at any hour", Formula: "answered, or lost after asking for an agent",
			count: func(t *Tally, _ Definitions) int64 { return t.Asked() }, rule: (*Seen).became,
		},
		{
			Name: "requested", ZH: "人工请求量", EN: "requested", Formula: "asked − after_hours",
			count: func(t *Tally, _ Definitions) int64 { return t.Requested() }, rule: (*Seen).asked,
		},
		{
			Name: "after_hours", ZH: "非服务时间来电", EN: "after hours", Formula: "asked, not answered, arrived outside service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.AfterHours }, rule: (*Seen).asked,
		},
		{
			Name: "short_abandoned", ZH: "速挂", EN: "short abandons", Formula: lost,
			count: func(t *Tally, d Definitions) int64 { return t.ShortAbandoned(d.ShortAbandon) }, rule: short(d.ShortAbandon, (*Seen).became),
		},
		{
			Name: "requested_abandoned", ZH: "放弃量(占请求)", EN: "abandoned among the requested", Formula: "abandoned in queue or ringing, within service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.RequestedAbandoned() }, rule: (*Seen).asked,
		},
		{
			Name: "requested_short_abandoned", ZH: "速挂(占请求)", EN: "short abandons among the requested", Formula: lost + ", within service hours",
			count: func(t *Tally, d Definitions) int64 { return t.RequestedShortAbandoned(d.ShortAbandon) }, rule: short(d.ShortAbandon, (*Seen).asked),
		},
		{
			Name: "ratings_invited", ZH: "邀请评价量", EN: "invited to rate", Formula: "invited to rate, or rated",
			count: func(t *Tally, _ Definitions) int64 { return t.Invited }, rule: (*Seen).participated,
		},
		{
			Name: "ratings_given", ZH: "评价量", EN: "ratings", Formula: "rated",
			count: func(t *Tally, _ Definitions) int64 { return t.Rated }, rule: (*Seen).participated,
		},
		{
			Name: "clock_skew", ZH: "时间倒置", EN: "clock skew", Formula: "calls with a time that was clamped to zero",
			count: func(t *Tally, _ Definitions) int64 { return t.Skewed }, rule: (*Seen).skewed,
		},
		excluded,
	}
	for _, reason := range hotline.Exclusions() {
		one := excluded
		one.Name, one.ZH, one.EN = "excluded_"+string(reason), exclusionRules[reason].ZH, exclusionRules[reason].EN
		one.Formula = "excluded as " + string(reason)
		one.count = func(t *Tally, _ Definitions) int64 { return t.Excluded[string(reason)] }
		list = append(list, one)
	}
	for i := range list {
		list[i].Kind = CountFigure
	}
	return list
}

func (s *Seen) skewed() Rule {
	switch {
	case s.Part:
		return ruleAnotherFirst
	case s.Skewed:
		return ruleSkewed
	}
	return ruleStraight
}

// outcomeFigures are the counts of the outcomes.
func outcomeFigures() []Figure {
	counts := map[hotline.Outcome]func(*Tally) int64{
		hotline.Open:              func(t *Tally) int64 { return t.Open },
		hotline.Answered:          func(t *Tally) int64 { return t.Answered },
		hotline.SelfService:       func(t *Tally) int64 { return t.SelfService },
		hotline.AbandonedIVR:      func(t *Tally) int64 { return t.AbandonedIVR },
		hotline.AbandonedQueue:    func(t *Tally) int64 { return t.AbandonedQueue },
		hotline.AbandonedRinging:  func(t *Tally) int64 { return t.AbandonedRinging },
		hotline.TimedOut:          func(t *Tally) int64 { return t.TimedOut },
		hotline.Blocked:           func(t *Tally) int64 { return t.Blocked },
		hotline.Voicemail:         func(t *Tally) int64 { return t.Voicemail },
		hotline.CallbackRequested: func(t *Tally) int64 { return t.CallbackRequested },
	}
	var list []Figure
	for _, o := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Figure{
			Name: string(o), Kind: CountFigure, ZH: outcomeRules[o].ZH, EN: outcomeRules[o].EN, Formula: "calls of this outcome, not excluded",
			count: func(t *Tally, _ Definitions) int64 { return counts[o](t) }, rule: (*Seen).became,
		})
	}
	return list
}

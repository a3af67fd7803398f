package kpi

import (
	"slices"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/refusal"
)

// FigureKind is what a figure is made of.
type FigureKind string

// The kinds.
const (
	CountFigure FigureKind = "count" // of calls: there is no denominator
	RateFigure  FigureKind = "rate"  // calls to calls
	MeanFigure  FigureKind = "mean"  // milliseconds to calls
)

// Explained is one figure of Compute, or one count, that can be led back to its calls.
type Explained struct {
	Name    string     `json:"name"`
	Kind    FigureKind `json:"kind"`
	ZH      string     `json:"zh"`
	EN      string     `json:"en"`
	Formula string     `json:"formula"`

	FormulaZH string `json:"formula_zh"`

	definitions Definitions
	of          func(*Figures) Ratio
	count       func(*Tally, Definitions) int64
	rule        func(*Seen) Rule
	tickets     func(hotline.TicketKind) bool // of a figure of tickets: which of them it counts
}

// Of is the figure of a tally. Of a count it is the count alone.
func (f *Explained) Of(t *Tally, knows Knows) Ratio {
	if f.Kind == CountFigure {
		n := f.count(t, f.definitions)
		return Ratio{Num: n, NotConnected: knows.MissingFor(f.Name, n)}
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
	Figure Explained
	memo   map[Seen]Standing
}

// NewExplainer makes one.
func NewExplainer(f Explained) *Explainer {
	return &Explainer{Figure: f, memo: make(map[Seen]Standing)}
}

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

// LookupExplained finds a figure by its name in the JSON of statements; thresholds follow
// the name: service_level_20. The definitions are those it is computed by.
func LookupExplained(name string, d Definitions) (Explained, error) {
	list := figureList(d)
	if i := slices.IndexFunc(list, func(f Explained) bool { return f.Name == name }); i >= 0 {
		return list[i], nil
	}
	for _, prefix := range []string{"service_level_of_answered_", "service_level_", "answered_within_"} {
		digits, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		limit, err := strconv.Atoi(digits)
		if err != nil || limit < 1 || limit > FineSeconds || strconv.Itoa(limit) != digits {
			return Explained{}, refusal.Errorf("数字“%s”:秒数须为 1 至 %d 的整数,如 %s20", "figure %q: the threshold is 1 to %d whole seconds, as in %s20", name, FineSeconds, prefix)
		}
		d.ServiceLevels = []int{limit}
		return thresholdFigure(prefix, limit, d), nil
	}
	return Explained{}, refusal.Errorf("没有数字“%[1]s”:请从列表中选择", "figure %[1]q is not known; known are %[2]s", name, strings.Join(ExplainedNames(d), ", "))
}

// ExplainedNames are the names of all figures, with the thresholds of the definitions.
func ExplainedNames(d Definitions) []string {
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

// Value is the figure as it is printed elsewhere: a fraction, seconds or a count; nil
// when it is undefined, or when what the sources know is not enough for it.
func (f *Explained) Value(sum Ratio, knows Knows) (missing Capability, value *float64) {
	if f.Kind == CountFigure {
		if missing = knows.MissingFor(f.Name, sum.Num); missing != "" {
			return missing, nil
		}
		n := float64(sum.Num)
		return "", &n
	}
	var none Tally
	sum.NotConnected = f.Of(&none, knows).NotConnected
	if f.Kind == MeanFigure {
		return sum.NotConnected, seconds(sum)
	}
	return sum.NotConnected, fraction(sum)
}

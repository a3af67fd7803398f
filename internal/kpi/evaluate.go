package kpi

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Evaluation is what a table's evaluation is made from. All of it is given: the figures
// are those of the period, the entered values those that hold.
type Evaluation struct {
	Table *Table
	Year  int // of the targets
	Form  *Form
	Zone  *time.Location

	Span    Span             // within the year
	Working Progress         // working days of the period, of those of the year
	Figures map[Figure]Ratio // a count is over 1; one without calls over 0
	Draft   map[Figure]bool  // figures whose definition nobody has confirmed

	// Running is set for a period that is not over: what adds up then counts as far as it
	// has been entered, and is flagged. It gives the working days from the period's
	// beginning to an instant, of those of the year.
	Running func(to time.Time) Progress

	Entered   []Entered
	Execution Execution

	Forecasts map[Figure]*Forecast // to the year's end, of what is counted; may be missing
	FarBeyond Fraction             // 0 is DefaultFarBeyond
}

// Progress is how much of something is over.
type Progress struct{ Done, All int }

// Share is Done / All; 1 when there is nothing.
func (p Progress) Share() *big.Rat {
	if p.All <= 0 {
		return big.NewRat(1, 1)
	}
	return big.NewRat(int64(p.Done), int64(p.All))
}

// DefaultFarBeyond is 30%: a target exceeded by more may have been set low.
func DefaultFarBeyond() Fraction { return Fraction{Num: 30, Den: 100} }

// Reported are the figures that indicators may be computed by. A count is over 1, and over 0
// while no call is decided, which is no data and not none. What no source knows says so.
func (f *Figures) Reported() map[Figure]Ratio {
	return map[Figure]Ratio{
		FigureAnsweredCalls:          f.AnsweredCalls,
		FigureAnswerRate:             f.AnswerRate,
		FigureResponseTimeliness:     f.ResponseTimeliness,
		FigureConsultationTimeliness: f.ConsultationTimeliness,
	}
}

// IndicatorCounts gives the figures of a period that indicators may be computed by, and
// which of them are drafts: their definition is not confirmed.
func IndicatorCounts(f Figures, d Definitions) (map[Figure]Ratio, map[Figure]bool) {
	draft := func(name string) bool { return !d.InForce[name].Confirmed }
	return f.Reported(), map[Figure]bool{
		FigureAnsweredCalls:          draft(DefAnsweredCalls),
		FigureAnswerRate:             draft(DefAnswerRate),
		FigureResponseTimeliness:     draft(DefResponse),
		FigureConsultationTimeliness: draft(DefConsultation),
	}
}

// RowResult is a row of the table, evaluated.
type RowResult struct {
	Row
	State    State
	Value    *big.Rat // in the row's unit; nil: there is none
	Counts   Ratio    // of a computed one
	Expected *big.Rat // what the target asks for by the end of the period (时序进度); nil: the whole target counts
	Score    *big.Rat // unrounded; nil: there is none
	Band     *ScoreBand
	Flags    []Flag

	From    []Entered // the entered values behind it
	Missing []string  // periods for which nothing was entered
	Reason  string    // of a graded one, or why it does not apply
	By      string    // who reviewed that

	Forecast   *Forecast // in the row's unit
	Likelihood Likelihood
}

// Evaluated is a table, evaluated.
type Evaluated struct {
	Table     *Table
	Span      Span
	Interim   bool // a part of the year: volumes are held against the expected progress
	Rows      []RowResult
	Execution ExecutionResult

	Reached *big.Rat // unrounded sum of the scores there are
	Points  *big.Rat // weights of the lines that have one
	Applied *big.Rat // weights of the lines that apply; 100 unless some do not

	// Total is of 100, rounded, and Grade its grade: of a table that has every value. They
	// are nil while one is missing.
	Total *big.Rat
	Grade *GradeBand
}

// Complete says whether every line that applies has a score.
func (e *Evaluated) Complete() bool { return e.Total != nil }

// Evaluate holds every row of a table against its target. The errors name what was given
// wrongly; a value that is missing is no error but a state.
func Evaluate(in Evaluation) (*Evaluated, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	year := Span{From: DayStart(in.Year, time.January, 1, in.Zone), To: DayStart(in.Year+1, time.January, 1, in.Zone)}
	out := &Evaluated{
		Table: in.Table, Span: in.Span,
		Interim: !in.Span.From.Equal(year.From) || !in.Span.To.Equal(year.To),
		Reached: new(big.Rat), Points: new(big.Rat), Applied: new(big.Rat),
	}
	complete := true
	var scores []*big.Rat
	add := func(weight Fraction, score *big.Rat, state State) {
		if state == NotApplicable {
			return
		}
		out.Applied.Add(out.Applied, weight.Rat())
		if score == nil {
			complete = false
			return
		}
		out.Points.Add(out.Points, weight.Rat())
		out.Reached.Add(out.Reached, score)
		scores = append(scores, score)
	}
	for i := range in.Table.Rows {
		r, err := in.row(&in.Table.Rows[i], out.Interim)
		if err != nil {
			return nil, err
		}
		add(r.Weight, r.Score, r.State)
		out.Rows = append(out.Rows, r)
	}
	var err error
	if out.Execution, err = execute(in.Execution, in.Form.Execution); err != nil {
		return nil, err
	}
	add(out.Execution.Points, out.Execution.Score, out.Execution.State)
	if complete && out.Applied.Sign() > 0 {
		out.Total = Rounded(Total(scores, out.Applied))
		if g, ok := GradeOf(in.Form.Grades, out.Total); ok {
			out.Grade = &g
		}
	}
	return out, nil
}

func (in *Evaluation) check() error {
	switch {
	case in.Table == nil || in.Form == nil || in.Zone == nil:
		return errors.New("an evaluation needs a table, a form and a zone")
	case in.Form.Table != in.Table.Number:
		return fmt.Errorf("form %s is about table %s, not %s", in.Form.Name, in.Form.Table, in.Table.Number)
	case !in.Span.From.Before(in.Span.To):
		return fmt.Errorf("period %s is empty", in.Span.Name)
	case in.Span.From.In(in.Zone).Year() != in.Year || in.Span.To.After(DayStart(in.Year+1, time.January, 1, in.Zone)):
		return fmt.Errorf("period %s is not within %d, the year of the targets", in.Span.Name, in.Year)
	}
	for i, e := range in.Entered {
		for _, o := range in.Entered[:i] {
			if o.Code == e.Code && o.Span.From.Equal(e.Span.From) && o.Span.To.Equal(e.Span.To) {
				return fmt.Errorf("%s has two values for %s", e.Code, e.Span.Name)
			}
		}
	}
	return nil
}

// row evaluates one row.
func (in *Evaluation) row(row *Row, interim bool) (RowResult, error) {
	r := RowResult{Row: *row}
	var mine []Entered
	for _, e := range in.Entered {
		if e.Code == row.Code {
			mine = append(mine, e)
		}
	}
	if dropped, err := in.dropped(&r, mine); dropped || err != nil {
		return r, err
	}
	mine = slices.DeleteFunc(mine, func(e Entered) bool { return e.NotApplicable })
	switch {
	case row.Sign == Graded:
		return r, in.graded(&r, mine)
	case row.Figure != "":
		for _, e := range mine {
			if e.Value != nil || e.Score != nil {
				return r, fmt.Errorf("%s is computed: no value can be entered for it (%s)", row.Code, e.Span.Name)
			}
		}
		if !in.computed(&r) {
			return r, nil
		}
	default:
		if entered, err := in.entered(&r, mine); !entered || err != nil {
			return r, err
		}
	}
	in.hold(&r, interim)
	return r, nil
}

// dropped says whether the row does not apply in the period.
func (in *Evaluation) dropped(r *RowResult, mine []Entered) (bool, error) {
	for _, e := range mine {
		if !e.NotApplicable || e.Span.From.After(in.Span.From) || e.Span.To.Before(in.Span.To) {
			continue
		}
		if e.Reason == "" || e.Reviewer == "" {
			return false, fmt.Errorf("%s is said not to apply in %s: that needs a reason and a reviewer", r.Code, e.Span.Name)
		}
		r.State, r.Reason, r.By, r.From = NotApplicable, e.Reason, e.Reviewer, []Entered{e}
		return true, nil
	}
	return false, nil
}

// computed takes the value of a figure.
func (in *Evaluation) computed(r *RowResult) bool {
	figure, given := in.Figures[r.Figure]
	r.Counts = figure
	if in.Draft[r.Figure] {
		r.Flags = append(r.Flags, FlagUnconfirmed)
	}
	if f := in.Forecasts[r.Figure]; f != nil {
		scaled := f.Scaled(1 / r.Unit.Scale.Float())
		r.Forecast = &scaled
		r.Likelihood = scaled.Likelihood(r.Target.Float(), r.Sign)
	}
	switch {
	case figure.NotConnected != "":
		r.State = Unconnected
		return false
	case !given || figure.Den <= 0:
		r.State = NoData
		return false
	}
	r.Value = new(big.Rat).Quo(big.NewRat(figure.Num, figure.Den), r.Unit.Scale.Rat())
	return true
}

// entered takes the value that persons gave.
func (in *Evaluation) entered(r *RowResult, mine []Entered) (bool, error) {
	for _, e := range mine {
		switch {
		case e.Value == nil || e.Score != nil:
			return false, fmt.Errorf("%s is measured: what was entered for %s is no value", r.Code, e.Span.Name)
		case e.Value.Sign() < 0:
			return false, fmt.Errorf("%s: the value %s entered for %s is negative", r.Code, e.Value.RatString(), e.Span.Name)
		}
	}
	g := gather(&r.Row, mine, in.Span, in.Zone)
	if in.Running != nil && g.value == nil && r.Gather == Sum {
		reach := in.Span
		if reach.To = reachOf(mine, in.Span); reach.To.After(reach.From) {
			g = gather(&r.Row, mine, reach, in.Zone)
		}
	}
	r.Value, r.From, r.Missing = g.value, g.from, g.missing
	if g.value == nil {
		r.State = NotEntered
		return false, nil
	}
	in.flagPart(r)
	return true, nil
}

// graded takes the score that a person gave.
func (in *Evaluation) graded(r *RowResult, mine []Entered) error {
	for _, e := range mine {
		if e.Score == nil || e.Value != nil {
			return fmt.Errorf("%s is graded: what was entered for %s is no score", r.Code, e.Span.Name)
		}
	}
	g := gather(&r.Row, mine, in.Span, in.Zone)
	if len(g.from) == 0 {
		r.State, r.Missing = NotEntered, g.missing
		return nil
	}
	e := g.from[0]
	band, ok := Band(in.Form.Bands, e.Score)
	switch {
	case !ok:
		return fmt.Errorf("%s: the score of %s%% entered for %s is in none of the bands", r.Code, e.Score.FloatString(2), e.Span.Name)
	case e.Reason == "":
		return fmt.Errorf("%s: the score of %s%% entered for %s has no reason", r.Code, e.Score.FloatString(2), e.Span.Name)
	}
	r.From, r.Reason, r.Band = g.from, e.Reason, &band
	r.Score = new(big.Rat).Mul(r.Weight.Rat(), new(big.Rat).Quo(e.Score, big.NewRat(100, 1)))
	// The first band reaches what was wanted, the last does not; what lies between is near.
	switch i := slices.Index(in.Form.Bands, band); {
	case i == 0:
		r.State = Met
	case i == len(in.Form.Bands)-1:
		r.State = Missed
	default:
		r.State = Near
	}
	in.flagPart(r)
	return nil
}

// flagPart tells when a state or rate is not that of the period but of a part of it.
func (in *Evaluation) flagPart(r *RowResult) {
	_, own := exactly(r.From, in.Span)
	if r.Gather == Latest && !own || r.From[len(r.From)-1].Span.To.Before(in.Span.To) {
		r.Flags = append(r.Flags, FlagPartValue)
	}
}

// hold compares a row's value with its target, or with what the target asks for by now.
func (in *Evaluation) hold(r *RowResult, interim bool) {
	target := r.Target.Rat()
	if interim && r.Pace {
		over := in.Working
		if n := len(r.From); n > 0 && r.From[n-1].Span.To.Before(in.Span.To) {
			over = in.Running(r.From[n-1].Span.To)
		}
		r.Expected = new(big.Rat).Mul(target, over.Share())
		target = r.Expected
		r.Flags = append(r.Flags, FlagPace)
	}
	if target.Sign() == 0 && r.Sign != AtMost {
		r.State = NoData // not one working day has passed
		return
	}
	margin := in.FarBeyond
	if margin.Num == 0 {
		margin = DefaultFarBeyond()
	}
	r.Score = Score(r.Sign, r.Value, target, r.Weight.Rat())
	r.State = stateOf(r.Sign, r.Value, target)
	if farBeyond(r.Sign, r.Value, target, margin.Rat()) {
		r.Flags = append(r.Flags, FlagTargetLow)
	}
}

package report

import (
	"math/big"

	"hotline12333/internal/kpi"
)

// FilledTable is a performance table, filled in for one form. The exact numbers are decimals or
// fractions as text (0.2716, 1/3), so that nothing is lost on the way.
type FilledTable struct {
	Number  string       `json:"table"`
	Form    kpi.FormKind `json:"form"`
	Title   kpi.Wording  `json:"title"`
	Period  Period       `json:"period"`
	Interim bool         `json:"interim"` // a part of the year
	Rows    []Indicator  `json:"rows"`
	Budget  Budget       `json:"budget"`

	Reached  string       `json:"reached"`         // sum of the scores there are, unrounded
	Points   string       `json:"points"`          // weights of the lines that have one
	Total    string       `json:"total,omitempty"` // of 100, rounded to two decimals; none while a score is missing
	Grade    *kpi.Wording `json:"grade,omitempty"`
	Unscored []string     `json:"unscored,omitempty"` // codes of the lines without a score

	Layout *kpi.Form   `json:"-"`
	Source *kpi.Table  `json:"-"`
	Centre kpi.Wording `json:"-"`
}

// Indicator is a row of a table.
type Indicator struct {
	Number        int            `json:"number"`
	Code          string         `json:"code"`
	Level1        kpi.Wording    `json:"level1"`
	Level2        kpi.Wording    `json:"level2"`
	Name          kpi.Wording    `json:"name"`
	Sign          kpi.Sign       `json:"sign"`
	SignPrinted   string         `json:"sign_printed"`
	Target        string         `json:"target"`
	TargetPrinted string         `json:"target_printed"`
	Unit          kpi.Wording    `json:"unit"`
	Computed      bool           `json:"computed"`
	Weight        string         `json:"weight"`
	Value         string         `json:"value,omitempty"` // exact, in the unit
	Shown         string         `json:"shown,omitempty"` // cut, as it is printed
	Numerator     *int64         `json:"numerator"`       // null: not computed, or nothing to compute it from
	Denominator   *int64         `json:"denominator"`
	Expected      string         `json:"expected,omitempty"` // by now, of what grows through the year
	ExpectedShown string         `json:"expected_shown,omitempty"`
	Score         string         `json:"score,omitempty"` // exact
	ScoreShown    string         `json:"score_shown,omitempty"`
	State         kpi.State      `json:"state"`
	Flags         []kpi.Flag     `json:"flags,omitempty"`
	Missing       []string       `json:"missing,omitempty"` // periods for which nothing was entered
	Needs         kpi.Capability `json:"needs,omitempty"`   // what a source would have to know
	Reason        string         `json:"reason,omitempty"`
	By            string         `json:"by,omitempty"`
	Forecast      *Forecast      `json:"forecast,omitempty"`
	Likelihood    kpi.Likelihood `json:"likelihood,omitempty"`
	Deviation     []kpi.Wording  `json:"deviation,omitempty"` // when and where it was lost, as counted; of one below its target
	Said          *Explanation   `json:"explanation,omitempty"`
	Note          kpi.Wording    `json:"note"`
}

// Counts are what a computed value is divided from; ok is false without one. A report that
// was closed by an early version left a numerator of 0 out.
func (x *Indicator) Counts() (num, den int64, ok bool) {
	if x.Denominator == nil {
		return 0, 0, false
	}
	if x.Numerator != nil {
		num = *x.Numerator
	}
	return num, *x.Denominator, true
}

// SameCounts says whether two values are divided from the same.
func (x *Indicator) SameCounts(y *Indicator) bool {
	xn, xd, xok := x.Counts()
	yn, yd, yok := y.Counts()
	return xn == yn && xd == yd && xok == yok
}

// Forecast is what a volume will have come to at the end of the year, in its unit.
type Forecast struct {
	Mean   float64    `json:"mean"`
	Most80 [2]float64 `json:"interval_80"`
	Most95 [2]float64 `json:"interval_95"`
	Shown  string     `json:"shown"` // the mean, cut as a value is
}

// Budget is the line about carrying out the budget, in 万元.
type Budget struct {
	Initial    string      `json:"initial"`
	Adjusted   string      `json:"adjusted,omitempty"`
	Executed   string      `json:"executed,omitempty"`
	Rate       string      `json:"rate,omitempty"`
	RateShown  string      `json:"rate_shown,omitempty"`
	Points     string      `json:"points"`
	Score      string      `json:"score,omitempty"`
	ScoreShown string      `json:"score_shown,omitempty"`
	State      kpi.State   `json:"state"`
	Flags      []kpi.Flag  `json:"flags,omitempty"`
	Reason     string      `json:"reason,omitempty"`
	Note       kpi.Wording `json:"note"`
}

// fill puts what was evaluated into a table.
func fill(f Filled, e *kpi.Evaluated, p Period) FilledTable {
	t := FilledTable{
		Number: e.Table.Number, Form: f.Form.Kind, Title: f.Form.Title, Period: p, Interim: e.Interim,
		Reached: exactly(e.Reached), Points: exactly(e.Points), Layout: f.Form, Source: e.Table, Centre: f.Centre,
	}
	for i := range e.Rows {
		row := indicator(&e.Rows[i])
		if said, ok := f.Said[row.Code]; ok {
			row.Said = &said
		}
		if row.Score == "" && row.State != kpi.NotApplicable {
			t.Unscored = append(t.Unscored, row.Code)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Budget = budget(&e.Execution, e.Table)
	if t.Budget.Score == "" && t.Budget.State != kpi.NotApplicable {
		t.Unscored = append(t.Unscored, "budget_execution")
	}
	if e.Total != nil {
		t.Total = e.Total.FloatString(2)
	}
	if e.Grade != nil {
		t.Grade = &e.Grade.Name
	}
	return t
}

func indicator(r *kpi.RowResult) Indicator {
	x := Indicator{
		Number: r.Number, Code: r.Code, Level1: r.Level1, Level2: r.Level2, Name: r.Name, Sign: r.Sign, SignPrinted: r.SignPrinted,
		Target: r.Target.String(), TargetPrinted: r.TargetPrinted, Unit: r.Unit.Name, Computed: r.Figure != "", Weight: r.Weight.String(),
		State: r.State, Flags: r.Flags, Missing: r.Missing, Needs: r.Counts.NotConnected, Reason: r.Reason, By: r.By,
		Likelihood: r.Likelihood, Note: r.Row.Note,
	}
	switch r.Per {
	case kpi.PerMonth:
		x.Unit.ZH, x.Unit.EN = x.Unit.ZH+"/月", x.Unit.EN+" a month"
	case kpi.PerQuarter:
		x.Unit.ZH, x.Unit.EN = x.Unit.ZH+"/季", x.Unit.EN+" a quarter"
	}
	if x.Note.ZH == "" {
		x.Note = r.Indicator.Note
	}
	if r.Figure != "" && r.Value != nil {
		x.Numerator, x.Denominator = &r.Counts.Num, &r.Counts.Den
	}
	if r.Value != nil {
		x.Value, x.Shown = exactly(r.Value), kpi.Print(r.Value, &r.Row, true)
	}
	if r.Expected != nil {
		x.Expected, x.ExpectedShown = exactly(r.Expected), kpi.Print(r.Expected, &r.Row, true)
	}
	if r.Score != nil {
		x.Score, x.ScoreShown = exactly(r.Score), kpi.Cut(r.Score, 2)
	}
	if r.Forecast != nil {
		x.Forecast = forecastOf(r)
	}
	return x
}

func forecastOf(r *kpi.RowResult) *Forecast {
	f := &Forecast{Mean: r.Forecast.Mean()}
	f.Most80[0], f.Most80[1] = r.Forecast.Interval(0.8)
	f.Most95[0], f.Most95[1] = r.Forecast.Interval(0.95)
	if mean := new(big.Rat).SetFloat64(f.Mean); mean != nil {
		f.Shown = kpi.Print(mean, &r.Row, true)
	}
	return f
}

func budget(e *kpi.ExecutionResult, t *kpi.Table) Budget {
	b := Budget{Initial: t.Budget.Total.String(), Points: e.Points.String(), State: e.State, Flags: e.Flags, Reason: e.Reason, Note: t.Note}
	if e.Adjusted != nil {
		b.Adjusted = exactly(e.Adjusted)
	}
	if e.Executed != nil {
		b.Executed = exactly(e.Executed)
	}
	if e.Rate != nil {
		b.Rate, b.RateShown = exactly(e.Rate), kpi.Cut(new(big.Rat).Mul(e.Rate, big.NewRat(100, 1)), 2)+"%"
	}
	if e.Score != nil {
		b.Score, b.ScoreShown = exactly(e.Score), kpi.Cut(e.Score, 2)
	}
	return b
}

// exactly writes a number as a decimal where it is one, else as a fraction.
func exactly(r *big.Rat) string {
	if digits, ok := r.FloatPrec(); ok {
		return r.FloatString(digits)
	}
	return r.RatString()
}

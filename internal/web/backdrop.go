package web

import (
	"math/big"
	"time"

	"hotline12333/internal/kpi"
)

// curve is today by quarter hour, as columns; Backdrop.At says when they begin.
type curve struct {
	Offered   []int64 `json:"offered"`
	Requested []int64 `json:"requested"` // null where a source does not know
	Answered  []int64 `json:"answered"`
	Running   int     `json:"running"` // place of the quarter hour that is not over
}

// soFar holds what was offered in the quarter hours of today that are over against what
// usually is by then.
type soFar struct {
	Until   string `json:"until"` // 09:15
	Offered int64  `json:"offered"`
	Usual   string `json:"usual"`  // mean of the days like today, cut
	Change  string `json:"change"` // +5%, cut towards zero; empty where usually nothing came
}

// backdrop is what changes with the day alone. It is sent when it does, not with each call.
type backdrop struct {
	Date  string   `json:"date"`
	At    []string `json:"at"` // when the quarter hours of the curve begin
	Usual *usual   `json:"usual"`
	Pace  *pace    `json:"pace"`
}

// usual is what days like today brought, by the quarter hours of the curve.
type usual struct {
	Name     kpi.Wording `json:"name"` // 星期四
	Text     kpi.Wording `json:"text"` // of how many days, and which
	Offered  []float64   `json:"offered"`
	Answered []float64   `json:"answered"`
	Least    []float64   `json:"least"` // offered on any of the days
	Most     []float64   `json:"most"`
}

// pace is the year at the end of the last day that is over.
type pace struct {
	AsOf        string      `json:"as_of"` // that day; empty on the first of the year
	Target      int64       `json:"target"`
	ToDate      int64       `json:"to_date"`
	Expected    int64       `json:"expected"` // 时序进度, rounded up: fewer are too few
	Gap         int64       `json:"gap"`      // to date less expected
	Change      string      `json:"change"`   // the same as a part of the expected, cut
	WorkingDone int         `json:"working_days_over"`
	WorkingAll  int         `json:"working_days"`
	Needed      int64       `json:"needed_per_working_day"` // -1: no working day is left
	Forecast    *forecast   `json:"forecast"`               // null: too little is known
	Course      []milestone `json:"course"`
}

type forecast struct {
	Mean       int64          `json:"mean"`
	Low        int64          `json:"low"` // of a 95% interval
	High       int64          `json:"high"`
	Likelihood kpi.Likelihood `json:"likelihood"`
}

type milestone struct {
	Month    int    `json:"month"`
	ToDate   *int64 `json:"to_date"` // null: there are no data yet
	Expected int64  `json:"expected"`
}

func offered(t *kpi.Tally) int64   { return t.Offered() }
func requested(t *kpi.Tally) int64 { return t.Requested() }
func answered(t *kpi.Tally) int64  { return t.Answered }

func newCurve(s *kpi.Snapshot) curve {
	c := curve{Running: running(s)}
	for _, p := range s.Curve {
		c.Offered, c.Requested, c.Answered = append(c.Offered, p.Offered), append(c.Requested, p.Requested), append(c.Answered, p.Answered)
	}
	if knows(s, kpi.Today, kpi.Scope{Level: kpi.AllCentres}).MissingFor("requested", 0) != "" {
		c.Requested = nil
	}
	return c
}

// running is the place in the curve of the quarter hour that is not over.
func running(s *kpi.Snapshot) int {
	for i := range s.Curve {
		if s.Curve[i].From.After(s.At) {
			return i - 1
		}
	}
	return len(s.Curve) - 1
}

func newSoFar(s *kpi.Snapshot) *soFar {
	now := running(s)
	if s.Usual == nil || now < 1 {
		return nil
	}
	from := s.Curve[now].From.In(s.Zone)
	f := &soFar{Until: from.Format("15:04")}
	for _, p := range s.Curve[:now] {
		f.Offered += p.Offered
	}
	usually := s.Usual.MeanBefore(kpi.QuarterOfDay(from), offered)
	f.Usual = kpi.Cut(big.NewRat(usually.Num, usually.Den), 0)
	if usually.Num > 0 {
		f.Change = change(new(big.Rat).Sub(big.NewRat(f.Offered, 1), big.NewRat(usually.Num, usually.Den)), big.NewRat(usually.Num, usually.Den))
	}
	return f
}

// change prints a difference as a part of something, with its sign.
func change(difference, of *big.Rat) string {
	part := new(big.Rat).Quo(difference, of)
	text := kpi.Cut(part.Mul(part, big.NewRat(100, 1)), 1) + "%"
	if part.Sign() > 0 {
		return "+" + text
	}
	return text
}

// newAllowance says how many requests may still be lost today, when as many more come as
// usually do.
func newAllowance(s *kpi.Snapshot, rate kpi.Ratio) *allowance {
	if s.Usual == nil {
		return nil
	}
	rest, ok := kpi.RestOfDay(s.Usual.Before(kpi.QuarterOfDay(s.At.In(s.Zone)), requested), rate.Den)
	if !ok {
		return nil
	}
	a := kpi.AnswerRateTarget.Allow(rate, rest)
	return &allowance{Remaining: rest, Left: min(a.Left, a.Remaining)}
}

func newBackdrop(s *kpi.Snapshot) *backdrop {
	b := &backdrop{Date: s.At.In(s.Zone).Format(time.DateOnly), Pace: newPace(s)}
	for _, p := range s.Curve {
		b.At = append(b.At, p.From.In(s.Zone).Format("15:04"))
	}
	if s.Usual != nil {
		b.Usual = newUsual(s)
	}
	return b
}

func newUsual(s *kpi.Snapshot) *usual {
	days := s.Usual.Days
	name := s.Usual.DaysName()
	first, last := days[len(days)-1].Format(time.DateOnly), days[0].Format(time.DateOnly)
	u := &usual{Name: name, Text: kpi.Wording{
		ZH: "平常的" + name.ZH + ":" + first + " 至 " + last + " 间 " + group(int64(len(days))) + " 天同类日的平均值;浅色带为其中最少与最多",
		EN: "Usual: mean of " + group(int64(len(days))) + " days of its kind (" + name.EN + ") from " + first + " to " + last + "; the band is the fewest and the most among them",
	}}
	came, taken := s.Usual.Mean(offered), s.Usual.Mean(answered)
	least, most := s.Usual.Extremes(offered)
	for _, p := range s.Curve {
		q := kpi.QuarterOfDay(p.From.In(s.Zone))
		u.Offered, u.Answered = append(u.Offered, came[q]), append(u.Answered, taken[q])
		u.Least, u.Most = append(u.Least, least[q]), append(u.Most, most[q])
	}
	return u
}

func newPace(s *kpi.Snapshot) *pace {
	p := s.Pace
	if p == nil {
		return nil
	}
	out := &pace{
		Target: p.Target, ToDate: p.ToDate, Expected: ceiling(p.Expected), WorkingDone: p.Working.Done, WorkingAll: p.Working.All, Needed: p.Needed,
	}
	out.Gap = out.ToDate - out.Expected
	if p.Over > 0 {
		y, m, d := s.At.In(s.Zone).Date()
		out.AsOf = time.Date(y, m, d-1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if ahead, ok := p.Ahead(); ok {
		out.Change = change(ahead, big.NewRat(1, 1))
	}
	if p.Outlook != nil {
		f := p.Outlook.Forecast
		low, high := f.Interval(0.95)
		out.Forecast = &forecast{Mean: int64(f.Mean()), Low: int64(low), High: int64(high), Likelihood: f.Likelihood(float64(p.Target), kpi.AtLeast)}
	}
	for _, m := range p.Course {
		out.Course = append(out.Course, milestone{Month: int(m.Month.Month()), ToDate: m.ToDate, Expected: ceiling(m.Expected)})
	}
	return out
}

// ceiling is the first whole number that is not below a rational.
func ceiling(r *big.Rat) int64 {
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return n.Div(n, r.Denom()).Int64()
}

package kpi

import (
	"cmp"
	"math"
	"time"

	"hotline12333/internal/hotline"
)

// StaffingQuery asks how many calls are to be expected on a day, and how many agents.
type StaffingQuery struct {
	Day  time.Time // its first instant
	Zone *time.Location
	// Usual is what came on days like it; of tallies that were marked where they lie outside
	// service hours (Build.Served).
	Usual *UsualDay
	// Open says whether the hotline is in service in a quarter hour, of any day.
	Open func(bucket time.Time) bool
	Goal SeatsGoal
	// NotConnected is what a source would have to know to tell who asked for an agent.
	NotConnected Capability
	// Waits says that the sources know how long callers wait.
	Waits   bool
	Centres int // whose calls Usual is of
	// What is taken where the records do not tell, in seconds; 0: nothing is. A patience
	// of 0 is an endless one.
	AssumedHandling, AssumedPatience float64
	Seats                            int // to be tried; 0: none
	// Planned is how many agents are usually signed in, by quarter hour; nil: it is not known.
	Planned *Usual
}

// Staffing is what a day is expected to need, half hour by half hour.
type Staffing struct {
	Days     []string `json:"days"`     // the days it is made of, the newest first
	LeftOut  []string `json:"left_out"` // days that were like it, and miss records
	Likeness Likeness `json:"likeness"`
	Missing  int      `json:"days_missing"` // so many more like days are needed before anything is expected
	Centres  int      `json:"centres"`      // whose calls are expected, together
	Closed   bool     `json:"closed"`       // no service on the day
	// NotConnected is what a source does not know; then nothing is expected.
	NotConnected Capability `json:"not_connected,omitempty"`
	Goal         SeatsGoal  `json:"goal"`

	Handling Handling `json:"handling"`
	Patience Patience `json:"patience"`

	// HalfHours of service, from the first to the last in which anybody calls.
	HalfHours []HalfHour `json:"half_hours"`
	Peak      int        `json:"peak"` // of the half hours, the one with the most calls of those that need the most seats; -1: none is known
	Calls     Range      `json:"calls"`
	Tried     *float64   `json:"answered_with_tried"` // share of the day's calls that is answered with the seats tried
	Planned   *float64   `json:"answered_with_planned"`
}

// Handling is how long an agent is busy with a call.
type Handling struct {
	Seconds float64 `json:"seconds"` // 0: not known
	Calls   int64   `json:"calls"`   // that it is the mean of; 0: it is assumed
	WrapUp  bool    `json:"wrap_up"` // whether the records tell of the time after the call
}

// Patience is how long callers would wait on average.
type Patience struct {
	Seconds   *float64 `json:"seconds"`   // nil: for ever, as far as is known
	Abandoned int64    `json:"abandoned"` // calls of these days that gave up
	Waits     bool     `json:"waits"`     // whether the records tell how long callers wait
	Assumed   bool     `json:"assumed"`   // not measured
}

// Range is an expected count and where, by how the days behind it differ, at least four of
// five such counts lie.
type Range struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// HalfHour is a half hour of a clock on the wall, or the part of it that is in service.
type HalfHour struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Days  int       `json:"days"`  // like days that were in service then; 0: nothing is known of it
	Calls Range     `json:"calls"` // requests for an agent
	// Of the seats that the goal needs at the mean: nil where the handling time is not known.
	Seats    *int     `json:"seats"`
	Answered *float64 `json:"answered"` // the share expected with them
	Within   *float64 `json:"within"`   // the share expected to be answered within the goal's time
	Busy     *float64 `json:"busy"`
	MeanWait *float64 `json:"mean_wait_seconds"` // of all callers
	// SeatsHigh are those needed when as many call as at the upper end of the range.
	SeatsHigh       *int     `json:"seats_high"`
	Tried           *float64 `json:"answered_with_tried"`
	Planned         *float64 `json:"planned"` // agents usually signed in, on average
	AnsweredPlanned *float64 `json:"answered_with_planned"`
}

// FewestAbandoned is how many callers must have given up before their patience is taken
// from them: its relative error is one over the root of their number.
const FewestAbandoned = 10

// Staff says what is to be expected of a day.
func Staff(q StaffingQuery) *Staffing {
	u := q.Usual
	s := &Staffing{Days: dateNames(u.Days), LeftOut: dateNames(u.LeftOut), Likeness: u.Likeness, Centres: q.Centres, Goal: q.Goal, Peak: -1, HalfHours: []HalfHour{}}
	slots := q.slots()
	s.Closed = len(slots) == 0
	s.Missing = max(0, FewestUsualDays-len(u.Days))
	s.NotConnected = q.NotConnected
	if !s.Told() {
		return s
	}
	open := make([][]bool, len(u.Days)) // by day and quarter hour of the clock
	for i, day := range u.Days {
		open[i] = q.openOn(day)
	}
	q.measure(s, open)
	spread := q.spread(open)
	var served, planned weighted
	var total float64
	for _, slot := range slots {
		h := q.halfHour(slot, open, spread)
		if h.Days > 0 {
			total += h.Calls.Mean
			q.seats(&h, s)
			served.add(h.Calls.Mean, h.Tried)
			planned.add(h.Calls.Mean, h.AnsweredPlanned)
		}
		s.HalfHours = append(s.HalfHours, h)
	}
	s.HalfHours = busyPart(s.HalfHours)
	for i := range s.HalfHours {
		if h := &s.HalfHours[i]; h.Seats != nil && (s.Peak < 0 || h.busier(&s.HalfHours[s.Peak])) {
			s.Peak = i
		}
	}
	s.Calls = rangeOf(total, spread, len(u.Days))
	s.Tried, s.Planned = served.mean(), planned.mean()
	return s
}

// Told says whether anything is expected.
func (s *Staffing) Told() bool { return !s.Closed && s.Missing == 0 && s.NotConnected == "" }

func (h *HalfHour) busier(than *HalfHour) bool {
	return cmp.Or(cmp.Compare(*h.Seats, *than.Seats), cmp.Compare(h.Calls.Mean, than.Calls.Mean)) > 0
}

// busyPart leaves out the half hours before the first call and behind the last: of a hotline
// whose calendar has no hours, its nights.
func busyPart(list []HalfHour) []HalfHour {
	quiet := func(h HalfHour) bool { return h.Days > 0 && h.Calls.Mean == 0 }
	for len(list) > 0 && quiet(list[0]) {
		list = list[1:]
	}
	for len(list) > 0 && quiet(list[len(list)-1]) {
		list = list[:len(list)-1]
	}
	return list
}

// weighted is a mean of shares that there must be of every part.
type weighted struct {
	sum, weight float64
	missing     bool
}

func (w *weighted) add(weight float64, share *float64) {
	if share == nil {
		w.missing = w.missing || weight > 0
		return
	}
	w.sum, w.weight = w.sum+weight**share, w.weight+weight
}

func (w *weighted) mean() *float64 {
	if w.missing || w.weight == 0 {
		return nil
	}
	m := w.sum / w.weight
	return &m
}

func dateNames(days []time.Time) []string {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = d.Format(time.DateOnly)
	}
	return names
}

// Short are the half hours in which the agents usually signed in do not reach the goal.
func (s *Staffing) Short() (list []*HalfHour) {
	for i := range s.HalfHours {
		if h := &s.HalfHours[i]; h.AnsweredPlanned != nil && *h.AnsweredPlanned < s.Goal.Answered {
			list = append(list, h)
		}
	}
	return list
}

// slot is a half hour of the day asked about: the quarter hours of it in service.
type slot []time.Time

// buckets are the quarter hours of a day, one after the other.
func (q *StaffingQuery) buckets(day time.Time, do func(bucket time.Time)) {
	y, m, d := day.In(q.Zone).Date()
	end := DayStart(y, m, d+1, q.Zone)
	for b := DayStart(y, m, d, q.Zone); b.Before(end); b = b.Add(hotline.BucketLength) {
		do(b)
	}
}

func (q *StaffingQuery) slots() (list []slot) {
	last := -1
	q.buckets(q.Day, func(b time.Time) {
		if !q.Open(b) {
			return
		}
		if half := QuarterOfDay(b.In(q.Zone)) / 2; half != last {
			list, last = append(list, nil), half
		}
		list[len(list)-1] = append(list[len(list)-1], b)
	})
	return list
}

func (q *StaffingQuery) openOn(day time.Time) []bool {
	open := make([]bool, quartersOfTheDay)
	q.buckets(day, func(b time.Time) {
		if q.Open(b) {
			open[QuarterOfDay(b.In(q.Zone))] = true
		}
	})
	return open
}

// measure takes handling time and patience from the like days' calls in service hours.
// Patience is the estimator of an exponential time that is often cut short: all the time
// that callers waited, those who were answered too, over how many gave up, as the manual of
// CCmath's Erlang calculators has it too ("Average Patience"). It is what makes
// P(Ab) = E[W]/patience, which holds of an [ErlangA], hold of these days.
func (q *StaffingQuery) measure(s *Staffing, open [][]bool) {
	var all Tally
	for i, day := range q.Usual.Tallies {
		for at := range day {
			if open[i][at] {
				all.Merge(&day[at])
			}
		}
	}
	s.Handling = Handling{Seconds: q.AssumedHandling, WrapUp: all.WrapupMillis > 0}
	if busy := all.TalkMillis + all.HoldMillis + all.WrapupMillis; busy > 0 && all.Answered > 0 {
		s.Handling.Seconds, s.Handling.Calls = float64(busy)/1000/float64(all.Answered), all.Answered
	}
	waited := float64(all.WaitMillis+all.LostMillis) / 1000
	lost := all.RequestedAbandoned()
	if q.Waits && lost >= FewestAbandoned && waited > 0 {
		p := waited / float64(lost)
		s.Patience = Patience{Seconds: &p, Abandoned: lost, Waits: true}
		return
	}
	// Who gave up in numbers without a second of waiting is of records that tell of none.
	s.Patience = Patience{Assumed: true, Abandoned: lost, Waits: q.Waits && lost < FewestAbandoned}
	if q.AssumedPatience > 0 {
		s.Patience.Seconds = &q.AssumedPatience
	}
}

// spread is by how much, relatively and beyond chance, the like days' totals differ.
func (q *StaffingQuery) spread(open [][]bool) float64 {
	n := float64(len(q.Usual.Days))
	var sum, squares float64
	for i, day := range q.Usual.Tallies {
		var total float64
		for at := range day {
			if open[i][at] {
				total += float64(day[at].Requested())
			}
		}
		sum += total
		squares += total * total
	}
	mean := sum / n
	if mean <= 0 {
		return 0
	}
	variance := (squares - n*mean*mean) / (n - 1)
	return math.Sqrt(max(0, variance-mean)) / mean
}

// student90 are the upper tenths of Student's t with 1, 2 … degrees of freedom, as tables
// have them.
var student90 = [...]float64{3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415}

// rangeOf is where four of five new counts lie beside the mean of n: their own chance
// (Poisson), the difference between days, and the error of the mean.
func rangeOf(mean, spread float64, n int) Range {
	sd := math.Sqrt((mean + spread*spread*mean*mean) * (1 + 1/float64(n)))
	t := student90[min(n-1, len(student90))-1]
	return Range{Mean: mean, Low: max(0, mean-t*sd), High: mean + t*sd}
}

func (q *StaffingQuery) halfHour(of slot, open [][]bool, spread float64) HalfHour {
	h := HalfHour{From: of[0].In(q.Zone), To: of[len(of)-1].Add(hotline.BucketLength).In(q.Zone), Days: len(open)}
	var mean, agents float64
	for _, b := range of {
		at, days, calls := QuarterOfDay(b.In(q.Zone)), 0, int64(0)
		for i := range open {
			if open[i][at] {
				days++
				calls += q.Usual.Tallies[i][at].Requested()
			}
		}
		if h.Days = min(h.Days, days); days > 0 {
			mean += float64(calls) / float64(days)
		}
		if q.Planned != nil {
			agents += q.Planned[at] / float64(len(of))
		}
	}
	switch {
	case h.Days == 0:
		return h
	case h.Days == 1: // of one day nothing is known of how days differ
		h.Calls = rangeOf(mean, spread, 2)
	default:
		h.Calls = rangeOf(mean, spread, h.Days)
	}
	if q.Planned != nil {
		h.Planned = &agents
	}
	return h
}

// seats says what a half hour needs, and what the seats that are tried or planned come to.
func (q *StaffingQuery) seats(h *HalfHour, s *Staffing) {
	if s.Handling.Seconds <= 0 {
		return
	}
	if h.Calls.Mean == 0 { // nobody called on any of the days: there is no share of nobody
		h.Seats, h.SeatsHigh = new(int), new(int)
		return
	}
	queue := func(calls float64) ErlangA {
		e := ErlangA{Rate: calls / h.To.Sub(h.From).Seconds(), Handling: s.Handling.Seconds, Patience: math.Inf(1)}
		if s.Patience.Seconds != nil {
			e.Patience = *s.Patience.Seconds
		}
		return e
	}
	usual := queue(h.Calls.Mean)
	if n, ok := usual.SeatsNeeded(q.Goal); ok {
		w := usual.Serve(n, q.Goal.Within)
		h.Seats, h.Answered, h.Within, h.Busy = &n, &w.Answered, &w.Within, &w.Busy
		if !math.IsInf(w.MeanWait, 1) {
			h.MeanWait = &w.MeanWait
		}
	}
	if n, ok := queue(h.Calls.High).SeatsNeeded(q.Goal); ok {
		h.SeatsHigh = &n
	}
	if q.Seats > 0 {
		share := usual.Serve(q.Seats, q.Goal.Within).Answered
		h.Tried = &share
	}
	if h.Planned != nil {
		share := usual.between(*h.Planned)
		h.AnsweredPlanned = &share
	}
}

// between is the share answered with a number of seats that need not be whole, as a mean
// over days is.
func (q ErlangA) between(seats float64) float64 {
	if q.Load() <= 0 {
		return 1
	}
	low := math.Floor(seats)
	share := 0.0
	if low >= 1 {
		share = q.Serve(int(low), 0).Answered
	}
	if rest := seats - low; rest > 0 {
		share += rest * (q.Serve(int(low)+1, 0).Answered - share)
	}
	return share
}

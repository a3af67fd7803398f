package kpi

import (
	"cmp"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
)

// Window names a stretch of time that ends now, or with the day, month, quarter or year
// that holds now.
type Window string

// The windows.
const (
	Last15Minutes Window = "15m"
	LastHour      Window = "1h"
	Today         Window = "today"
	ThisMonth     Window = "month"
	ThisQuarter   Window = "quarter" // of the natural calendar
	ThisYear      Window = "year"
)

// Windows are all of them, the shortest first.
func Windows() []Window {
	return []Window{Last15Minutes, LastHour, Today, ThisMonth, ThisQuarter, ThisYear}
}

// Sliding says whether the window counts calls by the moment of decision, from the calls
// themselves: by arrival, losses would show before the answers do. The others count by
// arrival, from tallies.
func (w Window) Sliding() bool { return w == Last15Minutes || w == LastHour }

// Bounds are the instants of the window at now. A sliding window holds the moments after
// from and up to to, which is now; the others hold from and end before to.
func (w Window) Bounds(now time.Time, zone *time.Location) (from, to time.Time) {
	y, m, d := now.In(zone).Date()
	switch w {
	case Last15Minutes:
		return now.Add(-15 * time.Minute), now
	case LastHour:
		return now.Add(-time.Hour), now
	case Today:
		return DayStart(y, m, d, zone), DayStart(y, m, d+1, zone)
	case ThisMonth:
		return DayStart(y, m, 1, zone), DayStart(y, m+1, 1, zone)
	case ThisQuarter:
		first := m - (m-1)%3
		return DayStart(y, first, 1, zone), DayStart(y, first+3, 1, zone)
	case ThisYear:
		return DayStart(y, time.January, 1, zone), DayStart(y+1, time.January, 1, zone)
	}
	return now, now
}

// DayStart is the first instant of a day of the zone. Where clocks change at midnight a day
// may begin at one o'clock, or have two midnights; then time.Date alone may give an instant
// of another day, or the second midnight. Months and days out of range carry over, as in
// time.Date.
func DayStart(year int, month time.Month, day int, zone *time.Location) time.Time {
	return calendar.NewDate(year, month, day).Start(zone)
}

// Level is how far a scope reaches.
type Level uint8

// The levels.
const (
	AllCentres Level = iota // everything; Centre and Queue are empty
	OneCentre               // Queue is empty
	OneQueue                // an empty Queue is that of calls whose queue is not known
)

// Scope names what a figure of a snapshot is about.
type Scope struct {
	Level  Level
	Centre string
	Queue  string
}

// Compare orders scopes: all centres first, each centre before its queues.
func (s Scope) Compare(o Scope) int {
	if s.Level == AllCentres || o.Level == AllCentres {
		return cmp.Compare(s.Level, o.Level)
	}
	return cmp.Or(cmp.Compare(s.Centre, o.Centre), cmp.Compare(s.Level, o.Level), cmp.Compare(s.Queue, o.Queue))
}

// Scopes are the three a call of the centre and queue belongs to.
func Scopes(centre, queue string) [3]Scope {
	return [3]Scope{
		{Level: AllCentres},
		{Level: OneCentre, Centre: centre},
		{Level: OneQueue, Centre: centre, Queue: queue},
	}
}

// Counted is a tally with what every source behind it knows.
type Counted struct {
	Tally Tally
	Knows Knows
}

// Merge adds the counts of other, and keeps what both know. A side without calls says
// nothing about what is known.
func (c *Counted) Merge(other *Counted) {
	c.Tally.Merge(&other.Tally)
	if !other.Tally.noCalls() {
		c.Knows = c.Knows.And(other.Knows)
	}
}

func (t *Tally) noCalls() bool { return t.Calls == 0 && t.Legs == 0 }

// Figures computes the figures.
func (c *Counted) Figures(d Definitions) Figures { return Compute(&c.Tally, c.Knows, d) }

// Snapshot is the state of the hotline at one instant: what the live page, the metrics
// and alerts show. It is shared: nothing in it may be changed.
type Snapshot struct {
	At        time.Time // the instant it describes
	CheckedAt time.Time // when the store was last asked for changes with success
	DataTo    time.Time // the latest instant up to At that any call tells of; zero without calls
	Zone      *time.Location

	ServiceOpen bool    // At is within the centre's service hours, which are known
	NoCalendar  Wording // why they are not known: names the file to add; empty when they are
	Definitions Definitions

	Windows map[Window]WindowCounts
	Waiting map[Scope]Waiting // scopes without open calls are missing
	Agents  map[Scope]Agents  // of all centres and of each; nil where no source tells what agents do

	Tickets     map[Scope]TicketsNow // of all centres and of each; nil where no source tells of tickets
	TicketsAsOf time.Time            // what falls due later is not due yet, in the windows too

	Curve  []CurvePoint // today, one point per quarter hour from midnight to midnight
	Topics []TopicCount // of today, the most frequent first; they overlap

	Usual *UsualDay // what days like today brought; nil where too few are known
	Pace  *YearPace // of the days of the year that are over; nil where no calendar knows the year
}

// KnowsLostCallers says whether the callers to be called back of a scope are known. Who called,
// and who asked for an agent in vain, some sources do not tell; where there are some, that is
// known all the same.
func (s *Snapshot) KnowsLostCallers(scope Scope, owed int) bool {
	year := s.Windows[ThisYear].Scopes[scope]
	return owed > 0 || year.Knows.MissingFor("requested", 0) == "" && year.Figures(s.Definitions).RepeatCallers.NotConnected == ""
}

// WindowCounts are the counts of a window.
type WindowCounts struct {
	From, To time.Time
	// Scopes holds the counts by scope; that of all centres is always there. In a sliding
	// window talk, hold, wrap-up, ratings, transfers, legs and repetition are not counted.
	Scopes map[Scope]Counted
}

// Waiting is the callers who wait for an agent right now.
type Waiting struct {
	Count int       // open, queued, younger than the limit
	Since time.Time // when the one who waits longest began to; zero when nobody waits
	Stale int64     // open calls older than the limit, which no record has ended
}

// Agents are how many agents are in each state right now; hotline.SignedIn is those of
// whom no more is known. Signed out ones are not in it.
type Agents map[hotline.State]int

// Total is the agents signed in, whatever they do.
func (a Agents) Total() int {
	sum := 0
	for _, n := range a {
		sum += n
	}
	return sum
}

// TicketsNow is the tickets that wait for somebody, by kind.
type TicketsNow map[hotline.TicketKind]TicketsWaiting

// TicketsWaiting are the tickets of a kind without a first response.
type TicketsWaiting struct {
	Open    int64 // all of them
	Overdue int64 // of these: the deadline has passed
}

// Add counts tickets that have come to what counts say.
func (n TicketsNow) Add(counts map[hotline.TicketKind]TicketCounts) {
	for kind, c := range counts {
		sum := n[kind]
		sum.Open += c.Respond.Open
		sum.Overdue += c.Respond.Overdue
		n[kind] = sum
	}
}

// CurvePoint is a quarter hour of today, calls of all centres by arrival.
type CurvePoint struct {
	From      time.Time
	Offered   int64
	Requested int64
	Answered  int64
}

// TopicCount is how often a topic came up today.
type TopicCount struct {
	Topic string
	Calls int64 // offered
}

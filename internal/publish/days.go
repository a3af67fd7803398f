package publish

import (
	"slices"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// date is a day of the zone.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time, zone *time.Location) date {
	y, m, d := t.In(zone).Date()
	return date{y, m, d}
}

func (d date) start(zone *time.Location) time.Time { return kpi.DayStart(d.year, d.month, d.day, zone) }

func (d date) add(days int) date {
	y, m, day := time.Date(d.year, d.month, d.day+days, 12, 0, 0, 0, time.UTC).Date()
	return date{y, m, day}
}

func (d date) compare(o date) int {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).
		Compare(time.Date(o.year, o.month, o.day, 0, 0, 0, 0, time.UTC))
}

// counts are sums by queue: scopes of the level OneQueue only.
type counts map[kpi.Scope]*kpi.Counted

func (c counts) merge(other counts) {
	for scope, counted := range other {
		c.at(scope).Merge(counted)
	}
}

func (c counts) at(scope kpi.Scope) *kpi.Counted {
	to := c[scope]
	if to == nil {
		to = new(kpi.Counted)
		c[scope] = to
	}
	return to
}

// widen adds the scopes above the queues; that of all centres is always there.
func (c counts) widen() map[kpi.Scope]kpi.Counted {
	wide := counts{{Level: kpi.AllCentres}: new(kpi.Counted)}
	for scope, counted := range c {
		if counted.Tally.Calls == 0 {
			continue // a queue that vanished
		}
		for _, s := range kpi.Scopes(scope.Centre, scope.Queue) {
			wide.at(s).Merge(counted)
		}
	}
	out := make(map[kpi.Scope]kpi.Counted, len(wide))
	for scope, counted := range wide {
		out[scope] = *counted
	}
	return out
}

// quarter is a quarter hour of a recent day.
type quarter struct {
	queues counts
	topics map[string]int64 // offered
	told   told
}

// day holds the sums of a day of the zone, and its quarter hours when it is recent.
type day struct {
	start    time.Time
	queues   counts
	quarters map[time.Time]*quarter // nil: not kept
	told     told
}

// told is the latest instant that some lines of tallies tell of.
type told struct {
	to    time.Time  // up to when they were read
	ahead []instants // of lines that told of later ones: some day they have come
}

type instants struct{ bucket, to time.Time }

func (t *told) add(line *store.Tally, now time.Time) {
	switch {
	case line.Tally.Calls == 0:
	case line.Tally.DataTo.After(now):
		t.ahead = append(t.ahead, instants{line.Key.Bucket, line.Tally.DataTo})
	default:
		t.to = later(t.to, line.Tally.DataTo)
	}
}

func (t *told) merge(other *told) {
	t.to = later(t.to, other.to)
	t.ahead = append(t.ahead, other.ahead...)
}

// at is the latest instant that is believed at now.
func (t *told) at(now time.Time) time.Time {
	to := t.to
	for _, a := range t.ahead {
		to = later(to, kpi.Believed(a.bucket, a.to, now))
	}
	return to
}

// rules are what the sources' descriptions say.
type rules struct {
	knows    func(source string) kpi.Knows
	calendar func(source string) calendar.Calendar
}

// counted is a line of tallies as figures need it. Whether a bucket lies outside service
// hours must be said before it is added to others.
func (r rules) counted(line *store.Tally) *kpi.Counted {
	c := &kpi.Counted{Tally: line.Tally, Knows: r.knows(line.Key.Source)}
	switch served := r.calendar(line.Key.Source); {
	case !served.Covers(line.Key.Bucket):
		c.Tally.NoCalendar()
	case !served.InService(line.Key.Bucket):
		c.Tally.OutsideService()
	}
	return c
}

// span is a range of buckets, half-open.
type span struct{ from, to time.Time }

// maxSpanDays bounds what one query brings into memory.
const maxSpanDays = 31

// readPlan says what must be read for the touched buckets: the buckets themselves in
// recent days, whole days otherwise, neighbours in one query.
func readPlan(touched map[time.Time]struct{}, zone *time.Location, recent func(date) bool) []span {
	days := make(map[date]span)
	for b := range touched {
		d := dateOf(b, zone)
		s, seen := days[d]
		switch {
		case !recent(d):
			s = span{d.start(zone), d.add(1).start(zone)}
		case !seen:
			s = span{b, b.Add(hotline.BucketLength)}
		default:
			s = span{earlier(s.from, b), later(s.to, b.Add(hotline.BucketLength))}
		}
		days[d] = s
	}
	spans := make([]span, 0, len(days))
	for _, s := range days {
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var plan []span
	for _, s := range spans {
		if n := len(plan); n > 0 && plan[n-1].to.Equal(s.from) && s.to.Sub(plan[n-1].from) <= maxSpanDays*24*time.Hour {
			plan[n-1].to = s.to
			continue
		}
		plan = append(plan, s)
	}
	return plan
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

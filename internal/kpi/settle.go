package kpi

import (
	"time"

	"hotline12333/internal/hotline"
)

// Deadlines is the rule for tickets whose source sets no deadline: so many working days
// after the opening, by kind. A kind that is not in a map, or with 0, has none.
type Deadlines struct {
	Respond, Resolve map[hotline.TicketKind]int
}

// Deadlines is the rule of the definitions: the working days in which a consultation is to
// be answered are those for the first response to a ticket of any kind. When it must be
// resolved only its source can say.
func (d *Definitions) Deadlines() Deadlines {
	respond := make(map[hotline.TicketKind]int)
	for _, kind := range hotline.TicketKinds() {
		respond[kind] = d.ConsultationIn
	}
	return Deadlines{Respond: respond}
}

// WorkingDays adds working days to an instant, by a source's calendar; the error says
// that the calendar knows nothing of a year.
type WorkingDays func(source string, t time.Time, days int) (time.Time, error)

// everyDay is the calendar in which every day is a working day.
func everyDay(_ string, t time.Time, days int) (time.Time, error) {
	return t.Add(time.Duration(days) * 24 * time.Hour), nil
}

// TicketEntry is the tally of tickets of one bucket and group.
type TicketEntry struct {
	Key   TicketKey
	Tally TicketTally
}

// Settling says what tickets have come to at an instant.
type Settling struct {
	Deadlines   Deadlines
	WorkingDays WorkingDays // nil: every day is one

	// AsOf is the instant. What falls due in a quarter hour is due once it has passed;
	// what is not due yet is in no ratio, and what is due and open is late.
	AsOf time.Time
}

// Settle gives what a tally of tickets has come to, each part in the bucket it counts in:
// that of its deadline, or of its opening. The entries hold nothing but Tally.Tickets.
func (s *Settling) Settle(e *TicketEntry) []Entry {
	var out []Entry
	add := func(bucket time.Time, n *TicketCounts) {
		if *n == (TicketCounts{}) {
			return
		}
		out = append(out, Entry{
			Key: Key{
				Dimension: e.Key.Dimension, Bucket: bucket, Centre: e.Key.Centre, Source: e.Key.Source, Name: e.Key.Name,
			},
			Tally: Tally{Tickets: map[hotline.TicketKind]TicketCounts{e.Key.Kind: *n}},
		})
	}
	t := &e.Tally
	here := TicketCounts{Opened: t.Opened, OnTheSpot: t.OnTheSpot, Skewed: t.Skewed}
	here.Respond = s.due(e.Key.Bucket, t.Respond.InTime, t.Respond.Late, t.Respond.Open)
	here.Resolve = s.due(e.Key.Bucket, t.Resolve.InTime, t.Resolve.Late, t.Resolve.Open)
	var respondThere, resolveThere TicketCounts
	respondAt := s.unset(e, &t.Respond, s.Deadlines.Respond[e.Key.Kind], &here.Respond, &respondThere.Respond)
	resolveAt := s.unset(e, &t.Resolve, s.Deadlines.Resolve[e.Key.Kind], &here.Resolve, &resolveThere.Resolve)
	add(e.Key.Bucket, &here)
	add(respondAt, &respondThere)
	add(resolveAt, &resolveThere)
	return out
}

// due is what falls due in a bucket.
func (s *Settling) due(bucket time.Time, inTime, late, open int64) Kept {
	if bucket.Add(hotline.BucketLength).After(s.AsOf) {
		return Kept{Pending: inTime + late + open, Open: open}
	}
	return Kept{InTime: inTime, Late: late, Overdue: open, Open: open}
}

// unset applies the rule to tickets without a deadline of their own: there is what falls
// due in the bucket that is returned, here what has no deadline or none that is known.
func (s *Settling) unset(e *TicketEntry, d *DeadlineTally, days int, here, there *Kept) (bucket time.Time) {
	total := d.UnsetOpen
	for _, n := range d.UnsetDone {
		total += n
	}
	if total == 0 {
		return time.Time{}
	}
	if days == 0 {
		here.Undated += total
		here.Open += d.UnsetOpen
		return time.Time{}
	}
	l, ok := s.limit(e.Key.Source, e.Key.Bucket, days)
	if !ok {
		here.Unknown += total
		here.Open += d.UnsetOpen
		return time.Time{}
	}
	var inTime int64
	for class, n := range d.UnsetDone {
		if l.kept(class) {
			inTime += n
		}
	}
	*there = s.due(l.bucket, inTime, total-d.UnsetOpen-inTime, d.UnsetOpen)
	return l.bucket
}

// limit is the deadline of the tickets opened in a bucket.
type limit struct {
	bucket   time.Time // in which it passes; of deadlines that are apart, of most of them
	quarters uint32    // after the opening, or after the start of its bucket
	fixed    bool      // the same instant for all of them
}

// kept says whether what was done after so long was done in time.
func (l *limit) kept(elapsed uint32) bool {
	since := elapsed / 2
	if l.fixed { // counted from the start of the bucket
		since += elapsed % 2
	}
	return since <= l.quarters
}

// limit asks the calendar for the first and the last instant of a bucket. Either both are
// moved by the same whole quarter hours, or, opened outside of working time, both come to
// the same instant on a quarter hour. ok is false for two reasons: the calendar knows
// nothing of the year, or it does anything else, and then deadlines could not be told from
// tallies. Either way the deadline is unknown and not guessed at.
func (s *Settling) limit(source string, opened time.Time, days int) (l limit, ok bool) {
	add := s.WorkingDays
	if add == nil {
		add = everyDay
	}
	const width = hotline.BucketLength - time.Millisecond
	first, err := add(source, opened, days)
	if err != nil {
		return l, false
	}
	last, err := add(source, opened.Add(width), days)
	if err != nil {
		return l, false
	}
	after := first.Sub(opened)
	l = limit{bucket: hotline.BucketOf(first), quarters: uint32(after / hotline.BucketLength), fixed: last.Equal(first)}
	if l.fixed {
		l.bucket = hotline.DeadlineBucket(first)
	}
	return l, after%hotline.BucketLength == 0 && after >= 0 && (l.fixed || last.Sub(first) == width)
}

// Reach is the earliest opening whose tickets may fall due at from or later: tallies are
// read from there.
func (s *Settling) Reach(sources []string, from time.Time) time.Time {
	most := 0
	for _, rule := range []map[hotline.TicketKind]int{s.Deadlines.Respond, s.Deadlines.Resolve} {
		for _, days := range rule {
			most = max(most, days)
		}
	}
	if most == 0 {
		return from
	}
	add := s.WorkingDays
	if add == nil {
		add = everyDay
	}
	earliest := from
	for _, source := range sources {
		opened := from
		for range maxReach {
			at, err := add(source, opened, most)
			if err != nil || at.Before(from) {
				break
			}
			opened = opened.Add(-24 * time.Hour)
		}
		if opened.Before(earliest) {
			earliest = opened
		}
	}
	return hotline.BucketOf(earliest)
}

// maxReach bounds the search of Reach in days.
const maxReach = 400

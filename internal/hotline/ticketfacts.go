package hotline

import "time"

// TicketFacts is what follows from a ticket: the quarter hours it counts in, and when it
// was responded to and resolved.
type TicketFacts struct {
	Opened  time.Time // bucket of the opening, UTC
	Respond Deadline
	Resolve Deadline

	LastEvent time.Time // the latest instant the record tells of; a deadline is none
	Skewed    bool      // responded to or resolved before it was opened: taken as at once
}

// Deadline is one of the two things a ticket owes. A ticket settled on the spot owes
// neither any more.
type Deadline struct {
	Owed bool
	By   time.Time // where the source sets it itself; zero: by the rule in force
	Done time.Time // zero: not yet
}

// Facts derives what is counted. The ticket must be valid and not deleted. Resolving is a
// response, where no earlier one is told.
func (t *Ticket) Facts() TicketFacts {
	f := TicketFacts{
		Opened:  BucketOf(t.OpenedAt),
		Respond: Deadline{Owed: !t.OnTheSpot, By: t.RespondBy, Done: t.RespondedAt},
		Resolve: Deadline{Owed: !t.OnTheSpot, By: t.ResolveBy, Done: t.ResolvedAt},
	}
	for _, at := range []time.Time{t.OpenedAt, t.RespondedAt, t.ResolvedAt} {
		if at.After(f.LastEvent) {
			f.LastEvent = at
		}
	}
	f.Skewed = reversed(t.OpenedAt, t.RespondedAt) || reversed(t.OpenedAt, t.ResolvedAt)
	if f.Respond.Done.IsZero() {
		f.Respond.Done = t.ResolvedAt
	}
	for _, d := range []*Deadline{&f.Respond, &f.Resolve} {
		if !d.Done.IsZero() && d.Done.Before(t.OpenedAt) {
			d.Done = t.OpenedAt
		}
	}
	return f
}

// DeadlineBucket is the quarter hour a deadline counts in: that in which it passes. One on
// the edge of two is over with the first of them, so that a day's end is still that day.
func DeadlineBucket(by time.Time) time.Time { return BucketOf(by.Add(-time.Millisecond)) }

// Buckets are the quarter hours the ticket counts in, each once: that of its opening, and
// those of the deadlines its source has set.
func (f *TicketFacts) Buckets() []time.Time {
	list := []time.Time{f.Opened}
	for _, d := range []Deadline{f.Respond, f.Resolve} {
		if !d.Owed || d.By.IsZero() {
			continue
		}
		b, known := DeadlineBucket(d.By), false
		for _, have := range list {
			known = known || have.Equal(b)
		}
		if !known {
			list = append(list, b)
		}
	}
	return list
}

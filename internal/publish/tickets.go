package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// ticketBook holds the tallies of tickets from the beginning of the year before to the end
// of the next: what is open or falls due in this one was opened, or is promised, there. It
// is not safe for concurrent use.
type ticketBook struct {
	zone     *time.Location
	span     span
	settling kpi.Settling
	tallies  map[time.Time][]kpi.TicketEntry
	centres  map[string]bool // that ever had tickets

	told  time.Time   // the latest instant any of them tells of that has come
	ahead []time.Time // those that have not, as far as was known when last asked

	// The state as last asked for, until something changes: nil then.
	state    *ticketState
	at       time.Time
	day      date
	promised int // working days for a consultation, by the definition in force
}

// ticketState is what tickets have come to at an instant.
type ticketState struct {
	asOf    time.Time
	windows map[kpi.Window]map[kpi.Scope]tickets // those that count by the deadline
	now     map[kpi.Scope]kpi.TicketsNow         // nil where no source tells of tickets
}

type tickets = map[hotline.TicketKind]kpi.TicketCounts

func newTicketBook(zone *time.Location, today date, r rules) *ticketBook {
	b := &ticketBook{
		zone: zone, tallies: make(map[time.Time][]kpi.TicketEntry), centres: make(map[string]bool),
		span: span{date{today.year - 1, time.January, 1}.start(zone), date{today.year + 2, time.January, 1}.start(zone)},
	}
	b.settling = kpi.Settling{WorkingDays: remembered(func(source string, t time.Time, days int) (time.Time, error) {
		return r.calendar(source).AddWorkingDays(t, days)
	})}
	return b
}

// remembered asks a calendar each question once: every change asks for all tickets.
func remembered(ask kpi.WorkingDays) kpi.WorkingDays {
	type question struct {
		source string
		at     int64
		days   int
	}
	type answer struct {
		at  time.Time
		err error
	}
	known := make(map[question]answer)
	return func(source string, t time.Time, days int) (time.Time, error) {
		q := question{source, t.UnixMilli(), days}
		a, ok := known[q]
		if !ok {
			a.at, a.err = ask(source, t, days)
			known[q] = a
		}
		return a.at, a.err
	}
}

// ticketReading is what one query brought.
type ticketReading struct {
	span span
	list []kpi.TicketEntry
}

// put replaces what is held of the reading's span.
func (b *ticketBook) put(r ticketReading) (changed bool) {
	fresh := make(map[time.Time][]kpi.TicketEntry)
	for _, e := range r.list {
		fresh[e.Key.Bucket] = append(fresh[e.Key.Bucket], e)
		b.centres[e.Key.Centre] = true // what falls due here may have been opened before all that is held
	}
	for at, held := range b.tallies {
		if !at.Before(r.span.from) && at.Before(r.span.to) && !slices.EqualFunc(held, fresh[at], sameTickets) {
			delete(b.tallies, at)
			changed = true
		}
	}
	for at, list := range fresh {
		if b.tallies[at] == nil {
			b.tallies[at], changed = list, true
		}
	}
	if changed {
		b.state = nil
	}
	return changed
}

func sameTickets(a, b kpi.TicketEntry) bool {
	same := func(a, b *kpi.DeadlineTally) bool {
		return a.InTime == b.InTime && a.Late == b.Late && a.Open == b.Open && a.UnsetOpen == b.UnsetOpen &&
			maps.Equal(a.UnsetDone, b.UnsetDone)
	}
	x, y := &a.Tally, &b.Tally
	return a.Key == b.Key && x.Opened == y.Opened && x.OnTheSpot == y.OnTheSpot && x.Skewed == y.Skewed &&
		x.DataTo.Equal(y.DataTo) && same(&x.Respond, &y.Respond) && same(&x.Resolve, &y.Resolve)
}

// reached is the latest instant up to now that any ticket tells of. All of them are looked
// at when something has changed, and then no more than those whose clock ran ahead.
func (b *ticketBook) reached(now time.Time) time.Time {
	look := b.ahead
	if b.state == nil || b.told.After(now) {
		b.told, look = time.Time{}, nil
		for _, list := range b.tallies {
			for i := range list {
				look = append(look, list[i].Tally.DataTo)
			}
		}
	}
	b.ahead = nil
	for _, to := range look {
		if to.After(now) {
			b.ahead = append(b.ahead, to)
		} else {
			b.told = later(b.told, to)
		}
	}
	return b.told
}

// stateAt is what tickets have come to, as far as the calls' data and their own reach: what
// no data speak of yet is not held against anyone. It changes with the tickets, with the
// quarter hour that has passed, with the day, and with the definitions.
func (b *ticketBook) stateAt(d *kpi.Definitions, calls, now time.Time) *ticketState {
	if len(b.centres) == 0 {
		return &ticketState{}
	}
	asOf := later(calls, b.reached(now))
	passed, today := hotline.BucketOf(asOf), dateOf(now, b.zone)
	if b.state != nil && b.at.Equal(passed) && b.day == today && b.promised == d.ConsultationIn {
		b.state.asOf = asOf
		return b.state
	}
	b.at, b.day, b.promised = passed, today, d.ConsultationIn
	b.settling.Deadlines = d.Deadlines()
	b.settling.AsOf = asOf
	b.state = &ticketState{
		asOf: b.settling.AsOf, windows: make(map[kpi.Window]map[kpi.Scope]tickets), now: make(map[kpi.Scope]kpi.TicketsNow),
	}
	for centre := range b.centres {
		b.state.now[kpi.Scope{Level: kpi.OneCentre, Centre: centre}] = kpi.TicketsNow{}
	}
	b.state.now[kpi.Scope{Level: kpi.AllCentres}] = kpi.TicketsNow{}
	for _, list := range b.tallies {
		for i := range list {
			for _, e := range b.settling.Settle(&list[i]) {
				b.state.add(&e, now, b.zone)
			}
		}
	}
	return b.state
}

func (s *ticketState) add(e *kpi.Entry, now time.Time, zone *time.Location) {
	scopes := [2]kpi.Scope{{Level: kpi.AllCentres}, {Level: kpi.OneCentre, Centre: e.Key.Centre}}
	for _, scope := range scopes {
		s.now[scope].Add(e.Tally.Tickets)
	}
	for _, w := range kpi.Windows() {
		if w.Sliding() {
			continue
		}
		if from, to := w.Bounds(now, zone); e.Key.Bucket.Before(from) || !e.Key.Bucket.Before(to) {
			continue
		}
		if s.windows[w] == nil {
			s.windows[w] = make(map[kpi.Scope]tickets)
		}
		for _, scope := range scopes {
			sum := kpi.Tally{Tickets: s.windows[w][scope]}
			sum.Merge(&e.Tally)
			s.windows[w][scope] = sum.Tickets
		}
	}
}

// with adds tickets to the counts of a window, which are shared and not changed. Tickets
// are known of centres and not of queues.
func (b *ticketBook) with(counts kpi.WindowCounts, add map[kpi.Scope]tickets) kpi.WindowCounts {
	if len(b.centres) == 0 {
		return counts
	}
	scopes, all := make(map[kpi.Scope]kpi.Counted, len(counts.Scopes)), true
	for scope, c := range counts.Scopes {
		connected := b.centres[scope.Centre] && scope.Level == kpi.OneCentre
		if scope.Level == kpi.OneCentre && !connected && (c.Knows == nil || !c.Knows[kpi.CanTickets]) {
			all = false
		}
		if c.Knows != nil && scope.Level != kpi.AllCentres {
			c.Knows = c.Knows.With(kpi.CanTickets, connected || scope.Level == kpi.OneCentre && c.Knows[kpi.CanTickets])
		}
		scopes[scope] = c
	}
	whole := kpi.Scope{Level: kpi.AllCentres}
	if c := scopes[whole]; c.Knows != nil {
		c.Knows = c.Knows.With(kpi.CanTickets, all)
		scopes[whole] = c
	}
	for scope, t := range add {
		c := scopes[scope]
		c.Tally.Tickets = t
		scopes[scope] = c
	}
	counts.Scopes = scopes
	return counts
}

// readTickets reads the tallies of tickets of some spans.
func (f *Follower) readTickets(ctx context.Context, spans []span) ([]ticketReading, error) {
	var out []ticketReading
	for _, s := range spans {
		list, err := f.deps.Store.TicketTallies(ctx, store.TicketQuery{From: s.from.UTC(), To: s.to.UTC(), Dimension: kpi.ByKind})
		if err != nil {
			return nil, fmt.Errorf("reading tallies of tickets: %w", err)
		}
		out = append(out, ticketReading{s, list})
	}
	return out, nil
}

// readAllTickets fills a book.
func (f *Follower) readAllTickets(ctx context.Context, today date) (*ticketBook, error) {
	b := newTicketBook(f.zone, today, f.rules)
	centres, err := f.deps.Store.TicketCentres(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking which centres have tickets: %w", err)
	}
	for _, c := range centres {
		b.centres[c] = true
	}
	readings, err := f.readTickets(ctx, []span{b.span})
	for _, r := range readings {
		b.put(r)
	}
	return b, err
}

// readTouchedTickets reads the touched days of the book.
func (f *Follower) readTouchedTickets(ctx context.Context, b *ticketBook) ([]ticketReading, error) {
	held := maps.Clone(f.touched)
	maps.DeleteFunc(held, func(at time.Time, _ struct{}) bool { return at.Before(b.span.from) || !at.Before(b.span.to) })
	return f.readTickets(ctx, readPlan(held, f.zone, func(date) bool { return false }))
}

func (m *Metrics) collectTickets(to sink, s *kpi.Snapshot) {
	for scope, now := range s.Tickets {
		centre := seriesOf(scope, false).centre
		for _, kind := range hotline.TicketKinds() {
			to.gauge(m.descs.ticketsOpen, float64(now[kind].Open), string(kind), centre)
			to.gauge(m.descs.ticketsOverdue, float64(now[kind].Overdue), string(kind), centre)
		}
	}
}

// tickets exports what tickets of a window have come to.
func (m *Metrics) tickets(to sink, w kpi.Window, at series, c *kpi.Counted) {
	if at.queue != labelAll || len(c.Tally.Tickets) == 0 {
		return
	}
	for _, kind := range hotline.TicketKinds() {
		n := c.Tally.Tickets[kind]
		for _, state := range []struct {
			name string
			n    int64
		}{
			{"opened", n.Opened},
			{"on_the_spot", n.OnTheSpot},
			{"due", n.Respond.Due()},
			{"in_time", n.Respond.InTime},
			{"late", n.Respond.Late},
			{"overdue", n.Respond.Overdue},
			{"not_yet_due", n.Respond.Pending},
			{"deadline_unknown", n.Respond.Unknown},
		} {
			to.gauge(m.descs.tickets, float64(state.n), string(kind), state.name, string(w), at.centre)
		}
	}
}

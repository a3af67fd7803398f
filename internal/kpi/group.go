package kpi

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// By is how a statement is divided.
type By string

// The divisions.
const (
	Undivided By = ""
	Day       By = "day"
	Hour      By = "hour" // calendar hours of the zone
	Queue     By = "queue"
	Agent     By = "agent"
	Topic     By = "topic"

	// Of reports; commands do not take them.
	Month     By = "month"        // of the zone's calendar
	HourOfDay By = "hour_of_day"  // all days together: 00 to 23
	WeekHour  By = "hour_of_week" // all weeks together: 1-00 (Monday, midnight) to 7-23
)

// ParseBy reads a division as commands take it.
func ParseBy(s string) (By, error) {
	switch by := By(s); by {
	case Undivided, Day, Hour, Queue, Agent, Topic:
		return by, nil
	}
	return "", fmt.Errorf("cannot divide by %q: use day, hour, queue, agent or topic", s)
}

// Dimension is the dimension of tallies the division reads.
func (b By) Dimension() Dimension {
	switch b {
	case Agent:
		return ByAgent
	case Topic:
		return ByTopic
	}
	return ByQueue
}

// Entry is the tally of one bucket and group.
type Entry struct {
	Key   Key
	Tally Tally
}

// Build says how entries become a statement.
type Build struct {
	Zone        *time.Location
	Definitions Definitions
	Knows       func(source string) Knows                  // nil: every source knows everything
	InService   func(source string, bucket time.Time) bool // nil: always
	Covers      func(source string, bucket time.Time) bool // whether InService is known there; nil: always

	// DataTo is the latest instant that any call or ticket of any period tells of, believed
	// at Now; zero: that of the period's own calls. It decides whether later calls of the same
	// callers can still come, and which tickets are due.
	DataTo time.Time

	// Now is the present: nobody knows what comes after it, so a record that tells of later
	// instants has a clock that runs ahead, and they are not believed. Zero: they are.
	Now time.Time

	// Tickets says whether tickets of a centre have ever come; nil: of none. Their source is
	// seldom that of the calls, so the calls' sources need not know of them.
	Tickets     func(centre string) bool
	WorkingDays WorkingDays // by the calendar of a source; nil: every day is one
}

// Settling says how tickets are counted for a period: as they stand at its end, or as far
// as the data reach.
func (b *Build) Settling(period Period) *Settling {
	s := &Settling{Deadlines: b.Definitions.Deadlines(), WorkingDays: b.WorkingDays, AsOf: b.DataTo}
	for _, limit := range []*time.Time{period.To, &b.Now} {
		if limit != nil && !limit.IsZero() && limit.Before(s.AsOf) {
			s.AsOf = *limit
		}
	}
	return s
}

// Believed is the latest instant that the tally of a quarter hour tells of, as far as it can
// be believed at now: the clocks of switches do run ahead, and one such record must neither
// hide that data stopped nor make tickets overdue. Which of a tally's records it was is not
// known, so of one that tells of the future no more is taken than that there were records in
// its quarter hour. A zero now believes all; of a sum over many quarter hours, whose bucket
// is zero, the present is the most that is believed.
func Believed(bucket, told, now time.Time) time.Time {
	switch {
	case now.IsZero(), !told.After(now):
		return told
	case bucket.IsZero():
		return now
	case !bucket.After(now):
		return bucket
	}
	return time.Time{}
}

// Settled is the entries of a period's tickets, to be given to Statement with those of the
// calls: by kind with the totals, by agent or topic with the divided ones.
func (b *Build) Settled(period Period, tickets []TicketEntry) []Entry {
	s := b.Settling(period)
	var out []Entry
	for i := range tickets {
		for _, e := range s.Settle(&tickets[i]) {
			if (period.From == nil || !e.Key.Bucket.Before(*period.From)) && (period.To == nil || e.Key.Bucket.Before(*period.To)) {
				out = append(out, e)
			}
		}
	}
	return out
}

// part is a tally with what its sources know.
type part struct {
	tally Tally
	knows Knows
}

func (b *Build) add(p *part, e *Entry) {
	if e.Tally.noCalls() { // tickets, or a group that vanished: its source says nothing about calls
		p.tally.Merge(&e.Tally)
		return
	}
	t := e.Tally
	t.DataTo = Believed(e.Key.Bucket, t.DataTo, b.Now)
	b.serve(&e.Key, &t)
	p.tally.Merge(&t)
	if b.Knows != nil {
		knows := b.Knows(e.Key.Source)
		if b.Tickets != nil && b.Tickets(e.Key.Centre) {
			knows = knows.With(CanTickets, true)
		}
		p.knows = p.knows.And(knows)
	}
}

// serve marks what of the tally of a bucket lies outside service hours. A sum over many has
// no bucket, and was marked before.
func (b *Build) serve(k *Key, t *Tally) {
	switch {
	case k.Bucket.IsZero():
	case b.Covers != nil && !b.Covers(k.Source, k.Bucket):
		t.NoCalendar()
	case b.InService != nil && !b.InService(k.Source, k.Bucket):
		t.OutsideService()
	}
}

// Sum is the tally of entries, with what the sources behind it know.
func (b *Build) Sum(entries []Entry) (Tally, Knows) {
	var all part
	for i := range entries {
		b.add(&all, &entries[i])
	}
	return all.tally, all.knows
}

// Statement makes the figures of a period. totals are its entries by queue; divided are
// those of by's dimension (the same slice when that is the queue).
func (b *Build) Statement(period Period, totals []Entry, by By, divided []Entry) *Statement {
	all, knows := b.Sum(totals)
	f := Compute(&all, knows, b.Definitions)
	s := &Statement{
		Period:      period,
		Definitions: b.Definitions.States(all.ticketsConnected(knows)),
		Counts:      CountsOf(&all, knows, b.Definitions),
		Rates:       RatesOf(&all, knows, b.Definitions),
		NotComputed: notConnected(f, knows),
		Reconciled:  b.Definitions.Reconcile(&all, knows),
		Exact:       f,
		Chosen:      b.Definitions,
	}
	if len(all.Tickets) > 0 && !b.DataTo.IsZero() {
		asOf := b.Settling(period).AsOf.In(b.Zone)
		s.TicketsAsOf = &asOf
	}
	if !all.DataTo.IsZero() {
		to := all.DataTo.In(b.Zone)
		s.DataTo = &to
	} else {
		s.DataTo = s.TicketsAsOf
	}
	s.Provisional = b.provisional(totals)
	if by != Undivided {
		s.Groups = b.groups(by, divided)
	}
	return s
}

// provisional says until when a further call may change what is counted of the answered
// calls: the repeat window of the last quarter hour that has any, while the data do not
// reach there.
func (b *Build) provisional(totals []Entry) map[string]time.Time {
	var last, reached time.Time
	for i := range totals {
		e := &totals[i]
		if e.Tally.AnsweredWithCaller > 0 && e.Key.Bucket.After(last) {
			last = e.Key.Bucket
		}
		if to := Believed(e.Key.Bucket, e.Tally.DataTo, b.Now); to.After(reached) {
			reached = to
		}
	}
	if b.DataTo.After(reached) {
		reached = b.DataTo
	}
	until := last.Add(hotline.BucketLength + hotline.RepeatWindow)
	if last.IsZero() || !reached.Before(until) {
		return nil
	}
	return map[string]time.Time{"first_contact_resolution": until.In(b.Zone)}
}

func (b *Build) groups(by By, entries []Entry) []Group {
	type slot struct {
		part
		key      string
		from, to time.Time
	}
	slots := make(map[string]*slot)
	for i := range entries {
		e := &entries[i]
		if e.Tally.noCalls() && len(e.Tally.Tickets) == 0 {
			continue
		}
		key, from, to := b.place(by, &e.Key)
		s := slots[key]
		if s == nil {
			s = &slot{key: key, from: from, to: to}
			slots[key] = s
		}
		b.add(&s.part, e)
	}
	list := make([]*slot, 0, len(slots))
	for _, s := range slots {
		list = append(list, s)
	}
	slices.SortFunc(list, func(x, y *slot) int {
		return cmp.Or(x.from.Compare(y.from), cmp.Compare(x.key, y.key))
	})
	groups := make([]Group, len(list))
	for i, s := range list {
		if by == Queue && s.knows != nil { // no ticket is of a queue
			s.knows = s.knows.With(CanTickets, false)
		}
		groups[i] = Group{
			By: string(by), Key: s.key, Overlap: by == Topic,
			Counts: CountsOf(&s.tally, s.knows, b.Definitions),
			Rates:  RatesOf(&s.tally, s.knows, b.Definitions),
			Exact:  Compute(&s.tally, s.knows, b.Definitions),
		}
		if !s.from.IsZero() {
			groups[i].From, groups[i].To = &s.from, &s.to
		}
	}
	return groups
}

// place names the group of a bucket. Buckets never straddle days or hours: every zone
// in use is offset from UTC by whole quarter hours. An hour that a change of the clock
// repeats is two groups, told apart by their offset. Place.At finds the same quarter hours
// again.
func (b *Build) place(by By, k *Key) (key string, from, to time.Time) {
	local := k.Bucket.In(b.Zone)
	switch by {
	case Day:
		y, m, d := local.Date()
		return local.Format(time.DateOnly), DayStart(y, m, d, b.Zone), DayStart(y, m, d+1, b.Zone)
	case Hour:
		from, to = clockHour(local)
		return from.Format("2006-01-02T15:04-07:00"), from, to
	case Month:
		y, m, _ := local.Date()
		return local.Format("2006-01"), DayStart(y, m, 1, b.Zone), DayStart(y, m+1, 1, b.Zone)
	case HourOfDay:
		return hourOfDay(local), time.Time{}, time.Time{}
	case WeekHour:
		return fmt.Sprintf("%d-%s", weekday(local)+1, hourOfDay(local)), time.Time{}, time.Time{}
	}
	return k.Name, time.Time{}, time.Time{}
}

// clockHour are the quarter hours around a time that show the same hour by the same offset.
// Of one that a change of the clocks cuts short there are less than four.
func clockHour(local time.Time) (from, to time.Time) {
	from, to = local, local
	for at := local; hourAt(at) == hourAt(local) && local.Sub(at) < time.Hour; at = at.Add(-hotline.BucketLength) {
		from = at
	}
	for ; hourAt(to) == hourAt(local) && to.Sub(from) < time.Hour; to = to.Add(hotline.BucketLength) {
	}
	return from, to
}

// changes says whether the clocks are changed on a day.
func changes(local time.Time) bool {
	y, m, d := local.Date()
	_, first := DayStart(y, m, d, local.Location()).Zone()
	_, last := DayStart(y, m, d+1, local.Location()).Zone()
	return first != last
}

// Place narrows a place to the calls of the group; ok is false where it is a stretch of time
// that a period names. Of a calendar hour the period is its day.
func (g *Group) Place(p Place) (at Place, ok bool) {
	nameless := func(d Dimension) (Place, bool) {
		p.Nameless = d
		return p, true
	}
	switch By(g.By) {
	case Queue:
		if p.Queue = g.Key; g.Key == "" {
			return nameless(ByQueue)
		}
	case Agent:
		if p.Agent = g.Key; g.Key == "" {
			return nameless(ByAgent)
		}
	case Topic:
		if p.Topic = g.Key; g.Key == "" {
			return nameless(ByTopic)
		}
	case Hour:
		p.Hour = hourOfDay(*g.From)
		if changes(*g.From) {
			p.Hour = hourAt(*g.From)
		}
	case HourOfDay:
		p.Hour = g.Key
	case WeekHour:
		day, hour, _ := strings.Cut(g.Key, "-")
		n, err := strconv.Atoi(day)
		if err != nil || n < 1 || n > len(weekdays) {
			return p, false
		}
		p.Weekday, p.Hour = weekdays[n-1], hour
	default:
		return p, false
	}
	return p, true
}

package kpi

import (
	"maps"
	"time"

	"hotline12333/internal/hotline"
)

// ByKind is the dimension of tickets as a whole: they are told apart by kind everywhere.
const ByKind Dimension = "kind"

// TicketKey names one tally of tickets.
type TicketKey struct {
	Dimension Dimension // ByKind, ByAgent or ByTopic
	Bucket    time.Time // UTC
	Centre    string
	Source    string
	Kind      hotline.TicketKind
	Name      string // of the agent or topic
}

// TicketTally is the additive count of a set of tickets in one quarter hour. No clock and
// no calendar has a part in it: what stands in the bucket of a deadline is due there
// whenever one looks, and where the source set no deadline the tally keeps when the
// ticket was seen to, so that the rule is a question asked when reading (see Settle).
type TicketTally struct {
	Opened, OnTheSpot int64 // in the bucket of their opening, as the next
	Skewed            int64 // with a clamped time

	Respond, Resolve DeadlineTally

	DataTo time.Time // the latest instant any of these tickets tells of
}

// DeadlineTally counts one of the two things tickets owe. Those settled on the spot are
// not in it.
type DeadlineTally struct {
	// The source set a deadline, which lies in this bucket.
	InTime, Late, Open int64

	// It set none, and the ticket was opened in this bucket.
	UnsetOpen int64
	UnsetDone map[uint32]int64 // by Elapsed
}

// elapsedUnit is the quarter hour: calendars begin and end working time on one.
const elapsedUnit = int64(hotline.BucketLength / time.Millisecond)

// Elapsed is how long after its opening a ticket was seen to, in quarter hours rounded
// up: those since the opening and those since the start of its bucket added up, which are
// as many or one more. From this, whether a deadline was kept is exact to the
// millisecond, be it so many quarter hours after the opening or a quarter hour of the
// clock. done is not before opened.
func Elapsed(opened, done time.Time) uint32 {
	up := func(from time.Time) int64 { return (done.Sub(from).Milliseconds() + elapsedUnit - 1) / elapsedUnit }
	since := up(opened)
	return uint32(since + up(hotline.BucketOf(opened)))
}

// Merge adds u to t.
func (t *TicketTally) Merge(u *TicketTally) {
	t.Opened += u.Opened
	t.OnTheSpot += u.OnTheSpot
	t.Skewed += u.Skewed
	t.Respond.merge(&u.Respond)
	t.Resolve.merge(&u.Resolve)
	if u.DataTo.After(t.DataTo) {
		t.DataTo = u.DataTo
	}
}

func (d *DeadlineTally) merge(u *DeadlineTally) {
	d.InTime += u.InTime
	d.Late += u.Late
	d.Open += u.Open
	d.UnsetOpen += u.UnsetOpen
	for class, n := range u.UnsetDone {
		d.addDone(class, n)
	}
}

func (d *DeadlineTally) addDone(class uint32, n int64) {
	if d.UnsetDone == nil {
		d.UnsetDone = make(map[uint32]int64)
	}
	d.UnsetDone[class] += n
}

// CountTicket adds one ticket to the tallies it belongs to. It must be the newest version
// of its identity; a deleted one counts nowhere. It is the reference for what the
// aggregation in SQL must give.
func CountTicket(into map[TicketKey]*TicketTally, t *hotline.Ticket) {
	if t.Deleted {
		return
	}
	f := t.Facts()
	for _, bucket := range f.Buckets() {
		part := TicketTally{DataTo: f.LastEvent}
		if bucket.Equal(f.Opened) {
			part.Opened = 1
			if t.OnTheSpot {
				part.OnTheSpot = 1
			}
			if f.Skewed {
				part.Skewed = 1
			}
		}
		part.Respond = countDeadline(t.OpenedAt, f.Respond, bucket)
		part.Resolve = countDeadline(t.OpenedAt, f.Resolve, bucket)
		key := TicketKey{Dimension: ByKind, Bucket: bucket, Centre: t.Centre, Source: t.Source, Kind: t.Kind}
		addTicket(into, key, &part)
		if t.Agent != "" {
			key.Dimension, key.Name = ByAgent, t.Agent
			addTicket(into, key, &part)
		}
		seen := make(map[string]bool, len(t.Topics))
		for _, topic := range t.Topics {
			if !seen[topic] { // named twice, it is still one ticket
				seen[topic] = true
				key.Dimension, key.Name = ByTopic, topic
				addTicket(into, key, &part)
			}
		}
	}
}

func addTicket(into map[TicketKey]*TicketTally, key TicketKey, part *TicketTally) {
	if into[key] == nil {
		into[key] = new(TicketTally)
	}
	into[key].Merge(part)
}

func countDeadline(opened time.Time, d hotline.Deadline, bucket time.Time) (t DeadlineTally) {
	switch {
	case !d.Owed:
	case d.By.IsZero():
		switch {
		case !bucket.Equal(hotline.BucketOf(opened)):
		case d.Done.IsZero():
			t.UnsetOpen = 1
		default:
			t.addDone(Elapsed(opened, d.Done), 1)
		}
	case !bucket.Equal(hotline.DeadlineBucket(d.By)):
	case d.Done.IsZero():
		t.Open = 1
	case d.Done.After(d.By):
		t.Late = 1
	default: // exactly at the deadline is in time
		t.InTime = 1
	}
	return t
}

// TicketCounts are the tickets of one kind as they stand at an instant.
type TicketCounts struct {
	Opened    int64 // by the time of opening, as the next two
	OnTheSpot int64
	Skewed    int64

	Respond, Resolve Kept
}

// Kept says what became of what tickets owe. All of it stands in the bucket of the
// deadline, Undated and Unknown in that of the opening.
type Kept struct {
	InTime  int64 // due and done in time
	Late    int64 // due and done late
	Overdue int64 // due and not done
	Pending int64 // not yet due, done or not
	Undated int64 // no deadline, by the source or by the rule
	Unknown int64 // the calendar does not give the deadline: its year is not known, or see Settling.limit
	Open    int64 // not done, of all the above
}

// Due is everything whose deadline has passed.
func (k *Kept) Due() int64 { return k.InTime + k.Late + k.Overdue }

func (k *Kept) add(u *Kept) {
	k.InTime += u.InTime
	k.Late += u.Late
	k.Overdue += u.Overdue
	k.Pending += u.Pending
	k.Undated += u.Undated
	k.Unknown += u.Unknown
	k.Open += u.Open
}

func addTickets(to *map[hotline.TicketKind]TicketCounts, from map[hotline.TicketKind]TicketCounts) {
	if *to == nil {
		*to = maps.Clone(from)
		return
	}
	for kind, n := range from {
		sum := (*to)[kind]
		sum.Opened += n.Opened
		sum.OnTheSpot += n.OnTheSpot
		sum.Skewed += n.Skewed
		sum.Respond.add(&n.Respond)
		sum.Resolve.add(&n.Resolve)
		(*to)[kind] = sum
	}
}

// ticketsConnected says whether there is a source of tickets. Of what nothing is known,
// only a ticket shows it.
func (t *Tally) ticketsConnected(knows Knows) bool {
	if knows == nil {
		return len(t.Tickets) > 0
	}
	return knows[CanTickets]
}

// consultations is (answered on the spot + replied by the deadline) / consultations due,
// those answered on the spot among them.
func (t *Tally) consultations(knows Knows) Ratio {
	n := t.Tickets[hotline.TicketConsultation]
	return Ratio{
		Num: n.OnTheSpot + n.Respond.InTime, Den: n.OnTheSpot + n.Respond.Due(),
		NotConnected: knows.missing(CanTickets),
	}
}

// items is first responses by their deadline / responses due, over tickets of every kind.
// One settled on the spot was responded to at once.
func (t *Tally) items(knows Knows) Ratio {
	r := Ratio{NotConnected: knows.missing(CanTickets)}
	for _, n := range t.Tickets {
		r.Num += n.OnTheSpot + n.Respond.InTime
		r.Den += n.OnTheSpot + n.Respond.Due()
	}
	return r
}

package write

import (
	"fmt"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// settleEvery is how often calls are let go. Each time those of the repeat window before and
// after are looked at once more.
const settleEvery = 2 * hotline.RepeatWindow

var forever = hotline.Latest.AddDate(1000, 0, 0)

// callSums adds up calls by day, once nothing changes them any more.
type callSums struct {
	zone  *time.Location
	held  map[string]*hotline.Call
	added time.Time // calls that arrived before are
	days  map[kpi.Key]*daySum
}

// daySum is the sum of a group over a day. Its bucket is the last of the day with calls by
// which it is told until when figures of repeated calls may change.
type daySum struct {
	tally    kpi.Tally
	bucket   time.Time
	answered bool
}

func newCallSums(zone *time.Location) *callSums {
	return &callSums{zone: zone, held: make(map[string]*hotline.Call), days: make(map[kpi.Key]*daySum)}
}

func (s *callSums) hold(id string, c *hotline.Call) error {
	if c.StartedAt.Before(s.added) {
		return fmt.Errorf("call %s is told of more than %s after its arrival: the truth does not hold calls for so long", id, horizon+hotline.RepeatWindow)
	}
	s.held[id] = c
	return nil
}

// settle adds up the calls that arrived before a time, and lets those go that no later one
// can repeat.
func (s *callSums) settle(before time.Time, each func(*hotline.Call)) {
	counts := func(c *hotline.Call) bool { return !c.StartedAt.Before(s.added) && c.StartedAt.Before(before) }
	into := make(map[kpi.Key]*kpi.Tally)
	list := make([]*hotline.Call, 0, len(s.held))
	for _, c := range s.held {
		list = append(list, c)
		if counts(c) {
			kpi.Count(into, c)
			if each != nil {
				each(c)
			}
		}
	}
	kpi.CountRepeatsOf(into, list, counts)
	for key, tally := range into {
		s.add(key, tally)
	}
	s.added = before
	for id, c := range s.held {
		if c.StartedAt.Before(before.Add(-hotline.RepeatWindow)) {
			delete(s.held, id)
		}
	}
}

func (s *callSums) add(k kpi.Key, t *kpi.Tally) {
	y, m, d := k.Bucket.In(s.zone).Date()
	day := k
	day.Bucket = kpi.DayStart(y, m, d, s.zone)
	sum := s.days[day]
	if sum == nil {
		sum = &daySum{bucket: k.Bucket}
		s.days[day] = sum
	}
	sum.tally.Merge(t)
	answered := t.AnsweredWithCaller > 0
	if answered == sum.answered && k.Bucket.After(sum.bucket) || answered && !sum.answered {
		sum.bucket, sum.answered = k.Bucket, answered
	}
}

func (s *callSums) entries() []kpi.Entry {
	list := make([]kpi.Entry, 0, len(s.days))
	for k, sum := range s.days {
		k.Bucket = sum.bucket
		list = append(list, kpi.Entry{Key: k, Tally: sum.tally})
	}
	return list
}

// ticketSums counts tickets, once nothing changes them any more.
type ticketSums struct {
	zone   *time.Location
	held   map[string]*hotline.Ticket
	last   time.Time // the latest instant that any tells of
	counts map[string]TicketCounts
}

func newTicketSums(zone *time.Location) *ticketSums {
	return &ticketSums{zone: zone, held: make(map[string]*hotline.Ticket), counts: make(map[string]TicketCounts)}
}

func (s *ticketSums) hold(t *hotline.Ticket) {
	if known := s.held[t.ID]; known != nil && known.Version >= t.Version {
		return
	}
	s.held[t.ID] = t
	for _, at := range []time.Time{t.OpenedAt, t.RespondedAt, t.ResolvedAt} {
		if at.After(s.last) {
			s.last = at
		}
	}
}

// settle counts the tickets that were resolved before a time and whose response was due.
func (s *ticketSums) settle(before time.Time) {
	for id, t := range s.held {
		if !t.ResolvedAt.IsZero() && t.ResolvedAt.Before(before) && !due(t, s.zone).After(s.last) {
			s.count(id, t)
		}
	}
}

func (s *ticketSums) count(id string, t *hotline.Ticket) {
	n := s.counts[string(t.Kind)]
	n.add(t, s.zone, s.last)
	s.counts[string(t.Kind)] = n
	delete(s.held, id)
}

// all are those that are held as well; nil without tickets.
func (s *ticketSums) all() map[string]TicketCounts {
	for id, t := range s.held {
		s.count(id, t)
	}
	if len(s.counts) == 0 {
		return nil
	}
	return s.counts
}

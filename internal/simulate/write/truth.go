package write

import (
	"iter"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
	"hotline12333/internal/wire"
)

// Truth is what is true of a simulated hotline and of a file that tells of it. The file's
// part is what whoever reads it must get, to the last digit.
type Truth struct {
	Scenario string    `json:"scenario"`
	Seed     uint64    `json:"seed"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Format   string    `json:"format"`
	File     string    `json:"file"`
	Cannot   []string  `json:"cannot"` // what the file does not tell

	Hotline *kpi.Statement          `json:"hotline"`
	Told    *kpi.Statement          `json:"told"` // by the file
	Groups  map[kpi.By][]kpi.Group  `json:"groups"`
	Tickets map[string]TicketCounts `json:"tickets,omitempty"` // by kind
	States  map[hotline.State]int   `json:"agent_states,omitempty"`
}

// TicketCounts are the tickets of one kind, as they stand at the end. The first response
// is due in two working days, of which every day is one, once the latest ticket tells of a
// later instant.
type TicketCounts struct {
	Opened    int `json:"opened"`
	OnTheSpot int `json:"on_the_spot"`
	Responded int `json:"responded"`
	Resolved  int `json:"resolved"`
	Due       int `json:"due"`
	InTime    int `json:"in_time"`
	Late      int `json:"late"`
	Overdue   int `json:"overdue"`
}

// add judges one ticket by itself, and by no tally.
func (n *TicketCounts) add(t *hotline.Ticket, zone *time.Location, last time.Time) {
	n.Opened++
	responded, resolved := !t.RespondedAt.IsZero(), !t.ResolvedAt.IsZero()
	if responded {
		n.Responded++
	}
	if resolved {
		n.Resolved++
	}
	if t.OnTheSpot {
		n.OnTheSpot++
		return
	}
	by := due(t, zone)
	if by.After(last) {
		return
	}
	n.Due++
	switch {
	case !responded:
		n.Overdue++
	case t.RespondedAt.After(by):
		n.Late++
	default:
		n.InTime++
	}
}

// due is the end of the second day after a ticket was opened.
func due(t *hotline.Ticket, zone *time.Location) time.Time {
	y, m, d := t.OpenedAt.In(zone).Date()
	return time.Date(y, m, d+3, 0, 0, 0, 0, zone)
}

// Counting gathers the truth from the events of a simulation, as they come about. It holds
// the calls of some days, and of each day its sums: who calls again can be told once the
// time in which they would has passed.
type Counting struct {
	// Each is given every call as a reader of the file knows it, once nothing changes it any
	// more, and must not change it before Truth has been asked for; nil: nobody is.
	Each func(*hotline.Call)

	format  *Format
	zone    *time.Location
	hotline *callSums // everything
	told    *callSums // by the file
	tickets *ticketSums
	states  map[hotline.State]int
	settled time.Time // when calls were last let go
}

// Count begins to gather the truth of a format, in days of the zone.
func (f *Format) Count(zone *time.Location) *Counting {
	return &Counting{
		format: f, zone: zone, hotline: newCallSums(zone), told: newCallSums(zone), tickets: newTicketSums(zone),
		states: make(map[hotline.State]int),
	}
}

// Add counts an event, none of which came about before the one added last; its call needs
// its story.
func (k *Counting) Add(e *simulate.Event) error {
	switch {
	case e.Call != nil:
		c := *e.Call
		c.CallerHash = e.Story.Number // who calls again is known by it; it leaves no trace but counts
		if known := k.hotline.held[c.ID]; known != nil && wire.Rank(known).Compare(wire.Rank(&c)) > 0 {
			break
		}
		if err := k.hotline.hold(c.ID, &c); err != nil {
			return err
		}
		delete(k.told.held, c.ID)
		if told := k.format.Carry(e); told != nil {
			if k.format.callers == nil || k.format.callers(e) {
				told.CallerHash = e.Story.Number
			}
			if err := k.told.hold(c.ID, told); err != nil {
				return err
			}
		}
	case e.Rating != nil: // it comes with its call
		for _, s := range []*callSums{k.hotline, k.told} {
			if c := s.held[e.Rating.CallID]; c != nil {
				c.Rating = e.Rating.Rating
			}
		}
	case e.Ticket != nil:
		k.tickets.hold(e.Ticket)
	case e.Agent != nil:
		k.states[e.Agent.State]++
	}
	if e.At.Sub(k.settled) >= settleEvery {
		k.settle(e.At)
	}
	return nil
}

// settle lets go what nothing changes any more that comes about from now on. What a format
// shows of its calls only by the whole file stays.
func (k *Counting) settle(now time.Time) {
	k.settled = now
	k.hotline.settle(now.Add(-horizon-hotline.RepeatWindow), nil)
	if k.format.settle == nil {
		k.told.settle(now.Add(-horizon-hotline.RepeatWindow), k.Each)
	}
	k.tickets.settle(now.Add(-horizon))
}

// Watch gathers events on their way.
func (k *Counting) Watch(events iter.Seq2[simulate.Event, error]) iter.Seq2[simulate.Event, error] {
	return func(yield func(simulate.Event, error) bool) {
		for e, err := range events {
			if err == nil {
				err = k.Add(&e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Truth is what was gathered; nothing can be added after. The rest of it is the caller's to
// fill in.
func (k *Counting) Truth() *Truth {
	if k.format.settle != nil {
		k.format.settle(k.told.held)
	}
	k.hotline.settle(forever, nil)
	k.told.settle(forever, k.Each)
	t := &Truth{
		Format: k.format.Name, File: k.format.File, Cannot: k.format.Cannot,
		Groups: make(map[kpi.By][]kpi.Group), States: k.states, Tickets: k.tickets.all(),
	}
	t.Hotline = newStatements(k.hotline.entries(), k.zone, nil).by(kpi.Undivided)
	told := newStatements(k.told.entries(), k.zone, k.format.capabilities())
	t.Told = told.by(kpi.Undivided)
	for _, by := range []kpi.By{kpi.Day, kpi.Queue, kpi.Agent, kpi.Topic} {
		t.Groups[by] = told.by(by).Groups
	}
	return t
}

// statements makes figures of tallies, by what the sources can know; nil can is everything.
type statements struct {
	build   kpi.Build
	entries map[kpi.Dimension][]kpi.Entry
}

func newStatements(counted []kpi.Entry, zone *time.Location, can []kpi.Capability) *statements {
	s := &statements{
		build:   kpi.Build{Zone: zone, Definitions: kpi.DefaultDefinitions()},
		entries: make(map[kpi.Dimension][]kpi.Entry),
	}
	for _, e := range counted { // sums do not depend on the order, and groups are sorted
		s.entries[e.Key.Dimension] = append(s.entries[e.Key.Dimension], e)
	}
	if can != nil {
		knows := kpi.KnowsOnly(can)
		s.build.Knows = func(string) kpi.Knows { return knows }
	}
	return s
}

func (s *statements) by(by kpi.By) *kpi.Statement {
	return s.build.Statement(kpi.Period{Zone: s.build.Zone.String()}, s.entries[kpi.ByQueue], by, s.entries[by.Dimension()])
}

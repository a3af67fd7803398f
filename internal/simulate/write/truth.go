package write

import (
	"iter"
	"maps"
	"slices"
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
	y, m, d := t.OpenedAt.In(zone).Date()
	by := time.Date(y, m, d+3, 0, 0, 0, 0, zone) // the end of the second day after
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

// Counting gathers the truth from the events of a simulation, as they came about. It keeps
// every call: who calls again is not to be told from sums.
type Counting struct {
	format  *Format
	all     map[string]*hotline.Call
	told    map[string]*hotline.Call
	tickets map[string]*hotline.Ticket
	states  map[hotline.State]int
}

// Count begins to gather the truth of a format.
func (f *Format) Count() *Counting {
	return &Counting{
		format: f, all: make(map[string]*hotline.Call), told: make(map[string]*hotline.Call),
		tickets: make(map[string]*hotline.Ticket), states: make(map[hotline.State]int),
	}
}

// Add takes an event; its call needs its story. Events may come in any order.
func (k *Counting) Add(e *simulate.Event) {
	switch {
	case e.Call != nil:
		c := *e.Call
		c.CallerHash = e.Story.Number // who calls again is known by it; it leaves no trace but counts
		if known := k.all[c.ID]; known != nil && wire.Rank(known).Compare(wire.Rank(&c)) > 0 {
			return
		}
		k.all[c.ID] = &c
		delete(k.told, c.ID)
		if told := k.format.Carry(e); told != nil {
			if k.format.callers == nil || k.format.callers(e) {
				told.CallerHash = e.Story.Number
			}
			k.told[c.ID] = told
		}
	case e.Rating != nil: // it comes after its call
		for _, m := range []map[string]*hotline.Call{k.all, k.told} {
			if c := m[e.Rating.CallID]; c != nil {
				c.Rating = e.Rating.Rating
			}
		}
	case e.Ticket != nil:
		if known := k.tickets[e.Ticket.ID]; known == nil || known.Version < e.Ticket.Version {
			k.tickets[e.Ticket.ID] = e.Ticket
		}
	case e.Agent != nil:
		k.states[e.Agent.State]++
	}
}

// Watch gathers events on their way.
func (k *Counting) Watch(events iter.Seq2[simulate.Event, error]) iter.Seq2[simulate.Event, error] {
	return func(yield func(simulate.Event, error) bool) {
		for e, err := range events {
			if err == nil {
				k.Add(&e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Told are the calls as a reader of the file knows them. They are the counting's own.
func (k *Counting) Told() []*hotline.Call {
	if k.format.settle != nil {
		k.format.settle(k.told)
	}
	return slices.Collect(maps.Values(k.told))
}

func tallies(list []*hotline.Call) map[kpi.Key]*kpi.Tally {
	into := make(map[kpi.Key]*kpi.Tally)
	for _, c := range list {
		kpi.Count(into, c)
	}
	kpi.CountRepeats(into, list)
	return into
}

// Truth is what was gathered, in days of the zone. The rest of it is the caller's to fill in.
func (k *Counting) Truth(zone *time.Location) *Truth {
	t := &Truth{
		Format: k.format.Name, File: k.format.File, Cannot: k.format.Cannot,
		Groups: make(map[kpi.By][]kpi.Group), States: k.states,
	}
	t.Hotline = newStatements(tallies(slices.Collect(maps.Values(k.all))), zone, nil).by(kpi.Undivided)
	told := newStatements(tallies(k.Told()), zone, k.format.capabilities())
	t.Told = told.by(kpi.Undivided)
	for _, by := range []kpi.By{kpi.Day, kpi.Queue, kpi.Agent, kpi.Topic} {
		t.Groups[by] = told.by(by).Groups
	}
	t.Tickets = k.ticketCounts(zone)
	return t
}

func (k *Counting) ticketCounts(zone *time.Location) map[string]TicketCounts {
	if len(k.tickets) == 0 {
		return nil
	}
	var last time.Time
	for _, t := range k.tickets {
		for _, at := range []time.Time{t.OpenedAt, t.RespondedAt, t.ResolvedAt} {
			if at.After(last) {
				last = at
			}
		}
	}
	counts := make(map[string]TicketCounts)
	for _, t := range k.tickets {
		n := counts[string(t.Kind)]
		n.add(t, zone, last)
		counts[string(t.Kind)] = n
	}
	return counts
}

// statements makes figures of tallies, by what the sources can know; nil can is everything.
type statements struct {
	build   kpi.Build
	entries map[kpi.Dimension][]kpi.Entry
}

func newStatements(counted map[kpi.Key]*kpi.Tally, zone *time.Location, can []kpi.Capability) *statements {
	s := &statements{
		build:   kpi.Build{Zone: zone, Definitions: kpi.DefaultDefinitions()},
		entries: make(map[kpi.Dimension][]kpi.Entry),
	}
	for k, t := range counted { // sums do not depend on the order, and groups are sorted
		s.entries[k.Dimension] = append(s.entries[k.Dimension], kpi.Entry{Key: k, Tally: *t})
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

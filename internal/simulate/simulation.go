package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Source is the source of simulated calls.
const Source = "simulator"

// Options say what to simulate.
type Options struct {
	Scenario *Scenario
	Seed     uint64

	// Calls arrive from From on, before To. Each is followed to its end, which may lie
	// after To. A zero To is no end.
	From, To time.Time

	// Pseudonym turns a telephone number into what a record may carry. Without it records
	// carry no caller.
	Pseudonym func(number string) (hash, masked string)

	Truth bool // count the calls; see Simulation.Truth

	// What is told beside the calls, and with them.
	Stories      bool // Event.Story, with callers' numbers in clear
	Tickets      bool
	States       bool // of agents
	RatingsApart bool // as supplements, and not in the records of the calls
}

// Event is a new version of a record and when it came about: of a call where nothing else
// was asked for, else of exactly one of them.
type Event struct {
	At     time.Time
	Call   *hotline.Call
	Story  *Story // of Call
	Ticket *hotline.Ticket
	Agent  *hotline.AgentState
	Rating *hotline.Supplement
}

// Simulation is a hotline at some moment. It is not safe for concurrent use.
type Simulation struct {
	plan      *plan
	seed      uint64
	from, to  int64 // to: 0 is no end
	pseudonym func(string) (string, string)
	centre    string
	topics    []string
	prefix    string // of ids: no two seeds have one in common

	stories, tickets, states, ratingsApart bool

	agenda agenda
	now    int64
	day    *day
	queues []*queue
	agents []*agent
	active []*call    // not yet closed
	asking int        // callers in the menu who will ask for an agent
	coming int        // redials, calls back and tickets on the agenda
	owed   []*promise // calls back whose time has come
	down   bool       // the exchange is
	over   bool       // no further first calls
	served []answered
	err    error

	finalOnly bool
	out       []Event // told, not yet handed out
	truth     map[kpi.Key]*kpi.Tally
}

// New prepares a simulation; nothing has happened yet. The errors name what is wrong with
// the scenario or the period.
func New(o Options) (*Simulation, error) {
	if o.Scenario == nil {
		return nil, errors.New("a simulation needs a scenario")
	}
	p, err := o.Scenario.compile()
	if err != nil {
		return nil, err
	}
	switch {
	case o.From.Before(hotline.Earliest) || !o.From.Before(hotline.Latest):
		return nil, fmt.Errorf("simulation from %s: the year is outside 1990 to 2099", o.From.Format(time.DateOnly))
	case !o.To.IsZero() && !o.To.After(o.From):
		return nil, fmt.Errorf("simulation from %s to %s: the period is empty", o.From.Format(time.RFC3339), o.To.Format(time.RFC3339))
	}
	s := &Simulation{
		plan: p, seed: o.Seed, from: o.From.UnixMilli(), pseudonym: o.Pseudonym,
		centre:  o.Scenario.Centre,
		prefix:  "sim-" + strconv.FormatUint(o.Seed, 36) + "-",
		stories: o.Stories, tickets: o.Tickets, states: o.States, ratingsApart: o.RatingsApart,
	}
	if s.centre == "" {
		s.centre = hotline.DefaultCentre
	}
	last := o.From
	if !o.To.IsZero() {
		s.to = o.To.UnixMilli()
		last = o.To.Add(-time.Millisecond)
	}
	if err := s.known(o.From, last.Add(time.Millisecond)); err != nil {
		return nil, err
	}
	if o.Truth {
		s.truth = make(map[kpi.Key]*kpi.Tally)
	}
	for _, t := range o.Scenario.Topics {
		s.topics = append(s.topics, t.Name)
	}
	for i, q := range o.Scenario.Queues {
		s.queues = append(s.queues, &queue{index: i, name: q.Name})
	}
	for i, a := range o.Scenario.Agents {
		hired := &agent{id: a.ID, index: i, pace: a.Pace}
		if hired.pace == 0 {
			hired.pace = 1
		}
		for _, q := range a.Queues {
			hired.queues = append(hired.queues, p.queueIndex(q))
		}
		hired.today = hired.pace
		s.agents = append(s.agents, hired)
	}
	first := o.From.In(p.zone)
	midnight := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, p.zone)
	s.now = midnight.UnixMilli()
	s.agenda.add(event{at: s.now, kind: dayBegins})
	return s, nil
}

// known says whether the days off of a period are.
func (s *Simulation) known(from, to time.Time) error {
	err := s.plan.calendar.Check(from, to)
	if err == nil || s.plan.Service.UnknownYears == WeekdaysOnly {
		return nil
	}
	return fmt.Errorf("scenario %q: %w; or set service.unknown_years: %s", s.plan.Name, err, WeekdaysOnly)
}

// Events yields every version of every call in the order it came about: open in the menu,
// open and queued, answered, and final, or fewer where less happened. It stops before the
// first event at or after until; with a zero until, when the last caller has gone.
// Iterating advances the simulation; stop anywhere and go on with any other method.
func (s *Simulation) Events(until time.Time) iter.Seq2[Event, error] {
	return s.run(until, false)
}

// Backfill yields each call that is over before until once, in its final version and in
// the order of the calls' ends, then the calls in progress at until as they stand. What
// follows, by Events or Live, begins where it left off.
func (s *Simulation) Backfill(until time.Time) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for e, err := range s.run(until, true) {
			if !yield(e, err) {
				return
			}
		}
		if s.err != nil {
			return
		}
		for _, c := range s.inProgress() {
			told := s.record(c)
			if !yield(Event{At: instant(s.now), Call: told, Story: s.storyOf(c, told)}, nil) {
				return
			}
		}
	}
}

// inProgress lists the calls not yet over in the order of their arrival.
func (s *Simulation) inProgress() []*call {
	list := slices.DeleteFunc(slices.Clone(s.active), func(c *call) bool { return c.hidden })
	slices.SortFunc(list, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.arrived, b.arrived), cmp.Compare(a.id, b.id))
	})
	return list
}

func (s *Simulation) run(until time.Time, finalOnly bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		limit := int64(0)
		if !until.IsZero() {
			limit = until.UnixMilli()
		}
		s.finalOnly = finalOnly
		for {
			for len(s.out) > 0 {
				e := s.out[0]
				s.out = s.out[1:]
				if !yield(e, nil) {
					return
				}
			}
			s.out = s.out[:0]
			if s.err != nil {
				yield(Event{}, s.err)
				return
			}
			at, ok := s.agenda.next()
			switch {
			case !ok || s.finished():
				return
			case limit != 0 && at >= limit:
				s.now = max(s.now, limit)
				return
			}
			s.step()
		}
	}
}

// finished says whether nothing more will be told.
func (s *Simulation) finished() bool { return s.over && len(s.active) == 0 && s.coming == 0 }

// Truth is the tallies of every call told so far, those in progress as they stand. It is
// nil unless Options.Truth asks for it. The tallies must not be changed.
func (s *Simulation) Truth() map[kpi.Key]*kpi.Tally {
	if s.truth == nil {
		return nil
	}
	open := make(map[kpi.Key]*kpi.Tally)
	for _, c := range s.inProgress() {
		kpi.Count(open, s.record(c))
	}
	all := make(map[kpi.Key]*kpi.Tally, len(s.truth)+len(open))
	for k, t := range s.truth {
		all[k] = t
	}
	for k, t := range open {
		if known := all[k]; known != nil {
			var sum kpi.Tally
			sum.Merge(known)
			sum.Merge(t)
			t = &sum
		}
		all[k] = t
	}
	return all
}

func (s *Simulation) count(c *hotline.Call) { kpi.Count(s.truth, c) }

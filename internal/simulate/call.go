package simulate

import (
	"cmp"
	"math/rand/v2"
	"time"

	"hotline12333/internal/hotline"
)

// fate is what a caller wants of the menu. It is drawn; what becomes of those who ask for
// an agent is not.
type fate uint8

const (
	asksForAgent fate = iota
	servesSelf
	hangsUpInMenu
	leavesMessage
	turnedAway
)

// place is where a call is.
type place uint8

const (
	inMenu    place = iota
	recording       // a message
	inQueue
	ringing
	talking
	finishing // hung up; the agent still writes
	gone
	vanished // no record will tell more of it
	dialling // an agent rings somebody outside
)

// call is one contact on its way through the hotline. Times are milliseconds since 1970,
// 0 while unknown; lengths are milliseconds.
type call struct {
	rng       *rand.Rand // the call's own chance, whatever happens around it
	id        string
	ordinal   int // of the day
	person    uint64
	topic     int
	at        int               // index of the queue
	direction hotline.Direction // empty: inbound
	reached   bool              // whoever is rung outside will answer
	owed      *promise          // what this call was promised, or is the fulfilment of
	ticket    *ticket           // a call back that is owed
	story     Story
	redial    int // how many calls of this person, unanswered in a row, came before
	fate      fate

	place place
	stage uint32 // rises when the place changes, to overtake events noted before
	slot  int    // in Simulation.active

	arrived, queued, answered, ended int64
	ivr, service, hold, wrapup       int64
	transferAt                       int64 // of the service time, before which a colleague is sought; 0: none
	legs                             []leg

	version  uint64
	outcome  hotline.Outcome
	excluded hotline.Exclusion
	rating   hotline.Rating
	agent    *agent // who rings or talks
	hidden   bool   // arrived before the period asked for
}

type leg struct {
	agent    *agent
	from, to int64
}

func (c *call) move(to place) {
	c.place = to
	c.stage++
}

// record is the call as the hotline would tell of it now.
func (s *Simulation) record(c *call) *hotline.Call {
	out := s.plain(c)
	s.skew(c, out)
	return out
}

// plain is the record by clocks that are right.
func (s *Simulation) plain(c *call) *hotline.Call {
	out := &hotline.Call{
		ID: c.id, Version: c.version, Centre: s.centre, Source: Source,
		StartedAt: instant(c.arrived), QueuedAt: instant(c.queued), AnsweredAt: instant(c.answered),
		Direction: cmp.Or(c.direction, hotline.Inbound), Outcome: c.outcome, Excluded: c.excluded,
		Region: s.region(c.person),
	}
	if s.pseudonym != nil {
		out.CallerHash, out.CallerMasked = s.pseudonym(s.number(c.person))
	}
	inward := c.direction == ""
	if inward && c.place != inMenu {
		out.IVR = hotline.Millis(c.ivr)
	}
	if inward && c.place != inMenu && c.fate != hangsUpInMenu && c.excluded != hotline.ExcludedBlacklist {
		out.Topics = s.topicsOf(c) // chosen in the menu
	}
	if c.direction == hotline.Callback {
		out.Topics = s.topicsOf(c)
	}
	asked := c.queued != 0 || c.outcome == hotline.Blocked && c.excluded == hotline.NotExcluded
	if asked || !inward {
		out.Queue = s.plan.Queues[c.at].Name
	}
	if c.answered != 0 {
		out.Agent = c.legs[0].agent.id
		out.Wait = hotline.Millis(0) // whoever is called back does not wait
		if inward {
			out.Wait = hotline.Millis(c.answered - c.queued)
		}
	}
	if c.place != gone {
		return out // talk, wrap-up and rating come with the end
	}
	out.EndedAt = instant(c.ended)
	switch {
	case c.answered != 0:
		out.Talk = hotline.Millis(c.ended - c.answered - c.hold)
		out.Hold = hotline.Millis(c.hold)
		out.Wrapup = hotline.Millis(c.wrapup)
		out.Rating = c.rating
		out.Transfers = uint32(len(c.legs) - 1)
		if len(c.legs) > 1 {
			out.Legs = s.legs(c, out.Queue)
		}
	case c.queued != 0:
		out.Wait = hotline.Millis(c.ended - c.queued)
	}
	return out
}

// legs tells of each agent's part; the hold was in the first.
func (s *Simulation) legs(c *call, queue string) []hotline.Leg {
	out := make([]hotline.Leg, len(c.legs))
	for i, l := range c.legs {
		out[i] = hotline.Leg{
			Agent: l.agent.id, Queue: queue,
			AnsweredAt: instant(l.from), EndedAt: instant(l.to), Hold: hotline.Millis(0),
		}
		if i > 0 {
			out[i].Queue = s.plan.Queues[s.plan.topics[c.topic].to].Name
		}
	}
	out[0].Hold = hotline.Millis(c.hold)
	return out
}

// changed tells the reader of a new version of the call. In a backfill only the last
// version is told.
func (s *Simulation) changed(c *call) {
	c.version++
	final := c.place == gone
	if c.hidden || !final && s.finalOnly {
		return
	}
	record := s.record(c)
	if final && s.truth != nil {
		s.count(record)
	}
	s.tell(c, record)
}

// tell hands a version of a call to the reader; its rating beside it where that was asked for.
func (s *Simulation) tell(c *call, told *hotline.Call) {
	story, rating := s.storyOf(c, told), told.Rating
	if s.ratingsApart {
		told.Rating = hotline.Rating{}
	}
	s.out = append(s.out, Event{At: instant(s.now), Call: told, Story: story})
	if s.ratingsApart && rating != (hotline.Rating{}) {
		s.out = append(s.out, Event{At: instant(s.now), Rating: &hotline.Supplement{
			CallID: c.id, Version: 1, Kind: hotline.SupplementRating, Centre: s.centre, Source: Source, Rating: rating,
		}})
	}
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

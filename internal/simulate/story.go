package simulate

import (
	"time"

	"hotline12333/internal/hotline"
)

// Story is what an exchange would know about a call beside the record: enough to write
// its own log. It is told when Options.Stories asks for it.
type Story struct {
	Number     string        // the caller's, in clear: a log of an exchange has it
	TurnedAway bool          // blocked because the hotline is closed, not because the queue is full
	Emptied    bool          // timed out because the agents have gone, not because of the longest wait
	Plain      *hotline.Call // the record as clocks that are right would have made it
	CallbackOf string        // the id of the call whose caller is called back
	Stays      []Stay
	Rings      []Ring
}

// Stay is the time a caller spent in one queue.
type Stay struct {
	Queue    string
	From, To time.Time // To is zero while it lasts
	Position int       // on joining, from 1
}

// Ring is an agent's phone ringing.
type Ring struct {
	Agent    string
	From, To time.Time // To is zero while it rings
	Answered bool
}

// joined, left, rang and stopped keep the story of a call.

func (s *Simulation) joined(c *call) {
	if s.stories {
		q := s.queueOf(c)
		c.story.Stays = append(c.story.Stays, Stay{Queue: q.name, From: instant(s.now), Position: q.waiting})
	}
}

func (s *Simulation) left(c *call) {
	if n := len(c.story.Stays); n > 0 && c.story.Stays[n-1].To.IsZero() {
		c.story.Stays[n-1].To = instant(s.now)
	}
}

func (s *Simulation) rang(c *call, a *agent) {
	if s.stories {
		c.story.Rings = append(c.story.Rings, Ring{Agent: a.id, From: instant(s.now)})
	}
}

func (s *Simulation) stopped(c *call, answered bool) {
	if n := len(c.story.Rings); n > 0 && c.story.Rings[n-1].To.IsZero() {
		c.story.Rings[n-1].To, c.story.Rings[n-1].Answered = instant(s.now), answered
	}
}

// storyOf is the story as it stands now: what happens later does not change it.
func (s *Simulation) storyOf(c *call, told *hotline.Call) *Story {
	if !s.stories {
		return nil
	}
	story := c.story
	story.Plain = told
	if len(s.plan.Clocks) > 0 {
		story.Plain = s.plain(c)
	}
	story.Number = s.number(c.person)
	if c.direction == hotline.Callback && c.owed != nil {
		story.CallbackOf = c.owed.caller.id
	}
	story.Stays = append([]Stay(nil), c.story.Stays...)
	story.Rings = append([]Ring(nil), c.story.Rings...)
	return &story
}

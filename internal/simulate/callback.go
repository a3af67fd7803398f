package simulate

import (
	"math/rand/v2"
	"slices"
	"time"

	"hotline12333/internal/hotline"
)

// Callbacks are offered to those who wait: they hang up and are called back when an agent
// has time. The call back is a call of its own, of the direction callback; attempts that
// reach nobody are outbound calls.
type Callbacks struct {
	After    time.Duration `yaml:"after"`    // of waiting
	Share    float64       `yaml:"share"`    // of those who have waited so long
	Reached  float64       `yaml:"reached"`  // share of attempts
	Attempts int           `yaml:"attempts"` // at most
	Pause    Duration      `yaml:"pause"`    // before each attempt
}

// Outgoing is agents calling out, for inquiries and surveys: calls that count nowhere.
type Outgoing struct {
	PerDay   float64  `yaml:"per_day"` // on days of service, when somebody is free
	Answered float64  `yaml:"answered"`
	Talk     Duration `yaml:"talk"`
}

func (s *Scenario) checkAfterwards(c *checker) {
	b := s.Callbacks
	c.length("callbacks.after", b.After, time.Hour)
	c.share("callbacks.share", b.Share)
	c.share("callbacks.reached", b.Reached)
	c.number("callbacks.attempts", float64(b.Attempts), 0, 20)
	c.durationUpTo("callbacks.pause", b.Pause, 7*24*time.Hour)
	if b.Share > 0 && b.Attempts == 0 {
		c.fail("callbacks.attempts", "how often is tried at most is missing")
	}
	c.number("outbound.per_day", s.Outbound.PerDay, 0, 10_000)
	c.share("outbound.answered", s.Outbound.Answered)
	c.duration("outbound.talk", s.Outbound.Talk)
	s.checkTickets(c)
}

// promise is a call back that is owed.
type promise struct {
	caller   *call // who asked for it
	attempts int   // left
}

// offer is the moment a waiting caller is offered a call back, and takes it.
func (s *Simulation) offer(c *call) {
	if c.place != inQueue {
		return
	}
	s.lose(c, hotline.CallbackRequested)
	s.open(c, hotline.TicketCallback)
	s.promise(&promise{caller: c, attempts: s.plan.Callbacks.Attempts})
}

func (s *Simulation) promise(p *promise) {
	at := s.now + s.plan.callback.draw(p.caller.rng)
	if s.to != 0 && at >= s.to {
		return
	}
	s.coming++
	p.caller.owed = p
	s.agenda.add(event{at: at, kind: callbackDue, call: p.caller})
}

// due is a call back whose time has come: it is made when an agent is free.
func (s *Simulation) due(p *promise) {
	s.coming--
	s.owed = append(s.owed, p)
	if a := s.freeAgent(s.queueOf(p.caller).index); a != nil && s.mayDial() {
		s.callBack(a)
	}
}

func (s *Simulation) mayDial() bool {
	return !s.down && s.day.openAt(s.now) && (s.to == 0 || s.now < s.to)
}

// callBack makes the first call back that an agent can, and says whether there was one.
func (s *Simulation) callBack(a *agent) bool {
	if len(s.owed) == 0 || !s.mayDial() {
		return false
	}
	i := slices.IndexFunc(s.owed, func(p *promise) bool { return slices.Contains(a.queues, s.queueOf(p.caller).index) })
	if i < 0 {
		return false
	}
	p := s.owed[i]
	s.owed = slices.Delete(s.owed, i, i+1)
	p.attempts--
	c := &call{rng: p.caller.rng, person: p.caller.person, topic: p.caller.topic, at: p.caller.at, owed: p, direction: hotline.Outbound}
	if c.reached = chance(c.rng, s.plan.Callbacks.Reached); c.reached {
		c.direction = hotline.Callback
	}
	s.dial(a, c)
	return true
}

// postOutbound puts the day's outgoing calls on the agenda. Their chance is their own, so
// that callers are the same with them and without.
func (s *Simulation) postOutbound() {
	if s.plan.Outbound.PerDay == 0 {
		return
	}
	var open []int
	for i, is := range s.day.open {
		if is {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return
	}
	r := rand.New(rand.NewPCG(s.seed^0xa0761d6478bd642f, uint64(dateOf(s.day.date))))
	for range poisson(r, s.plan.Outbound.PerDay) {
		at := s.day.start + int64(open[r.IntN(len(open))])*quarter.Milliseconds() + r.Int64N(quarter.Milliseconds())
		c := &call{
			rng: rand.New(rand.NewPCG(r.Uint64(), r.Uint64())), direction: hotline.Outbound,
			person: r.Uint64N(uint64(s.plan.Callers.People)), topic: s.day.topics.draw(r),
		}
		c.at = s.plan.topics[c.topic].queue
		c.reached = chance(r, s.plan.Outbound.Answered)
		s.agenda.add(event{at: at, kind: outboundDue, call: c})
	}
}

// callOut is an agent who finds the time for it, if there is one.
func (s *Simulation) callOut(c *call) {
	if !s.mayDial() {
		return
	}
	if a := s.freeAgent(c.at); a != nil {
		s.dial(a, c)
	}
}

// dial rings somebody outside.
func (s *Simulation) dial(a *agent, c *call) {
	s.begin(c)
	c.move(dialling)
	c.agent = a
	a.become(busy)
	s.state(a, hotline.Ringing, "")
	s.changed(c)
	length := s.plan.ring.draw(c.rng) + s.plan.ring.draw(c.rng)
	if !c.reached {
		length += 20_000 // and nobody answers
	}
	s.agenda.add(event{at: s.now + length, kind: dialEnds, call: c, stage: c.stage})
}

func (s *Simulation) dialled(c *call) {
	a := c.agent
	if c.reached {
		s.converse(c)
		return
	}
	s.lose(c, hotline.TimedOut)
	if p := c.owed; p != nil && p.attempts > 0 {
		s.promise(p)
	}
	s.release(a)
}

package simulate

import (
	"slices"

	"hotline12333/internal/hotline"
)

// queue holds callers in the order they came. Those who have left stay in the list until
// they reach its head.
type queue struct {
	index   int
	name    string
	list    []*call
	waiting int
}

func (q *queue) head() *call {
	for len(q.list) > 0 && (q.list[0].place != inQueue || q.list[0].at != q.index) {
		q.list[0] = nil
		q.list = q.list[1:]
	}
	if len(q.list) == 0 {
		return nil
	}
	return q.list[0]
}

// standing is what an agent does.
type standing uint8

const (
	away standing = iota
	free
	busy // a call rings, is talked or written up
	paused
)

type agent struct {
	id     string
	index  int
	pace   float64
	queues []int

	standing  standing
	stage     uint32 // rises with the standing
	onShift   bool
	stayUntil int64 // after the shift: overtime
	breakDue  int64 // length of a break that waits for the end of a call
	freeSince int64
	today     float64 // pace on this day

	// What was told last; see state.
	state        hotline.State
	reason       string
	stateSince   int64
	stateVersion uint64
}

func (a *agent) become(to standing) {
	a.standing = to
	a.stage++
}

// enqueue lets a caller wait for an agent.
func (s *Simulation) enqueue(c *call) {
	q := s.queueOf(c)
	found := s.freeAgent(q.index)
	if limit := s.plan.Queues[q.index].Capacity; found == nil && limit > 0 && q.waiting >= limit {
		s.lose(c, hotline.Blocked)
		return
	}
	c.queued = s.now
	c.move(inQueue)
	q.waiting++
	q.list = append(q.list, c)
	s.joined(c)
	s.changed(c)
	s.agenda.add(event{at: s.now + s.plan.patience.draw(c.rng), kind: patienceEnds, call: c})
	if limit := s.plan.Queues[q.index].MaxWait.Milliseconds(); limit > 0 {
		s.agenda.add(event{at: s.now + limit, kind: waitLimit, call: c})
	}
	if after := s.plan.Queues[q.index].Overflow.After.Milliseconds(); after > 0 {
		s.agenda.add(event{at: s.now + after, kind: overflows, call: c})
	}
	if b := &s.plan.Callbacks; chance(c.rng, b.Share) && c.excluded == hotline.NotExcluded {
		s.agenda.add(event{at: s.now + b.After.Milliseconds(), kind: callbackOffered, call: c})
	}
	if found != nil {
		s.ring(found, c)
	}
}

// overflow lets another queue take a caller who has waited for long. The caller keeps
// their turn: whoever came first is first there too.
func (s *Simulation) overflow(c *call) {
	to := s.plan.overflow[c.at]
	if c.place != inQueue || to < 0 || to == c.at {
		return
	}
	s.queueOf(c).waiting--
	s.left(c)
	c.at = to
	q := s.queueOf(c)
	q.waiting++
	i := 0
	for i < len(q.list) && q.list[i].queued <= c.queued {
		i++
	}
	q.list = slices.Insert(q.list, i, c)
	s.joined(c)
	s.changed(c)
	if a := s.freeAgent(to); a != nil {
		s.ring(a, c)
	}
}

// freeAgent is the one of a queue who has been free longest, or nil.
func (s *Simulation) freeAgent(queue int) *agent {
	var found *agent
	for _, a := range s.agents {
		if a.standing == free && slices.Contains(a.queues, queue) && (found == nil || a.freeSince < found.freeSince) {
			found = a
		}
	}
	return found
}

// longestWaiting is the caller at the head of an agent's queues who came first, or nil.
func (s *Simulation) longestWaiting(a *agent) *call {
	if s.down {
		return nil
	}
	var found *call
	for _, q := range a.queues {
		if c := s.queues[q].head(); c != nil && (found == nil || c.queued < found.queued) {
			found = c
		}
	}
	return found
}

// ring takes a caller off the queue and rings an agent.
func (s *Simulation) ring(a *agent, c *call) {
	q := s.queueOf(c)
	q.waiting--
	c.move(ringing)
	q.head() // drops the caller, if at the head
	c.agent = a
	a.become(busy)
	s.state(a, hotline.Ringing, "")
	s.rang(c, a)
	length := s.plan.ring.draw(c.rng)
	if s.plan.Ringing.NoAnswer > 0 {
		limit := s.plan.Ringing.Timeout.Milliseconds()
		if chance(c.rng, s.plan.Ringing.NoAnswer) {
			length = limit // and is not taken, see ringing's end
		} else {
			length = min(length, limit-1)
		}
	}
	if length == 0 {
		s.rung(c, 0) // at once, before anything else that this moment holds
		return
	}
	s.agenda.add(event{at: s.now + length, kind: ringEnds, call: c, stage: c.stage, n: length})
}

// rung ends the ringing: the agent answers, or the phone has rung for too long.
func (s *Simulation) rung(c *call, length int64) {
	a := c.agent
	if limit := s.plan.Ringing.Timeout.Milliseconds(); s.plan.Ringing.NoAnswer > 0 && length >= limit {
		s.stopped(c, false)
		s.pause(a, s.plan.Ringing.Pause.Milliseconds(), reasonNoAnswer)
		s.requeue(c)
		return
	}
	s.stopped(c, true)
	s.left(c)
	s.converse(c)
}

// converse begins a talk.
func (s *Simulation) converse(c *call) {
	a := c.agent
	c.move(talking)
	s.state(a, hotline.Talking, "")
	c.answered, c.outcome = s.now, hotline.Answered
	c.legs = append(c.legs, leg{agent: a, from: s.now})
	t := &s.plan.topics[c.topic]
	service := t.service
	if c.direction == hotline.Outbound {
		service = s.plan.outbound
	}
	c.service = s.pace(a, service.draw(c.rng))
	if chance(c.rng, s.plan.Hold.Share) {
		c.hold = s.plan.hold.draw(c.rng)
		c.service += c.hold
	}
	length := c.service
	if c.direction != hotline.Outbound && chance(c.rng, t.transfer) {
		length = c.hold + int64(float64(c.service-c.hold)*(0.3+0.3*c.rng.Float64()))
		c.transferAt = length
	}
	s.changed(c)
	s.agenda.add(event{at: s.now + length, kind: talkEnds, call: c, stage: c.stage})
}

func (s *Simulation) pace(a *agent, length int64) int64 { return int64(float64(length) * a.today) }

// requeue puts a caller whom an agent did not answer back to the head of the queue.
func (s *Simulation) requeue(c *call) {
	q := s.queueOf(c)
	c.agent = nil
	if limit := s.plan.Queues[q.index].MaxWait.Milliseconds(); limit > 0 && s.now >= c.queued+limit {
		s.lose(c, hotline.TimedOut)
		return
	}
	c.move(inQueue)
	q.waiting++
	q.list = slices.Insert(q.list, 0, c)
	if a := s.freeAgent(q.index); a != nil {
		s.ring(a, c)
	}
}

// talked ends a part of the talk: a colleague takes over, or the caller hangs up.
func (s *Simulation) talked(c *call) {
	a := c.agent
	if at := c.transferAt; at > 0 {
		c.transferAt = 0
		rest := c.service - at
		colleague := s.freeAgent(s.plan.topics[c.topic].to)
		if colleague != nil {
			c.legs[0].to = s.now
			c.legs = append(c.legs, leg{agent: colleague, from: s.now})
			c.agent = colleague
			colleague.become(busy)
			s.state(colleague, hotline.Talking, "")
		}
		c.move(talking)
		s.agenda.add(event{at: s.now + rest, kind: talkEnds, call: c, stage: c.stage})
		if colleague != nil {
			s.writeUp(a, c, nil)
		}
		return
	}
	s.hangUp(c)
}

// hangUp ends a talk; the agent has still to write up.
func (s *Simulation) hangUp(c *call) {
	a := c.agent
	c.legs[len(c.legs)-1].to, c.ended = s.now, s.now
	if r := &s.plan.Ratings; c.direction != hotline.Outbound && !s.down && chance(c.rng, r.Invited) {
		c.rating = hotline.Rating{Invited: true, Scale: r.Scale}
		if chance(c.rng, r.Given) {
			c.rating.Given, c.rating.Value = true, uint8(1+s.plan.ratingChoice.draw(c.rng))
		}
	}
	c.move(finishing)
	s.considerTicket(c)
	s.writeUp(a, c, c)
}

// writeUp is an agent's work after a call; at its end the call last is closed.
func (s *Simulation) writeUp(a *agent, c, last *call) {
	length := s.plan.wrapup.draw(c.rng)
	c.wrapup += length
	s.state(a, hotline.Wrapup, "")
	s.agenda.add(event{at: s.now + length, kind: wrapupEnds, call: last, agent: a})
}

// pause keeps an agent from calls for a while.
func (s *Simulation) pause(a *agent, length int64, reason string) {
	a.become(paused)
	s.state(a, hotline.Paused, reason)
	s.agenda.add(event{at: s.now + length, kind: pauseEnds, agent: a, stage: a.stage})
}

// release is an agent with nothing to do: they leave, take a due break, take the next
// caller, or are free.
func (s *Simulation) release(a *agent) {
	switch {
	case !a.onShift && !s.stays(a):
		a.become(away)
		s.state(a, hotline.SignedOut, "")
		return
	case a.onShift && a.breakDue > 0:
		length := a.breakDue
		a.breakDue = 0
		s.pause(a, length, reasonBreak)
		return
	}
	if c := s.longestWaiting(a); c != nil {
		s.ring(a, c)
		return
	}
	if s.callBack(a) {
		return
	}
	a.become(free)
	s.state(a, hotline.Free, "")
	a.freeSince = s.now
}

// stays says whether an agent whose shift is over works on for callers who came before
// the hotline closed.
func (s *Simulation) stays(a *agent) bool {
	return s.now < a.stayUntil && !s.day.openAt(s.now) && (s.asking > 0 || s.longestWaiting(a) != nil)
}

// lose ends a call that no agent answered.
func (s *Simulation) lose(c *call, outcome hotline.Outcome) {
	if c.place == inQueue {
		s.queueOf(c).waiting--
	}
	s.stopped(c, false)
	s.left(c)
	c.outcome = outcome
	s.close(c)
	if (c.queued != 0 || outcome == hotline.Blocked) && outcome != hotline.CallbackRequested {
		s.considerRedial(c)
	}
}

// close ends a call and tells of it.
func (s *Simulation) close(c *call) {
	if c.ended == 0 { // else the caller hung up before the agent had written up
		c.ended = s.now
	}
	c.move(gone)
	s.leaveActive(c)
	s.changed(c)
}

func (s *Simulation) queueOf(c *call) *queue { return s.queues[c.at] }

package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hotline12333/internal/hotline"
)

// step lets the next thing happen.
func (s *Simulation) step() {
	e := s.agenda.take()
	s.now = e.at
	switch e.kind {
	case dayBegins:
		s.beginDay()
	case callerArrives:
		s.arrive()
	case callerRedials:
		s.coming--
		if s.day.openAt(s.now) {
			s.admit(&call{rng: e.call.rng, person: e.call.person, topic: e.call.topic, at: s.plan.topics[e.call.topic].queue, redial: e.call.redial + 1})
		}
	case menuEnds:
		if e.call.place == inMenu {
			s.leaveMenu(e.call)
		}
	case messageEnds:
		if e.call.place == recording {
			s.lose(e.call, hotline.Voicemail)
			s.open(e.call, hotline.TicketVoicemail)
		}
	case patienceEnds:
		s.runOut(e.call)
	case waitLimit:
		if e.call.place == inQueue {
			s.lose(e.call, hotline.TimedOut)
		}
	case ringEnds:
		if e.stage == e.call.stage {
			s.rung(e.call, e.n)
		}
	case talkEnds:
		if e.stage == e.call.stage {
			s.talked(e.call)
		}
	case wrapupEnds:
		if e.call != nil {
			s.remember(e.call)
			s.close(e.call)
		}
		s.release(e.agent)
	case overflows:
		s.overflow(e.call)
	case callbackOffered:
		s.offer(e.call)
	case callbackDue:
		s.due(e.call.owed)
	case outboundDue:
		s.callOut(e.call)
	case dialEnds:
		if e.stage == e.call.stage {
			s.dialled(e.call)
		}
	case ticketDue:
		s.work(e.ticket)
	case outageBegins:
		s.breakDown(s.plan.outages[e.n])
	case outageEnds:
		s.down = false
	default:
		s.roster(e)
	}
}

// roster is what happens by the timetable of the agents.
func (s *Simulation) roster(e event) {
	a := e.agent
	switch e.kind {
	case shiftBegins:
		a.onShift, a.breakDue = true, 0
		if a.standing == away || a.standing == free {
			s.release(a)
		}
	case shiftEnds:
		a.onShift, a.breakDue = false, 0
		a.stayUntil = s.now + s.plan.Service.Overtime.Milliseconds()
		if a.standing == free || a.standing == paused {
			s.release(a)
		}
	case breakBegins:
		if !a.onShift {
			return
		}
		a.breakDue = e.n
		if a.standing == free {
			s.release(a)
		}
	case pauseEnds:
		if e.stage == a.stage {
			s.release(a)
		}
	case serviceEnds:
		for _, q := range s.queues {
			for c := q.head(); c != nil; c = q.head() {
				c.story.Emptied = true
				s.lose(c, hotline.TimedOut)
			}
		}
		for _, a := range s.agents {
			if a.standing == free && !a.onShift {
				a.become(away)
				s.state(a, hotline.SignedOut, "")
			}
		}
	}
}

func (s *Simulation) beginDay() {
	start := time.UnixMilli(s.now).In(s.plan.zone)
	if s.to == 0 || s.now < s.to { // later there are only calls to be ended
		if err := s.known(start, start.Add(quarter)); err != nil {
			s.err = err
			return
		}
	}
	s.day = s.plan.newDay(start, s.seed)
	s.agenda.add(event{at: s.day.end, kind: dayBegins})
	if s.day.working {
		s.post()
		s.postOutbound()
	}
	s.postOutages()
	for i, a := range s.agents {
		a.today = a.pace * s.plan.learned(s.plan.employed[i], start)
	}
	s.nextArrival(s.day.start)
}

// post puts the day's shifts, breaks and closing times on the agenda.
func (s *Simulation) post() {
	d := s.day
	for i, a := range s.agents {
		if d.absent[i] {
			continue
		}
		for _, w := range s.plan.duty[i].work {
			s.agenda.add(event{at: d.wall(w.from), kind: shiftBegins, agent: a})
			s.agenda.add(event{at: d.wall(w.to), kind: shiftEnds, agent: a})
		}
		for _, b := range s.plan.duty[i].breaks {
			s.agenda.add(event{at: d.wall(b.at), kind: breakBegins, agent: a, n: b.millis})
		}
	}
	for i, open := range d.open[:len(d.open)-1] {
		if open && !d.open[i+1] {
			closing := d.start + int64(i+1)*quarter.Milliseconds()
			s.agenda.add(event{at: closing + s.plan.Service.Overtime.Milliseconds(), kind: serviceEnds})
		}
	}
}

func (s *Simulation) nextArrival(after int64) {
	at, ok := s.day.next(after, s.plan.Surges.Factor)
	if s.to != 0 && (ok && at >= s.to || !ok && s.day.end >= s.to) {
		s.over = true
		return
	}
	if ok {
		s.agenda.add(event{at: at, kind: callerArrives})
	}
}

// arrive is a first call: somebody new, or somebody answered lately who calls again.
func (s *Simulation) arrive() {
	r := rand.New(rand.NewPCG(s.day.rng.Uint64(), s.day.rng.Uint64()))
	c := &call{rng: r, topic: s.day.topics.draw(r), person: r.Uint64N(uint64(s.plan.Callers.People))}
	if chance(r, s.plan.Callers.Repeat.Share) {
		if again, ok := s.recall(r); ok {
			c.person, c.topic = again.person, again.topic
		}
	}
	c.at = s.plan.topics[c.topic].queue
	switch u, e := r.Float64(), &s.plan.Exclusions; {
	case u < e.Blacklist:
		c.excluded = hotline.ExcludedBlacklist
	case u < e.Blacklist+e.Test:
		c.excluded = hotline.ExcludedTest
	case u < e.Blacklist+e.Test+e.Internal:
		c.excluded = hotline.ExcludedInternal
	case u < e.Blacklist+e.Test+e.Internal+e.Phantom:
		c.excluded = hotline.ExcludedPhantom
	}
	s.nextArrival(s.now)
	s.admit(c)
}

// admit takes a call into the menu.
func (s *Simulation) admit(c *call) {
	if s.down { // nobody will know of it
		s.considerRedial(c)
		return
	}
	s.begin(c)
	if c.excluded == hotline.ExcludedBlacklist {
		s.lose(c, hotline.Blocked)
		return
	}
	s.choose(c)
	s.changed(c)
	s.agenda.add(event{at: s.now + c.ivr, kind: menuEnds, call: c})
}

// begin is the first moment of a call.
func (s *Simulation) begin(c *call) {
	s.day.ordinal++
	c.ordinal = s.day.ordinal
	c.id = fmt.Sprintf("%s%08d-%06d", s.prefix, dateOf(s.day.date), c.ordinal)
	c.arrived, c.outcome, c.hidden = s.now, hotline.Open, s.now < s.from
	c.slot = len(s.active)
	s.active = append(s.active, c)
}

// choose draws what the caller wants of the menu, and how long they take for it.
func (s *Simulation) choose(c *call) {
	p, u := s.plan, c.rng.Float64()
	switch {
	case c.excluded == hotline.ExcludedPhantom:
		c.fate, c.ivr = hangsUpInMenu, int64(1500*u)
		return
	case !s.day.openAt(s.now):
		switch {
		case u < p.Closed.SelfService:
			c.fate, c.ivr = servesSelf, p.selfService.draw(c.rng)
			return
		case u < p.Closed.SelfService+p.Closed.Voicemail:
			c.fate = leavesMessage
		case u < p.Closed.SelfService+p.Closed.Voicemail+p.Closed.Blocked:
			c.fate = turnedAway
		default:
			c.fate = hangsUpInMenu
		}
		c.ivr = p.closed.draw(c.rng)
	case c.redial > 0: // they know the way
	case u < p.Menu.SelfService:
		c.fate, c.ivr = servesSelf, p.selfService.draw(c.rng)
	case u < p.Menu.SelfService+p.Menu.Abandoned:
		c.fate, c.ivr = hangsUpInMenu, p.abandon.draw(c.rng)
	}
	if c.fate == asksForAgent {
		c.ivr = p.ask.draw(c.rng)
		s.asking++
	}
}

func (s *Simulation) leaveMenu(c *call) {
	switch c.fate {
	case asksForAgent:
		s.asking--
		s.enqueue(c)
	case servesSelf:
		s.lose(c, hotline.SelfService)
	case hangsUpInMenu:
		s.lose(c, hotline.AbandonedIVR)
	case turnedAway:
		c.story.TurnedAway = true
		s.lose(c, hotline.Blocked)
	case leavesMessage:
		c.move(recording)
		s.changed(c)
		s.agenda.add(event{at: s.now + s.plan.message.draw(c.rng), kind: messageEnds, call: c})
	}
}

// runOut is the end of a caller's patience.
func (s *Simulation) runOut(c *call) {
	switch c.place {
	case inQueue:
		s.lose(c, hotline.AbandonedQueue)
	case ringing:
		a := c.agent
		s.lose(c, hotline.AbandonedRinging)
		s.release(a)
	}
}

func (s *Simulation) considerRedial(c *call) {
	r := &s.plan.Callers.Redial
	if c.excluded != hotline.NotExcluded || c.redial >= r.Most || !chance(c.rng, r.Share) {
		return
	}
	at := s.now + s.plan.redial.draw(c.rng)
	if s.to != 0 && at >= s.to {
		return
	}
	s.coming++
	s.agenda.add(event{at: at, kind: callerRedials, call: c})
}

func (s *Simulation) leaveActive(c *call) {
	last := len(s.active) - 1
	s.active[c.slot] = s.active[last]
	s.active[c.slot].slot = c.slot
	s.active[last] = nil
	s.active = s.active[:last]
}

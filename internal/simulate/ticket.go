package simulate

import (
	"math/rand/v2"
	"time"

	"hotline12333/internal/hotline"
)

// Tickets are what is owed to callers after the call: a message to answer, a call back, a
// question to look into, a complaint. They are told when Options.Tickets asks for them.
type Tickets struct {
	Consultation float64  `yaml:"consultation"` // share of answered calls
	OnTheSpot    float64  `yaml:"on_the_spot"`  // of these: settled in the call
	Complaint    float64  `yaml:"complaint"`    // share of answered calls
	Respond      Duration `yaml:"respond"`      // until the first response, moved into service hours
	Resolve      Duration `yaml:"resolve"`      // after it, likewise
}

func (s *Scenario) checkTickets(c *checker) {
	t := s.Tickets
	c.share("tickets.consultation", t.Consultation)
	c.share("tickets.complaint", t.Complaint)
	if t.Consultation+t.Complaint > 1 {
		c.fail("tickets", "the shares add up to more than 1")
	}
	c.share("tickets.on_the_spot", t.OnTheSpot)
	c.durationUpTo("tickets.respond", t.Respond, 30*24*time.Hour)
	c.durationUpTo("tickets.resolve", t.Resolve, 30*24*time.Hour)
}

// ticket is one on its way.
type ticket struct {
	hotline.Ticket
	rng    *rand.Rand
	hidden bool // of a call that arrived before the period asked for
}

// open opens a ticket for a call. What it draws is its own: calls are the same with
// tickets and without.
func (s *Simulation) open(c *call, kind hotline.TicketKind) {
	if !s.tickets {
		return
	}
	t := &ticket{rng: s.aside(c, ticketChance), hidden: c.hidden}
	t.Ticket = hotline.Ticket{
		ID: "t-" + c.id, Centre: s.centre, Source: Source, CallID: c.id, Kind: kind,
		OpenedAt: instant(s.now), Topics: s.topicsOf(c),
	}
	if len(c.legs) > 0 {
		t.Agent = c.legs[len(c.legs)-1].agent.id
	}
	if kind == hotline.TicketConsultation && chance(t.rng, s.plan.Tickets.OnTheSpot) {
		t.OnTheSpot, t.RespondedAt, t.ResolvedAt = true, t.OpenedAt, t.OpenedAt
	}
	s.tellTicket(t)
	switch {
	case t.OnTheSpot:
	case kind == hotline.TicketCallback: // the call back is the response
		c.ticket = t
	default:
		s.later(t, s.plan.respond.draw(t.rng))
	}
}

// considerTicket is what an agent notes after a talk.
func (s *Simulation) considerTicket(c *call) {
	if !s.tickets || c.direction == hotline.Outbound || c.excluded != hotline.NotExcluded {
		return
	}
	if p := c.owed; p != nil && p.caller.ticket != nil {
		t := p.caller.ticket
		t.RespondedAt, t.ResolvedAt, t.Agent = instant(c.answered), instant(c.ended), c.legs[0].agent.id
		s.tellTicket(t)
		return
	}
	switch u := s.aside(c, kindChance).Float64(); {
	case u < s.plan.Tickets.Consultation:
		s.open(c, hotline.TicketConsultation)
	case u < s.plan.Tickets.Consultation+s.plan.Tickets.Complaint:
		s.open(c, hotline.TicketComplaint)
	}
}

func (s *Simulation) later(t *ticket, length int64) {
	s.coming++
	s.agenda.add(event{at: s.now + length, kind: ticketDue, ticket: t})
}

// work is the next step of a ticket, in service hours.
func (s *Simulation) work(t *ticket) {
	s.coming--
	if !s.day.openAt(s.now) {
		next := s.day.end - s.now // nobody works today
		if s.day.working {
			q := quarter.Milliseconds()
			next = min(next, q-(s.now-s.day.start)%q)
		}
		s.later(t, next)
		return
	}
	if t.RespondedAt.IsZero() {
		t.RespondedAt = instant(s.now)
		if t.Kind == hotline.TicketVoicemail {
			t.ResolvedAt = t.RespondedAt
		}
	} else {
		t.ResolvedAt = instant(s.now)
	}
	s.tellTicket(t)
	if t.ResolvedAt.IsZero() {
		s.later(t, s.plan.resolve.draw(t.rng))
	}
}

func (s *Simulation) tellTicket(t *ticket) {
	t.Version++
	if t.hidden {
		return
	}
	told := t.Ticket
	s.out = append(s.out, Event{At: instant(s.now), Ticket: &told})
}

// What aside is asked for.
const (
	kindChance uint64 = iota + 1
	ticketChance
	clockChance
)

// aside is chance that belongs to a call but not to its course: with it or without it,
// the call is the same.
func (s *Simulation) aside(c *call, what uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed+what*0x9e3779b97f4a7c15, uint64(c.arrived)<<20^uint64(c.ordinal)))
}

func (s *Simulation) topicsOf(c *call) []string { return s.topics[c.topic : c.topic+1 : c.topic+1] }

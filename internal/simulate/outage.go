package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/hotline"
)

// Outage is a time when the exchange is down. Whoever waits is cut off as by a system that
// gives up, whoever talks hangs up, and nobody gets in: those who try leave no record, but
// some try again.
type Outage struct {
	At      string        `yaml:"at"` // as 2026-03-18 09:40, in the scenario's zone
	For     time.Duration `yaml:"for"`
	Unended float64       `yaml:"unended"` // share of the calls cut off whose end no record tells
}

func (s *Scenario) checkOutages(c *checker) {
	for i, o := range s.Outages {
		at := fmt.Sprintf("outages[%d]", i)
		if _, err := time.Parse(outageFormat, o.At); err != nil {
			c.fail(at+".at", "%q is not a time such as 2026-03-18 09:40", o.At)
		}
		if c.length(at+".for", o.For, 7*24*time.Hour); o.For == 0 {
			c.fail(at+".for", "how long is missing")
		}
		c.share(at+".unended", o.Unended)
	}
}

const outageFormat = "2006-01-02 15:04"

// outage is a compiled Outage.
type outage struct {
	from, to int64
	unended  float64
}

func (p *plan) compileOutages() {
	for _, o := range p.Outages {
		at, _ := time.ParseInLocation(outageFormat, o.At, p.zone) // validated
		p.outages = append(p.outages, outage{at.UnixMilli(), at.Add(o.For).UnixMilli(), o.Unended})
	}
}

// postOutages puts the day's beginnings and ends on the agenda.
func (s *Simulation) postOutages() {
	s.down = false
	for i, o := range s.plan.outages {
		switch {
		case o.from < s.day.start && o.to > s.day.start:
			s.down = true // since the day before
		case o.from >= s.day.start && o.from < s.day.end:
			s.agenda.add(event{at: o.from, kind: outageBegins, n: int64(i)})
		}
		if o.to > s.day.start && o.to <= s.day.end {
			s.agenda.add(event{at: o.to, kind: outageEnds})
		}
	}
}

func (s *Simulation) breakDown(o outage) {
	s.down = true
	cut := slices.Clone(s.active)
	slices.SortFunc(cut, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.arrived, b.arrived), cmp.Compare(a.id, b.id))
	})
	for _, c := range cut {
		if chance(c.rng, o.unended) && c.place != finishing {
			s.vanish(c)
			continue
		}
		s.cut(c)
	}
}

// cut ends a call in the moment the exchange goes down.
func (s *Simulation) cut(c *call) {
	a := c.agent
	switch c.place {
	case inMenu:
		s.leaveAsking(c)
		s.lose(c, hotline.AbandonedIVR)
	case recording:
		s.lose(c, hotline.Voicemail)
	case inQueue:
		s.lose(c, hotline.TimedOut)
	case ringing, dialling:
		s.lose(c, hotline.TimedOut)
		s.release(a)
	case talking:
		c.transferAt = 0
		s.hangUp(c)
	}
}

// vanish ends a call of which no further record tells: for whoever reads them it stays
// as it stood last.
func (s *Simulation) vanish(c *call) {
	a, place := c.agent, c.place
	if place == inQueue {
		s.queueOf(c).waiting--
	}
	s.leaveAsking(c)
	told := s.record(c)
	c.move(vanished)
	s.leaveActive(c)
	if !c.hidden {
		if s.truth != nil {
			s.count(told)
		}
		if s.finalOnly {
			s.tell(c, told)
		}
	}
	if a != nil && (place == ringing || place == talking || place == dialling) {
		s.release(a)
	}
}

// leaveAsking forgets a caller in the menu who would have asked for an agent.
func (s *Simulation) leaveAsking(c *call) {
	if c.place == inMenu && c.fate == asksForAgent {
		s.asking--
	}
}

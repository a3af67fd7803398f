package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Learning is what new agents need: those with a first day.
type Learning struct {
	Factor   float64 `yaml:"factor"`    // on service times on the first day; 0 means 1
	HalfLife int     `yaml:"half_life"` // days after which half of what is above 1 is gone
}

// Sick is illness: spells of days, beside the single days of absence.
type Sick struct {
	Share float64 `yaml:"share"` // of an agent's days on which an illness begins
	Days  float64 `yaml:"days"`  // mean length
}

// longestIllness in days. It bounds how far back a day has to look.
const longestIllness = 30

func (c *checker) day(path, day string) {
	if day == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		c.fail(path, "%q is not a date such as 2026-05-01", day)
	}
}

func (s *Scenario) checkStaff(c *checker) {
	c.share("absence", s.Absence)
	c.share("sick.share", s.Sick.Share)
	if s.Sick.Share > 0 {
		c.number("sick.days", s.Sick.Days, 1, longestIllness)
	}
	c.number("learning.factor", s.Learning.Factor, 0, 10)
	c.number("learning.half_life", float64(s.Learning.HalfLife), 0, 1000)
	if f := s.Learning.Factor; f != 0 && f != 1 && s.Learning.HalfLife == 0 {
		c.fail("learning", "how fast is it learned? half_life, in days, is missing")
	}
	for i, a := range s.Agents {
		if a.From != "" && a.Until != "" && a.Until < a.From {
			c.fail(fmt.Sprintf("agents[%d].until", i), "the last day is before the first")
		}
	}
}

// employment is when an agent works here.
type employment struct{ from, until time.Time } // days; zero: no such end

func (a *Agent) employment(zone *time.Location) employment {
	var e employment
	if a.From != "" {
		e.from, _ = time.ParseInLocation(time.DateOnly, a.From, zone) // validated
	}
	if a.Until != "" {
		e.until, _ = time.ParseInLocation(time.DateOnly, a.Until, zone)
	}
	return e
}

func (e employment) holds(day time.Time) bool {
	return (e.from.IsZero() || !day.Before(e.from)) && (e.until.IsZero() || !day.After(e.until))
}

// learned is the factor on an agent's service times on a day.
func (p *plan) learned(e employment, day time.Time) float64 {
	if e.from.IsZero() || p.Learning.Factor == 0 || p.Learning.HalfLife == 0 || day.Before(e.from) {
		return 1
	}
	days := day.Sub(e.from).Hours() / 24
	return 1 + (p.Learning.Factor-1)*math.Exp2(-days/float64(p.Learning.HalfLife))
}

// sick says whether an illness holds on a day. It depends on the seed, the agent and the
// dates alone, so that it is the same whatever day the simulation began on.
func (p *plan) sick(agent int, day time.Time, seed uint64) bool {
	if p.Sick.Share == 0 {
		return false
	}
	for back := range longestIllness {
		began := day.AddDate(0, 0, -back)
		r := rand.New(rand.NewPCG(seed^0xd1342543de82ef95, uint64(dateOf(began))<<16|uint64(agent)))
		if !chance(r, p.Sick.Share) {
			continue
		}
		length := 1
		for chance(r, 1-1/p.Sick.Days) && length < longestIllness {
			length++
		}
		if back < length {
			return true
		}
	}
	return false
}

package simulate

import (
	"fmt"
	"maps"
	"slices"
)

// Spell is some days with more calls, or fewer, and other ones: a new benefit, a deadline,
// a rumour that lasts.
type Spell struct {
	Days   string             `yaml:"days"`   // a date or a range of dates
	Factor float64            `yaml:"factor"` // on the arrivals of the first day
	Fades  bool               `yaml:"fades"`  // evenly, so that the day after the last has a factor of 1
	Topics map[string]float64 `yaml:"topics"` // factors on the weights of topics
}

func (s *Scenario) checkSpells(c *checker) {
	for i, sp := range s.Spells {
		at := fmt.Sprintf("spells[%d]", i)
		if _, err := dates(sp.Days); err != nil {
			c.fail(at+".days", "%v", err)
		}
		c.number(at+".factor", sp.Factor, 0, 100)
		for _, name := range slices.Sorted(maps.Keys(sp.Topics)) {
			if s.topicIndex(name) < 0 {
				c.fail(at+".topics", "no topic is named %q", name)
			}
			c.number(at+".topics."+name, sp.Topics[name], 0, 1000)
		}
	}
}

func (s *Scenario) topicIndex(name string) int {
	return slices.IndexFunc(s.Topics, func(t Topic) bool { return t.Name == name })
}

// spell is a compiled Spell.
type spell struct {
	days   []date
	factor float64
	fades  bool
	topics []float64 // factors by topic; nil: none
}

func (p *plan) compileSpells() {
	for _, given := range p.Spells {
		days, _ := dates(given.Days) // validated
		sp := spell{days: days, factor: given.Factor, fades: given.Fades}
		if len(given.Topics) > 0 {
			sp.topics = make([]float64, len(p.Topics))
			for i, t := range p.Topics {
				sp.topics[i] = 1
				if f, ok := given.Topics[t.Name]; ok {
					sp.topics[i] = f
				}
			}
		}
		p.spells = append(p.spells, sp)
	}
}

// spellsOf gives the factor on a day's arrivals and what they are about.
func (p *plan) spellsOf(d date) (factor float64, topics choice) {
	factor, topics = 1, p.topicChoice
	var weights []float64
	for _, sp := range p.spells {
		i, found := slices.BinarySearch(sp.days, d)
		if !found {
			continue
		}
		f := sp.factor
		if sp.fades {
			f = 1 + (sp.factor-1)*float64(len(sp.days)-i)/float64(len(sp.days))
		}
		factor *= f
		if sp.topics == nil {
			continue
		}
		if weights == nil {
			for _, t := range p.Topics {
				weights = append(weights, t.Weight)
			}
		}
		for t := range weights {
			weights[t] *= sp.topics[t]
		}
	}
	if weights != nil && total(weights) > 0 {
		topics = newChoice(weights)
	}
	return factor, topics
}

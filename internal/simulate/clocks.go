package simulate

import (
	"fmt"
	"time"

	"hotline12333/internal/hotline"
)

// Clocks are a server whose clock is wrong: it stamps the answer and the end of some
// calls, while another one stamped their arrival. Such calls tell no lengths, only times.
type Clocks struct {
	Days  string        `yaml:"days"`  // a date or a range of dates; empty: always
	Share float64       `yaml:"share"` // of the calls
	Off   time.Duration `yaml:"off"`   // negative: the clock is slow, and calls seem to end before they began
}

func (s *Scenario) checkClocks(c *checker) {
	for i, k := range s.Clocks {
		at := fmt.Sprintf("clocks[%d]", i)
		if k.Days != "" {
			if _, err := dates(k.Days); err != nil {
				c.fail(at+".days", "%v", err)
			}
		}
		c.share(at+".share", k.Share)
		if k.Off < -24*time.Hour || k.Off > 24*time.Hour {
			c.fail(at+".off", "%s is more than a day", k.Off)
		}
	}
}

// skew makes a record what a wrong clock makes of it.
func (s *Simulation) skew(c *call, told *hotline.Call) {
	if len(s.plan.Clocks) == 0 {
		return
	}
	r := s.aside(c, clockChance)
	day := dateOf(told.StartedAt.In(s.plan.zone))
	for i, k := range s.plan.Clocks {
		if days := s.plan.skewed[i]; !chance(r, k.Share) || days != nil && !days[day] {
			continue
		}
		shift := func(t *time.Time) {
			if !t.IsZero() {
				*t = t.Add(k.Off).Truncate(time.Millisecond)
			}
		}
		shift(&told.AnsweredAt)
		shift(&told.EndedAt)
		for j := range told.Legs {
			shift(&told.Legs[j].AnsweredAt)
			shift(&told.Legs[j].EndedAt)
		}
		told.Wait, told.Talk = hotline.Span{}, hotline.Span{}
		return
	}
}

package simulate

import (
	"fmt"
	"math/rand/v2"
)

// answered is somebody who may call again.
type answered struct {
	at     int64
	person uint64
	topic  int
}

// memory is how many of the answered are kept in mind.
const memory = 4096

func (s *Simulation) remember(c *call) {
	if s.plan.Callers.Repeat.Share == 0 || c.excluded != "" {
		return
	}
	if len(s.served) == 2*memory {
		s.served = append(s.served[:0], s.served[memory:]...)
	}
	s.served = append(s.served, answered{at: s.now, person: c.person, topic: c.topic})
}

// recall draws one of those answered within the last hours.
func (s *Simulation) recall(r *rand.Rand) (answered, bool) {
	since := s.now - s.plan.Callers.Repeat.Within.Milliseconds()
	for len(s.served) > 0 && s.served[0].at < since {
		s.served = s.served[1:]
	}
	if len(s.served) == 0 {
		return answered{}, false
	}
	return s.served[r.IntN(len(s.served))], true
}

// trait is a person's own chance: the same whenever they call.
func (s *Simulation) trait(person uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed^0x9e3779b97f4a7c15, person))
}

func (s *Simulation) region(person uint64) string {
	if len(s.plan.Callers.Regions) == 0 {
		return ""
	}
	return s.plan.Callers.Regions[s.plan.regionChoice.draw(s.trait(person))].Name
}

// number is the telephone number of a person: a mobile one, for a few a landline. They
// look like real ones, so that masks and prefixes can be tried on them, and may by chance
// be somebody's: nothing but Options.Pseudonym ever sees them.
func (s *Simulation) number(person uint64) string {
	r := s.trait(person)
	r.Uint64() // the region's
	if chance(r, 0.06) {
		return fmt.Sprintf("029%08d", 30_000_000+r.IntN(60_000_000))
	}
	prefixes := [...]int{130, 131, 133, 135, 136, 137, 138, 139, 150, 151, 152, 153, 156, 158, 177, 180, 181, 182, 187, 188, 189, 199}
	return fmt.Sprintf("%d%08d", prefixes[r.IntN(len(prefixes))], r.IntN(100_000_000))
}

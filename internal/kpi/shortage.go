package kpi

import (
	"slices"
	"time"
)

// Shortage is who could take calls since an opening, and how many came. A loss while fewer
// are on duty than the calls need is no clump, which comes by chance and passes: it has a
// cause that stays, and counts in full (UnderstaffedLosses).
type Shortage struct {
	Opening  time.Time
	Arrivals []time.Time   // of those who asked for an agent, when they began to wait; sorted
	OnDuty   []OnDuty      // in the order of their instants; none: no source tells
	Handling time.Duration // what a call usually takes an agent, wrap-up included; 0: not known
}

// OnDuty is how many agents can take calls from an instant on.
type OnDuty struct {
	Since  time.Time
	Agents int
}

// How many agents calls need is what came in the last half hour, but of the last twenty
// calls at least, times their handling; or that of the last ten minutes, and ten calls,
// where it is less: when staff go to lunch the rush before is no measure any more.
const (
	needOver, needCalls     = 30 * time.Minute, 20
	latestOver, latestCalls = 10 * time.Minute, 10
)

// Known says whether it can tell anything.
func (s *Shortage) Known() bool { return len(s.OnDuty) > 0 && s.Handling > 0 }

// Mark notes on each loss how many times those on duty the calls needed at that moment.
func (s *Shortage) Mark(decisions []Decision) {
	if !s.Known() {
		return
	}
	for i := range decisions {
		if d := &decisions[i]; !d.Fate.Answered() { // of the others no test asks
			d.Overload = s.overload(d.At)
		}
	}
}

// overload is 0 while too few calls have come to tell.
func (s *Shortage) overload(at time.Time) float64 {
	came := after(s.Arrivals, at)
	if came < latestCalls {
		return 0
	}
	need := min(s.need(came, at, needOver, needCalls), s.need(came, at, latestOver, latestCalls))
	return need / float64(s.onDuty(at)) // nobody: infinite
}

// need is how many agents the calls of a time would keep busy; of fewer calls than least,
// those of a longer time.
func (s *Shortage) need(came int, at time.Time, over time.Duration, least int) float64 {
	since := later(at.Add(-over), s.Opening)
	first, _ := slices.BinarySearchFunc(s.Arrivals, since, time.Time.Compare)
	if came-first < least {
		opened, _ := slices.BinarySearchFunc(s.Arrivals, s.Opening, time.Time.Compare)
		first, since = opened, s.Opening
		if i := came - least; i > opened {
			first, since = i, s.Arrivals[i]
		}
	}
	return float64(came-first) * float64(s.Handling) / float64(max(at.Sub(since), time.Second))
}

// onDuty is how many are at an instant.
func (s *Shortage) onDuty(at time.Time) int {
	i, found := slices.BinarySearchFunc(s.OnDuty, at, func(d OnDuty, at time.Time) int { return d.Since.Compare(at) })
	if found {
		return s.OnDuty[i].Agents
	}
	if i == 0 {
		return 0
	}
	return s.OnDuty[i-1].Agents
}

// after is the index of the first that is later than at.
func after(list []time.Time, at time.Time) int {
	i, _ := slices.BinarySearchFunc(list, at, func(t, at time.Time) int {
		if t.After(at) {
			return 1
		}
		return -1
	})
	return i
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// DutyChange is an agent becoming able to take calls, or no longer: signed in and not
// paused.
type DutyChange struct {
	Centre, Agent string
	Since         time.Time
	Able          bool
}

// CountOnDuty adds up the changes, which are in the order of their instants, of the agents
// that of accepts.
func CountOnDuty(changes []DutyChange, of func(*DutyChange) bool) []OnDuty {
	type who struct{ centre, agent string }
	var list []OnDuty
	able, n := make(map[who]bool), 0
	for i := range changes {
		c := &changes[i]
		key := who{c.Centre, c.Agent}
		if !of(c) {
			continue
		}
		if was := able[key]; c.Able && !was {
			n++
		} else if was && !c.Able {
			n--
		}
		able[key] = c.Able
		if k := len(list); k > 0 && list[k-1].Since.Equal(c.Since) {
			list[k-1].Agents = n
		} else {
			list = append(list, OnDuty{c.Since, n})
		}
	}
	return list
}

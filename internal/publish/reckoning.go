package publish

import (
	"math"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// reckoning is what alerts need to know of the calls of an opening. It holds until one of
// them changes, or a moment comes that matters to it: of a clock that runs ahead, or when a
// caller has waited for too long to be believed.
type reckoning struct {
	opening     time.Time
	from, until time.Time // until: zero is no end

	statistics map[kpi.Scope][]float64 // see AlertState
	scopes     map[kpi.Scope]seen      // of all centres and of each
	sources    map[string]seen
}

// seen is the last call, and how many came since the opening.
type seen struct {
	last  time.Time
	today int64
}

// holds says whether it is still so at an instant.
func (r *reckoning) holds(opening, now time.Time) bool {
	return r != nil && r.opening.Equal(opening) && !now.Before(r.from) && (r.until.IsZero() || now.Before(r.until))
}

// ends notes a moment from which on it holds no longer.
func (r *reckoning) ends(at time.Time) {
	if r.until.IsZero() || at.Before(r.until) {
		r.until = at
	}
}

// stream is the calls of one scope since the opening.
type stream struct {
	decided []kpi.Decision
	waiting []time.Time // since when those wait who are not decided
	took    map[who]int // calls, by the agent who answered them
}

// who is an agent. Calls that do not say by whom they were answered have one without a name.
type who struct{ centre, agent string }

// reckon looks at all calls of the day; waiting are those who wait, which holds until a
// moment if no call changes (zero: no end).
func (o *openings) reckon(opening, now time.Time, waiting []dayCall, until time.Time) *reckoning {
	r := &reckoning{
		opening: opening, from: now, statistics: make(map[kpi.Scope][]float64),
		scopes: make(map[kpi.Scope]seen), sources: make(map[string]seen),
	}
	streams := map[kpi.Scope]*stream{{}: {}} // of all centres there always is one
	at := func(scope kpi.Scope) *stream {
		if streams[scope] == nil {
			streams[scope] = &stream{}
		}
		return streams[scope]
	}
	for _, list := range o.calls {
		for i := range list {
			c := &list[i]
			r.note(c, now)
			counts := c.requested && !c.decision.At.Before(opening)
			if counts && c.decision.At.After(now) {
				r.ends(c.decision.At)
				counts = false
			}
			for _, scope := range kpi.Scopes(c.centre, c.queue) {
				s := at(scope) // a queue of today is there, with no call that counts as well
				if counts {
					s.decided = append(s.decided, c.decision)
				}
				if c.requested && c.decision.Fate.Answered() {
					s.answered(who{c.centre, c.agent})
				}
			}
		}
	}
	if !until.IsZero() {
		r.ends(until)
	}
	for i := range waiting {
		for _, scope := range kpi.Scopes(waiting[i].centre, waiting[i].queue) {
			if s := streams[scope]; s != nil {
				s.waiting = append(s.waiting, waiting[i].started)
			}
		}
	}
	for scope, s := range streams {
		r.statistics[scope] = o.statistics(opening, scope, s)
	}
	return r
}

func (s *stream) answered(by who) {
	if s.took == nil {
		s.took = make(map[who]int)
	}
	s.took[by]++
}

// statistics runs the tests over a stream. A test that cannot be made is not a number.
func (o *openings) statistics(opening time.Time, scope kpi.Scope, s *stream) []float64 {
	kpi.Order(s.decided, s.waiting)
	shortage := o.shortage(opening, scope, s)
	shortage.Mark(s.decided)
	tests := kpi.AnswerTests()
	out := make([]float64, len(tests))
	for i := range tests {
		if out[i] = tests[i].Run(s.decided); tests[i].Losses == kpi.UnderstaffedLosses && !shortage.Known() {
			out[i] = math.NaN()
		}
	}
	return out
}

// shortage is who was on duty for a stream. Sources tell of agents by centre: those of a
// queue are the ones who have taken its calls today.
func (o *openings) shortage(opening time.Time, scope kpi.Scope, s *stream) *kpi.Shortage {
	out := &kpi.Shortage{Opening: opening, Handling: o.handling[scope], Arrivals: slices.Clone(s.waiting)}
	if out.Handling == 0 || !o.tellsOf(s) {
		return out
	}
	for i := range s.decided {
		out.Arrivals = append(out.Arrivals, s.decided[i].At.Add(-s.decided[i].Wait))
	}
	slices.SortFunc(out.Arrivals, time.Time.Compare)
	out.OnDuty = kpi.CountOnDuty(o.duty, func(c *kpi.DutyChange) bool {
		switch scope.Level {
		case kpi.AllCentres:
			return true
		case kpi.OneCentre:
			return c.Centre == scope.Centre
		}
		return s.took[who{c.Centre, c.Agent}] > 0
	})
	return out
}

// tellsOf says whether it is told of those who took the calls of a stream when they were on
// duty. A source that tells of some only, or by other names than the calls have, would make
// of a full room an empty one.
func (o *openings) tellsOf(s *stream) bool {
	told := make(map[who]bool)
	for i := range o.duty {
		told[who{o.duty[i].Centre, o.duty[i].Agent}] = true
	}
	taken, untold := 0, 0
	for by, n := range s.took {
		if taken += n; !told[by] {
			untold += n
		}
	}
	return len(told) > 0 && untold*10 <= taken
}

// note keeps the last call of its scopes and source.
func (r *reckoning) note(c *dayCall, now time.Time) {
	if c.started.After(now) {
		r.ends(c.started)
		return
	}
	further := func(s seen) seen {
		if !c.started.Before(r.opening) {
			s.today++
		}
		s.last = later(s.last, c.started)
		return s
	}
	one := kpi.Scope{Level: kpi.OneCentre, Centre: c.centre}
	r.scopes[kpi.Scope{}], r.scopes[one] = further(r.scopes[kpi.Scope{}]), further(r.scopes[one])
	r.sources[c.source] = further(r.sources[c.source])
}

// waiters are those who wait at an instant, and how long that holds if no call changes; a
// zero time is no end. f.mu is held.
func (f *Follower) waiters(now time.Time) (list []dayCall, until time.Time) {
	for _, l := range f.recent.open {
		if l.Excluded != hotline.NotExcluded || !l.Queued || !l.StartedAt.After(now.Add(-f.cfg.OpenMax)) {
			continue
		}
		since := waitsSince(l, now)
		list = append(list, dayCall{centre: l.Centre, queue: l.Queue, started: since})
		ends := l.StartedAt.Add(f.cfg.OpenMax)
		if !since.Before(now) { // of a clock that runs ahead: it has just begun, whenever one looks
			ends = now.Add(time.Nanosecond)
		}
		if until.IsZero() || ends.Before(until) {
			until = ends
		}
	}
	return list, until
}

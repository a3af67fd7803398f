package kpi

import "hotline12333/internal/hotline"

// Looks says what a figure looks at of a call beside its outcome, its exclusion and whether
// it came in service hours. Calls that do not differ in what is looked at stand alike, so they
// can be counted together: of a year there are some dozens of kinds.
type Looks struct {
	Waits     []int // whole seconds, ascending: whether the wait was longer
	Times     bool  // the times, which are summed up
	Rating    bool
	Caller    bool // whether the caller is known, and has called before or again
	Skew      bool
	Legs      bool
	Transfers bool
}

// Looks is what the figure looks at.
func (f *Explained) Looks() Looks {
	d := &f.definitions
	switch f.Name {
	case "answer_rate":
		if d.AnswerRate == RateAgentExclShort {
			return Looks{Waits: []int{d.ShortAbandon - 1}}
		}
	case "answer_rate_agent_excluding_short", "short_abandoned", "requested_short_abandoned":
		return Looks{Waits: []int{d.ShortAbandon - 1}}
	case "response_timeliness", "response_timeliness_wait":
		return Looks{Waits: []int{d.Timeliness}}
	case "satisfaction_rate", "participation_rate", "ratings_invited", "ratings_given":
		return Looks{Rating: true}
	case "first_contact_resolution", "repeat_callers":
		return Looks{Caller: true}
	case "clock_skew":
		return Looks{Skew: true}
	case "legs":
		return Looks{Legs: true}
	case "transfers":
		return Looks{Transfers: true}
	}
	switch {
	case f.Kind == MeanFigure:
		return Looks{Times: true}
	case len(d.ServiceLevels) == 1: // of a threshold, see LookupExplained
		return Looks{Waits: d.ServiceLevels}
	}
	return Looks{}
}

// Of is the call as far as it is looked at: all calls of a kind are the same. A wait is the
// shortest that lies beyond the same of Waits.
func (l Looks) Of(s Seen) Seen {
	of := Seen{
		Outcome: s.Outcome, Excluded: s.Excluded, OutsideService: s.OutsideService, Part: s.Part,
		Queued: s.Queued && s.Outcome == hotline.Voicemail, // else nobody asks
	}
	waited := s.waited()
	for _, limit := range l.Waits {
		if waited > int64(limit) {
			of.Wait = 1000 * int64(limit+1)
		}
	}
	if l.Times {
		of.Wait, of.Talk, of.Hold, of.Wrapup = s.Wait, s.Talk, s.Hold, s.Wrapup
	}
	if l.Rating {
		of.Invited, of.Given, of.Rating = s.Invited, s.Given, s.Rating
	}
	if l.Caller {
		of.Direction, of.KnownCaller, of.Preceded, of.Followed = s.Direction, s.KnownCaller, s.Preceded, s.Followed
	}
	of.Skewed = s.Skewed && l.Skew
	if l.Legs || s.Part {
		of.Legs = s.Legs
	}
	if l.Transfers {
		of.Transfers = s.Transfers
	}
	return of
}

// Kind is what tells a kind of calls from the others: Of, without the times.
func (l Looks) Kind(s Seen) Seen {
	if l.Times {
		s.Wait, s.Talk, s.Hold, s.Wrapup = 0, 0, 0, 0
	}
	return s
}

// waited is the wait in whole seconds, rounded as it is counted.
func (s *Seen) waited() int64 {
	if s.Outcome == hotline.Answered {
		return (s.Wait + 999) / 1000
	}
	return s.Wait / 1000
}

// StandAll is Stand of n calls of one kind, as Looks has them. Of a mean the times of s are
// the sums of theirs.
func (e *Explainer) StandAll(s Seen, n int64) Standing {
	at := e.Stand(s)
	at.Den *= n
	if e.Figure.Kind != MeanFigure {
		at.Num *= n
	}
	return at
}

// AddAll counts n calls, whose standing is that of all of them.
func (s Standings) AddAll(at Standing, n int64) {
	s.add(at.Role, &RuleTotal{Rule: at.Rule, Calls: n, Numerator: at.Num, Denominator: at.Den})
}

package kpi

import "hotline12333/internal/hotline"

// Seen is what figures see of a call at one place: of the whole hotline or its queue, of
// a topic, or of an agent. It is comparable; two calls that are seen alike count alike.
type Seen struct {
	Outcome   hotline.Outcome
	Excluded  hotline.Exclusion // with the one that follows from the direction
	Direction hotline.Direction

	Wait, Talk, Hold, Wrapup int64 // milliseconds, never negative
	Legs, Transfers          int64
	Queued, Skewed           bool

	Invited, Given bool   // to rate
	Rating         string // what was given, as RatingKey has it

	KnownCaller bool
	Preceded    bool // by another call of the caller, within hotline.RepeatWindow
	Followed    bool // by a further one of the caller

	OutsideService bool // arrived outside service hours

	// Part is an agent's share in a call whose outcome belongs to another one: legs, talk
	// and hold, nothing else.
	Part bool
}

// See is the whole call as its record tells it, with its facts. What other calls of the
// caller and the calendar add, the record does not know.
func See(c *hotline.Call, f *hotline.Facts) Seen {
	s := Seen{
		Outcome: c.Outcome, Excluded: f.Excluded, Direction: c.Direction,
		Wait: f.Wait, Talk: f.Talk, Hold: f.Hold, Wrapup: f.Wrapup,
		Legs: int64(len(f.Legs)), Transfers: int64(c.Transfers), Queued: f.Queued, Skewed: f.Skewed,
		Invited: c.Rating.Invited || c.Rating.Given, // nobody rates who was not asked
		Given:   c.Rating.Given, KnownCaller: c.CallerHash != "",
	}
	if s.Given {
		s.Rating = RatingKey(c.Rating.Scale, c.Rating.Value)
	}
	return s
}

// At is the call as it stands at one agent, who had some of its legs. The call itself
// counts at the first who spoke.
func (s Seen) At(agent string, legs []hotline.LegFacts) (at Seen, stands bool) {
	s.Part = len(legs) == 0 || legs[0].Agent != agent
	s.Legs, s.Talk, s.Hold = 0, 0, 0
	for _, l := range legs {
		if l.Agent == agent {
			s.Legs++
			s.Talk += l.Talk
			s.Hold += l.Hold
		}
	}
	return s, s.Legs > 0
}

// Asked says whether the caller asked for an agent, and the call is decided and not
// excluded.
func (s *Seen) Asked() bool {
	if s.Part || s.Excluded != hotline.NotExcluded {
		return false
	}
	switch s.Outcome {
	case hotline.Open, hotline.SelfService, hotline.AbandonedIVR:
		return false
	case hotline.Voicemail:
		return s.Queued
	}
	return true
}

// Lost says whether the caller hung up waiting for an agent.
func (s *Seen) Lost() bool {
	return !s.Part && s.Excluded == hotline.NotExcluded &&
		(s.Outcome == hotline.AbandonedQueue || s.Outcome == hotline.AbandonedRinging)
}

// Tally counts the call: what Compute makes of the sum of these is the figure, and what
// it makes of one is the call's part in it.
func (s *Seen) Tally() Tally {
	if s.Part {
		if s.Excluded != hotline.NotExcluded {
			return Tally{}
		}
		return Tally{Legs: s.Legs, TalkMillis: s.Talk, HoldMillis: s.Hold}
	}
	t := Tally{Calls: 1}
	if s.Skewed {
		t.Skewed = 1
	}
	if s.Excluded != hotline.NotExcluded {
		t.Excluded = map[string]int64{string(s.Excluded): 1}
		return t
	}
	t.Transfers, t.Legs = s.Transfers, s.Legs
	if s.Invited {
		t.Invited = 1
	}
	if s.Given {
		t.Rated, t.Ratings = 1, map[string]int64{s.Rating: 1}
	}
	s.decide(&t)
	s.repeat(&t)
	if s.Asked() {
		t.WaitMillisMax = s.Wait
	}
	if s.OutsideService {
		t.OutsideService()
	}
	return t
}

// decide counts the outcome.
func (s *Seen) decide(t *Tally) {
	switch s.Outcome {
	case hotline.Open:
		t.Open = 1
	case hotline.Answered:
		t.Answered = 1
		t.WaitAnswered.Add(Class((s.Wait+999)/1000), 1)
		t.WaitMillis, t.TalkMillis, t.HoldMillis, t.WrapupMillis = s.Wait, s.Talk, s.Hold, s.Wrapup
	case hotline.SelfService:
		t.SelfService = 1
	case hotline.AbandonedIVR:
		t.AbandonedIVR = 1
	case hotline.AbandonedQueue:
		t.AbandonedQueue = 1
	case hotline.AbandonedRinging:
		t.AbandonedRinging = 1
	case hotline.TimedOut:
		t.TimedOut = 1
	case hotline.Blocked:
		t.Blocked = 1
	case hotline.Voicemail:
		t.Voicemail = 1
		if s.Queued {
			t.VoicemailQueued = 1
		}
	case hotline.CallbackRequested:
		t.CallbackRequested = 1
	}
	if s.Lost() {
		t.WaitAbandoned.Add(Class(s.Wait/1000), 1)
		t.LostMillis = s.Wait
	}
}

// repeat counts what the caller's other calls say of it.
func (s *Seen) repeat(t *Tally) {
	if !s.KnownCaller {
		return
	}
	if s.Direction == hotline.Inbound && s.Outcome != hotline.Open {
		t.OfferedWithCaller = 1
		if s.Preceded {
			t.RepeatCallers = 1
		}
	}
	if s.Outcome == hotline.Answered {
		t.AnsweredWithCaller = 1
		if s.Followed {
			t.RepeatedWithin = 1
		}
	}
}

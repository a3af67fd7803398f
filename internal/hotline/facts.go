package hotline

import "time"

// Facts is what follows from a call: the values that are stored beside it and counted.
// They are derived in one place so that Go and SQL cannot differ about them.
type Facts struct {
	Bucket    time.Time // arrival floored to a quarter hour, UTC
	DecidedAt time.Time // zero while open
	LastEvent time.Time // the latest instant the record tells of
	Excluded  Exclusion
	Queued    bool // an agent was asked for and the caller waited in a queue

	// Milliseconds, never negative; zero where the source does not know.
	Wait, Talk, Hold, Wrapup, IVR int64

	Legs   []LegFacts
	Skewed bool // a negative or reversed time was clamped
}

// IVREffect is what a time in the IVR changes of a call's facts when it arrives apart from
// the call.
type IVREffect string

// The effects.
const (
	IVRKnown    IVREffect = ""         // nothing: the call tells it itself
	IVROnly     IVREffect = "only"     // nothing but itself
	IVRWaits    IVREffect = "waits"    // the wait was taken from arrival on: it is that much shorter
	IVRDecision IVREffect = "decision" // the moment of decision is that much later
)

// LegFacts is one agent's part, in milliseconds.
type LegFacts struct {
	Agent, Queue string
	Talk, Hold   int64
}

// Facts derives what is counted. The call must be valid and not deleted.
func (c *Call) Facts() Facts {
	f := Facts{Bucket: BucketOf(c.StartedAt), Excluded: c.Excluded}
	if c.Direction == Outbound {
		f.Excluded = ExcludedOutbound
	}
	for _, t := range []time.Time{c.StartedAt, c.QueuedAt, c.AnsweredAt, c.EndedAt} {
		if t.After(f.LastEvent) {
			f.LastEvent = t
		}
	}
	f.IVR = f.clamp(c.IVR.Millis)
	f.Hold = f.clamp(c.Hold.Millis)
	f.Wrapup = f.clamp(c.Wrapup.Millis)
	f.Wait = f.clamp(c.wait())
	f.Talk = f.clamp(c.talk(f.Hold))
	f.Queued = !c.QueuedAt.IsZero() || f.Wait > 0
	if reversed(c.StartedAt, c.QueuedAt) || reversed(c.StartedAt, c.AnsweredAt) ||
		reversed(c.StartedAt, c.EndedAt) || reversed(c.AnsweredAt, c.EndedAt) {
		f.Skewed = true
	}
	f.DecidedAt = c.decidedAt(f.Wait)
	f.Legs = c.legFacts(&f)
	return f
}

// wait is queue and ringing. Where the source gives no figure it is the time from
// queueing (else from the end of the IVR) to the answer or the loss.
func (c *Call) wait() int64 {
	if c.Wait.Known {
		return c.Wait.Millis
	}
	until := c.AnsweredAt
	if c.Outcome != Answered {
		until = c.EndedAt
	}
	if until.IsZero() {
		return 0
	}
	switch c.Outcome {
	case Answered, AbandonedQueue, AbandonedRinging, TimedOut, Voicemail, CallbackRequested:
	default:
		return 0 // no agent was asked for, or none could be: the time passed was not waiting
	}
	if !c.QueuedAt.IsZero() {
		return until.Sub(c.QueuedAt).Milliseconds()
	}
	if c.Outcome == Voicemail {
		return 0 // straight to the mailbox
	}
	return until.Sub(c.StartedAt).Milliseconds() - max(c.IVR.Millis, 0)
}

// IVRMissing is what a time in the IVR would change that the call does not tell: it
// follows those branches of [Call.Facts] that look at it.
func (c *Call) IVRMissing() IVREffect {
	switch {
	case c.IVR.Known:
		return IVRKnown
	case c.Outcome == Open || !c.QueuedAt.IsZero():
		return IVROnly
	}
	until := c.AnsweredAt
	if c.Outcome != Answered {
		until = c.EndedAt
	}
	switch c.Outcome {
	case Answered, AbandonedQueue, AbandonedRinging, TimedOut, CallbackRequested:
		if !c.Wait.Known && !until.IsZero() {
			return IVRWaits
		}
	}
	if until.IsZero() {
		return IVRDecision
	}
	return IVROnly
}

func (c *Call) talk(hold int64) int64 {
	switch {
	case c.Talk.Known:
		return c.Talk.Millis
	case c.Outcome == Answered && !c.AnsweredAt.IsZero() && !c.EndedAt.IsZero():
		return c.EndedAt.Sub(c.AnsweredAt).Milliseconds() - hold
	}
	return 0
}

func (c *Call) decidedAt(wait int64) time.Time {
	switch {
	case c.Outcome == Open:
		return time.Time{}
	case c.Outcome == Answered && !c.AnsweredAt.IsZero():
		return c.AnsweredAt
	case c.Outcome != Answered && !c.EndedAt.IsZero():
		return c.EndedAt
	}
	from := c.QueuedAt
	if from.IsZero() {
		from = c.StartedAt.Add(time.Duration(max(c.IVR.Millis, 0)) * time.Millisecond)
	}
	return from.Add(time.Duration(wait) * time.Millisecond)
}

// legFacts gives every answered call at least one leg, so that an agent's work is
// counted the same whether the source knows legs or not.
func (c *Call) legFacts(f *Facts) []LegFacts {
	if c.Outcome != Answered {
		return nil
	}
	if len(c.Legs) == 0 {
		if c.Agent == "" {
			return nil
		}
		return []LegFacts{{Agent: c.Agent, Queue: c.Queue, Talk: f.Talk, Hold: f.Hold}}
	}
	legs := make([]LegFacts, len(c.Legs))
	for i, l := range c.Legs {
		hold := f.clamp(l.Hold.Millis)
		var talk int64
		switch {
		case !l.AnsweredAt.IsZero() && !l.EndedAt.IsZero():
			talk = f.clamp(l.EndedAt.Sub(l.AnsweredAt).Milliseconds() - hold)
		case len(c.Legs) == 1: // the only leg had all of it
			talk, hold = f.Talk, max(hold, f.Hold)
		}
		legs[i] = LegFacts{Agent: l.Agent, Queue: l.Queue, Talk: talk, Hold: hold}
	}
	return legs
}

func (f *Facts) clamp(ms int64) int64 {
	if ms < 0 {
		f.Skewed = true
		return 0
	}
	return ms
}

func reversed(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && b.Before(a) }

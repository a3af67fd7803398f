package kpi

import (
	"maps"
	"time"

	"hotline12333/internal/hotline"
)

// Tally is the additive count of a set of calls: one bucket and group, or any sum of
// them. Times are sums in milliseconds. The zero value is the tally of no calls.
type Tally struct {
	Calls int64 // all calls: offered + open + excluded
	Open  int64

	Answered, SelfService, AbandonedIVR, AbandonedQueue, AbandonedRinging int64
	TimedOut, Blocked, Voicemail, CallbackRequested                       int64
	VoicemailQueued                                                       int64 // of Voicemail: after queueing

	Excluded map[string]int64 // by reason

	WaitAnswered  Hist  // waits of answered calls, whole seconds rounded up
	WaitAbandoned Hist  // waits of abandoned_queue and abandoned_ringing, whole seconds rounded down
	WaitMillis    int64 // of answered calls
	WaitMillisMax int64 // of any call that asked for an agent
	LostMillis    int64 // waits of abandoned_queue and abandoned_ringing
	TalkMillis    int64
	HoldMillis    int64
	WrapupMillis  int64

	Invited   int64 // to rate
	Rated     int64
	Ratings   map[string]int64 // by "scale:value"
	Transfers int64
	Legs      int64 // agent legs of answered calls; per agent: calls handled
	Skewed    int64 // calls with a clamped time

	// Repetition, of calls whose caller is known; see CountRepeats for the second of each.
	OfferedWithCaller  int64 // offered and the caller's own, no calls back
	RepeatCallers      int64 // of these: within hotline.RepeatWindow after another call of the same caller
	AnsweredWithCaller int64
	RepeatedWithin     int64 // of these: with a further call of the same caller within hotline.RepeatWindow

	DataTo time.Time // the latest instant any of these calls tells of

	// Tickets, by kind, as they stand at an instant (see Settling): they come from tallies
	// of their own, and no call is counted in them. Of queues they are never told.
	Tickets map[hotline.TicketKind]TicketCounts

	// The part that fell outside service hours. A bucket lies wholly inside or outside
	// (service hours begin and end on quarter hours), so this is decided when tallies
	// are read, see OutsideService.
	AfterHours          int64 // asked, not answered, arrived outside service hours
	AfterHoursAbandoned int64 // of these: abandoned_queue and abandoned_ringing
	AfterHoursWaits     Hist  // of these: their waits, as in WaitAbandoned

	// All that arrived outside service hours, the answered ones too.
	OutsideOffered, OutsideAnswered, OutsideSelfService int64

	// Unplaced is the offered of days that no calendar knows: whether they came in or after
	// hours cannot be said, so neither can what is of the requested. See NoCalendar.
	Unplaced int64
}

// Offered is every decided call that is not excluded.
func (t *Tally) Offered() int64 {
	return t.Answered + t.SelfService + t.AbandonedIVR + t.AbandonedQueue + t.AbandonedRinging +
		t.TimedOut + t.Blocked + t.Voicemail + t.CallbackRequested
}

// Asked is every offered call whose caller asked for an agent.
func (t *Tally) Asked() int64 {
	return t.Answered + t.AbandonedQueue + t.AbandonedRinging + t.TimedOut + t.Blocked +
		t.CallbackRequested + t.VoicemailQueued
}

// Requested is Asked without the unanswered calls that came outside service hours.
func (t *Tally) Requested() int64 { return t.Asked() - t.AfterHours }

// Abandoned is the callers who hung up waiting for an agent, at any hour.
func (t *Tally) Abandoned() int64 { return t.AbandonedQueue + t.AbandonedRinging }

// ExcludedTotal is the excluded calls of all reasons.
func (t *Tally) ExcludedTotal() int64 {
	var n int64
	for _, v := range t.Excluded {
		n += v
	}
	return n
}

// ShortAbandoned is the calls abandoned with a wait below the threshold in whole
// seconds, at any hour.
func (t *Tally) ShortAbandoned(threshold int) int64 { return t.WaitAbandoned.AtMost(threshold - 1) }

// RequestedAbandoned is Abandoned among the requested.
func (t *Tally) RequestedAbandoned() int64 { return t.Abandoned() - t.AfterHoursAbandoned }

// RequestedShortAbandoned is ShortAbandoned among the requested.
func (t *Tally) RequestedShortAbandoned(threshold int) int64 {
	return t.ShortAbandoned(threshold) - t.AfterHoursWaits.AtMost(threshold-1)
}

// Merge adds u to t.
func (t *Tally) Merge(u *Tally) {
	t.Calls += u.Calls
	t.Open += u.Open
	t.Answered += u.Answered
	t.SelfService += u.SelfService
	t.AbandonedIVR += u.AbandonedIVR
	t.AbandonedQueue += u.AbandonedQueue
	t.AbandonedRinging += u.AbandonedRinging
	t.TimedOut += u.TimedOut
	t.Blocked += u.Blocked
	t.Voicemail += u.Voicemail
	t.CallbackRequested += u.CallbackRequested
	t.VoicemailQueued += u.VoicemailQueued
	addCounts(&t.Excluded, u.Excluded)
	t.WaitAnswered.Merge(u.WaitAnswered)
	t.WaitAbandoned.Merge(u.WaitAbandoned)
	t.WaitMillis += u.WaitMillis
	t.WaitMillisMax = max(t.WaitMillisMax, u.WaitMillisMax)
	t.LostMillis += u.LostMillis
	t.TalkMillis += u.TalkMillis
	t.HoldMillis += u.HoldMillis
	t.WrapupMillis += u.WrapupMillis
	t.Invited += u.Invited
	t.Rated += u.Rated
	addCounts(&t.Ratings, u.Ratings)
	t.Transfers += u.Transfers
	t.Legs += u.Legs
	t.Skewed += u.Skewed
	t.OfferedWithCaller += u.OfferedWithCaller
	t.RepeatCallers += u.RepeatCallers
	t.AnsweredWithCaller += u.AnsweredWithCaller
	t.RepeatedWithin += u.RepeatedWithin
	if u.DataTo.After(t.DataTo) {
		t.DataTo = u.DataTo
	}
	addTickets(&t.Tickets, u.Tickets)
	t.AfterHours += u.AfterHours
	t.AfterHoursAbandoned += u.AfterHoursAbandoned
	t.AfterHoursWaits.Merge(u.AfterHoursWaits)
	t.OutsideOffered += u.OutsideOffered
	t.OutsideAnswered += u.OutsideAnswered
	t.OutsideSelfService += u.OutsideSelfService
	t.Unplaced += u.Unplaced
}

// OutsideService marks the whole tally as arrived outside service hours. Call it once,
// on the tally of a bucket, before merging.
func (t *Tally) OutsideService() {
	t.AfterHours = t.Asked() - t.Answered
	t.AfterHoursAbandoned = t.Abandoned()
	t.AfterHoursWaits = maps.Clone(t.WaitAbandoned)
	t.OutsideOffered, t.OutsideAnswered, t.OutsideSelfService = t.Offered(), t.Answered, t.SelfService
}

// NoCalendar marks the whole tally as of a day whose service hours nobody knows. Call it
// in the place of OutsideService.
func (t *Tally) NoCalendar() { t.Unplaced = t.Offered() }

// Placed says whether of each call it is known if it came in service hours, so that
// Requested and AfterHours are counts of calls.
func (t *Tally) Placed() bool { return t.Unplaced == 0 }

func addCounts(to *map[string]int64, from map[string]int64) {
	for k, n := range from {
		if n == 0 {
			continue
		}
		if *to == nil {
			*to = make(map[string]int64, len(from))
		}
		(*to)[k] += n
	}
}

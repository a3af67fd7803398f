package main

import (
	"math/big"
	"slices"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// plainYear is what the files of a simulated year say, as a clerk with a ruler would read
// them: nothing of the program counts here, and the days off are written out.
type plainYear struct {
	zone    *time.Location
	calls   []plainCall
	tickets map[string]plainTicket
}

type plainCall struct {
	id, outcome, excluded, caller    string
	at                               time.Time
	queued, invited                  bool
	wait, talk, hold, wrapup, rating int64 // milliseconds; rating 0: none
	transfers                        int64
}

type plainTicket struct {
	ID          string    `json:"ticket_id"`
	Version     int       `json:"version"`
	Kind        string    `json:"kind"`
	OpenedAt    time.Time `json:"opened_at"`
	RespondedAt time.Time `json:"responded_at"`
	ResolvedAt  time.Time `json:"resolved_at"`
	OnTheSpot   bool      `json:"on_the_spot"`
}

// last is the latest instant that a version of a ticket tells of.
func (t *plainTicket) last() time.Time {
	return slices.MaxFunc([]time.Time{t.OpenedAt, t.RespondedAt, t.ResolvedAt}, time.Time.Compare)
}

// works says of a day of 2026 whether it is worked: the notice of 2025-11-04.
func (y *plainYear) works(at time.Time) bool {
	day := at.In(y.zone).Format("01-02")
	if slices.Contains([]string{"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}, day) {
		return true
	}
	for _, off := range [][2]string{{"01-01", "01-03"}, {"02-15", "02-23"}, {"04-04", "04-06"}, {"05-01", "05-05"}, {"06-19", "06-21"}, {"09-25", "09-27"}, {"10-01", "10-07"}} {
		if off[0] <= day && day <= off[1] {
			return false
		}
	}
	weekday := at.In(y.zone).Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

func (y *plainYear) serves(at time.Time) bool {
	clock := at.In(y.zone).Format("15:04")
	return y.works(at) && ("08:30" <= clock && clock < "12:00" || "14:00" <= clock && clock < "17:30")
}

// deadline is half past five on the second working day after the opening; ok is false
// where it lies in 2027, whose working days nobody knows.
func (y *plainYear) deadline(opened time.Time) (by time.Time, ok bool) {
	day := opened.In(y.zone)
	for left := 2; left > 0; {
		if day = day.AddDate(0, 0, 1); day.Year() > 2026 {
			return by, false
		}
		if y.works(day) {
			left--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 17, 30, 0, 0, y.zone), true
}

// counts are those of the calls that arrived in [from, to), and of the tickets.
func (y *plainYear) counts(from, to time.Time) kpi.Counts {
	n := kpi.Counts{
		Excluded: map[string]int64{"blacklist": 0, "internal": 0, "outbound": 0, "phantom": 0, "test": 0},
		Ratings:  map[string]int64{}, AnsweredWithin: map[string]int64{},
		Tickets: map[hotline.TicketKind]kpi.TicketLine{},
	}
	for i := range y.calls {
		if c := &y.calls[i]; !c.at.Before(from) && c.at.Before(to) {
			y.call(&n, c)
		}
	}
	for caller, list := range y.contacts() {
		if caller != "" {
			repeats(&n, list, from, to)
		}
	}
	// What was told until the end of the period, or as far as the data reach.
	asOf := to
	if reach := y.reach(); reach.Before(asOf) {
		asOf = reach
	}
	for _, k := range y.tickets {
		y.ticket(&n, k, from, to, asOf)
	}
	return n
}

// reach is the latest instant that anything tells of.
func (y *plainYear) reach() (last time.Time) {
	for _, k := range y.tickets {
		if at := k.last(); at.After(last) {
			last = at
		}
	}
	for i := range y.calls {
		c := &y.calls[i]
		if at := c.at; at.After(last) {
			last = at
		}
	}
	return last
}

func (y *plainYear) call(n *kpi.Counts, c *plainCall) {
	n.Calls++
	if c.excluded != "" {
		n.Excluded[c.excluded]++
		return
	}
	in := y.serves(c.at)
	n.Offered++
	asked := map[string]*int64{
		"answered": &n.Answered, "abandoned_queue": &n.AbandonedQueue, "abandoned_ringing": &n.AbandonedRinging,
		"timed_out": &n.TimedOut, "blocked": &n.Blocked, "callback_requested": &n.CallbackRequested,
	}
	others := map[string]*int64{"self_service": &n.SelfService, "abandoned_ivr": &n.AbandonedIVR, "voicemail": &n.Voicemail}
	asks := false
	if count, ok := asked[c.outcome]; ok {
		*count++
		asks = true
	} else {
		*others[c.outcome]++
	}
	if c.outcome == "voicemail" && c.queued {
		n.VoicemailQueued++
		asks = true
	}
	answered := c.outcome == "answered"
	if asks {
		n.Asked++
		n.WaitSecondsMax = max(n.WaitSecondsMax, kpi.Millis(c.wait))
		if answered || in {
			n.Requested++
		} else {
			n.AfterHours++
		}
	}
	if !in {
		n.OutsideOffered++
		if answered {
			n.OutsideAnswered++
		}
		if c.outcome == "self_service" {
			n.OutsideSelfService++
		}
	}
	if c.outcome == "abandoned_queue" || c.outcome == "abandoned_ringing" {
		n.AbandonedSecondsSum += kpi.Millis(c.wait)
		short := c.wait < 5000
		n.ShortAbandoned += asOne(short)
		n.RequestedAbandoned += asOne(in)
		n.RequestedShortAbandoned += asOne(in && short)
	}
	if !answered {
		return
	}
	for _, limit := range []int64{15, 20, 30, 60} {
		n.AnsweredWithin[strconv.FormatInt(limit, 10)] += asOne(c.wait <= limit*1000)
	}
	n.WaitSecondsSum += kpi.Millis(c.wait)
	n.TalkSecondsSum += kpi.Millis(c.talk)
	n.HoldSecondsSum += kpi.Millis(c.hold)
	n.WrapupSecondsSum += kpi.Millis(c.wrapup)
	n.Legs++
	n.Transfers += c.transfers
	n.RatingsInvited += asOne(c.invited)
	if c.rating > 0 {
		n.RatingsGiven++
		n.Ratings["5:"+strconv.FormatInt(c.rating, 10)]++
	}
}

func asOne(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// contacts are the calls that callers have made, by caller.
func (y *plainYear) contacts() map[string][]*plainCall {
	by := map[string][]*plainCall{}
	for i := range y.calls {
		if c := &y.calls[i]; c.excluded == "" {
			by[c.caller] = append(by[c.caller], c)
		}
	}
	return by
}

// repeats holds every call of a caller against every other one.
func repeats(n *kpi.Counts, list []*plainCall, from, to time.Time) {
	for _, c := range list {
		if c.at.Before(from) || !c.at.Before(to) {
			continue
		}
		again, before := false, false
		for _, other := range list {
			between := other.at.Sub(c.at)
			again = again || between > 0 && between <= 48*time.Hour
			before = before || between < 0 && -between <= 48*time.Hour
		}
		n.OfferedWithCaller++
		n.RepeatCallers += asOne(before)
		if c.outcome == "answered" {
			n.AnsweredWithCaller++
			n.RepeatedWithinWindow += asOne(again)
		}
	}
}

func (y *plainYear) ticket(n *kpi.Counts, k plainTicket, from, to, asOf time.Time) {
	kind := hotline.TicketKind(k.Kind)
	line := n.Tickets[kind]
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	opened := within(k.OpenedAt)
	line.Opened += asOne(opened)
	line.OnTheSpot += asOne(opened && k.OnTheSpot)
	line.Resolution.NoDeadline += asOne(opened && !k.OnTheSpot) // when one must be resolved no source says
	line.Resolution.Open += asOne(opened && !k.OnTheSpot && k.ResolvedAt.IsZero())
	done := k.RespondedAt
	if done.IsZero() {
		done = k.ResolvedAt
	}
	r, by, known := &line.Response, time.Time{}, false
	if !k.OnTheSpot {
		by, known = y.deadline(k.OpenedAt)
	}
	switch {
	case k.OnTheSpot:
	case !known:
		r.DeadlineUnknown += asOne(opened)
		r.Open += asOne(opened && done.IsZero())
	case !within(by):
	case by.After(asOf):
		r.NotYetDue++
		r.Open += asOne(done.IsZero())
	default:
		r.Due++
		r.InTime += asOne(!done.IsZero() && !done.After(by))
		r.Late += asOne(done.After(by))
		r.Overdue += asOne(done.IsZero())
		r.Open += asOne(done.IsZero())
	}
	if line != (kpi.TicketLine{}) {
		n.Tickets[kind] = line
	}
}

// waits are those of answered calls in whole seconds, rounded up, the shortest first.
func (y *plainYear) waits(from, to time.Time) (list []int64) {
	for i := range y.calls {
		if c := &y.calls[i]; c.excluded == "" && c.outcome == "answered" && !c.at.Before(from) && c.at.Before(to) {
			list = append(list, (c.wait+999)/1000)
		}
	}
	slices.Sort(list)
	return list
}

// rates are those that the counts give, each as its formula in the definitions says.
func (y *plainYear) rates(from, to time.Time) kpi.Rates {
	n := y.counts(from, to)
	ratio := func(a, b int64) *float64 {
		if b == 0 {
			return nil
		}
		v, _ := big.NewRat(a, b).Float64()
		return &v
	}
	mean := func(sum kpi.Millis) *float64 {
		v := ratio(int64(sum), n.Answered)
		if v != nil {
			*v /= 1000
		}
		return v
	}
	within := func(of int64) map[string]*float64 {
		m := map[string]*float64{}
		for _, limit := range []string{"15", "20", "30", "60"} {
			m[limit] = ratio(n.AnsweredWithin[limit], of)
		}
		return m
	}
	waits := y.waits(from, to)
	quantile := func(hundredths int) *float64 {
		if len(waits) == 0 {
			return nil
		}
		v := float64(waits[(len(waits)*hundredths+99)/100-1])
		return &v
	}
	served := n.Answered + n.SelfService
	var due, inTime int64 // what was settled on the spot was due at once
	for _, line := range n.Tickets {
		due, inTime = due+line.OnTheSpot+line.Response.Due, inTime+line.OnTheSpot+line.Response.InTime
	}
	consultations := n.Tickets[hotline.TicketConsultation]
	r := kpi.Rates{
		AnsweredCalls: &n.Answered, AnswerRateAgent: ratio(n.Answered, n.Requested), AnswerRateComposite: ratio(served, n.Offered),
		AnswerRateCompositeHours: ratio(served-n.OutsideAnswered-n.OutsideSelfService, n.Offered-n.OutsideOffered),
		AnswerRateAgentExclShort: ratio(n.Answered, n.Requested-n.RequestedShortAbandoned),
		ServiceLevel:             within(n.Requested), ServiceLevelOfAnswered: within(n.Answered),
		ResponseTimelinessWait: ratio(n.AnsweredWithin["15"], n.Answered), ResponseTimelinessItems: ratio(inTime, due),
		ConsultationTimeliness: ratio(consultations.OnTheSpot+consultations.Response.InTime, consultations.OnTheSpot+consultations.Response.Due),
		AbandonmentRate:        ratio(n.RequestedAbandoned, n.Requested), ASASeconds: mean(n.WaitSecondsSum), TalkMeanSeconds: mean(n.TalkSecondsSum),
		AHTSeconds:     mean(n.TalkSecondsSum + n.HoldSecondsSum + n.WrapupSecondsSum),
		WaitP50Seconds: quantile(50), WaitP90Seconds: quantile(90), WaitP95Seconds: quantile(95),
		SatisfactionRate: ratio(n.Ratings["5:4"]+n.Ratings["5:5"], n.RatingsGiven), ParticipationRate: ratio(n.RatingsGiven, n.RatingsInvited),
		FirstContactResolution: ratio(n.AnsweredWithCaller-n.RepeatedWithinWindow, n.AnsweredWithCaller), RepeatCallers: ratio(n.RepeatCallers, n.OfferedWithCaller),
	}
	r.AnswerRate, r.ResponseTimeliness = r.AnswerRateAgent, r.ResponseTimelinessItems // which lead until they are confirmed
	return r
}

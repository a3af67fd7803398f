package kpi

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
)

// Statement is the figures of a period as every command and page prints them.
type Statement struct {
	Period      Period                     `json:"period"`
	DataTo      *time.Time                 `json:"data_to"`                 // the latest instant any counted call tells of, else any ticket; null without either
	TicketsAsOf *time.Time                 `json:"tickets_as_of,omitempty"` // what falls due later is in no ratio
	Definitions map[string]DefinitionState `json:"definitions"`
	Counts      Counts                     `json:"counts"`
	Rates       Rates                      `json:"rates"`
	NotComputed map[string]Capability      `json:"not_connected,omitempty"`     // rates that are null because a source cannot know
	Provisional map[string]time.Time       `json:"provisional_until,omitempty"` // rates that calls still to come may change, until data_to reaches the instant
	Reconciled  *Reconciliation            `json:"reconciliation,omitempty"`    // from answered_calls to the numerator of answer_rate, where they differ
	Texts       map[string]DefinitionText  `json:"definition_texts,omitempty"`  // what the definitions say, where that is asked for
	Pipeline    *Pipeline                  `json:"pipeline,omitempty"`
	Groups      []Group                    `json:"groups,omitempty"`

	Exact  Figures     `json:"-"` // Rates as the counts they come from, for whoever compares or cuts
	Chosen Definitions `json:"-"` // what Definitions says the state of
}

// Period is half-open: From is in it, To is not. A period of all there is has neither.
type Period struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
	Zone string     `json:"zone"`
}

// Counts are the additive counts of a tally. Sums of time are in seconds.
type Counts struct {
	Calls                   int64            `json:"calls"`
	Offered                 int64            `json:"offered"`
	Open                    int64            `json:"open"`
	Requested               int64            `json:"requested"`
	Asked                   int64            `json:"asked"`
	AfterHours              int64            `json:"after_hours"`
	Answered                int64            `json:"answered"`
	SelfService             int64            `json:"self_service"`
	AbandonedIVR            int64            `json:"abandoned_ivr"`
	AbandonedQueue          int64            `json:"abandoned_queue"`
	AbandonedRinging        int64            `json:"abandoned_ringing"`
	TimedOut                int64            `json:"timed_out"`
	Blocked                 int64            `json:"blocked"`
	Voicemail               int64            `json:"voicemail"`
	VoicemailQueued         int64            `json:"voicemail_queued"`
	CallbackRequested       int64            `json:"callback_requested"`
	ShortAbandoned          int64            `json:"short_abandoned"`
	RequestedAbandoned      int64            `json:"requested_abandoned"` // abandoned in queue or ringing among the requested
	RequestedShortAbandoned int64            `json:"requested_short_abandoned"`
	Excluded                map[string]int64 `json:"excluded"`
	AnsweredWithin          map[string]int64 `json:"answered_within"` // by threshold in seconds
	WaitSecondsSum          Millis           `json:"wait_seconds_sum"`
	WaitSecondsMax          Millis           `json:"wait_seconds_max"`
	AbandonedSecondsSum     Millis           `json:"abandoned_wait_seconds_sum"`
	TalkSecondsSum          Millis           `json:"talk_seconds_sum"`
	HoldSecondsSum          Millis           `json:"hold_seconds_sum"`
	WrapupSecondsSum        Millis           `json:"wrapup_seconds_sum"`
	RatingsInvited          int64            `json:"ratings_invited"`
	RatingsGiven            int64            `json:"ratings_given"`
	Ratings                 map[string]int64 `json:"ratings,omitempty"`
	Transfers               int64            `json:"transfers"`
	Legs                    int64            `json:"legs"`
	ClockSkew               int64            `json:"clock_skew"`
	OutsideOffered          int64            `json:"offered_outside_hours"`
	OutsideAnswered         int64            `json:"answered_outside_hours"`
	OutsideSelfService      int64            `json:"self_service_outside_hours"`
	OfferedWithCaller       int64            `json:"offered_with_caller"`
	RepeatCallers           int64            `json:"repeat_callers"`
	AnsweredWithCaller      int64            `json:"answered_with_caller"`
	RepeatedWithinWindow    int64            `json:"repeated_within_window"`

	Tickets map[hotline.TicketKind]TicketLine `json:"tickets,omitempty"`

	// NotConnected names the counts that a source cannot tell, with what it would have to
	// know. They print as null: what is counted is of fewer calls than the name says.
	NotConnected map[string]Capability `json:"not_connected,omitempty"`
}

// TicketLine is the counts of tickets of one kind.
type TicketLine struct {
	Opened     int64    `json:"opened"`
	OnTheSpot  int64    `json:"on_the_spot"`
	ClockSkew  int64    `json:"clock_skew"`
	Response   KeptLine `json:"response"`
	Resolution KeptLine `json:"resolution"`
}

// KeptLine is what became of the deadlines of tickets. due = in_time + late + overdue.
type KeptLine struct {
	Due             int64 `json:"due"`
	InTime          int64 `json:"in_time"`
	Late            int64 `json:"late"`
	Overdue         int64 `json:"overdue"` // due and not done
	NotYetDue       int64 `json:"not_yet_due"`
	NoDeadline      int64 `json:"no_deadline"`
	DeadlineUnknown int64 `json:"deadline_unknown"` // the calendar gives none, see Settling
	Open            int64 `json:"open"`             // not done, of all the above
}

// Consultations is what consultation timeliness is made of.
func (c *Counts) Consultations() Ratio {
	n := c.Tickets[hotline.TicketConsultation]
	return Ratio{Num: n.OnTheSpot + n.Response.InTime, Den: n.OnTheSpot + n.Response.Due}
}

// Items is what response timeliness by items is made of.
func (c *Counts) Items() Ratio {
	var r Ratio
	for _, n := range c.Tickets {
		r.Num += n.OnTheSpot + n.Response.InTime
		r.Den += n.OnTheSpot + n.Response.Due
	}
	return r
}

func keptLine(k *Kept) KeptLine {
	return KeptLine{
		Due: k.Due(), InTime: k.InTime, Late: k.Late, Overdue: k.Overdue, NotYetDue: k.Pending,
		NoDeadline: k.Undated, DeadlineUnknown: k.Unknown, Open: k.Open,
	}
}

// Millis is a sum of milliseconds that prints as exact seconds: 16.25.
type Millis int64

// MarshalJSON implements json.Marshaler.
func (m Millis) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (m *Millis) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	*m = Millis(seconds*1000 + 0.5)
	return nil
}

func (m Millis) String() string {
	return trimZeros(point(strconv.FormatInt(int64(m), 10), 3))
}

// Rates are fractions, or seconds where the name says so; null when undefined or when a
// source behind them cannot know. Answered calls, which depend on a definition too, are
// a count.
type Rates struct {
	AnsweredCalls            *int64              `json:"answered_calls"`
	AnswerRate               *float64            `json:"answer_rate"`
	AnswerRateAgent          *float64            `json:"answer_rate_agent"`
	AnswerRateComposite      *float64            `json:"answer_rate_composite"`
	AnswerRateCompositeHours *float64            `json:"answer_rate_composite_service_hours"`
	AnswerRateAgentExclShort *float64            `json:"answer_rate_agent_excluding_short"`
	ServiceLevel             map[string]*float64 `json:"service_level"`
	ServiceLevelOfAnswered   map[string]*float64 `json:"service_level_of_answered"`
	ResponseTimeliness       *float64            `json:"response_timeliness"` // by the definition that leads
	ResponseTimelinessWait   *float64            `json:"response_timeliness_wait"`
	ResponseTimelinessItems  *float64            `json:"response_timeliness_items"`
	ConsultationTimeliness   *float64            `json:"consultation_timeliness"`
	AbandonmentRate          *float64            `json:"abandonment_rate"`
	ASASeconds               *float64            `json:"asa_seconds"`
	TalkMeanSeconds          *float64            `json:"talk_mean_seconds"`
	AHTSeconds               *float64            `json:"aht_seconds"`
	WaitP50Seconds           *float64            `json:"wait_p50_seconds"`
	WaitP90Seconds           *float64            `json:"wait_p90_seconds"`
	WaitP95Seconds           *float64            `json:"wait_p95_seconds"`
	SatisfactionRate         *float64            `json:"satisfaction_rate"`
	ParticipationRate        *float64            `json:"participation_rate"`
	FirstContactResolution   *float64            `json:"first_contact_resolution"`
	RepeatCallers            *float64            `json:"repeat_callers"`
}

// Pipeline is what became of the records of a run.
// read = accepted + the ignored + the rejected.
type Pipeline struct {
	Read       int64            `json:"read"`
	Accepted   int64            `json:"accepted"`
	Ignored    map[string]int64 `json:"ignored"`
	Rejected   map[string]int64 `json:"rejected"`
	Stored     int64            `json:"stored"`     // accepted records now in ClickHouse
	New        int64            `json:"new"`        // content never seen before this run
	Duplicates int64            `json:"duplicates"` // accepted - new
	Conflicts  int64            `json:"conflicts"`  // new content under a version that had another
}

// Group is the figures of a part of the period.
type Group struct {
	By      string     `json:"by"`
	Key     string     `json:"key"`
	From    *time.Time `json:"from,omitempty"` // of days and hours
	To      *time.Time `json:"to,omitempty"`
	Counts  Counts     `json:"counts"`
	Rates   Rates      `json:"rates"`
	Overlap bool       `json:"overlap,omitempty"` // a call may stand in several groups: they do not add up

	Exact Figures `json:"-"` // Rates as the counts they come from
}

// CountsOf prints a tally's counts.
func CountsOf(t *Tally, knows Knows, d Definitions) Counts {
	c := Counts{
		Calls: t.Calls, Offered: t.Offered(), Open: t.Open,
		Requested: t.Requested(), Asked: t.Asked(), AfterHours: t.AfterHours,
		Answered: t.Answered, SelfService: t.SelfService, AbandonedIVR: t.AbandonedIVR,
		AbandonedQueue: t.AbandonedQueue, AbandonedRinging: t.AbandonedRinging,
		TimedOut: t.TimedOut, Blocked: t.Blocked,
		Voicemail: t.Voicemail, VoicemailQueued: t.VoicemailQueued, CallbackRequested: t.CallbackRequested,
		ShortAbandoned:     t.ShortAbandoned(d.ShortAbandon),
		RequestedAbandoned: t.RequestedAbandoned(), RequestedShortAbandoned: t.RequestedShortAbandoned(d.ShortAbandon),
		Excluded: make(map[string]int64), AnsweredWithin: make(map[string]int64),
		WaitSecondsSum: Millis(t.WaitMillis), WaitSecondsMax: Millis(t.WaitMillisMax),
		AbandonedSecondsSum: Millis(t.LostMillis), TalkSecondsSum: Millis(t.TalkMillis),
		HoldSecondsSum: Millis(t.HoldMillis), WrapupSecondsSum: Millis(t.WrapupMillis),
		RatingsInvited: t.Invited, RatingsGiven: t.Rated, Ratings: maps.Clone(t.Ratings),
		Transfers: t.Transfers, Legs: t.Legs, ClockSkew: t.Skewed,
		OutsideOffered: t.OutsideOffered, OutsideAnswered: t.OutsideAnswered, OutsideSelfService: t.OutsideSelfService,
		OfferedWithCaller: t.OfferedWithCaller, RepeatCallers: t.RepeatCallers,
		AnsweredWithCaller: t.AnsweredWithCaller, RepeatedWithinWindow: t.RepeatedWithin,
	}
	for _, reason := range hotline.Exclusions() {
		c.Excluded[string(reason)] = t.Excluded[string(reason)]
	}
	for kind, n := range t.Tickets {
		if c.Tickets == nil {
			c.Tickets = make(map[hotline.TicketKind]TicketLine)
		}
		c.Tickets[kind] = TicketLine{
			Opened: n.Opened, OnTheSpot: n.OnTheSpot, ClockSkew: n.Skewed,
			Response: keptLine(&n.Respond), Resolution: keptLine(&n.Resolve),
		}
	}
	for _, limit := range append(slices.Clone(d.ServiceLevels), d.Timeliness) {
		c.AnsweredWithin[strconv.Itoa(limit)] = t.WaitAnswered.AtMost(limit)
	}
	c.NotConnected = c.unknown(knows)
	return c
}

// RatesOf prints a tally's rates.
func RatesOf(t *Tally, knows Knows, d Definitions) Rates {
	f := Compute(t, knows, d)
	return Rates{
		AnsweredCalls:            count(f.AnsweredCalls),
		AnswerRate:               fraction(f.AnswerRate),
		AnswerRateAgent:          fraction(f.AnswerRateAgent),
		AnswerRateComposite:      fraction(f.AnswerRateComposite),
		AnswerRateCompositeHours: fraction(f.AnswerRateCompositeHours),
		AnswerRateAgentExclShort: fraction(f.AnswerRateAgentExclShort),
		ServiceLevel:             byThreshold(f.ServiceLevel),
		ServiceLevelOfAnswered:   byThreshold(f.ServiceLevelOfAnswered),
		ResponseTimeliness:       fraction(f.ResponseTimeliness),
		ResponseTimelinessWait:   fraction(f.ResponseTimelinessWait),
		ResponseTimelinessItems:  fraction(f.ResponseTimelinessItems),
		ConsultationTimeliness:   fraction(f.ConsultationTimeliness),
		AbandonmentRate:          fraction(f.AbandonmentRate),
		ASASeconds:               seconds(f.ASA),
		TalkMeanSeconds:          seconds(f.TalkMean),
		AHTSeconds:               seconds(f.AHT),
		WaitP50Seconds:           quantile(t, knows, 0.50),
		WaitP90Seconds:           quantile(t, knows, 0.90),
		WaitP95Seconds:           quantile(t, knows, 0.95),
		SatisfactionRate:         fraction(f.Satisfaction),
		ParticipationRate:        fraction(f.Participation),
		FirstContactResolution:   fraction(f.FirstContact),
		RepeatCallers:            fraction(f.RepeatCallers),
	}
}

// notConnected names the rates that a source cannot give, with what it would have to know.
func notConnected(f Figures, knows Knows) map[string]Capability {
	all := map[string]Ratio{
		"answer_rate":                         f.AnswerRate,
		"answered_calls":                      f.AnsweredCalls,
		"answer_rate_agent":                   f.AnswerRateAgent,
		"answer_rate_composite":               f.AnswerRateComposite,
		"answer_rate_composite_service_hours": f.AnswerRateCompositeHours,
		"answer_rate_agent_excluding_short":   f.AnswerRateAgentExclShort,
		"response_timeliness":                 f.ResponseTimeliness,
		"response_timeliness_wait":            f.ResponseTimelinessWait,
		"response_timeliness_items":           f.ResponseTimelinessItems,
		"abandonment_rate":                    f.AbandonmentRate,
		"service_level":                       {NotConnected: cmp.Or(knows.missing(CanRequests), knows.missing(CanQueueWait))},
		"service_level_of_answered":           {NotConnected: knows.missing(CanQueueWait)},
		"wait_percentiles":                    {NotConnected: knows.missing(CanQueueWait)},
		"asa_seconds":                         f.ASA,
		"satisfaction_rate":                   f.Satisfaction,
		"participation_rate":                  f.Participation,
		"consultation_timeliness":             f.ConsultationTimeliness,
		"first_contact_resolution":            f.FirstContact,
		"repeat_callers":                      f.RepeatCallers,
	}
	out := make(map[string]Capability)
	for name, r := range all {
		if r.NotConnected != "" {
			out[name] = r.NotConnected
		}
	}
	return out
}

// count is a figure that is a count over 1.
func count(r Ratio) *int64 {
	if _, ok := r.Value(); !ok {
		return nil
	}
	return &r.Num
}

func fraction(r Ratio) *float64 {
	v, ok := r.Value()
	if !ok {
		return nil
	}
	return &v
}

func seconds(r Ratio) *float64 {
	v, ok := r.Value()
	if !ok {
		return nil
	}
	v /= 1000
	return &v
}

func quantile(t *Tally, knows Knows, q float64) *float64 {
	s, ok := t.WaitAnswered.Quantile(q)
	if !ok || knows.missing(CanQueueWait) != "" {
		return nil
	}
	v := float64(s)
	return &v
}

func byThreshold(m map[int]Ratio) map[string]*float64 {
	out := make(map[string]*float64, len(m))
	for limit, r := range m {
		out[strconv.Itoa(limit)] = fraction(r)
	}
	return out
}

// Composite is the numerator of the composite answer rate.
func (c *Counts) Composite() int64 { return c.Answered + c.SelfService }

package kpi

import "cmp"

// Ratio is a figure as the two counts it comes from. It is undefined when the
// denominator is zero ("no data", never 0% and never 100%), and not connected when a
// source cannot know what it needs.
type Ratio struct {
	Num, Den     int64
	NotConnected Capability // the missing capability; empty when there is none
}

// Value is the ratio as a fraction; ok is false when it is undefined or not connected.
func (r Ratio) Value() (v float64, ok bool) {
	if r.Den <= 0 || r.NotConnected != "" {
		return 0, false
	}
	return float64(r.Num) / float64(r.Den), true
}

// Figures are the ratios of one tally. Means are ratios too: of milliseconds to calls.
type Figures struct {
	AnswerRate               Ratio // by the leading definition
	AnswerRateAgent          Ratio
	AnswerRateComposite      Ratio
	AnswerRateCompositeHours Ratio // of the calls that arrived within service hours
	AnswerRateAgentExclShort Ratio
	AnsweredCalls            Ratio         // the indicator, a count over 1; over 0 while no call is decided
	ServiceLevel             map[int]Ratio // answered within T / requested
	ServiceLevelOfAnswered   map[int]Ratio // answered within T / answered
	ResponseTimeliness       Ratio         // by the leading definition
	ResponseLeads            string        // which that is
	ResponseTimelinessWait   Ratio
	ResponseTimelinessItems  Ratio
	ConsultationTimeliness   Ratio
	AbandonmentRate          Ratio
	ASA                      Ratio // milliseconds / answered
	TalkMean                 Ratio // milliseconds / answered
	AHT                      Ratio // milliseconds / answered
	Satisfaction             Ratio
	Participation            Ratio
	FirstContact             Ratio // answered without a further call of the caller / answered with a known caller
	RepeatCallers            Ratio // calls after another of the same caller / calls of known callers
}

// Compute derives every figure from a tally.
func Compute(t *Tally, knows Knows, d Definitions) Figures {
	requested := t.Requested()
	wait, asked := knows.missing(CanQueueWait), knows.missing(CanRequests)
	var placed Capability
	if !t.Placed() {
		placed = ServiceHours
	}
	f := Figures{
		AnswerRateAgent: Ratio{Num: t.Answered, Den: requested, NotConnected: cmp.Or(asked, placed)},
		AnswerRateComposite: Ratio{
			Num: t.Answered + t.SelfService, Den: t.Offered(), NotConnected: knows.missing(CanIVR),
		},
		AnswerRateCompositeHours: Ratio{
			Num: t.Answered + t.SelfService - t.OutsideAnswered - t.OutsideSelfService, Den: t.Offered() - t.OutsideOffered,
			NotConnected: cmp.Or(knows.missing(CanIVR), placed),
		},
		AnswerRateAgentExclShort: Ratio{
			Num: t.Answered, Den: requested - t.RequestedShortAbandoned(d.ShortAbandon), NotConnected: cmp.Or(asked, wait, placed),
		},
		ServiceLevel:           make(map[int]Ratio, len(d.ServiceLevels)),
		ServiceLevelOfAnswered: make(map[int]Ratio, len(d.ServiceLevels)),
		ResponseTimelinessWait: Ratio{
			Num: t.WaitAnswered.AtMost(d.Timeliness), Den: t.Answered, NotConnected: wait,
		},
		ResponseTimelinessItems: t.items(knows),
		ConsultationTimeliness:  t.consultations(knows),
		ResponseLeads:           d.Leads(t.ticketsConnected(knows)),
		AbandonmentRate:         Ratio{Num: t.RequestedAbandoned(), Den: requested, NotConnected: cmp.Or(asked, placed)},
		ASA:                     Ratio{Num: t.WaitMillis, Den: t.Answered, NotConnected: wait},
		TalkMean:                Ratio{Num: t.TalkMillis, Den: t.Answered},
		AHT:                     Ratio{Num: t.TalkMillis + t.HoldMillis + t.WrapupMillis, Den: t.Answered},
		Satisfaction:            t.satisfaction(knows, d),
		Participation:           Ratio{Num: t.Rated, Den: t.Invited, NotConnected: knows.missing(CanRatings)},
		FirstContact: Ratio{
			Num: t.AnsweredWithCaller - t.RepeatedWithin, Den: t.AnsweredWithCaller, NotConnected: knows.missing(CanCallers),
		},
		RepeatCallers: Ratio{Num: t.RepeatCallers, Den: t.OfferedWithCaller, NotConnected: knows.missing(CanCallers)},
	}
	for _, limit := range d.ServiceLevels {
		within := t.WaitAnswered.AtMost(limit)
		f.ServiceLevel[limit] = Ratio{Num: within, Den: requested, NotConnected: cmp.Or(asked, wait, placed)}
		f.ServiceLevelOfAnswered[limit] = Ratio{Num: within, Den: t.Answered, NotConnected: wait}
	}
	switch d.AnswerRate {
	case RateComposite:
		f.AnswerRate = f.AnswerRateComposite
	case RateCompositeHours:
		f.AnswerRate = f.AnswerRateCompositeHours
	case RateAgentExclShort:
		f.AnswerRate = f.AnswerRateAgentExclShort
	default:
		f.AnswerRate = f.AnswerRateAgent
	}
	f.AnsweredCalls.Num = t.Answered
	if d.AnsweredCalls == RateComposite {
		f.AnsweredCalls = Ratio{Num: t.Answered + t.SelfService, NotConnected: knows.missing(CanIVR)}
	}
	f.AnsweredCalls.Den = min(t.Offered(), 1)
	f.ResponseTimeliness = f.ResponseTimelinessWait
	if f.ResponseLeads == ResponseItems {
		f.ResponseTimeliness = f.ResponseTimelinessItems
	}
	return f
}

// satisfaction counts the ratings on known scales only: what a value of an unknown
// scale means cannot be guessed.
func (t *Tally) satisfaction(knows Knows, d Definitions) Ratio {
	r := Ratio{NotConnected: knows.missing(CanRatings)}
	for key, count := range t.Ratings {
		if satisfied, known := d.Satisfied[key]; known {
			r.Den += count
			if satisfied {
				r.Num += count
			}
		}
	}
	return r
}

package kpi

import (
	"fmt"
	"time"

	"hotline12333/internal/calendar"
)

// Morning is what a supervisor wants to know before the lines open: how the last day closed,
// and what the day asked about is expected to need.
type Morning struct {
	Date   string           `json:"date"`
	Sort   calendar.DaySort `json:"sort"`
	Zone   string           `json:"zone"`
	Centre string           `json:"centre,omitempty"`
	DataTo *time.Time       `json:"data_to"`
	// Refused says why nothing can be said of the day: its year has no calendar.
	Refused string    `json:"refused,omitempty"`
	Why     Wording   `json:"-"`         // the same in both languages
	Before  *Closed   `json:"before"`    // nil: no day before has any call
	Owed    CallBacks `json:"callbacks"` // as they stand now
	Staff   *Staffing `json:"staffing"`
}

// CallBacks are lost callers of the last days: Taken and Overdue are among Owed.
type CallBacks struct {
	Days    int   `json:"days"`
	Owed    int64 `json:"owed"`
	Taken   int64 `json:"taken"` // somebody is calling back
	Overdue int64 `json:"overdue"`
	// NotConnected is what a source does not know: whom it lost is not among them.
	NotConnected Capability `json:"not_connected,omitempty"`
}

// Closed is how the last day of service before a morning went.
type Closed struct {
	Date    string     `json:"date"`
	Figures *Statement `json:"figures"` // by hour
	// Refused says why there are no figures.
	Refused string  `json:"refused,omitempty"`
	Why     Wording `json:"-"` // the same in both languages
	Target  Verdict `json:"answer_rate"`
	Lost    Wording `json:"lost"` // when and where most was lost
	// Whether the data of the day can be whole.
	Reached bool        `json:"reached"` // the data go on behind the end of its service
	Gaps    []SourceGap `json:"gaps"`
	Outages int         `json:"outages"` // entered, of the day
	// Records that were refused and wait, of whatever day; nil: it cannot be asked.
	Rejected *int64 `json:"rejected"`
}

// SourceGap is hours without a record of a source, the first and the last of which usually
// have some.
type SourceGap struct {
	Source string    `json:"source"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// Verdict is a rate beside its target.
type Verdict struct {
	State      State  `json:"state"`
	MissesLeft *int64 `json:"misses_left"` // nil without a rate; negative: so many too many were lost
}

// Judge holds a rate against a target.
func Judge(r Ratio, target Target) Verdict {
	_, ok := r.Value()
	switch {
	case r.NotConnected != "":
		return Verdict{State: Unconnected}
	case !ok:
		return Verdict{State: NoData}
	}
	left := target.MissesLeft(r)
	v := Verdict{State: Missed, MissesLeft: &left}
	switch {
	case target.MetBy(r):
		v.State = Met
	case (Target{Num: 95 * target.Num, Den: 100 * target.Den}).MetBy(r):
		v.State = Near
	}
	return v
}

// LostOn says when a day lost most of what it lost, whether its target is met or not.
// entries are those of the day by queue with names.
func (b *Build) LostOn(target Target, entries []Entry) Wording {
	words := RequestWords
	if d := b.Definitions.AnswerRate; d == RateComposite || d == RateCompositeHours {
		words = OfferedWords
	}
	parts := DivideLosses(LossesOf(entries, func(t *Tally) Ratio {
		f := Compute(t, nil, b.Definitions)
		return f.AnswerRate
	}, b.InService), b.Zone)
	if said := RateDeviation(Wording{ZH: "接通率", EN: "The answer rate"}, target, words, parts); said.ZH != "" {
		return said
	}
	if parts.Lost == 0 || parts.Worst == nil {
		return Wording{}
	}
	return Wording{
		ZH: fmt.Sprintf("%s%s通，最集中的是%s（%s）。", words.Lost.ZH, grouped(parts.Lost), chineseHours(parts.Worst.Hour), words.share(*parts.Worst, parts.Lost).ZH),
		EN: fmt.Sprintf("%s %s; the most at once: %s (%s).", grouped(parts.Lost), words.Lost.EN, englishHours(parts.Worst.Hour), words.share(*parts.Worst, parts.Lost).EN),
	}
}

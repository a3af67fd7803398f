package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/store"
)

// journal reads what people have entered, as it holds, of what the report is about: a
// centre, or the whole system.
func (g *gathering) journal(ctx context.Context) error {
	for _, k := range []struct {
		kind journal.Kind
		take func(*journal.Entry) error
		left *int // of others than the report is about
	}{
		{journal.KindValue, g.value, &g.in.Quality.ValuesElsewhere},
		{journal.KindDeviation, g.explanation, nil},
		{journal.KindControlTotal, g.control, &g.in.Quality.ControlsElsewhere},
		{journal.KindOutage, g.outage, nil},
	} {
		list, err := g.sys.store.Entries(ctx, store.EntryQuery{Kind: k.kind})
		if err != nil {
			return fmt.Errorf("reading what was entered: %w", err)
		}
		for _, e := range holding(list) {
			if !concerns(k.kind, e.Centre, g.q.Centre) {
				if k.left != nil && g.within(e) {
					*k.left++
				}
				continue
			}
			if err := k.take(e); err != nil {
				return fmt.Errorf("entry %s (%s): %w", e.ID, e.Slot, err)
			}
		}
	}
	slices.SortStableFunc(g.in.Quality.Outages, func(a, b report.Outage) int { return a.From.Compare(b.From) })
	return nil
}

// holding are the entries that hold.
func holding(list []journal.Entry) []*journal.Entry {
	var out []*journal.Entry
	for _, h := range journal.Histories(list) {
		if e := h.Holds(); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// concerns says whether what was entered about one centre (empty: the whole system) belongs
// into the figures of another, or of the whole. A value is of what it was entered for: that
// of the whole is none of a part, and parts are not added up, since nobody has said that
// there are no others. Somebody else's count of a centre's calls can be held against those
// calls in the report of the whole too, one of all calls against nothing in that of a
// centre. What was out of service for all was so for each.
func concerns(kind journal.Kind, entered, reported string) bool {
	switch kind {
	case journal.KindControlTotal:
		return entered == reported || reported == ""
	case journal.KindOutage:
		return entered == reported || reported == "" || entered == ""
	}
	return entered == reported
}

// within says whether an entry is about a part of the report's period.
func (g *gathering) within(e *journal.Entry) bool {
	span, err := kpi.ParsePeriod(e.Period, g.q.Zone)
	return err == nil && !span.From.Before(g.span.From) && !span.To.After(g.span.To)
}

// entered is what the forms are filled in with.
type entered struct {
	givenValues

	said map[string]report.Explanation
}

// value takes a number, a score, or the amounts of a budget. Values of other years, and of
// what comes after the period, are left alone.
func (g *gathering) value(e *journal.Entry) error {
	v, taken, err := g.entered.take(e, kpi.Span{From: g.yearStart(), To: g.span.To}, g.q.Zone)
	if err != nil || !taken {
		return err
	}
	shown := report.Entered{Code: e.Subject, Period: e.Period, Value: string(v.Value), Evidence: e.Evidence, Reason: e.Reason, By: e.By, At: e.At.In(g.q.Zone)}
	switch {
	case v.NotApplicable:
		shown.Value, shown.Reason = "不适用 not applicable", e.Reason+" / "+v.Reviewer
	case v.Score != "":
		shown.Value = string(v.Score) + "%"
	case v.Executed != "":
		shown.Value = string(v.Executed) + " / " + string(v.Adjusted)
	}
	g.in.Quality.Entered = append(g.in.Quality.Entered, shown)
	return nil
}

func (g *gathering) explanation(e *journal.Entry) error {
	if e.Period != g.span.Name {
		return nil
	}
	d, err := journal.Decode[journal.Deviation](e)
	if err != nil {
		return err
	}
	if g.entered.said == nil {
		g.entered.said = map[string]report.Explanation{}
	}
	g.entered.said[e.Subject] = report.Explanation{
		Cause: d.Cause, Measures: d.Measures, Category: d.Category, Likelihood: kpi.Likelihood(d.Likelihood), Note: d.Note,
	}
	return nil
}

// control holds a day's counts against what somebody else counted.
func (g *gathering) control(e *journal.Entry) error {
	day, err := kpi.ParsePeriod(e.Period, g.q.Zone)
	if err != nil {
		return err
	}
	if day.From.Before(g.span.From) || !day.From.Before(g.span.To) {
		return nil
	}
	total, err := journal.Decode[journal.ControlTotal](e)
	if err != nil {
		return err
	}
	g.in.Controls = append(g.in.Controls, report.Control{
		Day: day.From.In(g.q.Zone), Centre: e.Centre, By: e.Subject, Evidence: e.Evidence,
		Offered: total.Offered, Requested: total.Requested, Answered: total.Answered,
	})
	return nil
}

func (g *gathering) outage(e *journal.Entry) error {
	o, err := journal.Decode[journal.Outage](e)
	if err != nil {
		return err
	}
	if !o.From.Before(g.span.To) || o.To != nil && !o.To.After(g.span.From) {
		return nil
	}
	var to time.Time
	if o.To != nil {
		to = o.To.In(g.q.Zone)
	}
	g.in.Quality.Outages = append(g.in.Quality.Outages, report.Outage{Centre: e.Centre, From: o.From.In(g.q.Zone), To: to, Cause: o.Cause, Evidence: e.Evidence, By: e.By})
	return nil
}

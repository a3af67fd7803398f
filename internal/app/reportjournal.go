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

// journal reads what people have entered, as it holds.
func (g *gathering) journal(ctx context.Context) error {
	for _, k := range []struct {
		kind journal.Kind
		take func(*journal.Entry) error
	}{
		{journal.KindValue, g.value},
		{journal.KindDeviation, g.explanation},
		{journal.KindControlTotal, g.control},
		{journal.KindOutage, g.outage},
	} {
		list, err := g.sys.store.Entries(ctx, store.EntryQuery{Kind: k.kind})
		if err != nil {
			return fmt.Errorf("reading what was entered: %w", err)
		}
		for _, e := range holding(list, g.q.Centre) {
			if err := k.take(e); err != nil {
				return fmt.Errorf("entry %s (%s): %w", e.ID, e.Slot, err)
			}
		}
	}
	slices.SortFunc(g.in.Quality.Outages, func(a, b report.Outage) int { return a.From.Compare(b.From) })
	return nil
}

// holding are the entries that hold for a centre: its own, else those of the whole system.
func holding(list []journal.Entry, centre string) []*journal.Entry {
	var out []*journal.Entry
	at := map[journal.Slot]int{}
	for _, h := range journal.Histories(list) {
		e := h.Holds()
		if e == nil || e.Centre != "" && e.Centre != centre {
			continue
		}
		of := h.Slot
		of.Centre = ""
		i, ok := at[of]
		switch {
		case !ok:
			at[of] = len(out)
			out = append(out, e)
		case e.Centre != "":
			out[i] = e
		}
	}
	return out
}

// entered is what the forms are filled in with.
type entered struct {
	values    []kpi.Entered
	said      map[string]report.Explanation
	execution map[string]execution // by table
}

// execution is of the latest period that was entered.
type execution struct {
	span kpi.Span
	kpi.Execution
}

// value takes a number, a score, or the amounts of a budget. Values of other years are left
// alone.
func (g *gathering) value(e *journal.Entry) error {
	span, err := kpi.ParsePeriod(e.Period, g.q.Zone)
	if err != nil {
		return err
	}
	v, err := journal.Decode[journal.Value](e)
	if err != nil {
		return err
	}
	// What does not apply in the year does not apply in a part of it.
	covers := !span.From.After(g.span.From) && !span.To.Before(g.span.To)
	if span.From.Before(g.yearStart()) || span.To.After(g.span.To) && !(v.NotApplicable && covers) {
		return nil
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
	if kpi.IsExecutionCode(e.Subject) {
		g.execute(e, span, &v)
	} else {
		g.entered.values = append(g.entered.values, enteredOf(e, span, &v))
	}
	return nil
}

// execute keeps the amounts of the latest period.
func (g *gathering) execute(e *journal.Entry, span kpi.Span, v *journal.Value) {
	have, ok := g.entered.execution[e.Subject]
	if ok && span.To.Before(have.span.To) {
		return
	}
	if g.entered.execution == nil {
		g.entered.execution = map[string]execution{}
	}
	g.entered.execution[e.Subject] = execution{span, executionOf(e, v)}
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
		Day: day.From.In(g.q.Zone), By: e.Subject, Evidence: e.Evidence,
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
	g.in.Quality.Outages = append(g.in.Quality.Outages, report.Outage{From: o.From.In(g.q.Zone), To: to, Cause: o.Cause, Evidence: e.Evidence, By: e.By})
	return nil
}

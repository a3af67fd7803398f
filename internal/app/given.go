package app

import (
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
)

// givenValues are the values that hold of those entered for a year or the beginning of one,
// and the execution of its budgets by code.
type givenValues struct {
	values    []kpi.Entered
	execution map[string]givenExecution
}

// givenExecution is of the latest period that was entered.
type givenExecution struct {
	span kpi.Span
	kpi.Execution
}

// take adds an entry that holds, where it is about a time within the span. That something
// does not apply may be said of a longer time: of a year, when the span is a quarter of it.
func (g *givenValues) take(e *journal.Entry, of kpi.Span, zone *time.Location) (v journal.Value, taken bool, err error) {
	span, err := kpi.ParsePeriod(e.Period, zone)
	if err != nil {
		return v, false, err
	}
	if !span.From.Before(of.To) || !of.From.Before(span.To) {
		return v, false, nil
	}
	if v, err = journal.Decode[journal.Value](e); err != nil {
		return v, false, err
	}
	if inside := !span.From.Before(of.From) && !span.To.After(of.To); !inside && !v.NotApplicable {
		return v, false, nil
	}
	if !kpi.IsExecutionCode(e.Subject) {
		g.values = append(g.values, enteredOf(e, span, &v))
		return v, true, nil
	}
	if have, ok := g.execution[e.Subject]; ok && !later(span, have.span) {
		return v, true, nil
	}
	if g.execution == nil {
		g.execution = make(map[string]givenExecution)
	}
	g.execution[e.Subject] = givenExecution{span, executionOf(e, &v)}
	return v, true, nil
}

// later says whether of two periods the first ends later or, where both end together, is
// the longer one.
func later(a, b kpi.Span) bool {
	return a.To.After(b.To) || a.To.Equal(b.To) && a.From.Before(b.From)
}

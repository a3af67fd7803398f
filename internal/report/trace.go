package report

import (
	"fmt"
	"time"

	"hotline12333/internal/kpi"
)

// Trace names a figure in a report, for a link to the calls behind it.
type Trace struct {
	Figure string // as kpi.LookupExplained knows it
	Period string // as kpi.ParsePeriod reads it
	Place  kpi.Place
}

// traced says which figure of the period a cell shows.
func (t *teller) traced(c cell, figure string) cell {
	return to(c, Trace{Figure: figure, Period: t.r.Period.Name})
}

// to says which figure a cell shows.
func to(c cell, at Trace) cell {
	c.trace = at
	return c
}

// TraceOf names the figure that a row of a table is computed from; blank where it is entered.
func TraceOf(r *Report, t *FilledTable, x *Indicator) Trace {
	at := Trace{Figure: x.Code, Period: t.Period.Name, Place: kpi.Place{Centre: r.Centre}}
	switch {
	case !x.Computed:
		return Trace{}
	case x.Code == kpi.DefAnsweredCalls:
		at.Figure = answeredFigure(r.Choices)
	case x.Code == kpi.DefResponse && t.Form == kpi.Monitoring && r.YearToDate != nil:
		at.Figure += "_" + r.YearToDate.Exact.ResponseLeads
	case x.Code == kpi.DefResponse:
		at.Figure += "_" + r.Total.Exact.ResponseLeads
	}
	return at
}

// answeredFigure is what the indicator of answered calls counts.
func answeredFigure(d kpi.Definitions) string {
	if d.AnsweredCalls == kpi.RateComposite {
		return "answer_rate_composite" // whose numerator it is
	}
	return "answered"
}

// of is the same place with another figure.
func (t Trace) of(figure string) Trace {
	t.Figure = figure
	return t
}

// place is where the calls of a group of the period are.
func (t *teller) place(g *kpi.Group) Trace {
	at := Trace{Period: t.r.Period.Name}
	switch kpi.By(g.By) {
	case kpi.Month: // of which the period may end before the end
		at.Period = g.Key
		if g.From != nil && g.To != nil && g.To.After(t.r.Period.To) {
			at.Period = daysBetween(*g.From, t.r.Period.To)
		}
	case kpi.Day:
		at.Period = g.Key
	default:
		at.Place, _ = g.Place(at.Place)
	}
	return at
}

// daysBetween names the days of a stretch that begins and ends with days of its zone.
func daysBetween(from, to time.Time) string { return kpi.SpanBetween(from, to, from.Location()).Name }

// elsewhere is where the calls of another period's statement are.
func elsewhere(s *kpi.Statement) Trace {
	if s.Period.From == nil || s.Period.To == nil {
		return Trace{}
	}
	return Trace{Period: daysBetween(*s.Period.From, *s.Period.To)}
}

// toDate is where the calls are that the year's volume has come to: those of the days that
// were over. Before the first of them there are none.
func (t *teller) toDate(figure string) Trace {
	v := t.r.Volume
	if v == nil || v.LastDay == "" {
		return Trace{}
	}
	return Trace{Figure: figure, Period: fmt.Sprintf("%s-01-01..%s", v.LastDay[:4], v.LastDay)}
}

// basis marks a number that is computed from a figure and is not that figure: its link
// leads to what it comes from.
func (t *teller) basis(c cell, at Trace) cell {
	if c.number == nil {
		return c
	}
	c.trace, c.title = at, t.of("由此计算：截至期末完成数", "computed from this: the figure to date")
	return c
}

// within is the service level of the answered that response timeliness by waits is: under its
// own name, which no definition changes.
func (t *teller) within() string { return fmt.Sprintf("service_level_of_answered_%d", t.d.Timeliness) }

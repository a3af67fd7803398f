package kpi

import (
	"math/big"
	"slices"
	"time"
)

// Entered is what a person has entered for an indicator and a period, as it holds.
type Entered struct {
	Code string
	Span Span

	Value *big.Rat // in the unit of the indicator
	Score *big.Rat // of a graded one: percent of the weight; needs a reason

	NotApplicable bool // the row is dropped and the rest rescaled; needs a reason and a reviewer
	Reason        string
	Reviewer      string
	By, Evidence  string
}

// gathered is a value put together from what was entered.
type gathered struct {
	value   *big.Rat
	from    []Entered // what it is made of
	missing []string  // names of the parts of the period for which nothing was entered
}

// exactly is what was entered for just this period.
func exactly(entered []Entered, span Span) (Entered, bool) {
	i := slices.IndexFunc(entered, func(e Entered) bool { return e.Span.From.Equal(span.From) && e.Span.To.Equal(span.To) })
	if i < 0 {
		return Entered{}, false
	}
	return entered[i], true
}

// gather puts the value of a row together. entered are the values of its indicator.
func gather(row *Row, entered []Entered, span Span, zone *time.Location) gathered {
	switch {
	case row.Gather == Latest || row.Sign == Graded:
		return latestOf(entered, span)
	case row.Per != PerYear && row.Every:
		return worstOf(row, entered, span, zone)
	}
	g := sumOf(entered, span, zone)
	if g.value == nil || row.Per == PerYear {
		return g
	}
	parts, whole := partsOf(row.Per, span, zone)
	if !whole {
		return gathered{missing: []string{span.Name}}
	}
	g.value = new(big.Rat).Quo(g.value, big.NewRat(int64(len(parts)), 1))
	return g
}

// latestOf takes the period's own value, else the latest that lies within the period; of
// two that end together that of the longer time.
func latestOf(entered []Entered, span Span) gathered {
	best, found := exactly(entered, span)
	if found {
		return gathered{value: best.Value, from: []Entered{best}}
	}
	for _, e := range entered {
		if e.Span.From.Before(span.From) || e.Span.To.After(span.To) {
			continue
		}
		longer := e.Span.To.Equal(best.Span.To) && e.Span.From.Before(best.Span.From)
		if !found || e.Span.To.After(best.Span.To) || longer {
			best, found = e, true
		}
	}
	if !found {
		return gathered{missing: []string{span.Name}}
	}
	return gathered{value: best.Value, from: []Entered{best}}
}

// sumOf adds the values whose periods fill the period without gap and overlap. Of several
// ways to fill it the one with the longest periods is taken, from the beginning on.
func sumOf(entered []Entered, span Span, zone *time.Location) gathered {
	from, filled := fill(entered, span.From, span.To, make(map[int64]bool))
	if !filled {
		return gathered{missing: gaps(entered, span, zone)}
	}
	sum := new(big.Rat)
	for _, e := range from {
		sum.Add(sum, e.Value)
	}
	return gathered{value: sum, from: from}
}

// fill finds periods that follow each other from an instant to another; dead are the
// instants from which none lead there.
func fill(entered []Entered, from, to time.Time, dead map[int64]bool) ([]Entered, bool) {
	if from.Equal(to) {
		return nil, true
	}
	if dead[from.Unix()] {
		return nil, false
	}
	var here []Entered
	for _, e := range entered {
		if e.Span.From.Equal(from) && !e.Span.To.After(to) && e.Span.To.After(from) {
			here = append(here, e)
		}
	}
	slices.SortStableFunc(here, func(a, b Entered) int { return b.Span.To.Compare(a.Span.To) })
	for _, e := range here {
		if rest, ok := fill(entered, e.Span.To, to, dead); ok {
			return append([]Entered{e}, rest...), true
		}
	}
	dead[from.Unix()] = true
	return nil, false
}

// reachOf is how far the periods that follow each other from the beginning of a span go.
func reachOf(entered []Entered, span Span) time.Time {
	reached := map[int64]bool{span.From.Unix(): true}
	far := span.From
	ordered := slices.Clone(entered)
	slices.SortFunc(ordered, func(a, b Entered) int { return a.Span.From.Compare(b.Span.From) })
	for _, e := range ordered {
		if reached[e.Span.From.Unix()] && e.Span.To.After(e.Span.From) && !e.Span.To.After(span.To) {
			reached[e.Span.To.Unix()] = true
			if e.Span.To.After(far) {
				far = e.Span.To
			}
		}
	}
	return far
}

// gaps names the months of a period for which nothing was entered; where it is not made of
// whole months, or every month has something, the period itself.
func gaps(entered []Entered, span Span, zone *time.Location) (names []string) {
	months, whole := partsOf(PerMonth, span, zone)
	if !whole {
		return []string{span.Name}
	}
	for _, m := range months {
		touched := slices.ContainsFunc(entered, func(e Entered) bool {
			return e.Span.From.Before(m.To) && m.From.Before(e.Span.To) && !e.Span.From.Before(span.From) && !e.Span.To.After(span.To)
		})
		if !touched {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return []string{span.Name}
	}
	return names
}

// worstOf takes the worst month or quarter, of which every one must be there.
func worstOf(row *Row, entered []Entered, span Span, zone *time.Location) (g gathered) {
	parts, whole := partsOf(row.Per, span, zone)
	if !whole {
		return gathered{missing: []string{span.Name}}
	}
	for _, p := range parts {
		part := sumOf(entered, p, zone)
		if part.value == nil {
			g.missing = append(g.missing, p.Name)
			continue
		}
		g.from = append(g.from, part.from...)
		more := g.value != nil && part.value.Cmp(g.value) > 0
		if g.value == nil || more == (row.Sign == AtMost) {
			g.value = part.value
		}
	}
	if len(g.missing) > 0 {
		g.value = nil
	}
	return g
}

// partsOf divides a period into months or quarters; whole is false when it is not made of
// them.
func partsOf(per Part, span Span, zone *time.Location) (parts []Span, whole bool) {
	layout, step := "2006-01", 1
	if per == PerQuarter {
		step = 3
	}
	at := span.From
	for at.Before(span.To) {
		y, m, d := at.In(zone).Date()
		if d != 1 || (int(m)-1)%step != 0 {
			return nil, false
		}
		name := at.In(zone).Format(layout)
		if per == PerQuarter {
			name = at.In(zone).Format("2006Q") + string(rune('1'+(int(m)-1)/3))
		}
		p, err := ParsePeriod(name, zone)
		if err != nil {
			return nil, false
		}
		parts, at = append(parts, p), DayStart(y, m+time.Month(step), 1, zone)
	}
	return parts, at.Equal(span.To) && len(parts) > 0
}

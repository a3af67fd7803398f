package kpi

import (
	"slices"
	"testing"
)

func span(t testing.TB, name string) Span {
	t.Helper()
	s, err := ParsePeriod(name, beijing)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGather(t *testing.T) {
	months := func(of string, values ...string) (pairs []string) {
		for i, v := range values {
			pairs = append(pairs, of+"-0"+string(rune('1'+i)), v)
		}
		return pairs
	}
	monthly := Row{Indicator: Indicator{Gather: Sum, Sign: AtMost}, Per: PerMonth}
	every := monthly
	every.Every = true
	least := every
	least.Sign = AtLeast
	quarterly := Row{Indicator: Indicator{Gather: Sum, Sign: AtMost}, Per: PerQuarter}
	sum := Row{Indicator: Indicator{Gather: Sum, Sign: AtMost}, Per: PerYear}
	latest := Row{Indicator: Indicator{Gather: Latest, Sign: AtLeast}, Per: PerYear}
	for _, c := range []struct {
		name    string
		row     Row
		period  string
		entered []string // period, value, …
		want    string   // empty: none
		missing []string
	}{
		{"the year as one", sum, "2026", []string{"2026", "3"}, "3", nil},
		{"a year of two halves", sum, "2026", []string{"2026H1", "1.4", "2026H2", "1.6"}, "3", nil},
		{"the year itself rather than its parts", sum, "2026", []string{"2026H1", "1.4", "2026H2", "1.6", "2026", "3.1"}, "3.1", nil},
		{"a half that is missing", sum, "2026", []string{"2026H1", "1.4"}, "", []string{"2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12"}},
		{"parts that overlap are not added", sum, "2026Q1", []string{"2026-01", "1", "2026H1", "9", "2026-02", "1", "2026-03", "1"}, "3", nil},
		{"a long part that leads nowhere", sum, "2026H1", []string{"2026-01-01..2026-05-31", "9", "2026Q1", "1", "2026Q2", "2"}, "3", nil},
		{"the year says nothing about a quarter", sum, "2026Q1", []string{"2026", "3"}, "", []string{"2026-01", "2026-02", "2026-03"}},
		{"the mean of the months", monthly, "2026Q1", months("2026", "0.2", "0.25", "0.3"), "0.25", nil},
		{"the mean of the months, from the year", monthly, "2026", []string{"2026", "3"}, "0.25", nil},
		{"the mean of the quarters", quarterly, "2026H1", []string{"2026Q1", "2.5", "2026Q2", "3"}, "2.75", nil},
		{"the mean of a time that has no months", monthly, "2026-01-05..2026-01-20", []string{"2026-01-05..2026-01-20", "1"}, "", []string{"2026-01-05..2026-01-20"}},
		{"a month has no quarters", quarterly, "2026-01", []string{"2026-01", "1"}, "", []string{"2026-01"}},
		{"every month, the worst", every, "2026Q1", months("2026", "0.2", "0.31", "0.3"), "0.31", nil},
		{"every month, where more is better", least, "2026Q1", months("2026", "0.2", "0.31", "0.3"), "0.2", nil},
		{"every month, one missing", every, "2026Q1", []string{"2026-01", "0.2", "2026-03", "0.2"}, "", []string{"2026-02"}},
		{"every month is not told by the quarter", every, "2026Q1", []string{"2026Q1", "0.6"}, "", []string{"2026-01", "2026-02", "2026-03"}},
		{"the period's own rate", latest, "2026Q1", []string{"2026Q1", "96", "2026-03", "99"}, "96", nil},
		{"the latest within", latest, "2026", []string{"2026Q1", "96", "2026Q3", "94", "2026Q2", "99"}, "94", nil},
		{"two that end together", latest, "2026", []string{"2026-12", "97", "2026Q4", "95"}, "95", nil},
		{"one of another time", latest, "2026Q2", []string{"2026Q1", "96", "2026", "99"}, "", []string{"2026Q2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var entered []Entered
			for i := 0; i < len(c.entered); i += 2 {
				entered = append(entered, Entered{Span: span(t, c.entered[i]), Value: rat(t, c.entered[i+1])})
			}
			for range 2 { // in any order
				g := gather(&c.row, entered, span(t, c.period), beijing)
				switch {
				case c.want == "" && g.value != nil:
					t.Errorf("got %s", g.value.FloatString(3))
				case c.want != "" && (g.value == nil || g.value.Cmp(rat(t, c.want)) != 0):
					t.Errorf("got %v, missing %v, want %s", g.value, g.missing, c.want)
				case !slices.Equal(g.missing, c.missing):
					t.Errorf("missing %v, want %v", g.missing, c.missing)
				}
				slices.Reverse(entered)
			}
		})
	}
}

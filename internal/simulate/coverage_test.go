package simulate

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
)

// covered counts how often the truth lay in an interval.
type covered struct {
	n, in80, in95 int
	error, bias   float64 // sums of |forecast - truth| / truth, and of the signed one
	width         float64 // sum of the 95% interval's width / truth
}

func (c *covered) add(f *kpi.Forecast, truth float64) {
	within := func(level float64) int {
		low, high := f.Interval(level)
		if truth >= low && truth <= high {
			return 1
		}
		return 0
	}
	low, high := f.Interval(0.95)
	c.n++
	c.in80 += within(0.80)
	c.in95 += within(0.95)
	c.error += math.Abs(f.Mean()-truth) / truth
	c.bias += (f.Mean() - truth) / truth
	c.width += (high - low) / truth
}

func (c *covered) merge(o covered) {
	c.n, c.in80, c.in95 = c.n+o.n, c.in80+o.in80, c.in95+o.in95
	c.error, c.bias, c.width = c.error+o.error, c.bias+o.bias, c.width+o.width
}

func (c *covered) share(n int) float64 { return float64(n) / float64(c.n) }

// credible says whether a share of n intervals of so many years can come from a true
// probability (but for one back-test in a hundred). Too few are held against the error of
// n independent ones; too many, which misleads nobody, against that of the years, since the
// dates of one year share its fate.
func credible(share, probability float64, n, years int) bool {
	deviation := func(n int) float64 { return 2.576 * math.Sqrt(probability*(1-probability)/float64(n)) }
	return share >= probability-deviation(n) && share <= probability+deviation(years)
}

// seenTo is a year as it was known at the end of a day.
func seenTo(year []kpi.DayCount, end time.Time) (days []kpi.DayCount, cut int) {
	days = append(days, year...)
	for i := range days {
		if days[i].Date.Before(end) {
			cut = i + 1
			continue
		}
		days[i].Known, days[i].Count, days[i].Of = false, 0, 0
	}
	return days, cut
}

// volumes are days whose counts alone are looked at: the counts, or what they are of.
func volumes(days []kpi.DayCount, of bool) []kpi.DayCount {
	out := append([]kpi.DayCount(nil), days...)
	for i := range out {
		if of {
			out[i].Count = out[i].Of
		}
		out[i].Of = 0
	}
	return out
}

// Forecasts of simulated years hold what came with the probability they state: the year's
// answered calls, and its answer rate, from seven dates, with the year before and without.
func TestForecastsCoverAsStated(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 896 forecasts")
	}
	inDocs(t, backTest(t, readYears(t, shanghai(t))))
}

// The same for hotlines on which nothing was tuned.
func TestForecastsCoverOtherYears(t *testing.T) {
	if os.Getenv("HOTLINE_SOAK") == "" {
		t.Skip("simulates 64 years: HOTLINE_SOAK=1 runs it")
	}
	zone := shanghai(t)
	backTest(t, parseYears(t, simulateYears(t, pairs(5000), zone), zone))
}

func backTest(t *testing.T, years []simulated) (table string) {
	t.Helper()
	zone := shanghai(t)
	cuts := []time.Month{time.January, time.February, time.March, time.May, time.July, time.September, time.November}
	var page bytes.Buffer
	page.WriteString("| what | known | to the end of | 80% holds | 95% holds | width of the 95% | mean error | bias |\n|---|---|---|---|---|---|---|---|\n")
	for _, kind := range []struct {
		name    string
		rate    bool
		history bool
	}{
		{"answered calls", false, true},
		{"answered calls", false, false},
		{"answer rate", true, true},
		{"answer rate", true, false},
	} {
		var all covered
		known := "the year before"
		if !kind.history {
			known = "this year alone"
		}
		for _, m := range cuts {
			var at covered
			for _, y := range years {
				past := y.past
				if !kind.history {
					past = nil
				}
				days, cut := seenTo(y.year, time.Date(2026, m+1, 1, 0, 0, 0, 0, zone))
				o := kpi.Volume(volumes(days, kind.rate), cut, volumes(past, kind.rate))
				truth := sumOf(y.year)
				value := float64(truth.Num)
				if kind.rate {
					o = kpi.Rate(days, cut, past, o)
					value /= float64(truth.Den)
				}
				if o == nil {
					t.Fatalf("%s at the end of %s: no forecast", kind.name, m)
				}
				at.add(o.Forecast, value)
			}
			line(&page, kind.name, known, m.String(), &at)
			all.merge(at)
		}
		line(&page, kind.name, known, "**all**", &all)
		for _, level := range []struct{ stated, have float64 }{{0.80, all.share(all.in80)}, {0.95, all.share(all.in95)}} {
			if !credible(level.have, level.stated, all.n, len(years)) {
				t.Errorf("%s, with %s: the %.0f%% intervals hold %.1f%% of %d", kind.name, known, 100*level.stated, 100*level.have, all.n)
			}
		}
	}
	t.Logf("\n%s", page.String())
	return page.String()
}

func sumOf(days []kpi.DayCount) (r kpi.Ratio) {
	for i := range days {
		r.Num += days[i].Count
		r.Den += days[i].Of
	}
	return r
}

func line(w *bytes.Buffer, name, known, at string, c *covered) {
	n := float64(c.n)
	fmt.Fprintf(w, "| %s | %s | %s | %.0f%% | %.0f%% | %.1f%% | %.1f%% | %+.1f%% |\n",
		name, known, at, 100*c.share(c.in80), 100*c.share(c.in95), 100*c.width/n, 100*c.error/n, 100*c.bias/n)
}

// inDocs holds the page's table against what it should be.
func inDocs(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- back-test -->\n", "<!-- end of back-test -->"
	data, err := os.ReadFile(forecastPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the back-test's table", forecastPage)
	}
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(forecastPage, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the back-test's table in %s is not this one: run go test ./internal/simulate -run Forecasts -update", forecastPage)
	}
}

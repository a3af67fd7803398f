package simulate

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline12333/internal/kpi"
)

var update = flag.Bool("update", false, "write testdata and the tables of docs again")

// The years that forecasts are tried on: pairs of a year and the one before it, from
// simulated hotlines whose second year differs from their first by more or fewer calls, by
// other months, by a trend, or by what happens in it.
const (
	forecastYears = "testdata/years.txt"
	forecastPairs = 32
	forecastPage  = "../../docs/forecast.md"
)

// hotlinePair is what differs between two years of a hotline.
type hotlinePair struct {
	scenario string // of the second year
	seed     uint64
}

func pairs(seed uint64) []hotlinePair {
	var list []hotlinePair
	for i := range forecastPairs {
		p := hotlinePair{scenario: "normal-year", seed: seed + uint64(i)}
		switch i % 8 {
		case 5:
			p.scenario = "benefit-surge"
		case 6:
			p.scenario = "five-leave"
		case 7:
			p.scenario = "pbx-outage"
		}
		list = append(list, p)
	}
	return list
}

// scenarioOf is the hotline of a pair in 2025 or 2026. What changes from year to year:
// growth by 6%, a trend of 6% within the year, each month by 4% (standard deviations).
func (h hotlinePair) scenarioOf(t testing.TB, year int) *Scenario {
	t.Helper()
	name := h.scenario
	if year == 2025 && name != "five-leave" { // whose seats and calls are its own
		name = "normal-year"
	}
	s, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(h.seed, 12333))
	s.Arrivals.PerDay *= 0.85 + 0.25*rng.Float64()
	s.Arrivals.Months = slices.Clone(s.Arrivals.Months)
	if year == 2025 {
		return s
	}
	s.Arrivals.PerDay *= math.Exp(0.06 * rng.NormFloat64())
	trend := 0.06 * rng.NormFloat64()
	for m := range s.Arrivals.Months {
		s.Arrivals.Months[m] *= math.Exp(0.04*rng.NormFloat64() + trend*(float64(m)-5.5)/5.5)
	}
	return s
}

// yearOf counts the days of a simulated year: answered calls and requests.
func (h hotlinePair) yearOf(t testing.TB, year int, zone *time.Location) ([]kpi.DayCount, error) {
	scenario := h.scenarioOf(t, year)
	plan, err := scenario.compile()
	if err != nil {
		return nil, err
	}
	s, err := New(Options{
		Scenario: scenario, Seed: h.seed + uint64(year)<<32,
		From: time.Date(year, 1, 1, 0, 0, 0, 0, zone), To: time.Date(year+1, 1, 1, 0, 0, 0, 0, zone),
	})
	if err != nil {
		return nil, err
	}
	days, err := kpi.YearDays(year, zone, plan.calendar.IsWorkingDay)
	if err != nil {
		return nil, err
	}
	var entries []kpi.Entry
	for e, err := range s.Backfill(time.Time{}) {
		if err != nil {
			return nil, err
		}
		if e.Call == nil {
			continue
		}
		entry := kpi.Entry{Key: kpi.Key{Bucket: e.Call.StartedAt}, Tally: kpi.One(e.Call)}
		if !plan.calendar.InService(e.Call.StartedAt) {
			entry.Tally.OutsideService()
		}
		entries = append(entries, entry)
	}
	kpi.FillDays(days, entries, time.Date(year+1, 1, 1, 0, 0, 0, 0, zone), nil, func(t *kpi.Tally) kpi.Ratio {
		return kpi.Ratio{Num: t.Answered, Den: t.Requested()}
	})
	return days, nil
}

func writeYear(w *bytes.Buffer, h hotlinePair, year int, days []kpi.DayCount) {
	fmt.Fprintf(w, "%s %d %d", h.scenario, h.seed, year)
	for i := range days {
		d := &days[i]
		mark := ""
		if !d.Working {
			mark = "-"
		}
		fmt.Fprintf(w, " %s%d/%d", mark, d.Count, d.Of)
	}
	w.WriteByte('\n')
}

// simulated is a year and the one before it.
type simulated struct {
	hotlinePair
	past, year []kpi.DayCount
}

func readYears(t testing.TB, zone *time.Location) []simulated {
	t.Helper()
	data, err := os.ReadFile(forecastYears)
	if err != nil {
		t.Fatal(err)
	}
	return parseYears(t, data, zone)
}

func parseYears(t testing.TB, data []byte, zone *time.Location) []simulated {
	t.Helper()
	var list []simulated
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 3 || strings.HasPrefix(words[0], "#") {
			continue
		}
		seed, err1 := strconv.ParseUint(words[1], 10, 64)
		year, err2 := strconv.Atoi(words[2])
		if err1 != nil || err2 != nil {
			t.Fatalf("%s: %v %v", forecastYears, err1, err2)
		}
		days, err := kpi.YearDays(year, zone, func(time.Time) (bool, error) { return true, nil })
		if err != nil || len(days) != len(words)-3 {
			t.Fatalf("%s: %d days of %d (%v)", forecastYears, len(words)-3, year, err)
		}
		for i, w := range words[3:] {
			plain, off := strings.CutPrefix(w, "-")
			if _, err := fmt.Sscanf(plain, "%d/%d", &days[i].Count, &days[i].Of); err != nil {
				t.Fatalf("%s: %q: %v", forecastYears, w, err)
			}
			days[i].Working, days[i].Known = !off, true
		}
		if year == 2025 {
			list = append(list, simulated{hotlinePair: hotlinePair{words[0], seed}, past: days})
		} else {
			list[len(list)-1].year = days
		}
	}
	return list
}

// simulateYears writes the two years of each hotline, call by call.
func simulateYears(t testing.TB, all []hotlinePair, zone *time.Location) []byte {
	t.Helper()
	parts := make([]bytes.Buffer, len(all))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, h := range all {
		work.Go(func() error {
			for _, year := range []int{2025, 2026} {
				days, err := h.yearOf(t, year, zone)
				if err != nil {
					return err
				}
				writeYear(&parts[i], h, year, days)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	text.WriteString("# Simulated years, by TestForecastYearsAreSimulated: scenario, seed, year, then answered/requested of each day; - is before days off.\n")
	for i := range parts {
		text.Write(parts[i].Bytes())
	}
	return text.Bytes()
}

// The years of testdata are those that the simulation gives.
func TestForecastYearsAreSimulated(t *testing.T) {
	unread(t)
	if os.Getenv("HOTLINE_SOAK") == "" {
		t.Skip("simulates 64 years: HOTLINE_SOAK=1 compares them, and with -update writes them")
	}
	have := simulateYears(t, pairs(1000), shanghai(t))
	if *update {
		if err := os.WriteFile(forecastYears, have, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(forecastYears)
	if err != nil || !bytes.Equal(want, have) {
		t.Errorf("the simulated years are not those of %s (%v): run with -update", forecastYears, err)
	}
}

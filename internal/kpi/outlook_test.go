package kpi

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var beijing = time.FixedZone("+08", 8*3600)

// weekdays are worked, but for the first week of October.
func weekdaysOnly(day time.Time) (bool, error) {
	if day.Month() == time.October && day.Day() <= 7 {
		return false, nil
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday, nil
}

// steady is a year of so many calls a working day, known up to a day.
func steady(t testing.TB, year int, perDay int64, to time.Time) (days []DayCount, end int) {
	t.Helper()
	days, err := YearDays(year, beijing, weekdaysOnly)
	if err != nil {
		t.Fatal(err)
	}
	for i := range days {
		if !days[i].Date.Before(to) {
			continue
		}
		end = i + 1
		days[i].Known = true
		if days[i].Working {
			days[i].Count = perDay + int64(i%7) - 3
		}
	}
	return days, end
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, beijing)
}

func TestYearDays(t *testing.T) {
	for year, want := range map[int]int{2026: 365, 2028: 366} {
		days, _ := steady(t, year, 0, time.Time{})
		if len(days) != want || !days[0].Date.Equal(day(year, 1, 1)) || !days[want-1].Date.Equal(day(year, 12, 31)) {
			t.Errorf("%d has %d days", year, len(days))
		}
	}
}

func TestDaysAreFilledByTheirZone(t *testing.T) {
	days, _ := steady(t, 2026, 0, time.Time{})
	entry := func(at time.Time, answered int64) Entry {
		return Entry{Key: Key{Bucket: at.UTC()}, Tally: Tally{Calls: answered, Answered: answered}}
	}
	FillDays(days, []Entry{
		entry(day(2025, 12, 31).Add(23*time.Hour), 1000), // another year
		entry(day(2026, 1, 1), 1),
		entry(day(2026, 1, 1).Add(24*time.Hour-15*time.Minute), 2),
		entry(day(2026, 1, 2), 4),
		entry(day(2027, 1, 1), 1000),
	}, day(2026, 1, 4), func(d time.Time) bool { return d.Day() == 3 }, func(tl *Tally) Ratio { return Ratio{Num: tl.Answered, Den: tl.Requested()} })
	for i, want := range []struct {
		n     int64
		known bool
	}{{3, true}, {4, true}, {0, false}, {0, false}} {
		if days[i].Count != want.n || days[i].Of != want.n || days[i].Known != want.known {
			t.Errorf("day %d: %+v", i+1, days[i])
		}
	}
}

func TestPace(t *testing.T) {
	days, end := steady(t, 2026, 400, day(2026, 7, 1))
	p := PaceOf(days, end, nil, 100_000)
	done, all := 0, 0
	var sum int64
	for i := range days {
		if days[i].Working {
			all++
			if i < end {
				done++
			}
		}
		sum += days[i].Count
	}
	if p.Working != (Progress{done, all}) || p.ToDate != sum {
		t.Errorf("%+v, want %d of %d days and %d calls", p, done, all, sum)
	}
	if want := big.NewRat(100_000*int64(done), int64(all)); p.Expected.Cmp(want) != 0 {
		t.Errorf("expected to date %s, want %s", p.Expected.FloatString(3), want.FloatString(3))
	}
	if want := (100_000 - sum + int64(all-done) - 1) / int64(all-done); p.Needed != want || p.Left != 100_000-sum {
		t.Errorf("needed per day %d of %d left, want %d", p.Needed, p.Left, want)
	}
	// Needed is enough, and one less is not.
	if n := int64(all - done); p.ToDate+p.Needed*n < 100_000 || p.ToDate+(p.Needed-1)*n >= 100_000 {
		t.Errorf("%d per day on %d days", p.Needed, n)
	}
	if mean := p.Outlook.Forecast.Mean(); math.Abs(mean-float64(400*all)) > 0.01*mean {
		t.Errorf("400 calls a day on %d days are forecast as %.0f", all, mean)
	}
	whole, end := steady(t, 2026, 400, day(2027, 1, 1))
	if p = PaceOf(whole, end, nil, 200_000); p.Needed != -1 || p.Working.Done != p.Working.All {
		t.Errorf("after the last day %d are needed a day", p.Needed)
	}
	if low, high := p.Outlook.Forecast.Interval(0.95); low != float64(p.ToDate) || high != low {
		t.Errorf("after the last day the year is %d, forecast %f to %f", p.ToDate, low, high)
	}
	if p = PaceOf(whole, end, nil, 90_000); p.Left != 0 || p.Needed != 0 {
		t.Errorf("a target that is reached needs %d a day", p.Needed)
	}
	if first := PaceOf(days, 0, nil, 1); first.Outlook != nil {
		t.Error("a forecast from nothing")
	} else if _, ok := first.Ahead(); ok {
		t.Error("ahead of nothing")
	}
}

func TestForecastSaysWhatItKnows(t *testing.T) {
	past, _ := steady(t, 2025, 400, day(2026, 1, 1))
	width := func(o *Outlook) float64 {
		low, high := o.Forecast.Interval(0.95)
		if low80, high80 := o.Forecast.Interval(0.8); low80 < low || high80 > high {
			t.Errorf("80%% between %f and %f, 95%% between %f and %f", low80, high80, low, high)
		}
		return high - low
	}
	empty, _ := steady(t, 2026, 400, time.Time{})
	before := Volume(empty, 0, past)
	if before == nil || math.Abs(before.Forecast.Mean()-float64(sumCounts(past))) > 0.02*before.Forecast.Mean() {
		t.Fatalf("on New Year, with a year before: %+v", before)
	}
	if four, end := steady(t, 2026, 400, day(2026, 1, 7)); Volume(four, end, nil) != nil {
		t.Error("four working days say nothing about a year")
	}
	last := math.Inf(1)
	for _, m := range []time.Month{1, 3, 6, 9, 12} {
		days, end := steady(t, 2026, 400, day(2026, m, 15))
		with, without := Volume(days, end, past), Volume(days, end, nil)
		if width(with) >= width(without) {
			t.Errorf("in month %d the year before makes the forecast less sure: %f, %f", m, width(with), width(without))
		}
		if width(with) >= last {
			t.Errorf("in month %d less is known than before", m)
		}
		last = width(with)
		if !with.Season || without.Season {
			t.Error("which one has the season of a year before?")
		}
	}
}

func sumCounts(days []DayCount) (n int64) {
	for i := range days {
		n += days[i].Count
	}
	return n
}

// Days without data are left out of the level: a feed that was down does not forecast a
// quiet year. They are counted and told.
func TestGapsAreNotQuietDays(t *testing.T) {
	past, _ := steady(t, 2025, 400, day(2026, 1, 1))
	days, end := steady(t, 2026, 400, day(2026, 4, 1))
	whole := Volume(days, end, past)
	lost := int64(0)
	for i := 60; i < 74; i++ {
		lost += days[i].Count
		days[i].Known, days[i].Count = false, 0
	}
	holed := Volume(days, end, past)
	if holed.Gaps != 10 {
		t.Errorf("%d working days without data, want 10", holed.Gaps)
	}
	if got, want := holed.Forecast.Mean(), whole.Forecast.Mean()-float64(lost); math.Abs(got-want) > 0.01*want {
		t.Errorf("with ten days missing the year is forecast as %.0f, want about %.0f", got, want)
	}
}

func TestRateForecast(t *testing.T) {
	days, end := steady(t, 2026, 332, day(2026, 9, 1))
	for i := range days[:end] {
		if days[i].Working {
			days[i].Of = 400
		}
	}
	requests := append([]DayCount(nil), days...)
	for i := range requests {
		requests[i].Count, requests[i].Of = days[i].Of, 0
	}
	volume := Volume(requests, end, nil)
	o := Rate(days, end, nil, volume)
	if mean := o.Forecast.Mean(); math.Abs(mean-0.83) > 0.005 {
		t.Errorf("83%% so far is forecast as %f", mean)
	}
	if l := o.Forecast.Likelihood(1, Equals); l != Impossible || o.Forecast.AtLeast(1) != 0 {
		t.Errorf("after a loss 100%% is %s", l)
	}
	if l := o.Forecast.Likelihood(0.5, AtLeast); l != Certain {
		t.Errorf("50%% is %s", l)
	}
	if l := o.Forecast.Likelihood(0.83, AtLeast); l != Possible {
		t.Errorf("83%% is %s", l)
	}
	if Rate(days, end, nil, nil) != nil {
		t.Error("a rate of an unknown volume")
	}
}

func TestForecastIsADistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "parts")
		f := Forecast{low: 50, high: math.Inf(1)}
		for range n {
			f.parts = append(f.parts, normal{1 / float64(n), rapid.Float64Range(60, 1000).Draw(t, "mean"), rapid.Float64Range(0, 200).Draw(t, "sd")})
		}
		last := 0.0
		for _, q := range []float64{0.01, 0.1, 0.5, 0.9, 0.99} {
			x := f.Quantile(q)
			if x < last || x < f.low {
				t.Fatalf("quantile %f is %f after %f", q, x, last)
			}
			last = x
			if x > f.low && f.AtLeast(x*(1+1e-9)) > 1-q+1e-6 {
				t.Fatalf("%f or more has the probability %f, not %f", x, f.AtLeast(x), 1-q)
			}
		}
		if f.AtLeast(50) != 1 {
			t.Fatal("what has happened is certain")
		}
		wan := f.Scaled(0.0001)
		if a, b := f.Quantile(0.3), wan.Quantile(0.3); math.Abs(a-b*10_000) > 1e-6*a {
			t.Fatalf("in another unit %f is %f", a, b)
		}
	})
}

// As many losses as are left end at the target, and one more below it; by trying.
func TestAllowanceIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := Target{Num: rapid.Int64Range(0, 100).Draw(t, "percent"), Den: 100}
		requested := rapid.Int64Range(0, 5000).Draw(t, "requested")
		answered := rapid.Int64Range(0, requested).Draw(t, "answered")
		remaining := rapid.Int64Range(0, 5000).Draw(t, "remaining")
		a := target.Allow(Ratio{Num: answered, Den: requested}, remaining)
		met := func(lost int64) bool {
			return target.MetBy(Ratio{Num: answered + remaining - lost, Den: requested + remaining}) || requested+remaining == 0
		}
		if a.Gone() {
			if met(0) {
				t.Fatalf("%+v: gone, but reached when everybody is answered", a)
			}
			return
		}
		if !met(a.Most()) {
			t.Fatalf("%+v: %d lost miss the target", a, a.Most())
		}
		if a.Safe() != met(remaining) {
			t.Fatalf("%+v: safe %v", a, a.Safe())
		}
		if !a.Safe() && met(a.Most()+1) {
			t.Fatalf("%+v: one more than %d can be lost", a, a.Most())
		}
	})
	if a := AnswerRateTarget.Allow(Ratio{Num: 83, Den: 100}, 100); a.Left != 17 {
		t.Errorf("83 of 100 and 100 to come: %d left, want 17", a.Left)
	}
}

func TestRestOfDay(t *testing.T) {
	past := []SoFar{{200, 400}, {220, 420}, {180, 380}}
	for now, want := range map[int64]int64{200: 200, 250: 233, 0: 67} {
		if got, ok := RestOfDay(past, now); !ok || got != want {
			t.Errorf("after %d of usually 200, %d are expected, want %d", now, got, want)
		}
	}
	if _, ok := RestOfDay(nil, 100); ok {
		t.Error("no day of the kind is known")
	}
}

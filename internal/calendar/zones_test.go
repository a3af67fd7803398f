package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/calendar"
)

// everyDay has the same hours on every day of any year.
func everyDay(t *testing.T, in *time.Location, list ...string) calendar.Calendar {
	t.Helper()
	h := hours(t, list...)
	return made(t, calendar.Spec{
		Zone: in, AnyYear: true, Regimes: []calendar.Regime{{Week: calendar.Week{Days: [7][]calendar.Hours{h, h, h, h, h, h, h}}}},
	})
}

// Where clocks are changed, service is when they show service hours: time that is left out
// is not served, time that happens twice is served twice.
func TestClocksThatChange(t *testing.T) {
	for _, tc := range []struct {
		about, zone, hours, day string
		want                    string // in UTC
	}{
		{"an ordinary day", "Europe/Berlin", "02:15-03:45", "2026-03-28", "01:15-02:45"},
		{"02:00 becomes 03:00", "Europe/Berlin", "01:30-03:30", "2026-03-29", "00:30-01:30"},
		{"begins in the gap", "Europe/Berlin", "02:15-03:45", "2026-03-29", "01:00-01:45"},
		{"ends in the gap", "Europe/Berlin", "01:15-02:45", "2026-03-29", "00:15-01:00"},
		{"all in the gap", "Europe/Berlin", "02:15-02:45", "2026-03-29", ""},
		{"03:00 becomes 02:00", "Europe/Berlin", "01:30-03:30", "2026-10-25", "23:30-02:30"},
		{"begins in what happens twice", "Europe/Berlin", "02:15-03:45", "2026-10-25", "00:15-01:00 01:15-02:45"},
		{"ends in it", "Europe/Berlin", "01:15-02:45", "2026-10-25", "23:15-00:45 01:00-01:45"},
		{"all in it", "Europe/Berlin", "02:15-02:45", "2026-10-25", "00:15-00:45 01:15-01:45"},
		{"two spans in it", "Europe/Berlin", "02:00-02:15 02:30-02:45", "2026-10-25", "00:00-00:15 00:30-00:45 01:00-01:15 01:30-01:45"},
		{"over midnight into the gap", "Europe/Berlin", "22:00-02:30", "2026-03-28", "21:00-01:00"},
		{"over midnight into what happens twice", "Europe/Berlin", "22:00-02:30", "2026-10-24", "20:00-00:30 01:00-01:30"},
		{"half an hour left out", "Australia/Lord_Howe", "01:00-04:00", "2026-10-04", "14:30-17:00"},
		{"half an hour twice", "Australia/Lord_Howe", "01:00-04:00", "2026-04-05", "14:00-17:30"},
		{"midnight left out", "Africa/Cairo", "00:00-02:00", "2026-04-24", "22:00-23:00"},
		{"midnight twice", "Africa/Cairo", "22:00-24:00", "2026-10-29", "19:00-22:00"},
		{"a day that never was", "Pacific/Apia", "08:00-16:00", "2011-12-30", ""},
	} {
		t.Run(tc.about, func(t *testing.T) {
			in := zone(t, tc.zone)
			c := everyDay(t, in, strings.Fields(tc.hours)...)
			d := day(t, tc.day)
			from, to := d.Start(in), (d + 1).Start(in)
			if strings.HasPrefix(tc.about, "over midnight") {
				from, to = from.Add(12*time.Hour), to.Add(12*time.Hour)
			}
			spans, err := c.ServiceSpans(from, to)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var sum time.Duration
			for _, s := range spans {
				got = append(got, s.From.UTC().Format("15:04")+"-"+s.To.UTC().Format("15:04"))
				sum += s.Duration()
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("in service %s, want %s", strings.Join(got, " "), tc.want)
			}
			if d, err := c.Working(from, to); err != nil || d != sum {
				t.Errorf("%v of service (%v), want %v", d, err, sum)
			}
		})
	}
}

// A term that ends at a time of day which that day leaves out ends when the clocks go on.
func TestTermsWhereClocksChange(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, tc := range []struct {
		deadline    calendar.Deadline
		since, want string
	}{
		{calendar.SameTime, "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		{calendar.SameTime, "2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00"}, // the first of two
		{calendar.EndOfDay, "2026-03-28T02:30:00+01:00", "2026-03-30T00:00:00+02:00"},
		{calendar.CloseOfService, "2026-10-24T12:00:00+02:00", "2026-10-25T23:00:00+01:00"},
	} {
		h := hours(t, "00:00-23:00")
		c := made(t, calendar.Spec{
			Zone: berlin, AnyYear: true, Deadline: tc.deadline, WorkingWeek: [7]bool{true, true, true, true, true, true, true},
			Regimes: []calendar.Regime{{Week: calendar.Week{Days: [7][]calendar.Hours{h, h, h, h, h, h, h}}}},
		})
		got, err := c.AddWorkingDays(at(t, tc.since), 1)
		if err != nil || !got.Equal(at(t, tc.want)) {
			t.Errorf("%s after %s: %s (%v), want %s", tc.deadline, tc.since, got, err, tc.want)
		}
	}
	cairo := everyDay(t, zone(t, "Africa/Cairo"), "00:00-24:00")
	if got := day(t, "2026-04-24").Start(cairo.Zone()); !got.Equal(at(t, "2026-04-23T22:00:00Z")) {
		t.Errorf("the day without a midnight begins %s", got)
	}
}

func TestDateOf(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		in := zone(t, rapid.SampledFrom([]string{"Asia/Shanghai", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "UTC"}).Draw(r, "zone"))
		at := time.Unix(rapid.Int64Range(-4e9, 4e9).Draw(r, "unix"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanos"))
		d := calendar.DateOf(at, in)
		y, m, day := at.In(in).Date()
		if dy, dm, dd := d.Civil(); dy != y || dm != m || dd != day || d != calendar.NewDate(y, m, day) || d.String() != at.In(in).Format(time.DateOnly) {
			r.Fatalf("%s is on %s", at.In(in), d)
		}
		if begins := d.Start(in); begins.After(at) || !(d + 1).Start(in).After(at) {
			r.Fatalf("%s is on %s, which begins %s", at.In(in), d, begins)
		}
	})
}

// night is in service from Monday's evening to the next morning, on to Saturday's.
func night(t *testing.T, known ...int) calendar.Calendar {
	t.Helper()
	spec := calendar.Spec{
		Name: "night", Zone: zone(t, "Asia/Shanghai"), Years: map[int]calendar.Year{},
		Regimes: []calendar.Regime{{Week: weekOf(t, "20:00-02:00")}},
	}
	for _, y := range known {
		spec.Years[y] = calendar.Year{Off: days(t, fmt.Sprintf("%d-01-01", y), fmt.Sprintf("%d-05-01", y))}
	}
	return made(t, spec)
}

func TestServiceAcrossMidnight(t *testing.T) {
	c := night(t, 2025, 2026)
	for when, want := range map[string]bool{
		"2026-03-02T19:59:59+08:00": false, // Monday
		"2026-03-02T01:59:59+08:00": false, // after a Sunday
		"2026-03-02T20:00:00+08:00": true,
		"2026-03-03T01:59:59+08:00": true,
		"2026-03-03T02:00:00+08:00": false,
		"2026-03-07T01:00:00+08:00": true,  // Saturday: Friday's night
		"2026-03-08T01:00:00+08:00": false, // Sunday
		"2026-05-01T01:00:00+08:00": true,  // a day off: the night of the day before
		"2026-05-01T21:00:00+08:00": false,
		"2026-01-01T01:00:00+08:00": true, // from the year before
	} {
		if got := c.InService(at(t, when)); got != want {
			t.Errorf("%s: in service %v", when, got)
		}
	}
	if d, err := c.Working(at(t, "2026-05-01T00:00:00+08:00"), at(t, "2026-05-02T00:00:00+08:00")); err != nil || d != 2*time.Hour {
		t.Errorf("%v of service on a day off (%v)", d, err)
	}
	end, err := c.AddWorkingDays(at(t, "2026-03-02T10:00:00+08:00"), 1)
	if err != nil || !end.Equal(at(t, "2026-03-04T02:00:00+08:00")) {
		t.Errorf("a term ends %s (%v) when Tuesday's service does", end, err)
	}
	// The first hours of a year belong to the last day of the one before.
	alone := night(t, 2026)
	newYear := at(t, "2025-12-31T16:00:00Z")
	if alone.Covers(newYear) || alone.Check(newYear, newYear.AddDate(0, 1, 0)) == nil {
		t.Error("the first hours of 2026 are taken for known without 2025")
	}
	if !alone.Covers(newYear.Add(2*time.Hour)) || alone.Check(newYear.Add(2*time.Hour), newYear.AddDate(1, 0, 0)) != nil {
		t.Error("the rest of 2026 is not known")
	}
}

// Everything that is computed agrees with looking at every quarter hour by itself.
func TestAgainstQuarterHours(t *testing.T) {
	const quarter = 15 * time.Minute
	rapid.Check(t, func(r *rapid.T) {
		in := zone(t, rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"}).Draw(r, "zone"))
		c := drawn(t, r, in)
		from := time.Date(2026, 1, 2, 0, 0, 0, 0, in).Add(time.Duration(rapid.IntRange(0, 340*96).Draw(r, "from")) * quarter)
		n := rapid.IntRange(0, 12*96).Draw(r, "quarters")
		to := from.Add(time.Duration(n) * quarter)
		spans, err := c.ServiceSpans(from, to)
		if err != nil {
			r.Fatal(err)
		}
		var served time.Duration
		opening := time.Time{}
		for q := from; q.Before(to); q = q.Add(quarter) {
			in := c.InService(q)
			inside := false
			for _, s := range spans {
				inside = inside || !q.Before(s.From) && !q.Add(quarter).After(s.To)
			}
			if in != inside || in != c.InService(q.Add(quarter-1)) {
				r.Fatalf("%s: in service %v, in a span %v", q, in, inside)
			}
			if in {
				served += quarter
				if opening.IsZero() {
					opening = q
				}
			}
		}
		for i := 1; i < len(spans); i++ {
			if !spans[i-1].To.Before(spans[i].From) {
				r.Fatalf("spans %v and %v are not apart", spans[i-1], spans[i])
			}
		}
		if d, err := c.Working(from, to); err != nil || d != served {
			r.Fatalf("%v of service (%v), want %v", d, err, served)
		}
		if opening.IsZero() {
			return
		}
		if got, err := c.NextOpening(from); err != nil || !got.Equal(opening) {
			r.Fatalf("opens %s (%v), want %s", got, err, opening)
		}
		// AddWorking is the first instant by which Working has grown so far.
		part := time.Duration(rapid.Int64Range(1, int64(served)).Draw(r, "part"))
		when, err := c.AddWorking(from, part)
		if err != nil {
			r.Fatal(err)
		}
		if d, err := c.Working(from, when); err != nil || d != part {
			r.Fatalf("%v of service up to %s (%v), want %v", d, when, err, part)
		}
		if d, _ := c.Working(from, when.Add(-1)); d != part-1 {
			r.Fatalf("%s is not the first instant", when)
		}
	})
}

// drawn is a calendar of 2025 to 2027 with breaks, nights, seasons and days off.
func drawn(t *testing.T, r *rapid.T, in *time.Location) calendar.Calendar {
	parts := func(label string) []calendar.Hours {
		var out []calendar.Hours
		edge := 0
		for i := range rapid.IntRange(0, 3).Draw(r, label) {
			from := edge + rapid.IntRange(0, 20).Draw(r, "gap")
			to := from + rapid.IntRange(1, 40).Draw(r, "length")
			if from >= 96 {
				break
			}
			out = append(out, calendar.Hours{From: from * 15, To: min(to, from+96) * 15})
			if edge = to; i == 2 || to > 96 {
				break
			}
		}
		return out
	}
	week := func() (w calendar.Week) {
		for d := range w.Days {
			w.Days[d] = parts("day")
		}
		w.Makeup, w.Holiday = parts("makeup"), parts("holiday")
		return w
	}
	spec := calendar.Spec{
		Zone: in, Years: map[int]calendar.Year{2025: {}, 2026: {}, 2027: {}},
		Regimes: []calendar.Regime{{Week: week()}, {Since: day(t, "2026-05-07"), Week: week(), Seasons: []calendar.Season{{
			From: calendar.MonthDay{Month: time.October, Day: 20}, To: calendar.MonthDay{Month: time.March, Day: 31}, Week: week(),
		}}}},
	}
	for y := 2025; y <= 2027; y++ { // in order: what is drawn must mean the same when drawn again
		first := calendar.NewDate(y, time.January, 1)
		seen := map[calendar.Date]bool{}
		year := calendar.Year{}
		for range rapid.IntRange(0, 40).Draw(r, "listed") {
			d := first + calendar.Date(rapid.IntRange(0, 364).Draw(r, "date"))
			switch {
			case seen[d]:
			case workweek[d.Weekday()]:
				year.Off = append(year.Off, d)
			default:
				year.Working = append(year.Working, d)
			}
			seen[d] = true
		}
		spec.Years[y] = year
	}
	return made(t, spec)
}

// Counting working days and adding them are each other's reverse.
func TestWorkingDaysAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawn(t, r, zone(t, "Asia/Shanghai"))
		at := func(label string) time.Time {
			return time.Date(2026, 1, 1, 0, 0, 0, 0, c.Zone()).Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(r, label)) * time.Minute)
		}
		a, b, e := at("a"), at("b"), at("e")
		if b.Before(a) {
			a, b = b, a
		}
		if e.Before(b) {
			b, e = e, b
		}
		if b.Before(a) {
			a, b = b, a
		}
		count := func(from, to time.Time) int {
			n, err := c.WorkingDays(from, to)
			if err != nil {
				r.Fatal(err)
			}
			return n
		}
		if count(a, b)+count(b, e) != count(a, e) {
			r.Fatalf("working days do not add up: %s %s %s", a, b, e)
		}
		n := rapid.IntRange(1, 60).Draw(r, "n")
		end, err := c.AddWorkingDays(a, n)
		if err != nil {
			r.Fatal(err)
		}
		// The last day is the n-th after that of a; service may go on into the day after.
		tomorrow := a.AddDate(0, 0, 1)
		if last := end.Add(-1); count(tomorrow, last.AddDate(0, 0, 1)) != n && count(tomorrow, last) != n {
			r.Fatalf("%d working days after %s end %s", n, a, end)
		}
		if further, err := c.AddWorkingDays(b, n); err != nil || further.Before(end) {
			r.Fatalf("a term that begins later, %s, ends earlier: %s, not %s (%v)", b, further, end, err)
		}
	})
}

package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/calendar"
)

var workweek = [7]bool{false, true, true, true, true, true, false}

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func days(t *testing.T, list ...string) []calendar.Date {
	t.Helper()
	var out []calendar.Date
	for _, s := range list {
		part, err := calendar.ParseDates(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part...)
	}
	return out
}

func hours(t *testing.T, list ...string) []calendar.Hours {
	t.Helper()
	var out []calendar.Hours
	for _, s := range list {
		h, err := calendar.ParseHours(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

// weekOf has the same hours from Monday to Friday and on make-up days.
func weekOf(t *testing.T, list ...string) calendar.Week {
	t.Helper()
	h := hours(t, list...)
	return calendar.Week{Days: [7][]calendar.Hours{nil, h, h, h, h, h, nil}, Makeup: h}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func made(t *testing.T, spec calendar.Spec) calendar.Calendar {
	t.Helper()
	if spec.Name == "" {
		spec.Name = "test"
	}
	if spec.WorkingWeek == [7]bool{} {
		spec.WorkingWeek = workweek
	}
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// china is 2026 as the built-in file has it, with an afternoon hour less in summer, longer
// hours since September, a short day, and the night of New Year's Eve.
func china(t *testing.T) calendar.Calendar {
	t.Helper()
	return made(t, calendar.Spec{
		Name: "cn-2026", Zone: zone(t, "Asia/Shanghai"),
		Regimes: []calendar.Regime{
			{
				Week: weekOf(t, "08:30-12:00", "14:00-17:30"),
				Seasons: []calendar.Season{{
					From: calendar.MonthDay{Month: time.June, Day: 1}, To: calendar.MonthDay{Month: time.August, Day: 31},
					Week: weekOf(t, "08:30-12:00", "15:00-18:00"),
				}},
			},
			{Since: day(t, "2026-09-01"), Week: weekOf(t, "08:00-18:00")},
		},
		Special: map[calendar.Date][]calendar.Hours{day(t, "2026-02-13"): hours(t, "08:30-12:00")},
		Years: map[int]calendar.Year{2026: {
			Off: days(t, "2026-01-01..2026-01-03", "2026-02-15..2026-02-23", "2026-04-04..2026-04-06",
				"2026-05-01..2026-05-05", "2026-06-19..2026-06-21", "2026-09-25..2026-09-27", "2026-10-01..2026-10-07"),
			Working: days(t, "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
		}},
	})
}

func TestInService(t *testing.T) {
	c := china(t)
	for when, want := range map[string]bool{
		"2026-01-05T08:29:59+08:00":     false, // a Monday, before opening
		"2026-01-05T08:30:00+08:00":     true,
		"2026-01-05T11:59:59.999+08:00": true,
		"2026-01-05T12:00:00+08:00":     false, // the break
		"2026-01-05T13:59:59+08:00":     false,
		"2026-01-05T14:00:00+08:00":     true,
		"2026-01-05T17:29:59+08:00":     true,
		"2026-01-05T17:30:00+08:00":     false,
		"2026-01-05T00:30:00Z":          true, // the same clock, told from elsewhere
		"2026-01-04T09:00:00+08:00":     true, // a Sunday worked for New Year
		"2026-01-02T09:00:00+08:00":     false,
		"2026-01-10T09:00:00+08:00":     false, // a Saturday like any
		"2026-02-13T09:00:00+08:00":     true,  // the Friday that ends at noon
		"2026-02-13T15:00:00+08:00":     false,
		"2026-02-14T15:00:00+08:00":     true,  // a working Saturday
		"2026-02-16T15:00:00+08:00":     false, // a Monday off
		"2026-05-29T17:15:00+08:00":     true,
		"2026-05-29T17:45:00+08:00":     false,
		"2026-06-01T14:15:00+08:00":     false, // the first day of summer hours
		"2026-06-01T17:45:00+08:00":     true,
		"2026-08-31T17:45:00+08:00":     true,  // and their last
		"2026-09-01T12:30:00+08:00":     true,  // other hours since that day
		"2026-08-31T12:30:00+08:00":     false, // leave the day before as it was
	} {
		if got := c.InService(at(t, when)); got != want {
			t.Errorf("%s: in service %v", when, got)
		}
	}
}

// A term of 2 days that begins on the last afternoon before the national holiday, and what
// else can happen to one.
func TestTerms(t *testing.T) {
	spec := calendar.Spec{
		Zone: zone(t, "Asia/Shanghai"), Regimes: []calendar.Regime{{Week: weekOf(t, "08:30-12:00", "14:00-17:30")}},
		Years: map[int]calendar.Year{2026: {
			Off:     days(t, "2026-05-01..2026-05-05", "2026-10-01..2026-10-07"),
			Working: days(t, "2026-05-09", "2026-10-10"),
		}},
		Special: map[calendar.Date][]calendar.Hours{
			day(t, "2026-03-20"): nil,
			day(t, "2026-03-23"): {{From: 22 * 60, To: 32 * 60}}, day(t, "2026-03-24"): {{From: 15, To: 225}},
		},
	}
	for _, tc := range []struct {
		deadline    calendar.Deadline
		since       string
		days        int
		want, about string
	}{
		{"", "2026-09-30T16:00:00+08:00", 2, "2026-10-09T17:30:00+08:00", "the first day is not counted, nor is the holiday"},
		{"", "2026-09-30T16:00:00+08:00", 1, "2026-10-08T17:30:00+08:00", "the day after the holiday"},
		{"", "2026-09-30T16:00:00+08:00", 3, "2026-10-10T17:30:00+08:00", "a worked Saturday counts"},
		{"", "2026-09-30T16:00:00+08:00", 4, "2026-10-12T17:30:00+08:00", "and the Sunday does not"},
		{"", "2026-09-29T16:00:00Z", 1, "2026-10-08T17:30:00+08:00", "midnight in the zone: the term begins on the 30th"},
		{"", "2026-10-03T10:00:00+08:00", 1, "2026-10-08T17:30:00+08:00", "begun on a day off"},
		{"", "2026-03-02T07:00:00+08:00", 1, "2026-03-03T17:30:00+08:00", "begun before opening"},
		{"", "2026-03-02T23:59:59+08:00", 1, "2026-03-03T17:30:00+08:00", "begun after the close"},
		{"", "2026-03-19T10:00:00+08:00", 1, "2026-03-21T00:00:00+08:00", "a working day without service ends at midnight"},
		{"", "2026-03-23T10:00:00+08:00", 1, "2026-03-24T08:00:00+08:00", "the night before ends after the day's own hours"},
		{"", "2026-03-02T10:00:00+08:00", 0, "2026-03-02T17:30:00+08:00", "the same day"},
		{"", "2026-03-02T17:30:00+08:00", 0, "2026-03-02T17:30:00+08:00", "at the close itself"},
		{"", "2026-03-02T17:31:00+08:00", 0, "2026-03-03T17:30:00+08:00", "the same day is over"},
		{"", "2026-10-01T10:00:00+08:00", 0, "2026-10-08T17:30:00+08:00", "the same day is off"},
		{calendar.EndOfDay, "2026-09-30T16:00:00+08:00", 2, "2026-10-10T00:00:00+08:00", "until midnight"},
		{calendar.EndOfDay, "2026-03-02T23:00:00+08:00", 0, "2026-03-03T00:00:00+08:00", "until midnight of the day"},
		{calendar.SameTime, "2026-09-30T16:00:00+08:00", 2, "2026-10-09T16:00:00+08:00", "until the same time"},
		{calendar.SameTime, "2026-09-30T16:00:07.5+08:00", 2, "2026-10-09T16:00:07.5+08:00", "to the fraction"},
		{calendar.SameTime, "2026-03-02T07:00:00+08:00", 1, "2026-03-03T08:30:00+08:00", "not before opening"},
		{calendar.SameTime, "2026-03-02T12:30:00+08:00", 1, "2026-03-03T14:00:00+08:00", "not in the break"},
		{calendar.SameTime, "2026-03-02T12:00:00+08:00", 1, "2026-03-03T14:00:00+08:00", "nor when it begins"},
		{calendar.SameTime, "2026-03-02T20:00:00+08:00", 1, "2026-03-03T17:30:00+08:00", "nor after the close"},
		{calendar.SameTime, "2026-03-19T10:00:00+08:00", 1, "2026-03-20T10:00:00+08:00", "a working day without service"},
		{calendar.SameTime, "2026-03-02T10:00:00+08:00", 0, "2026-03-02T10:00:00+08:00", "at once"},
	} {
		spec.Deadline = tc.deadline
		got, err := made(t, spec).AddWorkingDays(at(t, tc.since), tc.days)
		if err != nil || !got.Equal(at(t, tc.want)) {
			t.Errorf("%s: %d working days after %s end %s (%v), want %s", tc.about, tc.days, tc.since, got, err, tc.want)
		}
	}
	for _, n := range []int{-1, 10_001} {
		if _, err := made(t, spec).AddWorkingDays(at(t, "2026-03-02T10:00:00+08:00"), n); err == nil {
			t.Errorf("a term of %d days is taken", n)
		}
	}
}

func TestWorkingTime(t *testing.T) {
	c := china(t)
	for _, tc := range []struct {
		from, to string
		want     time.Duration
	}{
		{"2026-02-13T11:00:00+08:00", "2026-02-24T09:00:00+08:00", time.Hour + 7*time.Hour + 30*time.Minute},
		{"2026-02-14T12:00:00+08:00", "2026-02-14T14:00:00+08:00", 0},
		{"2026-02-16T00:00:00+08:00", "2026-02-17T00:00:00+08:00", 0},
		{"2026-05-29T00:00:00+08:00", "2026-06-02T00:00:00+08:00", 7*time.Hour + 6*time.Hour + 30*time.Minute},
		{"2026-03-02T10:00:00+08:00", "2026-03-02T10:00:00+08:00", 0},
		{"2026-03-02T10:00:01.5+08:00", "2026-03-02T10:00:02+08:00", 500 * time.Millisecond},
	} {
		got, err := c.Working(at(t, tc.from), at(t, tc.to))
		back, backErr := c.Working(at(t, tc.to), at(t, tc.from))
		if got != tc.want || err != nil || back != -tc.want || backErr != nil {
			t.Errorf("%s to %s: %v, and back %v (%v), want %v", tc.from, tc.to, got, back, errors.Join(err, backErr), tc.want)
		}
	}
	for _, tc := range []struct {
		from string
		d    time.Duration
		want string
	}{
		{"2026-02-13T11:00:00+08:00", 0, "2026-02-13T11:00:00+08:00"},
		{"2026-02-13T20:00:00+08:00", 0, "2026-02-13T20:00:00+08:00"},
		{"2026-02-13T11:00:00+08:00", time.Hour, "2026-02-13T12:00:00+08:00"}, // the close, not the next opening
		{"2026-02-13T11:00:00+08:00", time.Hour + time.Nanosecond, "2026-02-14T08:30:00.000000001+08:00"},
		{"2026-02-14T17:00:00+08:00", time.Hour, "2026-02-24T09:00:00+08:00"}, // over the Spring Festival
		{"2026-12-31T17:30:00+08:00", 30 * time.Minute, "2026-12-31T18:00:00+08:00"},
	} {
		got, err := c.AddWorking(at(t, tc.from), tc.d)
		if err != nil || !got.Equal(at(t, tc.want)) {
			t.Errorf("%v of service after %s is %s (%v), want %s", tc.d, tc.from, got, err, tc.want)
		}
	}
	if _, err := c.AddWorking(at(t, "2026-02-13T11:00:00+08:00"), -time.Second); err == nil {
		t.Error("negative service time is taken")
	}
	for from, want := range map[string]string{
		"2026-02-14T17:29:59+08:00": "2026-02-14T17:29:59+08:00",
		"2026-02-14T17:30:00+08:00": "2026-02-24T08:30:00+08:00",
		"2026-02-24T12:00:00+08:00": "2026-02-24T14:00:00+08:00",
	} {
		if got, err := c.NextOpening(at(t, from)); err != nil || !got.Equal(at(t, want)) {
			t.Errorf("opens after %s at %s (%v), want %s", from, got, err, want)
		}
	}
}

// Nothing takes a year it has no days of for one without holidays.
func TestYearsWithoutData(t *testing.T) {
	c := china(t)
	evening, morning := at(t, "2026-12-31T18:00:00+08:00"), at(t, "2027-01-01T09:00:00+08:00")
	var missing *calendar.MissingYear
	for what, err := range map[string]error{
		"Check":          c.Check(evening, morning),
		"Check before":   c.Check(at(t, "2025-12-31T15:59:59Z"), evening),
		"AddWorkingDays": second(c.AddWorkingDays(evening, 1)),
		"same day":       second(c.AddWorkingDays(morning, 0)),
		"AddWorking":     second(c.AddWorking(evening, time.Second)),
		"Working":        second(c.Working(evening, morning)),
		"Working back":   second(c.Working(morning, evening)),
		"WorkingDays":    second(c.WorkingDays(evening, morning.AddDate(0, 0, 1))),
		"IsWorkingDay":   second(c.IsWorkingDay(morning)),
		"Sort":           second(c.Sort(morning)),
		"NextOpening":    second(c.NextOpening(evening)),
		"ServiceSpans":   second(c.ServiceSpans(evening, morning)),
	} {
		if !errors.As(err, &missing) || missing.Calendar != "cn-2026" || !strings.HasPrefix(missing.File, "calendar/cn-202") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"the year itself":     c.Check(at(t, "2025-12-31T16:00:00Z"), at(t, "2026-12-31T16:00:00Z")),
		"its last day":        second(c.WorkingDays(evening, morning)),
		"no time at all":      c.Check(morning, morning),
		"a term that ends":    second(c.AddWorkingDays(at(t, "2026-12-30T10:00:00+08:00"), 1)),
		"service that ends":   second(c.AddWorking(at(t, "2026-12-31T10:00:00+08:00"), 8*time.Hour)),
		"an opening before":   second(c.NextOpening(at(t, "2026-12-31T07:00:00+08:00"))),
		"up to the last hour": second(c.Working(at(t, "2026-12-31T10:00:00+08:00"), at(t, "2026-12-31T16:00:00Z"))),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if c.Covers(morning) || !c.Covers(evening) || c.Covers(at(t, "2025-12-31T15:59:59Z")) {
		t.Error("Covers another year than 2026")
	}
	// Where a caller does not ask, no loss is taken for one outside of service hours.
	if !c.InService(at(t, "2027-01-01T03:00:00+08:00")) {
		t.Error("a night of an unknown year is outside of service hours")
	}
	for when, want := range map[string]string{
		"2026-03-02T00:00:00Z": "2026-12-31T16:00:00Z",
		"2027-06-01T00:00:00Z": "2026-12-31T16:00:00Z",
		"2025-06-01T00:00:00Z": "2024-12-31T16:00:00Z",
	} {
		if end, ends := c.End(at(t, when)); !ends || !end.Equal(at(t, want)) {
			t.Errorf("seen from %s it ends %s, want %s", when, end, want)
		}
	}
}

func TestIgnoringHolidays(t *testing.T) {
	c := china(t).IgnoringHolidays()
	for when, want := range map[string]bool{
		"2026-02-16T09:00:00+08:00": true,  // off, were it kept
		"2026-02-14T09:00:00+08:00": false, // a Saturday like any
		"2031-02-14T17:45:00+08:00": true,
		"2031-02-14T18:00:00+08:00": false,
	} {
		if c.InService(at(t, when)) != want || !c.Covers(at(t, when)) {
			t.Errorf("%s: in service %v", when, !want)
		}
	}
	if end, err := c.AddWorkingDays(at(t, "2026-12-31T09:00:00+08:00"), 1); err != nil || !end.Equal(at(t, "2027-01-01T18:00:00+08:00")) {
		t.Errorf("a term ends %s (%v)", end, err)
	}
	if always := (calendar.Calendar{}).IgnoringHolidays(); always.Name() != calendar.Always {
		t.Errorf("always becomes %s", always.Name())
	}
}

func second[T any](_ T, err error) error { return err }

func TestSort(t *testing.T) {
	c := china(t)
	for when, want := range map[string]calendar.DaySort{
		"2026-01-05T03:00:00+08:00": calendar.Worked,
		"2026-01-04T23:59:59+08:00": calendar.MadeUp, // a Sunday worked for New Year
		"2026-01-04T16:00:00Z":      calendar.Worked, // Monday there
		"2026-01-10T09:00:00+08:00": calendar.RestDay,
		"2026-02-13T15:00:00+08:00": calendar.Worked,  // it ends at noon, but is worked
		"2026-02-15T09:00:00+08:00": calendar.Holiday, // a Sunday, and of the holidays
		"2026-02-16T09:00:00+08:00": calendar.Holiday,
	} {
		got, err := c.Sort(at(t, when))
		if works, _ := c.IsWorkingDay(at(t, when)); err != nil || got != want || works != (got == calendar.Worked || got == calendar.MadeUp) {
			t.Errorf("%s: %s, %v; worked: %v", when, got, err, works)
		}
	}
	if got, err := calendar.AlwaysIn(time.UTC).Sort(at(t, "2031-01-04T00:00:00Z")); err != nil || got != calendar.Worked {
		t.Errorf("always: %s, %v", got, err)
	}
}

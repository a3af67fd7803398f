package calendar

import (
	"fmt"
	"strings"
	"time"
)

// Date is a day of the calendar in any zone: the days since 1970-01-01.
type Date int

// NewDate takes days beyond the month's as time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

const secondsPerDay = 24 * 60 * 60

// DateOf is the day on which t falls in the zone.
func DateOf(t time.Time, zone *time.Location) Date {
	day, _ := shown(t, zone)
	return day
}

// shown is what clocks on the wall show: the day, and the minute of it.
func shown(t time.Time, zone *time.Location) (day Date, minute int) {
	_, offset := t.In(zone).Zone()
	seconds := t.Unix() + int64(offset)
	whole := seconds / secondsPerDay
	if seconds%secondsPerDay < 0 { // before 1970
		whole--
	}
	return Date(whole), int(seconds-whole*secondsPerDay) / 60
}

// ParseDate reads 2026-05-01.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date such as 2026-05-01", s)
	}
	return NewDate(t.Date()), nil
}

// ParseDates reads a day, 2026-05-01, or the days from one to another, both included:
// 2026-05-01..2026-05-05.
func ParseDates(s string) ([]Date, error) {
	a, b, ranged := strings.Cut(s, "..")
	if !ranged {
		b = a
	}
	from, err := ParseDate(a)
	if err != nil {
		return nil, err
	}
	to, err := ParseDate(b)
	if err != nil {
		return nil, err
	}
	if to < from || to-from > 366 {
		return nil, fmt.Errorf("%q is not a range of days: the first comes first, and a year is the most", s)
	}
	days := make([]Date, 0, to-from+1)
	for d := from; d <= to; d++ {
		days = append(days, d)
	}
	return days, nil
}

// wall is what clocks on the wall show at the beginning of the day, as if in UTC.
func (d Date) wall() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Civil is the day as year, month and day of the month.
func (d Date) Civil() (year int, month time.Month, day int) { return d.wall().Date() }

// Year the day is in.
func (d Date) Year() int { return d.wall().Year() }

// Weekday the day is.
func (d Date) Weekday() time.Weekday { return d.wall().Weekday() }

// String is 2026-05-01.
func (d Date) String() string { return d.wall().Format(time.DateOnly) }

// Start is the day's first instant in the zone: midnight, or the end of the hour that a
// change of the clocks leaves out there. Of a day that a zone never had it is that of the
// day after.
func (d Date) Start(zone *time.Location) time.Time {
	for {
		if s := instants(d.wall(), (d + 1).wall(), zone); len(s) > 0 {
			return s[0].From
		}
		d++
	}
}

// Span is a stretch of time, half-open.
type Span struct{ From, To time.Time }

// Duration is the length of the span.
func (s Span) Duration() time.Duration { return s.To.Sub(s.From) }

// farthest is more than any zone has ever been from UTC.
const farthest = 24 * time.Hour

// instants are those at which the clocks of the zone show a time in [from, to), which are
// given as if in UTC: none where they are put forward, several spans where they are set
// back. They are in order.
func instants(from, to time.Time, zone *time.Location) []Span {
	var out []Span
	for at := from.Add(-farthest); at.Before(to.Add(farthest)); {
		local := at.In(zone)
		_, seconds := local.Zone()
		offset := time.Duration(seconds) * time.Second
		begins, ends := local.ZoneBounds()
		s := Span{from.Add(-offset).In(zone), to.Add(-offset).In(zone)}
		if !begins.IsZero() && s.From.Before(begins) {
			s.From = begins
		}
		if !ends.IsZero() && s.To.After(ends) {
			s.To = ends
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
		if ends.IsZero() {
			break
		}
		at = ends
	}
	return out
}

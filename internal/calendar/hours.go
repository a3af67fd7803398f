package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const minutesOfDay = 24 * 60

// Hours is a part of a day in minutes since its midnight as clocks show it, half-open. An
// end beyond 24:00 reaches into the next day.
type Hours struct{ From, To int }

// ParseHours reads 08:30-12:00, on quarter hours. 20:00-02:00 ends on the next day;
// 00:00-24:00 is the whole day.
func ParseHours(s string) (Hours, error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		return Hours{}, fmt.Errorf("%q is not a part of the day such as 08:30-12:00", s)
	}
	from, err := ParseClock(a)
	if err != nil {
		return Hours{}, err
	}
	to, err := ParseClock(b)
	if err != nil {
		return Hours{}, err
	}
	if to < from {
		to += minutesOfDay
	}
	h := Hours{from, to}
	return h, h.check()
}

// ParseClock reads 08:30 as minutes since midnight; 24:00 is the end of the day.
func ParseClock(s string) (minutes int, err error) {
	if s == "24:00" {
		return minutesOfDay, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day such as 08:30", s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// String is 08:30-12:00.
func (h Hours) String() string {
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	to := h.To
	if to > minutesOfDay {
		to -= minutesOfDay
	}
	return clock(h.From) + "-" + clock(to)
}

func (h Hours) check() error {
	switch {
	case h.From%15 != 0 || h.To%15 != 0:
		return fmt.Errorf("%s does not begin and end on quarter hours: calls are counted by quarter hours, each must lie wholly in or out of service", h)
	case h.From < 0 || h.From >= minutesOfDay || h.From >= h.To || h.To > h.From+minutesOfDay:
		return fmt.Errorf("%s is no part of a day; the whole day is 00:00-24:00", h)
	}
	return nil
}

// CheckHours says what is wrong with the hours of one day: each begins and ends on quarter
// hours, and they follow one another.
func CheckHours(day []Hours) error {
	for i, h := range day {
		if err := h.check(); err != nil {
			return err
		}
		if i > 0 && h.From < day[i-1].To {
			return fmt.Errorf("%s begins before %s has ended", h, day[i-1])
		}
	}
	return nil
}

// ParseWeekday reads mon, tue, … sun.
func ParseWeekday(s string) (d time.Weekday, ok bool) {
	i := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, s)
	return time.Weekday(max(i, 0)), i >= 0
}

// Week is the service hours of each kind of day; no hours: closed.
type Week struct {
	Days    [7][]Hours // by time.Weekday: days that are nothing else
	Makeup  []Hours    // days worked although their weekday is not
	Holiday []Hours    // days off
}

// all the days a week tells of.
func (w *Week) all() [][]Hours { return append(w.Days[:], w.Makeup, w.Holiday) }

// SameHours is the hours that all the worked weekdays have; ok is false when they differ.
func (w *Week) SameHours(worked [7]bool) (hours []Hours, ok bool) {
	first := true
	for d, works := range worked {
		switch {
		case !works:
		case first:
			hours, first = w.Days[d], false
		case !slices.Equal(hours, w.Days[d]):
			return nil, false
		}
	}
	return hours, true
}

// MonthDay is a day of any year.
type MonthDay struct {
	Month time.Month
	Day   int
}

func (m MonthDay) compare(o MonthDay) int {
	return cmp.Or(cmp.Compare(m.Month, o.Month), cmp.Compare(m.Day, o.Day))
}

// of2000 is the day in a year that has every day.
func (m MonthDay) of2000() Date { return NewDate(2000, m.Month, m.Day) }

// Season is a part of each year with hours of its own, both ends included; one that ends
// before it begins goes over New Year.
type Season struct {
	From, To MonthDay
	Week     Week
}

// ParseSeason reads 06-01..09-30.
func ParseSeason(s string) (from, to MonthDay, err error) {
	a, b, ok := strings.Cut(s, "..")
	if !ok {
		return from, to, fmt.Errorf("%q is no part of the year such as 06-01..09-30", s)
	}
	if from, err = parseMonthDay(a); err != nil {
		return from, to, err
	}
	to, err = parseMonthDay(b)
	return from, to, err
}

func parseMonthDay(s string) (MonthDay, error) {
	t, err := time.Parse(time.DateOnly, "2000-"+s) // a leap year: 02-29 is a day of some years
	if err != nil {
		return MonthDay{}, fmt.Errorf("%q is no day of a year such as 06-01", s)
	}
	return MonthDay{t.Month(), t.Day()}, nil
}

func (s *Season) has(d Date) bool {
	_, month, day := d.Civil()
	at := MonthDay{month, day}
	after, before := s.From.compare(at) <= 0, at.compare(s.To) <= 0
	if s.From.compare(s.To) <= 0 {
		return after && before
	}
	return after || before
}

// Overlaps says whether a day of any year is in both seasons: then the first day of one is
// in the other.
func (s *Season) Overlaps(o *Season) bool {
	return s.has(o.From.of2000()) || o.has(s.From.of2000())
}

// Regime is the service hours from a day on.
type Regime struct {
	Since   Date // zero: from the beginning
	Week    Week
	Seasons []Season // in them the week is another one
}

func (r *Regime) week(d Date) *Week {
	for i := range r.Seasons {
		if r.Seasons[i].has(d) {
			return &r.Seasons[i].Week
		}
	}
	return &r.Week
}

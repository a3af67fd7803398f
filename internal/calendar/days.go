package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// IsWorkingDay says whether the day of t is worked. Of a year the calendar does not know
// the error is a *MissingYear, here and in everything below.
func (c Calendar) IsWorkingDay(t time.Time) (bool, error) {
	day := DateOf(t, c.Zone())
	if err := c.checkDays(day, day); err != nil {
		return false, err
	}
	return c.works(day), nil
}

func (c Calendar) works(d Date) bool { return c.rules == nil || c.rules.works(d) }

// DaySort is what sort of day one is.
type DaySort string

// The sorts of days. Of the calendar always every day is worked.
const (
	Worked  DaySort = "worked"
	MadeUp  DaySort = "made_up" // worked although its weekday is not (调休上班)
	RestDay DaySort = "rest_day"
	Holiday DaySort = "holiday" // off because its year says so, whatever its weekday
)

// Sort says what sort of day the day of t is.
func (c Calendar) Sort(t time.Time) (DaySort, error) {
	day := DateOf(t, c.Zone())
	if err := c.checkDays(day, day); err != nil {
		return "", err
	}
	switch {
	case c.rules == nil:
		return Worked, nil
	case c.rules.kinds[day] == off:
		return Holiday, nil
	case c.rules.kinds[day] == makeup:
		return MadeUp, nil
	case c.rules.works(day):
		return Worked, nil
	}
	return RestDay, nil
}

// WorkingDays counts the working days from the day of from up to the day of to, which is
// not counted: of a period that begins and ends at midnight, its working days. It is 0
// when to is not after from.
func (c Calendar) WorkingDays(from, to time.Time) (int, error) {
	first, end := DateOf(from, c.Zone()), DateOf(to, c.Zone())
	if err := c.checkDays(first, end-1); err != nil {
		return 0, err
	}
	n := 0
	for d := first; d < end; d++ {
		if c.works(d) {
			n++
		}
	}
	return n, nil
}

// mostWorkingDays bounds a term; a longer one is a mistake.
const mostWorkingDays = 10_000

// AddWorkingDays is when a term of n working days ends that begins at t. The day of t is
// not counted, whether it is worked or not, and the term ends on the n-th working day
// after it, at the time of day that the calendar's Deadline says. With n = 0 it ends on the
// day of t, or when that is not worked or over already, on the next working day.
func (c Calendar) AddWorkingDays(t time.Time, n int) (time.Time, error) {
	if n < 0 || n > mostWorkingDays {
		return time.Time{}, fmt.Errorf("a term of %d working days: not between 0 and %d", n, mostWorkingDays)
	}
	first := DateOf(t, c.Zone())
	day, left := first, n
	if n > 0 {
		day++
	}
	for ; ; day++ {
		if err := c.checkDays(day, day); err != nil {
			return time.Time{}, err
		}
		if !c.works(day) {
			continue
		}
		if left--; left > 0 {
			continue
		}
		if end := c.endOn(day, t); !end.Before(t) {
			return end, nil
		}
	}
}

// endOn is when on its last day, d, a term ends that began at t.
func (c Calendar) endOn(d Date, t time.Time) time.Time {
	midnight := (d + 1).Start(c.Zone())
	if c.deadline() == EndOfDay {
		return midnight
	}
	hours := c.hoursOf(d)
	var from time.Time // of clocks on the wall, as if in UTC
	if c.deadline() == SameTime {
		from = d.wall().Add(sinceMidnight(t.In(c.Zone())))
		if len(hours) == 0 {
			hours = []Hours{{0, minutesOfDay}}
		}
	}
	// The close, or the first instant of service from the time of day on.
	for _, h := range slices.Concat(c.reachingInto(d), hours) {
		if from.IsZero() || !at(d, h.To).After(from) {
			continue
		}
		if spans := instants(later(at(d, h.From), from), at(d, h.To), c.Zone()); len(spans) > 0 {
			return spans[0].From
		}
	}
	var close time.Time
	if len(hours) > 0 { // the night before may end after the day's own hours
		hours = slices.Concat(c.reachingInto(d), hours)
	}
	for _, h := range hours {
		if spans := instants(at(d, h.From), at(d, h.To), c.Zone()); len(spans) > 0 {
			close = later(close, spans[len(spans)-1].To)
		}
	}
	return cmp.Or(close, midnight)
}

func (c Calendar) deadline() Deadline {
	if c.rules == nil {
		return CloseOfService
	}
	return c.rules.spec.Deadline
}

// sinceMidnight is the time of day that the clock shows.
func sinceMidnight(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}

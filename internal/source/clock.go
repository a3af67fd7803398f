package source

import "time"

// clock turns what wall clocks show into instants, by the rule of the package doc.
type clock struct {
	zone *time.Location

	// The offsets around a day, kept because the next row is mostly of the same day.
	day           int64
	known         bool
	before, after int // seconds east of UTC, a day earlier and a day later
}

func (c *clock) around(wallSeconds int64) (before, after int) {
	if day := floorDay(wallSeconds); !c.known || day != c.day {
		_, c.before = time.Unix((day-1)*86400, 0).In(c.zone).Zone()
		_, c.after = time.Unix((day+2)*86400, 0).In(c.zone).Zone()
		c.day, c.known = day, true
	}
	return c.before, c.after
}

func floorDay(seconds int64) int64 {
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return day
}

// instant is the moment meant by w. A local time that happened twice is the first one
// that is not before earliest; earliest may be zero.
func (c *clock) instant(w wall, earliest time.Time) time.Time {
	utc := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.nanos, time.UTC)
	if w.hasOffset {
		return utc.Add(-time.Duration(w.offset) * time.Second)
	}
	before, after := c.around(utc.Unix())
	first := utc.Add(-time.Duration(before) * time.Second)
	if before == after {
		return first
	}
	second := utc.Add(-time.Duration(after) * time.Second)
	switch isFirst, isSecond := c.shows(first, before), c.shows(second, after); {
	case isFirst && isSecond && !earliest.IsZero() && first.Before(earliest):
		return second
	case !isFirst && isSecond:
		return second
	}
	return first // also where clocks skipped this time: the offset before the change
}

func (c *clock) shows(t time.Time, offset int) bool {
	_, have := t.In(c.zone).Zone()
	return have == offset
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil is the date of a day counted from 1970.
func civil(day int64) (year, month, dom int) {
	y, m, d := time.Unix(day*86400, 0).UTC().Date()
	return y, int(m), d
}

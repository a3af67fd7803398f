package kpi

import (
	"time"

	"hotline12333/internal/calendar"
)

// UsualSince is the first instant that the usual day of a day of some sort looks back to;
// that of most days is much nearer than UsualFrom.
func UsualSince(day time.Time, sort calendar.DaySort, zone *time.Location) time.Time {
	if sort == calendar.MadeUp || sort == calendar.Holiday {
		return UsualFrom(day, zone)
	}
	y, m, d := day.In(zone).Date()
	return DayStart(y, m, d-usualWeeks*7, zone)
}

// QuarterOfDay is the place of an instant in a Usual: the quarter hour that clocks on the
// wall of its location show, from midnight.
func QuarterOfDay(t time.Time) int { return t.Hour()*4 + t.Minute()/15 }

// Extremes are the fewest and the most there were in each quarter hour on any of the days.
func (u *UsualDay) Extremes(count func(*Tally) int64) (least, most Usual) {
	for n, day := range u.Tallies {
		for i := range day {
			c := float64(count(&day[i]))
			if n == 0 {
				least[i], most[i] = c, c
			}
			least[i], most[i] = min(least[i], c), max(most[i], c)
		}
	}
	return least, most
}

// Before is how many there were before a quarter hour of the day and in all, on each of
// the days.
func (u *UsualDay) Before(quarter int, count func(*Tally) int64) []SoFar {
	days := make([]SoFar, len(u.Tallies))
	for n, day := range u.Tallies {
		for i := range day {
			c := count(&day[i])
			days[n].All += c
			if i < quarter {
				days[n].Before += c
			}
		}
	}
	return days
}

// MeanBefore is how many there usually are before a quarter hour of the day, as an exact
// ratio; over 0 without days.
func (u *UsualDay) MeanBefore(quarter int, count func(*Tally) int64) Ratio {
	r := Ratio{Den: int64(len(u.Tallies))}
	for _, day := range u.Before(quarter, count) {
		r.Num += day.Before
	}
	return r
}

// DaysName is what the days have in common, in words: 星期四, working days.
func (u *UsualDay) DaysName() Wording {
	switch {
	case u.Likeness == SameSort && u.Sort == calendar.Holiday:
		return Wording{"节假日", "holiday"}
	case u.Likeness == SameSort:
		return Wording{"调休上班日", "made up working day"}
	case u.Likeness == AnyWorked || len(u.Days) == 0:
		return Wording{"工作日", "working day"}
	}
	weekday := u.Days[0].Weekday()
	return Wording{"星期" + string([]rune("日一二三四五六")[weekday]), weekday.String()}
}

package kpi

import (
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
)

// How far back a usual day looks, of how many days at most it is made, and from how many on
// it says anything: two months follow the season and still even out a day.
const (
	UsualDays        = 8
	FewestUsualDays  = 3
	usualWeeks       = 12  // of days that come every week
	usualSeldom      = 366 // days, of days that do not: made up ones and holidays
	quartersOfTheDay = len(Usual{})
)

// Likeness says what the days of a usual day have in common.
type Likeness string

// The likenesses. A day made up on a weekend is like others of its sort and not like its
// weekday; so is a holiday.
const (
	SameWeekday Likeness = "same_weekday" // worked, or not, as the day itself, and of its weekday
	SameSort    Likeness = "same_sort"    // made up days, holidays, of any weekday
	AnyWorked   Likeness = "any_worked"   // worked days of any weekday: of the others there are too few
)

// UsualQuery asks what is usual on a day.
type UsualQuery struct {
	Day  time.Time // any instant of it
	Zone *time.Location
	// Sort says of a day whether it is worked. Of a day in a year that no calendar knows it
	// gives an error: such a day is like no other.
	Sort func(time.Time) (calendar.DaySort, error)
	// Skip says which days show nothing usual, as those of an outage; nil: none.
	Skip func(time.Time) bool
	// Entries are those by queue, at least from UsualSince on.
	Entries []Entry
}

// UsualDay is what came on the days before one that are like it, quarter hour by quarter
// hour as clocks on the wall show them. Sums, so that any figure can be made of it.
type UsualDay struct {
	Sort     calendar.DaySort
	Likeness Likeness
	Days     []time.Time // their first instants, the newest first; fewer than FewestUsualDays: nothing is usual
	LeftOut  []time.Time // like days without records for so long that some must be missing
	Tallies  [][]Tally   // of each day, by quarter hour from midnight
}

// UsualFrom is the first instant that the usual day of a day looks back to.
func UsualFrom(day time.Time, zone *time.Location) time.Time {
	y, m, d := day.In(zone).Date()
	return DayStart(y, m, d-usualSeldom, zone)
}

// UsualDayOf finds the days that are like one and what came on them. The error is that of
// a calendar that does not know the day itself.
func UsualDayOf(q UsualQuery) (*UsualDay, error) {
	sort, err := q.Sort(q.Day)
	if err != nil {
		return nil, err
	}
	days := q.tallies()
	best := &UsualDay{Sort: sort}
	for _, how := range likenesses(sort) {
		u := q.alike(sort, how, days)
		if len(u.Days) >= FewestUsualDays {
			return u, nil
		}
		if len(u.Days) > len(best.Days) || best.Likeness == "" {
			best = u
		}
	}
	return best, nil
}

// likenesses are those tried in turn for a day of a sort.
func likenesses(sort calendar.DaySort) []Likeness {
	switch sort {
	case calendar.Worked:
		return []Likeness{SameWeekday, AnyWorked}
	case calendar.MadeUp:
		return []Likeness{SameSort, AnyWorked}
	case calendar.Holiday:
		return []Likeness{SameSort}
	}
	return []Likeness{SameWeekday}
}

// usualOn is what came on one day.
type usualOn struct {
	tallies []Tally
	any     bool // a call
}

// tallies divides the entries by day and quarter hour. A day on which nothing came is not
// among them: whether nobody called or nothing was recorded, it says nothing.
func (q *UsualQuery) tallies() map[time.Time]*usualOn {
	days := make(map[time.Time]*usualOn)
	for i := range q.Entries {
		e := &q.Entries[i]
		local := e.Key.Bucket.In(q.Zone)
		y, m, d := local.Date()
		start := DayStart(y, m, d, q.Zone)
		if days[start] == nil {
			days[start] = &usualOn{tallies: make([]Tally, quartersOfTheDay)}
		}
		days[start].tallies[QuarterOfDay(local)].Merge(&e.Tally)
		days[start].any = days[start].any || e.Tally.Calls > 0
	}
	return days
}

func (q *UsualQuery) alike(sort calendar.DaySort, how Likeness, on map[time.Time]*usualOn) *UsualDay {
	u := &UsualDay{Sort: sort, Likeness: how}
	reach := usualWeeks * 7
	if how == SameSort {
		reach = usualSeldom
	}
	y, m, d := q.Day.In(q.Zone).Date()
	weekday := q.Day.In(q.Zone).Weekday()
	var found []time.Time
	for back := 1; back <= reach; back++ {
		day := DayStart(y, m, d-back, q.Zone)
		if on[day] == nil || !on[day].any || how == SameWeekday && day.Weekday() != weekday || q.Skip != nil && q.Skip(day) {
			continue
		}
		if s, err := q.Sort(day); err == nil && (s == sort || how == AnyWorked && s == calendar.Worked) {
			found = append(found, day)
		}
	}
	whole := q.whole(found, on)
	for _, day := range found {
		switch {
		case len(u.Days) == UsualDays:
			return u
		case !whole(day):
			u.LeftOut = append(u.LeftOut, day)
		default:
			u.Days, u.Tallies = append(u.Days, day), append(u.Tallies, on[day].tallies)
		}
	}
	return u
}

// whole says of a day whether it can have all its records: not when none came in open
// quarter hours that follow each other and in which, by the other days, so many should have
// come that silence means a fault (SilenceLimit).
func (q *UsualQuery) whole(days []time.Time, on map[time.Time]*usualOn) func(time.Time) bool {
	var sum Usual
	for _, day := range days {
		for i := range on[day].tallies {
			sum[i] += float64(on[day].tallies[i].Calls)
		}
	}
	others := float64(len(days) - 1)
	return func(day time.Time) bool {
		missed := 0.0
		for i := range on[day].tallies {
			if on[day].tallies[i].Calls > 0 {
				missed = 0
				continue
			}
			if others > 0 {
				missed += sum[i] / others
			}
			if missed >= SilenceLimit {
				return false
			}
		}
		return true
	}
}

// Mean is how many there usually are in each quarter hour; nothing when there are no days.
func (u *UsualDay) Mean(count func(*Tally) int64) (mean Usual) {
	for _, day := range u.Tallies {
		for i := range day {
			mean[i] += float64(count(&day[i]))
		}
	}
	for i := range mean {
		mean[i] /= max(1, float64(len(u.Tallies)))
	}
	return mean
}

// Expects is how many calls usually come from one instant to another of the day asked about.
func (u *UsualDay) Expects(from, to time.Time, zone *time.Location) (sum float64) {
	mean := u.Mean(func(t *Tally) int64 { return t.Calls })
	for b := hotline.BucketOf(from); b.Before(to); b = b.Add(hotline.BucketLength) {
		sum += mean[QuarterOfDay(b.In(zone))]
	}
	return sum
}

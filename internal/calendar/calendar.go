// Package calendar knows working time: when a hotline is in service, which days are worked,
// and when a term that counts in working time ends. It is pure: no clock, no I/O; files
// become calendars in internal/ruleset.
//
// Everything is said in local time, so an instant is in service when the clock on the wall
// shows so: of an hour that a change of the clocks leaves out nothing is served, one that
// happens twice is served twice. Days belong to the calendar's zone, whatever zone an
// instant is given in.
//
// A calendar knows the years whose days it was given. It will not take another year for
// one without holidays: [Calendar.Check] and everything that gives an error names the file
// to add instead.
package calendar

import (
	"slices"
	"time"

	"hotline12333/internal/refusal"
)

// Always is the name of the calendar of a hotline that is in service 24 hours a day,
// every day of any year, each of them a working day.
const Always = "always"

// Calendar answers what depends on working time. It is immutable; the zero value is the
// calendar always, with days of UTC.
type Calendar struct {
	rules *rules         // nil: always
	zone  *time.Location // nil: UTC
}

// AlwaysIn is the calendar always with the days of a zone.
func AlwaysIn(zone *time.Location) Calendar { return Calendar{zone: zone} }

// Name of the calendar.
func (c Calendar) Name() string {
	if c.rules == nil {
		return Always
	}
	return c.rules.spec.Name
}

// Zone is where the calendar's days begin and end, and its hours are shown.
func (c Calendar) Zone() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// IgnoringHolidays is the calendar of a hotline with the same hours that knows no days off
// and none made up, so any year.
func (c Calendar) IgnoringHolidays() Calendar {
	if c.rules == nil {
		return c
	}
	r := *c.rules
	r.spec.AnyYear, r.spec.Years, r.kinds = true, nil, nil
	return Calendar{rules: &r, zone: c.zone}
}

// MissingYear says that a calendar does not know the days of a year.
type MissingYear struct {
	Calendar string
	Year     int
	File     string // to add, as calendar/cn-2027.yaml
}

func (e *MissingYear) Error() string {
	_, en := e.Words()
	return en
}

// Words say the same in both languages.
func (e *MissingYear) Words() (zh, en string) {
	return refusal.Errorf("工作日历 %s 没有 %d 年的日子:请把文件 %s 放进 rules.dir 所指的目录(见 docs/calendar.md),或换用带有它的新版 hotline",
		"calendar %s has no days of %d: add the file %s to the directory that rules.dir names (docs/calendar.md), or take a newer hotline that has it",
		e.Calendar, e.Year, e.File).Words()
}

// Check is nil when the calendar knows every day of the period [from, to), and else a
// *MissingYear. Where service goes on past midnight, the first hours of a day depend on the
// day before.
func (c Calendar) Check(from, to time.Time) error {
	if !from.Before(to) {
		return nil
	}
	first, minute := shown(from, c.Zone())
	if c.rules != nil && minute < c.rules.spill {
		first--
	}
	return c.checkDays(first, DateOf(to.Add(-1), c.Zone()))
}

// checkDays is Check for the days from first to last.
func (c Calendar) checkDays(first, last Date) error {
	for year := first.Year(); year <= last.Year(); year++ {
		if !c.knows(year) {
			return &MissingYear{Calendar: c.Name(), Year: year, File: c.rules.fileOf(year)}
		}
	}
	return nil
}

func (c Calendar) knows(year int) bool {
	if c.rules == nil || c.rules.spec.AnyYear {
		return true
	}
	_, known := c.rules.spec.Years[year]
	return known
}

// Covers says whether the calendar knows enough for InService at t.
func (c Calendar) Covers(t time.Time) bool { return c.Check(t, t.Add(1)) == nil }

// End is where the calendar's knowledge ends: the beginning of the first year from that of
// t on that it does not know, so an instant up to t when it does not know that one. It is
// false for a calendar that knows any year.
func (c Calendar) End(t time.Time) (end time.Time, ok bool) {
	if c.rules == nil || c.rules.spec.AnyYear {
		return time.Time{}, false
	}
	year := DateOf(t, c.Zone()).Year()
	for c.knows(year) {
		year++
	}
	return NewDate(year, time.January, 1).Start(c.Zone()), true
}

// Years are those whose days the calendar knows, in order; nil when it knows any.
func (c Calendar) Years() []int {
	if c.rules == nil || c.rules.spec.AnyYear {
		return nil
	}
	years := make([]int, 0, len(c.rules.spec.Years))
	for y := range c.rules.spec.Years {
		years = append(years, y)
	}
	slices.Sort(years)
	return years
}

// InService says whether the quarter hour that t lies in is within service hours. They
// begin and end on quarter hours, so it lies wholly inside or outside.
//
// Of a year it does not know it says true, which takes no loss for one outside of service
// hours: a rate never looks better than it is. Ask Check or Covers first.
func (c Calendar) InService(t time.Time) bool {
	if c.rules == nil {
		return true
	}
	day, minute := shown(t, c.Zone())
	return within(c.hoursOf(day), minute) || minute < c.rules.spill && within(c.reachingInto(day), minute)
}

// hoursOf are the service hours that begin on a day; of a year that is not known, the
// whole day.
func (c Calendar) hoursOf(d Date) []Hours {
	if c.rules == nil {
		return []Hours{{0, minutesOfDay}}
	}
	return c.rules.hoursOf(d)
}

// reachingInto are the hours of the day before that go on past midnight, in minutes of
// day d: they begin before it.
func (c Calendar) reachingInto(d Date) []Hours {
	if c.rules == nil || c.rules.spill <= 0 || !c.knows((d - 1).Year()) {
		return nil
	}
	var out []Hours
	for _, h := range c.rules.hoursOf(d - 1) {
		if h.To > minutesOfDay {
			out = append(out, Hours{h.From - minutesOfDay, h.To - minutesOfDay})
		}
	}
	return out
}

func within(hours []Hours, minute int) bool {
	for _, h := range hours {
		if h.From <= minute && minute < h.To {
			return true
		}
	}
	return false
}

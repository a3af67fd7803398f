package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Spec is what a calendar is made of.
type Spec struct {
	Name        string
	Zone        *time.Location // nil: UTC
	WorkingWeek [7]bool        // by time.Weekday, the days that are worked unless a year says otherwise
	Regimes     []Regime       // the first from the beginning, each of the others since a later day
	Special     map[Date][]Hours
	Years       map[int]Year
	AnyYear     bool // no days off and none made up, in whatever year
	Deadline    Deadline
	Stem        string // of the file that gives a year, as "calendar/cn-"; empty: after the name
}

// Year is the days of a year that are not what their weekday says.
type Year struct {
	Off     []Date // not worked
	Working []Date // worked although their weekday is not: make-up days on weekends (调休)
}

// Deadline says when on its last day a term ends that counts in working days.
type Deadline string

// The ends of a term. The day it begins on is never counted (Civil Code of China, article
// 201: 开始的当日不计入).
const (
	// CloseOfService is when service ends on the last day; midnight on a day without service
	// hours. So Civil Code, article 203: 有业务时间的，停止业务活动的时间为截止时间.
	CloseOfService Deadline = "close_of_service"
	// EndOfDay is the midnight that ends the last day.
	EndOfDay Deadline = "end_of_day"
	// SameTime is the time of day at which the term began. Where that is not in service, it
	// is the next opening of that day, after the last one the close.
	SameTime Deadline = "same_time"
)

// Deadlines lists all of them, that of a calendar that names none first.
func Deadlines() []Deadline { return []Deadline{CloseOfService, EndOfDay, SameTime} }

// rules are a checked Spec, prepared for looking up.
type rules struct {
	spec  Spec
	kinds map[Date]kind // of days that are not what their weekday says
	spill int           // the minute of the day up to which service may go on from the day before
}

type kind int8

const (
	off kind = 1 + iota
	makeup
)

// New makes a calendar; its error tells everything that is wrong with the spec. The spec
// must not be changed afterwards.
func New(spec Spec) (Calendar, error) {
	r := &rules{spec: spec, kinds: make(map[Date]kind)}
	if spec.Deadline == "" {
		r.spec.Deadline = CloseOfService
	}
	if err := errors.Join(r.checkRegimes(), r.checkYears(), r.checkSpecial()); err != nil {
		return Calendar{}, fmt.Errorf("calendar %s: %w", spec.Name, err)
	}
	if spec.WorkingWeek == [7]bool{} {
		return Calendar{}, fmt.Errorf("calendar %s: no day of the week is worked", spec.Name)
	}
	if !slices.Contains(Deadlines(), r.spec.Deadline) {
		return Calendar{}, fmt.Errorf("calendar %s: %q is no end of a term", spec.Name, spec.Deadline)
	}
	return Calendar{rules: r, zone: spec.Zone}, nil
}

func (r *rules) checkRegimes() error {
	if len(r.spec.Regimes) == 0 {
		return errors.New("there are no service hours")
	}
	var errs []error
	for i := range r.spec.Regimes {
		g := &r.spec.Regimes[i]
		switch {
		case i == 0 && g.Since != 0:
			errs = append(errs, fmt.Errorf("nothing says which hours held before %s", g.Since))
		case i > 0 && g.Since <= r.spec.Regimes[i-1].Since:
			errs = append(errs, fmt.Errorf("the hours since %s are not after those before them", g.Since))
		}
		errs = append(errs, r.checkWeek(&g.Week))
		for j := range g.Seasons {
			errs = append(errs, r.checkWeek(&g.Seasons[j].Week))
			for k := range j {
				if g.Seasons[j].Overlaps(&g.Seasons[k]) {
					errs = append(errs, errors.New("two seasons have days in common"))
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (r *rules) checkWeek(w *Week) error {
	for _, day := range w.all() {
		if err := CheckHours(day); err != nil {
			return err
		}
		r.reach(day)
	}
	return nil
}

// reach notes how far into the next day service goes on.
func (r *rules) reach(day []Hours) {
	for _, h := range day {
		r.spill = max(r.spill, h.To-minutesOfDay)
	}
}

func (r *rules) checkYears() error {
	var errs []error
	add := func(year int, d Date, k kind) {
		switch had := r.kinds[d]; {
		case d.Year() != year:
			errs = append(errs, fmt.Errorf("%s is not a day of %d", d, year))
		case had != 0:
			errs = append(errs, fmt.Errorf("%s is listed twice", d))
		case k == makeup && r.spec.WorkingWeek[d.Weekday()]:
			errs = append(errs, fmt.Errorf("%s is a %s, worked anyway", d, d.Weekday()))
		default:
			r.kinds[d] = k
		}
	}
	for year, days := range r.spec.Years {
		for _, d := range days.Off {
			add(year, d, off)
		}
		for _, d := range days.Working {
			add(year, d, makeup)
		}
	}
	return errors.Join(errs...)
}

func (r *rules) checkSpecial() error {
	for d, hours := range r.spec.Special {
		if err := CheckHours(hours); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		r.reach(hours)
	}
	return nil
}

// fileOf names the file that gives the days of a year.
func (r *rules) fileOf(year int) string {
	stem := r.spec.Stem
	if stem == "" {
		stem = StemOf(r.spec.Name)
	}
	return fmt.Sprintf("%s%d.yaml", stem, year)
}

// StemOf is what the names of the files of a calendar's years begin with: calendar/cn- of
// cn-2026, calendar/night- of night.
func StemOf(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 && len(name) == i+5 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	return "calendar/" + name + "-"
}

// hoursOf are the service hours of a day; of a year that is not known, the whole day.
func (r *rules) hoursOf(d Date) []Hours {
	if hours, special := r.spec.Special[d]; special {
		return hours
	}
	if _, known := r.spec.Years[d.Year()]; !known && !r.spec.AnyYear {
		return []Hours{{0, minutesOfDay}}
	}
	i := len(r.spec.Regimes) - 1
	for i > 0 && d < r.spec.Regimes[i].Since {
		i--
	}
	week := r.spec.Regimes[i].week(d)
	switch r.kinds[d] {
	case off:
		return week.Holiday
	case makeup:
		return week.Makeup
	}
	return week.Days[d.Weekday()]
}

func (r *rules) works(d Date) bool {
	switch r.kinds[d] {
	case off:
		return false
	case makeup:
		return true
	}
	return r.spec.WorkingWeek[d.Weekday()]
}

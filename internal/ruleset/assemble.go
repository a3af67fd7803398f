package ruleset

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hotline12333/internal/calendar"
	"hotline12333/internal/strictyaml"
)

// assembly makes calendars of drafts that refer to one another.
type assembly struct {
	drafts map[string]*draft
	busy   map[string]bool // being put together: met again, it is a circle
	done   map[string]*whole
}

// whole is a calendar's specification put together.
type whole struct {
	spec  calendar.Spec
	files []File
}

// calendar puts together the one of that name.
func (a *assembly) calendar(name string) (calendar.Calendar, []File, error) {
	d := a.drafts[name]
	w := a.of(name)
	if err := errors.Join(d.root.Faults()...); err != nil || w == nil {
		return calendar.Calendar{}, nil, err // without one the fault is another file's, which tells it
	}
	spec := w.spec
	spec.Name = name
	made, err := calendar.New(spec)
	if err != nil {
		return calendar.Calendar{}, nil, fmt.Errorf("%s: %w", d.file.Path, err)
	}
	return made, w.files, nil
}

// of is nil when a fault has been noted in some file.
func (a *assembly) of(name string) *whole {
	if w, done := a.done[name]; done {
		return w
	}
	d := a.drafts[name]
	a.busy[name] = true
	w := a.build(d)
	delete(a.busy, name)
	a.done[name] = w
	return w
}

// refer finds what another file is said to build on.
func (a *assembly) refer(r reference) *whole {
	switch {
	case r.name == calendar.Always:
		r.at.Fail("always has neither hours nor years to build on")
	case a.drafts[r.name] == nil:
		names := slices.Sorted(maps.Keys(a.drafts))
		r.at.Fail("calendar %q is not known%s; known: %s", r.name, strictyaml.Meant(r.name, names), strings.Join(names, ", "))
	case a.busy[r.name]:
		r.at.Fail("the calendars build on one another in a circle")
	default:
		return a.of(r.name)
	}
	return nil
}

func (a *assembly) build(d *draft) *whole {
	if d.addsTo.name != "" {
		return a.refer(d.addsTo) // which has taken in the years of this one
	}
	w := &whole{files: []File{d.file}}
	w.spec.Stem = calendar.StemOf(d.name)
	w.spec.WorkingWeek = [7]bool{false, true, true, true, true, true, false}
	w.spec.Years = make(map[int]calendar.Year)
	if d.extends.name != "" {
		base := a.refer(d.extends)
		if base == nil {
			return nil
		}
		w.spec = base.spec
		w.spec.Years = maps.Clone(base.spec.Years)
		w.files = append(w.files, base.files...)
	}
	if d.zone != nil {
		w.spec.Zone = d.zone
	}
	if d.deadline != "" {
		w.spec.Deadline = d.deadline
	}
	if d.week != nil {
		w.spec.WorkingWeek = *d.week
	}
	if d.anyYear != nil {
		w.spec.AnyYear = *d.anyYear
	}
	if d.hours != nil {
		w.spec.Regimes, w.spec.Special = nil, nil // those of another file went with its hours
	}
	for i := range d.hours {
		w.spec.Regimes = append(w.spec.Regimes, d.hours[i].with(w.spec.WorkingWeek))
	}
	if d.special != nil {
		w.spec.Special = d.special
	}
	a.addYears(w, d)
	if len(d.root.Faults()) > 0 {
		return nil
	}
	return w
}

// with gives make-up days the hours that all worked days have.
func (g *regime) with(worked [7]bool) calendar.Regime {
	r := g.Regime
	r.Seasons = slices.Clone(g.Seasons)
	fill := func(w *calendar.Week, at weekAt) {
		if at.makeup {
			return
		}
		var same bool
		if w.Makeup, same = w.SameHours(worked); !same {
			at.at.Fail("makeup is missing: the hours of days worked on a weekend, since the worked days differ")
		}
	}
	fill(&r.Week, g.at[0])
	for i := range r.Seasons {
		fill(&r.Seasons[i].Week, g.at[i+1])
	}
	return r
}

// addYears puts in the years of the draft and of those that add to it.
func (a *assembly) addYears(w *whole, d *draft) {
	from := make(map[int]*draft)
	for _, name := range slices.Sorted(maps.Keys(a.drafts)) {
		other := a.drafts[name]
		if other != d && a.root(other) != d {
			continue
		}
		if other != d {
			w.files = append(w.files, other.file)
		}
		for _, y := range other.years {
			switch have := from[y.year]; {
			case have != nil && have.file.Own && !other.file.Own:
				continue // a newer program brings along what the centre had added
			case have != nil && have.file.Own == other.file.Own:
				y.at.Fail("%d is given in %s as well", y.year, have.file.Path)
			}
			from[y.year] = other
			w.spec.Years[y.year] = y.made(w.spec.WorkingWeek)
		}
	}
}

// root is the draft whose years another adds to; nil where there is none.
func (a *assembly) root(d *draft) *draft {
	for range a.drafts {
		if d == nil || d.addsTo.name == "" {
			return d
		}
		d = a.drafts[d.addsTo.name]
	}
	return nil // a circle, told of elsewhere
}

func (y *year) made(worked [7]bool) calendar.Year {
	var out calendar.Year
	for _, l := range y.days {
		switch {
		case !l.working:
			out.Off = append(out.Off, l.day)
		case worked[l.day.Weekday()]:
			l.at.Fail("%s is a %s, which is worked anyway", l.day, l.day.Weekday())
		default:
			out.Working = append(out.Working, l.day)
		}
	}
	return out
}

package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/publish"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
)

// placed is nil when it is known of all calls whether they came in service hours. Else its
// error names the files that say so.
func placed(sources *source.Registry, entries []kpi.Entry) error {
	var errs []error
	told := make(map[calendar.MissingYear]bool)
	for i := range entries {
		e := &entries[i]
		if e.Tally.Calls == 0 && e.Tally.Legs == 0 {
			continue
		}
		var missing *calendar.MissingYear
		if err := placedIn(sources, e.Key.Source, e.Key.Bucket); errors.As(err, &missing) && !told[*missing] {
			told[*missing] = true
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// placedIn is placed for the calls of a source in one quarter hour.
func placedIn(sources *source.Registry, name string, bucket time.Time) error {
	if err := sources.Calendar(name).Check(bucket, bucket.Add(hotline.BucketLength)); err != nil {
		return refusal.Errorf("来源 %s 的来电:%v", "calls of source %s: %v", name, err)
	}
	return nil
}

// calendarsInUse are the centre's and those of sources that do not know any year, each once.
func calendarsInUse(sources *source.Registry) []calendar.Calendar {
	all := []calendar.Calendar{sources.Calendar("")}
	for _, name := range sources.Names() {
		c := sources.Calendar(name)
		known := slices.ContainsFunc(all, func(have calendar.Calendar) bool { return have.Name() == c.Name() })
		if !known && c.Years() != nil {
			all = append(all, c)
		}
	}
	return all
}

// lookCalendars says how far each calendar in use reaches. One that does not know this
// year is a fault; that it does not know the next one is none until that is near.
func lookCalendars(cfg config.Root, now time.Time) []finding {
	sources, err := openSources(cfg)
	if err != nil {
		return []finding{{what: "calendar", err: err}}
	}
	var list []finding
	for _, c := range calendarsInUse(sources) {
		f := finding{what: "calendar", say: c.Name() + ": any year"}
		if end, ends := c.End(now); ends {
			f.say = fmt.Sprintf("%s: days of %s", c.Name(), yearsOf(c))
			f.note = end.Sub(now) > publish.CalendarNotice
			if calendar.DateOf(end, c.Zone()).Year() <= calendar.DateOf(now, c.Zone()).Year()+1 {
				f.err = c.Check(end, end.Add(time.Second))
			}
		}
		list = append(list, f)
	}
	return list
}

func yearsOf(c calendar.Calendar) string {
	var years []string
	for _, y := range c.Years() {
		years = append(years, fmt.Sprint(y))
	}
	return strings.Join(years, ", ")
}

// CheckFiles reads every file that the configuration names, sources, calendars, rules of
// alerts, and gives what is worth knowing of them; the error is what keeps the program from starting,
// or its figures from being right.
func CheckFiles(cfg config.Root, now time.Time) (notes []string, err error) {
	if sources, openErr := openSources(cfg); openErr == nil { // else the calendars say it
		err = sources.Err()
	}
	_, alarmErr := openAlarmFiles(cfg)
	err = errJoin(err, alarmErr)
	for _, f := range lookCalendars(cfg, now) {
		missing := new(calendar.MissingYear)
		switch {
		case f.err == nil:
		case errors.As(f.err, &missing) && missing.Year > now.Year(): // nothing is wrong yet
			notes = append(notes, f.err.Error())
		default:
			err = errJoin(err, f.err)
		}
	}
	return notes, err
}

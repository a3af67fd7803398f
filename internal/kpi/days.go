package kpi

import (
	"cmp"
	"slices"
	"time"
)

// DayCount is what was counted on a day.
type DayCount struct {
	Date    time.Time // first instant of the day, in the zone
	Working bool
	Known   bool  // false: the day is still to come, or there are no data of it
	Count   int64 // answered calls, requests …
	Of      int64 // of a rate: what Count is a part of
}

// YearDays are the days of a year, in order, of which nothing is known yet. working says
// which are worked; its error is that of a calendar that does not know the year.
func YearDays(year int, zone *time.Location, working func(time.Time) (bool, error)) ([]DayCount, error) {
	var days []DayCount
	for at := DayStart(year, time.January, 1, zone); at.Year() == year; at = DayStart(year, time.January, len(days)+1, zone) {
		works, err := working(at)
		if err != nil {
			return nil, err
		}
		days = append(days, DayCount{Date: at, Working: works})
	}
	return days, nil
}

// FillDays adds entries by queue to their days and marks every day known that begins before
// to; gap says of which days there are no data although they are over (nil: of none).
// count says what is counted of a tally.
func FillDays(days []DayCount, entries []Entry, to time.Time, gap func(time.Time) bool, count func(*Tally) Ratio) {
	for i := range days {
		d := &days[i]
		d.Known = d.Date.Before(to) && (gap == nil || !gap(d.Date))
	}
	for i := range entries {
		e := &entries[i]
		at, found := slices.BinarySearchFunc(days, e.Key.Bucket, func(d DayCount, t time.Time) int { return d.Date.Compare(t) })
		if !found {
			at--
		}
		if at < 0 || !sameDay(days[at].Date, e.Key.Bucket) {
			continue
		}
		r := count(&e.Tally)
		days[at].Count += r.Num
		days[at].Of += r.Den
	}
}

func sameDay(day, t time.Time) bool {
	y, m, d := day.Date()
	ty, tm, td := t.In(day.Location()).Date()
	return cmp.Or(cmp.Compare(y, ty), cmp.Compare(m, tm), cmp.Compare(d, td)) == 0
}

// ProgressOf counts the working days before an instant, of all of them.
func ProgressOf(days []DayCount, to time.Time) Progress {
	var p Progress
	for i := range days {
		if days[i].Working {
			p.All++
			if days[i].Date.Before(to) {
				p.Done++
			}
		}
	}
	return p
}

package kpi

import (
	"cmp"
	"slices"
	"time"
)

// Loss is what a rate lost in a quarter hour and queue: of so many, these are not in the
// numerator.
type Loss struct {
	Bucket time.Time
	Queue  string
	Lost   int64
	Of     int64
}

// LossesOf finds where a figure lost, from entries by queue. ratio is the figure of a
// tally; inService says of a source whether a bucket lies within its hours (nil: always).
func LossesOf(entries []Entry, ratio func(*Tally) Ratio, inService func(source string, bucket time.Time) bool) []Loss {
	var list []Loss
	for i := range entries {
		e := &entries[i]
		t := e.Tally
		if inService != nil && !inService(e.Key.Source, e.Key.Bucket) {
			t.OutsideService()
		}
		if r := ratio(&t); r.Den > 0 {
			list = append(list, Loss{Bucket: e.Key.Bucket, Queue: e.Key.Name, Lost: r.Den - r.Num, Of: r.Den})
		}
	}
	return list
}

// LossAt is what was lost in one part: a day, an hour of the day, a queue.
type LossAt struct {
	Date  time.Time // of a day, and of an hour on a day
	Hour  int       // the first of two hours of the day; -1: none
	Queue string
	Lost  int64
	Of    int64
}

// LossParts is a loss divided in three ways. Each list is ordered by what was lost, the
// most first; equal ones by time or name. Parts that lost nothing are not in it.
type LossParts struct {
	Lost, Of int64
	Days     []LossAt
	Hours    []LossAt // the two hours of the day that lost the most, over all days; at most one
	Queues   []LossAt
	Worst    *LossAt // the two hours that lost the most on the day that lost the most
}

// DivideLosses says when and where was lost, by days and hours of the zone.
func DivideLosses(list []Loss, zone *time.Location) LossParts {
	var p LossParts
	days, queues := make(map[time.Time]*LossAt), make(map[string]*LossAt)
	onDay := make(map[time.Time]*[24]LossAt)
	var hours [24]LossAt
	for _, l := range list {
		p.Lost += l.Lost
		p.Of += l.Of
		local := l.Bucket.In(zone)
		y, m, d := local.Date()
		date := DayStart(y, m, d, zone)
		if days[date] == nil {
			days[date], onDay[date] = &LossAt{Date: date, Hour: -1}, new([24]LossAt)
		}
		if queues[l.Queue] == nil {
			queues[l.Queue] = &LossAt{Queue: l.Queue, Hour: -1}
		}
		for _, at := range []*LossAt{days[date], queues[l.Queue], &hours[local.Hour()], &onDay[date][local.Hour()]} {
			at.Lost += l.Lost
			at.Of += l.Of
		}
	}
	for _, at := range days {
		p.Days = append(p.Days, *at)
	}
	for _, at := range queues {
		p.Queues = append(p.Queues, *at)
	}
	p.Days, p.Queues = mostFirst(p.Days), mostFirst(p.Queues)
	if two, ok := twoHours(&hours); ok {
		p.Hours = []LossAt{two}
	}
	if len(p.Days) > 0 {
		if two, ok := twoHours(onDay[p.Days[0].Date]); ok {
			two.Date = p.Days[0].Date
			p.Worst = &two
		}
	}
	return p
}

func mostFirst(list []LossAt) []LossAt {
	list = slices.DeleteFunc(list, func(l LossAt) bool { return l.Lost == 0 })
	slices.SortFunc(list, func(a, b LossAt) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), a.Date.Compare(b.Date), cmp.Compare(a.Queue, b.Queue))
	})
	return list
}

// twoHours are the two hours in a row that lost the most, the earlier of equal ones.
func twoHours(hours *[24]LossAt) (best LossAt, ok bool) {
	for h := range 23 {
		lost, of := hours[h].Lost+hours[h+1].Lost, hours[h].Of+hours[h+1].Of
		if lost > best.Lost {
			best, ok = LossAt{Hour: h, Lost: lost, Of: of}, true
		}
	}
	return best, ok
}

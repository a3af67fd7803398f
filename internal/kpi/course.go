package kpi

import (
	"math/big"
	"time"
)

// Milestone is how far a volume of the year has come at the end of a month, beside what its
// target asks for by then in working days (时序进度).
type Milestone struct {
	Month    time.Time // its first instant
	ToDate   *int64    // nil: there are no data yet
	Expected *big.Rat
}

// YearPace is how the year stands against its target at the end of the last day that is over.
type YearPace struct {
	Pace
	Over   int // days of the year that are over
	Course []Milestone
}

// Course is the year month by month. days are those of the whole year; those before over
// are over, and a month that is running stands at what has come so far.
func Course(days []DayCount, over int, target int64) []Milestone {
	var list []Milestone
	all := ProgressOf(days, time.Unix(1<<40, 0)).All
	var sum int64
	begun := false
	p := Progress{All: all}
	for i := range days {
		d := &days[i]
		if d.Date.Day() == 1 {
			list = append(list, Milestone{Month: d.Date})
		}
		if d.Working {
			p.Done++
		}
		m := &list[len(list)-1]
		if begun = begun || d.Known; i < over && begun {
			sum += d.Count
			so := sum
			m.ToDate = &so
		}
		m.Expected = new(big.Rat).Mul(Whole(target).Rat(), p.Share())
	}
	return list
}

// Over counts the days of a year that have ended at an instant.
func Over(days []DayCount, at time.Time) int {
	n := 0
	for i := range days {
		y, m, d := days[i].Date.Date()
		if DayStart(y, m, d+1, days[i].Date.Location()).After(at) {
			break
		}
		n++
	}
	return n
}

// Served are entries with the part outside service hours marked, for who counts them one by
// one (FillDays). A statement marks for itself.
func (b *Build) Served(entries []Entry) []Entry {
	out := make([]Entry, len(entries))
	copy(out, entries)
	for i := range out {
		b.serve(&out[i].Key, &out[i].Tally)
	}
	return out
}

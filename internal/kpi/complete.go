package kpi

import (
	"cmp"
	"slices"
	"time"
)

// Completeness is how much of a source's service time has records. Hours are whole ones
// of the zone: a quarter hour without a call is common, an hour seldom.
type Completeness struct {
	Source  string `json:"source"`
	Service int64  `json:"service_hours"` // with any service time
	Empty   int64  `json:"empty_hours"`   // of these: without a record
	Gaps    []Gap  `json:"gaps,omitempty"`
}

// Gap is hours of service time that follow each other, the time outside service left out
// between them, and hold no record.
type Gap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Hours int64     `json:"hours"`
}

// Completeness looks for hours of service time in [from, to) in which a source has no
// record. entries are those of the period by queue; sources are those that are expected,
// beside those that have entries.
func (b *Build) Completeness(from, to time.Time, entries []Entry, sources []string) []Completeness {
	has := make(map[string]map[time.Time]bool)
	for _, s := range sources {
		has[s] = map[time.Time]bool{}
	}
	for i := range entries {
		e := &entries[i]
		if e.Tally.noCalls() {
			continue
		}
		if has[e.Key.Source] == nil {
			has[e.Key.Source] = map[time.Time]bool{}
		}
		has[e.Key.Source][b.hour(e.Key.Bucket)] = true
	}
	list := make([]Completeness, 0, len(has))
	for source, hours := range has {
		list = append(list, b.completeness(from, to, source, hours))
	}
	slices.SortFunc(list, func(x, y Completeness) int { return cmp.Compare(x.Source, y.Source) })
	return list
}

// hour is the start of the zone's hour that holds a bucket.
func (b *Build) hour(bucket time.Time) time.Time {
	local := bucket.In(b.Zone)
	return bucket.Add(-time.Duration(local.Minute())*time.Minute - time.Duration(local.Second())*time.Second).UTC()
}

func (b *Build) completeness(from, to time.Time, source string, has map[time.Time]bool) Completeness {
	c := Completeness{Source: source}
	open := false // the last hour of service was empty
	for hour := b.hour(from); hour.Before(to); hour = hour.Add(time.Hour) {
		if !b.serves(source, hour, from, to) {
			continue
		}
		c.Service++
		if has[hour] {
			open = false
			continue
		}
		c.Empty++
		if !open {
			c.Gaps = append(c.Gaps, Gap{From: hour.In(b.Zone)})
			open = true
		}
		last := &c.Gaps[len(c.Gaps)-1]
		last.To, last.Hours = hour.Add(time.Hour).In(b.Zone), last.Hours+1
	}
	return c
}

// serves says whether any quarter of the hour that lies in the period is service time.
func (b *Build) serves(source string, hour, from, to time.Time) bool {
	for q := range time.Duration(4) {
		bucket := hour.Add(q * 15 * time.Minute)
		if !bucket.Before(from) && bucket.Before(to) && (b.InService == nil || b.InService(source, bucket)) {
			return true
		}
	}
	return false
}

// Covered is the share of the service hours that have records.
func (c *Completeness) Covered() Ratio { return Ratio{Num: c.Service - c.Empty, Den: c.Service} }

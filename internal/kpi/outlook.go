package kpi

import (
	"math"
	"time"
)

// Outlook is what is expected of the rest of a year, from the day after the last one that
// is over.
type Outlook struct {
	Forecast *Forecast // of the year's total, or of its rate
	ToDate   int64
	Season   bool // a year before gave the season; without, the interval is wider
	Gaps     int  // working days that are over and of which there are no data: they are not made up

	days     []DayCount
	end      int
	pattern  pattern
	expected []float64 // of each day to come
}

// The grid over which the forecast is averaged: what is not known about the hotline is
// weighed by how well it explains the days seen (posterior model probabilities). The
// weights before seeing any say how hotlines are, see docs/forecast.md.
var (
	extras = []float64{0.0003, 0.001, 0.003, 0.01, 0.03, 0.1}
	drifts = []weighed{{0.01, 0.05}, {0.02, 0.15}, {0.04, 0.3}, {0.08, 0.35}, {0.16, 0.15}} // of the level, standard deviation in a year
	blurs  = []weighed{{0.5, 0.3}, {1, 0.4}, {2, 0.3}}                                      // of the months, times what is expected
)

type weighed struct{ value, weight float64 }

// What is expected before any day is seen.
const (
	growth        = 0.15 // standard deviation of the change from one year to the next
	unknownGrowth = 0.5  // the same where there is no year before
	monthRepeats  = 0.04 // of a month's effect where a year before gave the season
	monthNew      = 0.07 // and where it did not
	rateGrowth    = 0.08
	rateMonth     = 0.02
	rateDrift     = 0.75 // of the drift of counts
	rateMonthNew  = 0.03
	fewest        = 5 // working days, without a year before
	workingYear   = 250.0
)

// Volume forecasts the sum of a year's counts. days are those of the whole year; those
// before end are over. past are days of the year before, none or part of it; it gives the
// season. It is nil when too little is known to say anything: without a year before, until
// five working days have passed.
func Volume(days []DayCount, end int, past []DayCount) *Outlook {
	pattern, season := choosePattern(days, end, past, false)
	if pattern.level <= 0 {
		return nil
	}
	o := &Outlook{days: days, end: end, pattern: pattern, Season: season}
	o.toDate()
	base := make([]float64, len(days))
	for i := range days {
		base[i] = pattern.of(&days[i], 1)
	}
	f := filter{scatter: 1, drift: 1, mean0: 1, var0: unknownGrowth * unknownGrowth}
	if season {
		f.var0 = growth * growth
	}
	for m := range f.unsure {
		f.unsure[m] = monthNew
		if season && pattern.seen[m] {
			f.unsure[m] = monthRepeats
		}
	}
	parts := f.average(days, base, end, o)
	for i := range parts {
		parts[i].mean += float64(o.ToDate)
	}
	o.Forecast = &Forecast{parts: parts, low: float64(o.ToDate), high: math.Inf(1)}
	return o
}

// Rate forecasts the rate of a whole year. days carry the counts and what they are of;
// volume is the outlook of the denominators, of the same days.
func Rate(days []DayCount, end int, past []DayCount, volume *Outlook) *Outlook {
	pattern, season := choosePattern(days, end, past, true)
	if pattern.level <= 0 || volume == nil {
		return nil
	}
	o := &Outlook{days: days, end: end, pattern: pattern, Season: season}
	o.toDate()
	base := make([]float64, len(days))
	of := float64(volume.ToDate)
	ahead := 0.0
	for i := range days {
		exposed := exposure(&days[i], true)
		if i >= end {
			exposed = volume.expected[i-end]
			ahead += exposed
		}
		base[i] = pattern.of(&days[i], exposed)
	}
	all := of + ahead
	if all <= 0 {
		return nil
	}
	f := filter{scatter: max(1-pattern.level, 0.001), drift: rateDrift, mean0: 1, var0: rateGrowth * rateGrowth}
	for m := range f.unsure {
		f.unsure[m] = rateMonthNew
		if season && pattern.seen[m] {
			f.unsure[m] = rateMonth
		}
	}
	parts := f.average(days, base, end, o)
	_, spread := volume.Forecast.moments()
	for i := range parts {
		p := &parts[i]
		later := 0.0
		if ahead > 0 {
			later = p.mean / ahead
		}
		p.mean = (float64(o.ToDate) + p.mean) / all
		// More or fewer calls than expected move the year's rate towards what is to come.
		moved := (later - p.mean) * spread / all
		p.sd = math.Hypot(p.sd/all, moved)
	}
	o.Forecast = &Forecast{parts: parts, low: 0, high: 1}
	if o.ToDate < volume.ToDate {
		o.Forecast.high = math.Nextafter(1, 0) // something was lost: 100% is out of reach
	}
	return o
}

// choosePattern takes the pattern of the year before, else of the days that are over.
func choosePattern(days []DayCount, end int, past []DayCount, rate bool) (p pattern, season bool) {
	if p = patternOf(past, rate, true); p.worked >= patternMin && p.level > 0 {
		return p, true
	}
	if p = patternOf(days[:end], rate, false); p.worked < fewest {
		p.level = 0
	}
	return p, false
}

func (o *Outlook) toDate() {
	for i := range o.days[:o.end] {
		o.ToDate += o.days[i].Count
	}
	o.Gaps = gapsIn(o.days[:o.end])
}

// gapsIn counts the working days without data among days that are over.
func gapsIn(over []DayCount) (n int) {
	for i := range over {
		if over[i].Working && !over[i].Known {
			n++
		}
	}
	return n
}

// average runs the filter over the grid, and weighs what each point of it expects. It
// leaves in the outlook what is expected of each day to come.
func (f filter) average(days []DayCount, base []float64, end int, o *Outlook) []normal {
	// A first look finds where the level is, so that it is near 1 in what follows.
	look := f
	look.extra, look.step = 0.01, 0.04*0.04/workingYear
	if level := look.run(days, base, end).level; level > 0 {
		for i := range base {
			base[i] *= level
		}
		f.mean0 /= level
		f.var0 /= level * level
	}
	type point struct {
		logWeight float64
		normal
		state
	}
	var points []point
	best := math.Inf(-1)
	for _, extra := range extras {
		for _, drift := range drifts {
			for _, blur := range blurs {
				g := f
				g.extra, g.step = extra, drift.value*drift.value*f.drift*f.drift/workingYear
				for m := range g.unsure {
					g.unsure[m] *= blur.value
				}
				s := g.run(days, base, end)
				mean, sd := g.ahead(s, days, base, end)
				p := point{s.logLikelihood + math.Log(drift.weight*blur.weight), normal{mean: mean, sd: sd}, s}
				best = max(best, p.logWeight)
				points = append(points, p)
			}
		}
	}
	var sum, level, month float64
	for i := range points {
		points[i].weight = math.Exp(points[i].logWeight - best)
		sum += points[i].weight
	}
	parts := make([]normal, len(points))
	current := 0
	for i, p := range points {
		parts[i] = normal{p.weight / sum, p.mean, p.sd}
		level += p.weight / sum * p.level
		month += p.weight / sum * p.month
		current = p.at
	}
	o.expected = make([]float64, len(days)-end)
	for i := end; i < len(days); i++ {
		at := level
		if int(days[i].Date.Month()) == current {
			at += month
		}
		o.expected[i-end] = max(0, base[i]*at)
	}
	return parts
}

// Between is what is expected of the days that begin in a time to come.
func (o *Outlook) Between(from, to time.Time) float64 {
	var sum float64
	for i := o.end; i < len(o.days); i++ {
		if at := o.days[i].Date; !at.Before(from) && at.Before(to) {
			sum += o.expected[i-o.end]
		}
	}
	return sum
}

// Share is the part of the year's total that the hotline's own weekdays and season put
// before the day end: the expected progress by its shape. It is 0 when nothing is known.
func (o *Outlook) Share() float64 {
	var before, all float64
	for i := range o.days {
		n := o.pattern.of(&o.days[i], 1)
		all += n
		if i < o.end {
			before += n
		}
	}
	if all == 0 {
		return 0
	}
	return before / all
}

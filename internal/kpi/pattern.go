package kpi

import "time"

// pattern is how a hotline's days differ: by weekday, by season, and in and out of working
// days. A day's count is expected to be exposure × level × class × month.
type pattern struct {
	level  float64
	class  [14]float64 // weekdays of working days, then weekdays of the others
	month  [13]float64 // of the calendar; 1 where nothing is known
	seen   [13]bool    // months of which something is known
	worked int         // working days behind it
}

// The days of an average kind that are mixed into what is seen, so that few days do not
// make a factor of their own.
const (
	classPrior = 3
	monthPrior = 2
	patternMin = 20 // fewer working days make no pattern
)

func classOf(d *DayCount) int {
	c := int(d.Date.Weekday())
	if !d.Working {
		c += 7
	}
	return c
}

// exposure is what a day's count is in proportion to: of a rate its denominator.
func exposure(d *DayCount, rate bool) float64 {
	if rate {
		return float64(d.Of)
	}
	return 1
}

// patternOf estimates the factors by fitting rows and columns in turn (W. E. Deming and
// F. F. Stephan, 1940). Without season all months are alike.
func patternOf(days []DayCount, rate, season bool) pattern {
	p := pattern{}
	for i := range p.class {
		p.class[i] = 1
	}
	for i := range p.month {
		p.month[i] = 1
	}
	var count, exposed float64
	for i := range days {
		d := &days[i]
		if d.Known && d.Working {
			p.worked++
			p.seen[d.Date.Month()] = true
			count += float64(d.Count)
			exposed += exposure(d, rate)
		}
	}
	if exposed == 0 || count == 0 {
		return p
	}
	p.level = count / exposed
	mean := exposed / float64(p.worked) // exposure of a working day
	for range 6 {
		if season {
			p.fitMonths(days, rate, mean)
		}
		p.fitClasses(days, rate, mean)
		var fitted float64
		for i := range days {
			if d := &days[i]; d.Known && d.Working {
				fitted += p.of(d, exposure(d, rate))
			}
		}
		p.level *= count / fitted
	}
	return p
}

// of is the expected count of a day.
func (p *pattern) of(d *DayCount, exposed float64) float64 {
	return exposed * p.level * p.class[classOf(d)] * p.month[d.Date.Month()]
}

func (p *pattern) fitMonths(days []DayCount, rate bool, mean float64) {
	prior := monthPrior * mean * p.level
	var num, den [13]float64
	for i := range days {
		d := &days[i]
		if d.Known && d.Working {
			m := d.Date.Month()
			num[m] += float64(d.Count)
			den[m] += exposure(d, rate) * p.level * p.class[classOf(d)]
		}
	}
	for m := time.January; m <= time.December; m++ {
		p.month[m] = (num[m] + prior) / (den[m] + prior)
	}
}

func (p *pattern) fitClasses(days []DayCount, rate bool, mean float64) {
	prior := classPrior * mean * p.level
	var num, den [14]float64
	var offNum, offDen float64
	for i := range days {
		d := &days[i]
		if !d.Known {
			continue
		}
		c := classOf(d)
		n, x := float64(d.Count), exposure(d, rate)*p.level*p.month[d.Date.Month()]
		num[c] += n
		den[c] += x
		if !d.Working {
			offNum += n
			offDen += x
		}
	}
	off := 0.0
	if offDen > 0 {
		off = offNum / offDen
	}
	for c := range p.class {
		toward := 1.0
		if c >= 7 {
			toward = off
		}
		p.class[c] = (num[c] + prior*toward) / (den[c] + prior)
	}
}

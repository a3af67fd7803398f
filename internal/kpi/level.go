package kpi

import "math"

// filter follows the level of a year from day to day: a local level model (J. Durbin and
// S. J. Koopman, Time Series Analysis by State Space Methods, 2012, chapters 2 and 4), with
// a further effect of each month, since no season repeats itself exactly.
//
//	count = base × (level + month effect) + noise
//	variance of the noise = scatter × base × level + extra × base²
//
// The level takes a step of variance step every working day. The level is near 1: the base
// is what the pattern expects.
type filter struct {
	scatter     float64 // 1 of counts (Poisson), 1 - p of rates
	extra       float64 // squared coefficient of variation between days that are alike
	step        float64
	drift       float64     // times what counts drift
	unsure      [13]float64 // standard deviation of each month's effect
	mean0, var0 float64     // of the level before the first day
}

// state is what is known after the last day seen.
type state struct {
	level, month                  float64
	varLevel, varMonth, varShared float64
	logLikelihood                 float64
	at                            int // month of the effect
}

// run takes in the days before end. base is what the pattern expects of each.
func (f *filter) run(days []DayCount, base []float64, end int) state {
	s := state{level: f.mean0, varLevel: f.var0}
	for i := range days[:end] {
		d := &days[i]
		if m := int(d.Date.Month()); m != s.at {
			s.at, s.month, s.varShared = m, 0, 0
			s.varMonth = f.unsure[m] * f.unsure[m]
		}
		if d.Working {
			s.varLevel += f.step
		}
		if d.Working && d.Known && base[i] > 0 {
			s.observe(float64(d.Count), base[i], f.noise(base[i], s.level))
		}
	}
	return s
}

func (f *filter) noise(base, level float64) float64 {
	return f.scatter*base*max(level, 0.05) + f.extra*base*base
}

// observe is one step of the Kalman filter.
func (s *state) observe(count, base, noise float64) {
	withLevel, withMonth := s.varLevel+s.varShared, s.varMonth+s.varShared
	variance := base*base*(withLevel+withMonth) + noise
	surprise := count - base*(s.level+s.month)
	gainLevel, gainMonth := base*withLevel/variance, base*withMonth/variance
	s.level += gainLevel * surprise
	s.month += gainMonth * surprise
	s.varLevel -= gainLevel * base * withLevel
	s.varMonth -= gainMonth * base * withMonth
	s.varShared -= gainLevel * base * withMonth
	s.logLikelihood -= (math.Log(2*math.Pi*variance) + surprise*surprise/variance) / 2
}

// ahead is the distribution of the sum of the counts from day end on, as this filter sees
// it: mean and standard deviation.
func (f *filter) ahead(s state, days []DayCount, base []float64, end int) (mean, sd float64) {
	var all, current, variance float64
	var byMonth [13]float64
	for i := len(days) - 1; i >= end; i-- {
		b := base[i]
		all += b
		if m := int(days[i].Date.Month()); m == s.at {
			current += b
		} else {
			byMonth[m] += b
		}
		variance += f.noise(b, s.level)
		if days[i].Working {
			variance += f.step * all * all // this day's step carries on to the end
		}
	}
	variance += all*all*s.varLevel + 2*all*current*s.varShared + current*current*s.varMonth
	for m, b := range byMonth {
		variance += b * b * f.unsure[m] * f.unsure[m]
	}
	return all*s.level + current*s.month, math.Sqrt(max(variance, 0))
}

package kpi

import "math"

// Forecast is what something will have come to at the end of the year: a mixture of normal
// distributions, cut at what is possible at all.
type Forecast struct {
	parts     []normal
	low, high float64 // what is possible at all; high may be infinite
}

// normal is a normal distribution with its weight in a mixture; the weights add up to 1.
type normal struct{ weight, mean, sd float64 }

// Mean is the expected value.
func (f *Forecast) Mean() float64 {
	mean, _ := f.moments()
	return min(max(mean, f.low), f.high)
}

// moments are mean and standard deviation of the mixture.
func (f *Forecast) moments() (mean, sd float64) {
	for _, p := range f.parts {
		mean += p.weight * p.mean
	}
	var variance float64
	for _, p := range f.parts {
		variance += p.weight * (p.sd*p.sd + (p.mean-mean)*(p.mean-mean))
	}
	return mean, math.Sqrt(variance)
}

// AtLeast is the probability of x or more.
func (f *Forecast) AtLeast(x float64) float64 {
	if x <= f.low {
		return 1
	}
	if x > f.high {
		return 0
	}
	var sum float64
	for _, p := range f.parts {
		sum += p.weight * p.above(x)
	}
	return sum
}

func (p normal) above(x float64) float64 {
	if p.sd <= 0 {
		if p.mean >= x {
			return 1
		}
		return 0
	}
	return math.Erfc((x-p.mean)/(p.sd*math.Sqrt2)) / 2
}

// Quantile is the value that is not exceeded with the probability q.
func (f *Forecast) Quantile(q float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range f.parts {
		low, high = min(low, p.mean-12*p.sd), max(high, p.mean+12*p.sd)
	}
	for range 100 { // bisection, to the last bit
		middle := low + (high-low)/2
		var below float64
		for _, p := range f.parts {
			below += p.weight * (1 - p.above(middle))
		}
		if below < q {
			low = middle
		} else {
			high = middle
		}
	}
	return min(max(high, f.low), f.high)
}

// Interval holds the value with the probability level (0.8, 0.95), and leaves as much out
// below as above.
func (f *Forecast) Interval(level float64) (low, high float64) {
	return f.Quantile((1 - level) / 2), f.Quantile((1 + level) / 2)
}

// Scaled is the forecast in another unit.
func (f *Forecast) Scaled(by float64) Forecast {
	out := Forecast{low: f.low * by, high: f.high * by}
	for _, p := range f.parts {
		out.parts = append(out.parts, normal{p.weight, p.mean * by, p.sd * by})
	}
	return out
}

// The bounds of what is said about a target.
const (
	certainFrom    = 0.975 // the whole 95% interval reaches it
	impossibleFrom = 0.001
)

// Likelihood says whether a target will be reached: certain when the whole 95% interval
// does, impossible when the probability is below 0.1%, else possible. To call something
// impossible takes more than to call it certain: nobody works for what is impossible.
func (f *Forecast) Likelihood(target float64, sign Sign) Likelihood {
	p := f.AtLeast(target)
	if sign == AtMost {
		p = 1 - p
	}
	switch {
	case p >= certainFrom:
		return Certain
	case p < impossibleFrom:
		return Impossible
	}
	return Possible
}

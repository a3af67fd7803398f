package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// The kinds of random durations.
const (
	fixed       = "fixed"
	exponential = "exponential"
	lognormal   = "lognormal"
)

// dist draws durations in milliseconds.
type dist struct {
	kind      string
	mean      float64 // milliseconds
	most      float64
	mu, sigma float64 // of the logarithm, lognormal only
}

func (d Duration) dist() dist { return d.distUpTo(longest) }

func (d Duration) distUpTo(most time.Duration) dist {
	out := dist{kind: d.Kind, mean: float64(d.Mean.Milliseconds()), most: float64(most.Milliseconds())}
	if d.Kind == lognormal && out.mean > 0 {
		variance := math.Log(1 + d.CV*d.CV)
		out.mu, out.sigma = math.Log(out.mean)-variance/2, math.Sqrt(variance)
	}
	return out
}

func (d dist) draw(r *rand.Rand) int64 {
	if d.mean <= 0 {
		return 0
	}
	v := d.mean
	switch d.kind {
	case exponential:
		v = d.mean * r.ExpFloat64()
	case lognormal:
		v = math.Exp(d.mu + d.sigma*r.NormFloat64())
	}
	return int64(math.Round(min(v, d.most)))
}

// longest keeps a rare draw from lasting longer than a record may tell of.
const longest = 6 * time.Hour

// choice draws an index by weight.
type choice []float64 // cumulated

func newChoice(weights []float64) choice {
	c := make(choice, len(weights))
	var sum float64
	for i, w := range weights {
		sum += w
		c[i] = sum
	}
	return c
}

func (c choice) draw(r *rand.Rand) int {
	if len(c) == 0 {
		return 0
	}
	u := r.Float64() * c[len(c)-1]
	for i, edge := range c {
		if u < edge {
			return i
		}
	}
	return len(c) - 1
}

// chance is true with the probability p.
func chance(r *rand.Rand, p float64) bool { return p > 0 && r.Float64() < p }

// poisson counts the events of a rate in one unit; for small rates.
func poisson(r *rand.Rand, rate float64) int {
	n := 0
	for t := r.ExpFloat64(); t < rate; t += r.ExpFloat64() {
		n++
	}
	return n
}

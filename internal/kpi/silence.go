package kpi

import (
	"time"

	"hotline12333/internal/hotline"
)

// SilenceLimit is the number of calls that should have come since the last one from which
// on silence means a fault: of a Poisson stream a gap as long has the probability
// exp(-SilenceLimit), one in a million.
const SilenceLimit = 13.815510557964274

// Usual is how many calls usually come in each quarter hour of a day, by its number from
// midnight of the zone.
type Usual [96]float64

// Silence says how many calls were to be expected since the last one.
type Silence struct {
	Usual Usual
	Zone  *time.Location
	// Open says whether calls are expected in the quarter hour that holds an instant.
	Open func(time.Time) bool
	// Today is how many calls came since the opening, up to the last: on a quiet day the
	// same silence means less.
	Today int64
}

// Expected counts from the last call, or the opening where that is later, to now. A day
// busier than usual expects no more than usual.
func (s *Silence) Expected(opening, last, now time.Time) float64 {
	if last.Before(opening) {
		return s.over(opening, now)
	}
	// So many calls are taken for granted that the first few of a day do not decide.
	const prior = 5
	pace := (float64(s.Today) + prior) / (s.over(opening, last) + prior)
	return min(pace, 1) * s.over(last, now)
}

// over sums what is usual over the open quarter hours of a stretch.
func (s *Silence) over(from, to time.Time) float64 {
	sum := 0.0
	for t := from; t.Before(to); {
		start := t.Truncate(hotline.BucketLength) // zones lie whole quarter hours apart
		end := start.Add(hotline.BucketLength)
		if end.After(to) {
			end = to
		}
		if s.Open(start) {
			local := start.In(s.Zone)
			sum += s.Usual[local.Hour()*4+local.Minute()/15] * float64(end.Sub(t)) / float64(hotline.BucketLength)
		}
		t = end
	}
	return sum
}

// Burn is how fast the calls that may be lost are lost: 1 means that at this rate just as
// many are lost as the target allows, 17 of 100 at 83%; 2 twice as many. ok is false for
// a rate without a value, and for a target of 100%, which allows none.
func Burn(rate Ratio, target Target) (burn float64, ok bool) {
	if _, known := rate.Value(); !known || target.Num >= target.Den {
		return 0, false
	}
	return float64((rate.Den-rate.Num)*target.Den) / float64(rate.Den*(target.Den-target.Num)), true
}

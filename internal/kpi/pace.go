package kpi

import (
	"math"
	"math/big"
)

// Pace is a volume of the year held against its target at the end of a day (年度进度 beside
// 时序进度).
type Pace struct {
	Target   int64
	ToDate   int64
	Working  Progress // working days that are over, of those of the year
	Expected *big.Rat // by working days: target × over / all
	Shaped   float64  // by the hotline's own weekdays and season; 0 when nothing is known of them
	Left     int64    // to the target; 0 when it is reached
	Needed   int64    // per working day from now on, rounded up; -1: no working day is left
	Outlook  *Outlook // nil: too little is known
}

// PaceOf holds the days of a year that are over, those before end, against a target. past
// are days of the year before; see Volume.
func PaceOf(days []DayCount, end int, past []DayCount, target int64) Pace {
	p := paceSoFar(days, end, target)
	if p.Outlook = Volume(days, end, past); p.Outlook != nil {
		p.Shaped = float64(target) * p.Outlook.Share()
	}
	return p
}

// paceSoFar is the pace without a forecast.
func paceSoFar(days []DayCount, end int, target int64) Pace {
	p := Pace{Target: target}
	for i := range days {
		d := &days[i]
		if d.Working {
			p.Working.All++
		}
		if i < end {
			p.ToDate += d.Count
			if d.Working {
				p.Working.Done++
			}
		}
	}
	p.Expected = new(big.Rat).Mul(Whole(target).Rat(), p.Working.Share())
	p.Left = max(0, target-p.ToDate)
	p.Needed = perDay(p.Left, p.Working.All-p.Working.Done)
	return p
}

// perDay spreads what is left over the days that are left.
func perDay(left int64, days int) int64 {
	switch {
	case left == 0:
		return 0
	case days <= 0:
		return -1
	}
	return (left + int64(days) - 1) / int64(days)
}

// Ahead is how far a volume is before the expected progress, as a fraction of it: negative
// behind. ok is false before the first working day.
func (p *Pace) Ahead() (r *big.Rat, ok bool) {
	if p.Expected.Sign() == 0 {
		return nil, false
	}
	r = new(big.Rat).Sub(big.NewRat(p.ToDate, 1), p.Expected)
	return r.Quo(r, p.Expected), true
}

// Allowance is how many requests may still be lost for a window to end at its target
// (达标余量), given how many are still to come.
type Allowance struct {
	Remaining int64 // requests still to come, expected
	Left      int64 // of all requests from now on, so many may be lost; negative: so many were lost too many
}

// Allow says how many of the requests of a window may still be lost, when so many more
// come: exact for that number.
//
//	answered / requested ≥ num/den at the end  ⇔  lost ≤ requested × (den - num) / den
func (t Target) Allow(r Ratio, remaining int64) Allowance {
	may := new(big.Int).Mul(big.NewInt(r.Den+remaining), big.NewInt(t.Den-t.Num))
	may.Div(may, big.NewInt(t.Den)) // floors
	return Allowance{Remaining: remaining, Left: may.Int64() - (r.Den - r.Num)}
}

// Safe says that the target is reached even if every request still to come is lost.
func (a Allowance) Safe() bool { return a.Left >= a.Remaining }

// Gone says that the target is missed even if every request still to come is answered.
func (a Allowance) Gone() bool { return a.Left < 0 }

// Most is the number to show: not more can be lost than come, and not fewer than none.
func (a Allowance) Most() int64 { return max(0, min(a.Left, a.Remaining)) }

// SoFar is the requests of a past day: before the present time of day, and in all.
type SoFar struct{ Before, All int64 }

// alike is the squared coefficient of variation between days that are alike, before any
// has been seen: a tenth either way.
const alike = 0.01

// RestOfDay is how many requests are still expected today, of which now have come: what
// days of the same kind had after this time of day, by how busy today has been until now.
// The fewer have come, the less is made of them (a gamma prior on the day's level; see A.
// Gelman and others, Bayesian Data Analysis, 2013, section 2.6). ok is false without such
// days.
func RestOfDay(past []SoFar, now int64) (rest int64, ok bool) {
	if len(past) == 0 {
		return 0, false
	}
	var before, after float64
	for _, d := range past {
		before += float64(d.Before)
		after += float64(d.All - d.Before)
	}
	n := float64(len(past))
	level := (float64(now) + 1/alike) / (before/n + 1/alike)
	return int64(math.Round(after / n * level)), true
}

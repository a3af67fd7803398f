package kpi

import "math"

// ErlangA is a hotline at a steady load, as the M/M/n+M queue describes it: calls come
// independently of each other, handling takes exponential times, and whoever waits has an
// exponential patience. It is C. Palm's model, Erlang-A to call centres: O. Garnett,
// A. Mandelbaum and M. Reiman, Designing a call center with impatient customers,
// Manufacturing & Service Operations Management 4(3), 2002; A. Mandelbaum and S. Zeltyn, The
// Palm/Erlang-A queue, with applications to call centers, Technion, 2005, section 4. The
// formulas below follow from the balance equations of the number of calls present; what they
// were held against says docs/staffing.md.
//
// With endless patience it is Erlang-C, with none Erlang-B.
type ErlangA struct {
	Rate     float64 // calls that ask for an agent, per second
	Handling float64 // seconds an agent is busy with one of them, on average: talk, hold, wrap-up
	Patience float64 // seconds a caller would wait, on average; +Inf: for ever
}

// MostSeats bounds what SeatsNeeded looks at: far above any hotline.
const MostSeats = 20_000

// Load is how many agents the calls keep busy if none is lost, in erlangs.
func (q ErlangA) Load() float64 { return q.Rate * q.Handling }

// Steady is what becomes of the callers of an ErlangA, as shares of all of them.
type Steady struct {
	Waits    float64 // find every agent busy
	Abandons float64 // give up
	Answered float64 // 1 − Abandons
	Within   float64 // are answered within the time that was asked for: the service level
	MeanWait float64 // seconds, of all callers, those who give up included; +Inf: it grows without end
	Busy     float64 // share of the agents that is busy: the occupancy
}

// Serve says what becomes of the callers with so many seats, 1 or more; within is the time
// of the service level in seconds. Of an overloaded hotline whose callers have endless
// patience, those who are never answered count as giving up, as they do in the limit.
func (q ErlangA) Serve(seats int, within float64) Steady {
	if q.Load() <= 0 {
		return Steady{Answered: 1, Within: 1}
	}
	n, load := float64(seats), q.Load()
	rho := load / n
	var w Steady
	// What Palm's function is in the limits: of no patience 1, of an endless one the sum of
	// a geometric series.
	inverse, logA := 1.0, 0.0
	switch {
	case q.endless():
		inverse = max(0, 1-rho)
	case q.Patience > 0:
		logA = palm(n*q.Patience/q.Handling, q.Rate*q.Patience)
		inverse = math.Exp(-logA)
	}
	// P(W > 0) = A·B / (1 + (A − 1)·B), B of Erlang's loss formula.
	w.Waits = 1 / (1 + inverse*(1/Blocking(seats, load)-1))
	// P(Ab | W > 0) = 1/(ρ·A) + 1 − 1/ρ; the difference of nearly equal numbers is none below 0.
	w.Abandons = w.Waits * max(0, inverse/rho+1-1/rho)
	w.Answered = 1 - w.Abandons
	w.Busy = rho * w.Answered
	switch {
	case !q.endless():
		w.MeanWait = w.Abandons * q.Patience // P(Ab) = E[W]/patience
	case rho < 1:
		w.MeanWait = w.Waits * q.Handling / (n - load)
	default:
		w.MeanWait = math.Inf(1)
	}
	w.Within = 1 - w.Waits + w.Waits/rho*q.servedBy(seats, within, logA)
	return w
}

func (q ErlangA) endless() bool { return q.Patience > endlessPatience }

// endlessPatience is from where on nobody gives up: four months.
const endlessPatience = 1e7

// servedBy is ρ times the share of those who wait that is answered within a time. The
// density of the offered wait x > 0 is in proportion to g(x) = exp(λ·H(x) − n·μ·x) with
// H(x) = (1 − exp(−θ·x))/θ; integrating g(x)·exp(−θ·x) by parts leaves integrals of g, and
// what is left of one behind t is g(t)·A(n·μ/θ, λ/θ·exp(−θ·t))/(n·μ).
func (q ErlangA) servedBy(seats int, t, logA float64) float64 {
	n, rho := float64(seats), q.Load()/float64(seats)
	switch {
	case t <= 0 || q.Patience <= 0:
		return 0
	case q.endless() && rho >= 1:
		return 0
	case q.endless():
		return rho * -math.Expm1(-(n-q.Load())*t/q.Handling)
	}
	left := math.Exp(-t / q.Patience)
	logG := q.Rate*q.Patience*(1-left) - n*t/q.Handling
	behind := math.Exp(logG + palm(n*q.Patience/q.Handling, q.Rate*q.Patience*left) - logA)
	return min(1, max(0, 1-math.Exp(-logA)-behind+math.Exp(logG-logA)))
}

// palm is the logarithm of C. Palm's function A(x, y) = 1 + Σ y^j / ((x+1)·…·(x+j)), j from
// 1 on, for x > 0. It is summed from its greatest term to both sides, so that neither a
// great sum overflows nor many small terms are walked through.
func palm(x, y float64) float64 {
	peak := math.Floor(max(0, y-x))
	log := 0.0
	if peak > 0 {
		high, _ := math.Lgamma(x + peak + 1)
		low, _ := math.Lgamma(x + 1)
		log = peak*math.Log(y) - (high - low)
	}
	sum := 1.0
	for j, term := peak+1, 1.0; ; j++ {
		if term *= y / (x + j); term < negligible*sum {
			break
		}
		sum += term
	}
	for j, term := peak, 1.0; j > 0; j-- {
		if term *= (x + j) / y; term < negligible*sum {
			break
		}
		sum += term
	}
	return log + math.Log(sum)
}

// negligible is what a term is beside a sum that it no longer changes.
const negligible = 1e-17

// Blocking is the share of calls that finds all of so many lines busy and is lost at once:
// A. K. Erlang's loss formula (Erlang-B, 1917), by its recursion from one line to the next.
// load is in erlangs.
func Blocking(lines int, load float64) float64 {
	b := 1.0
	for k := 1; k <= lines; k++ {
		b = load * b / (float64(k) + load*b)
	}
	return b
}

// SeatsGoal is what a hotline is to reach.
type SeatsGoal struct {
	Answered float64 // the share of the callers that is answered, as 0.83
	Level    float64 // the share that is answered within a time; 0: none asked for
	Within   float64 // that time, in seconds
}

// met is false where a queue grows for as long as the load lasts, whatever share is served.
func (g SeatsGoal) met(w Steady) bool {
	return w.Answered >= g.Answered && w.Within >= g.Level && !math.IsInf(w.MeanWait, 1)
}

// SeatsNeeded is the smallest number of seats with which the goal is reached on average, 0
// when nobody calls. ok is false when none does within MostSeats. That the shares grow with
// the seats is a property of the model, so the number is found by halving.
func (q ErlangA) SeatsNeeded(g SeatsGoal) (seats int, ok bool) {
	if q.Load() <= 0 {
		return 0, true
	}
	low, high := 0, 1
	for ; !g.met(q.Serve(high, g.Within)); high *= 2 {
		if high >= MostSeats {
			return 0, false
		}
		low = high
	}
	for high-low > 1 {
		if mid := (low + high) / 2; g.met(q.Serve(mid, g.Within)) {
			high = mid
		} else {
			low = mid
		}
	}
	return high, true
}

package kpi

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func closeTo(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within || math.IsNaN(got) {
		t.Errorf("%s: %.12g, want %.12g ± %.2g", what, got, want, within)
	}
}

// TestErlangPublished holds the formulas against numbers that others have printed, to the
// digits they give.
func TestErlangPublished(t *testing.T) {
	// Lines for a probability of blocking: D. Collins, Carrier Grade Voice over IP, 2nd
	// edition, appendix A, table of Erlang B; and the example of the manual of Westbay's
	// Erlang B calculator (15 lines, 1%: 8.108 erlangs).
	for _, tt := range []struct {
		lines         int
		blocked, load float64
		digits        float64
	}{
		{5, 0.01, 1.4, 0.05},
		{5, 0.05, 2.2, 0.05},
		{6, 0.01, 1.9, 0.05},
		{7, 0.02, 2.9, 0.05},
		{7, 0.05, 3.7, 0.05},
		{8, 0.001, 2.1, 0.05},
		{8, 0.01, 3.1, 0.05},
		{8, 0.05, 4.5, 0.05},
		{9, 0.005, 3.3, 0.05},
		{9, 0.03, 4.7, 0.05},
		{15, 0.01, 8.108, 0.0005},
	} {
		low, high := Blocking(tt.lines, tt.load-tt.digits), Blocking(tt.lines, tt.load+tt.digits)
		if tt.blocked < low || tt.blocked > high {
			t.Errorf("%d lines, %v erlangs: blocked %v to %v, printed %v", tt.lines, tt.load, low, high, tt.blocked)
		}
	}

	// Erlang-A: what the calculator of Call Centre Tools (Online Version 5.0) gave out as the
	// share that gives up, to a hundredth of a percent, in pages that were kept on 2026-06-10
	// (github.com/chjacamp/erlangR, dev/site-verification: result_default, _s1, _s2 and _s5).
	// Of Erlang-C it gave, for as many agents, the share answered in time, the share answered
	// at once and the mean wait; its program rounds the load to a thousandth.
	for _, tt := range []struct {
		perHour, handling, patience, within float64
		from                                int // seats of the first row; each row has one more
		rows                                [][4]float64
	}{
		{800, 257, 60, 20, 58, [][4]float64{
			{6.29, 19.3, 13.5, 250},
			{5.45, 37, 27, 99.3},
			{4.68, 51.2, 38.8, 54.4},
			{3.99, 62.4, 49.1, 33.6},
			{3.36, 71.3, 58, 22.1},
			{2.81, 78.3, 65.7, 15},
			{2.32, 83.7, 72.1, 10.4},
			{1.9, 87.9, 77.6, 7.3},
			{1.54, 91, 82.1, 5.2},
			{1.23, 93.5, 85.9, 3.7},
			{0.97, 95.3, 88.9, 2.6},
			{0.76, 96.6, 91.4, 1.9},
			{0.59, 97.6, 93.4, 1.3},
		}},
		{1000, 180, 120, 10, 51, [][4]float64{
			{5.24, 20.6, 16, 151.2},
			{4.39, 37.4, 30, 63},
			{3.64, 51.1, 42.2, 34.7},
			{2.98, 62.1, 52.6, 21.3},
			{2.41, 70.9, 61.5, 13.8},
			{1.93, 77.8, 69.1, 9.3},
			{1.53, 83.3, 75.4, 6.3},
			{1.2, 87.5, 80.6, 4.4},
			{0.92, 90.8, 84.8, 3},
			{0.71, 93.3, 88.3, 2.1},
			{0.53, 95.1, 91, 1.5},
			{0.4, 96.5, 93.2, 1},
		}},
	} {
		load := math.Round(tt.perHour*tt.handling/3.6) / 1000 // of an hour's calls, in erlangs
		for i, row := range tt.rows {
			q := ErlangA{Rate: load / tt.handling, Handling: tt.handling, Patience: tt.patience}
			name := fmt.Sprintf("%v an hour of %v s, %d seats: ", tt.perHour, tt.handling, tt.from+i)
			closeTo(t, name+"abandons", 100*q.Serve(tt.from+i, tt.within).Abandons, row[0], 0.0051)
			q.Patience = math.Inf(1)
			c := q.Serve(tt.from+i, tt.within)
			closeTo(t, name+"Erlang-C, within", 100*c.Within, row[1], 0.051)
			closeTo(t, name+"Erlang-C, at once", 100*(1-c.Waits), row[2], 0.051)
			closeTo(t, name+"Erlang-C, mean wait", c.MeanWait, row[3], 0.051)
		}
	}
	// As many agents as the load, where Erlang-C has no answer; the same pages, result_s5.
	closeTo(t, "50 seats for 50 erlangs: abandons", 100*ErlangA{Rate: 1000. / 3600, Handling: 180, Patience: 120}.Serve(50, 10).Abandons, 6.2, 0.0051)

	// Erlang-A as printed by the package erlangR 0.1.0 (same repository, README.md), and
	// Erlang-C as printed by the package ErlangC 0.1.0 of CRAN (README: 100 calls in 30
	// minutes, 14 agents).
	q := ErlangA{Rate: 120. / 3600, Handling: 280, Patience: 100}
	for i, share := range []float64{0.17955929, 0.12735028, 0.08627226, 0.05563469, 0.03407010, 0.01978727, 0.01089631} {
		closeTo(t, fmt.Sprintf("erlangR, %d agents: P(abandon)", 9+i), q.Serve(9+i, 20).Abandons, share, 6e-9)
	}
	a := q.Serve(12, 20)
	closeTo(t, "erlangR: P(wait > 0)", a.Waits, 0.1882, 0.00005)
	closeTo(t, "erlangR: mean wait", a.MeanWait, 5.563, 0.0005)
	closeTo(t, "erlangR: occupancy", a.Busy, 0.7345, 0.00005)
	c := ErlangA{Rate: 100. / 1800, Handling: 180, Patience: math.Inf(1)}.Serve(14, 20)
	closeTo(t, "ErlangC: wait_probability", c.Waits, 0.1741319, 6e-8)
	closeTo(t, "ErlangC: service_level", c.Within, 0.88835, 6e-6)
	closeTo(t, "ErlangC: average_speed_of_answer", c.MeanWait, 7.83593701177724, 1e-12)

	// Erlang-A as the tests of F. Kleine Bösing's queuingSystem have it (GitHub, 2021,
	// tests/modelling): at most 80 calls at a time, which with so much patience is endless.
	q = ErlangA{Rate: 0.1, Handling: 240, Patience: 300}
	k := q.Serve(28, 20)
	closeTo(t, "queuingSystem: mean wait", k.MeanWait, 6.833261838358366, 1e-12)
	closeTo(t, "queuingSystem: mean queue", k.MeanWait*q.Rate, 0.6833261838358367, 1e-12)
	closeTo(t, "queuingSystem: mean number of calls", k.MeanWait*q.Rate+28*k.Busy, 24.136665236767172, 1e-10)
	q.Patience = 30
	closeTo(t, "queuingSystem: abort", q.Serve(25, 20).Abandons, 0.09759081562546817, 1e-12)
}

// TestErlangElsewhere holds the formulas against what two packages of PyPI gave out when they
// were run once: most-queue 2.9 (MMnImpatienceCalc: the states' probabilities, summed) and the
// simulator Ciw 3.2.7 (customers who renege, 20 runs of 100,000 calls each). Ciw alone knows the
// share answered within a time; its numbers have an error, of which three are allowed.
func TestErlangElsewhere(t *testing.T) {
	for _, tt := range []struct {
		perHour, handling, patience float64
		seats                       int
		waits, abandons, meanWait   float64
	}{
		{2880, 60, 120, 50, 0.467774068554, 0.030912249162, 3.7094698995},
		{70, 300, 120, 6, 0.436923715239, 0.183807744755, 22.0569293706},
		{200, 180, 90, 7, 0.776226556541, 0.341289535366, 30.7160581829},
		{30, 240, 180, 4, 0.138165871903, 0.043272891902, 7.7891205423},
		{60, 300, 1200, 5, 0.703738658293, 0.118013600106, 141.6163201273},
		{7200, 180, 200, 360, 0.519985475405, 0.020467910245, 4.0935820490},
	} {
		w := ErlangA{Rate: tt.perHour / 3600, Handling: tt.handling, Patience: tt.patience}.Serve(tt.seats, 20)
		name := fmt.Sprintf("most-queue: %v an hour of %v s, %d seats: ", tt.perHour, tt.handling, tt.seats)
		closeTo(t, name+"waits", w.Waits, tt.waits, 1e-8)
		closeTo(t, name+"abandons", w.Abandons, tt.abandons, 1e-8)
		closeTo(t, name+"mean wait", w.MeanWait, tt.meanWait, 1e-6)
	}
	type measured struct{ value, err float64 }
	for _, tt := range []struct {
		perHour, handling, patience       float64
		seats                             int
		within                            float64
		waits, abandons, meanWait, inTime measured
	}{
		{70, 300, 120, 6, 20, measured{0.437152, 0.000813}, measured{0.184054, 0.00047}, measured{22.038272, 0.073649}, measured{0.63225, 0.000796}},
		{360, 240, 300, 28, 20, measured{0.244019, 0.001524}, measured{0.023118, 0.000202}, measured{6.941074, 0.05589}, measured{0.858056, 0.001017}},
		{200, 180, 90, 7, 30, measured{0.776888, 0.000666}, measured{0.341754, 0.000562}, measured{30.700673, 0.073338}, measured{0.403905, 0.000983}},
	} {
		w := ErlangA{Rate: tt.perHour / 3600, Handling: tt.handling, Patience: tt.patience}.Serve(tt.seats, tt.within)
		name := fmt.Sprintf("Ciw: %v an hour of %v s, %d seats: ", tt.perHour, tt.handling, tt.seats)
		closeTo(t, name+"waits", w.Waits, tt.waits.value, 3*tt.waits.err)
		closeTo(t, name+"abandons", w.Abandons, tt.abandons.value, 3*tt.abandons.err)
		closeTo(t, name+"mean wait", w.MeanWait, tt.meanWait.value, 3*tt.meanWait.err)
		closeTo(t, name+"answered in time", w.Within, tt.inTime.value, 3*tt.inTime.err)
	}
}

// balance solves the queue from its balance equations and, for the service level, follows a
// caller who finds j others waiting: j+1 departures from ahead of them come before they are
// served, each at the rate of the agents and of those still waiting ahead, and they may
// give up at any of them. The state behind the caller does not matter.
func balance(q ErlangA, seats int, within float64) (w Steady) {
	mu, theta := 1/q.Handling, 1/q.Patience
	p, sum := []float64{1}, 1.0
	for k := 1; ; k++ {
		death := float64(min(k, seats))*mu + float64(max(k-seats, 0))*theta
		p = append(p, p[k-1]*q.Rate/death)
		if sum += p[k]; p[k] < 1e-18*sum && k > seats && death > q.Rate {
			break
		}
		if sum > 1e250 {
			for i := range p {
				p[i] /= sum
			}
			sum = 1
		}
	}
	var queue float64
	for k := range p {
		if k >= seats {
			w.Waits += p[k] / sum
			queue += float64(k-seats) * p[k] / sum
		}
	}
	w.MeanWait = queue / q.Rate
	w.Abandons = theta * queue / q.Rate
	w.Answered = 1 - w.Abandons
	w.Within = 1 - w.Waits
	// at[j]: still waiting with j others ahead, at a time; by uniformization.
	at := make([]float64, len(p)-seats)
	for k := seats; k < len(p); k++ {
		at[k-seats] = p[k] / sum
	}
	rate := float64(seats)*mu + float64(len(at)+1)*theta
	steps := int(rate*within + 12*math.Sqrt(rate*within) + 50)
	served := make([]float64, steps+1) // after so many steps
	for s := 1; s <= steps; s++ {
		served[s] = served[s-1] + at[0]*float64(seats)*mu/rate
		next := make([]float64, len(at))
		for j := range at {
			down := (float64(seats)*mu + float64(j)*theta) / rate
			if j > 0 {
				next[j-1] += at[j] * down
			}
			next[j] += at[j] * (1 - down - theta/rate)
		}
		at = next
	}
	for s := range served {
		lg, _ := math.Lgamma(float64(s) + 1)
		w.Within += served[s] * math.Exp(float64(s)*math.Log(rate*within)-rate*within-lg)
	}
	return w
}

func TestErlangAgainstBalanceEquations(t *testing.T) {
	for _, tt := range []struct {
		perHour, handling, patience float64
		seats                       int
		within                      float64
	}{
		{70, 300, 120, 6, 20},
		{70, 300, 120, 1, 20},
		{30, 240, 180, 4, 15},
		{200, 180, 90, 7, 30},
		{600, 200, 150, 33, 20},
		{60, 300, 1200, 5, 60},
		{60, 300, 5, 5, 10},
		{60, 300, 36000, 6, 60},
		{2880, 60, 120, 50, 12.5},
		{12, 900, 60, 3, 20},
		{7200, 180, 200, 360, 20},
		{1, 60, 30, 2, 10},
		{400, 300, 240, 20, 120},
	} {
		q := ErlangA{Rate: tt.perHour / 3600, Handling: tt.handling, Patience: tt.patience}
		got, want := q.Serve(tt.seats, tt.within), balance(q, tt.seats, tt.within)
		name := fmt.Sprintf("%v an hour of %v s, patience %v s, %d seats: ", tt.perHour, tt.handling, tt.patience, tt.seats)
		closeTo(t, name+"waits", got.Waits, want.Waits, 1e-10)
		closeTo(t, name+"abandons", got.Abandons, want.Abandons, 1e-10)
		closeTo(t, name+"mean wait", got.MeanWait, want.MeanWait, 1e-7*max(1, want.MeanWait))
		closeTo(t, name+"within", got.Within, want.Within, 1e-8)
	}
}

// TestErlangLimits follows Erlang-A to Erlang-B and Erlang-C, and to sizes and times at
// which a careless sum overflows or never ends.
func TestErlangLimits(t *testing.T) {
	for _, seats := range []int{1, 2, 7, 60, 500, 2000} {
		for _, rho := range []float64{0.3, 0.8, 0.95, 1, 1.05, 2} {
			q := ErlangA{Rate: rho * float64(seats) / 240, Handling: 240}
			name := fmt.Sprintf("%d seats, load %v of them: ", seats, rho)
			b := Blocking(seats, q.Load())

			none := q.Serve(seats, 20)
			closeTo(t, name+"no patience, blocked", none.Abandons, b, 1e-12)
			closeTo(t, name+"no patience, wait", none.MeanWait, 0, 0)
			closeTo(t, name+"no patience, within", none.Within, 1-b, 1e-12)
			q.Patience = 1e-6
			closeTo(t, name+"next to no patience", q.Serve(seats, 20).Abandons, b, 1e-4)

			q.Patience = math.Inf(1)
			endless := q.Serve(seats, 20)
			if rho < 1 {
				c := b / (1 - rho*(1-b)) // Erlang-C
				closeTo(t, name+"endless patience, waits", endless.Waits, c, 1e-12)
				closeTo(t, name+"endless patience, answered", endless.Answered, 1, 1e-12)
				closeTo(t, name+"endless patience, wait", endless.MeanWait, c*240/(float64(seats)*(1-rho)), 1e-9*max(1, endless.MeanWait))
				closeTo(t, name+"endless patience, within", endless.Within, 1-c*math.Exp(-float64(seats)*(1-rho)*20/240), 1e-12)
			} else {
				closeTo(t, name+"endless patience, answered", endless.Answered, 1/rho, 1e-12)
				closeTo(t, name+"endless patience, within", endless.Within, 0, 1e-12)
			}
			q.Patience = endlessPatience
			long := q.Serve(seats, 20)
			closeTo(t, name+"long patience, answered", long.Answered, endless.Answered, 5e-3)
			if rho != 1 {
				closeTo(t, name+"long patience, within", long.Within, endless.Within, 3e-3)
			}
		}
	}
	if w := (ErlangA{Handling: 300, Patience: 60}).Serve(3, 20); w.Answered != 1 || w.Waits != 0 {
		t.Errorf("nobody calls: %+v", w)
	}
}

// TestErlangProperties are what must hold of any hotline.
func TestErlangProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logarithmic := func(name string, low, high float64) float64 {
			return math.Exp(rapid.Float64Range(math.Log(low), math.Log(high)).Draw(t, name))
		}
		q := ErlangA{Rate: logarithmic("rate", 1e-4, 30), Handling: logarithmic("handling", 5, 3600), Patience: logarithmic("patience", 0.1, 1e8)}
		seats := int(logarithmic("seats", 1, 2000))
		within := rapid.Float64Range(0, 600).Draw(t, "within")
		w := q.Serve(seats, within)
		for name, share := range map[string]float64{"waits": w.Waits, "abandons": w.Abandons, "answered": w.Answered, "within": w.Within, "busy": w.Busy} {
			if !(share >= -1e-9 && share <= 1+1e-9) {
				t.Fatalf("%s is %v: %+v", name, share, w)
			}
		}
		if w.Within > w.Answered+1e-6 {
			t.Fatalf("more are answered in time than at all: %+v", w)
		}
		const slack = 1e-6
		more := q.Serve(seats+1, within)
		if more.Answered < w.Answered-slack || more.Within < w.Within-slack || more.Waits > w.Waits+slack {
			t.Fatalf("a seat more makes it worse: %+v, then %+v", w, more)
		}
		if longer := q.Serve(seats, within+10); longer.Within < w.Within-slack {
			t.Fatalf("fewer are answered in a longer time: %v, then %v", w.Within, longer.Within)
		}
		busier := q
		busier.Rate *= 1.1
		if b := busier.Serve(seats, within); b.Answered > w.Answered+slack || b.Within > w.Within+slack {
			t.Fatalf("more calls make it better: %+v, then %+v", w, b)
		}
		patient := q
		patient.Patience *= 1.5
		if p := patient.Serve(seats, within); p.Abandons > w.Abandons+slack || p.Waits < w.Waits-slack {
			t.Fatalf("more patience: %+v, then %+v", w, p)
		}
		if w.Answered < min(1, float64(seats)/q.Load())-0.5 || w.Answered > float64(seats)/q.Load()+1e-9 {
			t.Fatalf("%d seats answer %v of %v erlangs", seats, w.Answered, q.Load())
		}
	})
}

func TestSeatsNeeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := ErlangA{
			Rate:     rapid.Float64Range(0.0005, 2).Draw(t, "rate"),
			Handling: rapid.Float64Range(20, 900).Draw(t, "handling"),
			Patience: rapid.SampledFrom([]float64{0, 5, 60, 300, 3000, math.Inf(1)}).Draw(t, "patience"),
		}
		g := SeatsGoal{Answered: rapid.Float64Range(0.3, 0.99).Draw(t, "answered"), Within: 20}
		if rapid.Bool().Draw(t, "level") {
			g.Level = rapid.Float64Range(0.3, 0.95).Draw(t, "level")
		}
		n, ok := q.SeatsNeeded(g)
		if !ok {
			t.Fatalf("no number of seats is enough")
		}
		if !g.met(q.Serve(n, g.Within)) {
			t.Fatalf("%d seats are not enough", n)
		}
		if n > 1 && g.met(q.Serve(n-1, g.Within)) {
			t.Fatalf("%d seats are enough, %d are said to be needed", n-1, n)
		}
	})
	if n, ok := (ErlangA{Handling: 300}).SeatsNeeded(SeatsGoal{Answered: 0.83}); n != 0 || !ok {
		t.Errorf("nobody calls: %d seats", n)
	}
	if n, ok := (ErlangA{Rate: 1000, Handling: 3600, Patience: 60}).SeatsNeeded(SeatsGoal{Answered: 0.83}); ok {
		t.Errorf("3.6 million erlangs: %d seats", n)
	}
}

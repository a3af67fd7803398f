package simulate

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hotline12333/internal/hotline"
)

// erlangA holds the figures of the M/M/n+M queue (A. Mandelbaum and S. Zeltyn, Service
// Engineering in Action: The Palm/Erlang-A Queue, with Applications to Call Centers, 2007,
// section 4; the function A is C. Palm's): arrivals at the rate lambda, n agents serving at
// the rate mu each, patience exponential with the rate theta.
type erlangA struct{ wait, abandon, meanWait float64 }

func palm(lambda, mu, theta float64, n int) erlangA {
	rho := lambda / (float64(n) * mu)
	// A(x, y) = 1 + sum over j of y^j / ((x+1)…(x+j))
	x, y := float64(n)*mu/theta, lambda/theta
	a := 1.0
	for j, term := 1, 1.0; term > 1e-15*a; j++ {
		term *= y / (x + float64(j))
		a += term
	}
	blocking := 1.0 // Erlang's loss formula, by its recursion
	for k := 1; k <= n; k++ {
		load := lambda / mu
		blocking = load * blocking / (float64(k) + load*blocking)
	}
	wait := a * blocking / (1 + (a-1)*blocking)
	abandon := wait * (1/(rho*a) + 1 - 1/rho)
	return erlangA{wait: wait, abandon: abandon, meanWait: abandon / theta}
}

// chain solves the same queue from its balance equations, to hold the formula against.
func chain(lambda, mu, theta float64, n int) erlangA {
	p, sum := []float64{1}, 1.0
	for k := 1; k < 5000; k++ {
		death := float64(min(k, n))*mu + float64(max(k-n, 0))*theta
		p = append(p, p[k-1]*lambda/death)
		sum += p[k]
	}
	var out erlangA
	var queue float64
	for k := n; k < len(p); k++ {
		out.wait += p[k] / sum
		queue += float64(k-n) * p[k] / sum
	}
	out.abandon, out.meanWait = theta*queue/lambda, queue/lambda
	return out
}

// constant is one queue with nothing around it: no menu, no ringing, no writing up.
func constant(perHour, service, patience float64, agents int) *Scenario {
	seconds := func(s float64) Duration {
		return Duration{Kind: exponential, Mean: time.Duration(s * float64(time.Second))}
	}
	s := &Scenario{
		Name: "constant", Zone: "UTC",
		Service: Service{
			Weekdays: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"},
			Hours:    []string{"00:00-24:00"},
		},
		Arrivals: Arrivals{PerDay: 24 * perHour, Shape: map[string]float64{"00:00": 1}},
		Patience: seconds(patience),
		Queues:   []Queue{{Name: "q"}},
		Topics:   []Topic{{Name: "t", Queue: "q", Weight: 1, Service: seconds(service)}},
		Shifts:   []Shift{{Name: "all", Hours: []string{"00:00-24:00"}}},
		Callers:  Callers{People: 1000},
	}
	for i := range agents {
		s.Agents = append(s.Agents, Agent{ID: fmt.Sprint(i), Queues: []string{"q"}, Shifts: []string{"all"}})
	}
	return s
}

func TestAgreesWithErlangA(t *testing.T) {
	unread(t)
	for _, tt := range []struct {
		name                       string
		perHour, service, patience float64
		agents                     int
	}{
		{"a small centre, busy", 70, 300, 120, 6},
		{"quiet", 30, 240, 180, 4},
		{"overloaded", 200, 180, 90, 7},
		{"large", 600, 200, 150, 33},
		{"patient", 60, 300, 1200, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lambda, mu, theta := tt.perHour/3600, 1/tt.service, 1/tt.patience
			want := palm(lambda, mu, theta, tt.agents)
			if c := chain(lambda, mu, theta, tt.agents); math.Abs(c.wait-want.wait) > 1e-9 ||
				math.Abs(c.abandon-want.abandon) > 1e-9 || math.Abs(c.meanWait-want.meanWait) > 1e-6 {
				t.Fatalf("the formula gives %+v, the balance equations %+v", want, c)
			}
			// Means of days, days being as good as independent, give the error.
			days := int(60_000/(24*tt.perHour)) + 15
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			s, err := New(Options{
				Scenario: constant(tt.perHour, tt.service, tt.patience, tt.agents),
				Seed:     2, From: from, To: from.AddDate(0, 0, days),
			})
			if err != nil {
				t.Fatal(err)
			}
			sums := make([][4]float64, days) // calls, waited, abandoned, seconds waited
			for e, err := range s.Backfill(time.Time{}) {
				if err != nil {
					t.Fatal(err)
				}
				f, d := e.Call.Facts(), &sums[int(e.Call.StartedAt.Sub(from)/(24*time.Hour))]
				d[0]++
				if f.Wait > 0 {
					d[1]++
				}
				switch e.Call.Outcome {
				case hotline.Answered:
				case hotline.AbandonedQueue:
					d[2]++
				default:
					t.Fatalf("%s is %s", e.Call.ID, e.Call.Outcome)
				}
				d[3] += float64(f.Wait) / 1000
			}
			for i, figure := range []struct {
				name string
				want float64
			}{{"P(wait > 0)", want.wait}, {"P(abandon)", want.abandon}, {"E[wait], s", want.meanWait}} {
				got, err := ratio(sums[1:], i+1) // the first day begins empty
				t.Logf("%-12s Erlang-A %8.4f, simulated %8.4f ± %.4f", figure.name, figure.want, got, err)
				if math.Abs(got-figure.want) > 4*err+1e-3*figure.want { // times are cut to the millisecond
					t.Errorf("%s: simulated %.5f ± %.5f, Erlang-A %.5f", figure.name, got, err, figure.want)
				}
			}
		})
	}
}

// ratio is the sum of column i over that of column 0 and its standard error, by days.
func ratio(days [][4]float64, i int) (r, stderr float64) {
	var num, den float64
	for _, d := range days {
		num += d[i]
		den += d[0]
	}
	r = num / den
	var squares float64
	for _, d := range days {
		squares += (d[i] - r*d[0]) * (d[i] - r*d[0])
	}
	return r, math.Sqrt(squares) / den
}

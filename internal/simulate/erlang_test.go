package simulate

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

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

// TestAgreesWithErlangA holds what is lost, and how long callers wait, against the formulas
// that seats are computed with: what they assume is simulated call by call.
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
			want := kpi.ErlangA{Rate: tt.perHour / 3600, Handling: tt.service, Patience: tt.patience}.Serve(tt.agents, 20)
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
			sums := make([][5]float64, days) // calls, waited, abandoned, seconds waited, answered within 20 s
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
					if f.Wait <= 20_000 {
						d[4]++
					}
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
			}{
				{"P(wait > 0)", want.Waits}, {"P(abandon)", want.Abandons}, {"E[wait], s", want.MeanWait}, {"within 20 s", want.Within},
			} {
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
func ratio(days [][5]float64, i int) (r, stderr float64) {
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

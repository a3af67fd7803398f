package simulate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// perHour is the day of the streams: 480 calls from eight to six, 60 an hour at the peak.
func perHour() [10]float64 { return [10]float64{48, 60, 60, 50, 32, 36, 52, 60, 46, 36} }

// coins are calls whose fate a coin decides, at a rate that may change with the hour.
func coins(r *rand.Rand, days int, from float64, rate func(hour float64) float64) []opening {
	out := make([]opening, days)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for day := range out {
		for i, n := range perHour() {
			for hour := 0.0; ; {
				if hour += r.ExpFloat64() / n; hour >= 1 {
					break
				}
				at := 8 + float64(i) + hour
				d := kpi.Decision{At: midnight.Add(time.Duration(at * float64(time.Hour))), Fate: kpi.FateOf(r.Float64() < rate(at), false, true, 0)}
				if at < from {
					out[day].before++
				}
				out[day].calls = append(out[day].calls, d)
			}
		}
	}
	return out
}

func steady(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// office is a queue as busy as the streams of coins, in which callers wait, and hang up
// when they have waited for too long. leaving is the hour at which all but two agents go.
func office(agents int, perDay, service float64, leaving int) (*Scenario, error) {
	s, err := Named(NormalYear)
	if err != nil {
		return nil, err
	}
	clock := func(hour int) string { return fmt.Sprintf("%02d:00", hour) }
	s.Name = "office"
	s.Service = Service{Weekdays: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, Hours: []string{"08:00-18:00"}}
	s.Arrivals = Arrivals{PerDay: perDay, Shape: map[string]float64{"00:00": 0, "18:00": 0}}
	for i, n := range perHour() {
		s.Arrivals.Shape[clock(8+i)] = n
	}
	s.Surges, s.Outbound, s.Exclusions, s.Absence, s.Sick = Surges{}, Outgoing{}, Exclusions{}, 0, Sick{}
	s.Menu.SelfService, s.Menu.Abandoned = 0, 0
	s.Queues = []Queue{{Name: "综合", Capacity: 12, MaxWait: 10 * time.Minute}}
	s.Topics = []Topic{{Name: "咨询", Queue: "综合", Weight: 1, Service: Duration{Kind: lognormal, Mean: time.Duration(service * float64(time.Second)), CV: 0.8}}}
	s.Shifts = []Shift{{Name: "day", Hours: []string{"08:00-18:00"}}, {Name: "short", Hours: []string{"08:00-" + clock(leaving)}}}
	s.Agents = nil
	for i := range agents {
		shift := "day"
		if leaving < 18 && i >= 2 {
			shift = "short"
		}
		s.Agents = append(s.Agents, Agent{ID: fmt.Sprint(i), Queues: []string{"综合"}, Shifts: []string{shift}})
	}
	return s, nil
}

// decided runs a scenario and gives the decisions of its days, of all queues together and
// of each.
func decided(t *testing.T, s *Scenario, seed uint64, days, leaving int, blind bool) map[string][]opening {
	t.Helper()
	zone := shanghai(t)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	run := begin(t, Options{Scenario: s, Seed: seed, From: from, To: from.AddDate(0, 0, days)})
	out := map[string][]opening{"": make([]opening, days)}
	for e, err := range run.Backfill(time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		f := e.Call.Facts()
		seen := kpi.See(e.Call, &f)
		if !seen.Asked() || !inHours(s, e.Call.StartedAt.In(zone)) {
			continue
		}
		d := kpi.Decision{At: f.DecidedAt, ID: e.Call.ID, Wait: time.Duration(f.Wait) * time.Millisecond}
		d.Fate = kpi.FateOf(e.Call.Outcome == hotline.Answered, e.Call.Outcome == hotline.Blocked, !blind, d.Wait)
		day := int(e.Call.StartedAt.Sub(from) / (24 * time.Hour))
		for _, q := range []string{"", e.Call.Queue} {
			if out[q] == nil {
				out[q] = make([]opening, days)
			}
			out[q][day].calls = append(out[q][day].calls, d)
		}
	}
	for _, list := range out {
		for i := range list {
			kpi.Order(list[i].calls, nil)
			fault := from.AddDate(0, 0, i).Add(time.Duration(leaving) * time.Hour)
			list[i].before, _ = slices.BinarySearchFunc(list[i].calls, fault, func(d kpi.Decision, t time.Time) int { return cmp.Compare(d.At.UnixMilli(), t.UnixMilli()) })
		}
	}
	return out
}

func inHours(s *Scenario, at time.Time) bool {
	m := at.Hour()*60 + at.Minute()
	if s.Service.Calendar == "" {
		return m >= 8*60 && m < 18*60
	}
	return inServiceHours(at) && at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
}

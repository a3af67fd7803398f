package simulate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/calendar"
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
	s.Topics = []Topic{{Name: "咨询", Queue: "综合", Weight: 1, Service: talk(service)}}
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

// branches is a hotline of three queues with agents of their own, five, four and three of
// them, who talk for so long.
func branches(talks [3]float64) (*Scenario, error) {
	s, err := office(0, 0, 0, 18)
	if err != nil {
		return nil, err
	}
	s.Arrivals.PerDay = 0
	s.Queues, s.Topics = nil, nil
	for i, b := range []struct {
		name   string
		agents int
		perDay float64
	}{{"养老待遇", 5, 460}, {"社会保障卡", 4, 468}, {"失业保险", 3, 300}} {
		s.Arrivals.PerDay += b.perDay
		s.Queues = append(s.Queues, Queue{Name: b.name, Capacity: 12, MaxWait: 10 * time.Minute})
		s.Topics = append(s.Topics, Topic{Name: b.name, Queue: b.name, Weight: b.perDay, Service: talk(talks[i])})
		for j := range b.agents {
			s.Agents = append(s.Agents, Agent{ID: fmt.Sprint(b.name, j), Queues: []string{b.name}, Shifts: []string{"day"}})
		}
	}
	return s, nil
}

func talk(seconds float64) Duration {
	return Duration{Kind: lognormal, Mean: time.Duration(seconds * float64(time.Second)), CV: 0.8}
}

// team is a queue in which each hour has as many calls for each agent on duty: of so many
// agents at the peak. leaving is the hour at which three of five go.
func team(agents int, perDay, service float64, patience Duration, leaving int) (*Scenario, error) {
	s, err := office(0, perDay, service, 18)
	if err != nil {
		return nil, err
	}
	if patience.Mean > 0 {
		s.Patience = patience
	}
	s.Shifts = nil
	stay := agents - (3*agents+2)/5
	for i := range agents {
		shift := Shift{Name: fmt.Sprint("shift ", i)}
		for h, n := range perHour() {
			here := int(math.Round(float64(agents) * n / 60))
			s.Arrivals.Shape[fmt.Sprintf("%02d:00", 8+h)] = float64(here)
			if i < here && (8+h < leaving || i < stay) {
				shift.Hours = append(shift.Hours, fmt.Sprintf("%02d:00-%02d:00", 8+h, 9+h))
			}
		}
		if len(shift.Hours) > 0 {
			s.Shifts = append(s.Shifts, shift)
			s.Agents = append(s.Agents, Agent{ID: fmt.Sprint(i), Queues: []string{"综合"}, Shifts: []string{shift.Name}})
		}
	}
	return s, nil
}

// trial is a scenario to be lived through for so many days.
type trial struct {
	scenario *Scenario
	seed     uint64
	days     int
	leaving  int // the hour of the day's fault; 18 or later: none
}

// decided gives the decisions of a trial's openings, of all queues together (its empty name)
// and of each, with who was on duty. What is decided after closing is left out: the rules
// are silent then.
func (x trial) decided(t *testing.T) map[string][]opening {
	t.Helper()
	zone := shanghai(t)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	end := from.AddDate(0, 0, x.days)
	served, err := x.scenario.Service.calendar(zone)
	if err != nil {
		t.Fatal(err)
	}
	spans, err := served.ServiceSpans(from, end)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*record)
	of := func(queue string) *record {
		if out[queue] == nil {
			out[queue] = &record{openings: make([]opening, len(spans)), agents: make(map[string]bool)}
		}
		return out[queue]
	}
	var duty []kpi.DutyChange
	able := make(map[string]bool)
	for e, err := range begin(t, Options{Scenario: x.scenario, Seed: x.seed, From: from, To: end, States: true}).Backfill(time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		if a := e.Agent; a != nil {
			if now := a.State != hotline.SignedOut && a.State != hotline.Paused; now != able[a.Agent] {
				able[a.Agent] = now
				duty = append(duty, kpi.DutyChange{Agent: a.Agent, Since: a.Since, Able: now})
			}
			continue
		}
		f := e.Call.Facts()
		if seen := kpi.See(e.Call, &f); !seen.Asked() || !served.InService(hotline.BucketOf(e.Call.StartedAt)) {
			continue
		}
		i, found := slices.BinarySearchFunc(spans, f.DecidedAt, func(s calendar.Span, t time.Time) int { return s.From.Compare(t) })
		if !found {
			i--
		}
		if i < 0 || !f.DecidedAt.Before(spans[i].To) {
			continue
		}
		d := kpi.Decision{At: f.DecidedAt, ID: e.Call.ID, Wait: time.Duration(f.Wait) * time.Millisecond}
		d.Fate = kpi.FateOf(e.Call.Outcome == hotline.Answered, e.Call.Outcome == hotline.Blocked, true, d.Wait)
		for _, q := range []string{"", e.Call.Queue} {
			r := of(q)
			r.openings[i].calls = append(r.openings[i].calls, d)
			if d.Fate.Answered() {
				r.handled++
				r.handling += time.Duration(f.Talk+f.Hold+f.Wrapup) * time.Millisecond
				r.agents[e.Call.Agent] = true
			}
		}
	}
	list := make(map[string][]opening)
	for q, r := range out {
		r.finish(spans, duty, x.leaving, zone)
		list[q] = r.openings
	}
	return list
}

// record is what came of one queue, or of all.
type record struct {
	openings []opening
	agents   map[string]bool
	handled  int
	handling time.Duration
}

// finish orders the decisions and marks who was on duty, as publish does of a day.
func (r *record) finish(spans []calendar.Span, duty []kpi.DutyChange, leaving int, zone *time.Location) {
	onDuty := kpi.CountOnDuty(duty, func(c *kpi.DutyChange) bool { return r.agents[c.Agent] })
	for i := range r.openings {
		o := &r.openings[i]
		kpi.Order(o.calls, nil)
		shortage := kpi.Shortage{Opening: spans[i].From, OnDuty: onDuty, Handling: r.handling / time.Duration(max(r.handled, 1))}
		for j := range o.calls {
			shortage.Arrivals = append(shortage.Arrivals, o.calls[j].At.Add(-o.calls[j].Wait))
		}
		slices.SortFunc(shortage.Arrivals, time.Time.Compare)
		shortage.Mark(o.calls)
		y, m, d := spans[i].From.In(zone).Date()
		fault := time.Date(y, m, d, leaving, 0, 0, 0, zone)
		o.before, _ = slices.BinarySearchFunc(o.calls, fault, func(d kpi.Decision, t time.Time) int { return cmp.Compare(d.At.UnixMilli(), t.UnixMilli()) })
	}
}

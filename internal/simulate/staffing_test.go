package simulate

import (
	"math"
	"os"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// TestStaffingOffConstant measures how far Erlang-A is off where what it assumes does not
// hold: times that are lognormal, phones that ring. Handling time and patience are taken
// from the calls as the page of the morning takes them. docs/staffing.md has the table.
func TestStaffingOffConstant(t *testing.T) {
	unread(t)
	for _, tt := range []struct {
		name    string
		perHour float64
		agents  int
		ring    time.Duration
		most    float64 // by how much the share answered may be off
	}{
		{"quiet", 50, 6, 0, 0.005},
		{"at the target", 92, 6, 0, 0.01},
		{"overloaded", 130, 6, 0, 0.01},
		{"large, at the target", 900, 52, 0, 0.005},
		{"quiet, 4 s of ringing", 50, 6, 4 * time.Second, 0.01},
		{"at the target, 4 s of ringing", 92, 6, 4 * time.Second, 0.01},
		{"overloaded, 4 s of ringing", 130, 6, 4 * time.Second, 0.01},
	} {
		scenario := constant(tt.perHour, 240, 170, tt.agents)
		scenario.Topics[0].Service = Duration{Kind: lognormal, Mean: 240 * time.Second, CV: 0.9}
		scenario.Patience = Duration{Kind: lognormal, Mean: 170 * time.Second, CV: 1.3}
		if tt.ring > 0 {
			scenario.Ringing = Ringing{Time: Duration{Kind: lognormal, Mean: tt.ring, CV: 0.6}}
		}
		days := int(60_000/(24*tt.perHour)) + 15
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s, err := New(Options{Scenario: scenario, Seed: 4, From: from, To: from.AddDate(0, 0, days)})
		if err != nil {
			t.Fatal(err)
		}
		var all kpi.Tally
		sums := make([][5]float64, days)
		for e, err := range s.Backfill(time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			one := kpi.One(e.Call)
			all.Merge(&one)
			d := &sums[int(e.Call.StartedAt.Sub(from)/(24*time.Hour))]
			d[0] += float64(one.Requested())
			d[1] += float64(one.Answered)
		}
		q := kpi.ErlangA{
			Rate:     float64(all.Requested()) / (float64(days) * 86400),
			Handling: float64(all.TalkMillis+all.HoldMillis+all.WrapupMillis) / 1000 / float64(all.Answered),
			Patience: float64(all.WaitMillis+all.LostMillis) / 1000 / float64(all.Abandoned()),
		}
		model := q.Serve(tt.agents, 20).Answered
		got, stderr := ratio(sums[1:], 1)
		t.Logf("%-30s answered: model %.1f%%, simulated %.1f%% ± %.1f, model off by %+.1f points (handling %.0f s, patience %.0f s)",
			tt.name, 100*model, 100*got, 100*stderr, 100*(model-got), q.Handling, q.Patience)
		if math.Abs(model-got) > tt.most+3*stderr {
			t.Errorf("%s: the model is off by %+.2f points", tt.name, 100*(model-got))
		}
	}
}

// told is what a hotline of some months has told: tallies by quarter hour, and who could take
// calls in the middle of each.
type told struct {
	zone    *time.Location
	of      func(time.Time) calendar.Calendar
	entries []kpi.Entry
	agents  map[time.Time]int
}

func tellMonths(t *testing.T, seed uint64, from, to time.Time) *told {
	t.Helper()
	scenario, err := Named("normal-year")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Scenario: scenario, Seed: seed, From: from, To: to, States: true})
	if err != nil {
		t.Fatal(err)
	}
	h := &told{zone: from.Location(), of: s.plan.calendarOn, agents: map[time.Time]int{}}
	newest := map[string]*hotline.Call{}
	states := map[string]hotline.State{}
	next := hotline.BucketOf(from)
	for e, err := range s.Events(time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		for ; !e.At.Before(next.Add(hotline.BucketLength / 2)); next = next.Add(hotline.BucketLength) {
			for _, state := range states {
				if state != hotline.SignedOut && state != hotline.Paused {
					h.agents[next]++
				}
			}
		}
		switch {
		case e.Agent != nil:
			states[e.Agent.Agent] = e.Agent.State
		case e.Call != nil:
			newest[e.Call.ID] = e.Call
		}
	}
	tallies := map[kpi.Key]*kpi.Tally{}
	for _, c := range newest {
		kpi.Count(tallies, c)
	}
	b := kpi.Build{Zone: h.zone, InService: func(_ string, at time.Time) bool { return h.of(at).InService(at) }}
	var list []kpi.Entry
	for key, tally := range tallies {
		if key.Dimension == kpi.ByQueue {
			list = append(list, kpi.Entry{Key: key, Tally: *tally})
		}
	}
	h.entries = b.Served(list)
	return h
}

// TestStaffingOfNormalYear takes the morning of every working day of two months and holds what
// it expects against what came: the calls of each half hour, and the share answered with the
// agents who were really there. The hotline has queues, skills, breaks, ringing, transfers,
// redials and surges, which the model knows nothing of.
func TestStaffingOfNormalYear(t *testing.T) {
	unread(t)
	seeds := []uint64{7}
	if os.Getenv("HOTLINE_SOAK") != "" {
		seeds = []uint64{7, 8, 9, 10, 11, 12}
	}
	for _, seed := range seeds {
		staffNormalYear(t, seed)
	}
}

func staffNormalYear(t *testing.T, seed uint64) {
	zone := shanghai(t)
	from, first, to := kpi.DayStart(2026, 3, 2, zone), kpi.DayStart(2026, 5, 6, zone), kpi.DayStart(2026, 7, 1, zone)
	h := tellMonths(t, seed, from, to)
	var days, inDay, halves, inHalf, missed int
	var requested, answered, expected, squares, calls, came float64
	for day := first; day.Before(to); day = day.AddDate(0, 0, 1) {
		sort := func(d time.Time) (calendar.DaySort, error) { return h.of(d).Sort(d.Add(12 * time.Hour)) }
		if s, err := sort(day); err != nil || s != calendar.Worked {
			continue
		}
		var before []kpi.Entry
		var today kpi.Tally
		var byHalf [48]float64
		planned := new(kpi.Usual)
		for i := range h.entries {
			switch at := h.entries[i].Key.Bucket; {
			case at.Before(day):
				before = append(before, h.entries[i])
			case at.Before(day.AddDate(0, 0, 1)) && h.of(at).InService(at):
				today.Merge(&h.entries[i].Tally)
				byHalf[kpi.QuarterOfDay(at.In(zone))/2] += float64(h.entries[i].Tally.Requested())
			}
		}
		for at := day; at.Before(day.AddDate(0, 0, 1)); at = at.Add(hotline.BucketLength) {
			planned[kpi.QuarterOfDay(at)] = float64(h.agents[at.UTC()])
		}
		usual, err := kpi.UsualDayOf(kpi.UsualQuery{Day: day, Zone: zone, Sort: sort, Entries: before})
		if err != nil {
			t.Fatal(err)
		}
		s := kpi.Staff(kpi.StaffingQuery{
			Day: day, Zone: zone, Usual: usual, Waits: true, Planned: planned, Goal: kpi.SeatsGoal{Answered: 0.83, Within: 20},
			Open: func(at time.Time) bool { return h.of(at).InService(at) },
		})
		if s.Planned == nil || s.Patience.Assumed {
			t.Fatalf("%s: %+v", day.Format(time.DateOnly), s)
		}
		n := float64(today.Requested())
		is := float64(today.Answered) / n
		days++
		requested, answered, expected = requested+n, answered+float64(today.Answered), expected+n**s.Planned
		squares += (*s.Planned - is) * (*s.Planned - is)
		calls, came = calls+s.Calls.Mean, came+n
		if n >= s.Calls.Low && n <= s.Calls.High {
			inDay++
		}
		if (*s.Planned >= 0.83) != (is >= 0.83) {
			missed++
		}
		for i := range s.HalfHours {
			half := &s.HalfHours[i]
			halves++
			if x := byHalf[kpi.QuarterOfDay(half.From)/2]; x >= math.Floor(half.Calls.Low) && x <= math.Ceil(half.Calls.High) {
				inHalf++
			}
		}
	}
	off, rms := (expected-answered)/requested, math.Sqrt(squares/float64(days))
	ranges, whole := float64(inHalf)/float64(halves), float64(inDay)/float64(days)
	t.Logf("seed %d, %d days: answered %.1f%%, expected %.1f%%: off by %+.1f points, a day by %.1f (root mean square); the other side of 83%% on %d days", seed, days, 100*answered/requested, 100*expected/requested, 100*off, 100*rms, missed)
	t.Logf("calls: %.0f came, %.0f were expected (%+.1f%%); in their ranges %.0f%% of half hours, %.0f%% of days", came, calls, 100*(calls/came-1), 100*ranges, 100*whole)
	if math.Abs(off) > 0.03 || ranges < 0.75 || whole < 0.6 {
		t.Errorf("answered off by %+.3f; in their ranges %.3f of half hours, %.3f of days", off, ranges, whole)
	}
}

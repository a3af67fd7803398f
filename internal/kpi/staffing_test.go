package kpi

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
)

// staffed asks for the Monday behind five weeks of weeksOf, in service from 9:00 to 11:00.
// Of each quarter hour's calls a tenth gives up after 24 s, the others are answered after
// 4 s and take 200 s of talk and 40 s of writing up.
func staffed(t *testing.T, change func(*UsualQuery)) StaffingQuery {
	t.Helper()
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, time.FixedZone("+08:00", 8*3600))
	u := weeksOf(first, 35, nil, nil)
	u.Day = first.AddDate(0, 0, 35)
	for i := range u.Entries {
		n := 10 * (1 + u.Entries[i].Tally.Calls%3) // 20, 30, 10, …
		gone := n / 10
		u.Entries[i].Tally = Tally{
			Calls: n, Answered: n - gone, AbandonedQueue: gone, WaitMillis: 4000 * (n - gone), LostMillis: 24_000 * gone,
			TalkMillis: 200_000 * (n - gone), WrapupMillis: 40_000 * (n - gone),
		}
	}
	if change != nil {
		change(&u)
	}
	usual, err := UsualDayOf(u)
	if err != nil {
		t.Fatal(err)
	}
	return StaffingQuery{
		Day: u.Day, Zone: u.Zone, Usual: usual, Goal: SeatsGoal{Answered: 0.83, Within: 20}, Waits: true,
		Open: func(b time.Time) bool { h := b.In(u.Zone).Hour(); return h == 9 || h == 10 },
	}
}

func TestStaff(t *testing.T) {
	q := staffed(t, nil)
	s := Staff(q)
	if want := []string{"2026-03-30", "2026-03-23", "2026-03-16", "2026-03-09", "2026-03-02"}; !slices.Equal(s.Days, want) || s.Closed || s.Missing != 0 {
		t.Fatalf("made of %v, want %v; %+v", s.Days, want, s)
	}
	// Mondays are days 0, 7, 14, 21 and 28: 40+k calls made it 20, 30, 10, 20, 30 a quarter hour.
	if len(s.HalfHours) != 4 || s.Calls.Mean != 8*22 {
		t.Fatalf("%d half hours, %v calls; want 4 and 176", len(s.HalfHours), s.Calls.Mean)
	}
	closeTo(t, "handling time", s.Handling.Seconds, 240, 0)
	closeTo(t, "patience", *s.Patience.Seconds, (0.9*4+0.1*24)/0.1, 1e-9)
	if s.Handling.Calls != 5*8*22*9/10 || !s.Handling.WrapUp || s.Patience.Abandoned != 5*8*22/10 || s.Patience.Assumed {
		t.Errorf("from %+v, %+v", s.Handling, s.Patience)
	}
	h := s.HalfHours[0]
	e := ErlangA{Rate: 44.0 / 1800, Handling: 240, Patience: 60}
	n, _ := e.SeatsNeeded(q.Goal)
	if h.Calls.Mean != 44 || *h.Seats != n || *h.Answered != e.Serve(n, 20).Answered || *h.Answered < 0.83 || h.Days != 5 {
		t.Errorf("%+v, want 44 calls and %d seats", h, n)
	}
	if *h.SeatsHigh < n || h.Calls.High <= 44 || h.Calls.Low >= 44 || h.From.Format("15:04") != "09:00" || h.To.Format("15:04") != "09:30" {
		t.Errorf("%+v", h)
	}
	if s.Peak != 0 || h.Tried != nil || h.Planned != nil || s.Tried != nil {
		t.Errorf("peak %d; nothing was tried or planned: %+v", s.Peak, h)
	}
}

// Of many agents a target of the answer rate leaves hardly any free, and that is said; of few
// it does not.
func TestStrain(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		calls int64
		says  bool
	}{{20, false}, {1500, true}} {
		tallies := make([]Tally, quartersOfTheDay)
		tallies[36] = Tally{Calls: tt.calls, Answered: tt.calls, TalkMillis: 240_000 * tt.calls}
		u := UsualDay{Likeness: SameWeekday, Days: []time.Time{day.AddDate(0, 0, -7), day.AddDate(0, 0, -14), day.AddDate(0, 0, -21)}, Tallies: [][]Tally{tallies, tallies, tallies}}
		s := Staff(StaffingQuery{Day: day, Zone: time.UTC, Usual: &u, Goal: SeatsGoal{Answered: 0.83, Within: 20}, AssumedPatience: 120, Open: func(b time.Time) bool { return QuarterOfDay(b) == 36 }})
		said := s.Assumptions(calendar.Worked, day)
		if says := strings.Contains(said[len(said)-1].EN, "Nobody keeps that up"); says != tt.says {
			t.Errorf("%d calls, %d seats busy %v: said %v", tt.calls, *s.HalfHours[0].Seats, *s.HalfHours[0].Busy, says)
		}
	}
	for x, want := range map[float64]string{0: "0", 0.125: "<1", 0.5: "1", 465.875: "466", 999.94: "1,000", 42000.4: "42,000"} {
		if got := About(x); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
	for x, want := range map[float64]string{0.83: "83.0%", 0.82999: "82.9%", 1: "100.0%", 0.57: "57.0%"} {
		if got := CutShare(x); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
}

// Hours that change with the season: only days on which a quarter hour was open say what
// comes in it, and of one that no day was open in nothing is said.
func TestStaffWhereHoursChange(t *testing.T) {
	q := staffed(t, nil)
	since := time.Date(2026, 3, 20, 0, 0, 0, 0, q.Zone)
	q.Open = func(b time.Time) bool {
		l := b.In(q.Zone)
		switch minute := l.Hour()*60 + l.Minute(); {
		case b.Before(since):
			return minute >= 9*60+15 && minute < 10*60
		case b.Before(q.Day):
			return minute >= 9*60 && minute < 10*60+30
		default:
			return minute >= 9*60 && minute < 11*60
		}
	}
	s := Staff(q)
	var got []float64
	var days []int
	for _, h := range s.HalfHours {
		got, days = append(got, h.Calls.Mean), append(days, h.Days)
	}
	// 9:00 of the two later days, 9:15 of all five; 10:00 of two, 10:30 of none.
	if !slices.Equal(got, []float64{25 + 22, 44, 50, 0}) || !slices.Equal(days, []int{2, 5, 2, 0}) {
		t.Errorf("calls %v of %v days", got, days)
	}
	if last := s.HalfHours[3]; last.Seats != nil || s.Peak != 2 {
		t.Errorf("a half hour that nothing is known of: %+v; peak %d", last, s.Peak)
	}
}

func TestStaffStates(t *testing.T) {
	for _, tt := range []struct {
		name  string
		entry func(*UsualQuery)
		query func(*StaffingQuery)
		check func(*testing.T, *Staffing)
	}{
		{"no data", func(u *UsualQuery) { u.Entries = nil }, nil, func(t *testing.T, s *Staffing) {
			if s.Missing != 3 || s.Closed || len(s.HalfHours) != 0 || s.Peak != -1 {
				t.Errorf("%+v", s)
			}
		}},
		{"one call", func(u *UsualQuery) { u.Entries = u.Entries[:1] }, nil, func(t *testing.T, s *Staffing) {
			if s.Missing != 2 || len(s.HalfHours) != 0 {
				t.Errorf("%+v", s)
			}
		}},
		{"closed", nil, func(q *StaffingQuery) { q.Open = func(time.Time) bool { return false } }, func(t *testing.T, s *Staffing) {
			if !s.Closed || len(s.HalfHours) != 0 {
				t.Errorf("%+v", s)
			}
		}},
		{"waits are not connected", nil, func(q *StaffingQuery) { q.Waits = false }, func(t *testing.T, s *Staffing) {
			// Nobody gives up: the goal is met as soon as the seats carry the load.
			if s.Patience.Seconds != nil || !s.Patience.Assumed || *s.HalfHours[0].Seats != 6 {
				t.Errorf("%+v, %d seats", s.Patience, *s.HalfHours[0].Seats)
			}
		}},
		{"waits are not connected, a patience is assumed", nil, func(q *StaffingQuery) { q.Waits, q.AssumedPatience = false, 90 }, func(t *testing.T, s *Staffing) {
			if *s.Patience.Seconds != 90 || !s.Patience.Assumed {
				t.Errorf("%+v", s.Patience)
			}
		}},
		{"too few gave up", func(u *UsualQuery) {
			for i := range u.Entries {
				if e := &u.Entries[i].Tally; i > 0 {
					e.Answered, e.AbandonedQueue = e.Calls, 0
				}
			}
		}, nil, func(t *testing.T, s *Staffing) {
			if !s.Patience.Assumed {
				t.Errorf("%+v", s.Patience)
			}
		}},
		{"handling times are not told", func(u *UsualQuery) {
			for i := range u.Entries {
				u.Entries[i].Tally.TalkMillis, u.Entries[i].Tally.WrapupMillis = 0, 0
			}
		}, nil, func(t *testing.T, s *Staffing) {
			if s.Handling.Seconds != 0 || s.HalfHours[0].Seats != nil || s.Peak != -1 || s.HalfHours[0].Calls.Mean != 44 {
				t.Errorf("%+v", s)
			}
		}},
		{"handling times are assumed", func(u *UsualQuery) {
			for i := range u.Entries {
				u.Entries[i].Tally.TalkMillis, u.Entries[i].Tally.WrapupMillis = 0, 0
			}
		}, func(q *StaffingQuery) { q.AssumedHandling = 240 }, func(t *testing.T, s *Staffing) {
			if s.Handling.Seconds != 240 || s.Handling.Calls != 0 || s.HalfHours[0].Seats == nil {
				t.Errorf("%+v", s.Handling)
			}
		}},
		{"seats are tried", nil, func(q *StaffingQuery) { q.Seats = 4 }, func(t *testing.T, s *Staffing) {
			want := ErlangA{Rate: 44.0 / 1800, Handling: 240, Patience: 60}.Serve(4, 20).Answered
			if *s.HalfHours[0].Tried != want || math.Abs(*s.Tried-want) > 1e-12 {
				t.Errorf("%v, of the day %v, want %v", *s.HalfHours[0].Tried, *s.Tried, want)
			}
		}},
		{"agents are usually signed in", nil, func(q *StaffingQuery) {
			q.Planned = new(Usual)
			for i := range q.Planned {
				q.Planned[i] = 5
				if i%2 == 1 {
					q.Planned[i] = 6
				}
			}
		}, func(t *testing.T, s *Staffing) {
			e := ErlangA{Rate: 44.0 / 1800, Handling: 240, Patience: 60}
			want := (e.Serve(5, 0).Answered + e.Serve(6, 0).Answered) / 2
			if h := s.HalfHours[0]; *h.Planned != 5.5 || math.Abs(*h.AnsweredPlanned-want) > 1e-12 || s.Planned == nil {
				t.Errorf("%+v, want %v", h, want)
			}
			if short := s.Short(); len(short) != 4 || !strings.HasPrefix(s.ShortWords().EN, "Half hours in which those usually signed in are too few: 09:00–09:30 (5.5, 7 needed, ") {
				t.Errorf("%d half hours are short: %s", len(short), s.ShortWords().EN)
			}
		}},
		{"nobody ever calls in a half hour", func(u *UsualQuery) {
			u.Entries = slices.DeleteFunc(u.Entries, func(e Entry) bool {
				at := e.Key.Bucket.In(u.Zone)
				return at.Hour() == 9 && at.Minute() >= 30 || at.Hour() == 10 && at.Minute() >= 30
			})
		}, nil, func(t *testing.T, s *Staffing) {
			if len(s.HalfHours) != 3 {
				t.Fatalf("%d half hours, want those up to the last with calls", len(s.HalfHours))
			}
			if h := s.HalfHours[1]; h.Calls.Mean != 0 || *h.Seats != 0 || h.Answered != nil || s.Peak != 0 {
				t.Errorf("%+v", h)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := staffed(t, tt.entry)
			if tt.query != nil {
				tt.query(&q)
			}
			tt.check(t, Staff(q))
		})
	}
}

// TestAssumptionsSay holds what is said of the day's days, patience and centres against what
// was there.
func TestAssumptionsSay(t *testing.T) {
	fewGaveUp := func(u *UsualQuery) {
		for i := range u.Entries {
			if e := &u.Entries[i].Tally; i > 0 {
				e.Answered, e.AbandonedQueue = e.Calls, 0
			}
		}
	}
	for _, tt := range []struct {
		name     string
		entry    func(*UsualQuery)
		query    func(*StaffingQuery)
		day      time.Time
		sort     calendar.DaySort
		zh, en   []string
		unspoken string
	}{
		{name: "as usual", sort: calendar.Worked, zh: []string{"同为工作日的周一共5天", "按整通显示", "所有来电的等待时间之和÷放弃 88 通"}, en: []string{"earlier Mondays that were working days", "whole ones"}, unspoken: "centres"},
		{name: "waits are not connected", sort: calendar.Worked, query: func(q *StaffingQuery) { q.Waits, q.AssumedPatience = false, 120 }, zh: []string{"来电人耐心：未知，等待时间未接入，按设定平均 2分0秒"}, en: []string{"no source tells how long callers wait. Taken to be 2 min 0 s"}, unspoken: "fewer than 10"},
		{name: "waits are not connected, for ever", sort: calendar.Worked, query: func(q *StaffingQuery) { q.Waits = false }, zh: []string{"等待时间未接入，按不会放弃计算"}, en: []string{"Nobody is taken to give up"}, unspoken: "fewer than 10"},
		{name: "few gave up", sort: calendar.Worked, entry: fewGaveUp, query: func(q *StaffingQuery) { q.AssumedPatience = 120 }, zh: []string{"只有 2 通放弃，不足 10 通，无法推算，按设定平均 2分0秒"}, en: []string{"only 2 callers gave up on these days, fewer than 10"}, unspoken: "no source tells"},
		{name: "a Sunday of a hotline that is always open", sort: calendar.Worked, day: time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), zh: []string{"预计来电：此前的周日共5天"}, en: []string{"of 5 days, earlier Sundays ("}, unspoken: "working day"},
		{name: "two centres", sort: calendar.Worked, query: func(q *StaffingQuery) { q.Centres = 2 }, zh: []string{"2 个中心合计", "请选中心分别查看"}, en: []string{"The calls of 2 centres together"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := staffed(t, tt.entry)
			if tt.query != nil {
				tt.query(&q)
			}
			day := tt.day
			if day.IsZero() {
				day = q.Day
			}
			var zh, en strings.Builder
			for _, w := range Staff(q).Assumptions(tt.sort, day) {
				zh.WriteString(w.ZH + "\n")
				en.WriteString(w.EN + "\n")
			}
			for _, want := range tt.zh {
				if !strings.Contains(zh.String(), want) {
					t.Errorf("%q is not said in\n%s", want, zh.String())
				}
			}
			for _, want := range tt.en {
				if !strings.Contains(en.String(), want) {
					t.Errorf("%q is not said in\n%s", want, en.String())
				}
			}
			if tt.unspoken != "" && strings.Contains(en.String(), tt.unspoken) {
				t.Errorf("%q is said in\n%s", tt.unspoken, en.String())
			}
		})
	}
}

// TestExpectedCallsHold draws weeks of days that differ by chance and by 12%, and counts how
// often what comes lies in the range: four of five times, and more where counts are so small
// that the range cannot be cut as finely.
func TestExpectedCallsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	poisson := func(mean float64) int64 {
		n, p := int64(0), math.Exp(-mean)
		for sum, u := p, r.Float64(); sum < u; sum += p {
			n++
			p *= mean / float64(n)
		}
		return n
	}
	zone := time.UTC
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, zone) // a Monday
	for _, perQuarter := range []float64{1, 4, 15} {
		inHalf, halves, inDay, days := 0, 0, 0, 0
		for range 400 {
			var u UsualDay
			var today [8]int64
			for k := range 9 {
				factor := 1 + 0.12*r.NormFloat64()
				tallies := make([]Tally, quartersOfTheDay)
				for i := range 8 {
					n := poisson(perQuarter * factor)
					tallies[36+i] = Tally{Calls: n, Answered: n}
					today[i] = n
				}
				if k < 8 {
					u.Days, u.Tallies = append(u.Days, day.AddDate(0, 0, -7*(k+1))), append(u.Tallies, tallies)
				}
			}
			s := Staff(StaffingQuery{Day: day, Zone: zone, Usual: &u, Open: func(b time.Time) bool { return b.Hour() == 9 || b.Hour() == 10 }})
			var total float64
			for i, h := range s.HalfHours {
				n := float64(today[2*i] + today[2*i+1])
				total += n
				halves++
				if n >= math.Floor(h.Calls.Low) && n <= math.Ceil(h.Calls.High) {
					inHalf++
				}
			}
			days++
			if total >= s.Calls.Low && total <= s.Calls.High {
				inDay++
			}
		}
		half, whole := float64(inHalf)/float64(halves), float64(inDay)/float64(days)
		t.Logf("%v calls a quarter hour: %.3f of the half hours and %.3f of the days lie in their ranges", perQuarter, half, whole)
		if half < 0.8 || half > 0.97 || whole < 0.76 || whole > 0.92 {
			t.Errorf("%v calls a quarter hour: %.3f of the half hours and %.3f of the days, want four of five", perQuarter, half, whole)
		}
	}
}

// TestPatience draws callers with a known patience before queues of any length, and expects
// the estimator to find it.
func TestPatience(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, mean := range []float64{20, 120, 900} {
		var all Tally
		for range 20_000 {
			offered := 0.0
			if r.Float64() < 0.4 {
				offered = 60 * r.ExpFloat64()
			}
			if patience := mean * r.ExpFloat64(); patience < offered {
				all.AbandonedQueue++
				all.LostMillis += int64(1000 * patience)
			} else {
				all.Answered++
				all.WaitMillis += int64(1000 * offered)
			}
		}
		day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		u := UsualDay{Sort: calendar.Worked}
		for k := range FewestUsualDays {
			tallies := make([]Tally, quartersOfTheDay)
			tallies[36] = all
			u.Days, u.Tallies = append(u.Days, day.AddDate(0, 0, -7*(k+1))), append(u.Tallies, tallies)
		}
		s := Staff(StaffingQuery{Day: day, Zone: time.UTC, Usual: &u, Waits: true, Open: func(b time.Time) bool {
			return b.Hour() == 9 && b.Minute() < int(hotline.BucketLength/time.Minute)
		}})
		closeTo(t, "patience", *s.Patience.Seconds, mean, 4*mean/math.Sqrt(float64(all.AbandonedQueue)))
	}
}

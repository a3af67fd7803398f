package simulate

import (
	"math"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// TestDemoYear holds the demo's figures at the ends of months: a centre that is on its way
// to 100,000 answered calls a year and to its answer rate.
func TestDemoYear(t *testing.T) {
	unread(t)
	zone := shanghai(t)
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, zone), time.Date(2027, 1, 1, 0, 0, 0, 0, zone)
	s := begin(t, Options{Scenario: named(t, Demo), Seed: 12333, From: from, To: to})
	var months [13]kpi.Tally
	var hours [24]kpi.Tally
	for _, e := range collect(t, s.Backfill(time.Time{})) {
		one := kpi.One(e.Call)
		at := e.Call.StartedAt.In(zone)
		months[at.Month()].Merge(&one)
		hours[at.Hour()].Merge(&one)
	}
	var sum kpi.Tally
	for m := time.January; m <= time.December; m++ {
		sum.Merge(&months[m])
		pace := 100_000 * time.Date(2026, m+1, 1, 0, 0, 0, 0, zone).Sub(from).Hours() / to.Sub(from).Hours()
		rate := float64(months[m].Answered) / float64(months[m].Requested())
		if off := float64(sum.Answered)/pace - 1; math.Abs(off) > 0.08 {
			t.Errorf("%d answered by the end of %s, %+.0f%% of the pace to 100,000 a year", sum.Answered, m, 100*off)
		}
		if rate < 0.82 || rate > 0.91 {
			t.Errorf("%s: answer rate %.4f", m, rate)
		}
	}
	for hour := range hours {
		if n := hours[hour].Answered; n < 7*365 {
			t.Errorf("%d answered in a year at %d o'clock: nobody would see a hotline that lives", n, hour)
		}
	}
	t.Logf("%d answered, answer rate %.4f", sum.Answered, float64(sum.Answered)/float64(sum.Requested()))
}

// TestDemoIsStaffed holds the demo's roster together: whoever has the day off, each queue has
// somebody at every time of every weekday.
func TestDemoIsStaffed(t *testing.T) {
	p, err := named(t, Demo).compile()
	if err != nil {
		t.Fatal(err)
	}
	for weekday := time.Sunday; weekday <= time.Saturday; weekday++ {
		for minute := 0; minute < 24*60; minute += 15 {
			there := make([]int, len(p.Queues))
			for i, agent := range p.Agents {
				if p.duty[i].off[weekday] || !slices.ContainsFunc(p.duty[i].work, func(s stretch) bool { return minute >= s.from && minute < s.to }) {
					continue
				}
				for _, q := range agent.Queues {
					there[p.queueIndex(q)]++
				}
			}
			for i, n := range there {
				if n == 0 {
					t.Errorf("%s %02d:%02d: nobody for %s", weekday, minute/60, minute%60, p.Queues[i].Name)
				}
			}
		}
	}
}

// TestDemoLooksOrdinary starts the demo at moments of all sorts: its board has calls of the
// last minutes, and the day is one like those it is compared with.
func TestDemoLooksOrdinary(t *testing.T) {
	unread(t)
	zone := shanghai(t)
	scenario := named(t, Demo)
	for _, tt := range []struct{ name, now string }{
		{"Monday morning", "2026-11-23 08:30"},
		{"Sunday night", "2026-11-29 03:00"},
		{"Saturday night", "2026-11-21 03:20"},
		{"just after midnight", "2026-06-10 00:40"},
		{"National Day", "2026-10-01 10:00"},
		{"Spring Festival", "2026-02-17 20:15"},
		{"New Year, of a year that no calendar knows", "2031-01-01 04:10"},
		{"the shortest past", "2026-02-01 05:30"},
		{"a leap day", "2028-02-29 13:45"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.ParseInLocation("2006-01-02 15:04", tt.now, zone)
			if err != nil {
				t.Fatal(err)
			}
			start, err := NewStart(scenario, 12333, now) // the seed of hotline up
			if err != nil {
				t.Fatal(err)
			}
			// A day's callers are the same whatever day it began on: what is older than the
			// days that are compared can be left out.
			from := start.From
			if since := kpi.UsualSince(now, calendar.Worked, zone); since.After(from) {
				from = since
			}
			s := begin(t, Options{Scenario: scenario, Seed: start.Seed, From: from})
			looksOrdinary(t, s, now)
		})
	}
}

func looksOrdinary(t *testing.T, s *Simulation, now time.Time) {
	t.Helper()
	tallies := map[kpi.Key]*kpi.Tally{}
	var quarterHour, hour int
	last := time.Time{}
	for _, e := range collect(t, s.Backfill(now)) {
		kpi.Count(tallies, e.Call)
		if age := now.Sub(e.Call.StartedAt); e.Call.Excluded == "" {
			if age < time.Hour {
				hour++
			}
			if age < 15*time.Minute {
				quarterHour++
			}
			if e.Call.StartedAt.After(last) {
				last = e.Call.StartedAt
			}
		}
	}
	if quarterHour < 1 || hour < 6 {
		t.Errorf("%d calls in the last hour, %d in the last quarter hour", hour, quarterHour)
	}
	var entries []kpi.Entry
	var today kpi.Tally
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	for key, tally := range tallies {
		if key.Dimension != kpi.ByQueue {
			continue
		}
		entries = append(entries, kpi.Entry{Key: key, Tally: *tally})
		if !key.Bucket.Before(midnight) {
			today.Merge(tally)
		}
	}
	usual, err := kpi.UsualDayOf(kpi.UsualQuery{
		Day: now, Zone: now.Location(), Entries: entries,
		Sort: func(time.Time) (calendar.DaySort, error) { return calendar.Worked, nil }, // as the calendar "always"
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(usual.Days) < kpi.FewestUsualDays || usual.Likeness != kpi.SameWeekday || len(usual.LeftOut) > 0 {
		t.Fatalf("compared with %d days (%s), left out %v", len(usual.Days), usual.Likeness, usual.LeftOut)
	}
	want := usual.Expects(midnight, now, now.Location())
	t.Logf("%d calls in the last hour, %d in the last quarter hour, the last one %s ago; today %d of %.1f usual ones, %d days", hour, quarterHour, now.Sub(last).Round(time.Second), today.Calls, want, len(usual.Days))
	// Chance, callers who try again, and days that are alike differ by 8%.
	if most := 3*math.Sqrt(1.5*want+math.Pow(0.08*want, 2)) + 2; math.Abs(float64(today.Calls)-want) > most {
		t.Errorf("%d calls since midnight, usually %.1f ± %.0f", today.Calls, want, most)
	}
	// And it goes on: whoever looks for another half hour sees calls come in.
	more := 0
	for e, err := range s.Events(now.Add(30 * time.Minute)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Call != nil && e.Call.Outcome != hotline.Open {
			more++
		}
	}
	if more < 3 {
		t.Errorf("%d calls are decided in the next half hour", more)
	}
}

package callback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/calendar"
	"hotline12333/internal/callback"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func china(t *testing.T) calendar.Calendar {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rules.Calendars.Lookup("cn-2026")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDeadlines holds the remembered deadlines against the calendar's own, in and out of
// service, over nights, weekends and holidays.
func TestDeadlines(t *testing.T) {
	for name, c := range map[string]calendar.Calendar{"china": china(t), "always": calendar.AlwaysIn(time.UTC)} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			rapid.Check(t, func(rt *rapid.T) {
				within := time.Duration(rapid.IntRange(1, 60).Draw(rt, "quarters")) * 15 * time.Minute
				deadline := callback.Deadlines(func(string) calendar.Calendar { return c }, within)
				for range 20 {
					lost := start.Add(time.Duration(rapid.Int64Range(0, 364*24*3600).Draw(rt, "second")) * time.Second)
					if rapid.Bool().Draw(rt, "edge") {
						lost = lost.Truncate(15 * time.Minute)
					}
					want, err := c.AddWorking(lost, within)
					if err != nil {
						want = time.Time{}
					}
					if got := deadline("pbx", lost); !got.Equal(want) {
						rt.Fatalf("lost at %v, due in %v: %v, the calendar says %v", lost, within, got, want)
					}
				}
			})
		})
	}
}

// TestDeadlineOfNoYear: without the year's days there is no deadline, and no guess.
func TestDeadlineOfNoYear(t *testing.T) {
	c := china(t)
	deadline := callback.Deadlines(func(string) calendar.Calendar { return c }, 4*time.Hour)
	if got := deadline("pbx", time.Date(2031, 3, 2, 2, 0, 0, 0, time.UTC)); !got.IsZero() {
		t.Errorf("a deadline in 2031: %v", got)
	}
}

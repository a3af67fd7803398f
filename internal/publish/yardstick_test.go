package publish

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// someMondays are calls at 9:05 in Shanghai on Mondays before 23 November 2026: ten a week
// ago, eleven two weeks ago, and so on, nine of each answered.
func someMondays(t *testing.T, weeks int) []hotline.Call {
	var calls []hotline.Call
	for week := 1; week <= weeks; week++ {
		start := at(t, "2026-11-23T01:05:00Z").AddDate(0, 0, -7*week)
		for i := range 9 + week {
			id := fmt.Sprintf("%d-%d", week, i)
			if i < 9 {
				calls = append(calls, answered(id, start, 0))
			} else {
				calls = append(calls, lost(id, start, time.Minute))
			}
		}
	}
	return calls
}

func offered(t *kpi.Tally) int64 { return t.Offered() }

func TestUsualDayOnTheBoard(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z") // a Monday
	r.store.put(someMondays(t, 2)...)
	r.look()
	r.look()
	if u := r.snapshot().Usual; u != nil {
		t.Errorf("two Mondays made %+v", u)
	}
	r.store.put(someMondays(t, 10)...)
	r.look()
	if u := r.snapshot().Usual; u != nil {
		t.Error("made anew at once: an import of years would have it made all the time")
	}
	r.clock.set(r.clock.now().Add(yardstickRest))
	r.look()
	u := r.snapshot().Usual
	if u == nil || len(u.Days) != kpi.UsualDays || u.DaysName().ZH != "星期一" {
		t.Fatalf("ten Mondays made %+v", u)
	}
	if mean := u.Mean(offered); mean[36] != 13.5 || mean[37] != 0 {
		t.Errorf("from nine usually %v, then %v", mean[36], mean[37])
	}
	// A correction of a past day is in it; the next day is another.
	r.store.put(hotline.Call{ID: "1-0", Version: 2, Deleted: true})
	r.clock.set(r.clock.now().Add(yardstickRest))
	r.look()
	if mean := r.snapshot().Usual.Mean(offered); mean[36] != 13.375 {
		t.Errorf("after a correction usually %v", mean[36])
	}
	r.clock.set(at(t, "2026-11-24T02:10:00Z"))
	r.look()
	if u := r.snapshot().Usual; u != nil && u.Likeness != kpi.AnyWorked {
		t.Errorf("Tuesday is like %+v", u.Days)
	}
}

// A day that showed nothing usual is not learned from.
func TestUnusualDays(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z", func(d *Deps) {
		d.Unusual = func(context.Context) (func(time.Time) bool, error) {
			return func(day time.Time) bool { return day.Format(time.DateOnly) == "2026-11-16" }, nil
		}
	})
	r.store.put(someMondays(t, 4)...)
	r.look()
	r.look()
	if u := r.snapshot().Usual; u == nil || len(u.Days) != 3 || u.Mean(offered)[36] != 12 {
		t.Errorf("without the newest of four Mondays: %+v", u)
	}
}

func TestYearPace(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	r.look()
	if s, ok := r.Snapshot(r.clock.now()); ok && s.Pace != nil {
		t.Errorf("without a record it is %+v", s.Pace.Pace)
	}
	r.store.put(append(someMondays(t, 10), answered("now", r.clock.now(), 0))...)
	r.look() // the past has changed
	r.clock.set(r.clock.now().Add(yardstickRest))
	r.look()
	p := r.snapshot().Pace
	if p == nil {
		t.Fatal("no pace")
	}
	// Every day is worked: 326 of 365 are over.
	if p.Working != (kpi.Progress{Done: 326, All: 365}) || p.ToDate != 90 || p.Expected.FloatString(3) != "89315.068" {
		t.Errorf("%+v, expected %s by now", p.Pace, p.Expected.FloatString(3))
	}
	if m := p.Course[10]; m.ToDate == nil || *m.ToDate != 90 || p.Course[7].ToDate != nil || p.Course[8].ToDate == nil {
		t.Errorf("course %+v: data begin in September", p.Course)
	}
	if p.Outlook == nil || p.Outlook.Season {
		t.Errorf("outlook %+v", p.Outlook)
	}
	// A year before gives the season.
	r.store.put(answered("before", at(t, "2025-11-20T02:00:00Z"), 0))
	r.clock.set(r.clock.now().Add(yardstickRest))
	r.look()
	if p := r.snapshot().Pace; p.Course[0].ToDate == nil {
		t.Errorf("with the year before January is known: %+v", p.Course[0])
	}
	// A correction waits until it is made anew. Where a month comes in, nothing is said
	// meanwhile.
	r.store.put(answered("late", at(t, "2026-10-20T02:00:00Z"), 0))
	r.look()
	if p := r.snapshot().Pace; p == nil || p.ToDate != 90 {
		t.Errorf("after a late call: %+v", p)
	}
	for i := range int(fewOff) {
		r.store.put(answered(fmt.Sprintf("imported-%d", i), at(t, "2026-10-21T02:00:00Z"), 0))
	}
	r.look()
	if s := r.snapshot(); s.Pace != nil || s.Usual != nil {
		t.Errorf("while a month comes in: %+v", s.Pace)
	}
	r.clock.set(r.clock.now().Add(yardstickRest))
	r.look()
	if p := r.snapshot().Pace; p == nil || p.ToDate != 91+fewOff {
		t.Errorf("with the month: %+v", p)
	}
}

// A calendar without the year leaves both out, and the rest stays.
func TestYardstickOfUnknownYear(t *testing.T) {
	c := office(t) // of 2026
	r := newRig(t, "Asia/Shanghai", "2027-01-04T02:10:00Z", func(d *Deps) { d.Calendar = func(string) calendar.Calendar { return c } })
	r.store.put(someMondays(t, 10)...)
	r.look()
	r.look()
	if s := r.snapshot(); s.Usual != nil || s.Pace != nil || s.NoCalendar.EN == "" {
		t.Errorf("usual %v, pace %v, %q", s.Usual, s.Pace, s.NoCalendar)
	}
}

// TestYardstickIsMadeAnew: at once for another day, after a rest when the past has changed,
// and sooner while no day like today is known.
func TestYardstickIsMadeAnew(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	today := dateOf(at, time.UTC)
	y := yardstick{day: today, counted: kpi.RateAgent, at: at, took: 3 * time.Second, usual: &kpi.UsualDay{}}
	for _, c := range []struct {
		what  string
		stale bool
		none  bool
		after time.Duration
		want  bool
	}{
		{"the past is as it was", false, false, time.Hour, false},
		{"it changed a while ago", true, false, 149 * time.Second, false},
		{"it changed", true, false, 150 * time.Second, true},
		{"nothing usual is known, for a while", true, true, 29 * time.Second, false},
		{"nothing usual is known", true, true, 30 * time.Second, true},
		{"nothing usual is known, nor has anything come", false, true, time.Hour, false},
		{"the clock was set back", true, false, -time.Second, true},
	} {
		y := y
		if y.stale = c.stale; c.none {
			y.usual = nil
		}
		if got := y.outdated(today, kpi.RateAgent, at.Add(c.after)); got != c.want {
			t.Errorf("%s: made anew %v", c.what, got)
		}
	}
	if !y.outdated(today.add(1), kpi.RateAgent, at) || !y.outdated(today, kpi.RateComposite, at) {
		t.Error("another day, or another way of counting")
	}
}

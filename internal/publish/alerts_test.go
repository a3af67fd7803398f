package publish

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// alerting is the office of calendars_test with a rate that is usual: twenty answered calls
// an hour on each working day since 2 March.
func alerting(t *testing.T, now string) (*rig, *calendarOf) {
	t.Helper()
	c := &calendarOf{office(t)}
	r := opened(t, "Asia/Shanghai", now, c.Calendar, new(bytes.Buffer))
	var list []hotline.Call
	for day := 2; day < 12; day++ {
		for minute := 30; minute < 9*60; minute += 3 {
			list = append(list, r.call("usual", time.Date(2026, 3, day, 0, minute, 0, 0, time.UTC), true))
		}
	}
	r.store.put(list...)
	return r, c
}

type calendarOf struct{ calendar.Calendar }

// call is one that waited for three seconds, answered or not.
func (r *rig) call(id string, started time.Time, won bool) hotline.Call {
	c := answered(fmt.Sprint(id, started.Unix()), started, 3*time.Second)
	if !won {
		c = lost(c.ID, started, 3*time.Second)
	}
	return c
}

func (r *rig) exported(prefix string) []string {
	r.t.Helper()
	cfg := DefaultConfig()
	return lines(exposition(r.t, NewAlertMetrics(cfg, r.Follower, r.clock.now)), prefix)
}

func (r *rig) statistic(queue string) string {
	r.t.Helper()
	want := fmt.Sprintf(`hotline_answer_rate_test_statistic{centre="%s",losses="sudden",queue="%s",test="collapse"} `, map[bool]string{true: "all", false: "xy"}[queue == "all"], queue)
	for _, l := range r.exported("hotline_answer_rate_test_statistic") {
		if v, ok := strings.CutPrefix(l, want); ok {
			return v
		}
	}
	return "absent"
}

func TestStatisticOfTheDay(t *testing.T) {
	r, _ := alerting(t, "2026-03-12T00:20:00Z") // ten minutes before opening, a Thursday
	r.look()
	if got := r.statistic("all"); got != "absent" {
		t.Errorf("before the opening: %s", got)
	}
	// Ten calls are lost at once, one a minute.
	morning := at(t, "2026-03-12T00:40:00Z")
	for i := range 10 {
		r.store.put(r.call("today", morning.Add(time.Duration(i)*time.Minute), false))
	}
	r.clock.set(morning.Add(10 * time.Minute))
	r.look()
	test := kpi.AnswerTests()[0]
	most := fmt.Sprint(test.Threshold + test.Headroom)
	for _, queue := range []string{"all", "general"} {
		if got := r.statistic(queue); got != most {
			t.Errorf("%s: %s, want %s", queue, got, most)
		}
	}
	// They were answered after all: a correction is in it at once.
	for i := range 10 {
		c := r.call("today", morning.Add(time.Duration(i)*time.Minute), true)
		c.Version = 2
		r.store.put(c)
	}
	r.look()
	if got := r.statistic("all"); got != "0" {
		t.Errorf("after the correction: %s", got)
	}
	for i := range 10 {
		r.store.put(r.call("more", morning.Add(time.Duration(20+i)*time.Minute), false))
	}
	r.clock.set(morning.Add(35 * time.Minute))
	r.look()
	if got := r.statistic("all"); got != most {
		t.Errorf("later: %s", got)
	}
	// Hours later, with calls that are no longer recent, it is the same: the day is held.
	r.clock.set(at(t, "2026-03-12T09:00:00Z"))
	r.look()
	if got := r.statistic("all"); got != most {
		t.Errorf("in the evening: %s", got)
	}
	// And the next morning nothing of it is left.
	r.clock.set(at(t, "2026-03-13T01:00:00Z"))
	r.look()
	if got := r.statistic("all"); got != "0" {
		t.Errorf("the next day: %s", got)
	}
}

// After the lunch break the tests begin anew.
func TestLunchBreakIsAnOpening(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	h := []calendar.Hours{{From: 8*60 + 30, To: 12 * 60}, {From: 14 * 60, To: 17*60 + 30}}
	lunch, err := calendar.New(calendar.Spec{
		Name: "lunch", Zone: zone, AnyYear: true, WorkingWeek: [7]bool{false, true, true, true, true, true, false},
		Regimes: []calendar.Regime{{Week: calendar.Week{Days: [7][]calendar.Hours{nil, h, h, h, h, h, nil}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := opened(t, "Asia/Shanghai", "2026-03-12T03:59:00Z", lunch, new(bytes.Buffer))
	for i := range 10 {
		r.store.put(r.call("morning", at(t, "2026-03-12T03:40:00Z").Add(time.Duration(i)*time.Minute), false))
	}
	r.look()
	test := kpi.AnswerTests()[0]
	for _, tt := range []struct{ now, want string }{
		{"2026-03-12T03:59:00Z", fmt.Sprint(test.Threshold + test.Headroom)},
		{"2026-03-12T05:59:00Z", fmt.Sprint(test.Threshold + test.Headroom)}, // closed: the rules are silent
		{"2026-03-12T06:00:00Z", "0"},
	} {
		r.clock.set(at(t, tt.now))
		if got := r.statistic("all"); got != tt.want {
			t.Errorf("at %s: %s, want %s", tt.now, got, tt.want)
		}
	}
}

func TestAfterHoursAndExcludedAreNotTested(t *testing.T) {
	r, _ := alerting(t, "2026-03-12T01:00:00Z")
	for i := range 20 {
		early := r.call("early", at(t, "2026-03-12T00:10:00Z").Add(time.Duration(i)*time.Second), false)
		early.EndedAt = at(t, "2026-03-12T00:50:00Z") // decided within service hours
		test := r.call("test", at(t, "2026-03-12T00:40:00Z").Add(time.Duration(i)*time.Second), false)
		test.Excluded = hotline.ExcludedTest
		r.store.put(early, test)
	}
	r.look()
	if got := r.statistic("all"); got != "0" {
		t.Error(got)
	}
}

func TestSilenceIsTold(t *testing.T) {
	r, _ := alerting(t, "2026-03-12T02:00:00Z") // 10:00
	var list []hotline.Call
	for minute := 30; minute < 120; minute += 3 { // as usual until 9:57
		list = append(list, r.call("today", time.Date(2026, 3, 12, 0, minute, 0, 0, time.UTC), true))
	}
	r.store.put(list...)
	for _, tt := range []struct{ now, want string }{
		{"2026-03-12T01:57:00Z", "0"},
		{"2026-03-12T02:12:00Z", "5"},
		{"2026-03-12T02:39:00Z", "14"},
		{"2026-03-12T00:20:00Z", "absent"}, // before the opening
	} {
		r.clock.set(at(t, tt.now))
		r.look()
		for _, series := range []string{`hotline_silence_expected_calls{centre="all"} `, `hotline_silence_expected_calls{centre="xy"} `, `hotline_source_silence_expected_calls{source="pbx"} `} {
			got := "absent"
			for _, l := range r.exported("expected_calls") {
				if v, ok := strings.CutPrefix(l, series); ok {
					got = v
				}
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("at %s %s: %s, want %s", tt.now, series, got, tt.want)
			}
		}
	}
}

func TestNothingIsUsualAtFirst(t *testing.T) {
	r := opened(t, "Asia/Shanghai", "2026-03-12T02:00:00Z", office(t), new(bytes.Buffer))
	r.store.put(r.call("first", at(t, "2026-03-11T02:00:00Z"), true))
	r.look()
	if got := r.exported("expected_calls"); len(got) != 0 {
		t.Errorf("after one day: %q", got)
	}
}

func TestBurnIsExported(t *testing.T) {
	r := opened(t, "Asia/Shanghai", "2026-03-12T02:00:00Z", office(t), new(bytes.Buffer))
	for i := range 100 {
		r.store.put(r.call("c", at(t, "2026-03-12T01:00:00Z").Add(time.Duration(i)*time.Second), i < 66))
	}
	r.look()
	if got := r.exported(`hotline_answer_rate_budget_burn{centre="all",window="year"}`); len(got) != 1 || !strings.HasSuffix(got[0], " 2") {
		t.Errorf("66 of 100: %q", got)
	}
}

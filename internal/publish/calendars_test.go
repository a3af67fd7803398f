package publish

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
)

// office is open on working days of 2026, from 8:30 to 17:30.
func office(t *testing.T) calendar.Calendar {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	h := []calendar.Hours{{From: 8*60 + 30, To: 17*60 + 30}}
	c, err := calendar.New(calendar.Spec{
		Name: "cn-2026", Zone: zone, WorkingWeek: [7]bool{false, true, true, true, true, true, false},
		Regimes: []calendar.Regime{{Week: calendar.Week{Days: [7][]calendar.Hours{nil, h, h, h, h, h, nil}, Makeup: h}}},
		Years: map[int]calendar.Year{2026: {
			Off:     []calendar.Date{calendar.NewDate(2026, time.February, 16)},
			Working: []calendar.Date{calendar.NewDate(2026, time.February, 14)},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opened(t *testing.T, zone, now string, c calendar.Calendar, logged *bytes.Buffer) *rig {
	t.Helper()
	return newRig(t, zone, now, func(d *Deps) {
		d.Calendar = func(string) calendar.Calendar { return c }
		d.Log = slog.New(slog.NewTextHandler(logged, nil))
	})
}

// A worked Saturday and a Monday off, on the board as in the figures.
func TestServiceHoursOnTheBoard(t *testing.T) {
	for now, want := range map[string]struct {
		open             bool
		requested, after int64
	}{
		"2026-02-14T03:00:00Z": {true, 2, 0},
		"2026-02-16T03:00:00Z": {false, 1, 1},
		"2026-02-14T09:45:00Z": {false, 1, 1},
	} {
		r := opened(t, "Asia/Shanghai", now, office(t), new(bytes.Buffer))
		r.store.put(
			answered("a", r.clock.now().Add(-10*time.Minute), time.Second),
			lost("l", r.clock.now().Add(-10*time.Minute), time.Minute))
		r.look()
		s := r.snapshot()
		for _, w := range []kpi.Window{kpi.Today, kpi.Last15Minutes, kpi.ThisYear} {
			tally := s.Windows[w].Scopes[kpi.Scope{}].Tally
			if tally.Requested() != want.requested || tally.AfterHours != want.after {
				t.Errorf("%s, %s: requested %d, after hours %d", now, w, tally.Requested(), tally.AfterHours)
			}
		}
		if s.ServiceOpen != want.open || s.NoCalendar.EN != "" {
			t.Errorf("%s: open %v %s", now, s.ServiceOpen, s.NoCalendar)
		}
	}
}

// At midnight of New Year the calendar's knowledge ends, and the program goes on.
func TestYearWithoutCalendar(t *testing.T) {
	var logged bytes.Buffer
	r := opened(t, "Asia/Shanghai", "2026-11-30T15:59:59Z", office(t), &logged)
	eve := at(t, "2026-12-31T08:30:00Z")
	r.store.put(answered("a", eve, time.Second), lost("l", eve, time.Minute))
	r.look()
	if logged.Len() > 0 {
		t.Errorf("told more than a month before: %s", logged.String())
	}
	r.clock.set(at(t, "2026-12-31T15:59:00Z"))
	r.look()
	if got := logged.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "calendar/cn-2027.yaml") {
		t.Errorf("logged %s", got)
	}
	s := r.snapshot()
	if s.ServiceOpen || s.NoCalendar.EN != "" {
		t.Errorf("before midnight: open %v, %s", s.ServiceOpen, s.NoCalendar)
	}
	m := NewMetrics(r.cfg, r, r.clock.now, nil)
	if got := lines(exposition(t, m), "hotline_service_open 0"); len(got) != 1 {
		t.Error("no hotline_service_open before midnight")
	}

	r.clock.set(at(t, "2026-12-31T16:20:00Z"))
	r.store.put(answered("b", at(t, "2026-12-31T16:10:00Z"), time.Second), lost("n", at(t, "2026-12-31T16:10:00Z"), time.Minute))
	r.look()
	r.look()
	if got := logged.String(); strings.Count(got, "level=ERROR") != 1 {
		t.Errorf("after midnight logged %s", got)
	}
	if s = r.snapshot(); s.ServiceOpen || !strings.Contains(s.NoCalendar.EN, "calendar/cn-2027.yaml") {
		t.Errorf("after midnight: open %v, %s", s.ServiceOpen, s.NoCalendar)
	}
	for _, w := range []kpi.Window{kpi.Last15Minutes, kpi.Today, kpi.ThisYear} {
		all := s.Windows[w].Scopes[kpi.Scope{}]
		f := all.Figures(s.Definitions)
		if _, ok := f.AnswerRateAgent.Value(); ok || f.AnswerRateAgent.NotConnected != kpi.ServiceHours {
			t.Errorf("%s: an agent rate %+v without a calendar", w, f.AnswerRateAgent)
		}
		if v, ok := f.AnswerRateComposite.Value(); !ok || v != 0.5 {
			t.Errorf("%s: composite rate %v %v, which needs no calendar", w, v, ok)
		}
	}
	text := exposition(t, m)
	for _, absent := range []string{"hotline_service_open", `population="after_hours",queue="all",window="today"`, `population="requested",queue="all",window="year"`} {
		if got := lines(text, absent); len(got) > 0 {
			t.Errorf("exported without a calendar: %s", got[0])
		}
	}
	for _, there := range []string{`hotline_calls_population{centre="all",population="offered",queue="all",window="today"}`, `hotline_answer_rate_ratio{centre="all",definition="composite",queue="all",window="today"}`} {
		if got := lines(text, there); len(got) != 1 {
			t.Errorf("%s is not exported", there)
		}
	}
}

func TestCalendarMetrics(t *testing.T) {
	now := at(t, "2026-06-01T00:00:00Z")
	m := NewCalendarMetrics([]calendar.Calendar{{}, office(t)}, func() time.Time { return now })
	want := `hotline_calendar_end_timestamp_seconds{calendar="cn-2026"} 1.7987328e+09`
	for _, now = range []time.Time{now, now.AddDate(1, 0, 0)} {
		if got := lines(exposition(t, m), "hotline_calendar_end_timestamp_seconds{"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

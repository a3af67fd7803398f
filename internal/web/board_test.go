package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/docs"
	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/web/people"
)

// pastDays is a snapshot at 12:10 on a Monday with four Mondays behind it: 40, 50, 60 and 70
// calls of each at noon, and ten more at one.
func pastDays(answered, lost int64) *kpi.Snapshot {
	s := snapshot(answered, lost)
	s.At = noon.Add(10 * time.Minute)
	s.Curve = []kpi.CurvePoint{
		{From: noon.Add(-15 * time.Minute), Offered: 33, Requested: 30, Answered: 20},
		{From: noon, Offered: 5, Requested: 4, Answered: 3},
		{From: noon.Add(15 * time.Minute)},
	}
	s.Usual = &kpi.UsualDay{Sort: calendar.Worked, Likeness: kpi.SameWeekday}
	for week := range 4 {
		day := make([]kpi.Tally, 96)
		n := int64(40 + 10*week)
		day[47] = kpi.Tally{Calls: n, Answered: n}
		day[52] = kpi.Tally{Calls: 10, Answered: 10}
		s.Usual.Days = append(s.Usual.Days, time.Date(2026, 2, 23-7*week, 0, 0, 0, 0, s.Zone))
		s.Usual.Tallies = append(s.Usual.Tallies, day)
	}
	return s
}

func TestTodayAgainstTheUsualDay(t *testing.T) {
	s := pastDays(83, 17)
	b, v := newBackdrop(s), newView(s, DefaultConfig())
	if b.Date != "2026-03-02" || len(b.At) != 3 || b.At[0] != "11:45" {
		t.Errorf("the day is %s, %v", b.Date, b.At)
	}
	if u := b.Usual; u.Name.ZH != "星期一" || u.Offered[0] != 55 || u.Least[0] != 40 || u.Most[0] != 70 || u.Answered[0] != 55 || u.Offered[1] != 0 ||
		!strings.Contains(u.Text.ZH, "2026-02-02 至 2026-02-23 间 4 天") {
		t.Errorf("usual: %+v", u)
	}
	if v.Today.Curve.Running != 1 {
		t.Errorf("quarter hour %d runs", v.Today.Curve.Running)
	}
	// Of the quarter hours that are over, 33 calls where usually 55 came.
	if f := v.Today.SoFar; *f != (soFar{Until: "12:00", Offered: 33, Usual: "55", Change: "-40.0%"}) {
		t.Errorf("so far: %+v", f)
	}
	// Ten more usually come after now, on days with 55 before it.
	a := v.Today.Allowance
	rest, _ := kpi.RestOfDay(s.Usual.Before(48, requested), 100)
	if want := kpi.AnswerRateTarget.Allow(kpi.Ratio{Num: 83, Den: 100}, rest); a.Remaining != rest || a.Left != min(want.Left, rest) || rest < 10 || rest > 20 {
		t.Errorf("misses left in the day: %+v of %d", a, rest)
	}
	s.Usual = nil
	if v := newView(s, DefaultConfig()); v.Today.SoFar != nil || v.Today.Allowance != nil || newBackdrop(s).Usual != nil {
		t.Errorf("without days like today: %+v", v.Today)
	}
}

func TestChangeKeepsItsSign(t *testing.T) {
	for _, tt := range []struct {
		difference, of int64
		want           string
	}{{5, 100, "+5.0%"}, {-1, 3, "-33.3%"}, {0, 7, "0.0%"}, {1, 100_000, "+0.0%"}, {-1, 100_000, "0.0%"}} {
		if got := change(big.NewRat(tt.difference, 1), big.NewRat(tt.of, 1)); got != tt.want {
			t.Errorf("%d of %d: %s, want %s", tt.difference, tt.of, got, tt.want)
		}
	}
}

func TestPaceOfTheYear(t *testing.T) {
	s := snapshot(83, 17)
	days, err := kpi.YearDays(2026, s.Zone, func(d time.Time) (bool, error) {
		return d.Weekday() != time.Sunday && d.Weekday() != time.Saturday, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range days[:60] {
		days[i].Known, days[i].Count = true, 300
	}
	s.Pace = &kpi.YearPace{Pace: kpi.PaceOf(days, 60, nil, 100_000), Over: 60, Course: kpi.Course(days, 60, 100_000)}
	p := newPace(s)
	// 42 of 261 working days: 16,091.95 are expected, so 16,091 are too few.
	if p.AsOf != "2026-03-01" || p.ToDate != 18_000 || p.Expected != 16_092 || p.Gap != 1908 || p.Change != "+11.8%" || p.WorkingDone != 42 {
		t.Errorf("%+v", p)
	}
	if f := p.Forecast; f == nil || f.Low > f.Mean || f.Mean > f.High || f.Low < 18_000 {
		t.Errorf("forecast %+v", f)
	}
	if m := p.Course[1]; m.Month != 2 || *m.ToDate != 59*300 || p.Course[11].Expected != 100_000 || p.Course[5].ToDate != nil {
		t.Errorf("course %+v", p.Course)
	}
	s.Pace = &kpi.YearPace{Pace: kpi.PaceOf(days, 0, nil, 100_000), Course: kpi.Course(days, 0, 100_000)}
	if p := newPace(s); p.AsOf != "" || p.Change != "" || p.Forecast != nil || p.Expected != 0 {
		t.Errorf("on the first of January: %+v", p)
	}
	if s.Pace = nil; newBackdrop(s).Pace != nil {
		t.Error("a pace of a year that no calendar knows")
	}
}

// bells are alerts in the hand of a test.
type bells struct {
	mu      sync.Mutex
	state   AlarmState
	changed chan struct{}
}

func (b *bells) State() AlarmState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

func (b *bells) Subscribe() (<-chan struct{}, func()) { return b.changed, func() {} }

func (b *bells) ring(s AlarmState) {
	b.mu.Lock()
	b.state = s
	b.mu.Unlock()
	b.changed <- struct{}{}
}

func TestAlarmsOnTheBoard(t *testing.T) {
	if newAlarms(nil, noon) != nil {
		t.Error("nobody tells, and something is shown")
	}
	b := &bells{}
	if a := newAlarms(b, noon); a.At != nil || a.Firing == nil {
		t.Errorf("nobody evaluates the rules: %+v", a)
	}
	b.state = AlarmState{
		At: noon.Add(-time.Minute), Maintenance: &Maintenance{From: noon, To: noon.Add(time.Hour), Reason: "换交换机", By: "赵敏"},
		Firing: []Alarm{
			{Name: "AnswerRateDropped", Severity: "page", Queue: "养老待遇", Since: noon, Runbook: "docs/runbooks/AnswerRateDropped.md"},
			{Name: "DiskFull", Severity: "warning", Runbook: "docs/runbooks/NoSuchThing.md"},
		},
	}
	a := newAlarms(b, noon)
	if a.Stale || !a.At.Equal(noon.Add(-time.Minute)) || a.Maintenance.Reason != "换交换机" {
		t.Errorf("%+v", a)
	}
	if f := a.Firing[0]; !f.Page || f.Runbook != "/runbooks/AnswerRateDropped" || f.Identity == a.Firing[1].Identity {
		t.Errorf("%+v", f)
	}
	if f := a.Firing[1]; f.Page || f.Runbook != "" {
		t.Errorf("a runbook that is not there has an address: %+v", f)
	}
	if a := newAlarms(b, noon.Add(10*time.Minute)); !a.Stale {
		t.Error("rules that were last evaluated eleven minutes ago say something of now")
	}
}

// Every runbook is a page without markup that leads out of the program.
func TestRunbooks(t *testing.T) {
	files, err := fs.Glob(docs.Runbooks, "runbooks/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	s, _ := served(t, nil)
	for lang, words := range map[string][]string{"zh": {"<strong>含义</strong>", "<strong>怎么办</strong>"}, "en": {"<strong>What it means.</strong>", "<strong>What to do</strong>"}} {
		list := asks(s, page0("/runbooks?lang="+lang), "127.0.0.1").Body.String()
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".md")
			w := asks(s, page0("/runbooks/"+name+"?lang="+lang), "127.0.0.1")
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, "<li>") || !strings.Contains(list, `href="/runbooks/`+name+`"`) {
				t.Errorf("%s: %d", file, w.Code)
			}
			for _, word := range words {
				if !strings.Contains(body, word) {
					t.Errorf("%s in %s lacks %s", file, lang, word)
				}
			}
			if strings.Contains(body, `.md"`) || strings.Contains(body, `href="http`) || strings.Contains(body, "raw HTML") || lang == "zh" && strings.Contains(body, "What it means") {
				t.Errorf("%s in %s leads where nothing is", file, lang)
			}
		}
	}
	for _, bad := range []string{"/runbooks/NoSuchThing", "/runbooks/..%2f..%2fdesign"} {
		if w := asks(s, page0(bad), "127.0.0.1"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// The stream says which build speaks, then the day, then the board; a change of alarms alone
// is told as well, and the day is not said again.
func TestStream(t *testing.T) {
	b, rings := &board{changed: make(chan struct{}, 1)}, &bells{changed: make(chan struct{}, 1)}
	s := start(t, Deps{Snapshots: b, Alarms: rings, Ready: nil})
	b.set(snapshot(83, 17))
	lines := listen(t, s)
	next := func() string {
		select {
		case line := <-lines:
			return line
		case <-time.After(testkit.Patience):
			t.Fatal("nothing is told")
			return ""
		}
	}
	if line := next(); line != `"`+build()+`"` {
		t.Errorf("the first thing told is %s", line)
	}
	if line := next(); !strings.Contains(line, `"date":"20`) {
		t.Errorf("the second thing told is %s", line)
	}
	var v view
	if err := json.Unmarshal([]byte(next()), &v); err != nil || v.Alarms == nil || v.Alarms.At != nil {
		t.Fatalf("the third is %+v, %v", v.Alarms, err)
	}
	rings.ring(AlarmState{At: time.Now(), Firing: []Alarm{{Name: "NobodyAnswers", Severity: "page"}}})
	for {
		line := next()
		if strings.Contains(line, `"date":`) {
			t.Fatal("the day is told again")
		}
		if strings.Contains(line, "NobodyAnswers") {
			break
		}
	}
}

// Who is no longer let in does not go on watching.
func TestStillLetIn(t *testing.T) {
	s, file := served(t, func(c *Config) { c.LoopbackRole = "" })
	_, p, err := people.Add(t.Context(), file, people.Person{Name: "大屏", Role: people.Viewer}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := people.Session(&p, time.Now(), time.Hour)
	r := page0("/api/events")
	r.RemoteAddr = "10.1.0.9:40000"
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: text})
	if !s.gate.still(r) {
		t.Fatal("a viewer may not watch")
	}
	if _, err := people.Revoke(t.Context(), file, "大屏", time.Now()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if s.gate.still(r) {
			return errors.New("who was revoked still watches")
		}
		return nil
	})
}

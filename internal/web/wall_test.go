package web

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/chromedp/chromedp"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/calendar"
	"hotline12333/internal/callback"
	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/seal"
	"hotline12333/internal/testkit"
)

// wall is a hotline that does not exist, on a Monday at ten past two, with a server that can
// be stopped and started at the same address.
type wall struct {
	t       *testing.T
	addr    string
	people  string
	began   time.Time
	changed chan struct{}
	bells   *bells
	server  *Server
	stop    func()

	mu     sync.Mutex
	owed   callback.Figures
	stuck  bool // the store does not answer
	change func(*kpi.Snapshot)
}

var afternoon = time.Date(2026, 3, 2, 6, 10, 0, 0, time.UTC)

func newWall(t *testing.T) *wall {
	w := &wall{
		t: t, addr: testkit.FreeAddress(t), people: filepath.Join(t.TempDir(), "people.json"), began: time.Now(),
		changed: make(chan struct{}, 1), bells: &bells{changed: make(chan struct{}, 1)},
	}
	w.bells.state.At = afternoon
	w.owed = callback.Figures{Owed: 12, Overdue: 3, Taken: 1}
	w.start(nil)
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *wall) now() time.Time { return afternoon.Add(time.Since(w.began)) }

// start serves; prepare may change the server before it does.
func (w *wall) start(prepare func(*Server)) {
	w.t.Helper()
	cfg := DefaultConfig()
	cfg.Listen = w.addr
	w.server = New(cfg, Deps{
		Log: testkit.Log(w.t), Snapshots: w, Desk: wallDesk{wall: w}, Alarms: w.bells, People: w.people,
		Registry: prometheus.NewRegistry(), Now: w.now,
	})
	if prepare != nil {
		prepare(w.server)
	}
	if err := w.server.Listen(); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.server.Run(ctx); err != nil {
			w.t.Errorf("serving: %v", err)
		}
	}()
	w.stop = func() {
		cancel()
		<-done
	}
}

// wallDesk knows of the lost callers of the wall, and nothing else.
type wallDesk struct {
	Desk
	wall *wall
}

func (wallDesk) Zone() *time.Location { return afternoon.Location() }

func (d wallDesk) Owed(context.Context) (callback.Figures, error) {
	d.wall.mu.Lock()
	defer d.wall.mu.Unlock()
	return d.wall.owed, nil
}

func (wallDesk) PendingShifts(context.Context) (map[string]*journal.SignedHandover, error) {
	return nil, nil
}

func (wallDesk) Sealed(context.Context) ([]*seal.Entry, []kpi.Wording, error) { return nil, nil, nil }

func (wallDesk) Entries(context.Context, []journal.Kind, string) ([]journal.History, error) {
	return nil, nil
}

// tell shows something else from now on.
func (w *wall) tell(change func(*kpi.Snapshot)) {
	w.mu.Lock()
	w.change = change
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *wall) Subscribe() (<-chan struct{}, func()) { return w.changed, func() {} }

func (w *wall) Snapshot(now time.Time) (*kpi.Snapshot, bool) {
	s := busyDay(now)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.change != nil {
		w.change(s)
	}
	if w.stuck {
		s.CheckedAt = afternoon.Add(-time.Minute)
	}
	return s, true
}

// busyDay is a centre of six agents on a Monday afternoon with eight Mondays and two months
// behind it.
func busyDay(now time.Time) *kpi.Snapshot {
	s := snapshot(312, 46)
	s.Zone, _ = time.LoadLocation("Asia/Shanghai") // a browser knows zones by name alone
	s.At, s.CheckedAt, s.DataTo = now, now, now.Add(-3*time.Second)
	all, pension := kpi.Scope{Level: kpi.AllCentres}, kpi.Scope{Level: kpi.OneQueue, Centre: "default", Queue: "养老待遇"}
	s.Waiting = map[kpi.Scope]kpi.Waiting{all: {Count: 2, Since: now.Add(-41 * time.Second)}, pension: {Count: 2}}
	s.Agents = map[kpi.Scope]kpi.Agents{all: {hotline.Talking: 4, hotline.Free: 1, hotline.Wrapup: 1, hotline.Paused: 1}}
	counts := func(w kpi.Window, answered, lost, self int64) {
		t := kpi.Tally{Calls: answered + lost + self, Answered: answered, AbandonedQueue: lost, SelfService: self, WaitAnswered: kpi.Hist{10: answered}, WaitMillis: 16_000 * answered}
		s.Windows[w] = kpi.WindowCounts{Scopes: map[kpi.Scope]kpi.Counted{all: {Tally: t}}}
	}
	counts(kpi.Last15Minutes, 12, 2, 3)
	counts(kpi.LastHour, 47, 7, 9)
	counts(kpi.ThisMonth, 312, 46, 60)
	counts(kpi.ThisQuarter, 15_214, 3120, 2000)
	counts(kpi.ThisYear, 15_214, 3120, 2000)
	today := map[kpi.Scope]kpi.Counted{all: {Tally: kpi.Tally{Calls: 418, Answered: 312, AbandonedQueue: 46, SelfService: 60, WaitAnswered: kpi.Hist{10: 233, 40: 79}, WaitMillis: 16_000 * 312}}}
	for i, name := range []string{"养老待遇", "社会保障卡", "综合", "失业保险", "劳动关系", "工伤保险"} {
		n := int64(40 - 5*i)
		today[kpi.Scope{Level: kpi.OneQueue, Centre: "default", Queue: name}] = kpi.Counted{Tally: kpi.Tally{Calls: n + 8, Answered: n, AbandonedQueue: int64(4 + i%3)}}
	}
	s.Windows[kpi.Today] = kpi.WindowCounts{Scopes: today}
	s.Topics = []kpi.TopicCount{{Topic: "养老待遇资格认证", Calls: 96}, {Topic: "社保卡申领补换", Calls: 79}, {Topic: "失业保险金", Calls: 44}, {Topic: "工伤认定", Calls: 32}, {Topic: "劳动合同", Calls: 26}}
	usual := []int64{4, 10, 13, 16, 18, 19, 18, 17, 16, 14, 13, 11, 9, 6, 3, 2, 2, 2, 3, 4, 5, 7, 11, 14, 16, 16, 15, 14, 13, 13, 12, 11, 9, 7, 5, 3}
	s.Usual = &kpi.UsualDay{Sort: calendar.Worked, Likeness: kpi.SameWeekday}
	for week := range 8 {
		day := make([]kpi.Tally, 96)
		for i, n := range usual {
			n = max(0, n+int64((i*7+week*5)%7)-3)
			day[34+i] = kpi.Tally{Calls: n, Answered: n * 9 / 10, AbandonedQueue: n - n*9/10}
		}
		s.Usual.Days = append(s.Usual.Days, time.Date(2026, 2, 23-7*week, 0, 0, 0, 0, s.Zone))
		s.Usual.Tallies = append(s.Usual.Tallies, day)
	}
	s.Curve = nil
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, s.Zone)
	for q := range 96 {
		p := kpi.CurvePoint{From: midnight.Add(time.Duration(q) * hotline.BucketLength)}
		if i := q - 34; i >= 0 && i < len(usual) && !p.From.After(now) {
			p.Offered = usual[i] + int64(i*5%6) - 2
			p.Requested = p.Offered * 6 / 7
			p.Answered = p.Requested - int64(i%4)*p.Requested/9
		}
		s.Curve = append(s.Curve, p)
	}
	days, _ := kpi.YearDays(2026, s.Zone, func(d time.Time) (bool, error) {
		return d.Weekday() != time.Sunday && d.Weekday() != time.Saturday, nil
	})
	for i := range days[:60] {
		if days[i].Known = true; days[i].Working {
			days[i].Count = 355 + int64(i*37%40)
		}
	}
	s.Pace = &kpi.YearPace{Pace: kpi.PaceOf(days, 60, nil, 100_000), Over: 60, Course: kpi.Course(days, 60, 100_000)}
	return s
}

// open shows the board of the wall in a size, language and theme.
func (w *wall) open(b *testkit.Browser, width, height int64, tastes string) {
	w.t.Helper()
	b.Run(w.t, chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+w.addr+"/?"+tastes), testkit.Shows(`#data-to`, "14:"))
}

func (w *wall) says(b *testkit.Browser, want map[string]string) {
	w.t.Helper()
	for selector, text := range want {
		if got := b.Text(w.t, selector); got != text {
			w.t.Errorf("%s says %q, want %q", selector, got, text)
		}
	}
}

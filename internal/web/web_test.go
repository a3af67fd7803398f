package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// board is a source of snapshots in the hand of a test.
type board struct {
	mu       sync.Mutex
	snapshot *kpi.Snapshot
	changed  chan struct{}
}

func (b *board) Snapshot(now time.Time) (*kpi.Snapshot, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.snapshot == nil {
		return nil, false
	}
	s := *b.snapshot
	s.At = now
	return &s, true
}

func (b *board) Subscribe() (<-chan struct{}, func()) { return b.changed, func() {} }

func (b *board) set(s *kpi.Snapshot) {
	b.mu.Lock()
	b.snapshot = s
	b.mu.Unlock()
	b.changed <- struct{}{}
}

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func snapshot(answered, lost int64) *kpi.Snapshot {
	all := kpi.Scope{Level: kpi.AllCentres}
	pension := kpi.Scope{Level: kpi.OneQueue, Centre: "default", Queue: "养老待遇"}
	tally := kpi.Tally{
		Calls: answered + lost, Answered: answered, AbandonedQueue: lost,
		WaitAnswered: kpi.Hist{10: answered}, WaitMillis: 9_900 * answered, WaitAbandoned: kpi.Hist{30: lost},
	}
	windows := make(map[kpi.Window]kpi.WindowCounts)
	for _, w := range kpi.Windows() {
		windows[w] = kpi.WindowCounts{Scopes: map[kpi.Scope]kpi.Counted{all: {Tally: tally}, pension: {Tally: tally}}}
	}
	return &kpi.Snapshot{
		At: noon, CheckedAt: noon, DataTo: noon.Add(-3 * time.Second), Zone: time.FixedZone("CST", 8*3600),
		ServiceOpen: true, Definitions: kpi.DefaultDefinitions(), Windows: windows,
		Waiting: map[kpi.Scope]kpi.Waiting{all: {Count: 2, Since: noon.Add(-41 * time.Second)}, pension: {Count: 2}},
		Curve:   []kpi.CurvePoint{{From: noon, Offered: 5, Requested: 4, Answered: 3}},
		Topics:  []kpi.TopicCount{{Topic: "a", Calls: 9}, {Topic: "b", Calls: 8}, {Topic: "c", Calls: 7}, {Topic: "d", Calls: 6}, {Topic: "e", Calls: 5}, {Topic: "f", Calls: 4}},
	}
}

func TestViewOfTickets(t *testing.T) {
	all := kpi.Scope{Level: kpi.AllCentres}
	s := snapshot(83, 17)
	if v := newView(s, DefaultConfig()); v.Tickets != nil || v.Today.TimelyLeads != kpi.ResponseWait || v.Today.Timeliness.Den != 83 {
		t.Errorf("without tickets: %+v, %s leads with %+v", v.Tickets, v.Today.TimelyLeads, v.Today.Timeliness)
	}
	s.Tickets = map[kpi.Scope]kpi.TicketsNow{all: {hotline.TicketConsultation: {Open: 3, Overdue: 1}, hotline.TicketVoicemail: {Open: 2, Overdue: 2}}}
	for _, w := range []kpi.Window{kpi.Today, kpi.ThisYear} {
		c := s.Windows[w].Scopes[all]
		c.Tally.Tickets = map[hotline.TicketKind]kpi.TicketCounts{hotline.TicketConsultation: {OnTheSpot: 90, Respond: kpi.Kept{InTime: 9, Overdue: 1}}}
		s.Windows[w].Scopes[all] = c
	}
	v := newView(s, DefaultConfig())
	if v.Tickets == nil || v.Tickets.Open != 5 || v.Tickets.Overdue != 3 || v.Tickets.Consultation.Text != "99.0%" || v.Tickets.Consultation.Met {
		t.Errorf("with tickets: %+v", v.Tickets)
	}
	if v.Today.TimelyLeads != kpi.ResponseItems || v.Today.Timeliness.Den != 100 || v.Today.TimelyWait.Den != 83 {
		t.Errorf("%s leads with %+v beside %+v", v.Today.TimelyLeads, v.Today.Timeliness, v.Today.TimelyWait)
	}
}

// TestViewOfASourceThatCannotKnow: who asked for an agent in vain is not told, nor who waits.
func TestViewOfASourceThatCannotKnow(t *testing.T) {
	s := snapshot(83, 0)
	s.Waiting = nil
	for _, w := range s.Windows {
		for scope, c := range w.Scopes {
			c.Knows = kpi.KnowsOnly([]kpi.Capability{kpi.CanIVR})
			w.Scopes[scope] = c
		}
	}
	v := newView(s, DefaultConfig())
	for name, f := range map[string]figure{"today": v.Today.Rate, "15 minutes": v.Recent[0].Rate, "month": v.Month, "year": v.Year.Rate, "queue": v.Queues[0].Rate} {
		if f.Text != "" || f.Met || f.Den != 0 || f.NotConnected != string(kpi.CanRequests) {
			t.Errorf("the answer rate of the %s is told: %+v", name, f)
		}
	}
	if f := v.Today.Composite; f.Text != "100.0%" || v.Year.Answered != 83 || v.Today.Offered != 83 {
		t.Errorf("what is known is missing: %+v, %d answered, %d offered", f, v.Year.Answered, v.Today.Offered)
	}
	if v.Waiting.NotConnected != string(kpi.CanQueueWait) || v.Queues[0].Waiting != nil || v.Today.Curve.Requested != nil || v.Today.Allowance != nil {
		t.Errorf("waiting %+v, in the queue %v, curve %v, allowance %v", v.Waiting, v.Queues[0].Waiting, v.Today.Curve.Requested, v.Today.Allowance)
	}
	s.Waiting = map[kpi.Scope]kpi.Waiting{{}: {Count: 1, Since: noon}}
	if w := newView(s, DefaultConfig()).Waiting; w.Count != 1 || w.NotConnected != "" {
		t.Errorf("a caller who is known to wait: %+v", w)
	}
}

func TestViewCutsAndCompares(t *testing.T) {
	v := newView(snapshot(82_996, 17_004), DefaultConfig())
	if r := v.Today.Rate; r.Text != "82.9%" || r.Met || r.Num != 82_996 || r.Den != 100_000 {
		t.Errorf("82.996%% shows as %+v", r)
	}
	if v.Today.AnswersNeeded != 24 || v.Today.MissesLeft >= 0 {
		t.Errorf("to recover: %d answers, %d misses left", v.Today.AnswersNeeded, v.Today.MissesLeft)
	}
	if v.Today.ASA.Text != "9" {
		t.Errorf("a mean wait of 9.9 s shows as %q: cut, not rounded", v.Today.ASA.Text)
	}
	if len(v.Topics) != mostTopics || v.Topics[0].Name != "a" {
		t.Errorf("topics = %v", v.Topics)
	}
	if len(v.Queues) != 1 || v.Queues[0].Name != "养老待遇" || *v.Queues[0].Waiting != 2 {
		t.Errorf("queues = %+v", v.Queues)
	}
	if c := v.Today.Curve; !reflect.DeepEqual(c, curve{Offered: []int64{5}, Requested: []int64{4}, Answered: []int64{3}}) {
		t.Errorf("curve = %+v", c)
	}
	if w := v.Waiting; w.Count != 2 || !w.LongestSince.Equal(noon.Add(-41*time.Second)) {
		t.Errorf("waiting = %+v", w)
	}
	if v.Agents != nil {
		t.Errorf("agents without a source: %+v", v.Agents)
	}
	told := snapshot(1, 0)
	told.Agents = map[kpi.Scope]kpi.Agents{{}: {hotline.Talking: 2, hotline.Ringing: 1, hotline.Paused: 1}}
	if a := newView(told, DefaultConfig()).Agents; a == nil || *a != (agents{SignedIn: 4, Talking: 2, Ringing: 1, Paused: 1}) {
		t.Errorf("agents = %+v", a)
	}
	if len(v.Recent) != 2 || v.Recent[0].Low >= v.Recent[0].High {
		t.Errorf("recent = %+v", v.Recent)
	}
}

func TestViewWithoutCallsHasNoFigures(t *testing.T) {
	s := snapshot(0, 0)
	s.DataTo, s.Waiting, s.Topics = time.Time{}, nil, nil
	body, err := json.Marshal(newView(s, DefaultConfig()))
	if err != nil {
		t.Fatal(err)
	}
	var v view
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if v.DataTo != nil || v.Today.Rate.Text != "" || v.Today.Rate.Value != nil || v.Today.Rate.Met || v.Year.Rate.Text != "" {
		t.Errorf("no calls show as %s", body)
	}
	if len(v.Queues) != 0 || v.Waiting.LongestSince != nil {
		t.Errorf("nobody is there: %s", body)
	}
}

// Without a calendar of the year nobody knows which losses came after hours.
func TestViewWithoutCalendar(t *testing.T) {
	s := snapshot(80, 20)
	for _, w := range s.Windows {
		for scope, c := range w.Scopes {
			c.Tally.NoCalendar()
			w.Scopes[scope] = c
		}
	}
	s.ServiceOpen, s.NoCalendar = false, kpi.Wording{ZH: "工作日历 cn-2026 没有 2027 年的日子", EN: "calendar cn-2026 has no days of 2027"}
	v := newView(s, DefaultConfig())
	if *v.NoCalendar != s.NoCalendar || v.Today.Rate.NotConnected != "service_hours" || v.Today.Rate.Text != "" || v.Today.MissesLeft != 0 {
		t.Errorf("the board shows %+v", v.Today)
	}
	if v.Today.Composite.Text != "80.0%" || v.Year.Answered != 80 {
		t.Errorf("what needs no calendar is gone: %+v", v.Today)
	}
}

func TestConfigRefusesTheNetworkByOversight(t *testing.T) {
	for listen, ok := range map[string]bool{
		"127.0.0.1:8333": true, "[::1]:8333": true, "localhost:0": true,
		"0.0.0.0:8333": false, ":8333": false, "192.168.1.5:8333": false, "8333": false,
	} {
		c := DefaultConfig()
		c.Listen = listen
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("%s: %v", listen, err)
		} else if err != nil && !strings.HasPrefix(err.Error(), "listen: ") {
			t.Errorf("%s: the error does not name the field: %v", listen, err)
		}
	}
	c := DefaultConfig()
	c.Listen, c.AllowRemote = "0.0.0.0:8333", true
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.Title = ""
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "title") {
		t.Errorf("a board without a name: %v", err)
	}
}

// start serves on a free port until the test ends.
func start(t *testing.T, deps Deps) *Server {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	deps.Log, deps.Registry, deps.Now = slog.New(slog.DiscardHandler), prometheus.NewRegistry(), time.Now
	s := New(cfg, deps)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("stopping: %v", err)
			}
		case <-time.After(testkit.Patience):
			t.Error("the server does not stop")
		}
	})
	return s
}

func get(t *testing.T, s *Server, path string) (status int, body string, header http.Header) {
	t.Helper()
	r, err := http.Get("http://" + s.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b), r.Header
}

func TestPages(t *testing.T) {
	var ready atomic.Bool
	b := &board{changed: make(chan struct{}, 1)}
	s := start(t, Deps{Snapshots: b, Ready: func(context.Context) error {
		if !ready.Load() {
			return errors.New("3 marks are not recomputed yet")
		}
		return nil
	}})
	if status, body, _ := get(t, s, "/api/board"); status != http.StatusServiceUnavailable || !strings.Contains(body, "not been read yet") {
		t.Errorf("before the first reading: %d %s", status, body)
	}
	b.set(snapshot(83, 17))
	for path, want := range map[string]string{
		"/": "<title>", "/page/built/board.js": "EventSource", "/page/built/NOTICE.txt": "uplot", "/page/base.css": ":root", "/login": "hp_",
		"/healthz": "ok", "/api/board": `"text":"83.0%"`, "/metrics": "",
	} {
		status, body, header := get(t, s, path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
		if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s may load from elsewhere: %q", path, csp)
		}
	}
	if status, body, _ := get(t, s, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "3 marks") {
		t.Errorf("not ready: %d %s", status, body)
	}
	ready.Store(true)
	if status, _, _ := get(t, s, "/readyz"); status != http.StatusOK {
		t.Errorf("ready: %d", status)
	}
	if status, _, _ := get(t, s, "/nothing"); status != http.StatusNotFound {
		t.Errorf("an unknown page: %d", status)
	}
}

func TestRoleWithoutBoard(t *testing.T) {
	s := start(t, Deps{Ready: func(context.Context) error { return nil }})
	if status, _, _ := get(t, s, "/"); status != http.StatusNotFound {
		t.Errorf("a role without figures shows a board: %d", status)
	}
	if status, _, _ := get(t, s, "/metrics"); status != http.StatusOK {
		t.Errorf("metrics: %d", status)
	}
}

// Every viewer gets the board at once and again after each change; the streams end with
// the server.
func TestEvents(t *testing.T) {
	b := &board{changed: make(chan struct{}, 1)}
	s := start(t, Deps{Snapshots: b, Ready: func(context.Context) error { return nil }})
	b.set(snapshot(83, 17))
	const viewers = 20
	streams := make([]<-chan string, viewers)
	for i := range streams {
		streams[i] = listen(t, s)
	}
	expect := func(text string) {
		t.Helper()
		for i, lines := range streams {
			deadline := time.After(testkit.Patience)
			for found := false; !found; {
				select {
				case line, ok := <-lines:
					if !ok {
						t.Fatalf("viewer %d: the stream ended", i)
					}
					found = strings.Contains(line, text)
				case <-deadline:
					t.Fatalf("viewer %d did not see %s", i, text)
				}
			}
		}
	}
	expect(`"num":83,"den":100`)
	b.set(snapshot(84, 17))
	expect(`"num":84,"den":101`)
}

func listen(t *testing.T, s *Server) <-chan string {
	t.Helper()
	r, err := http.Get("http://" + s.Addr() + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer r.Body.Close()
		for in := bufio.NewScanner(r.Body); in.Scan(); {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				lines <- data
			}
		}
	}()
	return lines
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := DefaultConfig()
	cfg.Listen = l.Addr().String()
	err = New(cfg, Deps{Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}).Listen()
	if want := fmt.Sprintf("%s is in use", cfg.Listen); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

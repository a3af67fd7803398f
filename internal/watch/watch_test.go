package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

const there = "http://10.0.0.5:8333"

var (
	refused = Answer{Gone, Reason{"拒绝连接", "connection refused"}}
	pending = Answer{NotReady, Reason{"3 marks are not recomputed yet", "3 marks are not recomputed yet"}}
	fine    = Answer{State: Ready}
)

// rig is a watcher in virtual time whose hotline answers by a plan.
type rig struct {
	*Watcher
	start func() // once what it answers first is said
	began time.Time
	mu    sync.Mutex
	now   Answer
	until time.Time // of maintenance
	// reaches says who takes messages: anybody, and everybody.
	anybody, all bool
	got          []string
}

// watched runs a watcher in virtual time; plan changes what the hotline answers.
func watched(t *testing.T, plan func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{began: time.Now(), anybody: true, all: true}
		cfg := DefaultConfig()
		cfg.URLs = []string{there}
		w, err := New(cfg, Deps{Registerer: prometheus.NewRegistry(), Tell: r.tell})
		if err != nil {
			t.Fatal(err)
		}
		w.ask = func(context.Context, string) Answer {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.now
		}
		w.maintenance = func(context.Context, string) (time.Time, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.until, nil
		}
		r.Watcher = w
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		r.start = sync.OnceFunc(func() {
			go func() { ended <- w.Run(ctx) }()
			// Between two checks, so that what changes is seen by the next one.
			time.Sleep(time.Second)
		})
		plan(r)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (r *rig) tell(_ context.Context, e Event) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Sprintf("%v %s %d since %v", e.At.Sub(r.began), e.State, e.Number, e.Since.Sub(r.began))
	if e.State == Ready {
		line += " was " + e.Was.String()
	}
	if !r.anybody {
		line += ", reached nobody"
	} else if !r.all {
		line += ", reached some"
	}
	r.got = append(r.got, line+": "+e.Reason.EN)
	if !r.all {
		return r.anybody, errors.New("feishu is away")
	}
	return true, nil
}

// is answers so for a time, which is virtual.
func (r *rig) is(a Answer, d time.Duration) {
	r.mu.Lock()
	r.now = a
	r.mu.Unlock()
	r.start()
	time.Sleep(d)
}

func (r *rig) expect(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if diff := cmp.Diff(want, r.got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestGoneAgainAndBack(t *testing.T) {
	watched(t, func(r *rig) {
		r.is(fine, time.Minute)
		r.is(refused, 2*time.Hour+5*time.Minute)
		if got := testutil.ToFloat64(r.alarm.WithLabelValues(there)); got != 1 {
			t.Errorf("hotline_watch_alarm %v while it is gone", got)
		}
		r.is(fine, time.Minute)
		r.expect(t,
			"1m30s gone 1 since 1m10s: connection refused",
			"1h1m30s gone 2 since 1m10s: connection refused",
			"2h1m30s gone 3 since 1m10s: connection refused",
			"2h6m10s ready 4 since 1m10s was gone: connection refused",
		)
		if got := testutil.ToFloat64(r.alarm.WithLabelValues(there)); got != 0 {
			t.Errorf("hotline_watch_alarm %v after it is back", got)
		}
		if err := r.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Requests get lost, and programs are started again.
func TestLostRequestsAreNoAlarm(t *testing.T) {
	watched(t, func(r *rig) {
		for range 100 {
			r.is(fine, 10*time.Second)
			r.is(refused, 20*time.Second)
		}
		r.is(fine, 10*time.Second)
		r.is(refused, 20*time.Second)
		r.is(pending, 4*time.Minute)
		r.is(fine, time.Minute)
		r.expect(t)
	})
}

func TestNotReadyIsToldLater(t *testing.T) {
	watched(t, func(r *rig) {
		r.is(pending, 6*time.Minute)
		r.is(fine, 10*time.Second) // once is no recovery
		r.is(pending, time.Minute)
		r.is(fine, time.Minute)
		r.expect(t,
			"5m0s not_ready 1 since 0s: 3 marks are not recomputed yet",
			"7m20s ready 2 since 0s was not_ready: 3 marks are not recomputed yet",
		)
	})
}

// Not ready becomes gone, which is graver and told at once; what answers again and is not
// ready is not back.
func TestItGetsGraver(t *testing.T) {
	watched(t, func(r *rig) {
		r.is(pending, 6*time.Minute)
		r.is(refused, 10*time.Minute)
		r.is(pending, 10*time.Minute)
		r.is(fine, time.Minute)
		r.expect(t,
			"5m0s not_ready 1 since 0s: 3 marks are not recomputed yet",
			"6m30s gone 2 since 0s: connection refused",
			"26m10s ready 3 since 0s was gone: 3 marks are not recomputed yet",
		)
	})
}

// While the network of the watcher itself is away nobody hears it: it is told as soon as
// somebody does. Whom it did not reach is tried for ten minutes.
func TestWhoWasNotReachedIsTriedAgain(t *testing.T) {
	watched(t, func(r *rig) {
		r.anybody, r.all = false, false
		r.is(refused, 40*time.Second)
		if err := r.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "feishu is away") {
			t.Errorf("ready while nobody can be told: %v", err)
		}
		r.mu.Lock()
		r.anybody = true
		r.mu.Unlock()
		time.Sleep(20 * time.Minute)
		r.mu.Lock()
		n := len(r.got)
		first, last := r.got[0], r.got[n-1]
		r.got = nil
		r.all = true
		r.mu.Unlock()
		if want := "20s gone 1 since 0s, reached nobody: connection refused"; first != want {
			t.Errorf("first %q, want %q", first, want)
		}
		if want := "10m20s gone 1 since 0s, reached some: connection refused"; last != want || n != 61 {
			t.Errorf("%d messages, the last %q, want %q", n, last, want)
		}
		r.is(fine, time.Minute)
		r.expect(t, "20m50s ready 2 since 0s was gone: connection refused")
	})
}

// It is gone again before anybody heard that it was back: another alarm.
func TestGoneAgainBeforeTheEndIsTold(t *testing.T) {
	watched(t, func(r *rig) {
		r.is(refused, 30*time.Second)
		r.mu.Lock()
		r.anybody, r.all = false, false
		r.mu.Unlock()
		r.is(fine, 20*time.Second)
		r.mu.Lock()
		r.anybody, r.all = true, true
		r.mu.Unlock()
		r.is(refused, time.Minute)
		r.is(fine, time.Minute)
		r.expect(t,
			"20s gone 1 since 0s: connection refused",
			"40s ready 2 since 0s was gone, reached nobody: connection refused",
			"1m20s gone 3 since 1m0s: connection refused",
			"2m0s ready 4 since 1m0s was gone: connection refused",
		)
	})
}

// Maintenance that was told of holds while the program is down, and no longer.
func TestMaintenanceIsSilent(t *testing.T) {
	watched(t, func(r *rig) {
		r.mu.Lock()
		r.until = r.began.Add(time.Hour)
		r.mu.Unlock()
		r.is(fine, 2*time.Minute)
		r.is(refused, 30*time.Minute)
		r.is(fine, time.Minute)
		r.expect(t)
		r.is(refused, 30*time.Minute)
		r.expect(t, "1h0m0s gone 1 since 33m10s: connection refused")
	})
	watched(t, func(r *rig) { // ended early
		r.mu.Lock()
		r.until = r.began.Add(time.Hour)
		r.mu.Unlock()
		r.is(fine, 2*time.Minute)
		r.mu.Lock()
		r.until = time.Time{}
		r.mu.Unlock()
		r.is(fine, 2*time.Minute)
		r.is(refused, time.Minute)
		r.expect(t, "4m30s gone 1 since 4m10s: connection refused")
	})
}

// Whatever happens, people who are reached hear an alarm's messages in order, hear of its
// end once, and of nothing after the end but another alarm.
func TestMessagesTellOneStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := DefaultConfig()
		c := course{cfg: cfg, url: there}
		now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		inForce, gone, last := false, 0, 0
		for range rapid.IntRange(1, 200).Draw(t, "checks") {
			now = now.Add(cfg.Every)
			a := rapid.SampledFrom([]Answer{fine, refused, refused, pending}).Draw(t, "answer")
			gone++
			if a.State != Gone {
				gone = 0
			}
			e, due := c.step(now, a)
			if gone >= cfg.Failures && !inForce && !due {
				t.Fatal("it is gone and nobody is told")
			}
			if !due {
				continue
			}
			if e.State == Ready != (a.State == Ready) {
				t.Fatalf("told %v on %v", e.State, a.State)
			}
			if e.State == Ready && !inForce {
				t.Fatal("the end of what nobody was told of")
			}
			if e.State != Ready && inForce && e.Number <= last {
				t.Fatalf("message %d after %d", e.Number, last)
			}
			c.told(now, true, true)
			inForce, last = e.State != Ready, e.Number
		}
	})
}

func TestWhoLooksAfterTheWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.URLs = []string{there}
		w, err := New(cfg, Deps{Tell: func(context.Context, Event) (bool, error) { return true, nil }})
		if err != nil {
			t.Fatal(err)
		}
		asked := make(chan struct{})
		w.ask = func(ctx context.Context, _ string) Answer { // it hangs
			close(asked)
			<-ctx.Done()
			return refused
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		<-asked
		if err := w.Ready(ctx); err != nil {
			t.Errorf("at the start: %v", err)
		}
		time.Sleep(6 * time.Minute)
		if err := w.Ready(ctx); err == nil || !strings.Contains(err.Error(), "has not been asked for 6m0s") {
			t.Errorf("hanging: %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"urls: each begins":      func(c *Config) { c.URLs = []string{"10.0.0.5:8333"} },
		"names a machine":        func(c *Config) { c.URLs = []string{"http://"} },
		"holds a password":       func(c *Config) { c.URLs = []string{"http://a:geheim@10.0.0.5"} },
		"more than an address":   func(c *Config) { c.URLs = []string{"http://10.0.0.5/?a=b"} },
		"is named twice":         func(c *Config) { c.URLs = []string{there, there + "/"} },
		"every:":                 func(c *Config) { c.Every = 0 },
		"timeout:":               func(c *Config) { c.Timeout = 0 },
		"failures:":              func(c *Config) { c.Failures = 0 },
		"not_ready_for:":         func(c *Config) { c.NotReadyFor = -1 },
		"repeat:":                func(c *Config) { c.Repeat = time.Second },
		"nothing is watched":     func(c *Config) { c.URLs = nil },
		"watch.ca_file: open":    func(c *Config) { c.CAFile = "absent.pem" },
		"holds no certificate i": func(c *Config) { c.CAFile = "doc.go" },
	} {
		cfg := DefaultConfig()
		cfg.URLs = []string{there}
		change(&cfg)
		if _, err := New(cfg, Deps{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/deploy"
)

// phone is a channel that remembers what it was told, by alert.
type phone struct {
	mu   sync.Mutex
	told []string
	dead bool
}

func (p *phone) tell(_ context.Context, channel string, g *Group) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return true, errors.New("nobody picks up")
	}
	if g.Repeat < time.Hour { // of pages; who tells them must know it from one that failed
		return false, fmt.Errorf("it is repeated every %v", g.Repeat)
	}
	for _, a := range g.Alerts {
		state := "firing"
		if !a.EndsAt.IsZero() {
			state = "resolved"
		}
		p.told = append(p.told, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", channel, state, a.Labels["alertname"], a.Labels["queue"])))
	}
	return false, nil
}

func (p *phone) kill(dead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = dead
}

// heard is what was told since the last time.
func (p *phone) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.told, "; ")
	p.told = nil
	return all
}

// rig is a hotline whose metrics a test sets, under the shipped rules and routes.
type rig struct {
	t        *testing.T
	dir      string
	metrics  map[string]prometheus.Gauge
	registry *prometheus.Registry
	phone    phone
	*Evaluator
	own  *prometheus.Registry
	stop func()
}

// newRig starts it; the test runs in a bubble.
func newRig(t *testing.T, dir string) *rig {
	r := &rig{t: t, dir: dir, metrics: map[string]prometheus.Gauge{}, registry: prometheus.NewRegistry()}
	r.set("hotline_service_open", 1)
	r.set("hotline_maintenance", 0)
	r.set("hotline_publish_checked_timestamp_seconds", float64(time.Now().Add(24*time.Hour).Unix()))
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) set(name string, value float64, labels ...string) {
	key := name + strings.Join(labels, ",")
	g, ok := r.metrics[key]
	if !ok {
		set := prometheus.Labels{}
		for i := 0; i < len(labels); i += 2 {
			set[labels[i]] = labels[i+1]
		}
		g = prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "x", ConstLabels: set})
		r.registry.MustRegister(g)
		r.metrics[key] = g
	}
	g.Set(value)
}

func (r *rig) start() {
	r.t.Helper()
	rules, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	routes, err := LoadRoutes(deploy.Routes, "")
	if err != nil {
		r.t.Fatal(err)
	}
	r.own = prometheus.NewRegistry()
	r.Evaluator, err = New(DefaultConfig(), Deps{
		Registerer: r.own, Gatherer: r.registry, Instance: "127.0.0.1:8333", Dir: r.dir, Rules: rules, Routes: routes,
		Channels: []string{"robot"}, Tell: r.phone.tell,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
}

// collapse makes the answer rate of a queue fall, or hold again.
func (r *rig) collapse(queue string, statistic float64) {
	r.set("hotline_answer_rate_test_threshold", 14, "test", "collapse", "losses", "queued")
	r.set("hotline_answer_rate_ratio", 0.5, "definition", "agent", "window", "15m", "centre", "all", "queue", queue)
	r.set("hotline_answer_rate_test_statistic", statistic, "test", "collapse", "losses", "queued", "centre", "all", "queue", queue)
}

func (r *rig) names() string {
	var list []string
	for _, a := range r.State().Firing {
		list = append(list, a.Name+" "+a.Severity)
	}
	return strings.Join(list, "; ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestFiresTellsRepeatsAndEnds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, dir)
		changes, leave := r.Subscribe()
		defer leave()
		if at := r.State().At; !at.IsZero() {
			t.Errorf("evaluated at %v before anything was", at)
		}
		time.Sleep(2 * time.Minute)
		if age := time.Since(r.State().At); age > 31*time.Second {
			t.Errorf("evaluated %v ago", age)
		}
		expect(t, "at rest", r.names()+r.phone.heard(), "")
		r.collapse("all", 15)
		began := time.Now()
		<-changes
		if took := time.Since(began); took > 46*time.Second { // read every 15 s, evaluated every 30
			t.Errorf("seen after %v", took)
		}
		alarms := r.State().Firing
		if len(alarms) != 1 || alarms[0].Summary.ZH != "接通率骤降:全部中心,全部技能组,近15分钟人工接通率 50.00%" ||
			alarms[0].Summary.EN != "Answer rate dropped: all centres, all queues, 50.00% of the requested answered in the last 15 minutes" ||
			alarms[0].Runbook != "docs/runbooks/AnswerRateDropped.md" || alarms[0].Labels["queue"] != "all" || time.Since(alarms[0].Since) > time.Second {
			t.Errorf("in force is %+v", alarms)
		}
		time.Sleep(11 * time.Second) // group_wait of pages
		expect(t, "told", r.phone.heard(), "robot firing AnswerRateDropped all")
		time.Sleep(58 * time.Minute)
		expect(t, "told within the hour", r.phone.heard(), "")
		time.Sleep(10 * time.Minute)
		expect(t, "repeated after it", r.phone.heard(), "robot firing AnswerRateDropped all")
		r.collapse("all", 0)
		time.Sleep(14 * time.Minute)
		expect(t, "kept firing a quarter of an hour", r.names()+r.phone.heard(), "AnswerRateDropped page")
		time.Sleep(8 * time.Minute)
		expect(t, "over", r.names()+r.phone.heard(), "robot resolved AnswerRateDropped all")
		expect(t, "waiting", fmt.Sprint(testutil.ToFloat64(r.inst.waiting)), "0")
	})
}

// Of alerts that another explains nobody is told, nor does the board speak of them; what can
// wait waits for opening; maintenance silences.
func TestHoldsBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, dir)
		r.set("hotline_engine_up", 0)
		r.set("hotline_publish_checked_timestamp_seconds", float64(time.Now().Add(-time.Hour).Unix()))
		r.set("hotline_longest_wait_seconds", 1000, "queue", "all", "centre", "all")
		r.set("hotline_longest_wait_seconds", 1000, "queue", "all", "centre", "default") // the only one
		for _, centre := range []string{"all", "default"} {
			r.set("hotline_calls_population", 5000, "population", "asked", "window", "year", "queue", "all", "centre", centre)
		}
		time.Sleep(5 * time.Minute)
		expect(t, "in force", r.names(), "EngineDown page")
		expect(t, "told", r.phone.heard(), "robot firing EngineDown")
		r.set("hotline_engine_up", 1)
		r.set("hotline_publish_checked_timestamp_seconds", float64(time.Now().Add(time.Hour).Unix()))
		r.set("hotline_longest_wait_seconds", 400, "queue", "all", "centre", "all")
		r.set("hotline_longest_wait_seconds", 400, "queue", "all", "centre", "default")
		time.Sleep(10 * time.Minute)
		expect(t, "in force", r.names(), "LongestWait warning")
		// The page of the wait has ended; it was never told, and neither is its end.
		expect(t, "told", r.phone.heard(), "robot resolved EngineDown; robot firing LongestWait all")
		r.set("hotline_service_open", 0)
		time.Sleep(6 * time.Minute)
		expect(t, "after closing", r.names()+r.phone.heard(), "robot resolved LongestWait all")
		r.set("hotline_service_open", 1)
		r.set("hotline_maintenance", 1)
		r.set("hotline_engine_up", 0)
		time.Sleep(10 * time.Minute)
		expect(t, "in maintenance", r.names()+r.phone.heard(), "")
	})
}

// A page about one centre does not hide what another centre is warned of, nor is a wait told
// of all centres as well.
func TestTellsOfEachCentre(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, dir)
		for centre, seconds := range map[string]float64{"all": 1000, "far": 1000, "near": 400} {
			r.set("hotline_longest_wait_seconds", seconds, "queue", "all", "centre", centre)
		}
		time.Sleep(5 * time.Minute)
		var told []string
		for _, a := range r.State().Firing {
			told = append(told, a.Labels["centre"]+" "+a.Severity)
		}
		slices.Sort(told)
		expect(t, "in force", strings.Join(told, "; "), "far page; near warning")
	})
}

// Whoever could not be told is tried until they are, also by a program that was started
// anew; who knows already is not told again, and is told of the end.
func TestGoesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, dir)
		r.phone.kill(true)
		r.collapse("all", 15)
		time.Sleep(8 * time.Minute)
		expect(t, "waiting", fmt.Sprint(testutil.ToFloat64(r.inst.waiting)), "1")
		since := r.State().Firing[0].Since
		r.stop()
		r.phone.kill(false)
		r.start()
		time.Sleep(15 * time.Second)
		expect(t, "in force at once", r.names(), "AnswerRateDropped page")
		expect(t, "told by the successor", r.phone.heard(), "robot firing AnswerRateDropped all")
		time.Sleep(10 * time.Minute)
		if now := r.State().Firing[0].Since; !now.Equal(since) {
			t.Errorf("in force since %v, was %v", now, since)
		}
		r.stop()
		r.start()
		time.Sleep(10 * time.Minute)
		expect(t, "told once", r.phone.heard(), "")
		r.stop()
		r.collapse("all", 0) // while nobody looks
		time.Sleep(30 * time.Minute)
		r.start()
		time.Sleep(11 * time.Minute)
		expect(t, "over", r.names()+r.phone.heard(), "robot resolved AnswerRateDropped all")
		r.stop()
		r.start()
		time.Sleep(11 * time.Minute)
		expect(t, "over once", r.names()+r.phone.heard(), "")
	})
}

// A state that a power loss has torn, or somebody has damaged, costs the past and no more.
func TestDamagedFilesStopNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("what happens at the same time in it does so in the other tests")
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, dir)
		r.collapse("all", 15)
		time.Sleep(3*time.Hour + 20*time.Minute) // long enough for a block to be written
		if told := r.phone.heard(); !strings.HasPrefix(told, "robot firing") {
			t.Fatalf("told %q", told)
		}
		for i, damage := range []func() error{
			func() error { return shorten(filepath.Join(dir, "metrics", "wal", "*")) },
			func() error { return overwrite(filepath.Join(dir, "metrics", "wal", "*")) },
			func() error { return overwrite(filepath.Join(dir, "metrics", "chunks_head", "*")) },
			func() error { return overwrite(filepath.Join(dir, alertsFile)) },
			func() error { return overwrite(filepath.Join(dir, toldFile)) },
		} {
			r.stop()
			if err := damage(); err != nil {
				t.Fatalf("damage %d: %v", i, err)
			}
			r.start()
			time.Sleep(5 * time.Minute)
			expect(t, fmt.Sprintf("after damage %d", i), r.names(), "AnswerRateDropped page")
			if age := time.Since(r.State().At); age > time.Minute {
				t.Errorf("after damage %d: evaluated %v ago", i, age)
			}
			told := r.phone.heard()
			if again := strings.Contains(told, "firing"); again != (i == 4) { // who was told is lost: once more
				t.Errorf("after damage %d: told %q", i, told)
			}
		}
	})
}

// A block of the database that cannot be read costs the past too: it is set aside, and
// the evaluation begins anew. (Not in a bubble: the database leaves a goroutine behind.)
func TestUnreadableStoreIsSetAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "metrics")
	block := filepath.Join(dir, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	meta := `{"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","minTime":0,"maxTime":7200000,"stats":{"numSamples":1},"compaction":{"level":1},"version":1}`
	err := errors.Join(os.MkdirAll(filepath.Join(block, "chunks"), 0o750),
		os.WriteFile(filepath.Join(block, "meta.json"), []byte(meta), 0o600),
		os.WriteFile(filepath.Join(block, "index"), []byte("torn"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was set aside before makes room
		db, err := openStore(dir, DefaultConfig().Retention, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir+".damaged", filepath.Base(block), "index")); err != nil {
			t.Error(err)
		}
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(dir+".damaged"))); err != nil {
			t.Fatal(err)
		}
	}
}

func each(glob string, do func(path string) error) error {
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("no %s: %w", glob, err)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || info.IsDir() {
			continue
		}
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

func shorten(glob string) error {
	return each(glob, func(p string) error {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		return os.Truncate(p, info.Size()*2/3)
	})
}

func overwrite(glob string) error {
	return each(glob, func(p string) error { return os.WriteFile(p, []byte("\x00\xffnothing of ours"), 0o600) })
}

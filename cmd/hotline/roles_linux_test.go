package main

import (
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// distributed is a world whose broker and ClickHouse stand elsewhere.
func distributed(t *testing.T) *world {
	t.Helper()
	store := testkit.StoreConfig(t)
	w := newWorld(t).with(
		"broker.addresses="+testkit.Broker(t), "store.address="+store.Address, "store.database="+store.Database,
		// A role that is killed is missed soon.
		"broker.session_timeout=6s", "broker.heartbeat=1s",
	)
	if _, err := keys.LoadOrCreate(filepath.Join(w.env["XDG_CONFIG_HOME"], "hotline", "keys.json")); err != nil {
		t.Fatal(err)
	}
	return w
}

// role starts one part, with pages of its own.
func (w *world) role(name string) *process {
	w.t.Helper()
	own := w.with("web.listen=" + testkit.FreeAddress(w.t))
	p := own.start(name)
	testkit.Eventually(w.t, steps, func() error {
		if !p.running() {
			w.t.Fatalf("%s ended with exit code %d:\n%s", name, p.code(), p.err.String())
		}
		_, err := get(w.t, own, "/healthz")
		return err
	})
	return p
}

func TestRoles(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := distributed(t)
	loaders := []*process{w.role("load"), w.role("load")}
	aggregators := []*process{w.role("aggregate"), w.role("aggregate")}
	web := w.start("web")
	pollUntilLive(t, w)
	f := newFeed(t, w)
	zone := shanghai(t)
	r := rand.New(rand.NewPCG(1, 1))
	m := truth{}
	events := w.events(t)

	round := func(version uint64) {
		t.Helper()
		for i, c := range today(r, zone, 300) {
			c.Version = version
			m.learn(c)
			f.send(record(c))
			if i == 150 && version == 2 {
				loaders[0].kill()
			}
			if i == 150 && version == 3 {
				aggregators[0].kill()
			}
		}
		f.settle()
		m.exact(t, w)
		want := m.statement(zone, kpi.Undivided).Counts
		w.seesBoard(t, events, func(b board) bool {
			return b.Today.Offered == want.Offered && b.Today.Rate.Num == want.Answered && b.Today.Rate.Den == want.Requested
		})
		page, err := get(t, w, "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		if got := number(t, page, `hotline_calls_population{centre="all",population="offered",queue="all",window="today"}`); got != float64(want.Offered) {
			t.Errorf("/metrics counts %v offered, want %d", got, want.Offered)
		}
	}
	round(1)
	round(2) // in which a loader is killed
	round(3) // in which an aggregator is killed

	began := time.Now()
	for _, p := range []*process{loaders[1], aggregators[1], web} {
		if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []*process{loaders[1], aggregators[1], web} {
		if code := p.wait(steps); code != 0 {
			t.Errorf("hotline %s: exit code %d after an interrupt", strings.Join(p.args, " "), code)
		}
	}
	testkit.Promised(t, "the end of all roles", time.Since(began), 5*time.Second)
}

// TestRoleServesNoFigures of another role: they would be scraped twice.
func TestRoleServesNoFigures(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := distributed(t)
	w.role("aggregate")
	own := w.with("web.listen=" + testkit.FreeAddress(t))
	own.start("load")
	pollUntilLive(t, own)
	page, err := get(t, own, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page, "hotline_answer_rate_ratio") || !strings.Contains(page, "hotline_load_records_total") {
		t.Error("/metrics of the loader is not that of a loader")
	}
	if res, err := http.Get("http://" + own.settings["web.listen"] + "/api/board"); err != nil {
		t.Error(err)
	} else {
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("the loader answers for the board: %s", res.Status)
		}
		_ = res.Body.Close() // only its status is of interest
	}
	if out := w.must("migrate"); !strings.Contains(out, "topics are there") {
		t.Errorf("migrate said %q", out)
	}
}

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// rounds is how often each process is killed; HOTLINE_SOAK=1 does it ten times.
func rounds(t *testing.T) int {
	t.Helper()
	if os.Getenv("HOTLINE_SOAK") == "1" {
		return 10
	}
	return 2
}

// seeded gives a generator whose seed is printed, and taken from HOTLINE_SEED to repeat.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("HOTLINE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("HOTLINE_SEED: %v", err)
		}
	}
	t.Logf("HOTLINE_SEED=%d repeats this", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestKilled kills a process at random moments of an import. Every round brings new
// versions of all calls, which move them to other days, queues and outcomes: a record
// that is lost keeps an old figure, one that counts twice stands in two places.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills and restarts everything many times")
	}
	eachVictim(t, func(k *killing) {
		f := newFixture(k.t, 6000, k.round)
		k.rows = f.rows
		k.args = []string{k.w.write(fmt.Sprintf("round-%d.csv", k.round), f.csv), "--source", "generic-csv"}
		for _, c := range f.truth {
			k.truth.learn(c)
		}
	}, func(k *killing) { k.truth.exact(k.t, k.w) })
}

// TestKilledBank does the same with a real month of calls; every round raises the version
// of all records, and the figures stay what they are.
func TestKilledBank(t *testing.T) {
	if os.Getenv("HOTLINE_SOAK") != "1" {
		t.Skip("takes minutes: HOTLINE_SOAK=1 runs it")
	}
	path := bank(t)
	eachVictim(t, func(k *killing) {
		k.rows = 33_344
		k.args = []string{path, "--source", "anonymous-bank", "--zone", "Asia/Jerusalem", "--revision", fmt.Sprint(k.round)}
	}, func(k *killing) {
		bankFigures(k.t, statement(k.t, k.w.must("kpi", "--zone", "Asia/Jerusalem", "--format", "json")))
	})
}

// eachVictim kills each process in turn: next says what the round imports, check whether
// all of it is there once.
func eachVictim(t *testing.T, next, check func(*killing)) {
	t.Helper()
	for name, kill := range map[string]func(*killing){
		"program":  (*killing).program,
		"engine":   (*killing).engine,
		"importer": (*killing).importer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needEngine(t)
			k := &killing{t: t, w: newWorld(t), r: seeded(t), next: next, truth: truth{}}
			k.up = k.w.up()
			k.begin()
			began := time.Now()
			k.running.wait(steps)
			k.usual = time.Since(began)
			k.finish()
			check(k)
			for range rounds(t) {
				k.begin()
				moment := time.Duration(k.r.Int64N(int64(k.usual)))
				pause(t, moment)
				kill(k)
				t.Logf("round %d: killed the %s after %v of about %v", k.round, name, moment.Round(time.Millisecond), k.usual.Round(time.Millisecond))
				k.finish()
				check(k)
			}
			k.up.stops(t)
		})
	}
}

type killing struct {
	t     *testing.T
	w     *world
	r     *rand.Rand
	next  func(*killing)
	round uint64
	usual time.Duration // an import that nobody disturbs
	args  []string      // of the round's import
	rows  int           // it has
	truth truth

	up, running *process
}

func (k *killing) importing(w *world) *process {
	return w.start(append([]string{"import", "--format", "json"}, k.args...)...)
}

// begin starts the import of the next version of every call.
func (k *killing) begin() {
	k.t.Helper()
	k.round++
	k.next(k)
	// Small batches, so that there are many moments to be killed at.
	k.running = k.importing(k.w.with("intake.batch_records=200"))
}

// finish waits for the import, however it ended, and imports again.
func (k *killing) finish() {
	k.t.Helper()
	k.t.Logf("round %d: the import ended with exit code %d %s", k.round, k.running.wait(steps), k.running.err.String())
	p := k.importing(k.w)
	if code := p.wait(steps); code != 0 {
		k.t.Fatalf("importing again: exit code %d\n%s", code, p.err.String())
	}
	s := statement(k.t, p.out.String())
	balanced(k.t, s.Pipeline)
	if s.Pipeline.Read != int64(k.rows) || s.Pipeline.Stored != int64(k.rows) {
		k.t.Fatalf("stored %d of %d records: %+v", s.Pipeline.Stored, k.rows, *s.Pipeline)
	}
}

func (k *killing) program() {
	engine := k.up.enginePID()
	k.up.kill()
	gone(k.t, engine)
	k.up = k.w.up()
}

func (k *killing) engine() {
	before := k.up.enginePID()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	testkit.Eventually(k.t, steps, func() error {
		if !k.up.running() {
			k.t.Fatal("the program went down with its engine")
		}
		if k.up.enginePID() == before {
			return fmt.Errorf("the engine %d is still there", before)
		}
		return nil
	})
}

func (k *killing) importer() { k.running.kill() }

// stops interrupts up and checks that all of it ends, in time and cleanly.
func (p *process) stops(t *testing.T) {
	t.Helper()
	engine := p.enginePID()
	began := time.Now()
	p.signal(syscall.SIGINT)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d after an interrupt:\n%s", code, p.err.String())
	}
	testkit.Promised(t, "the end of up", time.Since(began), 5*time.Second)
	gone(t, engine)
}

// TestInterrupted stops everything in the middle of an import.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	up := w.up()
	f := newFixture(t, 5000, 1)
	file := w.write("calls.csv", f.csv)
	// One batch is sent, and the next only when that is loaded.
	p := w.with("intake.batch_records=100").start("import", file, "--source", "generic-csv", "--format", "json")
	testkit.Eventually(t, steps, func() error {
		page, err := get(t, w, "/metrics")
		if err == nil && metric(page, `hotline_load_records_total{topic="hotline.calls"}`) == "0" {
			err = fmt.Errorf("nothing is loaded")
		}
		return err
	})
	up.stops(t)
	p.signal(syscall.SIGINT)
	if code := p.wait(steps); code != 130 {
		// It may have been done already.
		if code != 0 {
			t.Errorf("exit code %d of an interrupted import:\n%s", code, p.err.String())
		}
	} else if !strings.Contains(p.err.String(), "interrupted") {
		t.Errorf("an interrupted import said %q", p.err.String())
	}
	w.up().stops(t)
}

// pause lets a random time go by: the moment of a kill is the one thing that must not
// depend on what the program says.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal("the test has no time left")
	}
}

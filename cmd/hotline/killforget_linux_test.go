package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// forgetting kills the program while it removes what it has kept for long enough, or takes
// a caller's identity away. Every round begins with a copy of the same data.
type forgetting struct {
	t     *testing.T
	w     *world
	base  string
	truth truth
	file  string // that was imported
}

func newForgetting(t *testing.T) *forgetting {
	t.Helper()
	if testing.Short() {
		t.Skip("kills and restarts everything many times")
	}
	t.Parallel()
	needEngine(t)
	f := &forgetting{t: t, w: newWorld(t), truth: truth{}}
	f.base = f.w.path("base")
	x := newFixture(t, 1200, 1)
	for _, c := range x.truth {
		f.truth.learn(c)
	}
	f.file = f.w.write("calls.csv", x.csv)
	up := f.w.up()
	f.w.must("import", f.file, "--source", "generic-csv")
	f.exact(f.w)
	up.stops(t)
	f.copy(f.w.settings["data.dir"], f.base)
	return f
}

func (f *forgetting) copy(from, to string) {
	f.t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		f.t.Fatal(err)
	}
}

// again puts the data back as they were, and starts the program with more settings.
func (f *forgetting) again(settings ...string) (w *world, up *process) {
	f.t.Helper()
	f.copy(f.base, f.w.settings["data.dir"])
	w = f.w.with(settings...)
	return w, w.start("up")
}

// crash ends the program and its engine as a power loss does.
func (f *forgetting) crash(up *process) {
	f.t.Helper()
	var below []int
	for pid := range children(up.pid()) {
		below = append(below, pid)
	}
	up.kill()
	gone(f.t, below...)
}

// exact fails the test when a figure is not what it was.
func (f *forgetting) exact(w *world) {
	f.t.Helper()
	for _, by := range []kpi.By{kpi.Day, kpi.Agent} {
		if err := f.truth.differs(bounded(f.t), w.root(), shanghai(f.t), by); err != nil {
			f.t.Fatal(err)
		}
	}
}

// ask is what a statement gives, in lines.
func (f *forgetting) ask(sql string) (string, error) {
	cfg := f.w.root().Store
	out, err := testkit.Query(bounded(f.t), cfg, strings.ReplaceAll(sql, "{db}", cfg.Database))
	return strings.TrimSpace(out), err
}

// TestKilledRetention kills the program while it seals and removes half of the calls. After
// the next start it has, whatever the moment, and no figure has changed; corrections that
// come then change what is not sealed, and only that.
func TestKilledRetention(t *testing.T) {
	sequential(t)
	f := newForgetting(t)
	r := seeded(t)
	// Days of the fixture are 1 to 10 March; all before the sixth are to go.
	keep := int(time.Since(time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	settings := []string{fmt.Sprintf("retention.calls=%dd", keep)}
	const removed = "SELECT toUnixTimestamp(max(horizon)) FROM {db}.retention_horizons WHERE step = 'removed' HAVING max(horizon) > 0"
	finished := func() error {
		out, err := f.ask(removed)
		if err == nil && out == "" {
			err = errors.New("the calls are not removed yet")
		}
		return err
	}
	corrections := newFixture(t, 1200, 2)
	late := f.w.write("corrections.csv", corrections.csv)

	check := func(w *world) {
		t.Helper()
		f.exact(w) // at once, whatever has been reached
		testkit.Eventually(t, steps, finished)
		f.exact(w)
		out, err := f.ask(removed)
		if err != nil {
			t.Fatal(err)
		}
		var seconds int64
		if _, err := fmt.Sscan(out, &seconds); err != nil {
			t.Fatal(err)
		}
		horizon := time.Unix(seconds, 0).UTC()
		// The sealed ones stay as they were, wherever a correction would take them.
		after, want, left := truth{}, 0, 0
		for id, c := range f.truth {
			after[id] = c
			if c.StartedAt.Before(horizon) {
				want++
			} else {
				left++
				if next := corrections.truth[id]; !next.StartedAt.Before(horizon) {
					after[id] = next
				}
			}
		}
		if want < 100 || left < 100 {
			t.Fatalf("%d calls sealed and %d not: the test shows nothing", want, left)
		}
		for sql, n := range map[string]int{
			"SELECT count() FROM {db}.calls FINAL":                              left,
			"SELECT count() FROM (SELECT DISTINCT call FROM {db}.sealed_calls)": want,
		} {
			if got, err := f.ask(sql); err != nil || got != fmt.Sprint(n) {
				t.Errorf("%s: %s, %v, want %d", sql, got, err, n)
			}
		}
		sealed := func() string {
			return w.must("kpi", "--to", horizon.Format(time.DateOnly), "--zone", "UTC", "--by", "hour", "--format", "json")
		}
		before := sealed()
		w.must("import", late, "--source", "generic-csv", "--format", "json")
		w.must("import", f.file, "--source", "generic-csv", "--revision", "1") // and all again
		if now := sealed(); now != before {
			t.Errorf("sealed figures before\n%s\nand after corrections\n%s", before, now)
		}
		for _, by := range []kpi.By{kpi.Day, kpi.Queue, kpi.Agent} {
			got, err := app.Figures(bounded(t), w.root(), slog.New(slog.DiscardHandler), app.FigureQuery{Zone: time.UTC, By: by, From: horizon})
			if err != nil {
				t.Fatal(err)
			}
			if err := alike(after.statementFrom(horizon, time.UTC, by), got); err != nil {
				t.Errorf("by %q: %v", by, err)
			}
		}
	}

	w, up := f.again(settings...)
	began := time.Now()
	up.ready()
	starting := time.Since(began)
	testkit.Eventually(t, steps, finished)
	usual := time.Since(began) - starting
	check(w)
	f.crash(up)
	for round := range rounds(t) {
		_, up := f.again(settings...) // not waited for: the run begins before everything is ready
		moment := starting/2 + time.Duration(r.Int64N(int64(starting/2+usual)))
		pause(t, moment)
		reached, err := f.ask("SELECT groupUniqArray(toString(step)) FROM {db}.retention_horizons")
		if err != nil {
			reached = "nothing"
		}
		f.crash(up)
		t.Logf("round %d: killed %v after the start, of about %v: reached %s", round, moment.Round(time.Millisecond), (starting + usual).Round(time.Millisecond), reached)
		up = w.up()
		check(w)
		up.stops(t)
	}
}

// TestKilledErasure kills the program while a caller is erased. After the next start all of
// the caller's calls have lost their identity, or none has and it can be asked for again;
// no figure has changed.
func TestKilledErasure(t *testing.T) {
	sequential(t)
	f := newForgetting(t)
	r := seeded(t)
	callers := map[string][]string{}
	for id, c := range f.truth {
		callers[c.CallerHash] = append(callers[c.CallerHash], id)
	}
	var often []string // calls of somebody who called often
	for _, ids := range callers {
		slices.Sort(ids)
		if len(ids) > len(often) || len(ids) == len(often) && ids[0] < often[0] {
			often = ids
		}
	}
	if len(often) < 3 {
		t.Fatalf("nobody called more than %d times", len(often))
	}
	erase := []string{"erase", "--call", often[0], "--reason", "asked for", "--yes"}
	names := func() ([]string, error) { // under which the calls stand
		out, err := f.ask("SELECT DISTINCT caller_hash FROM {db}.calls FINAL WHERE call_id IN ('" + strings.Join(often, "','") + "')")
		return strings.Fields(out), err
	}
	w, up := f.again()
	up.ready()
	was, err := names()
	if err != nil || len(was) != 1 {
		t.Fatalf("one caller, not %q, %v", was, err)
	}
	pseudonym := was[0]
	check := func(w *world) {
		t.Helper()
		f.exact(w)
		testkit.Eventually(t, steps, func() error {
			now, err := names()
			if err == nil && len(now) != 1 {
				err = fmt.Errorf("the calls of one caller stand under %d names", len(now))
			}
			return err
		})
		if now, err := names(); err != nil {
			t.Fatal(err)
		} else if slices.Contains(now, pseudonym) {
			t.Log("nothing was erased: asked for again")
			if code, _, stderr := w.run(erase...); code != 0 && !strings.Contains(stderr, "it was erased") {
				t.Fatalf("asked for again: exit code %d\n%s", code, stderr)
			}
		}
		// What was brought behind the erasure is found by the run at the start or the next.
		w.must("retention", "apply")
		f.exact(w)
		now, err := names()
		if err != nil || len(now) != 1 || now[0] == pseudonym {
			t.Errorf("the calls stand under %q, %v", now, err)
		}
		for _, table := range []string{"calls", "call_versions", "caller_calls"} {
			column := "caller_hash"
			if table != "calls" {
				column = "caller"
			}
			if n, err := f.ask(fmt.Sprintf("SELECT count() FROM {db}.%s WHERE position(%s, '%s') > 0", table, column, pseudonym)); err != nil || n != "0" {
				t.Errorf("%s rows of %s still name the caller, %v", n, table, err)
			}
		}
		if n, err := f.ask("SELECT uniqExact(caller_hash) FROM {db}.calls FINAL WHERE caller_hash != ''"); err != nil || n != fmt.Sprint(len(callers)) {
			t.Errorf("%s callers, %v, want %d: another one was lost", n, err, len(callers))
		}
	}
	began := time.Now()
	w.must(erase...)
	usual := time.Since(began)
	check(w)
	up.stops(t)
	for round := range rounds(t) {
		w, up := f.again()
		up.ready()
		p := w.start(erase...)
		moment := time.Duration(r.Int64N(int64(usual)))
		pause(t, moment)
		f.crash(up)
		p.kill() // whoever waits for an answer that does not come may be ended as well
		t.Logf("round %d: killed after %v of about %v", round, moment.Round(time.Millisecond), usual.Round(time.Millisecond))
		up = w.up()
		check(w)
		up.stops(t)
	}
}

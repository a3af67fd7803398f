package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// logger writes a log as an exchange and logrotate do: in pieces that may end in the middle
// of a line, set aside from time to time.
type logger struct {
	t    *testing.T
	r    *rand.Rand
	path string
	rest []byte
	kept int // files set aside
	how  map[string]int
}

// write appends some of what is left, and says whether there is more.
func (l *logger) write() bool {
	l.t.Helper()
	n := min(1+l.r.IntN(6000), len(l.rest))
	l.append(l.rest[:n])
	whole := l.rest[n-1] == '\n'
	l.rest = l.rest[n:]
	if !whole { // what is set aside ends with a line
		i := slices.Index(l.rest, '\n') + 1
		if l.r.IntN(12) == 0 && i > 0 {
			l.append(l.rest[:i])
			l.rest, whole = l.rest[i:], true
		}
	}
	if whole && len(l.rest) > 0 {
		switch l.r.IntN(3) {
		case 0:
			l.aside("renamed", os.Rename)
		case 1:
			l.aside("copied", func(from, to string) error {
				data, err := os.ReadFile(from)
				return errors.Join(err, os.WriteFile(to, data, 0o600), os.Truncate(from, 0))
			})
		}
	}
	return len(l.rest) > 0
}

func (l *logger) append(b []byte) {
	l.t.Helper()
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(b)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// aside moves queue_log to queue_log.1, that to .2, and so on; the third is compressed.
func (l *logger) aside(how string, move func(from, to string) error) {
	l.t.Helper()
	name := func(i int) string {
		if i >= 3 {
			return fmt.Sprintf("%s.%d.gz", l.path, i)
		}
		return fmt.Sprintf("%s.%d", l.path, i)
	}
	for i := l.kept; i >= 1; i-- {
		to := os.Rename
		if i == 2 {
			to = compressed
		}
		if err := to(name(i), name(i+1)); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := move(l.path, name(1)); err != nil {
		l.t.Fatal(err)
	}
	l.kept++
	l.how[how]++
}

// compressed is what gzip does: the other file has the time of the one.
func compressed(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	f, err := os.Create(to + ".part")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	_, err = z.Write(data)
	return errors.Join(err, z.Close(), f.Close(), os.Chtimes(to+".part", info.ModTime(), info.ModTime()),
		os.Rename(to+".part", to), os.Remove(from))
}

// TestFollowKilled kills the follower at random moments while a queue_log is written and
// rotated both ways, and Kafka with everything else once: the figures are those of the whole
// log read at once.
func TestFollowKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills and restarts for a while")
	}
	t.Parallel()
	needEngine(t)
	kills := 3
	if os.Getenv("HOTLINE_SOAK") == "1" {
		kills = 24
	}
	w, r := newWorld(t), seeded(t)
	dir := w.path("simulated")
	w.must("simulate", "--format", "asterisk-queue-log", "--scenario", "benefit-surge", "--from", "2026-03-16", "--to", "2026-03-18", "--zone", "Asia/Shanghai", "--out", dir)
	whole := filepath.Join(dir, "queue_log")
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	up := w.up()
	l := &logger{t: t, r: r, path: w.path("log", "queue_log"), rest: content, how: map[string]int{}}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		t.Fatal(err)
	}
	start := func() *process {
		return w.start("import", "--follow", l.path, "--source", "asterisk-queue-log")
	}
	p := start()
	l.append(l.rest[:100])
	l.rest = l.rest[100:]
	testkit.Eventually(t, steps, func() error { // what was set aside before is not followed
		if states, err := filepath.Glob(filepath.Join(w.env["XDG_STATE_HOME"], "hotline", "imports", "follow-*.json")); err != nil || len(states) == 0 {
			return errors.New("nothing is remembered of the file")
		}
		return nil
	})
	share := len(content) / (kills + 1)
	for killed := 0; l.write(); {
		pause(t, time.Duration(r.IntN(60))*time.Millisecond)
		if len(content)-len(l.rest) > (killed+1)*share && killed < kills {
			killed++
			pause(t, time.Duration(r.IntN(300))*time.Millisecond)
			p.kill()
			if killed == 2 {
				engine := up.enginePID()
				up.kill()
				gone(t, engine)
			}
			for range r.IntN(12) { // and it writes on
				pause(t, 10*time.Millisecond) // no two files have the same time
				if !l.write() {
					break
				}
			}
			p = start()
			if killed == 2 {
				up = w.up()
			}
		}
		if len(l.rest) == 0 {
			break
		}
	}
	t.Logf("%d bytes, killed %d times, set aside %v", len(content), kills, l.how)
	want := statement(t, w.must("analyze", whole, "--source", "asterisk-queue-log", "--by", "hour", "--zone", "Asia/Shanghai", "--format", "json"))
	testkit.Eventually(t, steps, func() error {
		got, err := app.Figures(bounded(t), w.root(), slog.New(slog.DiscardHandler), app.FigureQuery{Zone: shanghai(t), By: kpi.Hour})
		if err != nil {
			return err
		}
		return sameFigures(want, got)
	})
	l.live(w)
	p.signal(syscall.SIGTERM)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(p.err.String(), "ERROR") || strings.Contains(p.err.String(), `"level":"ERROR"`) {
		t.Errorf("the log tells of faults:\n%s", p.err.String())
	}
	up.stops(t)
}

func sameFigures(want, got *kpi.Statement) error {
	for what, diff := range map[string]string{
		"counts": cmp.Diff(want.Counts, got.Counts, cmpopts.EquateEmpty()),
		"rates":  cmp.Diff(want.Rates, got.Rates, cmpopts.EquateEmpty()),
		"groups": cmp.Diff(want.Groups, got.Groups, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(kpi.Group{}, "Exact")), // is not printed
	} {
		if diff != "" {
			return fmt.Errorf("%s (-at once +followed):\n%s", what, diff)
		}
	}
	return nil
}

// live writes single lines and measures until Kafka has what they tell.
func (l *logger) live(w *world) {
	l.t.Helper()
	f := newFeed(l.t, w)
	var took []time.Duration
	for i := range 9 {
		before := f.count("hotline.calls")
		began := time.Now()
		l.append(fmt.Appendf(nil, "17737%05d|live.%d|q|NONE|ENTERQUEUE||13900000000|1\n", 10_000+i, i))
		testkit.Eventually(l.t, steps, func() error {
			if f.count("hotline.calls") == before {
				return errors.New("the line has not come")
			}
			return nil
		})
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	testkit.Promised(l.t, "a line to Kafka, half of the time", took[len(took)/2], time.Second)
}

// TestFollowRole follows without a Kafka at first, with checks and metrics of its own, and
// says what it cannot do.
func TestFollowRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log := w.write("log/calls.csv", newFixture(t, 50, 1).csv)
	checks := testkit.FreeAddress(t)
	for want, args := range map[string][]string{
		"standard input cannot be followed": {"import", "--follow", "-", "--source", "generic-csv"},
		"cannot be followed: the contacts":  {"import", "--follow", log, "--source", "amazon-connect"},
		"mean nothing with --follow":        {"import", "--follow", log, "--source", "generic-csv", "--by", "day"},
		"--metrics is for --follow":         {"import", log, "--source", "generic-csv", "--metrics", checks},
		"--metrics: listen: 0.0.0.0":        {"import", "--follow", log, "--source", "generic-csv", "--metrics", "0.0.0.0:0"},
	} {
		if code, _, stderr := w.run(args...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, %q instead of %q", args, code, stderr, want)
		}
	}
	p := w.start("import", "--follow", log, "--source", "generic-csv", "--zone", "Asia/Shanghai", "--metrics", checks)
	page := func(path string) string {
		client := http.Client{Timeout: 10 * time.Second}
		res, err := client.Get("http://" + checks + path)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = res.Body.Close() }() // only read from
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err.Error()
		}
		return string(body)
	}
	file := fmt.Sprintf("{by=%q,file=%q}", "kafka", log)
	testkit.Eventually(t, steps, func() error {
		if got := metric(page("/metrics"), "hotline_intake_follow_blocked"+file); got != "1" {
			return fmt.Errorf("blocked by kafka is %q", got)
		}
		return nil
	})
	testkit.Eventually(t, steps, func() error { // the metric comes before the line
		if !strings.Contains(p.err.String(), "kafka takes no records") {
			return fmt.Errorf("without a Kafka it says:\n%s", p.err.String())
		}
		return nil
	})
	if !p.running() {
		t.Errorf("it ended without a Kafka:\n%s", p.err.String())
	}
	p.signal(syscall.SIGINT)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d without a Kafka:\n%s", code, p.err.String())
	}
	there := w.with("broker.addresses=" + testkit.Broker(t))
	p = there.start("import", "--follow", log, "--source", "generic-csv", "--zone", "Asia/Shanghai", "--metrics", checks)
	testkit.Eventually(t, steps, func() error {
		if got := metric(page("/metrics"), fmt.Sprintf("hotline_intake_follow_behind_bytes{file=%q}", log)); got != "0" {
			return fmt.Errorf("it is %q bytes behind", got)
		}
		return nil
	})
	f := newFeed(t, there)
	if n := f.count("hotline.calls"); n != 55 { // every tenth row stands twice
		t.Errorf("%d records", n)
	}
	if got := page("/readyz"); strings.Contains(got, "refused") {
		t.Errorf("/readyz says %q", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestFaultyDescription: a typing error in one description of the centre's stops those who
// use it, and nobody else.
func TestFaultyDescription(t *testing.T) {
	sequential(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte("name: pbx\nformat: {type: none}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t).with("sources.dir=[" + dir + "]")
	file := w.write("calls.csv", newFixture(t, 5, 1).csv)
	for _, args := range [][]string{
		{"source", "list"},
		{"source", "describe", "pbx"},
		{"source", "try", file, "--source", "pbx"},
		{"doctor"},
		{"config", "--check"},
		{"import", file, "--source", "pbx"},
		{"analyze", file, "--source", "pbx"},
	} {
		code, out, stderr := w.run(args...)
		if code == 0 || !strings.Contains(out+stderr, "bad.yaml:2") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, stderr)
		}
	}
	w.must("source", "try", file, "--source", "generic-csv")
	w.must("keys", "init")
	w = w.with("broker.addresses=" + testkit.Broker(t))
	p := w.start("intake")
	page := ""
	testkit.Eventually(t, steps, func() (err error) {
		page, err = get(t, w, "/metrics")
		return err
	})
	if metric(page, "hotline_source_descriptions_faulty") != "1" || !strings.Contains(p.err.String(), "bad.yaml:2") {
		t.Errorf("the role does not tell of it:\n%s", p.err.String())
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

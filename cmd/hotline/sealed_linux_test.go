package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// closer closes periods in a world, on a day of one's choice.
type closer struct {
	w   *world
	now time.Time
}

func (c *closer) query(t *testing.T, period string) app.CloseQuery {
	return app.CloseQuery{
		ReportQuery: app.ReportQuery{Period: period, Zone: shanghai(t), Now: c.now, Program: "test"},
		Preparer:    "王芳", Reviewer: "李强", Head: "赵敏",
		Accept: map[string]string{
			app.CheckDays: "试点期间仅部分日期有来电", app.CheckValues: "年底统一填报", app.CheckReasons: "见年度说明", app.CheckDefinitions: "口径会签中",
		},
	}
}

func (c *closer) close(ctx context.Context, q app.CloseQuery) (*app.Closed, error) {
	return app.CloseReport(ctx, c.w.root(), slog.New(slog.DiscardHandler), q)
}

// yearOfCalls has some answered and lost calls in every month of 2026, on days of service.
func yearOfCalls() string {
	var b strings.Builder
	b.WriteString("call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue\n")
	for month := 1; month <= 12; month++ {
		for i := range 10 + month {
			b.WriteString(callLine(fmt.Sprintf("%02d-%02d", month, i), 1, time.Date(2026, time.Month(month), 10, 10, i, 0, 0, time.UTC), i%5 != 0))
		}
	}
	return b.String()
}

func callLine(id string, version int, at time.Time, answered bool) string {
	answer, outcome := at.Add(10*time.Second).Format(time.DateTime), "answered"
	if !answered {
		answer, outcome = "", "abandoned_queue"
	}
	now := at.Format(time.DateTime)
	return fmt.Sprintf("%s,%d,%s,%s,%s,%s,%s,社保\n", id, version, now, now, answer, at.Add(time.Minute).Format(time.DateTime), outcome)
}

func (w *world) sealedBytes(name string, args ...string) []byte {
	w.t.Helper()
	w.must(append([]string{"report", "show", "--out", w.path(name)}, args...)...)
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) counts(period string) *kpi.Counts {
	w.t.Helper()
	w.must("report", "--period", period, "--out", w.path("now.json"))
	b, err := os.ReadFile(w.path("now.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	var r struct{ Total struct{ Counts kpi.Counts } }
	if err := json.Unmarshal(b, &r); err != nil {
		w.t.Fatal(err)
	}
	return &r.Total.Counts
}

// A closed quarter stays what was handed in, whatever becomes of its calls; what became of
// them is told.
func TestClosedReport(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	w.must("import", w.write("year.csv", yearOfCalls()), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	c := &closer{w: w, now: time.Date(2027, 1, 10, 1, 0, 0, 0, time.UTC)}

	// Of the quarters the truth is known, and they add up to the year.
	var answered, offered int64
	for quarter := range 4 {
		n := w.counts(fmt.Sprintf("2026Q%d", quarter+1))
		var want, served int64
		for month := quarter*3 + 1; month <= quarter*3+3; month++ {
			for i := range 10 + month {
				want++
				if i%5 != 0 {
					served++
				}
			}
		}
		if n.Offered != want || n.Answered != served {
			t.Errorf("Q%d: %d offered, %d answered, want %d and %d", quarter+1, n.Offered, n.Answered, want, served)
		}
		offered, answered = offered+n.Offered, answered+n.Answered
	}
	year := w.counts("2026")
	if year.Offered != offered || year.Answered != answered {
		t.Errorf("the year has %d, %d, its quarters %d, %d", year.Offered, year.Answered, offered, answered)
	}

	// What is open keeps the period from being closed until it is answered.
	people := []string{"report", "close", "--period", "2026Q1", "--preparer", "王芳", "--head", "赵敏", "--reviewer"}
	w.refused("another person", append(people, "王 芳")...)
	w.refused("no item of the check list", append(people, "李强", "--accept", "weather=x")...)
	w.refused("never closed", append(people, "李强", "--revise", "--reason", "x")...)
	code, out, stderr := w.run(append(people, "李强")...)
	for _, item := range []string{app.CheckDays, app.CheckValues, app.CheckDefinitions} {
		if code == 0 || !strings.Contains(out, "[待说明 open] "+item) || !strings.Contains(stderr, "not closed") {
			t.Errorf("exit code %d without an answer to %s: %s %s", code, item, out, stderr)
		}
	}
	if out := w.must("report", "list", "--verify"); !strings.Contains(out, "no report was closed") {
		t.Errorf("a refused one is listed: %s", out)
	}
	if _, err := c.close(bounded(t), func() app.CloseQuery { q := c.query(t, "2026Q1"); q.Now = q.Now.AddDate(-1, 1, 0); return q }()); err == nil || !strings.Contains(err.Error(), "not over") {
		t.Errorf("a running quarter: %v", err)
	}

	// Two who close at once: one has closed it, the other is told.
	results := make([]error, 2)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { _, results[i] = c.close(bounded(t), c.query(t, "2026Q1")) })
	}
	wg.Wait()
	if (results[0] == nil) == (results[1] == nil) {
		t.Fatalf("two closed at once: %v", results)
	}
	if err := errors.Join(results...); !strings.Contains(err.Error(), "closed") {
		t.Errorf("the loser is told %v", err)
	}
	w.refused("only a revision replaces it", append(people, "李强")...)
	formats := []string{"q1.xlsx", "q1.docx", "q1.html", "q1.csv", "q1.json"}
	sealed := map[string][]byte{}
	for _, name := range formats {
		sealed[name] = w.sealedBytes(name, "--period", "2026Q1")
	}
	if page := string(sealed["q1.html"]); !strings.Contains(page, "年底统一填报") || !strings.Contains(page, "李强") {
		t.Error("the sealed page has not the answers and names")
	}
	if out := w.must("report", "diff", "--period", "2026Q1"); !strings.Contains(out, "上报值与现值一致") {
		t.Errorf("nothing has changed, and diff says %s", out)
	}

	// Later a call of March turns out to be lost, one is new.
	before, half := w.counts("2026Q1"), w.counts("2026H1")
	march := time.Date(2026, 3, 10, 10, 1, 0, 0, time.UTC)
	w.must("import", w.write("late.csv", "call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue\n"+
		callLine("03-01", 2, march, false)+callLine("late", 1, march, true)), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	for period, was := range map[string]*kpi.Counts{"2026Q1": before, "2026H1": half, "2026": year} {
		if n := w.counts(period); n.Offered != was.Offered+1 || n.Answered != was.Answered || n.AbandonedQueue != was.AbandonedQueue+1 {
			t.Errorf("%s: %d offered, %d answered, were %d and %d", period, n.Offered, n.Answered, was.Offered, was.Answered)
		}
	}
	for _, name := range formats {
		if !bytes.Equal(sealed[name], w.sealedBytes("again-"+name, "--period", "2026Q1")) {
			t.Errorf("%s is not what was sealed", name)
		}
	}
	out = w.must("report", "diff", "--period", "2026Q1")
	for _, want := range []string{
		"来电总量 | 36 | 37 | +1 | 迟到 1 通", "(27 / 36) |", "(27 / 37) |", "更正 1 通", "corrected 03-01 v1 answered → v2 abandoned_queue", "late late v0",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("diff does not say %q:\n%s", want, out)
		}
	}
	w.must("report", "--period", "2026H1", "--out", w.path("h1.json"))
	if h1, err := os.ReadFile(w.path("h1.json")); err != nil || !strings.Contains(string(h1), `"kind": "corrected"`) || !strings.Contains(string(h1), `"kind": "late"`) {
		t.Errorf("the half-year does not tell of corrections since the quarter was sealed: %v", err)
	}

	// Only a revision replaces it, and what was first handed in can still be read.
	q := c.query(t, "2026Q1")
	q.Revise, q.Reason = true, "补录3月话单"
	done, err := c.close(bounded(t), q)
	if err != nil || done.Entry.Revision != 1 || done.Entry.Sequence != 2 {
		t.Fatalf("revised: %+v, %v", done, err)
	}
	if !bytes.Equal(sealed["q1.xlsx"], w.sealedBytes("first.xlsx", "--period", "2026Q1", "--revision", "0")) {
		t.Error("the first one is not what was sealed")
	}
	if page := string(w.sealedBytes("revised.html", "--period", "2026Q1")); !strings.Contains(page, "更正版1") {
		t.Error("the revision does not say that it is one")
	}
	if out := w.must("report", "list", "--verify", "--seen", done.Entry.Hash); !strings.Contains(out, "2 reports, none changed") {
		t.Errorf("the chain is not whole: %s", out)
	}
	if code, out, _ := w.run("report", "list", "--seen", "abc"); code == 0 || !strings.Contains(out, "cut or written anew") {
		t.Errorf("a hash that is not there: exit code %d, %s", code, out)
	}

	// A closing that is killed has closed the period or not.
	quarter := []string{"report", "close", "--period", "2026Q2", "--preparer", "王芳", "--reviewer", "李强", "--head", "赵敏"}
	for code, why := range c.query(t, "2026Q2").Accept {
		quarter = append(quarter, "--accept", code+"="+why)
	}
	p := w.start(quarter...)
	testkit.Eventually(t, steps, func() error {
		n, err := parts(t, w)
		if err == nil && n <= 2*len(done.Entry.Parts) && p.running() {
			err = errors.New("it writes no parts yet")
		}
		return err
	})
	p.kill()
	out = w.must("report", "list", "--verify")
	switch code, _, stderr := w.run(quarter...); {
	case strings.Contains(out, "2 reports, none changed") && code == 0:
	case strings.Contains(out, "3 reports, none changed") && strings.Contains(stderr, "only a revision replaces it"):
	default:
		t.Errorf("after a kill: exit code %d, %s %s", code, stderr, out)
	}
	if out := w.must("report", "list", "--verify"); !strings.Contains(out, "3 reports, none changed") {
		t.Errorf("after it was closed: %s", out)
	}

	w.auditAgrees(t)

	// Whatever is changed behind it is found.
	cfg := w.root().Store
	if err := testkit.Exec(bounded(t), cfg, fmt.Sprintf(
		"ALTER TABLE %s.sealed_parts UPDATE data = concat(data, ' ') WHERE part = 'report.csv' AND report = '%s' SETTINGS mutations_sync = 2", cfg.Database, done.Entry.ID)); err != nil {
		t.Fatal(err)
	}
	code, out, _ = w.run("report", "list", "--verify")
	if code == 0 || !strings.Contains(out, "report.csv has") {
		t.Errorf("a part was changed: exit code %d, %s", code, out)
	}
	w.refused("was changed", "report", "show", "--period", "2026Q1", "--out", w.path("x.csv"))

	// The newest entry cut off: the chain is whole without it, and the audit log tells.
	if err := testkit.Exec(bounded(t), cfg, fmt.Sprintf("ALTER TABLE %s.sealed_reports DELETE WHERE sequence = 3 SETTINGS mutations_sync = 2", cfg.Database)); err != nil {
		t.Fatal(err)
	}
	code, out, _ = w.run("report", "list")
	if code == 0 || !strings.Contains(out, "CHANGED entry 3: line") || !strings.Contains(out, "cut off") {
		t.Errorf("the newest entry was cut off: exit code %d, %s", code, out)
	}
	w.refused("not what the audit log tells of", quarter...)
}

// auditAgrees holds the audit log against the chain of three entries: it has a line for each,
// with number and hash, and none for what was refused. A line that a crash has left out is
// recognised and added.
func (w *world) auditAgrees(t *testing.T) {
	t.Helper()
	log := filepath.Join(w.env["XDG_STATE_HOME"], "hotline", "audit.jsonl")
	lines := func() (all []string) {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
	}
	told := w.must("audit", "list", "--action", "close_report")
	listed := w.must("report", "list")
	for i, hash := range regexp.MustCompile(`(?m)^      ([0-9a-f]{64})$`).FindAllStringSubmatch(listed, -1) {
		if want := fmt.Sprintf("entry %d, %s", i+1, hash[1]); strings.Count(told, want) != 1 {
			t.Errorf("the audit log does not tell once of %s:\n%s", want, told)
		}
	}
	if n := strings.Count(told, "close_report"); n != 3 {
		t.Errorf("%d lines tell of 3 closed reports", n)
	}

	// As a crash after the entry and before its line leaves it.
	all := lines()
	if !strings.Contains(all[len(all)-1], `"number":3`) {
		t.Fatalf("the last line is %s", all[len(all)-1])
	}
	if err := os.WriteFile(log, []byte(strings.Join(all[:len(all)-1], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := w.must("report", "list"); !strings.Contains(out, "NOTE the audit log has no line of entry 3") {
		t.Errorf("an interrupted closing is not told: %s", out)
	}
	if out := w.must("report", "list", "--verify"); !strings.Contains(out, "it has one now") || !strings.Contains(out, "3 reports, none changed") {
		t.Errorf("it is not mended: %s", out)
	}
	if out := w.must("report", "list", "--verify"); strings.Contains(out, "NOTE") {
		t.Errorf("mended, and still told: %s", out)
	}
	if out := w.must("audit", "list", "--action", "close_report"); !strings.Contains(out, "补记") || strings.Count(out, "entry 3,") != 1 {
		t.Errorf("the line does not say that it came afterwards: %s", out)
	}
	w.must("audit", "verify")

	// A log that cannot be written keeps a period from being closed.
	if err := os.Chmod(log, 0o640); err != nil {
		t.Fatal(err)
	}
	w.refused("chmod 600", "report", "close", "--period", "2026Q3", "--preparer", "王芳", "--reviewer", "李强", "--head", "赵敏")
	if err := os.Chmod(log, 0o600); err != nil {
		t.Fatal(err)
	}
}

// parts counts the parts of closed reports and of those that are being closed.
func parts(t *testing.T, w *world) (n int, err error) {
	t.Helper()
	cfg := w.root().Store
	out, err := testkit.Query(bounded(t), cfg, fmt.Sprintf("SELECT count(DISTINCT (report, part)) FROM %s.sealed_parts", cfg.Database))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}

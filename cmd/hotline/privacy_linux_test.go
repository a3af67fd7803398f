package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// ask runs the program with something on its standard input.
func (w *world) ask(typed string, args ...string) (code int, out, stderr string) {
	w.t.Helper()
	p := w.startWith(strings.NewReader(typed), args...)
	code = p.wait(steps)
	return code, p.out.String(), p.err.String()
}

// exported is what a test looks at of an export.
type exported struct {
	ClickHouse struct {
		Calls []struct {
			CallID       string `json:"call_id"`
			CallerMasked string `json:"caller_masked"`
			CallerHash   string `json:"caller_hash"`
		} `json:"calls"`
	} `json:"clickhouse"`
	Rejected []struct{ ID string } `json:"rejected"`
	Kafka    []struct {
		Topic   string `json:"topic"`
		Records int    `json:"records"`
	} `json:"kafka"`
	KeptFor map[string]string `json:"kept_for"`
}

// TestOneCaller: a caller asks what is held, and asks for it to go. The number is typed and
// is nowhere to be found, and the figures are what they were.
func TestOneCaller(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	const number, other = "13970431178", "13970431185"
	w := newWorld(t).with("retention.topics=30d")
	w.up()
	day := time.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02")
	var b strings.Builder
	b.WriteString("call_id,started_at,outcome,queue,caller\n")
	for i := range 6 {
		by := number
		if i == 3 {
			by = other
		}
		fmt.Fprintf(&b, "c-%d,%s 0%d:30:00,answered,q,+86 %s\n", i, day, i+1, by)
	}
	fmt.Fprintf(&b, "bad,no time at all,answered,q,%s\n", number)
	fmt.Fprintf(&b, "bad-2,no time at all,answered,q,%s\n", other)
	file := w.write("calls.csv", b.String())
	w.must("import", file, "--source", "generic-csv", "--zone", "UTC")
	figures := func() string {
		return w.must("kpi", "--from", day, "--to", time.Now().UTC().AddDate(0, 0, 1).Format("2006-01-02"), "--zone", "UTC", "--format", "json")
	}
	before := figures()

	export := func(args ...string) (e exported) {
		t.Helper()
		code, out, stderr := w.ask("+86 139-7043-1178\n", append([]string{"export", "--reason", "asked for"}, args...)...)
		if code != 0 {
			t.Fatalf("export %v: exit code %d\n%s", args, code, stderr)
		}
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, args := range [][]string{{"--number"}, {"--call", "c-2"}} {
		e := export(args...)
		letters := 1
		if args[0] == "--call" {
			letters = 0 // the number is not known then, only its pseudonym
		}
		if len(e.ClickHouse.Calls) != 5 || e.ClickHouse.Calls[0].CallerMasked != "139****1178" || len(e.Rejected) != letters || e.Kafka[0].Records != 5 || e.KeptFor["topics"] != "30 days" {
			t.Errorf("%v: exported %+v", args, e)
		}
	}
	code, _, stderr := w.ask(number+"\n", "export", "--number", "--reason", "x", "--out", w.path("export.json"))
	if info, err := os.Stat(w.path("export.json")); code != 0 || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("export into a file: exit code %d, %v\n%s", code, err, stderr)
	}

	for _, tc := range []struct {
		typed string
		args  []string
		code  int
		want  string
	}{
		{number, []string{"erase", "--number", "--reason", "x"}, exitUsage, "Say --yes"},
		{number, []string{"erase", "--number", "--yes"}, 1, "a reason is needed"},
		{number, []string{"erase", "--yes", "--reason", "x"}, exitUsage, "by --call ID or by --number"},
		{number, []string{"erase", "--call", "c-1", "--number", "--yes", "--reason", "x"}, exitUsage, "one of the two"},
		{number, []string{"erase", "--number", number, "--yes", "--reason", "x"}, exitUsage, "takes no argument"},
		{"", []string{"erase", "--number", "--yes", "--reason", "x"}, exitUsage, "no number came"},
		{"nobody", []string{"erase", "--number", "--yes", "--reason", "x"}, 1, "holds no digits"},
		{"13800000000", []string{"erase", "--number", "--yes", "--reason", "x"}, 1, "nothing is held"},
		{"", []string{"erase", "--call", "c-9", "--yes", "--reason", "x"}, 1, "there is no call"},
	} {
		code, out, stderr := w.ask(tc.typed, tc.args...)
		if code != tc.code || !strings.Contains(stderr, tc.want) || out != "" {
			t.Errorf("%v: exit code %d, want %d and %q: %s%s", tc.args, code, tc.code, tc.want, out, stderr)
		}
	}
	code, out, stderr := w.ask(number+"\n", "erase", "--number", "--reason", "asked for", "--yes")
	if code != 0 || !strings.Contains(out, "in 5 calls") || !strings.Contains(out, "1 rejected records") || !strings.Contains(out, "still holds 5 records") {
		t.Fatalf("erase: exit code %d\n%s%s", code, out, stderr)
	}
	if e := export("--number"); len(e.ClickHouse.Calls)+len(e.Rejected) != 0 {
		t.Errorf("still held: %+v", e)
	}
	if after := figures(); after != before {
		t.Errorf("figures before\n%s\nand after\n%s", before, after)
	}
	w.must("import", file, "--source", "generic-csv", "--zone", "UTC", "--revision", "2") // the same calls, corrected
	if e := export("--number"); len(e.ClickHouse.Calls) != 0 {
		t.Errorf("held again after a correction: %+v", e)
	}
	if after := figures(); after != before {
		t.Errorf("figures before\n%s\nand after a correction\n%s", before, after)
	}
	if list := w.must("rejected", "list"); !strings.Contains(list, "bad-2") && strings.Count(list, "calls.csv:") < 1 {
		t.Errorf("someone else's rejected record is gone too:\n%s", list)
	}
	log := w.must("audit", "list")
	if strings.Count(log, "export  ") < 3 || strings.Count(log, "erase  ") < 1 || !strings.Contains(log, "caller by number") {
		t.Errorf("audit log:\n%s", log)
	}
	p := &plants{where: map[string]string{number: "the caller", other: "someone else"}}
	p.found(t, "the audit log", []byte(log))
	p.found(t, "what erase said", []byte(out))
	p.searchTables(t, w)
	p.searchFiles(t, w, []string{file})
}

// TestRetention: calls go and their figures stay; what comes late is rejected and listed.
func TestRetention(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	file := w.write("calls.csv", "call_id,started_at,outcome,queue\nold-1,2026-03-02 09:30:00,answered,q\nold-2,2026-03-02 09:31:00,abandoned_queue,q\n")
	w.must("import", file, "--source", "generic-csv", "--zone", "UTC")
	fresh := time.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02")
	w.must("import", w.write("new.csv", "call_id,started_at,outcome,queue\nnew-1,"+fresh+" 09:30:00,answered,q\n"), "--source", "generic-csv", "--zone", "UTC")
	w = w.with("retention.calls=40d", "retention.agent_states=40d")
	figures := func() string {
		return w.must("kpi", "--from", "2026-03-01", "--to", "2026-04-01", "--zone", "UTC", "--by", "queue", "--format", "json")
	}
	before := figures()
	if dry := w.must("retention", "apply", "--dry-run"); !strings.Contains(dry, "40 days") || !containsLine(dry, "calls", "2") {
		t.Errorf("dry run:\n%s", dry)
	}
	if n := calls(t, w); n != "3" {
		t.Errorf("%s calls after a dry run", n)
	}
	done := w.must("retention", "apply")
	if !containsLine(done, "calls", "2") || !strings.Contains(done, "are sealed") {
		t.Errorf("applied:\n%s", done)
	}
	if n := calls(t, w); n != "1" {
		t.Errorf("%s calls are left, not 1", n)
	}
	if after := figures(); after != before {
		t.Errorf("figures before\n%s\nand after\n%s", before, after)
	}
	if again := w.must("retention", "apply"); !containsLine(again, "calls", "0") {
		t.Errorf("applied again:\n%s", again)
	}
	out := w.must("import", file, "--source", "generic-csv", "--zone", "UTC", "--revision", "2", "--format", "json")
	if s := statement(t, out); s.Pipeline.Rejected["sealed_period"] != 2 {
		t.Errorf("late records: %+v", *s.Pipeline)
	}
	if list := w.must("rejected", "list", "--reason", "sealed_period"); strings.Count(list, "calls.csv:") != 2 {
		t.Errorf("rejected:\n%s", list)
	}
	if after := figures(); after != before {
		t.Errorf("figures before\n%s\nand after late records\n%s", before, after)
	}
	if log := w.must("audit", "list", "--action", "retention"); !strings.Contains(log, "2 calls; their quarter hours are sealed") {
		t.Errorf("audit log:\n%s", log)
	}
	page, err := get(t, w, "/metrics")
	if err != nil || !strings.Contains(page, `hotline_load_rejected_total{reason="sealed_period",topic="hotline.calls"} 2`) {
		t.Errorf("the rejections are not counted: %v", err)
	}
}

func containsLine(text, first, last string) bool {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == first && f[len(f)-1] == last {
			return true
		}
	}
	return false
}

func calls(t *testing.T, w *world) string {
	t.Helper()
	cfg := w.root().Store
	out, err := testkit.Query(bounded(t), cfg, "SELECT count() FROM "+cfg.Database+".calls")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

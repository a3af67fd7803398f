package main

import (
	"os/user"
	"strings"
	"testing"
)

// TestReveal: a number is kept where call-backs are on, is sealed wherever it lies, and is
// shown to who may see it, with a trace.
func TestReveal(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	me, err := user.Current()
	if err != nil {
		t.Skipf("the user of the operating system is not known: %v", err)
	}
	const number = "13970431178"
	w := newWorld(t).with("intake.callbacks.enabled=true", "intake.callbacks.reveal_by="+me.Username)
	w.up()
	file := w.write("calls.csv", "call_id,started_at,outcome,caller\nc-1,2026-03-02 09:30:00,abandoned_queue,+86 139-7043-1178\nc-2,2026-03-02 09:31:00,abandoned_queue,\n")
	for range 2 { // the same file again is the same records
		if s := statement(t, w.must("import", file, "--source", "generic-csv", "--format", "json")); s.Pipeline.Conflicts != 0 {
			t.Errorf("conflicts: %+v", *s.Pipeline)
		}
	}
	if out := w.must("reveal", "c-1", "--reason", "call back"); strings.TrimSpace(out) != number {
		t.Errorf("revealed %q", out)
	}
	for _, tc := range []struct {
		w    *world
		args []string
		want string
	}{
		{w, []string{"reveal", "c-1"}, "a reason is needed"},
		{w, []string{"reveal", "c-2", "--reason", "x"}, "no sealed number"},
		{w, []string{"reveal", "c-3", "--reason", "x"}, "there is no call"},
		{w.with("intake.callbacks.reveal_by=somebody-else"), []string{"reveal", "c-1", "--reason", "curious"}, "may not reveal"},
		{w.with("audit.file=" + file + "/x"), []string{"reveal", "c-1", "--reason", "x"}, "nothing is shown"},
	} {
		code, out, stderr := tc.w.run(tc.args...)
		if code != 1 || !strings.Contains(stderr, tc.want) || strings.Contains(out+stderr, number) {
			t.Errorf("%v: exit code %d, want %q: %s%s", tc.args, code, tc.want, out, stderr)
		}
	}
	log := w.must("audit", "list", "--action", "reveal")
	if strings.Count(log, "reveal  ") != 2 || !strings.Contains(log, "call back") || !strings.Contains(log, "refused: the user") {
		t.Errorf("audit log:\n%s", log)
	}
	p := &plants{where: map[string]string{number: "the caller"}}
	p.found(t, "the audit log", []byte(log))
	p.searchTables(t, w)
	p.searchFiles(t, w, []string{file})
}

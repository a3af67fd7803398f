package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var entryID = regexp.MustCompile(`(?m)^entry ([0-9A-Z]{26})$`)

// entered runs a command that must write an entry, and gives its id.
func (w *world) entered(args ...string) string {
	w.t.Helper()
	out := w.must(args...)
	m := entryID.FindStringSubmatch(out)
	if m == nil {
		w.t.Fatalf("hotline %s names no entry:\n%s", strings.Join(args, " "), out)
	}
	return m[1]
}

type listedEntry struct {
	Kind, Subject, Period, By, Reason string
	Withdrawn, Holds                  bool
	Entered                           json.RawMessage
}

func (w *world) entries(args ...string) []listedEntry {
	w.t.Helper()
	var list struct{ Entries []listedEntry }
	if err := json.Unmarshal([]byte(w.must(append(args, "--format", "json")...)), &list); err != nil {
		w.t.Fatal(err)
	}
	for i := range list.Entries { // indented with the rest
		var body any
		if err := json.Unmarshal(list.Entries[i].Entered, &body); err != nil {
			w.t.Fatal(err)
		}
		var err error
		if list.Entries[i].Entered, err = json.Marshal(body); err != nil {
			w.t.Fatal(err)
		}
	}
	return list.Entries
}

func (w *world) refused(want string, args ...string) {
	w.t.Helper()
	if code, _, stderr := w.run(args...); code == 0 || !strings.Contains(stderr, want) {
		w.t.Errorf("hotline %s: exit code %d, %s; want %q", strings.Join(args, " "), code, stderr, want)
	}
}

// What people enter has a history, names who was faster, and survives a kill.
func TestEnter(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	p := w.up()
	enter := func(more ...string) []string {
		return append([]string{"enter", "policy_awareness", "--period", "2026q1", "--evidence", "问卷1号", "--by", "王芳"}, more...)
	}
	first := w.entered(enter("--value", "95.3%")...)
	w.refused("value policy_awareness 2026Q1 was entered by 王芳 at ", enter("--value", "96")...)
	second := w.entered(enter("--value", "96", "--replaces", first, "--reason", "复核,请回电 13812345678")...)
	w.refused("(entry "+second+")", enter("--value", "97", "--replaces", first)...)
	w.entered("enter", "service_continuity", "--period", "2026H1", "--score", "85", "--reason", "制度健全", "--by", "王芳")
	w.entered("enter", "answer_rate", "--period", "2026Q1", "--cause", "停机两日", "--measures", "备用线路", "--category", "硬件", "--likelihood", "possible", "--by", "王芳")
	w.refused("are two entries", enter("--value", "1", "--cause", "x")...)
	w.refused("category", "enter", "answer_rate", "--period", "2026Q1", "--cause", "x", "--category", "天气", "--by", "王芳")
	w.refused("enter needs one CODE", "enter", "--period", "2026Q1")
	w.refused("--period is needed", "enter", "policy_awareness")

	p.kill() // as a power loss does
	w.up()
	want := []listedEntry{
		{"deviation", "answer_rate", "2026Q1", "王芳", "", false, true, json.RawMessage(`{"category":"硬件","cause":"停机两日","likelihood":"possible","measures":"备用线路"}`)},
		{"value", "policy_awareness", "2026Q1", "王芳", "", false, false, json.RawMessage(`{"unit":"%","value":95.3}`)},
		{"value", "policy_awareness", "2026Q1", "王芳", "复核,请回电 138****5678", false, true, json.RawMessage(`{"unit":"%","value":96}`)},
		{"value", "service_continuity", "2026H1", "王芳", "制度健全", false, true, json.RawMessage(`{"band":"reached","score":85}`)},
	}
	if diff := cmp.Diff(want, w.entries("enter", "--list")); diff != "" {
		t.Error(diff)
	}
	w.must("enter", "policy_awareness", "--period", "2026Q1", "--withdraw", "--replaces", second, "--reason", "问卷作废", "--by", "李四")
	got := w.entries("enter", "--list", "policy_awareness", "--period", "2026Q1")
	if len(got) != 3 || !got[2].Withdrawn || got[1].Holds || got[2].Holds {
		t.Errorf("withdrawn: %+v", got)
	}
	if out := w.must("enter", "--list", "policy_awareness"); strings.Count(out, "replaced") != 2 || !strings.Contains(out, "withdrawn") {
		t.Errorf("list:\n%s", out)
	}

	totals := w.write("totals.csv", "date,offered,answered\n2026-03-02,512,431\n2026-03-03,498,420\n")
	load := []string{"control-totals", "import", totals, "--evidence", "月报", "--by", "王芳"}
	for _, want := range []string{"2 days entered, 0 replaced, 0 as they were\n", "0 days entered, 0 replaced, 2 as they were\n"} {
		if out := w.must(load...); out != want {
			t.Errorf("%q, want %q", out, want)
		}
	}
	w.write("totals.csv", "date,offered,answered\n2026-03-02,512,431\n2026-03-03,499,420\n2026-03-04,1,1\n")
	w.refused(`2026-03-03 has {"answered":420,"offered":498}, entered by 王芳`, load...)
	if out := w.must(append(load, "--replace")...); out != "1 days entered, 1 replaced, 1 as they were\n" {
		t.Error(out)
	}
	w.must("control-totals", "add", "2026-03-05", "--answered", "0", "--counter", "carrier", "--evidence", "账单", "--by", "王芳")
	w.refused("at least one of", "control-totals", "add", "2026-03-05", "--by", "王芳")
	w.refused("who enters it is missing", "control-totals", "import", totals)
	if got := w.entries("control-totals", "list"); len(got) != 5 || got[0].Subject != "carrier" || string(got[0].Entered) != `{"answered":0}` {
		t.Errorf("control totals: %+v", got)
	}
	if got := w.entries("control-totals", "list", "--day", "2026-03-03"); len(got) != 2 || got[0].Holds || string(got[1].Entered) != `{"answered":420,"offered":499}` {
		t.Errorf("of a day: %+v", got)
	}

	w.entered("outages", "add", "--from", "2026-03-02T09:10", "--cause", "线路故障", "--evidence", "故障单", "--by", "王芳")
	var list struct{ Entries []struct{ Subject string } }
	if err := json.Unmarshal([]byte(w.must("outages", "list", "--format", "json")), &list); err != nil {
		t.Fatal(err)
	}
	id := list.Entries[0].Subject
	w.refused("not after it begins", "outages", "end", id, "--to", "2026-03-02T09:10", "--by", "王芳")
	w.refused(`there is no outage "X"`, "outages", "end", "X", "--to", "2026-03-02T10:00", "--by", "王芳")
	w.refused("--to", "outages", "end", id, "--by", "王芳")
	w.entered("outages", "end", id, "--to", "2026-03-02T10:45", "--by", "李四")
	if got := w.entries("outages", "list"); len(got) != 2 || string(got[1].Entered) != `{"cause":"线路故障","from":"2026-03-02T09:10:00+08:00","to":"2026-03-02T10:45:00+08:00"}` {
		t.Errorf("outages: %+v", got)
	}
	w.must("outages", "withdraw", id, "--reason", "登记错误", "--by", "李四")
	w.refused("there is no outage", "outages", "withdraw", id, "--reason", "again", "--by", "李四")
	w.refused("yet to come", "outages", "add", "--from", "2099-01-01T00:00", "--cause", "x", "--evidence", "y", "--by", "z")
	w.refused("is no time", "outages", "add", "--from", "morning", "--cause", "x", "--evidence", "y", "--by", "z")
	w.refused("control-totals needs one of", "control-totals")
	w.refused("outages needs one of", "outages")
}

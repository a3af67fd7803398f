package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLateFacts: tickets, facts about calls and agents' states that come for quarter hours
// which retention has sealed. What would change a sealed figure is rejected and listed; a
// ticket that is still open keeps its quarter hours open, and can be answered.
func TestLateFacts(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	rejected := func(source, name string, lines ...string) int64 {
		t.Helper()
		s := statement(t, w.must("import", w.write(name, strings.Join(lines, "\n")+"\n"), "--source", source, "--format", "json"))
		balanced(t, s.Pipeline)
		if s.Pipeline.Read != int64(len(lines)) || s.Pipeline.Accepted+s.Pipeline.Rejected["sealed_period"] != int64(len(lines)) {
			t.Errorf("%s: %+v", name, *s.Pipeline)
		}
		return s.Pipeline.Rejected["sealed_period"]
	}
	ticket := func(id string, version int, opened, more string) string {
		return fmt.Sprintf(`{"ticket_id":%q,"version":%d,"kind":"consultation","opened_at":"2026-%s:00+08:00"%s}`, id, version, opened, more)
	}
	answered := func(at string) string { return `,"responded_at":"2026-` + at + `:00+08:00"` }
	rating := func(call string, value int) string {
		return fmt.Sprintf(`{"call_id":%q,"version":%d,"kind":"rating","rating":{"invited":true,"value":%d,"scale":"5"}}`, call, value, value)
	}
	fresh := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	w.must("import", w.write("calls.csv", "call_id,started_at,answered_at,ended_at,outcome,queue\n"+
		"march,2026-03-02 09:30:00,2026-03-02 09:30:10,2026-03-02 09:35:00,answered,q\n"+
		"may,2026-05-06 09:30:00,2026-05-06 09:30:10,2026-05-06 09:35:00,answered,q\n"+
		"fresh,"+fresh+" 09:30:00,"+fresh+" 09:30:10,"+fresh+" 09:35:00,answered,q\n"), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	if n := rejected("hotline-tickets", "tickets.jsonl",
		ticket("done", 1, "03-02T09:40", answered("03-03T10:00")), ticket("open", 1, "05-06T09:40", ""), ticket("beside", 1, "05-06T09:41", answered("05-06T10:00"))); n != 0 {
		t.Fatalf("%d rejected before anything is sealed", n)
	}
	rejected("hotline-supplements", "ratings.jsonl", rating("march", 4))
	figures := func(month int) string {
		return w.must("kpi", "--from", fmt.Sprintf("2026-%02d-01", month), "--to", fmt.Sprintf("2026-%02d-01", month+1), "--zone", "Asia/Shanghai", "--by", "day", "--format", "json")
	}
	consultations := func() [3]int64 {
		c := statement(t, figures(5)).Counts.Tickets["consultation"].Response
		return [3]int64{c.InTime, c.Late, c.Overdue}
	}
	march, may := figures(3), figures(5)
	unchanged := func(when string) {
		t.Helper()
		for month, want := range map[int]string{3: march, 5: may} {
			if diff := cmp.Diff(want, figures(month)); diff != "" {
				t.Errorf("month %d, %s (-before +after):\n%s", month, when, diff)
			}
		}
	}
	if got := consultations(); got != [3]int64{1, 0, 1} {
		t.Fatalf("in time, late and overdue in May: %v", got)
	}

	w = w.with("retention.calls=40d")
	said := w.must("retention", "apply")
	if !containsLine(said, "calls", "2") || !containsLine(said, "tickets", "1") || !strings.Contains(said, "Waits: tickets from 2026-05-06") {
		t.Errorf("applied:\n%s", said)
	}
	unchanged("after the seal")
	for name, late := range map[string]struct {
		source string
		lines  []string
		want   int64
	}{
		"facts of sealed calls, and of one nobody knows": {"hotline-supplements", []string{rating("march", 1), rating("may", 1), rating("nobody", 1)}, 2},
		"a ticket of a sealed quarter hour":              {"hotline-tickets", []string{ticket("late", 1, "03-02T09:41", ""), ticket("late", 2, "03-02T09:41", answered("03-02T09:50"))}, 2},
		"a correction, and a deletion, of a sealed one":  {"hotline-tickets", []string{ticket("done", 2, "03-02T09:40", ""), `{"ticket_id":"done","version":3,"deleted":true}`}, 2},
		"one that would move there":                      {"hotline-tickets", []string{ticket("open", 2, "03-02T09:40", "")}, 1},
		"what an agent did":                              {"hotline-agents", []string{`{"agent":"1001","version":1,"state":"paused","since":"2026-03-02T09:30:00+08:00"}`}, 0},
	} {
		if n := rejected(late.source, name+".jsonl", late.lines...); n != late.want {
			t.Errorf("%s: %d rejected for a sealed period, want %d", name, n, late.want)
		}
	}
	unchanged("after what came late")

	// The open one is answered, too late; what lies beside it can still be corrected.
	now := time.Now().In(shanghai(t)).Format("01-02T15:04")
	if n := rejected("hotline-tickets", "answers.jsonl", ticket("open", 3, "05-06T09:40", answered(now)), ticket("beside", 2, "05-06T09:41", answered("05-20T10:00"))); n != 0 {
		t.Errorf("%d answers rejected", n)
	}
	if got := consultations(); got != [3]int64{0, 2, 0} {
		t.Errorf("in time, late and overdue in May after the answers: %v", got)
	}
	may = figures(5)
	said = w.must("retention", "apply")
	if containsLine(said, "tickets", "0") || strings.Contains(said, "Waits") {
		t.Errorf("applied when none is open:\n%s", said)
	}
	if n := rejected("hotline-tickets", "again.jsonl", ticket("open", 4, "05-06T09:40", answered("05-06T09:41"))); n != 1 {
		t.Error("the answered one is taken after it was sealed")
	}
	unchanged("after the tickets were sealed")
	if list := w.must("rejected", "list", "--reason", "sealed_period"); strings.Count(list, ".jsonl:") != 8 {
		t.Errorf("rejected:\n%s", list)
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHistoryLeavesOutWhatNobodyTells: over calls of a source that tells neither waits nor what
// ends in the IVR, alone and among others, the History has what the command line has and
// nothing more; and what a description says later holds after the next start.
func TestHistoryLeavesOutWhatNobodyTells(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	zone := shanghai(t)
	world := newWorld(t)
	described := strings.Replace(builtinSource(t, "generic-csv"), "name: generic-csv", "name: plain", 1)
	const all = "capabilities: [ivr, queue_wait, ring, ratings, callers]"
	little := strings.Replace(described, all, "capabilities: [ring]", 1)
	world.write("sources/plain.yaml", little)
	world = world.with("sources.dir=" + world.path("sources"))
	up := world.up()
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 30, 0, 0, zone) }
	world.must("import", world.write("plain.csv", morningHeader+morningCalls(at(2), 10)), "--source", "plain")
	world.must("import", world.write("whole.csv", morningHeader+morningCalls(at(3), 20)), "--source", "generic-csv")
	history := builtInDashboards(t)["hotline-history"]

	agree := func(from, to int, source string, known bool) {
		t.Helper()
		w := &watched{world: world, from: at(from).Add(-time.Hour), to: at(to).Add(time.Hour)}
		asked := []string{"kpi", "--from", at(from).Format(time.DateOnly), "--to", at(to + 1).Format(time.DateOnly), "--format", "json"}
		s := statement(t, world.must(asked...))
		offered := float64(s.Counts.Offered)
		for title, want := range map[string]*float64{
			"来电总量": &offered, "综合接通率（含自助）": s.Rates.AnswerRateComposite,
			"15秒应答率（占接听）": s.Rates.ServiceLevelOfAnswered["15"], "平均等待": s.Rates.ASASeconds,
		} {
			if got := w.shown(t, history, title, source); fmt.Sprint(orNothing(got)) != fmt.Sprint(orNothing(want)) {
				t.Errorf("%d to %d March of %s: %s is %v, kpi has %v", from, to, source, title, orNothing(got), orNothing(want))
			}
		}
		if got := s.Rates.ASASeconds != nil && s.Rates.AnswerRateComposite != nil; got != known {
			t.Errorf("%d to %d March: kpi knows waits and the composite rate: %v", from, to, got)
		}
	}
	agree(2, 2, "all", false)
	agree(3, 3, "all", true)
	agree(2, 3, "all", false)
	agree(3, 3, "generic-csv", true)

	up.stops(t)
	world.write("sources/plain.yaml", described)
	world.up()
	pollUntilLive(t, world)
	agree(2, 2, "all", true)
	agree(2, 3, "all", true)
}

func orNothing(v *float64) any {
	if v == nil {
		return "nothing"
	}
	return *v
}

// shown is the number of a panel of one number; nil: there is none.
func (w *watched) shown(t *testing.T, d *dashboard, title, source string) *float64 {
	t.Helper()
	values := d.variables()
	values["source"] = source
	for _, p := range d.Panels {
		if !strings.HasPrefix(p.Title, title+" ") {
			continue
		}
		n, err := w.number(bounded(t), p.Targets[0].RawSQL, values)
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		return n
	}
	t.Fatalf("%s has no panel %s", d.UID, title)
	return nil
}

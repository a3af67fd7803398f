package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/simulate/write"
)

// What hotline simulate writes, hotline analyze counts: through the whole of the program,
// to the last digit of truth.json.
func TestSimulateThenAnalyze(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	for _, tt := range []struct{ format, scenario, from, to string }{
		{"generic-csv", "duplicate-storm", "2026-03-02", "2026-03-04"},
		{"asterisk-queue-log", "benefit-surge", "2026-03-16", "2026-03-18"},
		{"asterisk-cdr", "pbx-outage", "2026-03-18", "2026-03-20"},
		{"freeswitch-cdr-csv", "benefit-surge", "2026-03-16", "2026-03-18"}, // which does not tell who asked for an agent
	} {
		t.Run(tt.format, func(t *testing.T) {
			w := newWorld(t)
			dir := w.path("simulated")
			w.must("simulate", "--format", tt.format, "--scenario", tt.scenario, "--from", tt.from, "--to", tt.to, "--zone", "Asia/Shanghai", "--out", dir)
			data, err := os.ReadFile(filepath.Join(dir, write.TruthFile))
			if err != nil {
				t.Fatal(err)
			}
			var truth write.Truth
			if err := json.Unmarshal(data, &truth); err != nil {
				t.Fatal(err)
			}
			got := statement(t, w.must("analyze", filepath.Join(dir, truth.File), "--source", tt.format, "--zone", "Asia/Shanghai", "--format", "json"))
			sum := got.Pipeline.Accepted // a log tells of agents too, so not every record is a call
			for _, n := range got.Pipeline.Ignored {
				sum += n
			}
			if sum != got.Pipeline.Read || len(got.Pipeline.Rejected) > 0 {
				t.Errorf("the account: %+v", *got.Pipeline)
			}
			for what, diff := range map[string]string{
				"counts":        cmp.Diff(truth.Told.Counts, got.Counts, cmpopts.EquateEmpty()),
				"rates":         cmp.Diff(truth.Told.Rates, got.Rates, cmpopts.EquateEmpty()),
				"not connected": cmp.Diff(truth.Told.NotComputed, got.NotComputed, cmpopts.EquateEmpty()),
			} {
				if diff != "" {
					t.Errorf("%s (-truth +analyzed):\n%s", what, diff)
				}
			}
		})
	}
}

// Tickets go the same way, and their deadlines are judged as looking at each would.
func TestSimulateThenAnalyzeTickets(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	dir := w.path("simulated")
	w.must("simulate", "--tickets", "--from", "2026-03-02", "--to", "2026-03-12", "--zone", "Asia/Shanghai", "--out", dir)
	data, err := os.ReadFile(filepath.Join(dir, write.TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	var truth write.Truth
	if err := json.Unmarshal(data, &truth); err != nil {
		t.Fatal(err)
	}
	got := statement(t, w.must("analyze", filepath.Join(dir, write.TicketsFile), "--source", "hotline-tickets", "--format", "json"))
	if p := got.Pipeline; p.Read == 0 || p.Read != p.Accepted || p.Stored != p.Accepted || p.New != p.Accepted || p.Duplicates != 0 {
		t.Errorf("the account: %+v", *p)
	}
	counted := make(map[string]write.TicketCounts)
	for kind, n := range got.Counts.Tickets {
		was := truth.Tickets[string(kind)] // what the program does not print
		counted[string(kind)] = write.TicketCounts{
			Opened: int(n.Opened), OnTheSpot: int(n.OnTheSpot), Responded: was.Responded, Resolved: was.Resolved,
			Due: int(n.Response.Due), InTime: int(n.Response.InTime), Late: int(n.Response.Late), Overdue: int(n.Response.Overdue),
		}
	}
	if diff := cmp.Diff(truth.Tickets, counted); diff != "" {
		t.Errorf("tickets (-truth +analyzed):\n%s", diff)
	}
	n := truth.Tickets["consultation"]
	want := float64(n.OnTheSpot+n.InTime) / float64(n.OnTheSpot+n.Due)
	if rate := got.Rates.ConsultationTimeliness; n.Late == 0 || rate == nil || *rate != want {
		t.Errorf("consultation timeliness %v, want %v; %d late", rate, want, n.Late)
	}
}

func TestSimulateToStandardOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	day := []string{"simulate", "--from", "2026-03-02", "--to", "2026-03-03", "--format", "asterisk-queue-log"}
	first, second := w.must(day...), w.must(day...)
	if first != second || !strings.Contains(first, "|ENTERQUEUE|") {
		t.Errorf("the same seed writes other lines, or no queue_log:\n%.300s", first)
	}
	for _, args := range [][]string{
		{"--format", "queue-log"},
		{"--tickets"},
		{"--life"}, // a log has each call once
	} {
		if code, _, stderr := w.run(append(day, args...)...); code == 0 {
			t.Errorf("%v is taken: %s", args, stderr)
		}
	}
}

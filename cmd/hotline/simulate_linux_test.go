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
	t.Parallel()
	needEngine(t)
	for _, tt := range []struct{ format, scenario, from, to string }{
		{"generic-csv", "duplicate-storm", "2026-03-02", "2026-03-04"},
		{"asterisk-queue-log", "benefit-surge", "2026-03-16", "2026-03-18"},
		{"asterisk-cdr", "pbx-outage", "2026-03-18", "2026-03-20"},
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
			got := statement(t, w.must("analyze", filepath.Join(dir, truth.File), "--source", tt.format, "--format", "json"))
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

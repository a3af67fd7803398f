package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/app"
	"hotline12333/internal/hotline"
)

// TestCorrectionsOfCentre: what became of calls since the report of one centre was closed is
// what became of that centre's calls, also of those that it has no more.
func TestCorrectionsOfCentre(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFeed(t, w)
	at := time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC)
	call := func(id, centre string, version uint64) *hotline.Call {
		return &hotline.Call{
			ID: id, Version: version, Centre: centre, Source: "centre-pbx", Queue: "社保", Direction: hotline.Inbound, Outcome: hotline.Answered,
			StartedAt: at, QueuedAt: at, AnsweredAt: at.Add(time.Duration(version) * time.Second), EndedAt: at.Add(time.Minute), Agent: "1",
		}
	}
	for _, centre := range []string{"east", "west"} {
		for i := range 6 {
			f.send(record(call(fmt.Sprintf("%s-%d", centre, i), centre, 1)))
		}
	}
	f.settle()
	c := &closer{w: w, now: time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC)}
	q := c.query(t, "2026Q1")
	q.Centre = "east"
	if _, err := c.close(bounded(t), q); err != nil {
		t.Fatal(err)
	}
	gone := call("east-1", "east", 2)
	gone.Deleted = true
	for _, changed := range []*hotline.Call{
		call("east-0", "east", 2), gone, // corrected, deleted
		call("east-2", "west", 2), call("west-2", "east", 2), // moved to, and from, the other centre
		call("east-9", "east", 1), call("west-9", "west", 1), // late
		call("west-0", "west", 2), call("west-1", "west", 2), // the other centre's own
	} {
		f.send(record(changed))
	}
	f.settle()
	r, err := app.Report(bounded(t), w.root(), slog.New(slog.DiscardHandler), app.ReportQuery{Period: "2026Q1", Zone: shanghai(t), Centre: "east", Now: c.now, Program: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Quality.Sealed) != 1 {
		t.Fatalf("closed reports: %+v", r.Quality.Sealed)
	}
	got := map[string]int64{}
	for _, change := range r.Quality.Sealed[0].Changes {
		got[change.Kind] = change.Calls
	}
	if diff := cmp.Diff(map[string]int64{"corrected": 1, "deleted": 1, "moved_out": 1, "moved_in": 1, "late": 1}, got); diff != "" {
		t.Errorf("what became of the centre's calls (-want +got):\n%s", diff)
	}
	w.person("王芳", "preparer", "--centre", "east").sees("/report?period=2026Q1", http.StatusOK, "移出本期或转给其他中心")
}

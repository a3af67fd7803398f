package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/load"
	"hotline12333/internal/publish"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// From an acknowledged record to the published snapshot, through everything: the figures
// are those of counting, and they come soon.
func TestRecordsArePublished(t *testing.T) {
	s := newStack(t)
	follower, err := publish.New(publish.DefaultConfig(), publish.Deps{
		Store: s.store, Log: testkit.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.kick = func([]time.Time) { follower.Kick() }
	s.start()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- follower.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	h := make(history)
	var latencies []time.Duration
	for n := range testkit.Sample(40, 8) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		started := now.Add(-time.Duration(n%8) * 10 * time.Second)
		calls := []hotline.Call{{
			ID: fmt.Sprint("call ", n), Version: 1, Centre: "xy", Queue: fmt.Sprint("q", n%3), Outcome: hotline.Open,
			Direction: hotline.Inbound, StartedAt: started, QueuedAt: started,
		}}
		if n%2 == 1 { // the one before is answered
			c := h[fmt.Sprint("call ", n-1)][0]
			c.Version, c.Outcome, c.Agent, c.AnsweredAt = 2, hotline.Answered, "a1", now
			calls = append(calls, c)
		}
		h.add(calls)
		want := h.totals()
		recs := make([]broker.Record, len(calls))
		for i := range calls {
			recs[i] = broker.Record{Key: []byte(calls[i].ID), Value: wire.AppendCall(nil, &calls[i])}
		}
		if err := s.client.Produce(t.Context(), load.DefaultTopics().Calls, recs); err != nil {
			t.Fatal(err)
		}
		acknowledged := time.Now()
		testkit.Eventually(t, testkit.Patience, func() error {
			snap, ok := follower.Snapshot(time.Now())
			if !ok {
				return fmt.Errorf("no snapshot yet")
			}
			tally := snap.Windows[kpi.ThisYear].Scopes[kpi.Scope{}].Tally
			got := totals{tally.Calls, tally.Open, tally.Answered, int64(snap.Waiting[kpi.Scope{}].Count)}
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("(-counted +published):\n%s", diff)
			}
			return nil
		})
		latencies = append(latencies, time.Since(acknowledged))
	}
	slices.Sort(latencies)
	t.Logf("acknowledged to published: median %v, longest %v", latencies[len(latencies)/2], latencies[len(latencies)-1])
}

type totals struct{ Calls, Open, Answered, Waiting int64 }

func (h history) totals() totals {
	var sum totals
	for k, t := range h.count() {
		if k.Dimension == kpi.ByQueue {
			sum.Calls += t.Calls
			sum.Open += t.Open
			sum.Waiting += t.Open
			sum.Answered += t.Answered
		}
	}
	return sum
}

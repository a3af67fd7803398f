package aggregate_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/hotline"
	"hotline12333/internal/testkit"
)

// A backfill out of order: every batch touches buckets all over a month.
func TestBackfillRecomputesABucketFewTimes(t *testing.T) {
	s := newStack(t, 1)
	const batches, perBatch, days = 30, 300, 10
	counted := &watched{Store: s.store}
	s.run(func(c *aggregate.Config, d *aggregate.Deps) {
		d.Store = counted
		c.ChunkBuckets = 200
	})
	began := time.Now()
	random := rand.New(rand.NewPCG(1, 2))
	marks := 0
	for b := range batches {
		var calls []hotline.Call
		for n := range perBatch {
			at := base().Add(time.Duration(random.IntN(days*24*60)) * time.Minute)
			calls = append(calls, call(id(b*perBatch+n), 1, at, "general"))
		}
		touched := s.put(calls...)
		marks += len(touched)
		s.mark(touched...)
	}
	s.settle()
	s.check("after the backfill")
	statements, buckets := counted.counts()
	t.Logf("%d marks of %d buckets: %d recomputed in %d statements, %v", marks, days*96, buckets, statements, time.Since(began))
	if buckets > marks/2 {
		t.Errorf("%d buckets recomputed for %d marks: nothing was gathered", buckets, marks)
	}
}

// A few marks are recomputed at once, also by a server that has just been busy.
func TestAFewMarksAreNotWaitedWith(t *testing.T) {
	s := newStack(t, 1)
	s.run(func(c *aggregate.Config, _ *aggregate.Deps) { c.BulkWait = time.Hour })
	s.mark(s.put(call("first", 1, base(), "general"))...)
	s.settle()
	began := time.Now()
	const rounds = 10
	for n := range rounds {
		s.mark(s.put(call(id(n), 1, base(), "general"))...)
		s.settle()
	}
	testkit.Promised(t, "from the record to the tally, polled every 25 ms", time.Since(began)/rounds, 2*time.Second)
	s.check("after all")
}

func TestWaiter(t *testing.T) {
	s := newStack(t, 3)
	w := aggregate.Waiter{Broker: s.client, LoadGroup: "hotline-load", CallsTopic: topic, TallyGroup: group, TouchedTopic: topic}
	// Nothing was ever marked: nothing to wait for, though nobody has joined the group.
	if err := w.Wait(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for n := range 20 {
		s.mark(s.put(call(id(n), 1, base().Add(time.Duration(n)*time.Hour), "general"))...)
	}
	pending, err := aggregate.Pending(t.Context(), s.client, group, topic)
	if err != nil || pending != 20 {
		t.Errorf("pending %d, %v, want 20", pending, err)
	}
	// Nobody works: it gives up with its context, and says how much is left.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := w.Tallied(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "20 marks to go") {
		t.Errorf("error %v", err)
	}
	if err := w.Wait(ctx, map[int]int64{0: 1}); err == nil {
		t.Error("records nobody loads were waited for with success")
	}
	var left []int64
	w.OnProgress = func(_, toTally int64) { left = append(left, toTally) }
	s.run()
	s.settle()
	if err := w.Tallied(t.Context()); err != nil {
		t.Error(err)
	}
	if len(left) == 0 || left[len(left)-1] != 0 {
		t.Errorf("progress %v does not end at 0", left)
	}
	s.check("when the waiter says so")
}

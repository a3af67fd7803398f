package aggregate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
)

// marks is what a worker needs of its partition; *broker.Partition has it.
type marks interface {
	Fetch(ctx context.Context, cfg broker.FetchConfig) ([]broker.Record, error)
	Commit(ctx context.Context, next int64, metadata string) error
	Position() int64
	HighWatermark() int64
	SeekTo(offset int64)
}

// worker follows one partition of marks for as long as this member holds it.
type worker struct {
	cfg       Config
	deps      Deps
	log       *slog.Logger
	metrics   partitionMetrics
	marks     marks
	partition int
	topicID   string // of the topic's incarnation; kept with each commit
	committed int64  // the next mark the group would read
	epoch     uint16
	bulkCost  time.Duration // what the last bulk recomputation took
}

// idle is how long the broker may hold an empty fetch.
const idle = time.Second

// startOver reads the whole topic: what was committed belongs to a topic of this name
// that is gone, and says nothing about this one.
func (w *worker) startOver(ctx context.Context) error {
	extents, err := w.deps.Broker.Offsets(ctx, w.cfg.Topic)
	if err != nil {
		return err
	}
	for _, e := range extents {
		if e.Partition == w.partition {
			w.log.Warn("topic was created anew, reading its marks from the first", "first", e.First)
			w.marks.SeekTo(e.First)
			w.committed = e.First
		}
	}
	return nil
}

func (w *worker) run(ctx context.Context) error {
	err := w.insist(ctx, "reading the topic's epoch", func(ctx context.Context) (err error) {
		w.epoch, err = w.deps.Store.TopicEpoch(ctx, w.cfg.Topic, w.topicID)
		return err
	})
	if err != nil {
		return err
	}
	for {
		g, err := w.gather(ctx)
		if err != nil {
			return err
		}
		if err := w.cycle(ctx, g); err != nil {
			return err
		}
	}
}

// gathered is what one cycle recomputes.
type gathered struct {
	buckets map[time.Time]struct{}
	next    int64 // the offset after the last mark gathered
	since   time.Time
	bulk    bool
}

// gather waits for marks and takes all that are there. A few are not waited with. Many
// are the sign of a backfill, whose batches touch the same buckets again and again: then
// it waits for further ones, about as long as recomputing them twice would cost.
func (w *worker) gather(ctx context.Context) (gathered, error) {
	g := gathered{buckets: make(map[time.Time]struct{})}
	for g.since.IsZero() {
		w.metrics.setPending(w.marks.HighWatermark() - w.committed)
		n, err := w.fetch(ctx, &g, idle)
		if err != nil {
			return g, err
		}
		if n > 0 {
			g.since = time.Now()
		}
	}
	for len(g.buckets) < w.cfg.MaxBuckets && time.Since(g.since) < w.cfg.BulkWait {
		wait := time.Millisecond
		if w.marks.Position() >= w.marks.HighWatermark() {
			if len(g.buckets) <= w.cfg.BulkBuckets {
				break
			}
			g.bulk = true
			wait = min(max(w.bulkCost, w.cfg.Coalesce), max(w.cfg.BulkWait-time.Since(g.since), time.Millisecond))
		}
		n, err := w.fetch(ctx, &g, wait)
		if err != nil {
			return g, err
		}
		if n == 0 {
			break
		}
	}
	g.next = w.marks.Position()
	w.metrics.setPending(w.marks.HighWatermark() - w.committed)
	return g, nil
}

// fetch adds the next marks to g and gives their number.
func (w *worker) fetch(ctx context.Context, g *gathered, wait time.Duration) (int, error) {
	recs, err := w.marks.Fetch(ctx, broker.FetchConfig{MaxWait: wait})
	if err != nil {
		return 0, fmt.Errorf("reading marks: %w", err)
	}
	for i := range recs {
		bucket, err := ParseMark(recs[i].Key)
		if err != nil {
			// It names no bucket, so nothing is left uncounted by passing it.
			w.metrics.malformed.Inc()
			w.log.Error("malformed mark skipped", "offset", recs[i].Offset, "error", err)
			continue
		}
		g.buckets[bucket] = struct{}{}
	}
	w.metrics.marks.Add(float64(len(recs)))
	return len(recs), nil
}

// Version is the version of tallies that were read after every mark before the offset
// next had been noted. A later incarnation of the topic outranks every earlier one.
func Version(epoch uint16, next int64) uint64 { return uint64(epoch)<<48 + uint64(next) }

// cycle recomputes what was gathered, tells publishers and commits. The offset was noted
// before the calls are read: what the reading misses is marked at a later one.
func (w *worker) cycle(ctx context.Context, g gathered) error {
	mode, started := modeLive, time.Now()
	if g.bulk {
		mode = modeBulk
	}
	version := Version(w.epoch, g.next)
	entry := store.LogEntry{Partition: w.partition, Version: version}
	for _, chunk := range chunks(g.buckets, w.cfg.ChunkBuckets) {
		err := w.insist(ctx, "recomputing tallies", func(ctx context.Context) error {
			return w.deps.Store.Recompute(ctx, chunk, version)
		})
		if err != nil {
			return err
		}
		w.metrics.buckets.Add(float64(len(chunk)))
		entry.Buckets = append(entry.Buckets, chunk...)
	}
	if len(entry.Buckets) > 0 {
		err := w.insist(ctx, "logging recomputed buckets", func(ctx context.Context) error {
			return w.deps.Store.AppendLog(ctx, entry)
		})
		if err != nil {
			return err
		}
		if w.deps.OnRecomputed != nil {
			w.deps.OnRecomputed(entry.Buckets)
		}
	}
	if g.bulk {
		w.bulkCost = time.Since(started)
	}
	if err := w.marks.Commit(ctx, g.next, w.topicID); err != nil {
		return fmt.Errorf("committing marks: %w", err)
	}
	w.committed = g.next
	w.metrics.cycles.WithLabelValues(mode).Inc()
	w.metrics.seconds.WithLabelValues(mode).Observe(time.Since(g.since).Seconds())
	w.metrics.setPending(w.marks.HighWatermark() - w.committed)
	w.log.Debug("recomputed", "mode", mode, "buckets", len(entry.Buckets), "next", g.next, "took", time.Since(started))
	return nil
}

// insist repeats a statement until it succeeds or ctx ends. An error that no waiting
// heals pauses the partition and is shown; it is tried again too, so that mending the
// database is enough and nobody need restart anything.
func (w *worker) insist(ctx context.Context, doing string, do func(ctx context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = w.cfg.RetryMin, w.cfg.RetryMax
	defer w.metrics.setPaused(false)
	for attempt := 0; ; attempt++ {
		err := do(ctx)
		if err == nil {
			if attempt > 0 {
				w.log.Info("recovered", "doing", doing, "attempts", attempt+1)
			}
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", doing, errors.Join(ctx.Err(), err))
		}
		kind, wait := errOther, w.cfg.RetryMax
		switch {
		case store.IsRetryable(err):
			kind, wait = errRetryable, pause.NextBackOff()
		case store.IsSchema(err):
			kind = errSchema
		}
		w.metrics.failures.WithLabelValues(kind).Inc()
		w.metrics.setPaused(kind != errRetryable)
		switch {
		case kind != errRetryable:
			w.log.Error("paused: the database refuses; mend it (hotline migrate) and the work goes on",
				"doing", doing, "error", err, "next_try", wait)
		case attempt%16 == 0:
			w.log.Warn("failed, trying again", "doing", doing, "error", err, "next_try", wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: %w", doing, errors.Join(ctx.Err(), err))
		case <-timer.C:
		}
	}
}

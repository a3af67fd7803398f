package aggregate

import (
	"context"
	"fmt"
	"time"

	"hotline12333/internal/broker"
)

// Offsets is what a Waiter needs of Kafka; *broker.Client has it.
type Offsets interface {
	Offsets(ctx context.Context, topic string) ([]broker.OffsetRange, error)
	Committed(ctx context.Context, group, topic string) (map[int]int64, error)
}

// Pending is the number of offsets of the topic the group has not committed yet.
func Pending(ctx context.Context, b Offsets, group, topic string) (int64, error) {
	extents, err := b.Offsets(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("counting what is pending on %s: %w", topic, err)
	}
	committed, err := b.Committed(ctx, group, topic)
	if err != nil {
		return 0, fmt.Errorf("counting what is pending on %s: %w", topic, err)
	}
	var n int64
	for _, e := range extents {
		n += e.Lag(committed[e.Partition])
	}
	return n, nil
}

// Waiter waits until records are loaded and tallied. It reads offsets only; the work is
// done by whoever runs the two groups.
type Waiter struct {
	Broker       Offsets
	LoadGroup    string
	CallsTopic   string
	TallyGroup   string
	TouchedTopic string

	// OnProgress, when set, is told how many offsets are still to be loaded, and, once
	// that is none, how many marks are still to be recomputed.
	OnProgress func(toLoad, toTally int64)
}

// pollEvery is the pause between two looks.
const pollEvery = 25 * time.Millisecond

// Wait returns nil once the records before the given offsets (by partition of the topic
// of calls) are loaded and every bucket they touched is recomputed, or the error of the
// broker or of ctx. It waits for ever when nobody loads: bound it by ctx.
func (w *Waiter) Wait(ctx context.Context, ends map[int]int64) error {
	left, err := w.until(ctx, w.LoadGroup, w.CallsTopic, ends, func(n int64) { w.progress(n, 0) })
	if err != nil {
		return fmt.Errorf("waiting for records to be loaded, %d to go: %w", left, err)
	}
	// The loader marks before it commits: the marks of these records are on the topic now.
	return w.Tallied(ctx)
}

// Tallied returns nil once every mark that is on the topic when it is called has been
// recomputed.
func (w *Waiter) Tallied(ctx context.Context) error {
	extents, err := w.Broker.Offsets(ctx, w.TouchedTopic)
	if err != nil {
		return fmt.Errorf("waiting for tallies: %w", err)
	}
	ends := make(map[int]int64, len(extents))
	for _, e := range extents {
		if e.Next > e.First {
			ends[e.Partition] = e.Next
		}
	}
	left, err := w.until(ctx, w.TallyGroup, w.TouchedTopic, ends, func(n int64) { w.progress(0, n) })
	if err != nil {
		return fmt.Errorf("waiting for tallies, %d marks to go: %w", left, err)
	}
	return nil
}

func (w *Waiter) progress(toLoad, toTally int64) {
	if w.OnProgress != nil {
		w.OnProgress(toLoad, toTally)
	}
}

// until polls the group's commits; it gives the number of offsets left.
func (w *Waiter) until(ctx context.Context, group, topic string, ends map[int]int64, tell func(int64)) (left int64, err error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for _, end := range ends {
		left += end // until something is known of the group
	}
	for {
		committed, err := w.Broker.Committed(ctx, group, topic)
		if ctx.Err() != nil {
			return left, ctx.Err() // what a request cut short says is of no use
		}
		if err != nil {
			return left, err
		}
		left = 0
		for partition, end := range ends {
			left += max(end-committed[partition], 0)
		}
		tell(left)
		if left == 0 {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return left, ctx.Err()
		case <-tick.C:
		}
	}
}

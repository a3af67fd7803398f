package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"hotline12333/internal/store"
)

// numbersBefore is the time before which calls arrived whose term of working days is over.
// Where the calendar does not know a year that a term reaches into, that is as far as can be
// told, and waits says what is needed to tell more.
func (w *Worker) numbersBefore(now time.Time) (before time.Time, waits string, err error) {
	n := w.cfg.SealedNumbers
	if n == 0 {
		return time.Time{}, "", nil
	}
	// The end of a term rises with its beginning: the last beginning whose term is over is
	// looked for day by day, and within the day by quarter hours. Going back no further than
	// needed, it asks the calendar for no year it has no use for.
	const day, quarter = 24 * time.Hour, 15 * time.Minute
	var unknown error // of the earliest term that the calendar cannot tell the end of
	over := func(began time.Time) bool {
		end, err := w.deps.AddWorkingDays(began, n)
		switch {
		case err != nil:
			unknown = err
			return false
		case end.After(now): // and so is that of every later one
			unknown = nil
			return false
		}
		return true
	}
	began := now.UTC().Truncate(quarter)
	for step := day; ; {
		switch {
		case now.Sub(began) > mostUnknown:
			return time.Time{}, "", fmt.Errorf("the numbers sealed to call back stay: %w", unknown)
		case !over(began):
			began = began.Add(-step)
			continue
		case step == day && began.Before(now.Add(-quarter)):
			began, step = began.Add(day-quarter), quarter
			continue
		case unknown != nil:
			waits = fmt.Sprintf("numbers sealed to call back from %s on stay: %v", began.Format(time.DateOnly), unknown)
		}
		return began, waits, nil
	}
}

// mostUnknown is how far back a day is looked for whose term the calendar can tell.
const mostUnknown = 10 * 366 * 24 * time.Hour

func planExpiry(what store.Expiry) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) (err error) {
		if !item.Before.IsZero() {
			item.Rows, err = w.deps.Store.Expired(ctx, what, item.Before)
		}
		return err
	}
}

func applyExpiry(what store.Expiry) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) error {
		if err := planExpiry(what)(ctx, w, item); err != nil || item.Rows == 0 {
			return err
		}
		err := w.record(item, fmt.Sprintf("%d rows", item.Rows))
		item.Rows = 0
		if err != nil {
			return err
		}
		item.Rows, err = w.deps.Store.Expire(ctx, what, item.Before)
		return err
	}
}

// cut is what goes of one partition.
type cut struct {
	topic     string
	partition int
	before    int64
	records   uint64
}

// cuts finds what was written to the topics before the item's time. What a group has still
// to load stays, and so does each partition's last record: an emptied log could begin to
// count its offsets anew after a crash.
func (w *Worker) cuts(ctx context.Context, topics map[string]string, before time.Time) ([]cut, error) {
	var out []cut
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		extents, err := w.deps.Broker.Offsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		at, err := w.deps.Broker.OffsetsAt(ctx, topic, before)
		if err != nil {
			return nil, err
		}
		var committed map[int]int64
		if group := topics[topic]; group != "" {
			if committed, err = w.deps.Broker.Committed(ctx, group, topic); err != nil {
				return nil, err
			}
		}
		for i, e := range extents {
			to := min(at[i], e.Next-1)
			if topics[topic] != "" {
				to = min(to, committed[e.Partition]) // none: 0
			}
			if to > e.First {
				out = append(out, cut{topic, e.Partition, to, uint64(to - e.First)})
			}
		}
	}
	return out, nil
}

func planTopics(topics map[string]string) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) error {
		if item.Before.IsZero() {
			return nil
		}
		cuts, err := w.cuts(ctx, topics, item.Before)
		for _, c := range cuts {
			item.Rows += c.records
		}
		return err
	}
}

func applyTopics(topics map[string]string) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) error {
		if item.Before.IsZero() {
			return nil
		}
		cuts, err := w.cuts(ctx, topics, item.Before)
		if err != nil || len(cuts) == 0 {
			return err
		}
		var records uint64
		for _, c := range cuts {
			records += c.records
		}
		if err := w.record(item, fmt.Sprintf("%d records of Kafka", records)); err != nil {
			return err
		}
		for _, c := range cuts {
			if err := w.deps.Broker.DeleteBefore(ctx, c.topic, c.partition, c.before); err != nil {
				return err
			}
			item.Rows += c.records
		}
		return nil
	}
}

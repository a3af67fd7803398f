package retention

import (
	"context"
	"fmt"
	"time"

	"hotline12333/internal/store"
)

// callsBefore is whole days of UTC, so that a day is sealed once and not 96 times.
func (w *Worker) callsBefore(now time.Time) (time.Time, error) {
	if w.cfg.Calls == 0 {
		return time.Time{}, nil
	}
	return now.Add(-w.cfg.Calls).UTC().Truncate(24 * time.Hour), nil
}

func planCalls(ctx context.Context, w *Worker, item *Item) error {
	h, err := w.deps.Store.Horizons(ctx)
	if err != nil {
		return err
	}
	item.Sealed = h.Sealed
	if item.Before.IsZero() {
		return nil
	}
	item.Before = later(item.Before, h.Closed) // what takes no records any more is finished
	found, err := w.deps.Store.CallsBefore(ctx, item.Before)
	item.Rows = found[callsTable]
	return err
}

// callsTable is what is counted as calls; of each, more is removed elsewhere.
const callsTable = "calls"

// applyCalls seals the quarter hours before the item's time and removes their calls, in
// steps of which each is noted once it is reached:
//
//  1. closed: from here on every batch that a loader begins rejects records for them.
//  2. All batches that were begun before are waited for, and their marks: the tallies now
//     hold whatever was accepted.
//  3. The tallies get a version that no recomputation comes up to.
//  4. Which calls they count is noted, for what is removed cannot be asked.
//  5. sealed: aggregators ask before they recompute. One that asked before loses by version.
//  6. The calls, and what is kept for them, are removed.
//  7. removed.
func applyCalls(ctx context.Context, w *Worker, item *Item) error {
	if err := planCalls(ctx, w, item); err != nil || item.Before.IsZero() {
		return err
	}
	h, err := w.deps.Store.Horizons(ctx)
	if err != nil {
		return err
	}
	if !h.Removed.Before(item.Before) {
		return sweep(ctx, w, item, h)
	}
	if h.Closed.Before(item.Before) {
		if err := w.record(item, fmt.Sprintf("%d calls; their quarter hours are sealed", item.Rows)); err != nil {
			item.Rows = 0
			return err
		}
		if err := w.deps.Store.RaiseHorizon(ctx, store.HorizonClosed, item.Before); err != nil {
			return err
		}
	}
	item.Rows = 0
	if h.Sealed.Before(item.Before) {
		if err := w.seal(ctx, h.Sealed, item.Before); err != nil {
			return err
		}
		item.Sealed = item.Before
	}
	removed, err := w.deps.Store.RemoveCalls(ctx, item.Before)
	item.Rows = removed[callsTable]
	if err != nil {
		return err
	}
	return w.deps.Store.RaiseHorizon(ctx, store.HorizonRemoved, item.Before)
}

func (w *Worker) seal(ctx context.Context, from, to time.Time) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	if from.IsZero() {
		first, err := w.deps.Store.FirstTally(ctx)
		if err != nil {
			return err
		}
		if from = first; from.IsZero() {
			from = to // nothing has ever been counted
		}
	}
	if err := w.deps.Store.SealTallies(ctx, from, to); err != nil {
		return err
	}
	if err := w.deps.Store.RememberSealed(ctx, to); err != nil {
		return err
	}
	return w.deps.Store.RaiseHorizon(ctx, store.HorizonSealed, to)
}

// settle waits for what was begun under an earlier horizon.
func (w *Worker) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Wait)
	defer cancel()
	if err := w.deps.Settled(ctx); err != nil {
		return fmt.Errorf("the period takes no records any more, and is sealed once those under way are loaded and counted (are load and aggregate running?): %w", err)
	}
	return nil
}

// sweep removes what a loader brought that had slept since before the period was closed:
// whoever took its place has rejected the same records.
func sweep(ctx context.Context, w *Worker, item *Item, h store.Horizons) error {
	item.Before, item.Rows = h.Removed, 0
	found, err := w.deps.Store.CallsBefore(ctx, h.Removed)
	if err != nil || found.Total() == 0 {
		return err
	}
	if err := w.record(item, fmt.Sprintf("%d rows that came after they were sealed", found.Total())); err != nil {
		return err
	}
	removed, err := w.deps.Store.RemoveCalls(ctx, h.Removed)
	item.Rows = removed[callsTable]
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

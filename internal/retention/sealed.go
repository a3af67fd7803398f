package retention

import (
	"context"
	"fmt"
	"time"

	"hotline12333/internal/store"
)

// wholeDay is the day of UTC a time lies in: a day is sealed once and not 96 times.
func wholeDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func (w *Worker) callsBefore(now time.Time) (time.Time, string, error) {
	if w.cfg.Calls == 0 {
		return time.Time{}, "", nil
	}
	return wholeDay(now.Add(-w.cfg.Calls)), "", nil
}

// tableOf is what is counted as calls, or tickets; of each, more is removed elsewhere.
func tableOf(what store.Sealed) string { return string(what) + "s" }

func planSealed(of store.Sealed) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) error {
		_, err := w.planSealed(ctx, of, item)
		return err
	}
}

func (w *Worker) planSealed(ctx context.Context, of store.Sealed, item *Item) (store.Horizons, error) {
	h, err := w.deps.Store.Horizons(ctx, of)
	if err != nil {
		return h, err
	}
	item.Sealed = h.Sealed
	if item.Before.IsZero() {
		return h, nil
	}
	if of == store.SealedTicket {
		if err := w.keepOpen(ctx, item); err != nil {
			return h, err
		}
	}
	item.Before = later(item.Before, h.Closed) // what takes no records any more is finished
	found, err := w.deps.Store.Removable(ctx, of, item.Before)
	item.Rows = found[tableOf(of)]
	return h, err
}

// keepOpen moves the item's time before the oldest ticket that is still open: it must stay
// possible to answer it, and then its quarter hours are counted anew, from all of their
// tickets. Tickets name no caller.
func (w *Worker) keepOpen(ctx context.Context, item *Item) error {
	open, err := w.deps.Store.FirstOpenTicket(ctx)
	if err != nil || open.IsZero() || !open.Before(item.Before) {
		return err
	}
	item.Waits = fmt.Sprintf("tickets from %s to %s stay: one of %s is still open; answer, settle or delete it",
		wholeDay(open).Format(time.DateOnly), item.Before.Format(time.DateOnly), open.Format(time.DateOnly))
	item.Before = wholeDay(open)
	return nil
}

// applySealed seals the quarter hours before the item's time and removes their calls, or
// tickets, in steps of which each is noted once it is reached:
//
//  1. closed: from here on every batch that a loader begins rejects records for them.
//  2. All batches that were begun before are waited for, and their marks: the tallies now
//     hold whatever was accepted.
//  3. The tallies get a version that no recomputation comes up to.
//  4. Which calls they count is noted, for what is removed cannot be asked.
//  5. sealed: aggregators ask before they recompute. One that asked before loses by version.
//  6. The calls, and what is kept for them, are removed.
//  7. removed.
func applySealed(of store.Sealed) func(context.Context, *Worker, *Item) error {
	return func(ctx context.Context, w *Worker, item *Item) error {
		h, err := w.planSealed(ctx, of, item)
		if err != nil || item.Before.IsZero() {
			return err
		}
		if !h.Removed.Before(item.Before) {
			return sweep(ctx, w, of, item, h)
		}
		if h.Closed.Before(item.Before) {
			if of == store.SealedCall || item.Rows > 0 { // many a day has no ticket
				err = w.record(item, fmt.Sprintf("%d %s; their quarter hours are sealed", item.Rows, tableOf(of)))
			}
			if err != nil {
				item.Rows = 0
				return err
			}
			if err := w.deps.Store.RaiseHorizon(ctx, of, store.HorizonClosed, item.Before); err != nil {
				return err
			}
		}
		item.Rows = 0
		if h.Sealed.Before(item.Before) {
			if err := w.seal(ctx, of, h.Sealed, item.Before); err != nil {
				return err
			}
			item.Sealed = item.Before
		}
		removed, err := w.deps.Store.RemoveSealed(ctx, of, item.Before)
		item.Rows = removed[tableOf(of)]
		if err != nil {
			return err
		}
		return w.deps.Store.RaiseHorizon(ctx, of, store.HorizonRemoved, item.Before)
	}
}

func (w *Worker) seal(ctx context.Context, of store.Sealed, from, to time.Time) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	if from.IsZero() {
		first, err := w.deps.Store.FirstTally(ctx, of)
		if err != nil {
			return err
		}
		if from = first; from.IsZero() {
			from = to // nothing has ever been counted
		}
	}
	if err := w.deps.Store.SealTallies(ctx, of, from, to); err != nil {
		return err
	}
	if err := w.deps.Store.RememberSealed(ctx, of, to); err != nil {
		return err
	}
	return w.deps.Store.RaiseHorizon(ctx, of, store.HorizonSealed, to)
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
func sweep(ctx context.Context, w *Worker, of store.Sealed, item *Item, h store.Horizons) error {
	item.Before, item.Rows = h.Removed, 0
	found, err := w.deps.Store.Removable(ctx, of, h.Removed)
	if err != nil || found.Total() == 0 {
		return err
	}
	if err := w.record(item, fmt.Sprintf("%d rows that came after they were sealed", found.Total())); err != nil {
		return err
	}
	removed, err := w.deps.Store.RemoveSealed(ctx, of, h.Removed)
	item.Rows = removed[tableOf(of)]
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

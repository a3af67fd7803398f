package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// calls is the kind of the calls themselves.
type calls struct{}

func (calls) decode(d *wire.Decoder, value []byte) (r record, key, field string, err error) {
	if r.call, err = d.Call(value); err != nil {
		return r, "", "", err
	}
	r.id, r.rank = r.call.ID, wire.Rank(r.call)
	if !r.call.Deleted {
		r.facts, r.caller, r.before = r.call.Facts(), r.call.Caller(), r.call.CallerBefore()
	}
	return r, r.id, "call_id", nil
}

// lookup asks the registry for all calls of the batch.
func (calls) seals() store.Sealed { return store.SealedCall }

func (calls) lookup(ctx context.Context, w *worker, b *batch) (err error) {
	if b.known, err = w.versions(ctx, stepLookup, b.accepted); err != nil {
		return err
	}
	// Nothing is sealed before a horizon was raised, and whoever raises one waits for the
	// batches before it. A range that was begun earlier keeps the horizon of then.
	b.sealed = nil
	if b.guard.Closed.IsZero() && !b.announced {
		return nil
	}
	b.sealed, err = w.sealed(ctx, b.accepted, store.SealedCall)
	return err
}

func (calls) guard(w *worker, b *batch) {
	w.merge(b)
	w.rejectSealed(b, b.sealedBy)
	if b.guard.Erases() {
		erase(b)
	}
}

func (calls) write(ctx context.Context, w *worker, b *batch, id store.Batch) (plan, error) {
	p, err := w.insertCalls(ctx, b, id)
	if err != nil {
		return p, err
	}
	if err := w.insertCallers(ctx, id, p.callers); err != nil {
		return p, err
	}
	if err := w.insertVersions(ctx, id, p.versions); err != nil {
		return p, err
	}
	// After all is inserted: of two calls of one caller that are loaded at the same time by
	// two workers, at least one sees the other, and marks both.
	around, err := w.around(ctx, p.places)
	p.marks = union(p.marks, around)
	return p, err
}

// versions asks the registry for the calls of the records.
func (w *worker) versions(ctx context.Context, step string, records []record) (known map[string][]store.Version, err error) {
	ids := idsOf(records)
	if len(ids) == 0 {
		return nil, nil
	}
	err = w.timed(step, func() error {
		return w.try(ctx, step, func(ctx context.Context) (err error) {
			known, err = w.store.Versions(ctx, ids)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking up %d calls: %w", len(ids), err)
	}
	return known, nil
}

func idsOf(records []record) []string {
	ids := make([]string, 0, len(records))
	seen := make(map[string]struct{}, len(records))
	for i := range records {
		id := records[i].id
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			ids = append(ids, id)
		}
	}
	return ids
}

// around finds the buckets of other calls of the same callers.
func (w *worker) around(ctx context.Context, places []store.CallerPlace) (buckets []time.Time, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	err = w.timed(stepAround, func() error {
		return w.try(ctx, stepAround, func(ctx context.Context) (err error) {
			buckets, err = w.store.CallerBuckets(ctx, places)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking for other calls of the callers of %d calls: %w", len(places), err)
	}
	return buckets, nil
}

// union joins two ascending lists.
func union(a, b []time.Time) []time.Time {
	all := slices.Concat(a, b)
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// insertCalls plans the batch and inserts its rows. A row the store refuses becomes a
// dead letter, and the rest is planned again without it: its rank must not bury the
// versions before it.
func (w *worker) insertCalls(ctx context.Context, b *batch, id store.Batch) (plan, error) {
	for {
		p := w.planner.plan(b.accepted, b.rejectedRuns(), b.known)
		if len(p.rows) == 0 {
			return p, nil
		}
		err := w.timed(stepCalls, func() error {
			return w.try(ctx, stepCalls, func(ctx context.Context) error {
				err := w.store.InsertCalls(ctx, id, p.rows)
				if !store.IsData(err) {
					return err
				}
				return w.refuseRows(ctx, b, &id, p.rows, err)
			})
		})
		switch {
		case errors.Is(err, errReplan):
		case err != nil:
			return plan{}, fmt.Errorf("inserting %d rows: %w", len(p.rows), err)
		default:
			return p, nil
		}
	}
}

// refuseRows finds the records whose rows the store does not take, among the live ones:
// tombstones hold nothing a store could refuse.
func (w *worker) refuseRows(ctx context.Context, b *batch, id *store.Batch, rows []store.Row, cause error) error {
	live := make([]store.Row, 0, len(rows))
	for i := range rows {
		if rows[i].Call != nil {
			live = append(live, rows[i])
		}
	}
	found, err := w.refused(ctx, *id, len(live), cause, func(ctx context.Context, part store.Batch, from, to int) error {
		return w.store.InsertCalls(ctx, part, live[from:to])
	})
	if err != nil {
		return err
	}
	bad := make(map[version]struct{}, len(found))
	for _, i := range found {
		bad[version{live[i].CallID, live[i].Rank}] = struct{}{}
	}
	return w.refuseVersions(ctx, b, id, bad)
}

func (w *worker) insertCallers(ctx context.Context, id store.Batch, rows []store.CallerRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.timed(stepCallers, func() error {
		return w.try(ctx, stepCallers, func(ctx context.Context) error {
			return w.store.InsertCallers(ctx, id, rows)
		})
	})
}

func (w *worker) insertVersions(ctx context.Context, id store.Batch, versions []store.Version) error {
	if len(versions) == 0 {
		return nil
	}
	return w.timed(stepVersions, func() error {
		return w.try(ctx, stepVersions, func(ctx context.Context) error {
			return w.store.InsertVersions(ctx, id, versions)
		})
	})
}

package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// loader does with calls what the load component does with its batches, in the
// plainest way that keeps the rules: rows and tombstones, registry, marks.
type loader struct {
	store   *store.Store
	batch   store.Batch
	touched map[time.Time]bool
}

// load stores a batch and marks what it touched. It may be given the same calls again.
func (l *loader) load(ctx context.Context, calls []*hotline.Call) error {
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = c.ID
	}
	known, err := l.store.Versions(ctx, ids)
	if err != nil {
		return err
	}
	seen := make(map[string]map[hotline.Rank]bool)
	all := make(map[string][]store.Version)
	for id, versions := range known {
		all[id] = versions
		seen[id] = make(map[hotline.Rank]bool)
		for _, v := range versions {
			seen[id][v.Rank] = true
		}
	}
	var fresh []store.Version
	newest := make(map[string]*hotline.Call)
	for _, c := range calls {
		rank := wire.Rank(c)
		v := store.Version{CallID: c.ID, Rank: rank, Deleted: c.Deleted, Caller: c.Caller(), CallerBefore: c.CallerBefore(), Run: "run"}
		if !c.Deleted {
			v.Bucket = c.Facts().Bucket
		}
		if seen[c.ID] == nil {
			seen[c.ID] = make(map[hotline.Rank]bool)
		}
		if !seen[c.ID][rank] {
			seen[c.ID][rank] = true
			fresh = append(fresh, v)
			all[c.ID] = append(all[c.ID], v)
		}
		if n := newest[c.ID]; n == nil || wire.Rank(n).Compare(rank) < 0 {
			newest[c.ID] = c
		}
	}
	var rows []store.Row
	var callers []store.CallerRow
	var places []store.CallerPlace
	for id, c := range newest {
		top := store.Version{Rank: wire.Rank(c)}
		live := c
		for _, v := range all[id] {
			if v.Rank.Compare(top.Rank) > 0 {
				top, live = v, nil
			}
		}
		at := map[time.Time]bool{}
		for _, v := range all[id] {
			if !v.Bucket.IsZero() {
				at[v.Bucket] = true
				l.touched[v.Bucket] = true
			}
			if v.Rank == top.Rank {
				top = v
			}
		}
		lain := map[store.CallerPlace]bool{}
		for _, v := range all[id] {
			for _, name := range []string{v.Caller, v.CallerBefore} {
				place := store.CallerPlace{Caller: name, Bucket: v.Bucket}
				if name == "" || lain[place] {
					continue
				}
				lain[place] = true
				places = append(places, place)
				row := store.CallerRow{CallerPlace: place, CallID: id, Rank: top.Rank}
				if !top.Deleted && (name == top.Caller || name == top.CallerBefore) && place.Bucket.Equal(top.Bucket) {
					if live == nil {
						continue
					}
					row.Call = live
				}
				callers = append(callers, row)
			}
		}
		for bucket := range at {
			row := store.Row{CallID: id, Rank: top.Rank, Bucket: bucket, Run: "run", Origin: "file:1"}
			if bucket.Equal(top.Bucket) && !top.Deleted {
				if live == nil {
					continue // stored already
				}
				row.Call, row.Facts = live, live.Facts()
			}
			rows = append(rows, row)
		}
	}
	l.batch.First, l.batch.Last = l.batch.Last+1, l.batch.Last+int64(len(calls))
	if err := l.store.InsertCalls(ctx, l.batch, rows); err != nil {
		return err
	}
	if err := l.store.InsertCallers(ctx, l.batch, callers); err != nil {
		return err
	}
	if err := l.store.InsertVersions(ctx, l.batch, fresh); err != nil {
		return err
	}
	if len(places) > 0 {
		buckets, err := l.store.CallerBuckets(ctx, places)
		if err != nil {
			return err
		}
		for _, b := range buckets {
			l.touched[b] = true
		}
	}
	return l.store.InsertLedger(ctx, l.batch, []store.Ledger{{Run: "run", Accepted: int64(len(calls))}})
}

// supplement stores supplements and marks what they touched.
func (l *loader) supplement(ctx context.Context, list []*hotline.Supplement) error {
	rows, ids := make([]store.SupplementRow, len(list)), make([]string, len(list))
	for i, s := range list {
		rows[i], ids[i] = store.SupplementRow{Supplement: s, Rank: wire.RankSupplement(s), Run: "run"}, s.CallID
	}
	l.batch.First, l.batch.Last = l.batch.Last+1, l.batch.Last+int64(len(list))
	if err := l.store.InsertSupplements(ctx, l.batch, rows); err != nil {
		return err
	}
	known, err := l.store.Versions(ctx, ids)
	if err != nil {
		return err
	}
	for _, versions := range known {
		for _, v := range versions {
			if !v.Bucket.IsZero() {
				l.touched[v.Bucket] = true
			}
		}
	}
	return nil
}

func (l *loader) recompute(ctx context.Context, version uint64, others ...time.Time) error {
	buckets := others
	for b := range l.touched {
		buckets = append(buckets, b)
	}
	clear(l.touched)
	if err := l.store.Recompute(ctx, buckets, version); err != nil {
		return fmt.Errorf("recomputing %d buckets: %w", len(buckets), err)
	}
	return nil
}

// empty drops the rows of tables, between one draw of a property and the next.
func empty(t *testing.T, cfg store.Config, tables ...string) {
	t.Helper()
	for _, table := range tables {
		query(t, cfg, "TRUNCATE TABLE {db}."+table)
	}
}

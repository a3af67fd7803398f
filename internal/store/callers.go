package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// InsertCallers writes the rows of a batch to the calls of each caller, as InsertCalls
// does to calls.
func (s *Store) InsertCallers(ctx context.Context, b Batch, rows []CallerRow) error {
	n := len(rows)
	var (
		callers, ids      = make([]string, n), make([]string, n)
		buckets, started  = make([]int64, n), make([]int64, n)
		number, hash      = make([]uint64, n), make([]uint64, n)
		deleted           = make([]uint8, n)
		contacts, repeats = make([]bool, n), make([]bool, n)
	)
	for i := range rows {
		r := &rows[i]
		callers[i], ids[i], buckets[i], number[i], hash[i] = r.Caller, r.CallID, seconds(r.Bucket), r.Rank.Version, r.Rank.Hash
		if r.Call == nil {
			deleted[i] = 1
			continue
		}
		started[i], contacts[i], repeats[i] = millis(r.Call.StartedAt), r.Call.Contact(), r.Call.Repeats()
	}
	return s.insert(ctx, b.Token(tableCallers), insertion{
		table: tableCallers,
		columns: []columnDef{
			{"caller", "String"},
			{"bucket", "DateTime('UTC')"},
			{"call_id", "String"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"deleted", "UInt8"},
			{"started_at", "DateTime64(3, 'UTC')"},
			{"contact", "Bool"},
			{"repeats", "Bool"},
		},
		values: []any{callers, buckets, ids, number, hash, deleted, started, contacts, repeats},
		rows:   n,
	})
}

// repeatReach is how far apart the buckets of a call and of a further one may lie.
const repeatReach = hotline.RepeatWindow + hotline.BucketLength

// CallerBuckets returns the buckets in which the callers of the places have calls that
// may be further ones of those at the places, or the other way round, ascending. Places
// where a call lay once and does not any more count too.
func (s *Store) CallerBuckets(ctx context.Context, places []CallerPlace) ([]time.Time, error) {
	found := make(map[int64]struct{})
	for part := range slices.Chunk(places, lookupChunk) {
		if err := s.callerBuckets(ctx, part, found); err != nil {
			return nil, err
		}
	}
	buckets := make([]time.Time, 0, len(found))
	for b := range found {
		buckets = append(buckets, fromSeconds(uint32(b)))
	}
	slices.SortFunc(buckets, time.Time.Compare)
	return buckets, nil
}

func (s *Store) callerBuckets(ctx context.Context, places []CallerPlace, found map[int64]struct{}) error {
	at := make(map[string][]int64, len(places))
	first, last := places[0].Bucket, places[0].Bucket
	for _, p := range places {
		at[p.Caller] = append(at[p.Caller], p.Bucket.Unix())
		if p.Bucket.Before(first) {
			first = p.Bucket
		}
		if p.Bucket.After(last) {
			last = p.Bucket
		}
	}
	callers := make([]string, 0, len(at))
	for c := range at {
		callers = append(callers, c)
	}
	slices.Sort(callers)
	type line struct {
		caller string
		bucket uint32
	}
	// As the registry's look-up: one long literal, and no valid name holds a line break.
	sql := fmt.Sprintf(`SELECT DISTINCT caller, toUnixTimestamp(bucket)
FROM %s WHERE caller IN (SELECT arrayJoin(splitByChar('\n', %s))) AND bucket >= %d AND bucket <= %d`,
		s.table(tableCallers), quote(strings.Join(callers, "\n")), bound(first.Add(-repeatReach)), bound(last.Add(repeatReach)))
	list, err := collect(ctx, s, "caller_buckets", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.caller, &l.bucket) })
	if err != nil {
		return err
	}
	reach := int64(repeatReach / time.Second)
	for _, l := range list {
		for _, place := range at[l.caller] {
			if d := int64(l.bucket) - place; d <= reach && d >= -reach {
				found[int64(l.bucket)] = struct{}{}
				break
			}
		}
	}
	return nil
}

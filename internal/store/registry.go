package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// lookupChunk is how many ids one look-up names.
const lookupChunk = 20_000

// Versions returns every registered version of the calls, by call_id; unknown ids are
// absent. Versions of one call are in no order, and one may stand there twice.
func (s *Store) Versions(ctx context.Context, ids []string) (map[string][]Version, error) {
	found := make(map[string][]Version)
	for len(ids) > 0 {
		n := min(len(ids), lookupChunk)
		list, err := s.versions(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			found[v.CallID] = append(found[v.CallID], v)
		}
		ids = ids[n:]
	}
	return found, nil
}

func (s *Store) versions(ctx context.Context, ids []string) ([]Version, error) {
	// One long literal, split by the server: parsing a list of as many literals costs
	// four times what the look-up does. No valid call_id holds a line break.
	sql := fmt.Sprintf(`SELECT call_id, version, content_hash, toUnixTimestamp(bucket), deleted, caller, caller_before, toString(run)
FROM %s WHERE call_id IN (SELECT arrayJoin(splitByChar('\n', %s)))`, s.table(tableVersions), quote(strings.Join(ids, "\n")))
	return collect(ctx, s, "versions", sql, func(rows driver.Rows, v *Version) error {
		var bucket uint32
		err := rows.Scan(&v.CallID, &v.Rank.Version, &v.Rank.Hash, &bucket, &v.Deleted, &v.Caller, &v.CallerBefore, &v.Run)
		v.Bucket = fromSeconds(bucket)
		return err
	})
}

// InsertVersions adds lines to the registry under the batch's token. A line that is
// there already stays as it first came.
func (s *Store) InsertVersions(ctx context.Context, b Batch, versions []Version) error {
	n := len(versions)
	var (
		ids, runs    = make([]string, n), make([]string, n)
		number, hash = make([]uint64, n), make([]uint64, n)
		bucket       = make([]int64, n)
		deleted      = make([]bool, n)
		caller       = make([]string, n)
		before       = make([]string, n)
	)
	for i := range versions {
		v := &versions[i]
		ids[i], runs[i], number[i], hash[i] = v.CallID, v.Run, v.Rank.Version, v.Rank.Hash
		bucket[i], deleted[i] = seconds(v.Bucket), v.Deleted
		caller[i], before[i] = v.Caller, v.CallerBefore
	}
	return s.insert(ctx, b.Token(tableVersions), insertion{
		table: tableVersions,
		columns: []columnDef{
			{"call_id", "String"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"bucket", "DateTime('UTC')"},
			{"deleted", "Bool"},
			{"caller", "String"},
			{"caller_before", "String"},
			{"run", "String"},
		},
		values: []any{ids, number, hash, bucket, deleted, caller, before, runs},
		rows:   n,
	})
}

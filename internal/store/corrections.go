package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/seal"
)

// Corrections is what became of a period's calls since a moment, of one kind.
type Corrections struct {
	Kind  seal.ChangeKind
	Calls int64
	Some  []seal.Change // the first by call_id, at most so many as were asked for
}

// CorrectionsSince asks the registry which calls that lie in [from, to), or lay there, have
// got other versions since the moment. It reads no calls: how long it takes grows with the
// registry, of which it looks at one column, and with what has come since. Facts that
// arrive apart from calls have no part in it.
func (s *Store) CorrectionsSince(ctx context.Context, since, from, to time.Time, some int) ([]Corrections, error) {
	// earliness is the complement of the moment a version was registered at.
	came := fmt.Sprintf("bitNot(toUInt64(%d))", since.UnixMilli())
	inside := func(bucket string) string {
		return fmt.Sprintf("(%[1]s >= %[2]d AND %[1]s < %[3]d)", bucket, bound(from), bound(to))
	}
	sql := fmt.Sprintf(`SELECT kind, toInt64(count()), groupArraySorted(%[1]d)(concat(call_id, '\t', toString(was_version), '\t', toString(is_version)))
FROM (
    SELECT call_id,
        argMaxIf(version, rank, known) AS was_version, argMaxIf(at, rank, known) AS was_at, argMaxIf(gone, rank, known) AS was_gone, maxIf(rank, known) AS was_rank,
        argMax(version, rank) AS is_version, argMax(at, rank) AS is_at, argMax(gone, rank) AS is_gone, max(rank) AS is_rank,
        countIf(known) > 0 AND NOT was_gone AND %[2]s AS was_inside, NOT is_gone AND %[3]s AS is_inside,
        multiIf(was_inside AND is_inside, 'corrected', was_inside AND is_gone, 'deleted', was_inside, 'moved_out',
            is_inside AND countIf(known AND NOT gone) > 0, 'moved_in', is_inside, 'late', '') AS kind
    FROM (
        SELECT call_id, version, toUInt32(any(bucket)) AS at, any(deleted) AS gone, max(earliness) > %[4]s AS known,
            bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)) AS rank
        FROM %[5]s
        WHERE call_id IN (SELECT call_id FROM %[5]s WHERE earliness <= %[4]s)
        GROUP BY call_id, version, content_hash
    )
    GROUP BY call_id
    HAVING was_rank != is_rank AND kind != ''
)
GROUP BY kind ORDER BY kind`, max(some, 1), inside("was_at"), inside("is_at"), came, s.table(tableVersions))
	return collect(ctx, s, "corrections", sql, func(rows driver.Rows, c *Corrections) error {
		var kind string
		var lines []string
		if err := rows.Scan(&kind, &c.Calls, &lines); err != nil {
			return err
		}
		c.Kind = seal.ChangeKind(kind)
		for _, line := range lines[:min(len(lines), some)] {
			f := strings.Split(line, "\t") // no id holds a tab
			change := seal.Change{Kind: c.Kind, CallID: f[0]}
			var err error
			if change.WasVersion, err = strconv.ParseUint(f[1], 10, 64); err == nil {
				change.IsVersion, err = strconv.ParseUint(f[2], 10, 64)
			}
			if err != nil {
				return fmt.Errorf("%q is no change of a call: %w", line, err)
			}
			c.Some = append(c.Some, change)
		}
		return nil
	})
}

// RegisteredTo is the moment, by the server's clock, after everything the registry knows.
// The Unix epoch: it knows nothing.
func (s *Store) RegisteredTo(ctx context.Context) (time.Time, error) {
	var at uint64
	sql := "SELECT if(count() = 0, toUInt64(0), bitNot(min(earliness)) + 1) FROM " + s.table(tableVersions)
	if err := s.queryRow(ctx, "registered_to", sql, &at); err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(at)).UTC(), nil
}

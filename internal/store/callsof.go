package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// CallsOf returns those of the ids that are calls of a centre and lie in [from, to) now.
func (s *Store) CallsOf(ctx context.Context, centre string, from, to time.Time, ids []string) (map[string]struct{}, error) {
	return s.among(ctx, "calls_of", ids, func(list string) string {
		return fmt.Sprintf("SELECT call_id FROM %s FINAL WHERE bucket >= %d AND bucket < %d AND centre = %s AND call_id IN (%s)",
			s.table(tableCalls), bound(from), bound(to), quote(centre), list)
	})
}

// among gives those of the ids that a statement finds. It is made of a query that lists
// them as id, some at a time.
func (s *Store) among(ctx context.Context, statement string, ids []string, sql func(list string) string) (map[string]struct{}, error) {
	found := map[string]struct{}{}
	for part := range slices.Chunk(ids, lookupChunk) {
		list := "SELECT arrayJoin(splitByChar('\\n', " + quote(strings.Join(part, "\n")) + ")) AS id"
		some, err := collect(ctx, s, statement, sql(list), func(rows driver.Rows, id *string) error { return rows.Scan(id) })
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			found[id] = struct{}{}
		}
	}
	return found, nil
}

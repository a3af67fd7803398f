package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// CallsOf returns those of the ids that are calls of a centre and lie in [from, to) now.
func (s *Store) CallsOf(ctx context.Context, centre string, from, to time.Time, ids []string) (map[string]struct{}, error) {
	found := map[string]struct{}{}
	for len(ids) > 0 {
		n := min(len(ids), lookupChunk)
		sql := fmt.Sprintf("SELECT call_id FROM %s FINAL WHERE bucket >= %d AND bucket < %d AND centre = %s AND call_id IN (SELECT arrayJoin(splitByChar('\\n', %s)))",
			s.table(tableCalls), bound(from), bound(to), quote(centre), quote(strings.Join(ids[:n], "\n")))
		some, err := collect(ctx, s, "calls_of", sql, func(rows driver.Rows, id *string) error { return rows.Scan(id) })
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			found[id] = struct{}{}
		}
		ids = ids[n:]
	}
	return found, nil
}

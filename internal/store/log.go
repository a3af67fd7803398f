package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// AppendLog notes a recomputation for those who follow.
func (s *Store) AppendLog(ctx context.Context, e LogEntry) error {
	return s.insert(ctx, "", insertion{
		table:   tableLog,
		columns: []columnDef{{"touched_partition", "UInt32"}, {"version", "UInt64"}, {"buckets", "Array(DateTime('UTC'))"}},
		values:  []any{[]uint32{uint32(e.Partition)}, []uint64{e.Version}, [][]time.Time{e.Buckets}},
		rows:    1,
	})
}

// Log returns the entries newer than the given version of their partition, and all of
// partitions that are not named, oldest first within each partition.
func (s *Store) Log(ctx context.Context, after map[int]uint64) ([]LogEntry, error) {
	where := make([]string, 0, len(after)+1)
	partitions := slices.Sorted(maps.Keys(after))
	for _, p := range partitions {
		where = append(where, fmt.Sprintf("(touched_partition = %d AND version > %d)", p, after[p]))
	}
	if len(partitions) > 0 {
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(partitions), " ", ","), "[]")
		where = append(where, "touched_partition NOT IN ("+list+")")
	} else {
		where = append(where, "1")
	}
	sql := fmt.Sprintf("SELECT touched_partition, version, buckets FROM %s FINAL WHERE %s ORDER BY touched_partition, version",
		s.table(tableLog), strings.Join(where, " OR "))
	return collect(ctx, s, "log", sql, func(rows driver.Rows, e *LogEntry) error {
		var partition uint32
		err := rows.Scan(&partition, &e.Version, &e.Buckets)
		e.Partition = int(partition)
		return err
	})
}

// LogHead returns the newest version noted for each partition.
func (s *Store) LogHead(ctx context.Context) (map[int]uint64, error) {
	type line struct {
		partition uint32
		version   uint64
	}
	sql := "SELECT touched_partition, max(version) FROM " + s.table(tableLog) + " GROUP BY touched_partition"
	list, err := collect(ctx, s, "log_head", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.partition, &l.version) })
	if err != nil {
		return nil, err
	}
	head := make(map[int]uint64, len(list))
	for _, l := range list {
		head[int(l.partition)] = l.version
	}
	return head, nil
}

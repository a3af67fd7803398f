package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// mutation changes or deletes rows that are stored already. It is for what must be gone;
// everything else is replaced by newer rows.
type mutation struct {
	table  string
	change string // "DELETE", or "UPDATE column = …"
	where  string
}

// mutationPoll is the pause between two looks at a mutation under way.
const mutationPoll = 50 * time.Millisecond

// sharded says which tables are cut over the servers of a cluster.
func sharded(table string) bool {
	switch table {
	case tableCalls, tableVersions, tableCallers, tableSupplements:
		return true
	}
	return false
}

func (s *Store) remove(ctx context.Context, table, where string) (uint64, error) {
	return s.mutate(ctx, mutation{table: table, change: "DELETE", where: where})
}

func (s *Store) rowsOf(ctx context.Context, table, where string) (rows uint64, err error) {
	sql := fmt.Sprintf("SELECT count() FROM %s WHERE %s", s.table(table), where)
	if s.cfg.Cluster != "" {
		sql += " SETTINGS distributed_product_mode = 'global'"
	}
	err = s.queryRow(ctx, "mutation_rows", sql, &rows)
	return rows, err
}

// mutate runs a mutation and returns when it is done, with the number of rows it found.
// Repeating one that was given up is harmless: it goes on by itself and is waited for, and
// where it leaves nothing to do nothing is done. Rows that come while it runs are left to
// the next.
func (s *Store) mutate(ctx context.Context, m mutation) (uint64, error) {
	rows, err := s.rowsOf(ctx, m.table, m.where)
	if err != nil || rows == 0 {
		return 0, err
	}
	name, on := m.table, ""
	if s.cfg.Cluster != "" && sharded(m.table) {
		name = s.form().localName(m.table)
	}
	switch waited, err := s.mutated(ctx, name); {
	case err != nil:
		return 0, err
	case waited: // for one that a run before this has begun: it may have done the same
		if rows, err = s.rowsOf(ctx, m.table, m.where); err != nil || rows == 0 {
			return 0, err
		}
	}
	settings := s.readSettings()
	settings["mutations_sync"] = 0 // it may take longer than a statement may
	if s.cfg.Cluster != "" {
		settings["allow_nondeterministic_mutations"] = 1 // what is looked up is the same on every server
		on = " ON CLUSTER " + quoteName(s.cfg.Cluster)
	}
	statement := "mutate_" + m.table
	sql := fmt.Sprintf("ALTER TABLE %s%s %s WHERE %s", s.table(name), on, m.change, m.where)
	if err := s.repeat(ctx, statement, func() error { return s.exec(ctx, statement, sql, settings) }); err != nil {
		return 0, err
	}
	_, err = s.mutated(ctx, name)
	return rows, err
}

// mutated waits until no mutation of the table is under way, and says whether any was.
func (s *Store) mutated(ctx context.Context, table string) (waited bool, err error) {
	type line struct {
		left   uint64
		reason string
	}
	from := "system.mutations"
	if s.cfg.Cluster != "" {
		from = "clusterAllReplicas(" + quote(s.cfg.Cluster) + ", system.mutations)"
	}
	sql := fmt.Sprintf("SELECT count(), max(latest_fail_reason) FROM %s WHERE database = %s AND table = %s AND NOT is_done",
		from, quote(s.cfg.Database), quote(table))
	tick := time.NewTicker(mutationPoll)
	defer tick.Stop()
	for ; ; waited = true {
		list, err := collect(ctx, s, "mutations", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.left, &l.reason) })
		switch {
		case err != nil:
			return waited, err
		case len(list) == 0 || list[0].left == 0:
			return waited, nil
		case list[0].reason != "":
			return waited, &Error{Statement: "mutate_" + table, Class: ClassSchema, Err: errors.New(list[0].reason)}
		}
		select {
		case <-ctx.Done():
			return waited, fmt.Errorf("changing rows of %s, which goes on by itself: %w", table, ctx.Err())
		case <-tick.C:
		}
	}
}

package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// The tables of migration 0004.
const (
	tableHorizons = "retention_horizons"
	tableSealed   = "sealed_calls"
	tableErased   = "erased_callers"
)

// HorizonStep is how far retention has come with the quarter hours before a horizon.
type HorizonStep string

// The steps, in their order.
const (
	HorizonClosed  HorizonStep = "closed"  // no record for them is taken any more
	HorizonSealed  HorizonStep = "sealed"  // their tallies are fixed for good
	HorizonRemoved HorizonStep = "removed" // their calls, or tickets, are gone
)

// of is a step as it is noted. Calls and tickets each have horizons of their own.
func (step HorizonStep) of(what Sealed) string {
	if what == SealedTicket {
		return "tickets_" + string(step)
	}
	return string(step)
}

// Horizons are the horizons reached; zero: none. A bucket is beyond one when it lies
// before it.
type Horizons struct{ Closed, Sealed, Removed time.Time }

// SealedVersion is the version of tallies that nothing may replace: no mark's offset comes
// up to it, so whatever recomputes a sealed bucket, however late, loses.
const SealedVersion uint64 = math.MaxUint64

// tallies is the table that a seal fixes: it names the version that holds in a bucket by a
// row of the blank dimension.
func (of Sealed) tallies() string {
	if of == SealedTicket {
		return tableTicketTallies
	}
	return tableTallies
}

// Horizons returns how far retention has come.
func (s *Store) Horizons(ctx context.Context, of Sealed) (Horizons, error) {
	all, err := s.horizons(ctx)
	return all[of], err
}

func (s *Store) horizons(ctx context.Context) (map[Sealed]Horizons, error) {
	type line struct {
		step    string
		horizon uint32
	}
	sql := fmt.Sprintf("SELECT toString(step), toUnixTimestamp(max(horizon)) FROM %s GROUP BY step", s.table(tableHorizons))
	list, err := collect(ctx, s, "horizons", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.step, &l.horizon) })
	all := map[Sealed]Horizons{}
	for _, of := range []Sealed{SealedCall, SealedTicket} {
		var h Horizons
		for _, l := range list {
			switch at := fromSeconds(l.horizon); l.step {
			case HorizonClosed.of(of):
				h.Closed = at
			case HorizonSealed.of(of):
				h.Sealed = at
			case HorizonRemoved.of(of):
				h.Removed = at
			}
		}
		all[of] = h
	}
	return all, err
}

// RaiseHorizon notes that a step has been reached for all buckets before the horizon. A
// horizon never falls.
func (s *Store) RaiseHorizon(ctx context.Context, of Sealed, step HorizonStep, horizon time.Time) error {
	return s.insert(ctx, "", insertion{
		table:   tableHorizons,
		columns: []columnDef{{"step", "String"}, {"horizon", "DateTime('UTC')"}},
		values:  []any{[]string{step.of(of)}, []int64{bound(horizon)}},
		rows:    1,
	})
}

// SealTallies fixes the tallies of the buckets in [from, to): what they are now they stay,
// whoever recomputes them. It reads nothing but tallies, so it may be repeated at any time,
// after the calls are gone too. All marks of these buckets must have been recomputed.
func (s *Store) SealTallies(ctx context.Context, of Sealed, from, to time.Time) error {
	settings, table := s.wholeSettings(), of.tallies()
	// All of a bucket's rows or none: one that was left behind when the bucket's marker
	// went in would count no more, and no repetition would find it. A week at a time bounds
	// the memory that takes.
	for at := hotline.BucketOf(from); at.Before(to); {
		end := at.Add(7 * 24 * time.Hour)
		if end.After(to) {
			end = to
		}
		within := fmt.Sprintf("bucket >= %d AND bucket < %d", bound(at), bound(end))
		sql := fmt.Sprintf("INSERT INTO %[1]s SELECT * REPLACE (toUInt64(%[2]d) AS version) FROM (SELECT * FROM %[1]s FINAL WHERE %[3]s AND %[4]s)",
			s.table(table), SealedVersion, within, s.newest(table, within))
		err := s.repeat(ctx, "seal", func() error { return s.exec(ctx, "seal", sql, settings) })
		if err != nil {
			return fmt.Errorf("sealing the tallies from %s to %s: %w", at.Format(time.RFC3339), end.Format(time.RFC3339), err)
		}
		at = end
	}
	return nil
}

// FirstCall is the bucket of the oldest call, deleted ones included; zero without any.
func (s *Store) FirstCall(ctx context.Context) (time.Time, error) {
	var first uint32
	sql := fmt.Sprintf("SELECT toUnixTimestamp(min(bucket)) FROM %s", s.table(tableCalls))
	err := s.queryRow(ctx, "first_call", sql, &first)
	return fromSeconds(first), err
}

// FirstOpenTicket is the oldest bucket in which a ticket counts that is still open: that is
// owed a response, or a resolution for which its source has set a deadline; zero without any.
func (s *Store) FirstOpenTicket(ctx context.Context) (time.Time, error) {
	var first uint32
	unset := func(column string) string { return "toUnixTimestamp64Milli(" + column + ") = 0" }
	sql := fmt.Sprintf("SELECT toUnixTimestamp(min(bucket)) FROM %s FINAL WHERE NOT on_the_spot AND (%s OR NOT %s AND %s)",
		s.table(tableTickets), unset("first_response"), unset("resolve_by"), unset("resolution"))
	err := s.queryRow(ctx, "first_open_ticket", sql, &first)
	return fromSeconds(first), err
}

// FirstTally is the oldest bucket that has been counted; zero without any.
func (s *Store) FirstTally(ctx context.Context, of Sealed) (time.Time, error) {
	var first uint32
	sql := fmt.Sprintf("SELECT toUnixTimestamp(min(bucket)) FROM %s", s.table(of.tallies()))
	err := s.queryRow(ctx, "first_tally", sql, &first)
	return fromSeconds(first), err
}

// Sealed is what a sealed bucket counts; it keeps ids of the one and the other apart.
type Sealed string

// What is sealed.
const (
	SealedCall   Sealed = "call"
	SealedTicket Sealed = "ticket"
)

// hashed is what is kept of an id. No valid id holds a control character.
func (of Sealed) hashed(id string) string {
	return fmt.Sprintf("sipHash128(concat(%s, %s))", quote(string(of)+"\x01"), id)
}

// RememberSealed notes which calls, or tickets, the sealed buckets before the horizon count.
func (s *Store) RememberSealed(ctx context.Context, of Sealed, before time.Time) error {
	table, id := tableCalls, "call_id"
	if of == SealedTicket {
		table, id = tableTickets, "ticket_id"
	}
	sql := fmt.Sprintf("INSERT INTO %s (call, bucket) SELECT %s, bucket FROM %s FINAL WHERE bucket < %d",
		s.table(tableSealed), of.hashed(id), s.table(table), bound(before))
	return s.repeat(ctx, "remember_sealed", func() error { return s.exec(ctx, "remember_sealed", sql, s.writeSettings()) })
}

// SealedAmong returns those of the ids that sealed buckets count.
func (s *Store) SealedAmong(ctx context.Context, of Sealed, ids []string) (map[string]struct{}, error) {
	return s.among(ctx, "sealed_among", ids, func(list string) string {
		return fmt.Sprintf("SELECT id FROM (%[1]s) WHERE %[2]s IN (SELECT call FROM %[3]s WHERE call IN (SELECT %[2]s FROM (%[1]s)))",
			list, of.hashed("id"), s.table(tableSealed))
	})
}

// Removed is how many rows were removed, by table.
type Removed map[string]uint64

// Total is the number of rows.
func (r Removed) Total() (n uint64) {
	for _, rows := range r {
		n += rows
	}
	return n
}

// RemoveSealed removes the calls, or tickets, of the sealed buckets before the horizon, and
// what is kept for them. The calls of each caller are kept for as long as a call after the
// horizon may be a further one of theirs. It may be repeated, and finds again what was
// brought since.
func (s *Store) RemoveSealed(ctx context.Context, of Sealed, before time.Time) (Removed, error) {
	removed := Removed{}
	for _, step := range s.removals(of, before) {
		n, err := s.remove(ctx, step.table, step.where)
		if err != nil {
			return removed, err
		}
		removed[step.table] += n
	}
	return removed, nil
}

// Removable says how many rows RemoveSealed would remove.
func (s *Store) Removable(ctx context.Context, of Sealed, before time.Time) (Removed, error) {
	found := Removed{}
	for _, step := range s.removals(of, before) {
		n, err := s.rowsOf(ctx, step.table, step.where)
		if err != nil {
			return nil, err
		}
		found[step.table] += n
	}
	return found, nil
}

type removal struct{ table, where string }

// removals are in such an order that what tells of the others goes last.
func (s *Store) removals(of Sealed, before time.Time) []removal {
	// A call that was deleted before it was ever seen lies nowhere: its line is dated by
	// when it came, which was after the call.
	arrived := "fromUnixTimestamp64Milli(toInt64(bitNot(earliness)), 'UTC')"
	if of == SealedTicket {
		return []removal{
			{tableTickets, fmt.Sprintf("bucket < %d", bound(before))},
			{tableTicketVersions, fmt.Sprintf("if(empty(buckets), %[2]s < toDateTime64(%[1]d, 3, 'UTC'), arrayMax(buckets) < toDateTime(%[1]d, 'UTC'))", bound(before), arrived)},
		}
	}
	return []removal{
		{tableCallers, fmt.Sprintf("bucket < %d", bound(before.Add(-repeatReach)))},
		{tableSupplements, fmt.Sprintf("call_id IN (SELECT call_id FROM %s FINAL WHERE bucket < %d)", s.table(tableCalls), bound(before))},
		{tableCalls, fmt.Sprintf("bucket < %d", bound(before))},
		{tableVersions, fmt.Sprintf("bucket < %[1]d AND (toUnixTimestamp(bucket) != 0 OR %[2]s < toDateTime64(%[1]d, 3, 'UTC'))", bound(before), arrived)},
	}
}

// Expiry selects rows that are kept for a time of their own, whatever call they are of.
type Expiry string

// The expiries.
const (
	ExpireAgents      Expiry = "agent_states"   // states that began before
	ExpireSupplements Expiry = "supplements"    // facts that came before, and whose call is not there
	ExpireNumbers     Expiry = "sealed_numbers" // the sealed numbers of calls that arrived before
)

// Expire removes what an expiry selects with the time; a sealed number goes from its call,
// which stays, with its rank. It returns the number of rows.
func (s *Store) Expire(ctx context.Context, what Expiry, before time.Time) (uint64, error) {
	e := s.expiry(what, before)
	if what == ExpireNumbers {
		return s.mutate(ctx, mutation{table: e.table, change: "UPDATE caller_sealed = ''", where: e.where})
	}
	return s.remove(ctx, e.table, e.where)
}

// Expired says how many rows Expire would change.
func (s *Store) Expired(ctx context.Context, what Expiry, before time.Time) (uint64, error) {
	e := s.expiry(what, before)
	return s.rowsOf(ctx, e.table, e.where)
}

func (s *Store) expiry(what Expiry, before time.Time) removal {
	at := fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", max(before.UnixMilli(), 0))
	switch what {
	case ExpireAgents:
		return removal{tableAgents, "since < " + at}
	case ExpireSupplements:
		old := "fromUnixTimestamp64Milli(toInt64(bitNot(earliness)), 'UTC') < " + at
		return removal{tableSupplements, fmt.Sprintf("%[1]s AND call_id NOT IN (SELECT call_id FROM %[2]s WHERE call_id IN (SELECT call_id FROM %[3]s WHERE %[1]s))",
			old, s.table(tableVersions), s.table(tableSupplements))}
	case ExpireNumbers:
		return removal{tableCalls, "caller_sealed != '' AND started_at < " + at}
	}
	panic("unknown expiry " + string(what)) // a fault of the program
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/kpi"
)

// Tallies returns the counts of the buckets in [From, To), summed per bucket, centre and
// source, and per name where Names asks for it, in that order. Groups without calls are
// left out. What falls outside service hours is not told: that is decided by the
// reader's calendar (kpi.Tally.OutsideService).
func (s *Store) Tallies(ctx context.Context, q TallyQuery) ([]Tally, error) {
	return collect(ctx, s, "tallies", s.talliesSQL(q), func(rows driver.Rows, t *Tally) error {
		t.Key.Dimension = q.Dimension
		return scanTally(rows, t)
	})
}

func (s *Store) talliesSQL(q TallyQuery) string {
	sum := func(column string) string { return "toInt64(sum(" + column + "))" }
	most := func(column string) string { return "toInt64(max(" + column + "))" }
	// The maps of a group one after the other: adding them up is left to the reader,
	// since sumMap takes four times as long as all the rest.
	counts := func(column string) string {
		return "arrayStringConcat(groupArrayIf(toString(" + column + "), notEmpty(" + column + ")))"
	}
	latest, name, group := "toUnixTimestamp64Milli(max(data_to))", "''", " GROUP BY bucket, centre, source"
	if q.Names { // the groups as they are stored
		sum = func(column string) string { return "toInt64(" + column + ")" }
		most = sum
		counts = func(column string) string { return "toString(" + column + ")" }
		latest, name, group = "toUnixTimestamp64Milli(data_to)", "name", ""
	}
	fields := []string{"toUnixTimestamp(bucket)", "toString(centre)", "toString(source)", name}
	for _, c := range tallySums {
		fields = append(fields, sum(c))
	}
	fields = append(fields, most("wait_ms_max"), latest)
	for _, c := range tallyMaps {
		fields = append(fields, counts(c))
	}
	order := "bucket, centre, source"
	if q.Names {
		order += ", name"
	}
	return fmt.Sprintf("SELECT %s FROM %s FINAL WHERE %s%s ORDER BY %s",
		strings.Join(fields, ", "), s.table(tableTallies), s.tallyWhere(q), group, order)
}

// tallyWhere picks the lines of a query, those that hold and have calls.
func (s *Store) tallyWhere(q TallyQuery) string {
	buckets := fmt.Sprintf("bucket >= %d AND bucket < %d", bound(q.From), bound(q.To))
	where := fmt.Sprintf("dimension = %s AND %s AND toUnixTimestamp64Milli(data_to) != 0 AND %s", quote(string(q.Dimension)), buckets, s.newest(tableTallies, buckets))
	if q.Centre != "" {
		where += " AND centre = " + quote(q.Centre)
	}
	return where
}

// tallySums are the columns that add up, in the order scanTally expects.
var tallySums = [...]string{
	"calls", "open", "answered", "self_service", "abandoned_ivr", "abandoned_queue", "abandoned_ringing",
	"timed_out", "blocked", "voicemail", "callback_requested", "voicemail_queued",
	"wait_ms", "lost_ms", "talk_ms", "hold_ms", "wrapup_ms", "invited", "rated", "transfers", "legs", "skewed",
	"offered_with_caller", "repeat_callers", "answered_with_caller", "repeated_within_window",
}

// tallyMaps are the columns that are maps of counts, in the order scanTally expects.
var tallyMaps = [...]string{"excluded", "wait_answered", "wait_abandoned", "ratings"}

func scanTally(rows driver.Rows, t *Tally) error {
	var bucket uint32
	var latest int64
	var excluded, answered, abandoned, ratings string
	y := &t.Tally
	err := rows.Scan(&bucket, &t.Key.Centre, &t.Key.Source, &t.Key.Name,
		&y.Calls, &y.Open, &y.Answered, &y.SelfService, &y.AbandonedIVR, &y.AbandonedQueue, &y.AbandonedRinging,
		&y.TimedOut, &y.Blocked, &y.Voicemail, &y.CallbackRequested, &y.VoicemailQueued,
		&y.WaitMillis, &y.LostMillis, &y.TalkMillis, &y.HoldMillis, &y.WrapupMillis,
		&y.Invited, &y.Rated, &y.Transfers, &y.Legs, &y.Skewed,
		&y.OfferedWithCaller, &y.RepeatCallers, &y.AnsweredWithCaller, &y.RepeatedWithin,
		&y.WaitMillisMax, &latest, &excluded, &answered, &abandoned, &ratings)
	if err != nil {
		return err
	}
	t.Key.Bucket = time.Unix(int64(bucket), 0).UTC()
	y.DataTo = fromMillis(latest)
	if y.Excluded, err = parseCounts(excluded); err != nil {
		return err
	}
	if y.Ratings, err = parseCounts(ratings); err != nil {
		return err
	}
	if y.WaitAnswered, err = parseHist(answered); err != nil {
		return err
	}
	y.WaitAbandoned, err = parseHist(abandoned)
	return err
}

// bound is an edge of a period as a stored bucket; periods may be wider than buckets go.
func bound(t time.Time) int64 {
	const most = 1<<32 - 1
	return min(max(t.Unix(), 0), most)
}

// newest keeps the rows that the newest recomputation of their bucket wrote, told by the
// bucket's row of the blank dimension. The rows' own versions are not enough: one that
// slept and wakes up may bring a group that its successor found gone and did not know.
func (s *Store) newest(table, buckets string) string {
	return fmt.Sprintf("(bucket, version) IN (SELECT bucket, version FROM %s FINAL WHERE dimension = '' AND %s)", s.table(table), buckets)
}

// DataTo is the latest instant any counted call or ticket tells of; zero when there is none.
//
// Of a clock that runs ahead of now no more is believed than [kpi.Believed] does: of calls
// that there were some in their quarter hour, of tickets, whose quarter hour may be that of
// a deadline, nothing. A zero now believes all.
func (s *Store) DataTo(ctx context.Context, now time.Time) (time.Time, error) {
	ofTickets := toldSQL
	if !now.IsZero() {
		ofTickets = fmt.Sprintf("if(%[1]s > %[2]d, 0, %[1]s)", toldSQL, now.UnixMilli())
	}
	calls, err := s.dataTo(ctx, tableTallies, kpi.ByQueue, believedSQL(now))
	if err != nil {
		return time.Time{}, err
	}
	if has, err := s.anyTicket(ctx); err != nil || !has {
		return calls, err
	}
	tickets, err := s.dataTo(ctx, tableTicketTallies, kpi.ByKind, ofTickets)
	if tickets.After(calls) {
		return tickets, err
	}
	return calls, err
}

const toldSQL = "toUnixTimestamp64Milli(data_to)"

// believedSQL is kpi.Believed of the tally of calls of a quarter hour.
func believedSQL(now time.Time) string {
	if now.IsZero() {
		return toldSQL
	}
	return fmt.Sprintf("multiIf(%[1]s <= %[2]d, %[1]s, toUnixTimestamp(bucket) <= %[3]d, toInt64(toUnixTimestamp(bucket)) * 1000, 0)",
		toldSQL, now.UnixMilli(), bound(now))
}

// dataTo is the latest that an expression gives over the lines of a dimension.
func (s *Store) dataTo(ctx context.Context, table string, d kpi.Dimension, told string) (time.Time, error) {
	var latest int64
	sql := fmt.Sprintf("SELECT toInt64(max(%s)) FROM %s FINAL WHERE dimension = %s AND %s",
		told, s.table(table), quote(string(d)), s.newest(table, "1"))
	if err := s.queryRow(ctx, "data_to", sql, &latest); err != nil {
		return time.Time{}, err
	}
	return fromMillis(latest), nil
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/callback"
	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
)

// CallbackCalls returns what a list of callers to call back is made of: the calls lost in
// the quarter hours of [from, to), and those since from by which the callers of these were
// reached. centre empty: of all.
func (s *Store) CallbackCalls(ctx context.Context, from, to time.Time, centre string) ([]callback.Call, error) {
	with, err := s.apart(ctx)
	if err != nil {
		return nil, err
	}
	with.callers = false // what repeats does not matter here
	f := with.columns()
	since := fmt.Sprintf("bucket >= %d", bound(from))
	counted := fmt.Sprintf("excluded = '' AND direction != %s", quote(string(hotline.Outbound)))
	if centre != "" {
		counted += " AND centre = " + quote(centre)
	}
	var outcomes []string
	for _, o := range []hotline.Outcome{
		hotline.AbandonedQueue, hotline.AbandonedRinging, hotline.TimedOut, hotline.Blocked, hotline.CallbackRequested, hotline.Voicemail,
	} {
		outcomes = append(outcomes, quote(string(o)))
	}
	// What callback.Call calls lost, and reached. Of the callers old versions may tell too
	// many, whose answered calls then end nothing.
	lost := fmt.Sprintf("bucket < %d AND direction = %s AND outcome IN (%s)", bound(to), quote(string(hotline.Inbound)), strings.Join(outcomes, ", "))
	const name = "concat(centre, '/', caller_hash)"
	names := fmt.Sprintf("SELECT arrayJoin([%s, caller_before]) AS n FROM %s WHERE %s AND %s AND %s AND caller_hash != '' AND n != ''",
		name, s.table(tableCalls), since, counted, lost)
	reached := fmt.Sprintf("outcome = %s AND caller_hash != '' AND (%s IN (%s) OR caller_before IN (%s))", quote(string(hotline.Answered)), name, names, names)
	sql := fmt.Sprintf(`SELECT call_id, toString(centre), toString(source), toString(queue), toString(direction), toString(outcome),
    toUnixTimestamp64Milli(started_at), toUnixTimestamp64Milli(%s), toInt64(%s), if(caller_hash = '', '', %s), caller_before,
    caller_masked, toString(region), toBool(caller_sealed != '')
FROM %s WHERE %s AND %s AND ((%s) OR (%s))`,
		f.decided, f.wait, name, s.callsWith(with, since, time.Time{}, time.Time{}), since, counted, lost, reached)
	return collect(ctx, s, "callback_calls", sql, func(rows driver.Rows, c *callback.Call) error {
		var direction, outcome string
		var arrived, decided, wait int64
		err := rows.Scan(&c.ID, &c.Centre, &c.Source, &c.Queue, &direction, &outcome, &arrived, &decided, &wait, &c.Caller, &c.Before, &c.Masked, &c.Region, &c.Number)
		c.Direction, c.Outcome = hotline.Direction(direction), hotline.Outcome(outcome)
		c.ArrivedAt, c.DecidedAt, c.Wait = fromMillis(arrived), fromMillis(decided), time.Duration(wait)*time.Millisecond
		return err
	})
}

// CallbackEntries returns what people have entered about lost calls of which anything was
// entered since the time, with all that was entered about them before.
func (s *Store) CallbackEntries(ctx context.Context, since time.Time) ([]journal.Entry, error) {
	kind := "kind = " + quote(string(journal.KindLostCall))
	return s.entries(ctx, []string{kind, fmt.Sprintf("subject IN (SELECT subject FROM %s WHERE %s AND at >= fromUnixTimestamp64Milli(%d, 'UTC'))",
		s.table(tableJournal), kind, since.UnixMilli())})
}

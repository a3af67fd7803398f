package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// LiveCalls returns the newest versions of the calls that arrived since the quarter hour
// of from, by arrival; where only is not empty, just those of its buckets.
func (s *Store) LiveCalls(ctx context.Context, from time.Time, only []time.Time) ([]Live, error) {
	with, err := s.apart(ctx)
	if err != nil {
		return nil, err
	}
	with.callers = false // the live windows tell nothing of them
	f, instants := with.columns(), ""
	for _, c := range []string{"started_at", "queued_at", f.decided, "ended_at"} {
		instants += ", toUnixTimestamp64Milli(" + c + ")"
	}
	where := fmt.Sprintf("bucket >= %d", bound(hotline.BucketOf(from)))
	if len(only) > 0 {
		where += " AND bucket IN (" + unixList(only) + ")"
	}
	sql := fmt.Sprintf(`SELECT call_id, toString(centre), toString(source), toString(queue), toString(agent),
    toString(outcome), toString(excluded)%s, toInt64(%s), %s
FROM %s WHERE %s ORDER BY bucket, started_at, call_id`, instants, f.wait, f.queued, s.callsWith(with, where, time.Time{}, time.Time{}), where)
	return collect(ctx, s, "live_calls", sql, func(rows driver.Rows, l *Live) error {
		var started, queued, decided, ended int64
		var outcome, excluded string
		err := rows.Scan(&l.CallID, &l.Centre, &l.Source, &l.Queue, &l.Agent, &outcome, &excluded,
			&started, &queued, &decided, &ended, &l.WaitMillis, &l.Queued)
		l.Outcome, l.Excluded = hotline.Outcome(outcome), hotline.Exclusion(excluded)
		l.StartedAt, l.QueuedAt, l.DecidedAt, l.EndedAt = fromMillis(started), fromMillis(queued), fromMillis(decided), fromMillis(ended)
		return err
	})
}

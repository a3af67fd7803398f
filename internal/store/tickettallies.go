package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// recomputeTicketsSQL replaces the tallies of tickets of whole buckets, as recomputeSQL
// those of calls: what it counts is, by kpi.CountTicket, what the newest versions of the
// tickets say.
func (s *Store) recomputeTicketsSQL(buckets []time.Time, version uint64) string {
	return fmt.Sprintf(`INSERT INTO %[1]s
(dimension, bucket, centre, source, kind, name, version, opened, on_the_spot, skewed,
 respond_in_time, respond_late, respond_open, respond_unset_open, respond_unset_done,
 resolve_in_time, resolve_late, resolve_open, resolve_unset_open, resolve_unset_done, data_to)
SELECT
    g_dimension, c_bucket, c_centre, c_source, c_kind, g_name, %[3]d,
    countIf(c_here), countIf(c_here AND c_spot), countIf(c_here AND c_skewed),
    countIf(c_respond = 'in_time'), countIf(c_respond = 'late'), countIf(c_respond = 'open'), countIf(c_respond = 'unset_open'),
    sumMapIf(map(c_respond_class, toUInt64(1)), c_respond = 'unset_done'),
    countIf(c_resolve = 'in_time'), countIf(c_resolve = 'late'), countIf(c_resolve = 'open'), countIf(c_resolve = 'unset_open'),
    sumMapIf(map(c_resolve_class, toUInt64(1)), c_resolve = 'unset_done'),
    max(c_last_event)
FROM (
    SELECT
        g.1 AS g_dimension, c_bucket, c_centre, c_source, c_kind, g.2 AS g_name,
        c_here, c_spot, c_skewed, c_respond, c_respond_class, c_resolve, c_resolve_class, c_last_event
    FROM (
        SELECT
            bucket AS c_bucket, toString(centre) AS c_centre, toString(source) AS c_source, toString(kind) AS c_kind,
            toInt64(toUnixTimestamp(bucket)) * 1000 AS c_start, toUnixTimestamp64Milli(opened_at) AS c_opened,
            c_opened BETWEEN c_start AND c_start + %[5]d AS c_here, on_the_spot AS c_spot, skewed AS c_skewed,
            %[6]s, %[7]s, last_event AS c_last_event,
            arrayConcat(
                [('kind', '')],
                arrayFilter(g -> g.2 != '', [('agent', toString(agent))]),
                arrayMap(t -> ('topic', toString(t)), arrayDistinct(topics))
            ) AS c_groups
        FROM %[2]s FINAL
        WHERE bucket IN (%[4]s)
    )
    ARRAY JOIN c_groups AS g
    UNION ALL
    SELECT
        toString(dimension), bucket, toString(centre), toString(source), toString(kind), name,
        false, false, false, '', toUInt32(0), '', toUInt32(0), toDateTime64(0, 3, 'UTC')
    FROM %[1]s
    WHERE dimension IN ('kind', 'agent', 'topic') AND bucket IN (%[4]s)
    UNION ALL
    SELECT
        '', arrayJoin(arrayMap(b -> toDateTime(b, 'UTC'), [%[4]s])), '', '', '', '',
        false, false, false, '', toUInt32(0), '', toUInt32(0), toDateTime64(0, 3, 'UTC')
)
GROUP BY g_dimension, c_bucket, c_centre, c_source, c_kind, g_name`,
		s.table(tableTicketTallies), s.table(tableTickets), version, unixList(buckets), quarterMillis-1,
		deadlineColumns("c_respond", "respond_by", "first_response"), deadlineColumns("c_resolve", "resolve_by", "resolution"))
}

const quarterMillis = int64(hotline.BucketLength / time.Millisecond)

// deadlineColumns say what one deadline of a ticket counts as in the row's bucket, and
// kpi.Elapsed of those that were seen to without one.
func deadlineColumns(name, by, done string) string {
	return fmt.Sprintf(`toUnixTimestamp64Milli(%[2]s) AS %[1]s_by, toUnixTimestamp64Milli(%[3]s) AS %[1]s_at,
            multiIf(
                on_the_spot, '',
                %[1]s_by = 0, multiIf(NOT c_here, '', %[1]s_at = 0, 'unset_open', 'unset_done'),
                %[1]s_by NOT BETWEEN c_start + 1 AND c_start + %[4]d, '',
                %[1]s_at = 0, 'open', %[1]s_at > %[1]s_by, 'late', 'in_time') AS %[1]s,
            toUInt32(greatest(0, intDiv(%[1]s_at - c_opened + %[5]d, %[4]d) + intDiv(%[1]s_at - c_start + %[5]d, %[4]d))) AS %[1]s_class`,
		name, by, done, quarterMillis, quarterMillis-1)
}

// TicketQuery selects tallies of tickets: buckets in [From, To).
type TicketQuery struct {
	From, To  time.Time
	Dimension kpi.Dimension // kpi.ByKind, ByAgent or ByTopic
	Centre    string        // empty: all
}

// TicketTallies returns the tallies of tickets in the order of their buckets. What falls
// due when is not told where the source has set no deadline: the reader's rule decides
// (kpi.Settling), and may move it to a later bucket.
func (s *Store) TicketTallies(ctx context.Context, q TicketQuery) ([]kpi.TicketEntry, error) {
	if has, err := s.anyTicket(ctx); err != nil || !has {
		return nil, err
	}
	where := fmt.Sprintf("bucket >= %d AND bucket < %d", bound(q.From), bound(q.To))
	where = fmt.Sprintf("dimension = %s AND %s AND toUnixTimestamp64Milli(data_to) != 0 AND %s",
		quote(string(q.Dimension)), where, s.newest(tableTicketTallies, where))
	if q.Centre != "" {
		where += " AND centre = " + quote(q.Centre)
	}
	sql := fmt.Sprintf(`SELECT toUnixTimestamp(bucket), toString(centre), toString(source), toString(kind), name,
    toInt64(opened), toInt64(on_the_spot), toInt64(skewed),
    toInt64(respond_in_time), toInt64(respond_late), toInt64(respond_open), toInt64(respond_unset_open), toString(respond_unset_done),
    toInt64(resolve_in_time), toInt64(resolve_late), toInt64(resolve_open), toInt64(resolve_unset_open), toString(resolve_unset_done),
    toUnixTimestamp64Milli(data_to)
FROM %s FINAL WHERE %s ORDER BY bucket, centre, source, kind, name`, s.table(tableTicketTallies), where)
	return collect(ctx, s, "ticket_tallies", sql, func(rows driver.Rows, e *kpi.TicketEntry) error {
		e.Key.Dimension = q.Dimension
		return scanTicketTally(rows, e)
	})
}

func scanTicketTally(rows driver.Rows, e *kpi.TicketEntry) error {
	var bucket uint32
	var kind, responded, resolved string
	var latest int64
	t := &e.Tally
	err := rows.Scan(&bucket, &e.Key.Centre, &e.Key.Source, &kind, &e.Key.Name, &t.Opened, &t.OnTheSpot, &t.Skewed,
		&t.Respond.InTime, &t.Respond.Late, &t.Respond.Open, &t.Respond.UnsetOpen, &responded,
		&t.Resolve.InTime, &t.Resolve.Late, &t.Resolve.Open, &t.Resolve.UnsetOpen, &resolved, &latest)
	if err != nil {
		return err
	}
	e.Key.Bucket, e.Key.Kind, t.DataTo = fromSeconds(bucket), hotline.TicketKind(kind), fromMillis(latest)
	if t.Respond.UnsetDone, err = parseElapsed(responded); err != nil {
		return err
	}
	t.Resolve.UnsetDone, err = parseElapsed(resolved)
	return err
}

func parseElapsed(text string) (counts map[uint32]int64, err error) {
	p := mapText{rest: text}
	err = p.each(text, func() bool {
		class, ok := p.number()
		if !ok || class > math.MaxUint32 || !p.skip(':') {
			return false
		}
		n, ok := p.number()
		if ok {
			if counts == nil {
				counts = make(map[uint32]int64)
			}
			counts[uint32(class)] += n
		}
		return ok
	})
	return counts, err
}

// TicketCentres are the centres whose tickets have ever been counted.
func (s *Store) TicketCentres(ctx context.Context) ([]string, error) {
	if has, err := s.anyTicket(ctx); err != nil || !has {
		return nil, err
	}
	sql := fmt.Sprintf("SELECT DISTINCT toString(centre) FROM %s FINAL WHERE dimension = %s AND opened > 0 AND %s ORDER BY 1",
		s.table(tableTicketTallies), quote(string(kpi.ByKind)), s.newest(tableTicketTallies, "1"))
	return collect(ctx, s, "ticket_centres", sql, func(rows driver.Rows, name *string) error { return rows.Scan(name) })
}

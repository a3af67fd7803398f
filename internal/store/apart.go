package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// apart says what is to be joined to calls, and whether there are tickets to count: where
// nothing of the kind has ever been stored, nothing is.
type apart struct {
	supplements, callers, tickets bool

	kinds []string // of supplements: of the others nothing is joined; nil: all

	// Joined whole, and not those of the calls alone: of many calls to pick them takes several
	// times as long as to join some that nothing is joined to.
	everySupplement, everyCaller bool
}

// apart asks until all the tables have rows, in one query, since every recomputation waits for
// the answer. Whoever writes the first ones marks the buckets afterwards, so a no that is out
// of date is mended.
func (s *Store) apart(ctx context.Context) (apart, error) {
	if a := (apart{supplements: s.hasSupplements.Load(), callers: s.hasCallers.Load(), tickets: s.hasTickets.Load()}); a.supplements && a.callers && a.tickets {
		return a, nil
	}
	var supplements, callers, tickets uint64
	sql := fmt.Sprintf("SELECT (SELECT count() FROM %s), (SELECT count() FROM %s), (SELECT count() FROM %s) + (SELECT count() FROM %s)",
		s.table(tableSupplements), s.table(tableCallers), s.table(tableTickets), s.table(tableTicketTallies))
	if err := s.queryRow(ctx, "any", sql, &supplements, &callers, &tickets); err != nil {
		return apart{}, err
	}
	a := apart{supplements: supplements > 0, callers: callers > 0, tickets: tickets > 0}
	if a.supplements {
		s.hasSupplements.Store(true)
	}
	if a.callers {
		s.hasCallers.Store(true)
	}
	if a.tickets {
		s.hasTickets.Store(true)
	}
	return a, nil
}

// only is what is to be joined for what a figure looks at of the calls of a query: a join with
// all supplements or callers of a year takes longer than all the rest.
func (s *Store) only(ctx context.Context, with apart, q *SeenQuery, l kpi.Looks) (apart, error) {
	with.callers = with.callers && l.Caller
	if with.supplements {
		if err := s.onlyKinds(ctx, &with, q, l); err != nil {
			return with, err
		}
	}
	if !with.supplements && !with.callers {
		return with, nil
	}
	f := with.columns()
	where, _ := q.here(&f)
	var calls, supplements, callers uint64
	sql := fmt.Sprintf("SELECT (SELECT count() FROM %s WHERE %s), (SELECT count() FROM %s), (SELECT count() FROM %s WHERE bucket >= %d AND bucket < %d)",
		s.table(tableCalls), where, s.table(tableSupplements), s.table(tableCallers), bound(q.From), bound(q.To))
	if err := s.queryRow(ctx, "joined", sql, &calls, &supplements, &callers); err != nil {
		return with, err
	}
	with.everySupplement, with.everyCaller = supplements < several*calls, callers < several*calls
	return with, nil
}

// several is how many rows can be joined in the time in which a call is looked up.
const several = 4

// onlyKinds leaves out the supplements that nothing looks at.
func (s *Store) onlyKinds(ctx context.Context, with *apart, q *SeenQuery, l kpi.Looks) error {
	stored, err := collect(ctx, s, "supplement_kinds", "SELECT DISTINCT toString(kind) FROM "+s.table(tableSupplements),
		func(rows driver.Rows, kind *string) error { return rows.Scan(kind) })
	if err != nil {
		return err
	}
	with.kinds = slices.DeleteFunc(stored, func(kind string) bool {
		switch hotline.SupplementKind(kind) {
		case hotline.SupplementRating:
			return !l.Rating
		case hotline.SupplementTopics:
			return q.Topic == "" && q.Nameless != kpi.ByTopic
		}
		return false // a time in the menu says whether the caller queued at all
	})
	with.supplements = len(with.kinds) > 0
	return nil
}

// anyTicket says whether a ticket has ever been counted. Retention may have removed all of
// them: the tallies stay.
func (s *Store) anyTicket(ctx context.Context) (bool, error) {
	if s.hasTickets.Load() {
		return true, nil
	}
	found, err := s.any(ctx, tableTicketTallies)
	if found {
		s.hasTickets.Store(true)
	}
	return found, err
}

// callsWith is what to select from: the newest versions of the calls that where picks,
// each with its supplements (columns s_…), the next further call of its caller (n_at) and
// the one before (p_at), as far as these are joined. The calls lie in buckets from first to
// last, which matter for callers only.
func (s *Store) callsWith(a apart, where string, first, last time.Time) string {
	from := s.table(tableCalls) + " FINAL"
	if a.supplements {
		kinds := ""
		if a.kinds != nil {
			kinds = " AND kind IN ('" + strings.Join(a.kinds, "', '") + "')"
		}
		of := "true"
		if !a.everySupplement {
			of = fmt.Sprintf("call_id IN (SELECT call_id FROM %s WHERE %s)", s.table(tableCalls), where)
		}
		from += fmt.Sprintf(`
        LEFT JOIN (
            SELECT call_id AS s_call_id,
                argMaxIf((ivr_ms, ivr_skewed), rank, kind = 'ivr') AS s_ivr,
                argMaxIf((rating_invited, rating_given, concat(toString(rating_scale), ':', toString(rating_value))), rank, kind = 'rating') AS s_rating,
                argMaxIf(topics, rank, kind = 'topics') AS s_topics
            FROM %s
            WHERE %s%s
            GROUP BY call_id
        ) AS s ON call_id = s_call_id`, s.table(tableSupplements), of, kinds)
	}
	if a.callers {
		const now = "concat(centre, '/', caller_hash)"
		for _, side := range []struct{ at, which, order, name string }{
			{"n", "repeats", "<", now}, {"p", "contact", ">", "if(caller_before != '', caller_before, " + now + ")"},
		} {
			of := "true"
			if !a.everyCaller {
				of = fmt.Sprintf("caller IN (SELECT %s FROM %s WHERE %s AND caller_hash != '')", side.name, s.table(tableCalls), where)
			}
			from += fmt.Sprintf(`
        ASOF LEFT JOIN (
            SELECT caller AS %[1]s_caller, started_at AS %[1]s_at
            FROM %[4]s FINAL
            WHERE %[2]s AND bucket >= %[6]d AND bucket <= %[7]d
                AND %[5]s
        ) AS %[1]s ON %[8]s = %[1]s_caller AND started_at %[3]s %[1]s_at`,
				side.at, side.which, side.order, s.table(tableCallers), of,
				bound(first.Add(-repeatReach)), bound(last.Add(repeatReach)), side.name)
		}
	}
	return from
}

// joined are the columns of calls that what is joined has a part in, as expressions: what
// hotline.Call.With and kpi.CountRepeats say, in SQL.
type joined struct {
	wait, queued, skewed, decided  string
	invited, given, rating, topics string // of the supplement alone; with the call's own; its key; all
	repeat, repeated               string
}

func (a apart) columns() joined {
	j := joined{
		wait: "wait_ms", queued: "queued", skewed: "skewed", decided: "decided_at",
		invited: "false", given: "rating_given", rating: "concat(rating_scale, ':', toString(rating_value))", topics: "topics",
		repeat: "false", repeated: "false",
	}
	if a.supplements {
		j.wait = "toUInt64(wait_ms - if(ivr_missing = 'waits', least(wait_ms, s_ivr.1), 0))"
		j.queued = "if(ivr_missing = 'waits', wait_ms > s_ivr.1, queued)"
		j.skewed = "skewed OR (ivr_missing != '' AND s_ivr.2) OR (ivr_missing = 'waits' AND s_ivr.1 > wait_ms)"
		j.decided = "if(ivr_missing = 'decision', addMilliseconds(decided_at, s_ivr.1), decided_at)"
		j.invited = "s_rating.1"
		j.given = "(rating_given OR s_rating.2)"
		j.rating = "if(rating_given, " + j.rating + ", s_rating.3)"
		j.topics = "arrayConcat(topics, s_topics)"
	}
	if a.callers {
		window := fmt.Sprint(hotline.RepeatWindow.Milliseconds())
		j.repeat = "toUnixTimestamp64Milli(p_at) >= toUnixTimestamp64Milli(started_at) - " + window
		j.repeated = "toUnixTimestamp64Milli(n_at) BETWEEN 1 AND toUnixTimestamp64Milli(started_at) + " + window
	}
	return j
}

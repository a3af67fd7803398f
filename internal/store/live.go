package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// Live is the newest version of a call, as far as live figures and the waiting need it.
type Live struct {
	Mark                                    LiveMark
	CallID, Centre, Source, Queue, Agent    string
	Outcome                                 hotline.Outcome
	Excluded                                hotline.Exclusion
	StartedAt, QueuedAt, DecidedAt, EndedAt time.Time // zero: unknown
	WaitMillis                              int64
	Queued                                  bool
}

// LiveMark tells one state of a call from another at a fraction of the cost of the call: who
// keeps calls learns from marks which to read again. Its numbers mean something within one
// running program only.
type LiveMark struct {
	Bucket int64  // unix seconds of the call's quarter hour
	Call   uint64 // hash of its id
	State  uint64 // hash of all that a Live tells
}

// LiveQuery picks calls by their arrival.
type LiveQuery struct {
	From    time.Time   // since the quarter hour of it
	Buckets []time.Time // where any are named, of these quarter hours only
	Calls   []uint64    // where any are named, of these only (LiveMark.Call)
}

// LiveCalls returns the newest versions of calls, by arrival.
func (s *Store) LiveCalls(ctx context.Context, q LiveQuery) ([]Live, error) {
	with, err := s.liveApart(ctx)
	if err != nil {
		return nil, err
	}
	f, instants := with.columns(), ""
	for _, c := range []string{"started_at", "queued_at", f.decided, "ended_at"} {
		instants += ", toUnixTimestamp64Milli(" + c + ")"
	}
	// What is asked of ids is asked before versions are compared, and of the calls that are not
	// meant no other column is read: of a busy quarter hour that is nearly all of the time.
	where := q.where()
	sql := fmt.Sprintf(`SELECT %s, call_id, toString(centre), toString(source), toString(queue), toString(agent),
    toString(outcome), toString(excluded)%s, toInt64(%s), %s
FROM %s WHERE %s ORDER BY bucket, started_at, call_id
SETTINGS optimize_move_to_prewhere_if_final = 1`, with.mark(), instants, f.wait, f.queued, s.callsWith(with, where, time.Time{}, time.Time{}), where)
	return collect(ctx, s, "live_calls", sql, func(rows driver.Rows, l *Live) error {
		var started, queued, decided, ended int64
		var outcome, excluded string
		err := rows.Scan(&l.Mark.Bucket, &l.Mark.Call, &l.Mark.State, &l.CallID, &l.Centre, &l.Source, &l.Queue, &l.Agent, &outcome, &excluded,
			&started, &queued, &decided, &ended, &l.WaitMillis, &l.Queued)
		l.Outcome, l.Excluded = hotline.Outcome(outcome), hotline.Exclusion(excluded)
		l.StartedAt, l.QueuedAt, l.DecidedAt, l.EndedAt = fromMillis(started), fromMillis(queued), fromMillis(decided), fromMillis(ended)
		return err
	})
}

// LiveMarks returns the marks of the calls that LiveCalls would return, in no order.
func (s *Store) LiveMarks(ctx context.Context, q LiveQuery) ([]LiveMark, error) {
	with, err := s.liveApart(ctx)
	if err != nil {
		return nil, err
	}
	where := q.where()
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s", with.mark(), s.callsWith(with, where, time.Time{}, time.Time{}), where)
	return collect(ctx, s, "live_marks", sql, func(rows driver.Rows, m *LiveMark) error {
		return rows.Scan(&m.Bucket, &m.Call, &m.State)
	})
}

// liveApart is what is joined to live calls. Callers are not: live windows tell nothing of them.
func (s *Store) liveApart(ctx context.Context) (apart, error) {
	with, err := s.apart(ctx)
	with.callers = false
	return with, err
}

// mark is the columns of a LiveMark. What lies in calls is told by its rank; what is joined is
// hashed as it comes out, with other columns to be read.
func (a apart) mark() string {
	state := "rank"
	if f := a.columns(); a.supplements {
		state += ", " + f.wait + ", " + f.queued + ", " + f.decided
	}
	return "toInt64(toUnixTimestamp(bucket)), " + hashedID + ", cityHash64(" + state + ")"
}

const hashedID = "cityHash64(call_id)"

func (q *LiveQuery) where() string {
	where := fmt.Sprintf("bucket >= %d", bound(hotline.BucketOf(q.From)))
	if len(q.Buckets) > 0 {
		where += " AND bucket IN (" + unixList(q.Buckets) + ")"
	}
	if len(q.Calls) > 0 {
		list := make([]string, len(q.Calls))
		for i, call := range q.Calls {
			list[i] = strconv.FormatUint(call, 10)
		}
		where += " AND " + hashedID + " IN (" + strings.Join(list, ", ") + ")"
	}
	return where
}

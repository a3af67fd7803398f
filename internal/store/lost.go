package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// LostCall is a call whose caller asked for an agent and reached none. It holds no number.
type LostCall struct {
	CallID, Centre, Source, Queue string
	Outcome                       hotline.Outcome
	StartedAt                     time.Time
	WaitMillis                    int64
	CallerMasked                  string // 138****5678; empty where it is not known
	Region                        string
}

// LostCalls returns the newest lost calls that arrived in [From, To), the newest first,
// at most limit. It reads no more of the time than it has to: the days before the limit is
// reached are not looked at. Those outside service hours are among them.
func (s *Store) LostCalls(ctx context.Context, q TallyQuery, limit int) ([]LostCall, error) {
	with, err := s.apart(ctx)
	if err != nil {
		return nil, err
	}
	with.callers = false // nothing is said of repetition
	var all []LostCall
	end, step := q.To, 24*time.Hour
	for end.After(q.From) && len(all) < limit {
		from := end.Add(-step)
		if from.Before(q.From) {
			from = q.From
		}
		part, err := s.lostWithin(ctx, with, TallyQuery{From: from, To: end, Centre: q.Centre}, limit-len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		end, step = from, 2*step // quiet times are crossed in few steps
	}
	return all, nil
}

func (s *Store) lostWithin(ctx context.Context, with apart, q TallyQuery, limit int) ([]LostCall, error) {
	f := with.columns()
	where := fmt.Sprintf("bucket >= %d AND bucket < %d", bound(q.From), bound(q.To))
	// What hotline and kpi call asked and not answered.
	lost := make([]string, 0, 6)
	for _, o := range []hotline.Outcome{hotline.AbandonedQueue, hotline.AbandonedRinging, hotline.TimedOut, hotline.Blocked, hotline.CallbackRequested} {
		lost = append(lost, quote(string(o)))
	}
	slices.Sort(lost)
	only := fmt.Sprintf("excluded = '' AND (outcome IN (%s) OR (outcome = %s AND %s))", strings.Join(lost, ", "), quote(string(hotline.Voicemail)), f.queued)
	if q.Centre != "" {
		only += " AND centre = " + quote(q.Centre)
	}
	sql := fmt.Sprintf(`SELECT call_id, toString(centre), toString(source), toString(queue), toString(outcome),
    toUnixTimestamp64Milli(started_at), toInt64(%s), caller_masked, toString(region)
FROM %s WHERE %s AND %s ORDER BY started_at DESC, call_id LIMIT %d`,
		f.wait, s.callsWith(with, where, time.Time{}, time.Time{}), where, only, limit)
	return collect(ctx, s, "lost_calls", sql, func(rows driver.Rows, l *LostCall) error {
		var started int64
		var outcome string
		err := rows.Scan(&l.CallID, &l.Centre, &l.Source, &l.Queue, &outcome, &started, &l.WaitMillis, &l.CallerMasked, &l.Region)
		l.Outcome, l.StartedAt = hotline.Outcome(outcome), fromMillis(started)
		return err
	})
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// stateHolds is how long an agent's state is believed: an older one is that of somebody
// whose signing out was never told.
const stateHolds = 24 * time.Hour

// SignedIn is how many agents could take calls in the middle of each quarter hour from an
// instant to another: signed in, and not on a break. Quarter hours without any are not in
// it.
func (s *Store) SignedIn(ctx context.Context, from, to time.Time, centre string) (map[time.Time]int64, error) {
	only := ""
	if centre != "" {
		only = " AND centre = " + quote(centre)
	}
	away := make([]string, 0, 2)
	for _, state := range []hotline.State{hotline.SignedOut, hotline.Paused} {
		away = append(away, quote(string(state)))
	}
	quarter := hotline.BucketLength.Milliseconds()
	// The middle of quarter hour k is first + k·quarter. A state holds from its beginning to
	// that of the next one of the agent.
	first := from.UnixMilli() + quarter/2
	sql := fmt.Sprintf(`SELECT k, count() FROM (
    SELECT state, begins, least(leadInFrame(begins, 1, %[3]d) OVER (PARTITION BY centre, agent ORDER BY begins ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), begins + %[4]d, %[3]d) AS ends
    FROM (
        SELECT centre, agent, toUnixTimestamp64Milli(since) AS begins, argMax(toString(state), (version, content_hash)) AS state
        FROM %[1]s
        WHERE since > fromUnixTimestamp64Milli(%[2]d, 'UTC') AND since < fromUnixTimestamp64Milli(%[3]d, 'UTC')%[5]s
        GROUP BY centre, agent, since
    )
)
ARRAY JOIN range(toUInt64(greatest(0, intDiv(begins - %[6]d + %[7]d - 1, %[7]d))), toUInt64(greatest(0, intDiv(ends - %[6]d + %[7]d - 1, %[7]d)))) AS k
WHERE state NOT IN (%[8]s)
GROUP BY k`, s.table(tableAgents), from.Add(-stateHolds).UnixMilli(), to.UnixMilli(), stateHolds.Milliseconds(), only, first, quarter, strings.Join(away, ", "))
	type at struct{ k, n uint64 }
	list, err := collect(ctx, s, "signed_in", sql, func(rows driver.Rows, a *at) error { return rows.Scan(&a.k, &a.n) })
	if err != nil {
		return nil, err
	}
	agents := make(map[time.Time]int64, len(list))
	for _, a := range list {
		agents[from.Add(time.Duration(a.k)*hotline.BucketLength).UTC()] = int64(a.n)
	}
	return agents, nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// InsertAgentStates writes agents' states under the batch's token. One that is there
// already stays as it first came.
func (s *Store) InsertAgentStates(ctx context.Context, b Batch, list []AgentRow) error {
	n := len(list)
	var (
		centres, agents, states        = make([]string, n), make([]string, n), make([]string, n)
		reasons, sources, runs, places = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		since                          = make([]int64, n)
		number, hash                   = make([]uint64, n), make([]uint64, n)
	)
	for i := range list {
		row, a := &list[i], list[i].State
		centres[i], agents[i], states[i], reasons[i], sources[i] = a.Centre, a.Agent, string(a.State), a.Reason, a.Source
		since[i], number[i], hash[i] = millis(a.Since), row.Rank.Version, row.Rank.Hash
		runs[i], places[i] = row.Run, row.Origin
	}
	return s.insert(ctx, b.Token(tableAgents), insertion{
		table: tableAgents,
		columns: []columnDef{
			{"centre", "String"},
			{"agent", "String"},
			{"since", "DateTime64(3, 'UTC')"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"state", "String"},
			{"reason", "String"},
			{"source", "String"},
			{"run", "String"},
			{"origin", "String"},
		},
		values: []any{centres, agents, since, number, hash, states, reasons, sources, runs, places},
		rows:   n,
	})
}

// Agents returns the newest state of each agent that began after from and not after to.
// ever says whether any state has been stored at all: where no source tells of agents,
// nobody signed in means nothing.
func (s *Store) Agents(ctx context.Context, from, to time.Time) (list []hotline.AgentState, ever bool, err error) {
	sql := fmt.Sprintf(`SELECT toString(centre), agent, toUnixTimestamp64Milli(newest.1), newest.2, newest.3, newest.4, newest.5
FROM (
    SELECT centre, agent, argMax((since, version, toString(state), toString(reason), toString(source)), (since, version, content_hash)) AS newest
    FROM %[1]s
    WHERE since > fromUnixTimestamp64Milli(%[2]d, 'UTC') AND since <= fromUnixTimestamp64Milli(%[3]d, 'UTC')
    GROUP BY centre, agent
) ORDER BY centre, agent`, s.table(tableAgents), from.UnixMilli(), to.UnixMilli())
	list, err = collect(ctx, s, "agents", sql, func(rows driver.Rows, a *hotline.AgentState) error {
		var since int64
		var state string
		err := rows.Scan(&a.Centre, &a.Agent, &since, &a.Version, &state, &a.Reason, &a.Source)
		a.Since, a.State = fromMillis(since), hotline.State(state)
		return err
	})
	if err != nil || len(list) > 0 {
		return list, err == nil, err
	}
	ever, err = s.any(ctx, tableAgents)
	return nil, ever, err
}

// Duty returns when agents became able to take calls, and when no longer, after from and
// not after to, in the order of the instants. The first of an agent is what they were
// then.
func (s *Store) Duty(ctx context.Context, from, to time.Time) ([]kpi.DutyChange, error) {
	sql := fmt.Sprintf(`SELECT toString(centre), agent, toUnixTimestamp64Milli(since), able
FROM (
    SELECT centre, agent, since, able,
        lagInFrame(able, 1, toUInt8(2)) OVER (PARTITION BY centre, agent ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM (
        SELECT centre, agent, since, toUInt8(argMax(toString(state), (version, content_hash)) NOT IN (%[4]s)) AS able
        FROM %[1]s
        WHERE since > fromUnixTimestamp64Milli(%[2]d, 'UTC') AND since <= fromUnixTimestamp64Milli(%[3]d, 'UTC')
        GROUP BY centre, agent, since
    )
) WHERE able != before ORDER BY since, centre, agent`, s.table(tableAgents), from.UnixMilli(), to.UnixMilli(),
		fmt.Sprintf("'%s', '%s'", hotline.SignedOut, hotline.Paused))
	return collect(ctx, s, "duty", sql, func(rows driver.Rows, d *kpi.DutyChange) error {
		var since int64
		var able uint8
		err := rows.Scan(&d.Centre, &d.Agent, &since, &able)
		d.Since, d.Able = fromMillis(since), able == 1
		return err
	})
}

// any says whether a table has rows; the server knows without reading them.
func (s *Store) any(ctx context.Context, table string) (bool, error) {
	var rows uint64
	err := s.queryRow(ctx, "any", "SELECT count() FROM "+s.table(table), &rows)
	return rows > 0, err
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// TicketVersion is a line of the registry of tickets: one version of one ticket that has
// been seen.
type TicketVersion struct {
	TicketID string
	Rank     hotline.Rank
	Buckets  []time.Time // where it lay; none of a deletion
	Deleted  bool
	Run      string // the import that brought it first; empty for live intake
}

// TicketRow is what load inserts into tickets: a version of a ticket in one of its
// buckets, or a tombstone.
type TicketRow struct {
	Ticket   *hotline.Ticket // nil for a tombstone
	Facts    hotline.TicketFacts
	TicketID string
	Rank     hotline.Rank
	Bucket   time.Time
	Run      string
	Origin   string
}

// TicketVersions returns every registered version of the tickets, as Versions does of calls.
func (s *Store) TicketVersions(ctx context.Context, ids []string) (map[string][]TicketVersion, error) {
	found := make(map[string][]TicketVersion)
	for len(ids) > 0 {
		n := min(len(ids), lookupChunk)
		sql := fmt.Sprintf(`SELECT ticket_id, version, content_hash, buckets, deleted, toString(run)
FROM %s WHERE ticket_id IN (SELECT arrayJoin(splitByChar('\n', %s)))`, s.table(tableTicketVersions), quote(strings.Join(ids[:n], "\n")))
		list, err := collect(ctx, s, "ticket_versions", sql, func(rows driver.Rows, v *TicketVersion) error {
			err := rows.Scan(&v.TicketID, &v.Rank.Version, &v.Rank.Hash, &v.Buckets, &v.Deleted, &v.Run)
			for i := range v.Buckets {
				v.Buckets[i] = v.Buckets[i].UTC()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			found[v.TicketID] = append(found[v.TicketID], v)
		}
		ids = ids[n:]
	}
	return found, nil
}

// InsertTicketVersions adds lines to the registry under the batch's token. A line that is
// there already stays as it first came.
func (s *Store) InsertTicketVersions(ctx context.Context, b Batch, versions []TicketVersion) error {
	n := len(versions)
	var (
		ids, runs    = make([]string, n), make([]string, n)
		number, hash = make([]uint64, n), make([]uint64, n)
		buckets      = make([][]time.Time, n)
		deleted      = make([]bool, n)
	)
	for i := range versions {
		v := &versions[i]
		ids[i], runs[i], number[i], hash[i] = v.TicketID, v.Run, v.Rank.Version, v.Rank.Hash
		buckets[i], deleted[i] = v.Buckets, v.Deleted
	}
	return s.insert(ctx, b.Token(tableTicketVersions), insertion{
		table: tableTicketVersions,
		columns: []columnDef{
			{"ticket_id", "String"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"buckets", "Array(DateTime('UTC'))"},
			{"deleted", "Bool"},
			{"run", "String"},
		},
		values: []any{ids, number, hash, buckets, deleted, runs},
		rows:   n,
	})
}

// InsertTickets writes the rows of a batch under its token, as InsertCalls does.
func (s *Store) InsertTickets(ctx context.Context, b Batch, list []TicketRow) error {
	n := len(list)
	texts := func() []string { return make([]string, n) }
	times := func() []int64 { return make([]int64, n) }
	var (
		bucket, opened                              = times(), times()
		respondBy, responded, response              = times(), times(), times()
		resolveBy, resolved, resolution, latest     = times(), times(), times(), times()
		ids, centres, sources, kinds, calls, agents = texts(), texts(), texts(), texts(), texts(), texts()
		runs, origins                               = texts(), texts()
		number, hash                                = make([]uint64, n), make([]uint64, n)
		deleted                                     = make([]uint8, n)
		topics                                      = make([][]string, n)
		onTheSpot, skewed                           = make([]bool, n), make([]bool, n)
	)
	for i := range list {
		row, t, f := &list[i], list[i].Ticket, &list[i].Facts
		bucket[i], ids[i], number[i], hash[i] = seconds(row.Bucket), row.TicketID, row.Rank.Version, row.Rank.Hash
		runs[i], origins[i] = row.Run, row.Origin
		if t == nil {
			deleted[i] = 1
			continue
		}
		centres[i], sources[i], kinds[i], calls[i], agents[i] = t.Centre, t.Source, string(t.Kind), t.CallID, t.Agent
		topics[i], onTheSpot[i], opened[i] = t.Topics, t.OnTheSpot, millis(t.OpenedAt)
		respondBy[i], responded[i], response[i] = millis(t.RespondBy), millis(t.RespondedAt), millis(f.Respond.Done)
		resolveBy[i], resolved[i], resolution[i] = millis(t.ResolveBy), millis(t.ResolvedAt), millis(f.Resolve.Done)
		latest[i], skewed[i] = millis(f.LastEvent), f.Skewed
	}
	const instant = "DateTime64(3, 'UTC')"
	return s.insert(ctx, b.Token(tableTickets), insertion{
		table: tableTickets,
		columns: []columnDef{
			{"bucket", "DateTime('UTC')"},
			{"ticket_id", "String"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"deleted", "UInt8"},
			{"centre", "String"},
			{"source", "String"},
			{"kind", "String"},
			{"call_id", "String"},
			{"agent", "String"},
			{"topics", "Array(String)"},
			{"on_the_spot", "Bool"},
			{"opened_at", instant},
			{"respond_by", instant},
			{"responded_at", instant},
			{"first_response", instant},
			{"resolve_by", instant},
			{"resolved_at", instant},
			{"resolution", instant},
			{"last_event", instant},
			{"skewed", "Bool"},
			{"run", "String"},
			{"origin", "String"},
		},
		values: []any{
			bucket, ids, number, hash, deleted, centres, sources, kinds, calls, agents, topics, onTheSpot,
			opened, respondBy, responded, response, resolveBy, resolved, resolution, latest, skewed, runs, origins,
		},
		rows: n,
	})
}

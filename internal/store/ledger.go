package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// InsertLedger notes what became of the records of a batch, one line per run. A batch
// without a line has no trace, so give one of zeros for a range that held nothing.
func (s *Store) InsertLedger(ctx context.Context, b Batch, lines []Ledger) error {
	n := len(lines)
	var (
		topics, runs       = make([]string, n), make([]string, n)
		epochs             = make([]uint16, n)
		partitions         = make([]uint32, n)
		first, last        = make([]int64, n), make([]int64, n)
		accepted, rejected = make([]uint64, n), make([]uint64, n)
	)
	for i, l := range lines {
		topics[i], runs[i], epochs[i], partitions[i] = b.Topic, l.Run, b.Epoch, uint32(b.Partition)
		first[i], last[i] = b.First, b.Last
		accepted[i], rejected[i] = length(l.Accepted), length(l.Rejected)
	}
	return s.insert(ctx, b.Token(tableLedger), insertion{
		table: tableLedger,
		columns: []columnDef{
			{"topic", "String"},
			{"epoch", "UInt16"},
			{"partition", "UInt32"},
			{"first_offset", "Int64"},
			{"last_offset", "Int64"},
			{"run", "String"},
			{"accepted", "UInt64"},
			{"rejected", "UInt64"},
		},
		values: []any{topics, epochs, partitions, first, last, runs, accepted, rejected},
		rows:   n,
	})
}

// LedgerSum is what the ledger knows of a partition: how many records were accepted or
// rejected, and the first and last offset (both -1 when there is none).
func (s *Store) LedgerSum(ctx context.Context, topic string, epoch uint16, partition int) (records, first, last int64, err error) {
	sql := fmt.Sprintf(`SELECT toInt64(sum(accepted) + sum(rejected)), if(count() = 0, -1, min(first_offset)), if(count() = 0, -1, max(last_offset))
FROM %s FINAL WHERE topic = %s AND epoch = %d AND partition = %d`, s.table(tableLedger), quote(topic), epoch, partition)
	err = s.queryRow(ctx, "ledger_sum", sql, &records, &first, &last)
	return records, first, last, err
}

// RunCounts returns what a run brought so far.
func (s *Store) RunCounts(ctx context.Context, run string) (RunCounts, error) {
	var c RunCounts
	sql := fmt.Sprintf("SELECT toInt64(sum(accepted)), toInt64(sum(rejected)) FROM %s FINAL WHERE run = %s", s.table(tableLedger), quote(run))
	if err := s.queryRow(ctx, "run_counts", sql, &c.Accepted, &c.Rejected); err != nil {
		return RunCounts{}, err
	}
	sql = fmt.Sprintf("SELECT toInt64(count()), minIf(bucket, bucket != 0), max(bucket) FROM %s FINAL WHERE run = %s", s.table(tableVersions), quote(run))
	if err := s.queryRow(ctx, "run_counts", sql, &c.New, &c.First, &c.Last); err != nil {
		return RunCounts{}, err
	}
	for _, table := range []string{tableSupplements, tableAgents, tableTicketVersions} {
		var more int64
		sql = fmt.Sprintf("SELECT toInt64(count()) FROM %s FINAL WHERE run = %s", s.table(table), quote(run))
		if err := s.queryRow(ctx, "run_counts", sql, &more); err != nil {
			return RunCounts{}, err
		}
		c.New += more
	}
	if c.Last.Unix() == 0 { // nothing new, or nothing but deletions of unknown calls
		c.First, c.Last = time.Time{}, time.Time{}
	}
	for table, id := range map[string]string{tableVersions: "call_id", tableTicketVersions: "ticket_id"} {
		conflicts, err := s.conflictsOf(ctx, run, table, id)
		if err != nil {
			return RunCounts{}, err
		}
		c.Conflicts += conflicts
	}
	return c, s.addTicketSpan(ctx, run, &c)
}

// addTicketSpan widens what a run covers by the tickets whose newest version it brought:
// from their opening to the last that was done about them.
func (s *Store) addTicketSpan(ctx context.Context, run string, c *RunCounts) error {
	var first, last int64
	sql := fmt.Sprintf("SELECT toUnixTimestamp64Milli(min(opened_at)), toUnixTimestamp64Milli(max(last_event)) FROM %s FINAL WHERE run = %s",
		s.table(tableTickets), quote(run))
	if err := s.queryRow(ctx, "run_counts", sql, &first, &last); err != nil || last == 0 {
		return err
	}
	if t := fromMillis(first); c.First.IsZero() || t.Before(c.First) {
		c.First = t
	}
	if t := fromMillis(last); t.After(c.Last) {
		c.Last = t
	}
	return nil
}

// conflictsOf counts the conflicts that a run brought into a registry. A content conflicts
// when another content of the same version came earlier (in the same batch: is the smaller
// one). Only records of this run can have any.
func (s *Store) conflictsOf(ctx context.Context, run, table, id string) (conflicts int64, err error) {
	sql := fmt.Sprintf(`SELECT toInt64(ifNull(sum(conflicts), 0)) FROM (
    SELECT countIf(line.3 = %[2]s) - (argMin(line.3, (bitNot(line.1), line.2)) = %[2]s) AS conflicts
    FROM (
        SELECT %[3]s, version, (earliness, content_hash, toString(run)) AS line
        FROM %[1]s FINAL
        WHERE %[3]s IN (SELECT %[3]s FROM %[1]s WHERE run = %[2]s)
    )
    GROUP BY %[3]s, version
    HAVING count() > 1 AND countIf(line.3 = %[2]s) > 0
)`, s.table(table), quote(run), id)
	if s.cfg.Cluster != "" { // both sides lie on the same shard
		sql += " SETTINGS distributed_product_mode = 'local'"
	}
	err = s.queryRow(ctx, "run_counts", sql, &conflicts)
	return conflicts, err
}

// StoredOf counts the accepted records of a run whose version, or a newer one of the
// same call or ticket, is stored. It takes the ledger's word for the number and checks it: of
// every version the run brought first, each of its buckets must hold a row at least as new.
func (s *Store) StoredOf(ctx context.Context, run string) (int64, error) {
	var accepted int64
	sql := fmt.Sprintf("SELECT toInt64(sum(accepted)) FROM %s FINAL WHERE run = %s", s.table(tableLedger), quote(run))
	if err := s.queryRow(ctx, "stored_of", sql, &accepted); err != nil {
		return 0, err
	}
	months, err := s.runMonths(ctx, run)
	if err != nil {
		return 0, err
	}
	for _, m := range months { // one by one, to bound what the join holds
		missing, err := s.missing(ctx, run, m)
		if err != nil {
			return 0, err
		}
		accepted -= missing
	}
	missing, err := s.missingTickets(ctx, run)
	return accepted - missing, err
}

func (s *Store) missingTickets(ctx context.Context, run string) (missing int64, err error) {
	sql := fmt.Sprintf(`SELECT toInt64(uniqExactIf((ticket_id, brought.rank), brought.rank > stored.newest)) FROM (
    SELECT DISTINCT arrayJoin(buckets) AS bucket, ticket_id, bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)) AS rank
    FROM %[1]s WHERE run = %[3]s AND NOT deleted
) AS brought
LEFT JOIN (
    SELECT bucket, ticket_id, max(rank) AS newest FROM %[2]s
    WHERE ticket_id IN (SELECT ticket_id FROM %[1]s WHERE run = %[3]s) GROUP BY bucket, ticket_id
) AS stored USING (bucket, ticket_id)`, s.table(tableTicketVersions), s.table(tableTickets), quote(run))
	err = s.queryRow(ctx, "stored_of", sql, &missing)
	return missing, err
}

func (s *Store) runMonths(ctx context.Context, run string) ([]uint32, error) {
	sql := fmt.Sprintf("SELECT DISTINCT toYYYYMM(bucket) AS month FROM %s WHERE run = %s AND bucket != 0 ORDER BY month", s.table(tableVersions), quote(run))
	return collect(ctx, s, "stored_of", sql, func(rows driver.Rows, m *uint32) error { return rows.Scan(m) })
}

func (s *Store) missing(ctx context.Context, run string, month uint32) (missing int64, err error) {
	sql := fmt.Sprintf(`SELECT toInt64(countIf(brought.rank > stored.newest)) FROM (
    SELECT DISTINCT bucket, call_id, bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)) AS rank
    FROM %[1]s WHERE run = %[3]s AND NOT deleted AND toYYYYMM(bucket) = %[4]d
) AS brought
LEFT JOIN (
    SELECT bucket, call_id, max(rank) AS newest FROM %[2]s WHERE toYYYYMM(bucket) = %[4]d GROUP BY bucket, call_id
) AS stored USING (bucket, call_id)`, s.table(tableVersions), s.table(tableCalls), quote(run), month)
	err = s.queryRow(ctx, "stored_of", sql, &missing)
	return missing, err
}

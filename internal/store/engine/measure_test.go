package engine_test

import (
	"bytes"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"hotline12333/internal/store/engine"
)

const callTable = `CREATE TABLE d.calls (
	bucket DateTime('UTC'), call_id String, rank UInt128, started_at DateTime64(3, 'UTC'), queue LowCardinality(String),
	agent LowCardinality(String), outcome Enum8('answered' = 1, 'abandoned_queue' = 2), wait_seconds UInt32,
	talk_seconds UInt32, topics Array(LowCardinality(String)), region LowCardinality(String), deleted UInt8
) ENGINE = ReplacingMergeTree(rank) PARTITION BY toYYYYMM(bucket) ORDER BY (bucket, call_id)
SETTINGS non_replicated_deduplication_window = 10000`

type callColumns struct {
	bucket, started  []time.Time
	id, queue, agent []string
	rank             []*big.Int
	outcome, region  []string
	wait, talk       []uint32
	topics           [][]string
	deleted          []uint8
	serial           int
}

func (c *callColumns) fill(rows int) {
	*c = callColumns{serial: c.serial}
	base := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for range rows {
		i := c.serial
		c.serial++
		at := base.Add(time.Duration(i) * 700 * time.Millisecond)
		c.bucket = append(c.bucket, at.Truncate(15*time.Minute))
		c.started = append(c.started, at)
		c.id = append(c.id, fmt.Sprintf("call-%012d", i))
		c.rank = append(c.rank, new(big.Int).Lsh(big.NewInt(1), 64))
		c.queue = append(c.queue, [...]string{"pension", "medical", "unemployment", "injury"}[i%4])
		c.agent = append(c.agent, fmt.Sprintf("agent-%d", i%200))
		c.outcome = append(c.outcome, [...]string{"answered", "abandoned_queue"}[i%2])
		c.region = append(c.region, "310000")
		c.wait = append(c.wait, uint32(i%90))
		c.talk = append(c.talk, uint32(i%600))
		c.topics = append(c.topics, []string{"tax", "card"}[:i%3%2+1])
		c.deleted = append(c.deleted, 0)
	}
}

func (c *callColumns) columns() []any {
	return []any{c.bucket, c.id, c.rank, c.started, c.queue, c.agent, c.outcome, c.wait, c.talk, c.topics, c.region, c.deleted}
}

func benchEngine(b *testing.B, compression clickhouse.CompressionMethod) (*engine.Engine, clickhouse.Conn) {
	e := startEngine(b, testConfig(b), engine.Deps{})
	conn := connect(b, e.Addr(), withCompression(compression))
	execute(b, conn, "CREATE DATABASE d", callTable)
	return e, conn
}

const benchRows = 50000

// meter measures processor time of both processes, which says more than the
// clock on a busy machine.
type meter struct {
	pid            int
	engine, client time.Duration
}

func startMeter(e *engine.Engine) *meter {
	return &meter{pid: e.PID(), engine: processorTime(e.PID()), client: ownTime()}
}

func (m *meter) report(b *testing.B, rows int) {
	total := float64(rows * b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64((processorTime(m.pid)-m.engine).Nanoseconds())/total, "engine-ns/row")
	b.ReportMetric(float64((ownTime()-m.client).Nanoseconds())/total, "client-ns/row")
}

// without leaves the test's own preparations out.
func (m *meter) without(prepare func()) {
	before := ownTime()
	prepare()
	m.client += ownTime() - before
}

func ownTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// processorTime is what a process has used so far, to a hundredth of a second.
func processorTime(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func BenchmarkInsertRows(b *testing.B) {
	for _, name := range []string{"none", "lz4"} {
		b.Run(name, func(b *testing.B) {
			e, conn := benchEngine(b, compressions()[name])
			var c callColumns
			m := startMeter(e)
			for b.Loop() {
				b.StopTimer()
				m.without(func() { c.fill(benchRows) })
				b.StartTimer()
				batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO d.calls")
				if err != nil {
					b.Fatal(err)
				}
				for i := range benchRows {
					if err := batch.Append(c.bucket[i], c.id[i], c.rank[i], c.started[i], c.queue[i], c.agent[i], c.outcome[i], c.wait[i], c.talk[i], c.topics[i], c.region[i], c.deleted[i]); err != nil {
						b.Fatal(err)
					}
				}
				if err := batch.Send(); err != nil {
					b.Fatal(err)
				}
			}
			m.report(b, benchRows)
		})
	}
}

func BenchmarkInsertColumns(b *testing.B) {
	for _, name := range []string{"none", "lz4"} {
		b.Run(name, func(b *testing.B) {
			e, conn := benchEngine(b, compressions()[name])
			var c callColumns
			m := startMeter(e)
			for b.Loop() {
				b.StopTimer()
				m.without(func() { c.fill(benchRows) })
				b.StartTimer()
				batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO d.calls")
				if err != nil {
					b.Fatal(err)
				}
				for i, column := range c.columns() {
					if err := batch.Column(i).Append(column); err != nil {
						b.Fatal(i, err)
					}
				}
				if err := batch.Send(); err != nil {
					b.Fatal(err)
				}
			}
			m.report(b, benchRows)
		})
	}
}

func BenchmarkInsertJSON(b *testing.B) {
	e, _ := benchEngine(b, clickhouse.CompressionNone)
	var c callColumns
	m := startMeter(e)
	for b.Loop() {
		b.StopTimer()
		var body bytes.Buffer
		m.without(func() {
			c.fill(benchRows)
			for i := range benchRows {
				fmt.Fprintf(&body, `{"bucket":%d,"call_id":%q,"rank":"%s","started_at":"%s","queue":%q,"agent":%q,"outcome":%q,"wait_seconds":%d,"talk_seconds":%d,"topics":["tax"],"region":"310000","deleted":0}`+"\n",
					c.bucket[i].Unix(), c.id[i], c.rank[i], c.started[i].Format("2006-01-02 15:04:05.000"), c.queue[i], c.agent[i], c.outcome[i], c.wait[i], c.talk[i])
			}
		})
		b.StartTimer()
		res, err := http.Post("http://"+e.Addr()+"/?query=INSERT+INTO+d.calls+FORMAT+JSONEachRow", "", &body)
		if err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 {
			b.Fatal(res.Status)
		}
	}
	m.report(b, benchRows)
}

func BenchmarkSelectOne(b *testing.B) {
	_, conn := benchEngine(b, clickhouse.CompressionNone)
	for b.Loop() {
		scalar[uint8](b, conn, "SELECT 1")
	}
}

func BenchmarkReadRows(b *testing.B) {
	for _, name := range []string{"none", "lz4"} {
		b.Run(name, func(b *testing.B) {
			e, conn := benchEngine(b, compressions()[name])
			execute(b, conn, "CREATE TABLE d.n (n UInt64, s String) ENGINE = MergeTree ORDER BY n", fmt.Sprintf("INSERT INTO d.n SELECT number, toString(number) FROM numbers(%d)", 10*benchRows))
			m := startMeter(e)
			for b.Loop() {
				rows, err := conn.Query(b.Context(), "SELECT n, s FROM d.n")
				if err != nil {
					b.Fatal(err)
				}
				var n uint64
				var s string
				for rows.Next() {
					if err := rows.Scan(&n, &s); err != nil {
						b.Fatal(err)
					}
				}
				if err := rows.Err(); err != nil {
					b.Fatal(err)
				}
			}
			m.report(b, 10*benchRows)
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e := startEngine(b, testConfig(b), engine.Deps{})
		if err := e.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

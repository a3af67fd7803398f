package app

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/config"
	"hotline12333/internal/report"
	"hotline12333/internal/testkit"
)

// BenchmarkReport writes the workbook of a year of so many calls. Its agents grow with the
// calls, since that is what a report's reading grows with. Ten million are tried with
// HOTLINE_SOAK=1: making them takes minutes.
func BenchmarkReport(b *testing.B) {
	for _, size := range []struct{ calls, agents int }{{100_000, 7}, {1_000_000, 70}, {10_000_000, 700}} {
		b.Run(fmt.Sprintf("calls=%d", size.calls), func(b *testing.B) {
			if size.calls > 1_000_000 && os.Getenv("HOTLINE_SOAK") == "" {
				b.Skip("HOTLINE_SOAK=1 tries it")
			}
			cfg := benchYear(b, size.calls, size.agents)
			zone, err := time.LoadLocation("Asia/Shanghai")
			if err != nil {
				b.Fatal(err)
			}
			q := ReportQuery{Period: "2026", Zone: zone, Now: time.Date(2027, 1, 2, 0, 0, 0, 0, zone), Program: "bench"}
			var gather, render time.Duration
			written := 0
			used := testkit.CPU(b)
			for b.Loop() {
				begin := time.Now()
				r, err := Report(b.Context(), cfg, testkit.Log(b), q)
				if err != nil {
					b.Fatal(err)
				}
				gathered := time.Now()
				var out bytes.Buffer
				if err := report.Render(&out, r, report.Options{Format: report.XLSX, Lang: report.Chinese}); err != nil {
					b.Fatal(err)
				}
				gather, render, written = gather+gathered.Sub(begin), render+time.Since(gathered), out.Len()
				if r.Total.Counts.Answered == 0 || len(r.Agents) != size.agents {
					b.Fatalf("%d answered by %d agents", r.Total.Counts.Answered, len(r.Agents))
				}
			}
			b.ReportMetric((testkit.CPU(b)-used).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(gather.Seconds()/float64(b.N), "s/gather")
			b.ReportMetric(render.Seconds()/float64(b.N), "s/render")
			b.ReportMetric(float64(written)/1024, "KB")
		})
	}
}

// benchYear makes the calls of a year, and what tallying them would have made: quarter
// hours of 8 hours on 5 days a week, 10 queues, 10 topics.
func benchYear(b *testing.B, calls, agents int) config.Root {
	cfg := config.DefaultRoot()
	cfg.Store = testkit.StoreConfig(b)
	cfg.Broker.Addresses = []string{testkit.EmbeddedBroker(b, embedded.Config{}).Addr()}
	s := testkit.OpenStore(b, cfg.Store)
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	sys, err := connect(b.Context(), cfg, testkit.Log(b), newRegistry())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := sys.close(); err != nil {
			b.Error(err)
		}
	})
	if err := sys.broker.EnsureTopics(b.Context(), topicSpecs(cfg.Topics)); err != nil {
		b.Fatal(err)
	}
	// Working quarter hours: 261 days of 32. January 1, 2026 is a Thursday.
	const buckets = 261 * 32
	bucket := func(n string) string {
		return "toDateTime('2026-01-01 01:00:00', 'UTC') + toIntervalDay(intDiv(" + n + ", 32) + 2 * intDiv(intDiv(" + n + ", 32) + 3, 5)) + toIntervalSecond(900 * (" + n + " % 32))"
	}
	each := func(names int) string { return fmt.Sprint(max(1, calls/(buckets*names))) }
	exec := func(sql string) {
		if err := testkit.Exec(b.Context(), cfg.Store, sql); err != nil {
			b.Fatal(err)
		}
	}
	exec(fmt.Sprintf(`INSERT INTO %[1]s.calls (bucket, call_id, version, content_hash, centre, source, direction, outcome, queue, queued, started_at, queued_at, wait_ms, caller_masked)
SELECT %[2]s AS at, toString(number), 1, number, 'default', 'bench', 'inbound', if(number %% 6 = 0, 'abandoned_queue', 'answered'), toString(number %% 10), true, at, at, 20000, '138****5678'
FROM numbers(%[3]d)`, cfg.Store.Database, bucket("(number % "+fmt.Sprint(buckets)+")"), calls))
	for _, d := range []struct {
		dimension string
		names     int
	}{{"", 1}, {"queue", 10}, {"topic", 10}, {"agent", agents}} {
		exec(fmt.Sprintf(`INSERT INTO %[1]s.tallies (dimension, bucket, centre, source, name, version, calls, answered, abandoned_queue, wait_answered, wait_abandoned, wait_ms, wait_ms_max, talk_ms, legs, data_to)
SELECT '%[2]s', %[3]s AS at, if('%[2]s' = '', '', 'default'), if('%[2]s' = '', '', 'bench'), if('%[2]s' = '', '', toString(number %% %[4]d)), 1,
    %[5]s, %[5]s - intDiv(%[5]s, 6), intDiv(%[5]s, 6),
    map(toUInt16(number %% 7), %[5]s - intDiv(%[5]s, 6)), map(toUInt16(number %% 11), intDiv(%[5]s, 6)), 20000 * %[5]s, 60000, 180000 * %[5]s, %[5]s,
    if('%[2]s' = '', toDateTime64(0, 3, 'UTC'), toDateTime64(at, 3, 'UTC') + 600)
FROM numbers(%[6]d)`, cfg.Store.Database, d.dimension, bucket("intDiv(number, "+fmt.Sprint(d.names)+")"), d.names, each(d.names), buckets*d.names))
	}
	return cfg
}

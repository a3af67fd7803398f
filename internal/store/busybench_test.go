package store_test

import (
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// BenchmarkRecomputeBusy counts one quarter hour of very many calls anew, as a live feed leaves
// them: in a few parts, where ids are in no order, and each version of a call is kept. What the
// engine works is held against reading the newest versions of the same columns, in the same run:
// below that no counting gets.
func BenchmarkRecomputeBusy(b *testing.B) {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for i, size := range []struct{ calls, versions int }{{100, 1}, {100_000, 1}, {100_000, 3}, {400_000, 1}} {
		b.Run(fmt.Sprintf("calls=%d,versions=%d", size.calls, size.versions), func(b *testing.B) {
			cfg := testkit.StoreConfig(b)
			s := testkit.OpenStore(b, cfg)
			if err := s.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			bucket := at.Add(time.Duration(i) * hotline.BucketLength)
			for version := range size.versions {
				for from, left := 0, size.calls; left > 0; {
					n := max(left*2/3, min(left, 1000))
					busyCalls(b, cfg, bucket, from, n, version+1)
					from, left = from+n, left-n
				}
			}
			version := uint64(1)
			var count, read time.Duration
			for b.Loop() {
				used := testkit.CPU(b)
				version++
				if err := s.Recompute(b.Context(), []time.Time{bucket}, version); err != nil {
					b.Fatal(err)
				}
				counted := testkit.CPU(b)
				if err := testkit.Exec(b.Context(), cfg, fmt.Sprintf(`SELECT bucket, centre, source, queue, topics, leg_agents, excluded, outcome, direction, queued, skewed, caller_hash,
    wait_ms, talk_ms, hold_ms, wrapup_ms, transfers, leg_talk_ms, leg_hold_ms, rating_invited, rating_given, rating_value, rating_scale, last_event
FROM %s.calls FINAL WHERE bucket IN (%d) FORMAT Null`, cfg.Database, bucket.Unix())); err != nil {
					b.Fatal(err)
				}
				count, read = count+counted-used, read+testkit.CPU(b)-counted
			}
			b.ReportMetric(count.Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(count)/float64(max(read, 10*time.Millisecond)), "cpu/reading")
		})
	}
}

// busyCalls stores a version of so many calls of a quarter hour in one part: of 5 queues, 7
// agents and a topic.
func busyCalls(b *testing.B, cfg store.Config, bucket time.Time, from, n, version int) {
	b.Helper()
	if err := testkit.Exec(b.Context(), cfg, fmt.Sprintf(`INSERT INTO %[1]s.calls (bucket, call_id, version, content_hash, centre, source, direction, outcome, queue, agent, topics,
    started_at, queued_at, answered_at, ended_at, decided_at, last_event, queued, wait_ms, talk_ms, leg_agents, leg_queues, leg_talk_ms, leg_hold_ms,
    rating_invited, rating_given, rating_value, rating_scale, caller_hash, caller_masked, origin)
SELECT toDateTime(%[2]d, 'UTC'), hex(cityHash64(number)), %[5]d, number, 'default', 'bench', 'inbound', if(number %% 6 = 0, 'abandoned_queue', 'answered') AS is,
    concat('queue ', toString(number %% 5)) AS waited, if(is = 'answered', toString(number %% 7), '') AS who, ['lost card'],
    toDateTime64(%[2]d, 3, 'UTC') + number %% 900 AS at, at + 8, at + 10, at + 100, at + 10, at + 100, true, 2000 + number %% 40000, if(is = 'answered', 90000, 0) AS talk,
    if(is = 'answered', [who], []), if(is = 'answered', [waited], []), if(is = 'answered', [toUInt64(talk)], []), if(is = 'answered', [toUInt64(0)], []),
    true, number %% 3 = 0, 1 + number %% 5, 'csat', hex(SHA256(toString(number))), '138****5678', 'calls.csv'
FROM numbers(%[3]d, %[4]d)`, cfg.Database, bucket.Unix(), from, n, version)); err != nil {
		b.Fatal(err)
	}
}

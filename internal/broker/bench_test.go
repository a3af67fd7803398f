package broker

import (
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/testkit"
)

// benchRecords are JSON records of about 230 bytes.
func benchRecords(n int) []Record {
	recs := make([]Record, n)
	for i := range recs {
		recs[i] = Record{
			Key: fmt.Appendf(nil, "call-%012d", i),
			Value: fmt.Appendf(nil, `{"call_id":"call-%012d","version":1,"started_at":"2026-02-%02dT%02d:%02d:%02d+08:00","direction":"inbound","outcome":"answered","queue":"q%d","agent":"a%03d","wait_seconds":%d,"talk_seconds":%d,"source":"bench"}`,
				i, i%28+1, i%24, i%60, i*7%60, i%9, i%300, i%97, i%600),
		}
	}
	return recs
}

func benchClient(b *testing.B, codec string, sync bool) (*Client, string) {
	b.Helper()
	br := testkit.EmbeddedBroker(b, embedded.Config{SyncWrites: sync})
	cfg := DefaultConfig()
	cfg.Addresses = []string{br.Addr()}
	cfg.Compression = codec
	c, err := New(cfg, Deps{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	if err := c.EnsureTopics(b.Context(), []TopicSpec{{Name: "bench", Partitions: 1}}); err != nil {
		b.Fatal(err)
	}
	return c, "bench"
}

// BenchmarkProduce counts records; one operation is a call with 10,000.
func BenchmarkProduce(b *testing.B) {
	recs := benchRecords(10_000)
	for _, codec := range []string{"none", "lz4", "zstd"} {
		for _, sync := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/sync=%v", codec, sync), func(b *testing.B) {
				c, topic := benchClient(b, codec, sync)
				for b.Loop() {
					if err := c.Produce(b.Context(), topic, recs); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*len(recs))/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

// BenchmarkProduceOne is the latency of a call with a single record, alone.
func BenchmarkProduceOne(b *testing.B) {
	c, topic := benchClient(b, "lz4", true)
	recs := benchRecords(1)
	for b.Loop() {
		if err := c.Produce(b.Context(), topic, recs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetch reads what was produced again and again.
func BenchmarkFetch(b *testing.B) {
	for _, codec := range []string{"none", "lz4", "zstd"} {
		b.Run(codec, func(b *testing.B) {
			c, topic := benchClient(b, codec, false)
			const total = 200_000
			if err := c.Produce(b.Context(), topic, benchRecords(total)); err != nil {
				b.Fatal(err)
			}
			r, _, err := c.openReader(b.Context(), topic, 0)
			if err != nil {
				b.Fatal(err)
			}
			read := 0
			for b.Loop() {
				for r.next = 0; r.next < total; {
					recs, err := r.fetch(b.Context(), FetchConfig{MaxWait: time.Second})
					if err != nil {
						b.Fatal(err)
					}
					read += len(recs)
				}
			}
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

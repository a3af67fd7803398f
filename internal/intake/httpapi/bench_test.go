package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/wire"
)

// BenchmarkPost measures requests of 1, 100 and 1,000 records from 8 senders, each until
// its acknowledgement, and beside it the broker alone: the same records produced as they
// are, in the same batches.
func BenchmarkPost(b *testing.B) {
	const senders = 8
	w := newWorld(b, options{})
	for _, n := range []int{1, 100, 1000} {
		var body strings.Builder
		var recs []broker.Record
		dec := wire.NewDecoder()
		for i := range n {
			line := fmt.Sprintf(`{"call_id":"b-%d","version":1,"started_at":"2026-03-02T09:30:00+08:00","queued_at":"2026-03-02T09:30:12+08:00",`+
				`"answered_at":"2026-03-02T09:30:21+08:00","ended_at":"2026-03-02T09:34:02+08:00","outcome":"answered","queue":"社保卡","agent":"8001","caller":"138%08d"}`, i, i)
			body.WriteString(line + "\n")
			c, _, err := dec.PostedCall([]byte(line))
			if err != nil {
				b.Fatal(err)
			}
			c.CallerHash, c.CallerMasked, c.Source = w.kit.Pseudonym("13800000000"), "138****0000", "http"
			if err := c.Validate(); err != nil {
				b.Fatal(err)
			}
			recs = append(recs, broker.Record{
				Key: []byte(c.ID), Value: wire.AppendCall(nil, c), Headers: []broker.Header{{Key: "origin", Value: []byte("http:all")}},
			})
		}
		text := body.String()
		b.Run(fmt.Sprintf("http/%d", n), func(b *testing.B) {
			load(b, senders, n, func(ctx context.Context) error {
				a, err := w.try(ctx, posting{route: "/v1/calls", media: "application/x-ndjson", body: text})
				if err == nil && a.code != http.StatusAccepted {
					err = fmt.Errorf("%d %s", a.code, a.body)
				}
				return err
			})
		})
		b.Run(fmt.Sprintf("produce/%d", n), func(b *testing.B) {
			load(b, senders, n, func(ctx context.Context) error {
				return w.client.Produce(ctx, httpapi.DefaultTopics().Calls, recs)
			})
		})
	}
}

// load runs b.N requests from several senders and reports records a second and latency.
func load(b *testing.B, senders, records int, do func(context.Context) error) {
	b.Helper()
	b.ReportAllocs()
	todo := make(chan struct{}, b.N)
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	var mu sync.Mutex
	took := make([]time.Duration, 0, b.N)
	var all sync.WaitGroup
	b.ResetTimer()
	for range senders {
		all.Go(func() {
			for range todo {
				began := time.Now()
				if err := do(b.Context()); err != nil {
					b.Error(err)
					return
				}
				d := time.Since(began)
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

package load

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// typical is a finished call as a source with a queue and agents sends it, about 400
// bytes, one every five seconds.
func typical(i int) record {
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 5 * time.Second)
	return finished(&hotline.Call{
		ID: fmt.Sprintf("%016x-%08d", uint64(i)*0x9E3779B97F4A7C15, i), Version: 1, Centre: "xianyang",
		StartedAt: at, QueuedAt: at.Add(20 * time.Second), AnsweredAt: at.Add(45 * time.Second), EndedAt: at.Add(230 * time.Second),
		Outcome: hotline.Answered, Queue: []string{"pension", "card", "work", "medical"}[i%4], Agent: fmt.Sprintf("agent%02d", i%40),
		Topics: []string{"pension.transfer"}, IVR: hotline.Seconds(20), Wrapup: hotline.Seconds(15),
		CallerHash: fmt.Sprintf("%032x", i*7919), CallerMasked: "138****5678", Region: "610400", Source: "pbx",
	})
}

func typicals(from, to int) []broker.Record {
	recs := make([]broker.Record, to-from)
	for i := range recs {
		recs[i] = sent(typical(from + i))
	}
	return recs
}

func BenchmarkDecode(b *testing.B) {
	rec := sent(typical(1))
	d := wire.NewDecoder()
	b.SetBytes(int64(len(rec.Value)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Call(rec.Value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRank(b *testing.B) {
	r := typical(1)
	b.ReportAllocs()
	for b.Loop() {
		wire.Rank(r.call)
	}
}

func BenchmarkPlan(b *testing.B) {
	records := make([]record, 50_000)
	for i := range records {
		records[i] = typical(i)
	}
	known := registry(records...)
	for name, k := range map[string]map[string][]store.Version{"new": nil, "again": known} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				makePlan(records, nil, k)
			}
			b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkBackfill loads a backlog through the embedded broker and engine, and measures
// a plain insert of the same rows in the same run, for the machine's speed.
func BenchmarkBackfill(b *testing.B) {
	const n = 500_000
	b.Run("plain", func(b *testing.B) {
		s := newStack(b, 1)
		rows := make([]store.Row, 50_000)
		for i := range rows {
			r := typical(i)
			rows[i] = store.Row{Call: r.call, Facts: r.facts, CallID: r.call.ID, Rank: r.rank, Bucket: r.bucket()}
		}
		done := 0
		for b.Loop() {
			if err := s.store.InsertCalls(b.Context(), store.Batch{Topic: "plain", First: int64(done)}, rows); err != nil {
				b.Fatal(err)
			}
			done++
		}
		b.ReportMetric(float64(done*len(rows))/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("load", func(b *testing.B) {
		runs, size := 0, 0
		for b.Loop() {
			b.StopTimer()
			s := newStack(b, 1)
			for from := 0; from < n; from += 20_000 {
				recs := typicals(from, min(from+20_000, n))
				for i := range recs {
					size += len(recs[i].Value)
				}
				s.produce(recs...)
			}
			b.StartTimer()
			stop := s.start(context.Background(), s.deps())
			s.loaded()
			stop()
			runs++
			report(b, s)
		}
		b.ReportMetric(float64(runs*n)/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(float64(size)/float64(runs*n), "bytes/record")
	})
}

// report logs where the time of the batches went.
func report(b *testing.B, s *stack) {
	b.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h.GetSampleCount() > 0 {
				b.Logf("%s %v: %d, mean %.4f", f.GetName(), m.GetLabel(), h.GetSampleCount(), h.GetSampleSum()/float64(h.GetSampleCount()))
			}
		}
	}
}

package store_test

import (
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

const benchRows = 20_000

// benchCalls are a batch as a busy centre's backfill has it, in order of arrival.
func benchCalls(from time.Time, step time.Duration, first int) []store.Row {
	rows := make([]store.Row, benchRows)
	for i := range rows {
		at := from.Add(time.Duration(i) * step)
		c := &hotline.Call{
			ID: fmt.Sprintf("c0ffee%010d-%d", first+i, i%7), Version: 1, Centre: hotline.DefaultCentre, Source: "pbx",
			StartedAt: at, QueuedAt: at.Add(8 * time.Second), AnsweredAt: at.Add(time.Duration(9+i%40) * time.Second),
			EndedAt: at.Add(time.Duration(100+i%300) * time.Second), Direction: hotline.Inbound, Outcome: hotline.Answered,
			Queue: []string{"pension", "cards", "medical"}[i%3], Agent: fmt.Sprint("10", i%40), Topics: []string{"lost card"},
			CallerHash: fmt.Sprintf("%064x", i*7919), CallerMasked: "138****5678", Region: "610400",
			Rating: hotline.Rating{Invited: true, Given: i%3 == 0, Value: uint8(i%5 + 1), Scale: "csat"},
		}
		if i%6 == 0 {
			c.Outcome, c.AnsweredAt = hotline.AbandonedQueue, time.Time{}
		}
		f := c.Facts()
		rows[i] = store.Row{
			Call: c, Facts: f, CallID: c.ID, Bucket: f.Bucket, Run: "01JQZ", Origin: "calls.csv:" + fmt.Sprint(first+i),
			Rank: hotline.Rank{Version: 1, Hash: uint64(first+i) * 0x9E3779B97F4A7C15},
		}
	}
	return rows
}

func BenchmarkInsertCalls(b *testing.B) {
	s := testkit.Store(b)
	rows := benchCalls(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 5*time.Second, 0)
	n := int64(0)
	for b.Loop() {
		if err := s.InsertCalls(b.Context(), store.Batch{Topic: "t", First: n, Last: n + benchRows - 1}, rows); err != nil {
			b.Fatal(err)
		}
		n += benchRows
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRegistry(b *testing.B) {
	s := testkit.Store(b)
	n := 0
	var lookup, insert time.Duration
	for b.Loop() {
		rows := benchCalls(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Second, n)
		ids, versions := make([]string, len(rows)), make([]store.Version, len(rows))
		for i, r := range rows {
			ids[i] = r.CallID
			versions[i] = store.Version{CallID: r.CallID, Rank: r.Rank, Bucket: r.Bucket, Run: r.Run}
		}
		start := time.Now()
		if _, err := s.Versions(b.Context(), ids); err != nil {
			b.Fatal(err)
		}
		looked := time.Now()
		if err := s.InsertVersions(b.Context(), store.Batch{Topic: "t", First: int64(n), Last: int64(n) + benchRows - 1}, versions); err != nil {
			b.Fatal(err)
		}
		lookup += looked.Sub(start)
		insert += time.Since(looked)
		n += benchRows
	}
	b.ReportMetric(float64(n)/lookup.Seconds(), "lookups/s")
	b.ReportMetric(float64(n)/insert.Seconds(), "rows/s")
}

// benchYear stores half a million calls of a year, and says when it begins.
func benchYear(b *testing.B, s *store.Store) (from time.Time) {
	from = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const batches = 25
	n := int64(0)
	for i := range batches {
		rows := benchCalls(from.Add(time.Duration(i)*benchRows*63*time.Second), 63*time.Second, int(n))
		if err := s.InsertCalls(b.Context(), store.Batch{Topic: "t", First: n, Last: n + benchRows - 1}, rows); err != nil {
			b.Fatal(err)
		}
		n += benchRows
	}
	return from
}

// BenchmarkSeenKinds counts the calls behind a figure of a year, and draws some of them. It
// says how many times as long it takes to be told each call, in the same run: that is what
// not to do for a page.
func BenchmarkSeenKinds(b *testing.B) {
	s := testkit.Store(b)
	from := benchYear(b, s)
	q := store.KindQuery{
		SeenQuery: store.SeenQuery{From: from, To: from.AddDate(1, 0, 0)}, Looks: kpi.Looks{Waits: []int{20}},
		Piece: 12 * 24 * time.Hour, Draw: store.Draw{Seed: 1, UpTo: 1 << 53},
	}
	var apart, together time.Duration
	for b.Loop() {
		start, calls, counted := time.Now(), int64(0), int64(0)
		err := s.SeenCalls(b.Context(), q.SeenQuery, func() {}, func(*store.SeenCall) error {
			calls++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		told := time.Now()
		kinds, err := s.SeenKinds(b.Context(), q)
		if err != nil {
			b.Fatal(err)
		}
		apart, together = apart+told.Sub(start), together+time.Since(told)
		for i := range kinds {
			counted += kinds[i].Calls
		}
		if calls != counted || calls == 0 {
			b.Fatalf("%d calls one by one, %d by kind", calls, counted)
		}
	}
	b.ReportMetric(float64(apart)/float64(together), "one-by-one/kinds")
	b.ReportMetric(together.Seconds()/float64(b.N), "s/kinds")
}

// BenchmarkYear reads what a year's page needs: every quarter hour, summed over queues.
func BenchmarkYear(b *testing.B) {
	s := testkit.Store(b)
	from := benchYear(b, s)
	var buckets []time.Time
	for t := from; t.Year() == 2026; t = t.Add(hotline.BucketLength) {
		buckets = append(buckets, t)
	}
	start := time.Now()
	if err := s.Recompute(b.Context(), buckets, 1); err != nil {
		b.Fatal(err)
	}
	recomputed := time.Since(start)
	for _, names := range []bool{false, true} {
		b.Run(fmt.Sprintf("names=%v", names), func(b *testing.B) {
			var list []store.Tally
			var err error
			for b.Loop() {
				q := store.TallyQuery{From: from, To: from.AddDate(1, 0, 0), Dimension: kpi.ByQueue, Names: names}
				if list, err = s.Tallies(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(list)), "tallies")
			b.ReportMetric(recomputed.Seconds(), "s/recompute")
		})
	}
}

// BenchmarkRecompute counts one quarter hour anew, as every batch of a live feed makes
// the aggregator do: its cost decides how soon a call shows.
func BenchmarkRecompute(b *testing.B) {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for _, callers := range []bool{false, true} {
		s := testkit.Store(b)
		all := benchCalls(at, time.Millisecond, 0)
		for i, n := 0, 0; i < 40; i++ { // in many parts, as a live feed leaves them
			rows := all[n : n+250]
			n += 250
			batch := store.Batch{Topic: "t", First: int64(n), Last: int64(n) + 249}
			if err := s.InsertCalls(b.Context(), batch, rows); err != nil {
				b.Fatal(err)
			}
			if !callers {
				continue
			}
			places := make([]store.CallerRow, len(rows))
			for j := range rows {
				places[j] = store.CallerRow{
					CallerPlace: store.CallerPlace{Caller: hotline.DefaultCentre + "/" + rows[j].Call.CallerHash, Bucket: rows[j].Bucket},
					Call:        rows[j].Call, CallID: rows[j].CallID, Rank: rows[j].Rank,
				}
			}
			if err := s.InsertCallers(b.Context(), batch, places); err != nil {
				b.Fatal(err)
			}
		}
		for name, bucket := range map[string]time.Time{"10000 calls": hotline.BucketOf(at), "no call": hotline.BucketOf(at).Add(time.Hour)} {
			b.Run(fmt.Sprintf("callers=%v/%s", callers, name), func(b *testing.B) {
				version := uint64(1)
				for b.Loop() {
					version++
					if err := s.Recompute(b.Context(), []time.Time{bucket}, version); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package aggregate

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

func TestMarksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bucket := hotline.BucketOf(time.Unix(rapid.Int64Range(hotline.Earliest.Unix(), hotline.Latest.Unix()-1).Draw(t, "at"), 0))
		got, err := ParseMark(MarkKey(bucket))
		if err != nil || !got.Equal(bucket) || got != bucket {
			t.Fatalf("%v becomes %v, %v", bucket, got, err)
		}
	})
}

func TestChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		buckets := make(map[time.Time]struct{})
		for range rapid.IntRange(0, 300).Draw(t, "buckets") {
			at := rapid.Int64Range(hotline.Earliest.Unix(), hotline.Latest.Unix()-1).Draw(t, "at")
			buckets[hotline.BucketOf(time.Unix(at, 0))] = struct{}{}
		}
		size := rapid.IntRange(1, 100).Draw(t, "size")
		back := make(map[time.Time]struct{})
		last := time.Time{}
		for _, chunk := range chunks(buckets, size) {
			months := make(map[string]bool)
			for _, b := range chunk {
				if !b.After(last) {
					t.Fatalf("%v after %v", b, last)
				}
				last = b
				back[b] = struct{}{}
				months[b.Format("2006-01")] = true
			}
			if len(chunk) == 0 || len(chunk) > size || len(months) > maxMonths {
				t.Fatalf("chunk of %d buckets in %d months, at most %d", len(chunk), len(months), size)
			}
		}
		if diff := cmp.Diff(buckets, back); diff != "" {
			t.Fatalf("(-given +chunked):\n%s", diff)
		}
	})
}

// A later mark outranks an earlier one, and a later topic every mark of an earlier.
func TestVersionOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, 1<<48-1)
		a, b := offset.Draw(t, "a"), offset.Draw(t, "b")
		e, f := rapid.Uint16().Draw(t, "e"), rapid.Uint16().Draw(t, "f")
		if e == f && a < b && Version(e, a) >= Version(f, b) {
			t.Fatal("an earlier mark outranks a later one")
		}
		if e < f && Version(e, a) >= Version(f, b) {
			t.Fatal("an earlier topic outranks a later one")
		}
	})
}

// script is a partition of marks that come in the given portions.
type script struct {
	portions [][]broker.Record
	asked    []time.Duration // how long each fetch would have waited
	next     int64
	end      int64
	commit   int64
	metadata string
}

func (s *script) Fetch(_ context.Context, cfg broker.FetchConfig) ([]broker.Record, error) {
	s.asked = append(s.asked, cfg.MaxWait)
	if len(s.portions) == 0 {
		return nil, nil
	}
	recs := s.portions[0]
	s.portions = s.portions[1:]
	s.next += int64(len(recs))
	return recs, nil
}

func (s *script) Commit(_ context.Context, next int64, metadata string) error {
	s.commit, s.metadata = next, metadata
	return nil
}
func (s *script) Position() int64      { return s.next }
func (s *script) HighWatermark() int64 { return s.end }
func (s *script) SeekTo(offset int64)  { s.next = offset }

func marksOf(from, n int) []broker.Record {
	recs := make([]broker.Record, n)
	for i := range recs {
		recs[i].Key = MarkKey(time.Unix(0, 0).AddDate(40, 0, 0).Add(time.Duration(from+i) * hotline.BucketLength))
	}
	return recs
}

func newWorker(t *testing.T, marks *script) *worker {
	t.Helper()
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &worker{cfg: DefaultConfig(), log: slog.New(slog.DiscardHandler), metrics: m.of(0), marks: marks, topicID: "t2"}
}

func TestGather(t *testing.T) {
	// A lone mark, nothing more to come: no second look.
	marks := &script{portions: [][]broker.Record{nil, marksOf(0, 1)}, end: 1}
	g, err := newWorker(t, marks).gather(t.Context())
	if err != nil || len(g.buckets) != 1 || g.bulk || g.next != 1 || len(marks.asked) != 2 {
		t.Errorf("lone mark: %+v, %v, asked %v", g, err, marks.asked)
	}
	// More are there already: all are taken, without waiting for further ones.
	marks = &script{portions: [][]broker.Record{marksOf(0, 3), marksOf(1, 3), marksOf(2, 3)}, end: 6}
	g, err = newWorker(t, marks).gather(t.Context())
	if err != nil || len(g.buckets) != 4 || g.bulk || g.next != 6 {
		t.Errorf("six marks: %+v, %v", g, err)
	}
	// Many: further ones are waited for, as long as recomputing took the last time.
	marks = &script{portions: [][]broker.Record{marksOf(0, 100), marksOf(0, 100)}, end: 100}
	w := newWorker(t, marks)
	w.bulkCost = 700 * time.Millisecond
	g, err = w.gather(t.Context())
	if err != nil || len(g.buckets) != 100 || !g.bulk || g.next != 200 || marks.asked[1] != 700*time.Millisecond {
		t.Errorf("backfill: %d buckets, bulk %v, next %d, %v, asked %v", len(g.buckets), g.bulk, g.next, err, marks.asked)
	}
	// A bound on what one cycle takes.
	marks = &script{portions: [][]broker.Record{marksOf(0, 150), marksOf(150, 150), marksOf(300, 150)}, end: 450}
	w = newWorker(t, marks)
	w.cfg.MaxBuckets = 200
	if g, err = w.gather(t.Context()); err != nil || g.next != 300 {
		t.Errorf("bounded: next %d, %v", g.next, err)
	}
}

// What was committed for a topic of the same name that is gone says nothing.
func TestCommitOfAnEarlierTopic(t *testing.T) {
	marks := &script{next: 70, end: 90}
	w := newWorker(t, marks)
	w.deps.Broker = extents{{Partition: 1, First: 5, Next: 9}, {Partition: 0, First: 3, Next: 90}}
	if err := w.startOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if marks.next != 3 || w.committed != 3 {
		t.Errorf("begins at %d, committed %d, want the first mark 3", marks.next, w.committed)
	}
	w.deps.Store = noStore{}
	if err := w.cycle(t.Context(), gathered{next: 4}); err != nil {
		t.Fatal(err)
	}
	if marks.commit != 4 || marks.metadata != "t2" {
		t.Errorf("committed %d for topic %q", marks.commit, marks.metadata)
	}
}

type extents []broker.OffsetRange

func (e extents) Offsets(context.Context, string) ([]broker.OffsetRange, error) { return e, nil }
func (extents) Committed(context.Context, string, string) (map[int]int64, error) {
	return nil, nil
}
func (extents) RunGroup(context.Context, broker.GroupConfig, broker.Worker) error { return nil }

type noStore struct{}

func (noStore) TopicEpoch(context.Context, string, string) (uint16, error) { return 0, nil }
func (noStore) Recompute(context.Context, []time.Time, uint64) error       { return nil }
func (noStore) AppendLog(context.Context, store.LogEntry) error            { return nil }

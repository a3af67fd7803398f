package store_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// TestRecomputeEqualsCount holds the counting in SQL against kpi.Count: random calls
// with corrections, moves, deletions, duplicates and equal versions, in random batches
// with recomputations between them.
func TestRecomputeEqualsCount(t *testing.T) {
	s, cfg := newStore(t)
	base := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	run := 0
	rapid.Check(t, fewer(t, 15, func(r *rapid.T) {
		empty(t, cfg, "calls", "call_versions", "caller_calls", "call_supplements", "load_batches", "tallies")
		// A topic of its own, so that no token of another check is in the way.
		l := &loader{store: s, batch: store.Batch{Topic: fmt.Sprint("calls", run), Last: -1}, touched: map[time.Time]bool{}}
		run++
		newest := map[string]*hotline.Call{}
		supplements := map[string]map[hotline.SupplementKind]*hotline.Supplement{}
		batches := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) []*hotline.Call {
			return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) *hotline.Call { return genCall(r, base) }), 1, 15).Draw(r, "calls")
		}), 1, 5).Draw(r, "batches")
		version := uint64(1)
		for i, batch := range batches {
			if i > 0 && rapid.Bool().Draw(r, "redeliver") {
				batch = append(batch, batches[rapid.IntRange(0, i-1).Draw(r, "which")]...)
			}
			for _, c := range batch {
				if err := c.Validate(); err != nil {
					r.Fatal(err)
				}
				if n := newest[c.ID]; n == nil || wire.Rank(n).Compare(wire.Rank(c)) < 0 {
					newest[c.ID] = c
				}
			}
			if err := l.load(t.Context(), batch); err != nil {
				r.Fatal(err)
			}
			if err := supply(t, r, l, supplements); err != nil {
				r.Fatal(err)
			}
			if i == len(batches)-1 || rapid.Bool().Draw(r, "recompute") {
				version++
				var others []time.Time // with many others, as in a backfill, each call is counted by itself
				if rapid.Bool().Draw(r, "backfill") {
					others = make([]time.Time, 2*store.GatherUpTo)
					for j := range others {
						others[j] = base.AddDate(0, 0, 100).Add(time.Duration(j) * hotline.BucketLength)
					}
				}
				if err := l.recompute(t.Context(), version, others...); err != nil {
					r.Fatal(err)
				}
			}
		}
		for id, c := range newest {
			newest[id] = supplied(c, supplements[id])
		}
		compareTallies(t, r, s, base, newest)
	}))
}

// fewer bounds the number of checks that are tried where nobody asked for a number: each
// is dozens of statements.
func fewer(t *testing.T, checks int, check func(*rapid.T)) func(*rapid.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := flag.Set("rapid.checks", strconv.Itoa(checks)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set("rapid.checks", f.DefValue) })
	}
	return check
}

// supply sends some supplements, and keeps the newest of each call and kind.
func supply(t *testing.T, r *rapid.T, l *loader, newest map[string]map[hotline.SupplementKind]*hotline.Supplement) error {
	list := rapid.SliceOfN(rapid.Custom(genSupplement), 0, 6).Draw(r, "supplements")
	for _, s := range list {
		if err := s.Validate(); err != nil {
			return err
		}
		newer(newest, s)
	}
	if len(list) == 0 {
		return nil
	}
	return l.supplement(t.Context(), list)
}

// newer keeps a supplement that is the newest of its call and kind.
func newer(newest map[string]map[hotline.SupplementKind]*hotline.Supplement, s *hotline.Supplement) {
	if newest[s.CallID] == nil {
		newest[s.CallID] = map[hotline.SupplementKind]*hotline.Supplement{}
	}
	if n := newest[s.CallID][s.Kind]; n == nil || wire.RankSupplement(n).Compare(wire.RankSupplement(s)) < 0 {
		newest[s.CallID][s.Kind] = s
	}
}

func compareTallies(t *testing.T, r *rapid.T, s *store.Store, base time.Time, newest map[string]*hotline.Call) {
	want := map[kpi.Key]*kpi.Tally{}
	for _, c := range newest {
		kpi.Count(want, c)
	}
	kpi.CountRepeats(want, slices.Collect(maps.Values(newest)))
	got, sums := map[kpi.Key]*kpi.Tally{}, map[kpi.Key]*kpi.Tally{}
	for _, d := range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent, kpi.ByTopic} {
		q := store.TallyQuery{From: base.Add(-24 * time.Hour), To: base.Add(400 * 24 * time.Hour), Dimension: d, Names: true}
		list, err := s.Tallies(t.Context(), q)
		if err != nil {
			r.Fatal(err)
		}
		for _, line := range list {
			if got[line.Key] != nil {
				r.Fatalf("%v twice", line.Key)
			}
			got[line.Key] = &line.Tally
		}
		q.Names = false
		if list, err = s.Tallies(t.Context(), q); err != nil {
			r.Fatal(err)
		}
		for _, line := range list {
			sums[line.Key] = &line.Tally
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("kpi.Count (-) and the tallies (+) differ:\n%s", diff)
	}
	merged := map[kpi.Key]*kpi.Tally{}
	for k, v := range want {
		k.Name = ""
		if merged[k] == nil {
			merged[k] = new(kpi.Tally)
		}
		merged[k].Merge(v)
	}
	if diff := cmp.Diff(merged, sums, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("merged counts (-) and summed tallies (+) differ:\n%s", diff)
	}
	compareSeen(t, r, s, base, want)
}

// TestSleeperChangesNothing lets a recomputation write that began before a newer one and
// ends after it: with a group that is gone, one that has changed and one that is right.
func TestSleeperChangesNothing(t *testing.T) {
	s, cfg := newStore(t)
	insertCalls(t, s, 1, row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, EndedAt: noon.Add(time.Second), Outcome: hotline.TimedOut, Queue: "changed"}))
	if err := s.Recompute(t.Context(), []time.Time{noon}, 10); err != nil {
		t.Fatal(err)
	}
	read := func() (list []store.Tally, to time.Time) {
		t.Helper()
		list, err := s.Tallies(t.Context(), store.TallyQuery{From: noon, To: noon.Add(time.Hour), Dimension: kpi.ByQueue, Names: true})
		if err != nil {
			t.Fatal(err)
		}
		if to, err = s.DataTo(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		return list, to
	}
	want, wantTo := read()
	if len(want) != 1 || want[0].Tally.TimedOut != 1 || !wantTo.Equal(noon.Add(time.Second)) {
		t.Fatalf("before: %v to %v", want, wantTo)
	}
	late := fmt.Sprintf(`INSERT INTO {db}.tallies (dimension, bucket, centre, name, version, calls, answered, data_to) VALUES
('queue', %[1]d, 'default', 'gone', 9, 5, 5, '2026-05-01 00:00:00'),
('queue', %[1]d, 'default', 'changed', 9, 2, 2, '2026-05-01 00:00:00'),
('', %[1]d, '', '', 9, 0, 0, 0)`, noon.Unix())
	query(t, cfg, late)
	got, gotTo := read()
	if diff := cmp.Diff(want, got); diff != "" || !gotTo.Equal(wantTo) {
		t.Errorf("%s, data to %v", diff, gotTo)
	}
}

// TestDataToOfNow: what tells of the future is believed as far as kpi believes it.
func TestDataToOfNow(t *testing.T) {
	s, _ := newStore(t)
	next := noon.Add(hotline.BucketLength)
	insertCalls(t, s, 1,
		row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, EndedAt: noon.Add(2 * time.Second), Outcome: hotline.TimedOut, Queue: "q"}),
		row(t, &hotline.Call{ID: "b", Version: 1, StartedAt: next, EndedAt: next.Add(5 * time.Hour), Outcome: hotline.TimedOut, Queue: "q"}))
	if err := s.Recompute(t.Context(), []time.Time{noon, next}, 1); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ now, want time.Time }{
		{time.Time{}, next.Add(5 * time.Hour)},
		{next.Add(5 * time.Hour), next.Add(5 * time.Hour)},
		{next.Add(5*time.Hour - time.Millisecond), next},
		{next, next},
		{next.Add(-time.Millisecond), noon.Add(2 * time.Second)},
		{noon.Add(time.Second), noon},
		{noon.Add(-time.Second), time.Time{}},
	} {
		if got, err := s.DataTo(t.Context(), tc.now); err != nil || !got.Equal(tc.want) {
			t.Errorf("at %v: data to %v, %v, want %v", tc.now, got, err, tc.want)
		}
	}
}

// TestEqualVersions recomputes again under one version after a group has vanished.
func TestEqualVersions(t *testing.T) {
	s, _ := newStore(t)
	r := row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, Outcome: hotline.Open})
	for i, rows := range [][]store.Row{{r}, {tombstone("a", hotline.Rank{Version: 2}, noon)}} {
		insertCalls(t, s, int64(i), rows...)
		if err := s.Recompute(t.Context(), []time.Time{noon, noon, {}}, 7); err != nil {
			t.Fatal(err)
		}
	}
	for _, names := range []bool{false, true} {
		got, err := s.Tallies(t.Context(), store.TallyQuery{From: noon, To: noon.Add(time.Hour), Dimension: kpi.ByQueue, Names: names})
		if err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if to, err := s.DataTo(t.Context(), time.Time{}); err != nil || !to.IsZero() {
		t.Errorf("data to %v, %v", to, err)
	}
	if err := s.Recompute(t.Context(), nil, 8); err != nil {
		t.Errorf("no buckets: %v", err)
	}
}

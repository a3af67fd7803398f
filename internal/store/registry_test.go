package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

func uintText(n uint64) string { return strconv.FormatUint(n, 10) }

func TestVersions(t *testing.T) {
	s, _ := newStore(t)
	lines := []store.Version{
		{CallID: "a", Rank: hotline.Rank{Version: 1, Hash: 1 << 63}, Bucket: noon, Run: "R1"},
		{CallID: "a", Rank: hotline.Rank{Version: 2, Hash: 7}, Bucket: noon.Add(hotline.BucketLength), Run: "R1"},
		{CallID: "it's \\ 'x", Rank: hotline.Rank{Version: hotline.MaxVersion, Hash: 1<<64 - 1}, Deleted: true},
		{CallID: "other", Rank: hotline.Rank{Version: 1}, Bucket: noon},
	}
	if err := s.InsertVersions(t.Context(), store.Batch{Topic: "t", Last: 3}, lines); err != nil {
		t.Fatal(err)
	}
	ids := []string{"a", "it's \\ 'x", "unknown", "a", ""}
	for i := range 30_000 { // more than one look-up's worth
		ids = append(ids, fmt.Sprint("none-", i))
	}
	got, err := s.Versions(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]store.Version{"a": lines[:2], lines[2].CallID: lines[2:3]}
	byRank := cmpopts.SortSlices(func(x, y store.Version) bool { return x.Rank.Compare(y.Rank) < 0 })
	if diff := cmp.Diff(want, got, byRank); diff != "" {
		t.Error(diff)
	}
	if got, err = s.Versions(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no ids: %v, %v", got, err)
	}
}

// TestFirstRunStays registers a version again under another run.
func TestFirstRunStays(t *testing.T) {
	s, cfg := newStore(t)
	v := store.Version{CallID: "a", Rank: hotline.Rank{Version: 1, Hash: 1}, Bucket: noon, Run: "first"}
	for i, run := range []string{"first", "second"} {
		v.Run = run
		if err := s.InsertVersions(t.Context(), store.Batch{Topic: "t", First: int64(i), Last: int64(i)}, []store.Version{v}); err != nil {
			t.Fatal(err)
		}
		// The store dates lines by the server's clock, in milliseconds.
		query(t, cfg, "SELECT sleepEachRow(0.01)")
	}
	query(t, cfg, "OPTIMIZE TABLE {db}.call_versions FINAL")
	got, err := s.Versions(t.Context(), []string{"a"})
	if err != nil || len(got["a"]) != 1 || got["a"][0].Run != "first" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestLedger(t *testing.T) {
	s, _ := newStore(t)
	check := func(epoch uint16, wantRecords, wantFirst, wantLast int64) {
		t.Helper()
		records, first, last, err := s.LedgerSum(t.Context(), "t", epoch, 2)
		if err != nil || records != wantRecords || first != wantFirst || last != wantLast {
			t.Errorf("got %d records, offsets %d to %d, %v; want %d, %d to %d", records, first, last, err, wantRecords, wantFirst, wantLast)
		}
	}
	check(1, 0, -1, -1)
	insert := func(b store.Batch, lines ...store.Ledger) {
		t.Helper()
		if err := s.InsertLedger(t.Context(), b, lines); err != nil {
			t.Fatal(err)
		}
	}
	first := store.Batch{Topic: "t", Epoch: 1, Partition: 2, First: 10, Last: 14}
	insert(first, store.Ledger{Run: "", Accepted: 2}, store.Ledger{Run: "R", Accepted: 1, Rejected: 2})
	insert(first, store.Ledger{Run: "", Accepted: 2}, store.Ledger{Run: "R", Accepted: 1, Rejected: 2}) // replayed
	check(1, 5, 10, 14)
	insert(store.Batch{Topic: "t", Epoch: 1, Partition: 2, First: 15, Last: 15}, store.Ledger{Run: "R", Accepted: 1})
	insert(store.Batch{Topic: "t", Epoch: 1, Partition: 3, First: 1, Last: 9}, store.Ledger{Run: "R", Rejected: 9})
	check(1, 6, 10, 15)
	check(2, 0, -1, -1)
	counts, err := s.RunCounts(t.Context(), "R")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.RunCounts{Accepted: 2, Rejected: 11}, counts); diff != "" {
		t.Error(diff)
	}
}

// TestRunCounts follows three runs: new, then with conflicts, then again.
func TestRunCounts(t *testing.T) {
	s, cfg := newStore(t)
	offset := int64(0)
	bring := func(run string, accepted int64, versions ...store.Version) {
		t.Helper()
		offset++
		b := store.Batch{Topic: "t", First: offset, Last: offset}
		for i := range versions {
			versions[i].Run = run
		}
		if err := s.InsertVersions(t.Context(), b, versions); err != nil {
			t.Fatal(err)
		}
		if err := s.InsertLedger(t.Context(), b, []store.Ledger{{Run: run, Accepted: accepted}}); err != nil {
			t.Fatal(err)
		}
		query(t, cfg, "SELECT sleepEachRow(0.01)") // the next batch is a later one
	}
	v := func(id string, version, hash uint64) store.Version {
		return store.Version{CallID: id, Rank: hotline.Rank{Version: version, Hash: hash}, Bucket: noon}
	}
	bring("R1", 3, v("a", 1, 1), v("b", 1, 1), v("b", 2, 1))
	bring("R2", 5, v("a", 1, 2), v("a", 1, 3), v("c", 1, 1), v("c", 1, 2)) // and one duplicate
	bring("R3", 4)
	for run, want := range map[string]store.RunCounts{
		"R1": {Accepted: 3, New: 3, First: noon, Last: noon},
		"R2": {Accepted: 5, New: 4, Conflicts: 3, First: noon, Last: noon}, // two against a's first, one of c against the other
		"R3": {Accepted: 4},
		"R4": {},
	} {
		got, err := s.RunCounts(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", run, diff)
		}
	}
}

func TestStoredOf(t *testing.T) {
	s, _ := newStore(t)
	stored := func(want int64) {
		t.Helper()
		got, err := s.StoredOf(t.Context(), "R")
		if err != nil || got != want {
			t.Errorf("stored %d, %v; want %d", got, err, want)
		}
	}
	stored(0)
	one := row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, Outcome: hotline.Open})
	two := row(t, &hotline.Call{ID: "b", Version: 1, StartedAt: noon.AddDate(0, 2, 0), Outcome: hotline.Open})
	b := store.Batch{Topic: "t", Last: 3}
	versions := []store.Version{
		{CallID: "a", Rank: one.Rank, Bucket: one.Bucket, Run: "R"},
		{CallID: "b", Rank: two.Rank, Bucket: two.Bucket, Run: "R"},
		{CallID: "x", Rank: hotline.Rank{Version: 1}, Deleted: true, Run: "R"}, // has no bucket
	}
	if err := s.InsertVersions(t.Context(), b, versions); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertLedger(t.Context(), b, []store.Ledger{{Run: "R", Accepted: 4}}); err != nil {
		t.Fatal(err)
	}
	stored(2) // the registry names two calls that calls does not hold
	insertCalls(t, s, 1, one)
	stored(3)
	insertCalls(t, s, 2, tombstone("b", hotline.Rank{Version: 0}, two.Bucket))
	stored(3) // an older row is not the version
	insertCalls(t, s, 3, tombstone("b", hotline.Rank{Version: 9}, two.Bucket))
	stored(4) // a newer one has taken its place
}

func TestTopicEpoch(t *testing.T) {
	s, _ := newStore(t)
	for _, step := range []struct {
		topic, id string
		want      uint16
	}{{"t", "x", 0}, {"t", "x", 0}, {"t", "y", 1}, {"u", "x", 0}, {"t", "it's", 2}, {"t", "x", 0}, {"t", "y", 1}} {
		got, err := s.TopicEpoch(t.Context(), step.topic, step.id)
		if err != nil || got != step.want {
			t.Errorf("%v: got %d, %v", step, got, err)
		}
	}
}

func TestLog(t *testing.T) {
	s, _ := newStore(t)
	entries := []store.LogEntry{
		{Partition: 0, Version: 1, Buckets: []time.Time{noon, noon.Add(time.Hour)}},
		{Partition: 0, Version: 1<<48 + 3, Buckets: []time.Time{noon}},
		{Partition: 3, Version: 2, Buckets: []time.Time{noon}},
	}
	head, err := s.LogHead(t.Context())
	if err != nil || len(head) != 0 {
		t.Fatalf("empty: %v, %v", head, err)
	}
	for _, i := range []int{1, 0, 2, 0} { // out of order, one twice
		if err := s.AppendLog(t.Context(), entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		after map[int]uint64
		want  []store.LogEntry
	}{
		{nil, entries},
		{map[int]uint64{0: 1}, entries[1:]},
		{map[int]uint64{0: 0, 3: 2}, entries[:2]},
		{map[int]uint64{0: 1 << 50, 3: 2, 9: 9}, nil},
	} {
		got, err := s.Log(t.Context(), test.after)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("after %v: %s", test.after, diff)
		}
	}
	head, err = s.LogHead(t.Context())
	if diff := cmp.Diff(map[int]uint64{0: 1<<48 + 3, 3: 2}, head); diff != "" || err != nil {
		t.Errorf("head: %s %v", diff, err)
	}
}

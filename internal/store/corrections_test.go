package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/hotline"
	"hotline12333/internal/seal"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// registeredAt sets when a version was registered, which the server's clock decides.
func registeredAt(t *testing.T, cfg store.Config, id string, version uint64, at time.Time, bucket time.Time, deleted bool) {
	t.Helper()
	query(t, cfg, "INSERT INTO {db}.call_versions (call_id, version, content_hash, bucket, deleted, earliness) SELECT "+
		"'"+id+"', "+fmt.Sprint(version)+", 7, toDateTime("+fmt.Sprint(uint64(max(bucket.Unix(), 0)))+", 'UTC'), "+map[bool]string{true: "true", false: "false"}[deleted]+", bitNot(toUInt64("+fmt.Sprint(uint64(at.UnixMilli()))+"))")
}

func TestCorrectionsSince(t *testing.T) {
	s, cfg := newStore(t)
	closed := time.Date(2026, 4, 2, 9, 0, 0, 0, time.UTC)
	before, after := closed.Add(-time.Minute), closed.Add(time.Hour)
	march, april := time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	for _, v := range []struct {
		id      string
		version uint64
		at      time.Time
		bucket  time.Time
		deleted bool
	}{
		{"same", 1, before, march, false},
		{"corrected", 1, before, march, false},
		{"corrected", 2, after, march, false},
		{"moved within", 1, before, march, false},
		{"moved within", 2, after, march.Add(time.Hour), false},
		{"twice", 1, before, march, false},
		{"twice", 2, after, april, false},
		{"twice", 3, after, march, false},
		{"deleted", 1, before, march, false},
		{"deleted", 5, after, time.Unix(0, 0), true},
		{"moved out", 1, before, march, false},
		{"moved out", 2, after, april, false},
		{"moved in", 1, before, april, false},
		{"moved in", 2, after, march, false},
		{"elsewhere", 1, before, april, false},
		{"elsewhere", 2, after, april, false},
		{"late", 1, after, march, false},
		{"late and deleted", 1, after, march, false},
		{"late and deleted", 2, after, time.Unix(0, 0), true},
		{"back again", 1, before, march, false},
		{"back again", 2, before, time.Unix(0, 0), true},
		{"back again", 3, after, march, false},
		{"an old version late", 2, before, march, false},
		{"an old version late", 1, after, april, false},
		{"told again", 1, before, march, false},
		{"told again", 1, after, march, false},
	} {
		registeredAt(t, cfg, v.id, v.version, v.at, v.bucket, v.deleted)
	}
	read := func(some int) map[seal.ChangeKind]store.Corrections {
		t.Helper()
		list, err := s.CorrectionsSince(t.Context(), closed, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), some)
		if err != nil {
			t.Fatal(err)
		}
		byKind := map[seal.ChangeKind]store.Corrections{}
		for _, c := range list {
			byKind[c.Kind] = c
		}
		return byKind
	}
	change := func(kind seal.ChangeKind, id string, was, is uint64) seal.Change {
		return seal.Change{Kind: kind, CallID: id, WasVersion: was, IsVersion: is}
	}
	want := map[seal.ChangeKind]store.Corrections{
		seal.Corrected: {seal.Corrected, 3, []seal.Change{
			change(seal.Corrected, "corrected", 1, 2), change(seal.Corrected, "moved within", 1, 2), change(seal.Corrected, "twice", 1, 3),
		}},
		seal.Deleted:  {seal.Deleted, 1, []seal.Change{change(seal.Deleted, "deleted", 1, 5)}},
		seal.MovedOut: {seal.MovedOut, 1, []seal.Change{change(seal.MovedOut, "moved out", 1, 2)}},
		seal.MovedIn:  {seal.MovedIn, 2, []seal.Change{change(seal.MovedIn, "back again", 2, 3), change(seal.MovedIn, "moved in", 1, 2)}},
		seal.Late:     {seal.Late, 1, []seal.Change{change(seal.Late, "late", 0, 1)}},
	}
	if diff := cmp.Diff(want, read(10)); diff != "" {
		t.Error(diff)
	}
	one := read(1)[seal.Corrected]
	if diff := cmp.Diff(store.Corrections{Kind: seal.Corrected, Calls: 3, Some: []seal.Change{change(seal.Corrected, "corrected", 1, 2)}}, one); diff != "" {
		t.Error(diff)
	}
}

// What the loader registers by the server's clock is seen as well.
func TestCorrectionsByTheServersClock(t *testing.T) {
	s := testkit.Store(t)
	l := &loader{store: s, batch: store.Batch{Topic: "calls", Last: -1}, touched: map[time.Time]bool{}}
	c := &hotline.Call{ID: "a", Version: 1, StartedAt: noon, Outcome: hotline.Answered, Centre: "default"}
	if err := l.load(context.Background(), []*hotline.Call{c}); err != nil {
		t.Fatal(err)
	}
	for since, wants := range map[time.Duration]int{-time.Hour: 1, time.Hour: 0} {
		list, err := s.CorrectionsSince(t.Context(), time.Now().Add(since), noon, noon.Add(time.Hour), 5)
		if err != nil || len(list) != wants {
			t.Errorf("since %v: %v, %v", since, list, err)
		}
		if wants == 1 {
			want := []store.Corrections{{Kind: seal.Late, Calls: 1, Some: []seal.Change{{Kind: seal.Late, CallID: "a", IsVersion: 1}}}}
			if diff := cmp.Diff(want, list, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
	}
}

package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

func TestLiveCalls(t *testing.T) {
	s, _ := newStore(t)
	open := &hotline.Call{ID: "o", Version: 1, Source: "pbx", StartedAt: noon.Add(time.Minute), QueuedAt: noon.Add(2 * time.Minute), Outcome: hotline.Open, Queue: "q"}
	done := &hotline.Call{
		ID: "d", Version: 1, StartedAt: noon.Add(time.Second), AnsweredAt: noon.Add(3 * time.Second), Outcome: hotline.Answered,
		Agent: "a", Direction: hotline.Outbound, EndedAt: noon.Add(time.Hour),
	}
	past := &hotline.Call{ID: "p", Version: 1, StartedAt: noon.Add(-time.Second), Outcome: hotline.Open}
	gone := row(t, &hotline.Call{ID: "g", Version: 1, StartedAt: noon, Outcome: hotline.Open})
	insertCalls(t, s, 1, row(t, open), row(t, done), row(t, past), gone)
	insertCalls(t, s, 2, tombstone("g", hotline.Rank{Version: 2}, noon))
	got, err := s.LiveCalls(t.Context(), store.LiveQuery{From: noon.Add(14 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Live{
		{
			CallID: "d", Centre: "default", Agent: "a", Outcome: hotline.Answered, Excluded: hotline.ExcludedOutbound, StartedAt: done.StartedAt,
			DecidedAt: done.AnsweredAt, EndedAt: done.EndedAt, WaitMillis: 2000, Queued: true,
		},
		{CallID: "o", Centre: "default", Source: "pbx", Queue: "q", Outcome: hotline.Open, StartedAt: open.StartedAt, QueuedAt: open.QueuedAt, Queued: true},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.Live{}, "Mark")); diff != "" {
		t.Error(diff)
	}
	if got, err = s.LiveCalls(t.Context(), store.LiveQuery{From: noon.Add(-time.Hour), Buckets: []time.Time{noon.Add(-hotline.BucketLength)}}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].CallID != past.ID {
		t.Errorf("got %v of one quarter hour, want %s alone", got, past.ID)
	}
}

// Whoever keeps calls and reads again only those whose marks have changed has what reading all
// of them gives: whatever calls, versions and supplements come.
func TestLiveMarksTellWhatHasChanged(t *testing.T) {
	s, cfg := newStore(t)
	first := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	run := 0
	rapid.Check(t, fewer(t, 2, func(r *rapid.T) {
		empty(t, cfg, "calls", "call_versions", "caller_calls", "call_supplements", "load_batches")
		l := &loader{store: s, batch: store.Batch{Topic: fmt.Sprint("live", run), Last: -1}, touched: map[time.Time]bool{}}
		run++
		worlds := make([]*world, 10)
		for i := range worlds {
			worlds[i] = newWorld(i, first)
		}
		all := store.LiveQuery{From: first.Add(-48 * time.Hour)}
		kept, read, changed := map[uint64]store.Live{}, 0, 0
		for range 5 {
			var calls []*hotline.Call
			var supplements []*hotline.Supplement
			for _, w := range worlds {
				switch rapid.IntRange(0, 4).Draw(r, "what") {
				case 0:
					supplements = append(supplements, w.supplement(r))
				case 1, 2:
					calls = append(calls, w.call(r))
				}
			}
			if err := errors.Join(l.load(t.Context(), calls), l.supplement(t.Context(), supplements)); err != nil {
				r.Fatal(err)
			}
			want, err := s.LiveCalls(t.Context(), all)
			marks, errMarks := s.LiveMarks(t.Context(), all)
			if err := errors.Join(err, errMarks); err != nil {
				r.Fatal(err)
			}
			q, here := all, map[uint64]bool{}
			for _, m := range marks {
				here[m.Call] = true
				if kept[m.Call].Mark != m {
					q.Calls = append(q.Calls, m.Call)
				}
			}
			for call := range kept {
				if !here[call] {
					delete(kept, call)
				}
			}
			if len(q.Calls) > 0 {
				fresh, err := s.LiveCalls(t.Context(), q)
				if err != nil {
					r.Fatal(err)
				}
				for _, c := range fresh {
					kept[c.Mark.Call] = c
				}
				read, changed = read+len(fresh), changed+len(q.Calls)
			}
			if diff := cmp.Diff(byMark(r, want), kept); diff != "" {
				r.Fatalf("(-all +kept):\n%s", diff)
			}
		}
		if read != changed {
			r.Errorf("%d calls were read for %d that had changed", read, changed)
		}
	}))
}

// A time in the menu that comes apart changes the wait, and with it the mark.
func TestLiveMarkOfASupplement(t *testing.T) {
	s, _ := newStore(t)
	c := &hotline.Call{ID: "c", Version: 1, StartedAt: noon, AnsweredAt: noon.Add(time.Minute), EndedAt: noon.Add(2 * time.Minute), Outcome: hotline.Answered, Agent: "a"}
	insertCalls(t, s, 1, row(t, c))
	all := store.LiveQuery{From: noon}
	look := func(wait time.Duration) store.LiveMark {
		t.Helper()
		calls, err := s.LiveCalls(t.Context(), all)
		marks, errMarks := s.LiveMarks(t.Context(), all)
		if err := errors.Join(err, errMarks); err != nil {
			t.Fatal(err)
		}
		if len(calls) != 1 || len(marks) != 1 || calls[0].Mark != marks[0] || calls[0].WaitMillis != wait.Milliseconds() {
			t.Fatalf("calls %+v, marks %+v; want one call with a wait of %v and its mark", calls, marks, wait)
		}
		return marks[0]
	}
	tell := func(version uint64, in time.Duration) {
		t.Helper()
		told := &hotline.Supplement{CallID: "c", Kind: hotline.SupplementIVR, Version: version, IVR: hotline.Millis(in.Milliseconds())}
		batch := store.Batch{Topic: "supplements", First: int64(version), Last: int64(version)}
		if err := s.InsertSupplements(t.Context(), batch, []store.SupplementRow{{Supplement: told, Rank: wire.RankSupplement(told)}}); err != nil {
			t.Fatal(err)
		}
	}
	tell(1, 0)
	before := look(time.Minute)
	tell(2, 20*time.Second)
	after := look(40 * time.Second)
	if before.Call != after.Call || before.State == after.State {
		t.Errorf("mark %+v, and %+v when 20 s of the wait were in the menu", before, after)
	}
}

func byMark(r *rapid.T, calls []store.Live) map[uint64]store.Live {
	out := map[uint64]store.Live{}
	for _, c := range calls {
		if out[c.Mark.Call].CallID != "" {
			r.Errorf("%s and %s have one mark", c.CallID, out[c.Mark.Call].CallID)
		}
		out[c.Mark.Call] = c
	}
	return out
}

package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// TestErasureKeepsCounts: callers lose their identity across a change of keys, between
// batches and recomputations, and every tally stays what the calls with it say.
func TestErasureKeepsCounts(t *testing.T) {
	s, cfg := newStore(t)
	first := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	until := first.AddDate(2, 0, 0)
	run := 0
	rapid.Check(t, fewer(t, 2, func(r *rapid.T) {
		empty(t, cfg, "calls", "call_versions", "caller_calls", "call_supplements", "tallies")
		l := &loader{store: s, batch: store.Batch{Topic: fmt.Sprint("erased", run), Last: -1}, touched: map[time.Time]bool{}}
		run++
		worlds := make([]*world, 20)
		for i := range worlds {
			worlds[i] = newWorld(i, first)
		}
		everything := map[time.Time]bool{}
		for step := range uint64(3) {
			var calls []*hotline.Call
			for _, w := range worlds {
				for range 2 {
					calls = append(calls, w.person(r))
				}
			}
			if err := l.load(t.Context(), calls); err != nil {
				r.Fatal(err)
			}
			maps.Copy(everything, l.touched)
			if err := l.recompute(t.Context(), step+2); err != nil {
				r.Fatal(err)
			}
		}
		instead := hotline.ErasedPrefix + "1"
		aliases := []store.Alias{{Pseudonym: "k1.one", Replacement: instead}, {Pseudonym: "k2.one", Replacement: instead}}
		for range 2 { // the second time there is nothing to do
			if _, err := s.EraseCallers(t.Context(), aliases, until); err != nil {
				r.Fatal(err)
			}
		}
		for _, table := range []string{"calls", "call_versions", "caller_calls"} {
			out := query(t, cfg, "SELECT * FROM {db}."+table)
			if strings.Contains(out, "k1.one") || strings.Contains(out, "k2.one") {
				r.Fatalf("%s still holds the erased caller", table)
			}
		}
		maps.Copy(l.touched, everything)
		if err := l.recompute(t.Context(), 100); err != nil {
			r.Fatal(err)
		}
		newest := map[string]*hotline.Call{}
		for _, w := range worlds {
			maps.Copy(newest, w.newest)
		}
		compareTallies(t, r, s, first, newest)
	}))
}

// person is a call of someone who calls before, in and after the overlap of two keys.
func (w *world) person(r *rapid.T) *hotline.Call {
	c := genRepeat(r, w.base)
	c.ID = w.prefix + c.ID
	if c.CallerHash == "k.one" {
		c.Attributes = nil
		switch since := c.StartedAt.Sub(w.base); {
		case since < 12*time.Hour:
			c.CallerHash = "k1.one"
		case since < 12*time.Hour+hotline.RepeatWindow:
			c.CallerHash, c.Attributes = "k2.one", map[string]string{hotline.CallerPrevious: "k1.one"}
		default:
			c.CallerHash = "k2.one"
		}
	} else {
		c.Attributes = nil
	}
	if err := c.Validate(); err != nil {
		r.Fatal(err)
	}
	if n := w.newest[c.ID]; n == nil || wire.Rank(n).Compare(wire.Rank(c)) < 0 {
		w.newest[c.ID] = c
	}
	return c
}

// TestErasures: the list of the erased is what was put into it, a replacement that was
// forgotten stays forgotten, and who was erased is found again wherever they lie.
func TestErasures(t *testing.T) {
	s, cfg := newStore(t)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	e := store.Erasure{Caller: store.ErasedName("k.one"), Until: at.Add(hotline.BucketLength), Replacement: hotline.ErasedPrefix + "x"}
	blank := e
	blank.Replacement = ""
	if err := s.AddErasures(t.Context(), []store.Erasure{e}); err != nil {
		t.Fatal(err)
	}
	calls := []*hotline.Call{
		{ID: "a", Version: 1, StartedAt: at, Outcome: hotline.Answered, CallerHash: "k.one", CallerMasked: "138****5678"},
		{ID: "b", Version: 1, StartedAt: at.Add(hotline.BucketLength), Outcome: hotline.Answered, CallerHash: "k.one", CallerMasked: "138****5678"},
	}
	for _, c := range calls {
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	l := &loader{store: s, batch: store.Batch{Topic: "t", Last: -1}, touched: map[time.Time]bool{}}
	if err := l.load(t.Context(), calls); err != nil { // by one who had slept
		t.Fatal(err)
	}
	list, err := s.Erasures(t.Context())
	if err != nil || !slices.Equal(list, []store.Erasure{e}) {
		t.Fatalf("%v, %v", list, err)
	}
	if n, err := s.EraseAgain(t.Context(), list); err != nil || n != 1 {
		t.Errorf("%d calls erased again, %v", n, err)
	}
	if n, err := s.EraseAgain(t.Context(), list); err != nil || n != 0 {
		t.Errorf("%d calls erased the third time, %v", n, err)
	}
	got := query(t, cfg, "SELECT call_id, caller_hash, caller_masked FROM {db}.calls FINAL ORDER BY call_id FORMAT CSV")
	if want := "\"a\",\"erased.x\",\"\"\n\"b\",\"k.one\",\"138****5678\""; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := errors.Join(s.AddErasures(t.Context(), []store.Erasure{blank}), s.AddErasures(t.Context(), []store.Erasure{e})); err != nil {
		t.Fatal(err)
	}
	g, err := s.Guard(t.Context(), store.SealedCall)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		pseudonym string
		bucket    time.Time
		erased    bool
	}{{"k.one", at, true}, {"k.one", at.Add(hotline.BucketLength), false}, {"k.two", at, false}, {"", at, false}} {
		if with, erased := g.Erased(tc.pseudonym, tc.bucket); erased != tc.erased || with != "" {
			t.Errorf("%q at %s: erased %v with %q", tc.pseudonym, tc.bucket, erased, with)
		}
	}
}

package load

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// The second bucket after noon is the first that is open.
func sealedGuard(erasures ...store.Erasure) store.Guard {
	return store.NewGuard(noon.Add(2*hotline.BucketLength), erasures)
}

// TestSealedPeriod: what lies in a sealed quarter hour is rejected, and so is what would
// take a call out of one, however little is known of it any more.
func TestSealedPeriod(t *testing.T) {
	t.Parallel()
	before := []record{
		made("counted", 1, 0, "x"),                       // stays in the sealed period
		made("gone", 1, 0, "x"), made("gone", 2, 5, "x"), // left it before it was sealed
		made("deleted", 1, 1, "x"), deleted("deleted", 2), // was deleted before
		made("open", 1, 5, "x"),
	}
	after := []struct {
		record
		rejected string // the field; empty: accepted
	}{
		{made("late", 1, 0, "x"), "started_at"},
		{made("late", 2, 3, "x"), ""},                // never counted in the sealed period
		{made("counted", 1, 0, "x"), "started_at"},   // again
		{made("counted", 2, 1, "y"), "started_at"},   // a correction within it
		{made("counted", 3, 4, "y"), "call_id"},      // out of it
		{deleted("counted", 4), "call_id"},           // away from it
		{made("removed", 9, 4, "y"), "call_id"},      // the same, of a call whose versions are gone
		{deleted("removed", 9), "call_id"},           //
		{made("open", 2, 0, "x"), "started_at"},      // into it
		{made("open", 3, 6, "x"), ""},                // elsewhere
		{made("gone", 1, 0, "x"), "started_at"},      // an old version again
		{made("gone", 3, 4, "x"), ""},                // what was not counted there may move
		{deleted("deleted", 3), ""},                  //
		{deleted("unknown", 1), ""},                  // lies nowhere
		{made("on the edge", 1, 2, "x"), ""},         // the first open bucket
		{made("before it", 1, 1, "x"), "started_at"}, // the last sealed one
	}
	r := newRig(t)
	for _, rec := range before {
		r.part.append(sent(rec))
	}
	if err := r.drain(); err != nil {
		t.Fatal(err)
	}
	r.model.guard, r.model.sealed = sealedGuard(), map[string]struct{}{"removed": {}}
	want := map[int64]string{}
	good := slices.Clone(before)
	for _, c := range after {
		offset := int64(len(r.part.log))
		r.part.append(sent(c.record))
		if c.rejected != "" {
			want[offset] = c.rejected
			continue
		}
		good = append(good, c.record)
	}
	if err := r.drain(); err != nil {
		t.Fatal(err)
	}
	got := map[int64]string{}
	for offset, l := range r.letters() {
		if l.Reason != hotline.SealedPeriod || !l.Replayable {
			t.Errorf("offset %d: %s, %s", offset, l.Reason, l.Detail)
		}
		got[offset] = l.Field
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	if err := r.model.check(truth(good)); err != nil {
		t.Error(err)
	}
	accepted, rejected := r.booked()
	if int(accepted) != len(before)+len(after)-len(want) || int(rejected) != len(want) {
		t.Errorf("booked %d accepted and %d rejected", accepted, rejected)
	}
	if n := r.value("hotline_load_rejected_total"); int(n) != len(want) {
		t.Errorf("%v rejections counted, not %d", n, len(want))
	}
	for _, m := range r.broker.marks[len(r.broker.marks)-1:] {
		if string(m.Key) < fmt.Sprint(sealedGuard().Closed.Unix()) {
			t.Errorf("a sealed bucket was marked: %s", m.Key)
		}
	}
}

// TestNothingSealed: every batch would wait for an answer that is known as long as no horizon
// was raised.
func TestNothingSealed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, asks := range []bool{false, true} {
		if asks {
			r.model.guard = sealedGuard()
		}
		r.part.append(sent(made(fmt.Sprint("call ", i), 1, 5, "x")))
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		if asked := r.model.askedSealed > 0; asked != asks {
			t.Errorf("sealed before %v: asked %d times", r.model.guard.Closed, r.model.askedSealed)
		}
	}
}

// TestSealedWhileDying: a range that was begun before a period was closed is taken as it was
// begun, also by whoever repeats it after: its records were promised to be counted.
func TestSealedWhileDying(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"announce after", "calls after", "versions before", "versions after", "commit before"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			records := []record{made("a", 1, 0, "x"), made("b", 1, 5, "x")}
			for _, rec := range records {
				r.part.append(sent(rec))
			}
			ctx, die := context.WithCancel(t.Context())
			r.failAt(step, 1, die)
			_ = r.work(ctx) // dies there
			r.heal()
			r.model.guard = sealedGuard()
			r.part.append(sent(made("c", 1, 0, "x"))) // came after
			if err := r.drain(); err != nil {
				t.Fatal(err)
			}
			if err := r.model.check(truth(records)); err != nil {
				t.Error(err)
			}
			if got := slices.Collect(maps.Keys(r.letters())); !slices.Equal(got, []int64{2}) {
				t.Errorf("rejected %v, want the record that came after", got)
			}
		})
	}
}

// TestErasedCallers: calls of an erased caller are stored under the replacement, whenever
// and however often they come, and one that is known by it already is never told otherwise.
func TestErasedCallers(t *testing.T) {
	t.Parallel()
	const now, before, other = "k2.now", "k1.before", "k2.other"
	const instead = hotline.ErasedPrefix + "r"
	full := func(id string, version uint64, bucket int, caller string) record {
		r := made(id, version, bucket, "x").by(caller)
		c := *r.call
		c.CallerMasked, c.CallerSealed = "138****5678", "sealed"
		c.Attributes = map[string]string{"note": "free text"}
		for k, v := range r.call.Attributes {
			c.Attributes[k] = v
		}
		return finished(&c)
	}
	until := noon.Add(10 * hotline.BucketLength)
	erasures := func(replacement string) []store.Erasure {
		return []store.Erasure{
			{Caller: store.ErasedName(now), Until: until, Replacement: replacement},
			{Caller: store.ErasedName(before), Until: until, Replacement: replacement},
		}
	}
	r := newRig(t)
	give := func(records ...record) {
		t.Helper()
		for _, rec := range records {
			r.part.append(sent(rec))
		}
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
	}
	give(full("known", 1, 0, now))
	r.model.guard = store.NewGuard(time.Time{}, erasures(instead))
	give(
		full("known", 1, 0, now),           // a replay
		full("late", 1, 1, before),         // never seen before
		full("both", 1, 2, now+","+before), // of the overlap
		full("both", 2, 4, now+","+before), // corrected, and moved
		full("later", 1, 12, now),          // after the erasure
		full("someone", 1, 3, other),       //
		full("someone else", 1, 3, ""),     //
	)
	// The replacement is forgotten: what is known by it stays known by it.
	r.model.guard = store.NewGuard(time.Time{}, erasures(""))
	give(full("late", 2, 1, before), full("much later", 1, 3, now))

	type held struct{ Caller, Masked, Sealed, Note string }
	got := map[string]held{}
	for id, rows := range r.model.live() {
		for _, row := range rows {
			c := row.Call
			got[fmt.Sprintf("%s %d", id, row.Rank.Version)] = held{c.CallerHash, c.CallerMasked, c.CallerSealed, c.Attributes["note"]}
		}
	}
	as := func(caller string) held { return held{caller, "138****5678", "sealed", "free text"} }
	want := map[string]held{
		"known 1":        as(now), // what lies there is changed by who erases
		"late 2":         {Caller: instead},
		"both 2":         {Caller: instead},
		"later 1":        as(now),
		"someone 1":      as(other),
		"someone else 1": as(""),
		"much later 1":   {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for at, row := range r.model.callers {
		name := bare(at.caller)
		switch {
		case name == now && at.call != "known" && at.call != "later", name == before:
			t.Errorf("%s lies among the calls of %s", at.call, at.caller)
		case at.call == "known" && row.Call == nil:
			t.Errorf("a tombstone for %s under %s: the replayed record must not bury what is there", at.call, at.caller)
		}
	}
}

package publish

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// Whatever comes, changes, moves and goes, a window holds what counting every call one by one
// gives, to the millisecond, and the latest instant is that of a look at all calls.
func TestRecentIsWhatCountingGives(t *testing.T) {
	base := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	instant := func(rt *rapid.T, name string) time.Time {
		// About the edges of slices, quarter hours and windows.
		at := base.Add(time.Duration(rapid.IntRange(-4, 4).Draw(rt, name+" in quarters")) * hotline.BucketLength)
		at = at.Add(time.Duration(rapid.IntRange(-2, 2).Draw(rt, name+" in slices")) * sliceLength)
		return at.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, name+" in ms")) * time.Millisecond)
	}
	rapid.Check(t, func(rt *rapid.T) {
		rules := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z").rules
		r, all := newRecent(rules), map[uint64]store.Live{}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			var gone []uint64
			var fresh []store.Live
			for range rapid.IntRange(0, 3).Draw(rt, "gone") {
				call := rapid.Uint64Range(0, 9).Draw(rt, "goes")
				gone = append(gone, call)
				delete(all, call)
			}
			for call := range rapid.Uint64Range(0, 9).Draw(rt, "come") {
				l := store.Live{
					StartedAt: instant(rt, "started"), Centre: "xy", Source: "pbx", Outcome: hotline.Open,
					Queue: rapid.SampledFrom([]string{"", "q"}).Draw(rt, "queue"), Queued: true,
				}
				if rapid.Bool().Draw(rt, "decided") {
					l.Outcome = rapid.SampledFrom([]hotline.Outcome{hotline.Answered, hotline.AbandonedQueue, hotline.SelfService}).Draw(rt, "outcome")
					l.DecidedAt, l.WaitMillis = instant(rt, "decision"), rapid.Int64Range(0, 5000).Draw(rt, "wait")
				}
				l.Mark = store.LiveMark{Bucket: hotline.BucketOf(l.StartedAt).Unix(), Call: call}
				fresh, all[call] = append(fresh, l), l
			}
			since := instant(rt, "since").Add(-time.Hour)
			r.change(gone, fresh, since)
			for call, l := range all {
				if l.StartedAt.Before(hotline.BucketOf(since)) {
					delete(all, call)
				}
			}
			to := instant(rt, "to")
			for _, length := range []time.Duration{15 * time.Minute, time.Hour, time.Second} {
				from := to.Add(-length)
				want := make(counts)
				for _, l := range all {
					if l.DecidedAt.After(from) && !l.DecidedAt.After(to) {
						want.merge(rules.count(map[uint64]*store.Live{0: &l}, nil))
					}
				}
				got := r.sliding(from, to)
				if diff := cmp.Diff(kpi.WindowCounts{From: from, To: to, Scopes: want.widen()}, got, cmpopts.EquateEmpty()); diff != "" {
					rt.Fatalf("%v to %v (-counted +window):\n%s", length, to, diff)
				}
			}
			var want time.Time
			for _, l := range all {
				want = later(want, latestOf(&l, to))
			}
			if got := r.latest(to); !got.Equal(want) {
				rt.Fatalf("latest up to %v: %v, want %v", to, got, want)
			}
		}
		r.change(nil, nil, base.Add(24*time.Hour))
		if n := len(r.calls) + len(r.open) + len(r.buckets) + len(r.slices); n != 0 {
			rt.Fatalf("%d things are kept of calls long past", n)
		}
	})
}

// Of a busy quarter hour what has changed is read, and no more.
func TestOnlyChangedCallsAreRead(t *testing.T) {
	r := newRig(t, "UTC", "2026-03-12T10:14:00Z")
	start := at(t, "2026-03-12T10:00:00Z")
	var calls []hotline.Call
	for i := range 200 {
		calls = append(calls, answered(fmt.Sprint("call ", i), start.Add(time.Duration(i)*time.Second), time.Second))
	}
	r.store.put(calls...)
	r.look()
	read := func(n int, when string) {
		t.Helper()
		before := r.store.told
		r.look()
		if got := r.store.told - before; got != n {
			t.Errorf("%s: %d calls were read, want %d", when, got, n)
		}
		if got, want := r.snapshot().Windows[kpi.LastHour].Scopes[kpi.Scope{}].Tally.Answered, int64(len(r.store.calls)); got != want {
			t.Errorf("%s: %d answered in the last hour, want %d", when, got, want)
		}
	}
	read(0, "nothing has changed")
	r.store.put(answered("one more", start, time.Second))
	read(1, "one call more")
	again := calls[7]
	again.EndedAt = again.EndedAt.Add(time.Minute)
	r.store.put(again)
	read(1, "one changed")
	gone := calls[8]
	gone.Deleted = true
	r.store.put(gone)
	read(0, "one deleted")
	r.store.put(calls[9]) // delivered again
	read(0, "one delivered again")
	var many []hotline.Call
	for i := range maxPicked + 1 {
		many = append(many, answered(fmt.Sprint("import ", i), start, time.Second))
	}
	r.store.put(many...)
	read(200+len(many), "too many to ask for one by one")
}

// BenchmarkBusyHour is what a board costs while 500 calls a second are decided.
func BenchmarkBusyHour(b *testing.B) {
	const perSecond, hour = 500, 3600
	now := time.Date(2026, 3, 12, 10, 59, 59, 0, time.UTC)
	call := func(i int) store.Live {
		at := now.Add(-time.Duration(hour*perSecond-i) * time.Second / perSecond)
		return store.Live{
			Mark: store.LiveMark{Bucket: hotline.BucketOf(at.Add(-time.Minute)).Unix(), Call: uint64(i)}, CallID: fmt.Sprint(i), Centre: "xy", Source: "pbx",
			Queue: fmt.Sprint("q", i%5), Outcome: hotline.Answered, StartedAt: at.Add(-time.Minute), QueuedAt: at.Add(-time.Minute), DecidedAt: at,
			WaitMillis: int64(i%40) * 1000, Queued: true,
		}
	}
	f := newRig(b, "UTC", now.Format(time.RFC3339)).Follower
	var all []store.Live
	for i := range hour * perSecond {
		all = append(all, call(i))
	}
	r := newRecent(f.rules)
	r.change(nil, all, now.Add(-2*time.Hour))
	look := func() { r.sliding(now.Add(-time.Hour), now) }
	look()
	b.Run("counted one by one", func(b *testing.B) {
		for b.Loop() {
			f.rules.count(r.calls, nil)
		}
	})
	b.Run("looked at", func(b *testing.B) {
		for b.Loop() {
			look()
		}
	})
	b.Run("changed and looked at", func(b *testing.B) {
		for n := hour * perSecond; b.Loop(); n++ {
			var fresh []store.Live
			for i := range perSecond {
				fresh = append(fresh, call(n*perSecond+i))
			}
			r.change(nil, fresh, now.Add(-2*time.Hour))
			look()
		}
	})
}

package publish

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Whatever changes, and however time passes, the snapshot is what counting every call
// from the beginning gives.
func TestSnapshotIsWhatCountingGives(t *testing.T) {
	knows := map[string]kpi.Knows{"pbx": kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait}), "ivr": nil}
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin", "America/Havana"}).Draw(rt, "zone")
		start := rapid.SampledFrom([]string{
			"2026-11-23T02:10:00Z", "2026-12-31T15:10:00Z", "2026-03-28T22:00:00Z", "2026-11-01T03:30:00Z", "2027-01-01T00:10:00Z",
		}).Draw(rt, "start")
		r := newRig(t, zone, start, func(d *Deps) {
			d.Knows = func(source string) kpi.Knows { return knows[source] }
			d.Calendar = always
		})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			now := r.clock.now()
			var batch []hotline.Call
			for range rapid.IntRange(0, 4).Draw(rt, "calls") {
				batch = append(batch, drawCall(rt, now))
			}
			r.store.put(batch...)
			r.look()
			r.clock.set(now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 20, 65, 240, 24 * 60, 40 * 24 * 60}).Draw(rt, "minutes")) * time.Minute))
			if rapid.Bool().Draw(rt, "look") {
				r.look()
			}
			s, ok := r.Snapshot(r.clock.now())
			if !ok { // more than a day on, unread
				r.look()
				s = r.snapshot()
			}
			want := r.countAll(r.clock.now(), knows)
			got := make(map[kpi.Window]map[kpi.Scope]kpi.Counted)
			for w, counts := range s.Windows {
				got[w] = counts.Scopes
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("at %v (-counted +snapshot):\n%s", r.clock.now(), diff)
			}
			if diff := cmp.Diff(r.waitAll(r.clock.now()), s.Waiting, cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("waiting at %v (-counted +snapshot):\n%s", r.clock.now(), diff)
			}
		}
	})
}

func drawCall(rt *rapid.T, now time.Time) hotline.Call {
	ago := rapid.SampledFrom([]time.Duration{
		0, time.Minute, 14 * time.Minute, time.Hour, 3 * time.Hour, 4*time.Hour - time.Minute, 4 * time.Hour,
		10 * time.Hour, 30 * time.Hour, 15 * 24 * time.Hour, 100 * 24 * time.Hour, 400 * 24 * time.Hour,
	}).Draw(rt, "ago")
	started := now.Add(-ago)
	wait := time.Duration(rapid.IntRange(0, 70*60).Draw(rt, "wait")) * time.Second
	var c hotline.Call
	switch rapid.IntRange(0, 3).Draw(rt, "kind") {
	case 0:
		c = answered("", started, wait)
	case 1:
		c = lost("", started, wait)
	case 2:
		c = open("", started)
	case 3:
		c = open("", started)
		c.QueuedAt, c.Outcome, c.EndedAt = time.Time{}, hotline.SelfService, started.Add(wait)
	}
	c.ID = fmt.Sprint("call ", rapid.IntRange(0, 9).Draw(rt, "id"))
	c.Queue = rapid.SampledFrom([]string{"", "general", "cards"}).Draw(rt, "queue")
	c.Centre = rapid.SampledFrom([]string{"xy", "xa"}).Draw(rt, "centre")
	c.Source = rapid.SampledFrom([]string{"pbx", "ivr"}).Draw(rt, "source")
	c.Deleted = rapid.IntRange(0, 5).Draw(rt, "deleted") == 0
	if rapid.IntRange(0, 5).Draw(rt, "excluded") == 0 {
		c.Excluded = hotline.ExcludedInternal
	}
	return c
}

// countAll counts each call into each window it belongs to.
func (r *rig) countAll(now time.Time, knows map[string]kpi.Knows) map[kpi.Window]map[kpi.Scope]kpi.Counted {
	out := make(map[kpi.Window]map[kpi.Scope]kpi.Counted)
	for _, w := range kpi.Windows() {
		out[w] = map[kpi.Scope]kpi.Counted{{}: {}}
	}
	for _, id := range r.store.ids() {
		c := r.store.calls[id]
		f := c.Facts()
		for _, w := range kpi.Windows() {
			from, to := w.Bounds(now, r.zone)
			in := !c.StartedAt.Before(from) && c.StartedAt.Before(to)
			one := kpi.Counted{Tally: kpi.One(&c), Knows: knows[c.Source]}
			if w.Sliding() {
				// Further than the reach of recent calls nothing is known of a decision.
				in = f.DecidedAt.After(from) && !f.DecidedAt.After(to) && !f.Bucket.Before(hotline.BucketOf(r.liveFrom(now)))
				one.Tally.TalkMillis, one.Tally.Legs = 0, 0
				one.Tally.DataTo = c.StartedAt
			}
			if !in {
				continue
			}
			for _, scope := range kpi.Scopes(c.Centre, c.Queue) {
				sum := out[w][scope]
				sum.Merge(&one)
				out[w][scope] = sum
			}
		}
	}
	return out
}

func (r *rig) waitAll(now time.Time) map[kpi.Scope]kpi.Waiting {
	out := make(map[kpi.Scope]kpi.Waiting)
	held := r.cache.span().from // open calls of days that are not held are forgotten
	for _, id := range r.store.ids() {
		c := r.store.calls[id]
		age := now.Sub(c.StartedAt)
		if c.Outcome != hotline.Open || c.Excluded != "" || c.StartedAt.Before(held) {
			continue
		}
		for _, scope := range kpi.Scopes(c.Centre, c.Queue) {
			w := out[scope]
			if age < r.cfg.OpenMax {
				w.Count++
				if w.Since.IsZero() || c.QueuedAt.Before(w.Since) {
					w.Since = c.QueuedAt
				}
			} else {
				w.Stale++
			}
			out[scope] = w
		}
	}
	return out
}

func (m *memory) ids() []string {
	ids := make([]string, 0, len(m.calls))
	for id := range m.calls {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

package publish

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

func TestNoSnapshotBeforeTheFirstReading(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:00:00Z")
	if s, ok := r.Snapshot(r.clock.now()); ok {
		t.Errorf("snapshot %+v before anything was read", s)
	}
	r.store.breakWith(errAway)
	if err := r.poll(t.Context()); err == nil {
		t.Error("a failed reading gave no error")
	}
	if _, ok := r.Snapshot(r.clock.now()); ok {
		t.Error("a failed reading was taken for an empty one")
	}
	r.store.breakWith(nil)
	r.look()
	if got := r.offered(); got[kpi.ThisYear] != 0 {
		t.Errorf("offered %v of an empty store", got)
	}
	if s := r.snapshot(); !s.DataTo.IsZero() {
		t.Errorf("data_to %v of an empty store", s.DataTo)
	}
}

func TestWindows(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z") // 10:10 on a Monday
	now := r.clock.now()
	r.look()
	r.store.put(
		answered("now", now.Add(-time.Minute), 10*time.Second),
		lost("in the hour", now.Add(-30*time.Minute), time.Minute),
		answered("late decision", now.Add(-70*time.Minute), 65*time.Minute), // arrived before, decided within
		answered("today", now.Add(-3*time.Hour), 0),
		answered("month", at(t, "2026-11-01T01:00:00Z"), 0),
		answered("quarter", at(t, "2026-10-01T01:00:00Z"), 0),
		answered("year", at(t, "2025-12-31T16:00:00Z"), 0),
		answered("last year", at(t, "2025-12-31T15:59:59Z"), 0),
	)
	r.look()
	want := map[kpi.Window]int64{
		kpi.Last15Minutes: 2, kpi.LastHour: 3, kpi.Today: 4, kpi.ThisMonth: 5, kpi.ThisQuarter: 6, kpi.ThisYear: 7,
	}
	if diff := cmp.Diff(want, r.offered()); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
	s := r.snapshot()
	if want := now.Add(-50 * time.Second); !s.DataTo.Equal(want) {
		t.Errorf("data_to %v, want the answer of the newest call at %v", s.DataTo, want)
	}
	if diff := cmp.Diff([]kpi.TopicCount{{Topic: "cards", Calls: 3}}, s.Topics); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	if len(s.Curve) != 96 || s.Curve[40].Offered != 1 || s.Curve[40].Answered != 1 || s.Curve[38].Answered != 0 || s.Curve[38].Requested != 1 {
		t.Errorf("curve of %d points: %+v", len(s.Curve), s.Curve[36:42])
	}
	// A loss that was decided slides out of the window by itself.
	r.clock.set(now.Add(31 * time.Minute))
	if got := r.offered()[kpi.LastHour]; got != 2 {
		t.Errorf("%d calls in the last hour half an hour later, want 2", got)
	}
}

func TestDaysBeginAtMidnightOfTheZone(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-12-31T15:50:00Z") // 23:50 on New Year's Eve
	r.look()
	r.store.put(answered("old", at(t, "2026-12-31T15:45:00Z"), 0))
	r.look()
	r.store.put(answered("new", at(t, "2026-12-31T16:00:00Z"), 0))
	r.look()
	if diff := cmp.Diff(map[kpi.Window]int64{
		kpi.Last15Minutes: 1, kpi.LastHour: 1, kpi.Today: 1, kpi.ThisMonth: 1, kpi.ThisQuarter: 1, kpi.ThisYear: 1,
	}, r.offered()); diff != "" {
		t.Errorf("before midnight (-want +got):\n%s", diff)
	}
	// At midnight the figures change without a reading, and stay with the next one.
	want := map[kpi.Window]int64{
		kpi.Last15Minutes: 1, kpi.LastHour: 2, kpi.Today: 1, kpi.ThisMonth: 1, kpi.ThisQuarter: 1, kpi.ThisYear: 1,
	}
	r.clock.set(at(t, "2026-12-31T16:00:00Z"))
	for _, when := range []string{"before the reading", "after it"} {
		if diff := cmp.Diff(want, r.offered()); diff != "" {
			t.Errorf("at midnight %s (-want +got):\n%s", when, diff)
		}
		r.look()
	}
	// A correction in the year gone by changes nothing of this one.
	r.store.put(lost("old", at(t, "2026-12-31T15:45:00Z"), 0))
	r.look()
	if diff := cmp.Diff(want, r.offered()); diff != "" {
		t.Errorf("after a correction (-want +got):\n%s", diff)
	}
}

func TestChangeOfTheClocks(t *testing.T) {
	// Berlin, 25 October 2026: 25 hours, from 22:00Z to 23:00Z.
	r := newRig(t, "Europe/Berlin", "2026-10-24T21:59:00Z")
	r.look()
	for h := range 25 {
		r.store.put(answered(fmt.Sprint("h", h), at(t, "2026-10-24T22:00:00Z").Add(time.Duration(h)*time.Hour), 0))
		r.look()
	}
	if got := r.offered()[kpi.Today]; got != 0 {
		t.Errorf("%d calls on the day before", got)
	}
	r.clock.set(at(t, "2026-10-25T22:59:00Z"))
	r.look()
	if got := r.offered()[kpi.Today]; got != 25 {
		t.Errorf("%d calls in the day of 25 hours", got)
	}
	if n := len(r.snapshot().Curve); n != 100 {
		t.Errorf("%d quarter hours in the day of 25 hours", n)
	}
	r.clock.set(at(t, "2026-10-25T23:00:00Z"))
	if got := r.offered()[kpi.Today]; got != 0 {
		t.Errorf("%d calls on the day after", got)
	}
}

func TestWaiting(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	now := r.clock.now()
	r.look()
	ivr := open("in the ivr", now.Add(-time.Minute))
	ivr.QueuedAt = time.Time{}
	test := open("a test", now.Add(-time.Minute))
	test.Excluded = hotline.ExcludedTest
	ahead := open("ahead", now.Add(time.Minute)) // its clock runs ahead
	r.store.put(ivr, test, ahead,
		open("young", now.Add(-time.Minute)),
		open("long", now.Add(-4*time.Hour+time.Second)),
		open("just stale", now.Add(-4*time.Hour)),
		open("stale since yesterday", now.Add(-20*time.Hour)),
		open("stale since spring", now.Add(-200*24*time.Hour)),
	)
	r.look()
	general := kpi.Scope{Level: kpi.OneQueue, Centre: "xy", Queue: "general"}
	want := kpi.Waiting{Count: 3, Since: now.Add(-4*time.Hour + time.Second), Stale: 3}
	for _, scope := range []kpi.Scope{{}, {Level: kpi.OneCentre, Centre: "xy"}, general} {
		if diff := cmp.Diff(want, r.snapshot().Waiting[scope]); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", scope, diff)
		}
	}
	// Answered: nobody waits. Two seconds on, the long one is stale; it comes from its
	// bucket or from itself, never from both.
	r.store.put(answered("young", now.Add(-time.Minute), time.Minute))
	r.look()
	for step := range 40 {
		r.clock.set(now.Add(2*time.Second + time.Duration(step)*time.Minute))
		if got := r.snapshot().Waiting[general]; got.Count != 1 || got.Stale != 4 {
			t.Fatalf("waiting %+v after %d minutes", got, step)
		}
	}
}

func TestFailuresLoseNothing(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	now := r.clock.now()
	r.look()
	r.store.put(answered("a", now.Add(-time.Hour), 0))
	r.look()
	r.store.put(answered("b", now.Add(-2*time.Hour), 0))
	// The log answers, then nothing does: the entries were read and must not be forgotten.
	entries, err := r.store.Log(t.Context(), r.after)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	r.deps.Store = logOnly{r.store}
	if err := r.poll(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if got := r.offered()[kpi.Today]; got != 1 {
		t.Errorf("%d calls while the store is away, want the last known 1", got)
	}
	checked := r.snapshot().CheckedAt
	r.clock.set(now.Add(time.Minute))
	r.deps.Store = r.store
	r.look()
	if got := r.offered()[kpi.Today]; got != 2 {
		t.Errorf("%d calls after the store came back, want 2", got)
	}
	if s := r.snapshot(); !s.CheckedAt.After(checked) {
		t.Errorf("checked_at stayed at %v", checked)
	}
}

// logOnly is a store that can no longer read tallies.
type logOnly struct{ *memory }

func (s logOnly) Tallies(_ context.Context, _ store.TallyQuery) ([]store.Tally, error) {
	return nil, errAway
}

func TestRestoredStoreIsReadAnew(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	now := r.clock.now()
	r.store.put(answered("a", now.Add(-time.Hour), 0))
	r.store.put(answered("b", now.Add(-time.Hour), 0))
	r.look()
	// A backup is restored: the log is behind, and one call is gone.
	restored := newMemory()
	restored.put(answered("a", now.Add(-time.Hour), 0))
	r.deps.Store = restored
	r.clock.set(now.Add(auditEvery))
	r.look()
	if got := r.offered()[kpi.Today]; got != 1 {
		t.Errorf("%d calls, want the 1 of the restored store", got)
	}
}

func TestClockGoesBack(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2027-01-02T02:00:00Z")
	r.store.put(answered("a", at(t, "2026-11-23T02:00:00Z"), 0))
	r.look()
	r.clock.set(at(t, "2026-11-23T03:00:00Z"))
	if _, ok := r.Snapshot(r.clock.now()); ok {
		t.Error("a snapshot of a year that is not held")
	}
	r.look()
	if got := r.offered()[kpi.Today]; got != 1 {
		t.Errorf("%d calls today, want 1", got)
	}
}

// A record from a clock that runs ahead must not hide that the data stopped.
func TestDataToBelievesNoFuture(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	now := r.clock.now()
	ahead := answered("ahead", now.Add(-10*time.Minute), 0)
	ahead.EndedAt = now.Add(50 * 24 * time.Hour)
	ahead.Talk = hotline.Seconds(60)
	r.store.put(ahead, answered("far", now.Add(20*24*time.Hour), 0), answered("true", now.Add(-6*time.Hour), 0))
	r.look()
	if got, want := r.snapshot().DataTo, now.Add(-10*time.Minute); !got.Equal(want) {
		t.Errorf("data_to %v, want %v", got, want)
	}
	// Only old data: the store is asked.
	r = newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	r.store.put(answered("old", at(t, "1999-02-01T08:00:00Z"), 0))
	r.look()
	if got, want := r.snapshot().DataTo, at(t, "1999-02-01T08:03:00Z"); !got.Equal(want) {
		t.Errorf("data_to %v, want %v", got, want)
	}
}

func TestRunTellsSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z", func(d *Deps) { d.Now = time.Now })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		changes, leave := r.Subscribe()
		defer leave()
		go func() { ended <- r.Run(ctx) }()
		<-changes // the first reading
		<-changes // and what today and the year are held against
		began := time.Now()
		r.store.put(answered("a", time.Now(), 0))
		<-changes
		if took := time.Since(began); took > r.cfg.Poll {
			t.Errorf("told after %v, polling every %v", took, r.cfg.Poll)
		}
		// Kicked it looks at once.
		r.store.put(answered("b", time.Now(), 0))
		began = time.Now()
		r.Kick()
		<-changes
		if took := time.Since(began); took != 0 {
			t.Errorf("told %v after a kick", took)
		}
		// Nothing changes: nobody is told.
		select {
		case <-changes:
			t.Error("told of no change")
		case <-time.After(10 * time.Second):
		}
		// The store is away for a while, then back.
		r.store.breakWith(errAway)
		r.store.put(answered("c", time.Now(), 0))
		time.Sleep(time.Minute)
		r.store.breakWith(nil)
		<-changes
		if s, ok := r.Snapshot(time.Now()); !ok || s.Windows[kpi.Today].Scopes[kpi.Scope{}].Tally.Calls != 3 {
			t.Errorf("calls not shown: %v", ok)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*Config){
		"zone":       func(c *Config) { c.Zone = "Asia/Xianyang" },
		"poll":       func(c *Config) { c.Poll = 0 },
		"open_max":   func(c *Config) { c.OpenMax = 25 * time.Hour },
		"max_queues": func(c *Config) { c.MaxQueues = 0 },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || err.Error()[:len(field)+1] != field+":" {
			t.Errorf("%s: error %v does not name it", field, err)
		}
	}
	c := DefaultConfig()
	c.Zone = "Local"
	if err := c.Validate(); err == nil {
		t.Error("the machine's own zone was accepted")
	}
}

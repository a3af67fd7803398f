package publish

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hotline12333/internal/kpi"
)

// Whatever takes long or fails of what figures are held against, calls are shown meanwhile; and
// it is there once it can be read.
func TestCallsDoNotWaitForThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z", func(d *Deps) {
			d.Now = time.Now
			d.Unusual = func(ctx context.Context) (func(time.Time) bool, error) {
				select {
				case err := <-answers:
					return func(time.Time) bool { return false }, err
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
		})
		time.Sleep(time.Until(at(t, "2026-11-23T02:10:00Z"))) // the bubble's clock begins in 2000
		r.store.put(someMondays(t, 4)...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		shows := func(calls int64, usual bool) {
			t.Helper()
			time.Sleep(2 * r.cfg.Poll)
			synctest.Wait()
			s, ok := r.Snapshot(time.Now())
			if !ok || s.Windows[kpi.Today].Scopes[kpi.Scope{}].Tally.Calls != calls || (s.Usual != nil) != usual {
				t.Errorf("%v, shown: %+v, usual: %+v; want %d calls, the usual day: %v", ok, s.Windows[kpi.Today].Scopes[kpi.Scope{}].Tally, s.Usual, calls, usual)
			}
		}
		shows(0, false)
		r.store.put(answered("while it is read", time.Now(), 0))
		shows(1, false)
		answers <- errors.New("away")
		r.store.put(answered("after a failure", time.Now(), 0))
		shows(2, false)
		time.Sleep(maxPause)
		answers <- nil
		shows(2, true)
		// What changes while it is read is read afterwards.
		r.store.put(answered("a past day", at(t, "2026-11-16T02:00:00Z"), 0))
		time.Sleep(time.Minute) // it is being read
		late := someMondays(t, 1)[0]
		late.ID, late.StartedAt = "another", late.StartedAt.Add(time.Minute)
		r.store.put(late)
		shows(2, true)
		answers <- nil
		select {
		case answers <- nil:
		case <-time.After(time.Hour):
			t.Error("what changed while the past was read was never learnt")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

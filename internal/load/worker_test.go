package load

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

func TestLoadsEverythingOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		recs, good, bads := mixed()
		r.part.append(recs...)
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		r.exact(good, bads)
		if got := r.value("hotline_load_records_total"); got != float64(len(recs)) {
			t.Errorf("%v records counted, not %d", got, len(recs))
		}
		if got := r.value("hotline_load_conflicts_total"); got != 3 {
			t.Errorf("%v conflicts, not 3", got)
		}
		if got := r.value("hotline_load_rejected_total"); got != float64(bads) {
			t.Errorf("%v rejected, not %d", got, bads)
		}
	})
}

// exact checks that all is as if nothing had happened.
func (r *rig) exact(good []record, bads int) {
	r.t.Helper()
	if err := r.model.check(truth(good)); err != nil {
		r.t.Error(err)
	}
	if letters := r.letters(); len(letters) != bads {
		r.t.Errorf("%d dead letters, not %d", len(letters), bads)
	}
	if accepted, rejected := r.booked(); accepted != int64(len(good)) || rejected != int64(bads) {
		r.t.Errorf("the ledger has %d accepted, %d rejected; not %d and %d", accepted, rejected, len(good), bads)
	}
}

// A process that dies between any two steps, or in one whose outcome it never learns,
// leaves everything exact for the next.
func TestDiesAtEachStep(t *testing.T) {
	t.Parallel()
	topics := DefaultTopics()
	for _, step := range []string{
		"announce before", "announce after", topics.Rejected + " before", topics.Rejected + " after", "lookup",
		"calls before", "calls after", "callers before", "callers after", "around", "versions before", "versions after", "ledger before", "ledger after",
		topics.Touched + " before", topics.Touched + " after", "commit before", "commit after",
	} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s %d", step, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					recs, good, bads := mixed()
					r.part.append(recs...)
					ctx, kill := context.WithCancel(t.Context())
					defer kill()
					r.failAt(step, n, kill)
					if err := r.work(ctx); err != nil {
						t.Fatal(err)
					}
					if r.part.done() {
						t.Fatal("it did not die")
					}
					r.heal()
					r.cfg.BatchRows = 5 // a new configuration cuts other batches
					r.registry = newRegistry()
					r.build()
					if err := r.drain(); err != nil {
						t.Fatal(err)
					}
					r.exact(good, bads)
				})
			})
		}
	}
}

func TestLoneRecordIsStoredAfterTheBatchWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var done time.Time
		r.part.fail = func(step string) error {
			if step == "commit after" {
				done = time.Now()
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		time.Sleep(12345 * time.Millisecond) // virtual
		synctest.Wait()
		at := time.Now()
		r.part.append(sent(made("a", 1, 0, "x")))
		time.Sleep(time.Second)
		synctest.Wait()
		if took := done.Sub(at); took != r.cfg.BatchWait {
			t.Errorf("took %v, not %v", took, r.cfg.BatchWait)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Under a steady trickle a batch is cut by its first record, not by the last.
func TestTrickleIsCutByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.cfg.BatchRows = 1000
		r.registry = newRegistry()
		r.build()
		commits := 0
		r.part.fail = func(step string) error {
			if step == "commit after" {
				commits++
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		for i := range 100 {
			r.part.append(sent(made(fmt.Sprint(i), 1, 0, "x")))
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if commits < 9 || commits > 11 {
			t.Errorf("%d batches in 2 s", commits)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestStoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		recs, good, bads := mixed()
		for range 20 {
			r.part.append(recs...)
		}
		away := time.Now().Add(time.Hour)
		attempts := 0
		r.model.fail = func(string) error {
			if time.Now().Before(away) {
				attempts++
				return errKilled
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if r.part.fetched > int64(5*r.cfg.BatchRows) {
			t.Errorf("%d records were read while the store was away", r.part.fetched)
		}
		before := r.part.fetches
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if r.part.fetches != before {
			t.Errorf("%d fetches while the store was away", r.part.fetches-before)
		}
		if attempts < 500 || attempts > 2000 {
			t.Errorf("%d attempts in an hour", attempts)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		if err := r.model.check(truth(good)); err != nil {
			t.Error(err)
		}
		if got := len(r.letters()); got != 20*bads {
			t.Errorf("%d dead letters", got)
		}
	})
}

func TestSchemaFaultPausesUntilMended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.part.append(sent(made("a", 1, 0, "x")))
		mended := time.Now().Add(time.Hour)
		r.model.fail = func(step string) error {
			if step == "calls before" && time.Now().Before(mended) {
				return &store.Error{Statement: "insert calls", Class: store.ClassSchema, Err: errors.New("no such column")}
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.value("hotline_load_paused"); got != 1 {
			t.Errorf("paused is %v", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := r.value("hotline_load_paused"); got != 0 {
			t.Errorf("paused is %v after mending", got)
		}
		if !r.part.done() {
			t.Error("not loaded after mending")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A row the store refuses is a dead letter; what stands beside it, and what the call was
// before it, stays.
func TestRefusedRow(t *testing.T) {
	t.Parallel()
	for _, dies := range []string{"", DefaultTopics().Rejected + " after", "calls after", "versions after", "commit before"} {
		t.Run(dies, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.cfg.BatchRows = 100
				r.registry = newRegistry()
				r.build()
				good := []record{made("a", 1, 0, "x"), made("b", 1, 0, "x"), made("c", 1, 0, "x")}
				for _, g := range good {
					r.part.append(sent(g))
				}
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				later := []record{made("d", 1, 1, "x"), made("a", 2, 3, "y"), made("e", 1, 0, "x")}
				good = append(good, later...)
				r.part.append(sent(later[0]), sent(made("b", 2, 3, refusedQueue)), sent(later[1]),
					sent(made("b", 2, 3, refusedQueue)), sent(made("f", 1, 3, refusedQueue)), sent(later[2]))
				if dies != "" {
					ctx, kill := context.WithCancel(t.Context())
					defer kill()
					r.failAt(dies, 1, kill)
					if err := r.work(ctx); err != nil {
						t.Fatal(err)
					}
					r.heal()
				}
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				r.exact(good, 3)
				for _, l := range r.letters() {
					if l.Reason != hotline.Refused || !l.Replayable || len(l.Bytes) == 0 {
						t.Errorf("letter %+v", l)
					}
				}
			})
		})
	}
}

// A topic of dead letters that is set up too small stops nothing.
func TestDeadLetterTooLargeForItsTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.broker.largest = 1 << 20
		r.part.append(bad("a", string(make([]byte, 5<<20))), sent(made("b", 1, 0, "x")))
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		r.exact([]record{made("b", 1, 0, "x")}, 1)
		l := r.letters()[0]
		if l.Reason != hotline.TooLarge || l.Replayable || l.Length != 5<<20 || len(l.SHA256) != 64 {
			t.Errorf("letter %v, replayable %v, %d bytes, %q", l.Reason, l.Replayable, l.Length, l.SHA256)
		}
	})
}

// When the partition is lost the batch is dropped: its successor reads it again.
func TestFenced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		recs, good, bads := mixed()
		r.part.append(recs...)
		r.part.fail = func(step string) error {
			if step == "commit before" {
				return fmt.Errorf("committing: %w", broker.ErrFenced)
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		inserts := len(r.model.tokens)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(r.model.tokens) != inserts {
			t.Error("it went on after it was fenced")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.heal()
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		r.exact(good, bads)
	})
}

// The end of the program lets the batch at hand finish, and no more than that.
func TestShutdownFinishesTheBatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		insert time.Duration
		done   bool
	}{
		"finishes":  {time.Second, true},
		"abandoned": {time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.part.append(sent(made("a", 1, 0, "x")))
				slow := &slowStore{model: r.model, takes: c.insert, began: make(chan struct{})}
				r.loader.store = slow
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- r.work(ctx) }()
				<-slow.began
				at := time.Now()
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if took := time.Since(at); took > r.cfg.ShutdownGrace {
					t.Errorf("took %v", took)
				}
				if r.part.done() != c.done {
					t.Errorf("committed: %v", r.part.done())
				}
				r.loader.store = r.model
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				r.exact([]record{made("a", 1, 0, "x")}, 0)
			})
		})
	}
}

type slowStore struct {
	*model
	takes time.Duration
	began chan struct{}
}

func (s *slowStore) InsertCalls(ctx context.Context, b store.Batch, rows []store.Row) error {
	close(s.began)
	select {
	case <-time.After(s.takes):
		return s.model.InsertCalls(ctx, b, rows)
	case <-ctx.Done():
		return &store.Error{Statement: "insert calls", Class: store.ClassEnded, Err: ctx.Err()}
	}
}

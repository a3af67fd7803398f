package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"hotline12333/internal/testkit"
)

func TestTopicMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		recs, good, bads := mixed()
		r.part.append(recs...)
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		// The same offsets now hold other records.
		r.part.log, r.part.topicID = nil, "t2"
		more := []record{made("n1", 1, 2, "x"), made("c3", 9, 9, "x")}
		r.part.append(sent(more[0]), sent(more[1]))
		if err := r.drain(); err != nil {
			t.Fatal(err)
		}
		r.exact(append(good, more...), bads)
	})
}

// Someone sets the group's offsets by hand, or the cluster forgets them after a long
// holiday: all is read again, cut otherwise.
func TestOffsetsSetBack(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]int64{"to the beginning": 0, "to the middle": 11} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				recs, good, _ := mixed()
				r.part.append(recs...)
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					r.part.committed, r.part.metadata = to, ""
					more := made(fmt.Sprint("n", i), 1, 2, "x")
					good = append(good, more)
					r.part.append(sent(more))
					r.cfg.BatchRows = 5 + i
					r.registry = newRegistry()
					r.build()
					ctx, stop := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { ended <- r.work(ctx) }()
					time.Sleep(2 * r.cfg.ReconcileEvery)
					synctest.Wait()
					if !r.part.done() {
						t.Error("not read again")
					}
					if got := r.value("hotline_load_reconciliation_difference"); got != 0 {
						t.Errorf("difference %v", got)
					}
					stop()
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
				if err := r.model.check(truth(good)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestPartitionThatLostItsEnd(t *testing.T) {
	t.Parallel()
	for name, announced := range map[string]bool{"after a commit": false, "in a batch": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				recs, good, _ := mixed()
				r.part.append(recs...)
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				if announced {
					last := position{topic: "t1", last: int64(len(recs) - 1), announced: true}
					r.part.committed, r.part.metadata = int64(len(recs)-3), last.String()
				}
				// The cluster forgets the newest records and takes others in their place.
				r.part.log = r.part.log[:len(recs)-2]
				more := made("n1", 1, 2, "x")
				r.part.append(sent(more))
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				if err := r.model.check(truth(append(good, more))); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestReconciliation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		recs, _, _ := mixed()
		r.part.append(recs...)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.work(ctx) }()
		time.Sleep(2 * r.cfg.ReconcileEvery)
		synctest.Wait()
		if got := r.value("hotline_load_reconciliation_difference"); got != 0 {
			t.Errorf("difference %v", got)
		}
		r.model.loseLine()
		time.Sleep(2 * r.cfg.ReconcileEvery)
		synctest.Wait()
		if got := r.value("hotline_load_reconciliation_difference"); got < 1 {
			t.Errorf("difference %v after a line was lost", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Whatever a partition holds, however it is cut and wherever its loaders die.
func TestRandomPartitions(t *testing.T) {
	t.Parallel()
	steps := []string{
		"announce before", "announce after", "lookup", "calls before", "calls after", "versions before", "versions after",
		"ledger before", "ledger after", "commit before", "commit after",
	}
	for seed := range uint64(testkit.Sample(150, 30)) {
		rng := rand.New(rand.NewPCG(seed, 1))
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			var good []record
			for range 1 + rng.IntN(60) {
				id, version := fmt.Sprint("c", rng.IntN(3)), uint64(1+rng.IntN(6))
				next := made(id, version, rng.IntN(4), fmt.Sprint("q", rng.IntN(2)))
				if rng.IntN(6) == 0 {
					next = deleted(id, version)
				}
				good = append(good, next)
				r.part.append(sent(next))
			}
			for range rng.IntN(6) {
				r.cfg.BatchRows = 1 + rng.IntN(5)
				r.registry = newRegistry()
				r.build()
				ctx, kill := context.WithCancel(t.Context())
				r.failAt(steps[rng.IntN(len(steps))], 1+rng.IntN(4), kill)
				ended := make(chan error, 1)
				go func() { ended <- r.work(ctx) }()
				time.Sleep(time.Minute) // virtual
				kill()
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				r.heal()
			}
			if err := r.drain(); err != nil {
				t.Fatal(err)
			}
			r.exact(good, 0)
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

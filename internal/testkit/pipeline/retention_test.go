package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/load"
	"hotline12333/internal/retention"
	"hotline12333/internal/store"
)

// dying is a store that ends a run at one of its writes, before it or after it.
type dying struct {
	*store.Store
	left  int
	after bool
}

var errDied = errors.New("killed")

func (d *dying) write(do func() error) error {
	d.left--
	if d.left < 0 || d.left == 0 && !d.after {
		return errDied
	}
	if err := do(); err != nil || d.left > 0 {
		return err
	}
	return errDied
}

func (d *dying) RaiseHorizon(ctx context.Context, of store.Sealed, step store.HorizonStep, at time.Time) error {
	return d.write(func() error { return d.Store.RaiseHorizon(ctx, of, step, at) })
}

func (d *dying) SealTallies(ctx context.Context, of store.Sealed, from, to time.Time) error {
	return d.write(func() error { return d.Store.SealTallies(ctx, of, from, to) })
}

func (d *dying) RememberSealed(ctx context.Context, of store.Sealed, before time.Time) error {
	return d.write(func() error { return d.Store.RememberSealed(ctx, of, before) })
}

func (d *dying) RemoveSealed(ctx context.Context, of store.Sealed, before time.Time) (r store.Removed, err error) {
	err = d.write(func() error {
		r, err = d.Store.RemoveSealed(ctx, of, before)
		return err
	})
	return r, err
}

func (s *stack) retain(with retention.Store, recorded *[]string) *retention.Worker {
	s.t.Helper()
	cfg := retention.DefaultConfig()
	cfg.Calls, cfg.SealedNumbers = retention.LeastCalls, 0
	w, err := retention.New(cfg, retention.Deps{
		Store: with, Broker: s.client, Rejected: load.DefaultTopics().Rejected,
		Loaded:  map[string]string{load.DefaultTopics().Calls: load.DefaultConfig().Group},
		Settled: func(ctx context.Context) error { return s.settled(ctx, load.DefaultTopics().Calls) },
		Record: func(what string) error {
			*recorded = append(*recorded, what)
			return nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

// TestRetentionDiesAtEachStep seals and removes a day at a time, dies at every write once
// before and once after it, and goes on from there: whatever was accepted stays counted, the
// calls go, and what comes late is rejected and changes nothing.
func TestRetentionDiesAtEachStep(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.start()
	first := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	const days = 13
	h := history{}
	var calls []hotline.Call
	for i := range days * 8 {
		calls = append(calls, hotline.Call{
			ID: fmt.Sprint("c-", i), Version: 1, StartedAt: first.Add(time.Duration(i) * 3 * time.Hour), Outcome: hotline.Answered, Queue: "q",
			Direction: hotline.Inbound, Centre: hotline.DefaultCentre, CallerHash: fmt.Sprint("k.", i%3),
		})
	}
	if err := s.send(calls); err != nil {
		t.Fatal(err)
	}
	h.add(calls)
	centres := []string{hotline.DefaultCentre}
	before, err := s.tallies(centres)
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	late := 0
	for day := range days - 1 {
		write, after := day/2+1, day%2 == 1
		now := first.AddDate(0, 0, day+1).Add(retention.LeastCalls + time.Hour)
		_, err := s.retain(&dying{Store: s.store, left: write, after: after}, &recorded).Apply(t.Context(), now)
		if !errors.Is(err, errDied) {
			t.Fatalf("day %d: write %d was never made: %v", day, write, err)
		}
		if write > 1 || after { // closed by now: a correction of a call there is refused, within it or out of it
			out := calls[day*8]
			out.Version, out.StartedAt = 2, first.AddDate(0, 0, days-1)
			in := calls[day*8+1]
			in.Version, in.Queue = 2, "other"
			late += 2
			if err := s.send([]hotline.Call{out, in}); err != nil {
				t.Fatal(err)
			}
		}
		items, err := s.retain(s.store, &recorded).Apply(t.Context(), now)
		if err != nil {
			t.Fatalf("day %d: %v", day, err)
		}
		until := first.AddDate(0, 0, day+1)
		if !items[0].Before.Equal(until) {
			t.Errorf("day %d: sealed before %s, not %s", day, items[0].Before, until)
		}
		if left, err := s.store.Removable(t.Context(), store.SealedCall, until); err != nil || left.Total() != 0 {
			t.Errorf("day %d: %v left, %v", day, left, err)
		}
		got, err := s.tallies(centres)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, got); diff != "" {
			t.Fatalf("day %d, killed at write %d (after: %v): tallies (-before +after):\n%.3000s", day, write, after, diff)
		}
	}
	// All of the log again: nothing lives again, and nothing is counted twice.
	late += (days - 1) * 8
	if err := s.send(calls); err != nil {
		t.Fatal(err)
	}
	got, err := s.tallies(centres)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("after a replay: tallies (-before +after):\n%.3000s", diff)
	}
	list, err := deadletter.List(t.Context(), s.client, deadletter.Query{Topic: load.DefaultTopics().Rejected})
	if err != nil || list.ByReason[hotline.SealedPeriod] != late || list.Total != late {
		t.Errorf("rejected %v, %v; want %d for the sealed period", list.ByReason, err, late)
	}
	// One of them twice: what was written down did not happen.
	if len(recorded) != days || !strings.Contains(recorded[0], "8 calls") {
		t.Errorf("recorded %q", recorded)
	}
}

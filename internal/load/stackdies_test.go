package load

import (
	"context"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// failing passes on what it is told to and kills its loader at one step, before it or
// after it, so that the outcome is known to nobody.
type failing struct {
	Broker
	Store
	touched string
	step    string
	after   bool
	nth     int
	kill    context.CancelFunc
	mu      sync.Mutex
	killed  bool
}

func (f *failing) at(ctx context.Context, step string, do func() error) error {
	f.mu.Lock()
	if step == f.step && !f.killed {
		f.nth--
	}
	hit := step == f.step && f.nth == 0
	dead := f.killed
	f.killed = f.killed || hit
	f.mu.Unlock()
	if dead || hit && !f.after {
		f.kill()
		return errKilled
	}
	if err := do(); err != nil {
		return err
	}
	if hit {
		f.kill()
		return errKilled
	}
	return ctx.Err()
}

func (f *failing) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	step := stepReject
	if topic == f.touched {
		step = stepMark
	}
	return f.at(ctx, step, func() error { return f.Broker.Produce(ctx, topic, recs) })
}

func (f *failing) Versions(ctx context.Context, ids []string) (out map[string][]store.Version, err error) {
	err = f.at(ctx, stepLookup, func() (err error) {
		out, err = f.Store.Versions(ctx, ids)
		return err
	})
	return out, err
}

func (f *failing) InsertCalls(ctx context.Context, b store.Batch, rows []store.Row) error {
	return f.at(ctx, stepCalls, func() error { return f.Store.InsertCalls(ctx, b, rows) })
}

func (f *failing) InsertVersions(ctx context.Context, b store.Batch, versions []store.Version) error {
	return f.at(ctx, stepVersions, func() error { return f.Store.InsertVersions(ctx, b, versions) })
}

func (f *failing) InsertLedger(ctx context.Context, b store.Batch, lines []store.Ledger) error {
	return f.at(ctx, stepLedger, func() error { return f.Store.InsertLedger(ctx, b, lines) })
}

// Over the real broker and engine: dying at any step, again and again, changes nothing.
// Dying around the two commits is what a fake partition is better at, see
// TestDiesAtEachStep.
func TestDiesOnTheStack(t *testing.T) {
	t.Parallel()
	s := newStack(t, 2)
	s.cfg.BatchRows, s.cfg.BatchWait = 7, 20*time.Millisecond
	var good []record
	bads := 0
	for _, step := range []string{stepReject, stepLookup, stepCalls, stepVersions, stepLedger, stepMark} {
		for _, after := range []bool{false, true} {
			recs, more, n := mixed()
			for i := range recs { // calls of this round alone
				recs[i] = renamed(recs[i], step)
			}
			for i := range more {
				more[i] = renamedRecord(more[i], step)
			}
			if !after {
				good, bads = append(good, more...), bads+n
			} else {
				bads += n // the same again: duplicates, and rejects at other offsets
			}
			s.produce(recs...)
			s.registry = newRegistry()
			ctx, kill := context.WithCancel(t.Context())
			deps := s.deps()
			f := &failing{Broker: s.client, Store: s.store, touched: s.topics.Touched, step: step, after: after, nth: 2, kill: kill}
			deps.Broker, deps.Store = f, f
			stop := s.start(ctx, deps)
			select {
			case <-ctx.Done():
			case <-time.After(testkit.Patience):
				t.Errorf("%s was not reached twice", step)
			}
			stop()
			kill()
		}
	}
	s.registry = newRegistry()
	stop := s.start(t.Context(), s.deps())
	defer stop()
	s.loaded()
	s.shows(good)
	s.booked()
	if list := s.letters(); list.Total != bads {
		t.Errorf("%d dead letters, not %d", list.Total, bads)
	}
	if got := metricValue(t, s.registry, "hotline_load_paused"); got != 0 {
		t.Errorf("paused is %v", got)
	}
}

func renamedRecord(r record, to string) record {
	c := *r.call
	c.ID += to
	return finished(&c).from(r.run)
}

func renamed(r broker.Record, to string) broker.Record {
	c, err := wire.NewDecoder().Call(r.Value)
	if err != nil || string(r.Key) != c.ID {
		return r // one of the bad
	}
	out := renamedRecord(record{call: c}, to)
	r.Key, r.Value = []byte(out.call.ID), wire.AppendCall(nil, out.call)
	return r
}

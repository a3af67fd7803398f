package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// fakePartition is a partition in memory, with the group's commit on it.
type fakePartition struct {
	mu        sync.Mutex
	log       []broker.Record
	grown     chan struct{} // closed when the log grows
	pos       int64
	committed int64
	metadata  string
	topicID   string
	fetches   int
	fetched   int64
	fail      func(step string) error
}

func newFakePartition() *fakePartition {
	return &fakePartition{grown: make(chan struct{}), topicID: "t1"}
}

func (p *fakePartition) append(recs ...broker.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range recs {
		r.Offset = int64(len(p.log))
		p.log = append(p.log, r)
	}
	close(p.grown)
	p.grown = make(chan struct{})
}

func (p *fakePartition) Fetch(ctx context.Context, cfg broker.FetchConfig) ([]broker.Record, error) {
	deadline := time.NewTimer(cfg.MaxWait)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		p.fetches++
		if p.pos > int64(len(p.log)) {
			p.mu.Unlock()
			return nil, broker.ErrBeyondEnd
		}
		if p.pos < int64(len(p.log)) {
			to := min(p.pos+10, int64(len(p.log)))
			out := slices.Clone(p.log[p.pos:to])
			p.pos, p.fetched = to, max(p.fetched, to)
			p.mu.Unlock()
			return out, nil
		}
		grown := p.grown
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, nil
		case <-grown:
		}
	}
}

func (p *fakePartition) Commit(_ context.Context, next int64, metadata string) error {
	step := "commit"
	if parsePosition(metadata).announced {
		step = "announce"
	}
	if err := p.failing(step + " before"); err != nil {
		return err
	}
	p.mu.Lock()
	p.committed, p.metadata = next, metadata
	p.mu.Unlock()
	return p.failing(step + " after")
}

func (p *fakePartition) failing(step string) error {
	if p.fail == nil {
		return nil
	}
	return p.fail(step)
}

func (p *fakePartition) SeekTo(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos = offset
}

func (p *fakePartition) Position() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pos
}

func (p *fakePartition) HighWatermark() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int64(len(p.log))
}

func (p *fakePartition) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.committed == int64(len(p.log)) && !parsePosition(p.metadata).announced
}

// fakeBroker keeps what is produced.
type fakeBroker struct {
	mu       sync.Mutex
	model    *model
	rejected []broker.Record
	marks    []broker.Record
	largest  int // record admitted, 0: any
	fail     func(step string) error
}

func (b *fakeBroker) RunGroup(context.Context, broker.GroupConfig, broker.Worker) error {
	return errors.New("not in this test")
}

func (b *fakeBroker) Produce(_ context.Context, topic string, recs []broker.Record) error {
	if b.fail != nil {
		if err := b.fail(topic + " before"); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if topic == DefaultTopics().Touched {
		b.marks = append(b.marks, recs...)
		var buckets []time.Time
		for _, r := range recs {
			s, err := strconv.ParseInt(string(r.Key), 10, 64)
			if err != nil {
				return err
			}
			buckets = append(buckets, time.Unix(s, 0))
		}
		b.model.marked(buckets)
	} else {
		var tooLarge []broker.RecordError
		for i, r := range recs {
			if b.largest > 0 && len(r.Value) > b.largest {
				tooLarge = append(tooLarge, broker.RecordError{Index: i, Err: broker.ErrTooLarge})
				continue
			}
			b.rejected = append(b.rejected, r)
		}
		if tooLarge != nil {
			return &broker.PartialError{Topic: topic, Total: len(recs), Failed: tooLarge}
		}
	}
	if b.fail != nil {
		return b.fail(topic + " after")
	}
	return nil
}

// rig is a loader without machines.
type rig struct {
	t        *testing.T
	part     *fakePartition
	model    *model
	broker   *fakeBroker
	identity *age.X25519Identity
	registry *prometheus.Registry
	cfg      Config
	loader   *Loader
}

func newRig(t *testing.T) *rig {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	m := newModel()
	r := &rig{
		t: t, part: newFakePartition(), model: m, broker: &fakeBroker{model: m}, identity: id,
		registry: prometheus.NewRegistry(), cfg: DefaultConfig(),
	}
	r.cfg.BatchRows = 7
	r.build()
	return r
}

func (r *rig) build() {
	r.t.Helper()
	loader, err := New(r.cfg, Deps{
		Broker: r.broker, Store: r.model, Sealer: deadletter.NewSealer(r.identity.Recipient()), Registerer: r.registry,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.loader = loader
}

// work runs a worker on what is committed, as the broker does.
func (r *rig) work(ctx context.Context) error {
	r.part.mu.Lock()
	r.part.pos = r.part.committed
	a := assignment{start: r.part.committed, metadata: r.part.metadata, topicID: r.part.topicID}
	r.part.mu.Unlock()
	return r.loader.worker(a, r.part).run(ctx)
}

// drain works until all is committed.
func (r *rig) drain() error {
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.work(ctx) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !r.part.done() {
		select {
		case err := <-ended:
			return fmt.Errorf("worker ended: %w", err)
		case <-tick.C:
		}
	}
	cancel()
	return <-ended
}

// failAt makes the n-th time a step is reached the last thing its process does.
func (r *rig) failAt(step string, n int, die func()) {
	var mu sync.Mutex
	dead := false
	fail := func(at string) error {
		mu.Lock()
		defer mu.Unlock()
		if at == step && !dead {
			if n--; n == 0 {
				dead = true
				die()
			}
		}
		if dead {
			return errKilled
		}
		return nil
	}
	r.part.fail, r.model.fail, r.broker.fail = fail, fail, fail
}

func (r *rig) heal() { r.part.fail, r.model.fail, r.broker.fail = nil, nil, nil }

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

var errKilled = &store.Error{Statement: "any", Class: store.ClassRetry, Err: errors.New("killed")}

// letters are the distinct dead letters, by the offset of their record.
func (r *rig) letters() map[int64]deadletter.Letter {
	r.t.Helper()
	out := map[int64]deadletter.Letter{}
	keys := map[string]bool{}
	for _, rec := range r.broker.rejected {
		l, err := deadletter.Decode(rec, r.identity)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, again := out[l.Offset]; again != keys[string(rec.Key)] {
			r.t.Errorf("offset %d has the key %q", l.Offset, rec.Key)
		}
		keys[string(rec.Key)] = true
		out[l.Offset] = l
	}
	return out
}

// booked is what the ledger holds.
func (r *rig) booked() (accepted, rejected int64) {
	for _, l := range r.model.ledger {
		accepted += l.Accepted
		rejected += l.Rejected
	}
	return accepted, rejected
}

func (r *rig) value(name string) float64 {
	r.t.Helper()
	return metricValue(r.t, r.registry, name)
}

// sent is a record as intake produces it.
func sent(r record) broker.Record {
	out := broker.Record{
		Topic: DefaultTopics().Calls, Key: []byte(r.call.ID), Value: wire.AppendCall(nil, r.call),
		Headers: []broker.Header{{Key: "origin", Value: []byte("feb.txt:" + r.call.ID)}},
	}
	if r.run != "" {
		out.Headers = append(out.Headers, broker.Header{Key: "run", Value: []byte(r.run)})
	}
	return out
}

// bad is a record that cannot be counted.
func bad(key, value string) broker.Record {
	return broker.Record{Topic: DefaultTopics().Calls, Key: []byte(key), Value: []byte(value)}
}

// mixed is a partition with a bit of everything, the same each time.
func mixed() (recs []broker.Record, good []record, bads int) {
	add := func(r record) {
		recs, good = append(recs, sent(r)), append(good, r)
	}
	for i := range 12 {
		add(made(fmt.Sprint("c", i), 1, i%5, "x").from("r1").by(fmt.Sprint("k", i%3)))
		if i%4 == 1 {
			recs = append(recs, bad(fmt.Sprint("c", i), "{"))
			bads++
		}
	}
	for i := range 12 {
		switch i % 4 {
		case 0:
			add(made(fmt.Sprint("c", i), 2, i%5+7, "y").from("r2").by("k1")) // moved, and another caller's
		case 1:
			add(deleted(fmt.Sprint("c", i), 3).from("r2"))
		case 2:
			add(made(fmt.Sprint("c", i), 1, i%5, "x").from("r2").by(fmt.Sprint("k", i%3))) // again
		case 3:
			add(made(fmt.Sprint("c", i), 1, i%5, "z").from("r2")) // conflict
		}
	}
	recs = append(recs, bad("other", string(recs[0].Value)))
	return recs, good, bads + 1
}

package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// stack is the embedded broker and engine, with topics of its own.
type stack struct {
	t        testing.TB
	client   *broker.Client
	store    *store.Store
	identity *age.X25519Identity
	topics   Topics
	cfg      Config
	registry *prometheus.Registry
	log      *slog.Logger
}

func newStack(t testing.TB, partitions int) *stack {
	t.Helper()
	testkit.NeedEngine(t)
	cfg := broker.DefaultConfig()
	cfg.Addresses = []string{testkit.Broker(t)}
	cfg.Heartbeat, cfg.SessionTimeout = 100*time.Millisecond, 6*time.Second
	log := slog.New(slog.DiscardHandler)
	client, err := broker.New(cfg, broker.Deps{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{
		t: t, client: client, store: testkit.Store(t), identity: id, topics: DefaultTopics(),
		cfg: DefaultConfig(), registry: prometheus.NewRegistry(), log: log,
	}
	large := map[string]string{"max.message.bytes": fmt.Sprint(deadletter.MaxRecord)}
	err = client.EnsureTopics(t.Context(), []broker.TopicSpec{
		{Name: s.topics.Calls, Partitions: partitions, Config: large},
		{Name: s.topics.Supplements, Partitions: 1, Config: large},
		{Name: s.topics.Tickets, Partitions: 1, Config: large},
		{Name: s.topics.Agents, Partitions: 1, Config: large},
		{Name: s.topics.Touched, Partitions: 1},
		{Name: s.topics.Rejected, Partitions: 1, Config: large},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stack) deps() Deps {
	return Deps{
		Broker: s.client, Store: s.store, Sealer: deadletter.NewSealer(s.identity.Recipient()),
		Topics: s.topics, Registerer: s.registry, Log: s.log,
	}
}

// start runs a loader until the function it returns is called, or its context ends.
func (s *stack) start(ctx context.Context, deps Deps) (stop func()) {
	s.t.Helper()
	loader, err := New(s.cfg, deps)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- loader.Run(ctx) }()
	return func() {
		s.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

func (s *stack) produce(recs ...broker.Record) {
	s.t.Helper()
	if err := s.client.Produce(s.t.Context(), s.topics.Calls, recs); err != nil {
		s.t.Fatal(err)
	}
}

// loaded waits until all that was produced is committed.
func (s *stack) loaded() {
	s.t.Helper()
	testkit.Eventually(s.t, testkit.Patience, s.pending)
}

func (s *stack) pending() error {
	ends, err := s.client.Offsets(s.t.Context(), s.topics.Calls)
	if err != nil {
		return err
	}
	committed, err := s.client.Committed(s.t.Context(), s.cfg.Group, s.topics.Calls)
	if err != nil {
		return err
	}
	for _, e := range ends {
		if committed[e.Partition] != e.Next {
			return fmt.Errorf("partition %d is committed to %d of %d", e.Partition, committed[e.Partition], e.Next)
		}
	}
	return nil
}

// live is what the store shows of the calls since noon, in words.
func (s *stack) live() (map[string]string, error) {
	list, err := s.store.LiveCalls(s.t.Context(), noon.Add(-time.Hour), nil)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, c := range list {
		if before, ok := out[c.CallID]; ok {
			return nil, fmt.Errorf("%s lives twice: %s and %s", c.CallID, before, c.Queue)
		}
		out[c.CallID] = inWords(c.StartedAt, c.Outcome, c.Queue)
	}
	return out, nil
}

func inWords(at time.Time, outcome hotline.Outcome, queue string) string {
	return fmt.Sprintf("%s in %s at %s", outcome, queue, at.UTC().Format(time.DateTime))
}

// shows waits until the store shows exactly the newest of the records.
func (s *stack) shows(good []record) {
	s.t.Helper()
	want := map[string]string{}
	for id, r := range truth(good) {
		if !r.call.Deleted {
			want[id] = inWords(r.call.StartedAt, r.call.Outcome, r.call.Queue)
		}
	}
	testkit.Eventually(s.t, testkit.Patience, func() error {
		got, err := s.live()
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("calls (-want +got):\n%s", diff)
		}
		return nil
	})
}

// letters lists the dead letters.
func (s *stack) letters() deadletter.Listing {
	s.t.Helper()
	l, err := deadletter.List(s.t.Context(), s.client, deadletter.Query{Topic: s.topics.Rejected})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// booked checks the ledger: it has every offset of the topic.
func (s *stack) booked() {
	s.t.Helper()
	ctx := s.t.Context()
	id, err := s.client.TopicID(ctx, s.topics.Calls)
	if err != nil {
		s.t.Fatal(err)
	}
	epoch, err := s.store.TopicEpoch(ctx, s.topics.Calls, id)
	if err != nil {
		s.t.Fatal(err)
	}
	ends, err := s.client.Offsets(ctx, s.topics.Calls)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range ends {
		records, first, last, err := s.store.LedgerSum(ctx, s.topics.Calls, epoch, e.Partition)
		if err != nil {
			s.t.Fatal(err)
		}
		if records != e.Next-e.First || e.Next > 0 && (first != e.First || last != e.Next-1) {
			s.t.Errorf("partition %d has offsets %d to %d, the ledger %d records from %d to %d",
				e.Partition, e.First, e.Next-1, records, first, last)
		}
	}
}

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

// The network to ClickHouse goes away and comes back.
func TestClickHouseAway(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	cfg := testkit.StoreConfig(t)
	gate := newGate(t, cfg.Address)
	cfg.Address = gate.addr()
	s.store = testkit.OpenStore(t, cfg)
	if err := s.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.cfg.BatchRows, s.cfg.RetryMin, s.cfg.RetryMax = 50, 10*time.Millisecond, 100*time.Millisecond
	stop := s.start(t.Context(), s.deps())
	defer stop()
	var good []record
	send := func(n int) {
		for range n {
			r := made(fmt.Sprint("c", len(good)), 1, len(good)%5, "x")
			good = append(good, r)
			s.produce(sent(r))
		}
	}
	send(10)
	s.shows(good)
	for range 3 {
		gate.shut()
		send(120)
		testkit.Eventually(t, testkit.Patience, func() error {
			if got := metricValue(t, s.registry, "hotline_load_retries_total"); got < 1 {
				return errors.New("no attempt has failed")
			}
			return nil
		})
		gate.open()
		s.loaded()
		s.shows(good)
	}
	s.booked()
}

func metricValue(t testing.TB, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			sum := 0.0
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
			return sum
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

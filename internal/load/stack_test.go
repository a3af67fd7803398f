package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	list, err := s.store.LiveCalls(s.t.Context(), store.LiveQuery{From: noon.Add(-time.Hour)})
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

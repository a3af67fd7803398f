package aggregate_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/broker"
	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

const (
	group = "hotline-aggregate"
	topic = "hotline.touched"
)

// stack is a broker with the topic of marks and a store with an empty database.
type stack struct {
	t      testing.TB
	addr   string
	client *broker.Client
	config store.Config
	store  *store.Store
	calls  map[string]hotline.Call // the newest versions
	seen   map[string]map[time.Time]bool
	batch  store.Batch
}

func newStack(t testing.TB, partitions int) *stack {
	t.Helper()
	s := &stack{
		t: t, config: testkit.StoreConfig(t), calls: make(map[string]hotline.Call),
		seen: make(map[string]map[time.Time]bool), batch: store.Batch{Topic: "hotline.calls"},
	}
	s.store = testkit.OpenStore(t, s.config)
	if err := s.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.addr = testkit.EmbeddedBroker(t, embedded.Config{}).Addr()
	s.client = newClient(t, s.addr)
	s.createTopic(partitions)
	return s
}

func (s *stack) createTopic(partitions int) {
	s.t.Helper()
	err := s.client.EnsureTopics(s.t.Context(), []broker.TopicSpec{{Name: topic, Partitions: partitions}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func clientConfig(addr string) broker.Config {
	cfg := broker.DefaultConfig()
	cfg.Addresses = []string{addr}
	// The shortest session the embedded broker grants.
	cfg.SessionTimeout, cfg.Heartbeat, cfg.RebalanceTimeout = 6*time.Second, 300*time.Millisecond, 3*time.Second
	return cfg
}

func newClient(t testing.TB, addr string) *broker.Client {
	t.Helper()
	c, err := broker.New(clientConfig(addr), broker.Deps{Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// run starts an aggregator; stop ends it and waits. It is stopped with the test.
func (s *stack) run(with ...func(*aggregate.Config, *aggregate.Deps)) (a *aggregate.Aggregator, stop func()) {
	s.t.Helper()
	cfg := aggregate.DefaultConfig()
	cfg.RetryMin, cfg.RetryMax = 10*time.Millisecond, 50*time.Millisecond
	deps := aggregate.Deps{Broker: newClient(s.t, s.addr), Store: s.store, Log: testkit.Log(s.t), Registerer: prometheus.NewRegistry()}
	for _, w := range with {
		w(&cfg, &deps)
	}
	a, err := aggregate.New(cfg, deps)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				s.t.Error(err)
			}
		case <-time.After(testkit.Patience):
			s.t.Error("the aggregator does not end")
		}
	})
	s.t.Cleanup(stop)
	return a, stop
}

// put stores new versions of calls as the loader does, and gives the touched buckets.
func (s *stack) put(calls ...hotline.Call) []time.Time {
	s.t.Helper()
	var rows []store.Row
	touched := make(map[time.Time]struct{})
	for _, c := range calls {
		rank, live := wire.Rank(&c), time.Time{}
		if s.seen[c.ID] == nil {
			s.seen[c.ID] = make(map[time.Time]bool)
		}
		delete(s.calls, c.ID)
		if !c.Deleted {
			live = c.Facts().Bucket
			s.seen[c.ID][live] = true
			s.calls[c.ID] = c
		}
		for b := range s.seen[c.ID] {
			touched[b] = struct{}{}
			row := store.Row{CallID: c.ID, Rank: rank, Bucket: b}
			if b.Equal(live) {
				row.Call, row.Facts = &c, c.Facts()
			}
			rows = append(rows, row)
		}
	}
	s.batch.First, s.batch.Last = s.batch.Last+1, s.batch.Last+int64(len(rows))
	if err := s.store.InsertCalls(s.t.Context(), s.batch, rows); err != nil {
		s.t.Fatal(err)
	}
	return slices.Collect(maps.Keys(touched))
}

// mark says that the buckets have changed.
func (s *stack) mark(buckets ...time.Time) {
	s.t.Helper()
	recs := make([]broker.Record, len(buckets))
	for i, b := range buckets {
		recs[i] = broker.Record{Key: aggregate.MarkKey(b)}
	}
	if err := s.client.Produce(s.t.Context(), topic, recs); err != nil {
		s.t.Fatal(err)
	}
}

// settle waits until every mark is recomputed.
func (s *stack) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	w := aggregate.Waiter{Broker: s.client, TallyGroup: group, TouchedTopic: topic}
	if err := w.Tallied(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// tallies are all there are.
func (s *stack) tallies() map[kpi.Key]kpi.Tally {
	s.t.Helper()
	out := make(map[kpi.Key]kpi.Tally)
	for _, d := range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent, kpi.ByTopic} {
		list, err := s.store.Tallies(s.t.Context(), store.TallyQuery{From: hotline.Earliest, To: hotline.Latest, Dimension: d, Names: true})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, l := range list {
			out[l.Key] = l.Tally
		}
	}
	return out
}

// check compares all tallies with what counting the newest versions gives.
func (s *stack) check(when string) {
	s.t.Helper()
	counted := make(map[kpi.Key]*kpi.Tally)
	for _, c := range s.calls {
		kpi.Count(counted, &c)
	}
	want := make(map[kpi.Key]kpi.Tally)
	for k, t := range counted {
		want[k] = *t
	}
	if diff := cmp.Diff(want, s.tallies()); diff != "" {
		s.t.Errorf("%s (-counted in Go +tallies):\n%s", when, diff)
	}
}

// call is answered in a queue.
func call(id string, version uint64, started time.Time, queue string) hotline.Call {
	return hotline.Call{
		ID: id, Version: version, Centre: "xy", Source: "pbx", Queue: queue, Agent: "a1", Topics: []string{"cards"},
		Direction: hotline.Inbound, Outcome: hotline.Answered, StartedAt: started, QueuedAt: started,
		AnsweredAt: started.Add(12 * time.Second), EndedAt: started.Add(3 * time.Minute),
	}
}

func lostCall(id string, version uint64, started time.Time, queue string) hotline.Call {
	c := call(id, version, started, queue)
	c.Outcome, c.Agent, c.AnsweredAt, c.EndedAt = hotline.AbandonedQueue, "", time.Time{}, started.Add(30*time.Second)
	return c
}

// watched is a store that tells of each recomputation.
type watched struct {
	aggregate.Store
	before func(ctx context.Context, buckets []time.Time, version uint64) error

	mu         sync.Mutex
	statements int
	buckets    int
}

func (w *watched) Recompute(ctx context.Context, buckets []time.Time, version uint64) error {
	if w.before != nil {
		if err := w.before(ctx, buckets, version); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.statements++
	w.buckets += len(buckets)
	w.mu.Unlock()
	return w.Store.Recompute(ctx, buckets, version)
}

func (w *watched) counts() (statements, buckets int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.statements, w.buckets
}

// receive gives the next value of a channel, within a while.
func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(testkit.Patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func base() time.Time { return time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) }

func id(n int) string { return fmt.Sprint("call ", n) }

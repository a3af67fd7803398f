package pipeline_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/broker"
	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/load"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// stack is the pipeline from Kafka to the tallies.
type stack struct {
	t      testing.TB
	client *broker.Client
	store  *store.Store
	sealer *deadletter.Sealer
	kick   func(buckets []time.Time) // may be nil
	groups string                    // of the consumers, where they are not the usual ones
	stop   func()
}

func newStack(t testing.TB) *stack {
	t.Helper()
	testkit.NeedEngine(t)
	s := &stack{t: t, store: testkit.Store(t)}
	cfg := broker.DefaultConfig()
	cfg.Addresses = []string{testkit.EmbeddedBroker(t, embedded.Config{}).Addr()}
	var err error
	if s.client, err = broker.New(cfg, broker.Deps{Log: testkit.Log(t)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.client.Close(); err != nil {
			t.Error(err)
		}
	})
	topics := load.DefaultTopics()
	err = s.client.EnsureTopics(t.Context(), []broker.TopicSpec{
		{Name: topics.Calls, Partitions: 3},
		{Name: topics.Touched, Partitions: 2},
		{Name: topics.Rejected, Partitions: 1},
		{Name: topics.Tickets, Partitions: 2},
		{Name: topics.Supplements, Partitions: 1},
		{Name: topics.Agents, Partitions: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s.sealer = deadletter.NewSealer(identity.Recipient())
	return s
}

// start runs the loader and the aggregator; they end with the test, or by stop.
func (s *stack) start() {
	s.t.Helper()
	cfg := load.DefaultConfig()
	cfg.BatchWait = 5 * time.Millisecond
	tally := aggregate.DefaultConfig()
	cfg.Group, tally.Group = s.groups+cfg.Group, s.groups+tally.Group
	loader, err := load.New(cfg, load.Deps{Broker: s.client, Store: s.store, Sealer: s.sealer, Log: testkit.Log(s.t)})
	if err != nil {
		s.t.Fatal(err)
	}
	aggregator, err := aggregate.New(tally, aggregate.Deps{
		Broker: s.client, Store: s.store, Log: testkit.Log(s.t), OnRecomputed: s.kick,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{loader.Run, aggregator.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				s.t.Error(err)
			}
		})
	}
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	s.t.Cleanup(s.stop)
}

// send produces versions of calls in the order given and returns when they are tallied.
func (s *stack) send(calls []hotline.Call) error {
	recs := make([]broker.Record, len(calls))
	for i := range calls {
		recs[i] = broker.Record{Key: []byte(calls[i].ID), Value: wire.AppendCall(nil, &calls[i])}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	topics := load.DefaultTopics()
	if err := s.client.Produce(ctx, topics.Calls, recs); err != nil {
		return err
	}
	return s.settled(ctx, topics.Calls)
}

// settled returns when all that is on the topic now is loaded and tallied.
func (s *stack) settled(ctx context.Context, topic string) error {
	topics := load.DefaultTopics()
	extents, err := s.client.Offsets(ctx, topic)
	if err != nil {
		return err
	}
	ends := make(map[int]int64)
	for _, e := range extents {
		ends[e.Partition] = e.Next
	}
	w := aggregate.Waiter{
		Broker: s.client, LoadGroup: load.DefaultConfig().Groups(topics)[topic], CallsTopic: topic,
		TallyGroup: aggregate.DefaultConfig().Group, TouchedTopic: topics.Touched,
	}
	return w.Wait(ctx, ends)
}

// tallies are all there are of the centres.
func (s *stack) tallies(centres []string) (map[kpi.Key]kpi.Tally, error) {
	out := make(map[kpi.Key]kpi.Tally)
	for _, d := range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent, kpi.ByTopic} {
		for _, centre := range centres {
			list, err := s.store.Tallies(s.t.Context(), store.TallyQuery{
				From: hotline.Earliest, To: hotline.Latest, Dimension: d, Centre: centre, Names: true,
			})
			if err != nil {
				return nil, err
			}
			for _, l := range list {
				out[l.Key] = l.Tally
			}
		}
	}
	return out, nil
}

// history is every version of every call, whatever became of it.
type history map[string][]hotline.Call

func (h history) add(calls []hotline.Call) {
	for _, c := range calls {
		h[c.ID] = append(h[c.ID], c)
	}
}

// count counts the newest version of each call.
func (h history) count() map[kpi.Key]kpi.Tally {
	counted := make(map[kpi.Key]*kpi.Tally)
	for _, versions := range h {
		newest := slices.MaxFunc(versions, func(a, b hotline.Call) int { return wire.Rank(&a).Compare(wire.Rank(&b)) })
		kpi.Count(counted, &newest)
	}
	out := make(map[kpi.Key]kpi.Tally, len(counted))
	for k, t := range counted {
		out[k] = *t
	}
	return out
}

// check compares the tallies of the centres with the count of the history.
func (s *stack) check(h history, centres []string) error {
	got, err := s.tallies(centres)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(h.count(), got); diff != "" {
		return fmt.Errorf("(-counted in Go +tallies):\n%s", diff)
	}
	return nil
}

func sorted[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

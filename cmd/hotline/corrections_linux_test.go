package main

import (
	"slices"
	"testing"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// feed writes records past the intake, as a program of the centre's own would.
type feed struct {
	t      *testing.T
	w      *world
	client *broker.Client
}

func newFeed(t *testing.T, w *world) *feed {
	t.Helper()
	client, err := broker.New(w.root().Broker, broker.Deps{Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return &feed{t, w, client}
}

func (f *feed) send(recs ...broker.Record) {
	f.t.Helper()
	if err := f.client.Produce(bounded(f.t), f.w.root().Topics.Calls, recs); err != nil {
		f.t.Fatal(err)
	}
}

// settle waits until everything on the broker is loaded and tallied.
func (f *feed) settle() {
	f.t.Helper()
	cfg := f.w.root()
	ctx := bounded(f.t)
	extents, err := f.client.Offsets(ctx, cfg.Topics.Calls)
	if err != nil {
		f.t.Fatal(err)
	}
	ends := map[int]int64{}
	for _, e := range extents {
		ends[e.Partition] = e.Next
	}
	waiter := aggregate.Waiter{
		Broker: f.client, LoadGroup: cfg.Load.Group, CallsTopic: cfg.Topics.Calls,
		TallyGroup: cfg.Aggregate.Group, TouchedTopic: cfg.Topics.Touched,
	}
	if err := waiter.Wait(ctx, ends); err != nil {
		f.t.Fatal(err)
	}
}

func record(c *hotline.Call) broker.Record {
	return broker.Record{Key: []byte(c.ID), Value: wire.AppendCall(nil, c)}
}

func TestCorrections(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFeed(t, w)
	zone := shanghai(t)
	arrival := time.Date(2026, 3, 31, 23, 59, 50, 0, zone).UTC()
	open := func(id string, version uint64) *hotline.Call {
		return &hotline.Call{
			ID: id, Version: version, Source: "centre-pbx", StartedAt: arrival, QueuedAt: arrival.Add(5 * time.Second),
			Outcome: hotline.Open, Queue: "社保卡",
		}
	}
	answered := func(id string, version uint64, queue string, at time.Time) *hotline.Call {
		c := open(id, version)
		c.Outcome, c.Queue, c.Agent, c.Topics = hotline.Answered, queue, "1001", []string{"挂失"}
		c.StartedAt, c.QueuedAt, c.AnsweredAt = at, at.Add(5*time.Second), at.Add(25*time.Second)
		c.EndedAt = at.Add(3 * time.Minute)
		return c
	}
	lost := func(id string, version uint64) *hotline.Call {
		c := open(id, version)
		c.Outcome, c.EndedAt = hotline.AbandonedQueue, arrival.Add(8*time.Second)
		return c
	}
	deleted := func(id string, version uint64) *hotline.Call {
		return &hotline.Call{ID: id, Version: version, Deleted: true}
	}
	later := arrival.AddDate(0, 2, 3)

	m := truth{}
	var took []time.Duration // until the figures were right
	for _, step := range []struct {
		name  string
		calls []*hotline.Call
	}{
		{"open", []*hotline.Call{open("a", 1), answered("bystander", 1, "社保卡", arrival)}},
		{"open becomes answered", []*hotline.Call{answered("a", 2, "社保卡", arrival)}},
		{"moved to another month and queue", []*hotline.Call{answered("a", 3, "养老", later)}},
		{"redelivered with older versions", []*hotline.Call{answered("a", 2, "社保卡", arrival), open("a", 1)}},
		{"moved back", []*hotline.Call{answered("a", 4, "社保卡", arrival)}},
		{"deleted", []*hotline.Call{deleted("a", 5)}},
		{"an older version after the deletion", []*hotline.Call{answered("a", 3, "养老", later)}},
		{"deleted before it was known", []*hotline.Call{deleted("b", 2)}},
		{"and then it comes", []*hotline.Call{answered("b", 1, "失业", later)}},
		{"undeleted", []*hotline.Call{lost("a", 6)}},
		{"the same version with other content", []*hotline.Call{answered("x", 7, "养老", later), lost("x", 7)}},
		{"the same in the other order", []*hotline.Call{lost("y", 7), answered("y", 7, "养老", later)}},
		{"and one by one", []*hotline.Call{lost("z", 7)}},
		{"with the other one later", []*hotline.Call{answered("z", 7, "养老", later)}},
		{"everything once more", []*hotline.Call{
			lost("x", 7), answered("y", 7, "养老", later), lost("a", 6), open("a", 1), deleted("b", 2), lost("z", 7),
		}},
	} {
		for _, c := range step.calls {
			m.learn(c)
		}
		var recs []broker.Record
		for _, c := range step.calls {
			recs = append(recs, record(c))
		}
		f.send(recs...)
		began := time.Now()
		f.settle()
		settled := time.Since(began)
		if err := m.differs(bounded(t), w.root(), zone, kpi.Queue); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		took = append(took, time.Since(began))
		t.Logf("%s: settled after %v, read after %v", step.name, settled.Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
		m.exact(t, w)
	}
	slices.Sort(took)
	testkit.Promised(t, "a correction in the figures, two steps of all set aside", took[len(took)-3], 2*time.Second)
	// Whatever the order, the same content has won.
	for _, id := range []string{"y", "z"} {
		if m[id].Outcome != m["x"].Outcome {
			t.Errorf("x ended as %s, %s as %s", m["x"].Outcome, id, m[id].Outcome)
		}
	}
	// The command line says the same as the function behind it, to the last digit.
	want := m.statement(zone, kpi.Day)
	got := statement(t, w.must("kpi", "--by", "day", "--format", "json"))
	if err := alike(want, got); err != nil {
		t.Error(err)
	}
	pollUntilLive(t, w)
}

// pollUntilLive waits until /readyz says that nothing is pending.
func pollUntilLive(t *testing.T, w *world) {
	t.Helper()
	testkit.Eventually(t, steps, func() error {
		_, err := get(t, w, "/readyz")
		return err
	})
}

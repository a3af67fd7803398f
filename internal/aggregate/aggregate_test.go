package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

var (
	_ aggregate.Broker = (*broker.Client)(nil)
	_ aggregate.Store  = (*store.Store)(nil)
)

func TestTalliesFollowEveryChange(t *testing.T) {
	s := newStack(t, 2)
	s.run()
	step := func(when string, calls ...hotline.Call) {
		t.Helper()
		s.mark(s.put(calls...)...)
		s.settle()
		s.check(when)
	}
	at := base()
	open := call("c", 1, at, "general")
	open.Outcome, open.AnsweredAt, open.EndedAt, open.Agent = hotline.Open, time.Time{}, time.Time{}, ""
	step("an open call and another", open, call("d", 1, at.Add(time.Minute), "general"))
	step("answered", call("c", 2, at, "general"))
	step("another outcome", lostCall("c", 3, at, "general"))
	step("another queue: the old one keeps one call", call("c", 4, at, "cards"))
	step("another bucket: its queue vanishes", call("c", 5, at.Add(15*time.Minute), "cards"))
	step("another month", call("c", 6, at.AddDate(0, -2, 0), "cards"))
	step("back", call("c", 7, at, "cards"))
	step("excluded", func() hotline.Call {
		c := call("c", 8, at, "cards")
		c.Excluded = hotline.ExcludedTest
		return c
	}())
	step("deleted", hotline.Call{ID: "c", Version: 9, Deleted: true})
	step("the other deleted: nothing is left", hotline.Call{ID: "d", Version: 2, Deleted: true})
	if left := s.tallies(); len(left) != 0 {
		t.Errorf("tallies of no call: %v", left)
	}
}

func TestRestartResumesWhereItStood(t *testing.T) {
	s := newStack(t, 1)
	first := &watched{Store: s.store}
	_, stop := s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Store = first })
	s.mark(s.put(call("a", 1, base(), "general"))...)
	s.settle()
	stop()

	// While nobody runs.
	s.mark(s.put(call("b", 1, base().Add(time.Hour), "general"))...)
	second := &watched{Store: s.store}
	a, _ := s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Store = second })
	s.settle()
	s.check("after the restart")
	if _, n := second.counts(); n != 1 {
		t.Errorf("%d buckets recomputed after the restart, want the 1 marked meanwhile", n)
	}
	if n, err := a.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("pending %d, %v", n, err)
	}
}

// A cycle that could not be committed is done again by the next.
func TestStoppedInMidCycle(t *testing.T) {
	s := newStack(t, 1)
	reached := make(chan struct{}, 100)
	stuck := &watched{Store: s.store, before: func(ctx context.Context, _ []time.Time, _ uint64) error {
		reached <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	a, stop := s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Store = stuck })
	s.mark(s.put(call("a", 1, base(), "general"))...)
	receive(t, reached)
	if n, err := a.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("pending %d, %v in mid cycle, want 1", n, err)
	}
	stop()
	s.run()
	s.settle()
	s.check("after the second aggregator")
}

func TestErrorsArePassedOver(t *testing.T) {
	s := newStack(t, 1)
	var calls atomic.Int64
	reg := prometheus.NewRegistry()
	failing := &watched{Store: s.store, before: func(context.Context, []time.Time, uint64) error {
		if calls.Add(1) <= 5 {
			return errors.New("connection reset") // not known to be the statement's fault
		}
		return nil
	}}
	s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Store, d.Registerer = failing, reg })
	s.mark(s.put(call("a", 1, base(), "general"))...)
	s.settle()
	s.check("after five failures")
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP hotline_aggregate_errors_total Failed statements, repeated ones included, by kind (retryable, schema or other).
# TYPE hotline_aggregate_errors_total counter
hotline_aggregate_errors_total{kind="other"} 0
hotline_aggregate_errors_total{kind="retryable"} 5
hotline_aggregate_errors_total{kind="schema"} 0
`), "hotline_aggregate_errors_total"); err != nil {
		t.Error(err)
	}
}

// A schema that does not fit pauses the partition and is shown; mended, work goes on.
func TestSchemaErrorPauses(t *testing.T) {
	s := newStack(t, 1)
	reg := prometheus.NewRegistry()
	rename := func(from, to string) {
		t.Helper()
		db := s.config.Database
		if err := testkit.Exec(t.Context(), s.config, fmt.Sprintf("RENAME TABLE %s.%s TO %s.%s", db, from, db, to)); err != nil {
			t.Fatal(err)
		}
	}
	rename("tallies", "gone")
	s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Registerer = reg })
	s.mark(s.put(call("a", 1, base(), "general"))...)
	paused := func(want float64) func() error {
		return func() error {
			return testutil.GatherAndCompare(reg, strings.NewReader(fmt.Sprintf(`
# HELP hotline_aggregate_paused 1 while the partition waits for somebody to mend the database's schema, else 0.
# TYPE hotline_aggregate_paused gauge
hotline_aggregate_paused{partition="0"} %v
`, want)), "hotline_aggregate_paused")
		}
	}
	testkit.Eventually(t, testkit.Patience, paused(1))
	rename("gone", "tallies")
	s.settle()
	s.check("after the schema was mended")
	testkit.Eventually(t, testkit.Patience, paused(0))
}

func TestMalformedMarksAreSkipped(t *testing.T) {
	s := newStack(t, 1)
	reg := prometheus.NewRegistry()
	s.run(func(_ *aggregate.Config, d *aggregate.Deps) { d.Registerer = reg })
	bad := []broker.Record{{Key: []byte("soon")}, {Key: nil}, {Key: []byte("1")}, {Key: []byte("-900")}, {Key: []byte("99999999999900")}}
	if err := s.client.Produce(t.Context(), topic, bad); err != nil {
		t.Fatal(err)
	}
	s.mark(s.put(call("a", 1, base(), "general"))...)
	s.settle()
	s.check("between malformed marks")
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP hotline_aggregate_malformed_marks_total Records on the topic of touched buckets that name no bucket; they are skipped.
# TYPE hotline_aggregate_malformed_marks_total counter
hotline_aggregate_malformed_marks_total 5
# HELP hotline_aggregate_marks_total Marks of touched buckets read.
# TYPE hotline_aggregate_marks_total counter
hotline_aggregate_marks_total 6
`), "hotline_aggregate_malformed_marks_total", "hotline_aggregate_marks_total"); err != nil {
		t.Error(err)
	}
}

// A topic that is made again begins at offset 0; its marks must be read all, and what
// they bring must win over what the old topic's higher offsets brought.
func TestTopicMadeAgain(t *testing.T) {
	s := newStack(t, 1)
	s.run()
	for range 5 {
		s.mark(s.put(call("a", 1, base(), "general"))...)
	}
	s.settle()
	api := &kafka.Client{Addr: kafka.TCP(s.addr)}
	res, err := api.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err != nil || res.Errors[topic] != nil {
		t.Fatal(err, res)
	}
	s.createTopic(1)
	s.mark(s.put(call("a", 2, base(), "cards"))...)
	testkit.Eventually(t, testkit.Patience, func() error {
		for k := range s.tallies() {
			if k.Dimension == kpi.ByQueue && k.Name == "cards" {
				return nil
			}
		}
		return errors.New("not recomputed yet")
	})
	s.check("after the topic was made again")
}

func TestKickComesAfterTheTallies(t *testing.T) {
	s := newStack(t, 1)
	kicked := make(chan []time.Time, 10)
	s.run(func(_ *aggregate.Config, d *aggregate.Deps) {
		d.OnRecomputed = func(buckets []time.Time) { kicked <- buckets }
	})
	touched := s.put(call("a", 1, base(), "general"))
	s.mark(touched...)
	if diff := cmp.Diff(touched, receive(t, kicked)); diff != "" {
		t.Errorf("(-marked +told):\n%s", diff)
	}
	s.check("when told")
	log, err := s.store.Log(t.Context(), nil)
	if err != nil || len(log) != 1 {
		t.Fatal(log, err)
	}
	if diff := cmp.Diff(touched, log[0].Buckets); diff != "" {
		t.Errorf("(-marked +logged):\n%s", diff)
	}
}

func TestConfig(t *testing.T) {
	if err := aggregate.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*aggregate.Config){
		"group":         func(c *aggregate.Config) { c.Group = "" },
		"chunk_buckets": func(c *aggregate.Config) { c.ChunkBuckets = 0 },
		"bulk_buckets":  func(c *aggregate.Config) { c.BulkBuckets = 0 },
		"max_buckets":   func(c *aggregate.Config) { c.MaxBuckets = 1 },
		"coalesce":      func(c *aggregate.Config) { c.Coalesce = 0 },
		"bulk_wait":     func(c *aggregate.Config) { c.BulkWait = 0 },
		"retry_min":     func(c *aggregate.Config) { c.RetryMin = 0 },
		"retry_max":     func(c *aggregate.Config) { c.RetryMax = 0 },
	} {
		c := aggregate.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: error %v does not name it", field, err)
		}
	}
}

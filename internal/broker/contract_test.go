package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/testkit"
)

// The same face must behave the same against both brokers.

func TestEmbeddedBroker(t *testing.T) {
	b := testkit.EmbeddedBroker(t, embedded.Config{RetentionInterval: 50 * time.Millisecond})
	contract(t, b.Addr())
}

func contract(t *testing.T, addr string) {
	for name, test := range map[string]func(*testing.T, string){
		"topics":            testTopics,
		"recreated topic":   testRecreated,
		"unknown topic":     testUnknownTopic,
		"records":           testRecords,
		"keys":              testKeys,
		"too large":         testTooLarge,
		"larger than fetch": testLargerThanFetch,
		"range":             testRange,
		"concurrent":        testConcurrentProduce,
		"group":             testGroup,
		"rebalance":         testRebalance,
		"worker fails":      testWorkerFails,
		"missing topic":     testMissingTopic,
		"fenced":            testFenced,
		"start at end":      testStartAtEnd,
		"retention":         testRetentionLoss,
		"beyond end":        testBeyondEnd,
		"trim":              testTrim,
	} {
		t.Run(name, func(t *testing.T) { test(t, addr) })
	}
}

// testClient gives a client of its own, quick to retry.
func testClient(t *testing.T, addr string) *Client {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Addresses = []string{addr}
	cfg.RetryMin, cfg.RetryMax = 5*time.Millisecond, 100*time.Millisecond
	// No member loses its place for being slow on a busy machine: they leave by themselves.
	cfg.SessionTimeout, cfg.Heartbeat = 2*time.Minute, 100*time.Millisecond
	c, err := New(cfg, Deps{Log: testkit.Log(t), Registerer: prometheus.NewRegistry()})
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

// testTopic creates a topic named after the test.
func testTopic(t *testing.T, c *Client, partitions int, config map[string]string) string {
	t.Helper()
	name := strings.NewReplacer("/", ".", " ", "-").Replace(t.Name())
	spec := TopicSpec{Name: name, Partitions: partitions, Config: config}
	if err := c.EnsureTopics(testCtx(t), []TopicSpec{spec}); err != nil {
		t.Fatal(err)
	}
	return name
}

func testCtx(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	t.Cleanup(cancel)
	return ctx
}

func deleteTopic(t *testing.T, c *Client, topic string) {
	t.Helper()
	res, err := c.api.DeleteTopics(testCtx(t), &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, c *Client, topic string) []Record {
	t.Helper()
	ranges, err := c.Offsets(testCtx(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []Record
	for _, r := range ranges {
		err := c.ReadRange(testCtx(t), topic, r.Partition, 0, -1, func(recs []Record) error {
			out = append(out, recs...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func numbered(n int) []Record {
	recs := make([]Record, n)
	for i := range recs {
		recs[i] = Record{Key: []byte(strconv.Itoa(i)), Value: fmt.Appendf(nil, `{"n":%d}`, i)}
	}
	return recs
}

func testTopics(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	topic := testTopic(t, c, 3, map[string]string{"retention.ms": "-1"})
	id, err := c.TopicID(ctx, topic)
	if err != nil || len(id) != 32 {
		t.Fatalf("topic id %q, %v", id, err)
	}
	// Again, and with fewer partitions than there are: nothing to do.
	for _, n := range []int{3, 2} {
		if err := c.EnsureTopics(ctx, []TopicSpec{{Name: topic, Partitions: n}}); err != nil {
			t.Fatal(err)
		}
	}
	// More partitions than there are are reported, and the others still made.
	other := topic + ".other"
	err = c.EnsureTopics(ctx, []TopicSpec{{Name: topic, Partitions: 4}, {Name: other, Partitions: 1}})
	if !errors.Is(err, ErrFewerPartitions) || !strings.Contains(err.Error(), topic) {
		t.Fatalf("got %v, want ErrFewerPartitions of %s", err, topic)
	}
	for name, want := range map[string]int{topic: 3, other: 1} {
		got, err := c.Offsets(ctx, name)
		if err != nil || len(got) != want {
			t.Errorf("%s: offsets %v, %v, want %d partitions", name, got, err, want)
		}
	}
	if again, err := c.TopicID(ctx, topic); err != nil || again != id {
		t.Errorf("topic id changed from %s to %s, %v", id, again, err)
	}
	if err := c.EnsureTopics(ctx, []TopicSpec{{Name: "bad name!", Partitions: 1}}); err == nil {
		t.Error("a topic with an impossible name was created")
	}
}

func testRecreated(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	if err := c.Produce(ctx, topic, numbered(3)); err != nil {
		t.Fatal(err)
	}
	before, err := c.TopicID(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := c.openReader(ctx, topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Another client does it, and gives the new topic records at once: the
	// reader must not take them for the old topic's.
	other := testClient(t, addr)
	deleteTopic(t, other, topic)
	testkit.Eventually(t, testkit.Patience, func() error {
		// Kafka deletes in the background: at first the old one is still there.
		if err := other.EnsureTopics(ctx, []TopicSpec{{Name: topic, Partitions: 1}}); err != nil {
			return err
		}
		id, err := other.TopicID(ctx, topic)
		if err == nil && id == before {
			err = errors.New("the old topic is still there")
		}
		return err
	})
	if err := other.Produce(ctx, topic, numbered(5)); err != nil {
		t.Fatal(err)
	}
	r.next = 3
	testkit.Eventually(t, testkit.Patience, func() error {
		recs, err := r.fetch(ctx, FetchConfig{})
		if len(recs) > 0 {
			t.Fatal("a reader of the old topic got the new one's records")
		}
		if !errors.Is(err, ErrRecreated) {
			return fmt.Errorf("a reader of the old topic got %v, want ErrRecreated", err)
		}
		return nil
	})
	after, err := c.TopicID(ctx, topic)
	if err != nil || after == before {
		t.Fatalf("topic id %s after %s, %v", after, before, err)
	}
	if got, err := c.Offsets(ctx, topic); err != nil || !cmp.Equal(got, []OffsetRange{{Next: 5}}) {
		t.Errorf("offsets of the new topic %v, %v", got, err)
	}
}

func testUnknownTopic(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	if _, err := c.TopicID(ctx, "nowhere"); !errors.Is(err, ErrUnknownTopic) {
		t.Errorf("topic id: %v", err)
	}
	if _, err := c.Offsets(ctx, "nowhere"); !errors.Is(err, ErrUnknownTopic) {
		t.Errorf("offsets: %v", err)
	}
	// It waits for the topic, and says what it has waited for whenever it is stopped.
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Produce(waiting, "nowhere", numbered(2)) }()
	testkit.Eventually(t, testkit.Patience, func() error {
		if testutil.CollectAndCount(c.metrics.produceErrors) == 0 {
			return errors.New("it has not asked for the topic")
		}
		return nil
	})
	stop()
	err := <-ended
	partial, ok := errors.AsType[*PartialError](err)
	if !ok || len(partial.Failed) != 2 || !errors.Is(err, ErrUnknownTopic) {
		t.Errorf("produce: %v", err)
	}
}

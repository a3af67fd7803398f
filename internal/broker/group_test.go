package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/testkit"
)

// runGroup runs a member until the test ends or the returned function is
// called, which waits for it to have left.
func runGroup(t *testing.T, c *Client, cfg GroupConfig, worker Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.RunGroup(ctx, cfg, worker) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("group %s: %v", cfg.Group, err)
				}
			case <-time.After(testkit.Patience):
				t.Errorf("group %s did not end", cfg.Group)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// sink collects what workers read.
type sink struct {
	mu      sync.Mutex
	records map[string]int // by value: how often
	owners  map[int]string // partition → member
}

func newSink() *sink { return &sink{records: map[string]int{}, owners: map[int]string{}} }

// worker reads, records and commits.
func (s *sink) worker(member string) Worker {
	return func(ctx context.Context, p *Partition) error {
		s.mu.Lock()
		s.owners[p.ID] = member
		s.mu.Unlock()
		for {
			recs, err := p.Fetch(ctx, FetchConfig{MaxWait: 50 * time.Millisecond})
			if err != nil {
				return err
			}
			if len(recs) == 0 {
				continue
			}
			s.mu.Lock()
			for _, r := range recs {
				s.records[string(r.Value)]++
			}
			s.mu.Unlock()
			if err := p.Commit(ctx, p.Position(), "by "+member); err != nil {
				return err
			}
		}
	}
}

func (s *sink) waitFor(t *testing.T, n int) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.records) < n {
			return fmt.Errorf("%d of %d records", len(s.records), n)
		}
		return nil
	})
}

// testMissingTopic: a member of a topic that is not there yet, or any more, asks for it with
// pauses, and reads on when it is.
func testMissingTopic(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := strings.NewReplacer("/", ".", " ", "-").Replace(t.Name())
	group := GroupConfig{Group: topic + ".group", Topic: topic, WatchInterval: 50 * time.Millisecond}
	value := func(v *prometheus.CounterVec) float64 { return testutil.ToFloat64(v.WithLabelValues(group.Group)) }
	asks := func() { // more and more seldom, so that ten take a while
		t.Helper()
		before, generations, began := value(c.metrics.groupErrors), value(c.metrics.generations), time.Now()
		testkit.Eventually(t, 20*time.Second, func() error {
			if n := value(c.metrics.groupErrors) - before; n < 10 {
				return fmt.Errorf("asked %v times", n)
			}
			return nil
		})
		if took := time.Since(began); took < 300*time.Millisecond {
			t.Errorf("asked ten times in %v", took)
		}
		if n := value(c.metrics.generations) - generations; n > 3 {
			t.Errorf("%v generations without a topic", n)
		}
	}
	create := func() { testTopic(t, c, 2, nil) }
	s := newSink()
	stop := runGroup(t, c, group, s.worker("only"))
	asks()
	create()
	if err := c.Produce(ctx, topic, numbered(50)); err != nil {
		t.Fatal(err)
	}
	s.waitFor(t, 50)
	deleteTopic(t, testClient(t, addr), topic)
	asks()
	stop()
}

func testGroup(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 3, nil)
	if err := c.Produce(ctx, topic, numbered(1000)); err != nil {
		t.Fatal(err)
	}
	group := GroupConfig{Group: topic + ".group", Topic: topic}
	first := newSink()
	stop := runGroup(t, c, group, first.worker("first"))
	first.waitFor(t, 1000)
	want := map[int]int64{}
	ranges, err := c.Offsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range ranges {
		want[r.Partition] = r.Next
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		got, err := c.Committed(ctx, group.Group, topic)
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			err = errors.New(diff)
		}
		return err
	})
	stop()

	// The next member begins where the first ended, and is told what was said.
	type opened struct {
		Start     int64
		Committed bool
		Metadata  string
	}
	seen := make(chan map[int]opened, 1)
	var mu sync.Mutex
	got := map[int]opened{}
	runGroup(t, c, group, func(ctx context.Context, p *Partition) error {
		mu.Lock()
		got[p.ID] = opened{p.Start, p.Committed, p.Metadata}
		if len(got) == 3 {
			seen <- maps.Clone(got)
		}
		mu.Unlock()
		if p.HighWatermark() != want[p.ID] {
			t.Errorf("partition %d: high watermark %d before the first fetch, want %d", p.ID, p.HighWatermark(), want[p.ID])
		}
		<-ctx.Done()
		return nil
	})
	wantOpened := map[int]opened{}
	for p, next := range want {
		wantOpened[p] = opened{next, true, "by first"}
	}
	select {
	case got := <-seen:
		if diff := cmp.Diff(wantOpened, got); diff != "" {
			t.Errorf("second member (-want +got):\n%s", diff)
		}
	case <-ctx.Done():
		t.Fatal("the second member was not assigned the partitions")
	}
}

func testRebalance(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	other := testClient(t, addr)
	topic := testTopic(t, c, 4, nil)
	group := GroupConfig{Group: topic + ".group", Topic: topic}
	s := newSink()
	produced := 0
	produce := func(n int) {
		t.Helper()
		recs := numbered(produced + n)[produced:]
		if err := c.Produce(ctx, topic, recs); err != nil {
			t.Fatal(err)
		}
		produced += n
	}
	owners := func(want ...string) {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			s.mu.Lock()
			defer s.mu.Unlock()
			got := slices.Compact(slices.Sorted(maps.Values(s.owners)))
			if !slices.Equal(got, want) {
				return fmt.Errorf("partitions belong to %v, want %v", got, want)
			}
			return nil
		})
	}
	produce(500)
	stopA := runGroup(t, c, group, s.worker("a"))
	s.waitFor(t, produced)
	owners("a")
	stopB := runGroup(t, other, group, s.worker("b"))
	owners("a", "b")
	produce(500)
	s.waitFor(t, produced)
	stopA()
	owners("b")
	produce(500)
	s.waitFor(t, produced)
	stopB()
	for value, n := range s.records {
		// Every worker committed all it read before it gave its partition up,
		// save at most the batch in hand.
		if n > 2 {
			t.Fatalf("record %s was read %d times", value, n)
		}
	}
	if n := testutil.CollectAndCount(c.metrics.lag); n != 0 {
		t.Errorf("%d lag gauges are left of partitions that are no longer assigned", n)
	}
}

func testWorkerFails(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	if err := c.Produce(ctx, topic, numbered(3)); err != nil {
		t.Fatal(err)
	}
	group := GroupConfig{Group: topic + ".group", Topic: topic}
	var mu sync.Mutex
	var starts []int64
	var generations []int
	runGroup(t, c, group, func(ctx context.Context, p *Partition) error {
		mu.Lock()
		starts = append(starts, p.Start)
		generations = append(generations, p.Generation)
		n := len(starts)
		mu.Unlock()
		switch n {
		case 1:
			return errors.New("first failure")
		case 2:
			if err := p.Commit(ctx, 2, ""); err != nil {
				return err
			}
			return nil // returning early is a failure too
		}
		<-ctx.Done()
		return nil
	})
	testkit.Eventually(t, testkit.Patience, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(starts) < 3 {
			return fmt.Errorf("worker started %d times", len(starts))
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]int64{0, 0, 2}, starts); diff != "" {
		t.Errorf("workers started at (-want +got):\n%s", diff)
	}
	if slices.Max(generations) != slices.Min(generations) {
		t.Errorf("a failing worker ended the generation: %v", generations)
	}
	if got := testutil.ToFloat64(c.metrics.workerErrors.WithLabelValues(group.Group, topic)); got != 2 {
		t.Errorf("hotline_broker_worker_errors_total is %v, want 2", got)
	}
}

func testFenced(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	group := GroupConfig{Group: topic + ".group", Topic: topic}
	held := make(chan *Partition, 10)
	hold := func(ctx context.Context, p *Partition) error {
		held <- p
		<-ctx.Done()
		return nil
	}
	stop := runGroup(t, c, group, hold)
	zombie := <-held
	if err := zombie.Commit(ctx, 5, "mine"); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := zombie.Commit(ctx, 9, "left"); !errors.Is(err, ErrFenced) {
		t.Errorf("commit of a member that left: %v, want ErrFenced", err)
	}
	runGroup(t, testClient(t, addr), group, hold)
	successor := <-held
	if successor.Generation <= zombie.Generation {
		t.Errorf("generation %d after %d", successor.Generation, zombie.Generation)
	}
	if err := zombie.Commit(ctx, 9, "zombie"); !errors.Is(err, ErrFenced) {
		t.Errorf("commit of the zombie: %v, want ErrFenced", err)
	}
	if err := successor.Commit(ctx, 6, ""); err != nil {
		t.Errorf("commit of the successor: %v", err)
	}
	got, err := c.Committed(ctx, group.Group, topic)
	if diff := cmp.Diff(map[int]int64{0: 6}, got); err != nil || diff != "" {
		t.Errorf("committed %v %s", err, diff)
	}
	if got := testutil.ToFloat64(c.metrics.commitErrors.WithLabelValues(group.Group, topic, "fenced")); got != 2 {
		t.Errorf("hotline_broker_commit_errors_total{reason=\"fenced\"} is %v, want 2", got)
	}
}

func testStartAtEnd(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	if err := c.Produce(ctx, topic, numbered(10)); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Partition, 10)
	runGroup(t, c, GroupConfig{Group: topic + ".group", Topic: topic, StartAtEnd: true}, func(ctx context.Context, p *Partition) error {
		opened <- p
		<-ctx.Done()
		return nil
	})
	if p := <-opened; p.Start != 10 || p.Committed || p.Metadata != "" {
		t.Errorf("started at %d, committed %v %q, want 10 and nothing committed", p.Start, p.Committed, p.Metadata)
	}
}

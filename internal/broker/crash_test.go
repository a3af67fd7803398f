package broker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/testkit"
)

const (
	childDir    = "HOTLINE_TEST_BROKER_DIR"
	childListen = "HOTLINE_TEST_BROKER_LISTEN"
)

// TestMain is also the broker process that the crash tests kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := runChild(dir, os.Getenv(childListen)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runChild serves until its standard input ends, which it does with the parent.
func runChild(dir, addr string) error {
	cfg := embedded.DefaultConfig()
	cfg.Dir, cfg.Listen, cfg.ReserveBytes, cfg.SegmentBytes = dir, addr, 0, 1<<20
	b, err := embedded.New(cfg, embedded.Deps{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := b.Start(ctx); err != nil {
		return err
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	return b.Stop(ctx)
}

// brokerProcess is a broker in a process of its own.
type brokerProcess struct {
	dir, addr string
	cmd       *exec.Cmd
}

func (p *brokerProcess) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), childDir+"="+p.dir, childListen+"="+p.addr)
	p.cmd.Stderr = os.Stderr
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (p *brokerProcess) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // "signal: killed" is what was asked for
}

// TestKilled kills the broker at random moments under load: whatever was
// acknowledged, records and commits, is there afterwards.
func TestKilled(t *testing.T) {
	p := &brokerProcess{dir: t.TempDir(), addr: testkit.FreeAddress(t)}
	p.start(t)
	defer func() { p.kill(t) }()
	c, ctx := testClient(t, p.addr), testCtx(t)
	topic := testTopic(t, c, 2, nil)

	// Two producers in small batches, one member that commits.
	loadCtx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	acked := map[string]bool{}
	committed := map[int]int64{}
	var load sync.WaitGroup
	for i := range 2 {
		load.Go(func() {
			for n := 0; loadCtx.Err() == nil; n += 20 {
				recs := make([]Record, 20)
				for j := range recs {
					id := fmt.Appendf(nil, "%d-%d", i, n+j)
					recs[j] = Record{Key: id, Value: append(id, randomBytes(200)...)}
				}
				// Bounded: an attempt that hangs on a dead broker is not what is tested.
				produceCtx, cancel := context.WithTimeout(loadCtx, 10*time.Second)
				err := c.Produce(produceCtx, topic, recs)
				cancel()
				failed := map[int]bool{}
				if partial, ok := errors.AsType[*PartialError](err); ok {
					for _, f := range partial.Failed {
						failed[f.Index] = true
					}
				}
				mu.Lock()
				for j := range recs {
					if !failed[j] {
						acked[string(recs[j].Key)] = true
					}
				}
				mu.Unlock()
			}
		})
	}
	group := GroupConfig{Group: "killed", Topic: topic}
	stopGroup := runGroup(t, c, group, func(ctx context.Context, p *Partition) error {
		mu.Lock()
		before := committed[p.ID]
		mu.Unlock()
		if p.Start < before {
			t.Errorf("partition %d starts at %d although %d was committed", p.ID, p.Start, before)
		}
		for ctx.Err() == nil {
			recs, err := p.Fetch(ctx, FetchConfig{MaxWait: 20 * time.Millisecond})
			if err != nil {
				return err
			}
			if len(recs) == 0 {
				continue
			}
			next := recs[len(recs)-1].Offset + 1
			if err := p.Commit(ctx, next, "m"+strconv.FormatInt(next, 10)); err != nil {
				return err
			}
			mu.Lock()
			committed[p.ID] = next
			mu.Unlock()
		}
		return ctx.Err()
	})

	ackedNow := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acked)
	}
	for range 6 {
		// Some progress, then a random moment in the middle of the next.
		target := ackedNow() + 200 + rand.IntN(2000)
		testkit.Eventually(t, testkit.Patience, func() error {
			if n := ackedNow(); n < target {
				return fmt.Errorf("%d of %d acknowledged", n, target)
			}
			return nil
		})
		p.kill(t)
		p.start(t)
	}
	stop()
	load.Wait()
	found := map[string]bool{}
	total := 0
	for _, r := range readAll(t, c, topic) {
		found[string(r.Key)] = true
		total++
	}
	for id := range acked {
		if !found[id] {
			t.Errorf("record %s was acknowledged and is gone", id)
		}
	}
	stopGroup()
	got, err := c.Committed(ctx, group.Group, topic)
	if err != nil {
		t.Fatal(err)
	}
	for part, next := range committed {
		if got[part] < next {
			t.Errorf("partition %d: %d was committed and acknowledged, %d is left", part, next, got[part])
		}
	}
	t.Logf("%d acknowledged, %d found, commits %v", len(acked), total, committed)
}

// TestOutage produces and reads through a stop and a later start.
func TestOutage(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir(), Listen: testkit.FreeAddress(t)}
	b := testkit.EmbeddedBroker(t, cfg)
	c, ctx := testClient(t, b.Addr()), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	id, err := c.TopicID(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	runGroup(t, c, GroupConfig{Group: "outage", Topic: topic}, s.worker("m"))
	if err := c.Produce(ctx, topic, numbered(10)); err != nil {
		t.Fatal(err)
	}
	s.waitFor(t, 10)
	if err := b.Stop(ctx); err != nil {
		t.Fatal(err)
	}

	// Down: a bounded call ends with its context and says why.
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	err = c.Produce(short, topic, numbered(11)[10:])
	if partial, ok := errors.AsType[*PartialError](err); !ok || len(partial.Failed) != 1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("produce without a broker: %v", err)
	}
	if err := c.Ping(short); err == nil {
		t.Error("ping without a broker succeeded")
	}
	// An unbounded one waits for the broker.
	done := make(chan error, 1)
	go func() { done <- c.Produce(ctx, topic, numbered(20)[11:]) }()
	testkit.EmbeddedBroker(t, cfg)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.waitFor(t, 19) // 10 before and 9 after; the abandoned one may or may not have made it
	if again, err := c.TopicID(ctx, topic); err != nil || again != id {
		t.Errorf("topic id %s became %s, %v", id, again, err)
	}
}

func TestClose(t *testing.T) {
	c := testClient(t, testkit.FreeAddress(t)) // nobody listens
	c.mu.Lock()
	c.topics["t"] = topicLayout{leaders: []int32{0}, read: time.Now()}
	c.mu.Unlock()
	done := make(chan error, 1)
	go func() { done <- c.Produce(t.Context(), "t", numbered(3)) }()
	testkit.Eventually(t, testkit.Patience, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.lanes) == 0 {
			return errors.New("not sending yet")
		}
		return nil
	})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("produce on a client that is closed: %v", err)
	}
	if err := c.Produce(t.Context(), "t", numbered(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("produce on a closed client: %v", err)
	}
}

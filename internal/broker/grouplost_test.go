package broker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/testkit"
)

// testRetentionLoss lets retention overtake a member.
func testRetentionLoss(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	c.codec = 0
	topic := testTopic(t, c, 1, map[string]string{"segment.bytes": "1048576", "retention.bytes": "1048576"})
	group := GroupConfig{Group: topic + ".group", Topic: topic}
	opened := make(chan *Partition, 10)
	proceed := make(chan struct{})
	type read struct {
		first Record
		lost  int64
	}
	reads := make(chan read, 10)
	runGroup(t, c, group, func(ctx context.Context, p *Partition) error {
		if err := p.Commit(ctx, 0, ""); err != nil {
			return err
		}
		opened <- p
		<-proceed
		for {
			recs, err := p.Fetch(ctx, FetchConfig{})
			if err != nil {
				return err
			}
			if len(recs) > 0 {
				reads <- read{recs[0], p.Lost()}
				<-ctx.Done()
				return nil
			}
		}
	})
	<-opened
	var start int64
	testkit.Eventually(t, testkit.Patience, func() error {
		recs := []Record{{Value: randomBytes(300_000)}, {Value: randomBytes(300_000)}}
		if err := c.Produce(ctx, topic, recs); err != nil {
			return err
		}
		ranges, err := c.Offsets(ctx, topic)
		if err != nil {
			return err
		}
		if start = ranges[0].First; start == 0 {
			return errors.New("nothing deleted yet")
		}
		return nil
	})
	close(proceed)
	got := <-reads
	if got.first.Offset < start || got.lost != got.first.Offset {
		t.Errorf("first record %d, lost %d, the log starts at %d", got.first.Offset, got.lost, start)
	}
	if counted := testutil.ToFloat64(c.metrics.lost.WithLabelValues(group.Group, topic)); counted != float64(got.lost) {
		t.Errorf("hotline_broker_lost_offsets_total is %v, want %d", counted, got.lost)
	}
}

func testBeyondEnd(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	if err := c.Produce(ctx, topic, numbered(3)); err != nil {
		t.Fatal(err)
	}
	r, _, err := c.openReader(ctx, topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.next = 7
	if _, err := r.fetch(ctx, FetchConfig{}); !errors.Is(err, ErrBeyondEnd) {
		t.Errorf("got %v, want ErrBeyondEnd", err)
	}
	r.next = 3
	start := time.Now()
	recs, err := r.fetch(ctx, FetchConfig{MaxWait: 60 * time.Millisecond})
	if took := time.Since(start); recs != nil || err != nil || took < 50*time.Millisecond {
		t.Errorf("at the end: %d records, %v after %v; want none after the wait", len(recs), err, took)
	}
}

package broker

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fetchVersion is the first that names topics by id (Kafka 3.1): a topic that
// was deleted and created again is never taken for the old one.
const fetchVersion = 13

// FetchConfig bounds one Fetch. Zero fields take the defaults named.
type FetchConfig struct {
	MaxBytes int           // of batches as they travel, 8 MiB; one larger batch is still returned whole
	MinBytes int           // the broker waits for that many, at most MaxWait; 1
	MaxWait  time.Duration // 250 ms
}

func (c FetchConfig) withDefaults() FetchConfig {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 8 << 20
	}
	if c.MinBytes <= 0 {
		c.MinBytes = 1
	}
	if c.MaxWait <= 0 {
		c.MaxWait = 250 * time.Millisecond
	}
	return c
}

// partitionReader reads one partition in order. One goroutine uses it; the atomics may be
// read by others.
type partitionReader struct {
	client    *Client
	topic     string
	partition int
	id        [16]byte // of the topic when reading began
	next      int64
	failures  int // in a row
	maxBytes  int // grown for a batch that did not fit
	highWater atomic.Int64
	lost      atomic.Int64
	onLost    func(n int64)
}

// openReader finds the partition's extent. It retries until ctx ends.
func (c *Client) openReader(ctx context.Context, topic string, partition int) (*partitionReader, OffsetRange, error) {
	r := &partitionReader{client: c, topic: topic, partition: partition}
	var extent OffsetRange
	err := c.retry(ctx, func() error {
		l, err := c.readLayout(ctx, topic)
		if err != nil {
			return err
		}
		r.id = l.id
		extent, err = c.extent(ctx, topic, partition)
		return err
	})
	if err != nil {
		return nil, extent, fmt.Errorf("opening partition %d of topic %s: %w", partition, topic, err)
	}
	r.next = extent.First
	r.highWater.Store(extent.Next)
	return r, extent, nil
}

// fetch gives the next records, or none after MaxWait. A broker that is away
// is logged, counted and looks idle; other errors are final for this position.
func (r *partitionReader) fetch(ctx context.Context, cfg FetchConfig) ([]Record, error) {
	cfg = cfg.withDefaults()
	deadline := time.Now().Add(cfg.MaxWait)
	for {
		wait := max(time.Until(deadline), 0)
		recs, err := r.fetchOnce(ctx, cfg, wait)
		if err == nil {
			r.failures = 0
		}
		switch {
		case len(recs) > 0:
			return recs, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && time.Until(deadline) <= 0:
			return nil, nil
		case err == nil:
			continue
		}
		r.client.metrics.fetchErrors.WithLabelValues(r.topic, reason(err)).Inc()
		r.client.forget(r.topic)
		if !transient(err) {
			return nil, fmt.Errorf("reading partition %d of topic %s at offset %d: %w", r.partition, r.topic, r.next, err)
		}
		// Once at the start of an outage, then about twice a minute.
		if r.failures%16 == 0 {
			r.client.log.Warn("fetch failed, trying again", "topic", r.topic, "partition", r.partition,
				"offset", r.next, "error", err)
		}
		r.failures++
		if !r.client.pause(ctx, r.failures-1) {
			return nil, ctx.Err()
		}
		if time.Until(deadline) <= 0 {
			return nil, nil
		}
	}
}

func (r *partitionReader) fetchOnce(ctx context.Context, cfg FetchConfig, wait time.Duration) ([]Record, error) {
	l, err := r.client.layout(ctx, r.topic)
	if err != nil {
		return nil, err
	}
	if l.id != r.id {
		return nil, ErrRecreated
	}
	leader, err := r.client.leader(ctx, r.topic, r.partition)
	if err != nil {
		return nil, err
	}
	res := kmsg.NewPtrFetchResponse()
	if err := r.client.exchange(ctx, leader, r.request(cfg, wait), res); err != nil {
		return nil, err
	}
	if res.ErrorCode != 0 {
		return nil, kafka.Error(res.ErrorCode)
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return nil, fmt.Errorf("answer names %d topics, not one with one partition", len(res.Topics))
	}
	p := &res.Topics[0].Partitions[0]
	if code := kafka.Error(p.ErrorCode); code == kafka.OffsetOutOfRange {
		return nil, r.outOfRange(ctx)
	} else if code != 0 {
		return nil, code
	}
	r.highWater.Store(p.HighWatermark)
	out, err := decodeBatches(p.RecordBatches, decodeTarget{topic: r.topic, partition: r.partition, from: r.next})
	if err != nil {
		return nil, err
	}
	r.maxBytes = 0
	if out.truncated {
		r.maxBytes = 2 * max(cfg.MaxBytes, len(p.RecordBatches))
		if r.maxBytes > maxBatchBytes {
			return nil, fmt.Errorf("record batch is larger than %d bytes", maxBatchBytes)
		}
	}
	if len(out.records) > 0 && out.records[0].Offset > r.next && p.LogStartOffset > r.next {
		// Retention moved the start between the position and the answer.
		r.lose(min(p.LogStartOffset, out.records[0].Offset) - r.next)
	}
	r.next = out.next
	r.client.metrics.fetched.WithLabelValues(r.topic).Add(float64(len(out.records)))
	r.client.metrics.fetchedBytes.WithLabelValues(r.topic).Add(float64(len(p.RecordBatches)))
	return out.records, nil
}

func (r *partitionReader) request(cfg FetchConfig, wait time.Duration) *kmsg.FetchRequest {
	size := int32(min(max(cfg.MaxBytes, r.maxBytes), maxBatchBytes))
	// Half the request timeout: the broker's answer must arrive within it.
	wait = min(wait, r.client.cfg.RequestTimeout/2)
	req := kmsg.NewPtrFetchRequest()
	req.Version = fetchVersion
	req.ReplicaID = -1
	req.MaxWaitMillis = int32(wait.Milliseconds())
	req.MinBytes = int32(min(cfg.MinBytes, cfg.MaxBytes))
	req.MaxBytes = size
	req.SessionEpoch = -1
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition = int32(r.partition)
	part.CurrentLeaderEpoch = -1
	part.FetchOffset = r.next
	part.LogStartOffset = -1
	part.PartitionMaxBytes = size
	topic := kmsg.NewFetchRequestTopic()
	topic.TopicID = r.id
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	return req
}

// outOfRange moves past what retention deleted.
func (r *partitionReader) outOfRange(ctx context.Context) error {
	extent, err := r.client.extent(ctx, r.topic, r.partition)
	switch {
	case err != nil:
		return err
	case r.next < extent.First:
		r.lose(extent.First - r.next)
		r.next = extent.First
		return nil
	case r.next > extent.Next:
		return fmt.Errorf("%w: it ends at %d", ErrBeyondEnd, extent.Next)
	default:
		return kafka.OffsetNotAvailable // settled meanwhile: ask again
	}
}

func (r *partitionReader) lose(n int64) {
	r.lost.Add(n)
	r.client.log.Error("records were deleted by retention before they were read",
		"topic", r.topic, "partition", r.partition, "from", r.next, "count", n)
	if r.onLost != nil {
		r.onLost(n)
	}
}

// ReadRange gives the records of a partition with from ≤ offset < to to fn in
// order, without a group. It begins at the first offset still there and ends
// at what is the end when it starts; to < 0 means that end. fn's error ends it.
func (c *Client) ReadRange(ctx context.Context, topic string, partition int, from, to int64, fn func([]Record) error) error {
	r, extent, err := c.openReader(ctx, topic, partition)
	if err != nil {
		return err
	}
	if to < 0 || to > extent.Next {
		to = extent.Next
	}
	r.next = max(from, extent.First)
	for r.next < to {
		recs, err := r.fetch(ctx, FetchConfig{MaxWait: time.Second})
		if err != nil {
			return err
		}
		for len(recs) > 0 && recs[len(recs)-1].Offset >= to {
			recs = recs[:len(recs)-1]
		}
		if len(recs) == 0 {
			continue
		}
		if err := fn(recs); err != nil {
			return err
		}
	}
	return nil
}

package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// unknownTopicPatience is how long Produce waits for a topic to appear: one
// just created is not at once known to every broker.
const unknownTopicPatience = 5 * time.Second

// Produce writes the records to the topic and returns when all replicas have
// all of them. A record goes to the partition of its key's hash (murmur2, as
// Java clients do), one without a key to any; records of one partition keep
// their order, unless a request is repeated. What concurrent calls write to one
// partition travels together.
//
// Transient failures, a full disk among them, are retried until ctx ends.
// When any record is not acknowledged the error is a *PartialError; ErrTooLarge
// in it is final for those records. The records may be reused after it returns.
func (c *Client) Produce(ctx context.Context, topic string, recs []Record) error {
	if len(recs) == 0 {
		return nil
	}
	p := &produceCall{topic: topic, recs: recs, done: make(chan struct{})}
	layout, err := c.produceLayout(ctx, topic)
	if err != nil {
		p.failAll(err)
		return p.result()
	}
	chunks := c.cut(p, len(layout.leaders))
	if len(chunks) == 0 {
		return p.result() // all too large
	}
	if !c.enqueue(topic, chunks) {
		p.failAll(ErrClosed)
		return p.result()
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.abandon(context.Cause(ctx))
	}
	return p.result()
}

func (c *Client) produceLayout(ctx context.Context, topic string) (topicLayout, error) {
	patience := time.Now().Add(unknownTopicPatience)
	var last error
	for attempt := 0; ; attempt++ {
		l, err := c.layout(ctx, topic)
		switch {
		case err == nil && len(l.leaders) > 0:
			return l, nil
		case err == nil:
			err = kafka.LeaderNotAvailable
		case ctx.Err() != nil && last != nil: // in the middle of an attempt, which says nothing
			return l, fmt.Errorf("%w; last attempt: %w", context.Cause(ctx), last)
		case ctx.Err() != nil:
			return l, err
		case errors.Is(err, ErrUnknownTopic) && time.Now().Before(patience):
		case !transient(err):
			return l, err
		}
		c.metrics.produceErrors.WithLabelValues(topic, reason(err)).Inc()
		if attempt%16 == 0 {
			c.log.Warn("produce waits for the topic", "topic", topic, "error", err)
		}
		if last = err; !c.pause(ctx, attempt) {
			return l, fmt.Errorf("%w; last attempt: %w", context.Cause(ctx), err)
		}
	}
}

// produceCall is one call of Produce, shared by its caller and the senders.
type produceCall struct {
	topic string
	recs  []Record
	done  chan struct{}

	mu      sync.Mutex // held while records are encoded, so that abandon ends all reading
	over    bool
	pending int
	acked   []bool // by record; nil when all
	failed  []RecordError
	last    error // of the latest attempt
}

// chunk is some records of one call for one partition, in order.
type chunk struct {
	call  *produceCall
	part  int
	index []int32
	size  int
}

// cut sorts the call's records into chunks of at most a batch each.
func (c *Client) cut(p *produceCall, partitions int) []chunk {
	all := make([]int, partitions)
	for i := range all {
		all[i] = i
	}
	keyless := int(c.rotation.Add(1)) % partitions
	var balancer kafka.Murmur2Balancer
	open := make([]chunk, partitions)
	var out []chunk
	for i := range p.recs {
		r := &p.recs[i]
		size := r.size()
		if size-recordOverhead > c.cfg.MaxRecordBytes {
			p.failed = append(p.failed, RecordError{Index: i, Err: fmt.Errorf("%w: %d bytes, max_record_bytes is %d", ErrTooLarge, size-recordOverhead, c.cfg.MaxRecordBytes)})
			c.metrics.produceErrors.WithLabelValues(p.topic, reason(ErrTooLarge)).Inc()
			continue
		}
		part := keyless
		switch {
		case partitions == 1:
			part = 0
		case r.Key != nil:
			part = balancer.Balance(kafka.Message{Key: r.Key}, all...)
		}
		o := &open[part]
		if len(o.index) > 0 && (o.size+size > c.cfg.BatchBytes || len(o.index) >= c.cfg.BatchRecords) {
			out = append(out, *o)
			*o = chunk{}
		}
		o.call, o.part = p, part
		o.index = append(o.index, int32(i))
		o.size += size
		p.pending++
	}
	for _, o := range open {
		if len(o.index) > 0 {
			out = append(out, o)
		}
	}
	p.acked = make([]bool, len(p.recs))
	return out
}

// encodeInto adds the chunk's records unless its call is over.
func (ch chunk) encodeInto(e *encoder) bool {
	ch.call.mu.Lock()
	defer ch.call.mu.Unlock()
	if ch.call.over {
		return false
	}
	for _, i := range ch.index {
		e.add(&ch.call.recs[i])
	}
	return true
}

// settle marks the chunk's records acknowledged, or failed with err.
func (ch chunk) settle(err error) {
	p := ch.call
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	for _, i := range ch.index {
		if err == nil {
			p.acked[i] = true
		} else {
			p.failed = append(p.failed, RecordError{Index: int(i), Err: err})
		}
	}
	if p.pending -= len(ch.index); p.pending == 0 {
		p.over = true
		close(p.done)
	}
}

func (ch chunk) note(err error) {
	ch.call.mu.Lock()
	ch.call.last = err
	ch.call.mu.Unlock()
}

// abandon ends the call before all records are settled.
func (p *produceCall) abandon(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.over = true
	if p.last != nil {
		cause = fmt.Errorf("%w; last attempt: %w", cause, p.last)
	}
	settled := make([]bool, len(p.recs))
	for _, f := range p.failed {
		settled[f.Index] = true
	}
	for i := range p.recs {
		if !p.acked[i] && !settled[i] {
			p.failed = append(p.failed, RecordError{Index: i, Err: cause})
		}
	}
}

func (p *produceCall) failAll(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.failed = p.failed[:0]
	for i := range p.recs {
		p.failed = append(p.failed, RecordError{Index: i, Err: err})
	}
}

func (p *produceCall) result() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failed) == 0 {
		return nil
	}
	slices.SortFunc(p.failed, func(a, b RecordError) int { return a.Index - b.Index })
	return &PartialError{Topic: p.topic, Total: len(p.recs), Failed: p.failed}
}

// lane is one partition as a destination; it has one sender at most, so that
// its records keep their order.
type lane struct {
	topic     string
	partition int
}

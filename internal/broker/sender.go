package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// produceVersion is the newest before topic names may vanish that reports
// messages with its errors (Kafka 2.4 to 4).
const produceVersion = 8

// sender writes one lane's queue, one request at a time: while a request is on
// its way, what other callers produce gathers for the next. It ends when the
// queue is empty.
type sender struct {
	client *Client
	lane   lane
	queue  []chunk // under the client's mutex
}

// enqueue hands the chunks to their lanes' senders; false when closed.
func (c *Client) enqueue(topic string, chunks []chunk) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return false
	}
	for _, ch := range chunks {
		key := lane{topic: topic, partition: ch.part}
		s := c.lanes[key]
		if s == nil {
			s = &sender{client: c, lane: key}
			c.lanes[key] = s
			c.senders.Go(s.run)
		}
		s.queue = append(s.queue, ch)
	}
	return true
}

func (s *sender) run() {
	for {
		chunks := s.take()
		if chunks == nil {
			return
		}
		s.send(chunks)
	}
}

// take removes what fits one batch; nil when the sender is no longer needed.
func (s *sender) take() []chunk {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(s.queue) == 0 {
		delete(c.lanes, s.lane)
		return nil
	}
	n, size, records := 0, 0, 0
	for _, ch := range s.queue {
		if n > 0 && (size+ch.size > c.cfg.BatchBytes || records+len(ch.index) > c.cfg.BatchRecords) {
			break
		}
		n, size, records = n+1, size+ch.size, records+len(ch.index)
	}
	chunks := s.queue[:n:n]
	s.queue = s.queue[n:]
	return chunks
}

// send settles every chunk: acknowledged, refused for good, or given up by its
// caller.
func (s *sender) send(chunks []chunk) {
	c := s.client
	for attempt := 0; ; attempt++ {
		live, batch, err := s.encode(chunks)
		if chunks = live; len(chunks) == 0 {
			return
		}
		if err == nil {
			err = s.deliver(batch)
		}
		if err == nil {
			s.acknowledge(chunks)
			return
		}
		c.metrics.produceErrors.WithLabelValues(s.lane.topic, reason(err)).Inc()
		c.forget(s.lane.topic)
		switch {
		case c.sendCtx.Err() != nil:
			settleAll(chunks, ErrClosed)
			return
		case culprit(err):
			s.isolate(chunks, err)
			return
		case !transient(err) && !errors.Is(err, kafka.Unknown):
			settleAll(chunks, err)
			return
		}
		for _, ch := range chunks {
			ch.note(err)
		}
		if attempt%16 == 0 {
			c.log.Warn("produce failed, trying again", "topic", s.lane.topic, "partition", s.lane.partition, "error", err)
		}
		if !c.pause(c.sendCtx, attempt) {
			settleAll(chunks, ErrClosed)
			return
		}
	}
}

// encode makes one batch of the chunks whose callers still wait.
func (s *sender) encode(chunks []chunk) (live []chunk, batch []byte, err error) {
	size := 0
	for _, ch := range chunks {
		size += ch.size
	}
	e := newEncoder(time.Now(), size)
	live = make([]chunk, 0, len(chunks))
	for _, ch := range chunks {
		if ch.encodeInto(e) {
			live = append(live, ch)
		}
	}
	if len(live) == 0 {
		return nil, nil, nil
	}
	batch, err = e.bytes(s.client.codec)
	return live, batch, err
}

func (s *sender) deliver(batch []byte) error {
	c := s.client
	started := time.Now()
	defer func() {
		c.metrics.produceSeconds.WithLabelValues(s.lane.topic).Observe(time.Since(started).Seconds())
	}()
	ctx, cancel := context.WithTimeout(c.sendCtx, c.cfg.RequestTimeout)
	defer cancel()
	leader, err := c.leader(ctx, s.lane.topic, s.lane.partition)
	if err != nil {
		return err
	}
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition = int32(s.lane.partition)
	part.Records = batch
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic = s.lane.topic
	topic.Partitions = append(topic.Partitions, part)
	req := kmsg.NewPtrProduceRequest()
	req.Version = produceVersion
	req.Acks = int16(kafka.RequireAll)
	req.TimeoutMillis = int32((c.cfg.RequestTimeout / 2).Milliseconds())
	req.Topics = append(req.Topics, topic)
	res := kmsg.NewPtrProduceResponse()
	if err := c.exchange(ctx, leader, req, res); err != nil {
		return err
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return fmt.Errorf("answer names %d topics, not one with one partition", len(res.Topics))
	}
	p := res.Topics[0].Partitions[0]
	if p.ErrorCode == 0 {
		return nil
	}
	if p.ErrorMessage != nil && *p.ErrorMessage != "" {
		return fmt.Errorf("%w: %s", kafka.Error(p.ErrorCode), *p.ErrorMessage)
	}
	return kafka.Error(p.ErrorCode)
}

func (s *sender) acknowledge(chunks []chunk) {
	records, bytes := 0, 0
	for _, ch := range chunks {
		records += len(ch.index)
		bytes += ch.size - recordOverhead*len(ch.index)
		ch.settle(nil)
	}
	m := s.client.metrics
	m.produced.WithLabelValues(s.lane.topic).Add(float64(records))
	m.producedBytes.WithLabelValues(s.lane.topic).Add(float64(bytes))
}

// culprit tells whether the broker refused a batch for one of its records.
func culprit(err error) bool {
	for _, code := range []kafka.Error{kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidRecord} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// isolate halves a refused batch until the refusal meets single records.
func (s *sender) isolate(chunks []chunk, err error) {
	if len(chunks) > 1 {
		half := len(chunks) / 2
		s.send(chunks[:half])
		s.send(chunks[half:])
		return
	}
	ch := chunks[0]
	if n := len(ch.index); n > 1 {
		a, b := ch, ch
		a.index, b.index = ch.index[:n/2], ch.index[n/2:]
		a.size, b.size = ch.size/2, ch.size-ch.size/2
		s.send([]chunk{a})
		s.send([]chunk{b})
		return
	}
	if !errors.Is(err, kafka.InvalidRecord) {
		err = fmt.Errorf("%w for topic %s: %w", ErrTooLarge, s.lane.topic, err)
	}
	ch.settle(err)
}

func settleAll(chunks []chunk, err error) {
	for _, ch := range chunks {
		ch.settle(err)
	}
}

package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// deleteRecordsVersion is the last without tagged fields.
const deleteRecordsVersion = 1

// OffsetsAt gives, by ascending partition, the offset of the first record that was written
// at or after the time: the next offset where there is none.
func (c *Client) OffsetsAt(ctx context.Context, topic string, at time.Time) ([]int64, error) {
	extents, err := c.Offsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(extents))
	for i, e := range extents {
		err := c.retry(ctx, func() (err error) {
			out[i], err = c.listOffset(ctx, topic, e.Partition, at.UnixMilli())
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("looking for the records of topic %s from %s on: %w", topic, at.UTC().Format(time.RFC3339), err)
		}
		if out[i] < 0 {
			out[i] = e.Next
		}
	}
	return out, nil
}

// DeleteBefore removes the records of a partition before the offset, for good. Brokers
// free the disk by whole files of the log. To ask for more than there is, is an error.
func (c *Client) DeleteBefore(ctx context.Context, topic string, partition int, before int64) error {
	err := c.retry(ctx, func() error {
		leader, err := c.leader(ctx, topic, partition)
		if err != nil {
			return err
		}
		req := kmsg.NewPtrDeleteRecordsRequest()
		req.Version = deleteRecordsVersion
		req.TimeoutMillis = int32(c.cfg.RequestTimeout.Milliseconds())
		t := kmsg.NewDeleteRecordsRequestTopic()
		t.Topic = topic
		p := kmsg.NewDeleteRecordsRequestTopicPartition()
		p.Partition, p.Offset = int32(partition), before
		t.Partitions = append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
		res := kmsg.NewPtrDeleteRecordsResponse()
		if err := c.exchange(ctx, leader, req, res); err != nil {
			c.forget(topic)
			return err
		}
		for _, t := range res.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode != 0 {
					c.forget(topic)
					return kafka.Error(p.ErrorCode)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("removing the records of topic %s, partition %d, before offset %d: %w", topic, partition, before, err)
	}
	return nil
}

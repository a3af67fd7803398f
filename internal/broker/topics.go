package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metadataVersion is the first that answers with topic ids (Kafka 2.8).
const metadataVersion = 10

// layoutTTL bounds how long a topic's layout is believed without a refusal.
const layoutTTL = 30 * time.Second

// topicLayout is what produce and fetch need to know of a topic.
type topicLayout struct {
	id      [16]byte
	leaders []int32 // by partition; −1 while a partition has none
	read    time.Time
}

func (c *Client) metadata(ctx context.Context, req *kmsg.MetadataRequest, res *kmsg.MetadataResponse) error {
	req.Version = metadataVersion
	return c.exchange(ctx, anyBroker, req, res)
}

// readLayout asks the cluster about one topic, past every cache.
func (c *Client) readLayout(ctx context.Context, topic string) (topicLayout, error) {
	req := kmsg.NewPtrMetadataRequest()
	rt := kmsg.NewMetadataRequestTopic()
	rt.Topic = kmsg.StringPtr(topic)
	req.Topics = append(req.Topics, rt)
	res := kmsg.NewPtrMetadataResponse()
	if err := c.metadata(ctx, req, res); err != nil {
		return topicLayout{}, err
	}
	if len(res.Topics) != 1 {
		return topicLayout{}, fmt.Errorf("answer names %d topics, not one", len(res.Topics))
	}
	t := res.Topics[0]
	switch code := kafka.Error(t.ErrorCode); {
	case code == kafka.UnknownTopicOrPartition:
		return topicLayout{}, fmt.Errorf("%w %q", ErrUnknownTopic, topic)
	case code != 0:
		return topicLayout{}, code
	}
	out := topicLayout{id: t.TopicID, leaders: make([]int32, len(t.Partitions)), read: time.Now()}
	for _, p := range t.Partitions {
		if p.Partition < 0 || int(p.Partition) >= len(out.leaders) {
			return topicLayout{}, fmt.Errorf("partition %d of %d", p.Partition, len(out.leaders))
		}
		out.leaders[p.Partition] = p.Leader
	}
	c.mu.Lock()
	c.topics[topic] = out
	c.mu.Unlock()
	return out, nil
}

// layout answers from the cache while it is fresh.
func (c *Client) layout(ctx context.Context, topic string) (topicLayout, error) {
	c.mu.Lock()
	l, ok := c.topics[topic]
	c.mu.Unlock()
	if ok && time.Since(l.read) < layoutTTL {
		return l, nil
	}
	return c.readLayout(ctx, topic)
}

// forget drops a topic's layout after a broker refused a request made by it.
func (c *Client) forget(topic string) {
	c.mu.Lock()
	delete(c.topics, topic)
	c.mu.Unlock()
}

// leader gives the broker that leads a partition.
func (c *Client) leader(ctx context.Context, topic string, partition int) (int32, error) {
	l, err := c.layout(ctx, topic)
	if err != nil {
		return 0, err
	}
	if partition < 0 || partition >= len(l.leaders) {
		return 0, fmt.Errorf("%w %q: no partition %d, it has %d", ErrUnknownTopic, topic, partition, len(l.leaders))
	}
	if l.leaders[partition] < 0 {
		c.forget(topic)
		return 0, kafka.LeaderNotAvailable
	}
	return l.leaders[partition], nil
}

// retry repeats a read-only request on transient errors until ctx ends.
func (c *Client) retry(ctx context.Context, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil || !transient(err) || ctx.Err() != nil {
			return err
		}
		if !c.pause(ctx, attempt) {
			return err
		}
	}
}

// TopicID gives Kafka's id of the topic as 32 hexadecimal digits. A topic that
// is deleted and created again has another one. ErrUnknownTopic when missing.
func (c *Client) TopicID(ctx context.Context, topic string) (string, error) {
	var l topicLayout
	err := c.retry(ctx, func() (err error) {
		l, err = c.readLayout(ctx, topic)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading the id of topic %s: %w", topic, err)
	}
	if l.id == [16]byte{} {
		return "", fmt.Errorf("reading the id of topic %s: the cluster gives topics no ids, Kafka 3.1 or newer is needed", topic)
	}
	return fmt.Sprintf("%x", l.id), nil
}

// EnsureTopics creates the topics that are missing and waits until they can be
// used. Existing topics are left as they are: one with fewer partitions than
// asked for is reported by ErrFewerPartitions, after all missing ones were made.
// Transient failures are retried until ctx ends.
func (c *Client) EnsureTopics(ctx context.Context, specs []TopicSpec) error {
	for _, s := range specs {
		if !validTopic(s.Name) {
			return fmt.Errorf("creating topic %q: a name has 1 to 249 of the characters a-z A-Z 0-9 . _ -", s.Name)
		}
		if s.Partitions < 1 {
			return fmt.Errorf("creating topic %s: %d partitions, at least 1 is needed", s.Name, s.Partitions)
		}
	}
	var errs []error
	for _, s := range specs {
		if err := c.ensureTopic(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("creating topic %s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// validTopic is Kafka's own rule; the embedded broker would let all pass.
func validTopic(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 249 {
		return false
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-') {
			return false
		}
	}
	return true
}

func (c *Client) ensureTopic(ctx context.Context, spec TopicSpec) error {
	return c.retry(ctx, func() error {
		l, err := c.readLayout(ctx, spec.Name)
		if errors.Is(err, ErrUnknownTopic) {
			if err := c.createTopic(ctx, spec); err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
				return err
			}
			// A new topic is known everywhere, and led, only after a moment.
			if l, err = c.readLayout(ctx, spec.Name); errors.Is(err, ErrUnknownTopic) {
				return kafka.UnknownTopicOrPartition
			}
		}
		if err != nil {
			return err
		}
		if len(l.leaders) < spec.Partitions {
			return fmt.Errorf("%w: it has %d, the configuration asks for %d; raise it with kafka-topics --alter after stopping all producers, or lower the setting",
				ErrFewerPartitions, len(l.leaders), spec.Partitions)
		}
		if slices.Contains(l.leaders, -1) {
			return kafka.LeaderNotAvailable
		}
		return nil
	})
}

func (c *Client) createTopic(ctx context.Context, spec TopicSpec) error {
	cfg := kafka.TopicConfig{
		Topic:             spec.Name,
		NumPartitions:     spec.Partitions,
		ReplicationFactor: max(spec.ReplicationFactor, 1),
	}
	for _, k := range slices.Sorted(maps.Keys(spec.Config)) {
		cfg.ConfigEntries = append(cfg.ConfigEntries, kafka.ConfigEntry{ConfigName: k, ConfigValue: spec.Config[k]})
	}
	res, err := c.api.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{cfg}})
	if err != nil {
		return err
	}
	if err := res.Errors[spec.Name]; err != nil {
		return err
	}
	c.log.Info("topic created", "topic", spec.Name, "partitions", spec.Partitions)
	return nil
}

// Offsets gives the extent of every partition of a topic, by ascending partition.
func (c *Client) Offsets(ctx context.Context, topic string) ([]OffsetRange, error) {
	var out []OffsetRange
	err := c.retry(ctx, func() error {
		l, err := c.layout(ctx, topic)
		if err != nil {
			return err
		}
		out = make([]OffsetRange, len(l.leaders))
		for p := range l.leaders {
			if out[p], err = c.extent(ctx, topic, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the offsets of topic %s: %w", topic, err)
	}
	return out, nil
}

// extent asks a partition's leader for its first and next offset.
func (c *Client) extent(ctx context.Context, topic string, partition int) (OffsetRange, error) {
	first, err := c.listOffset(ctx, topic, partition, kafka.FirstOffset)
	if err != nil {
		return OffsetRange{}, err
	}
	next, err := c.listOffset(ctx, topic, partition, kafka.LastOffset)
	if err != nil {
		return OffsetRange{}, err
	}
	return OffsetRange{Partition: partition, First: first, Next: next}, nil
}

func (c *Client) listOffset(ctx context.Context, topic string, partition int, which int64) (int64, error) {
	leader, err := c.leader(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	res, err := routed[*listoffsets.Response](ctx, c, leader, &listoffsets.Request{
		ReplicaID: -1,
		Topics: []listoffsets.RequestTopic{{Topic: topic, Partitions: []listoffsets.RequestPartition{
			{Partition: int32(partition), CurrentLeaderEpoch: -1, Timestamp: which},
		}}},
	})
	if err != nil {
		c.forget(topic)
		return 0, err
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("answer does not name partition %d of topic %s", partition, topic)
	}
	p := res.Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		c.forget(topic)
		return 0, kafka.Error(p.ErrorCode)
	}
	return p.Offset, nil
}

// Committed gives the next offset each partition's group would read, as it was
// committed; partitions without a commit are missing from the map.
func (c *Client) Committed(ctx context.Context, group, topic string) (map[int]int64, error) {
	all, err := c.committed(ctx, group, topic)
	if err != nil {
		return nil, fmt.Errorf("reading what group %s committed on topic %s: %w", group, topic, err)
	}
	out := make(map[int]int64, len(all))
	for p, o := range all {
		out[p] = o.CommittedOffset
	}
	return out, nil
}

func (c *Client) committed(ctx context.Context, group, topic string) (map[int]kafka.OffsetFetchPartition, error) {
	out := map[int]kafka.OffsetFetchPartition{}
	err := c.retry(ctx, func() error {
		l, err := c.layout(ctx, topic)
		if err != nil {
			return err
		}
		ids := make([]int, len(l.leaders))
		for i := range ids {
			ids[i] = i
		}
		res, err := c.api.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: ids}})
		if err != nil {
			return err
		}
		clear(out)
		switch {
		case errors.Is(res.Error, kafka.GroupIdNotFound):
			return nil // nobody has joined it yet: Kafka says so by offset, the embedded broker by error
		case res.Error != nil:
			return res.Error
		}
		for _, p := range res.Topics[topic] {
			if p.Error != nil {
				return p.Error
			}
			if p.CommittedOffset >= 0 {
				out[p.Partition] = p
			}
		}
		return nil
	})
	return out, err
}

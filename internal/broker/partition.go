package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"
)

// Partition is one partition a group member holds for a generation. One
// goroutine, its worker, uses it; HighWatermark and Lost may be called by others.
type Partition struct {
	Topic string
	ID    int

	// Start is where reading begins: what the group committed, or, without a
	// commit, the partition's first offset (its end with StartAtEnd).
	Start int64

	// Committed tells whether Start comes from a commit, Metadata what that
	// commit carried.
	Committed bool
	Metadata  string

	// TopicID tells the topic from one of the same name that was deleted
	// before; see Client.TopicID.
	TopicID string

	// Generation rises with each rebalance of the group.
	Generation int

	group  string
	member string
	reader *partitionReader
}

// open reads what the group committed for the partition.
func (g *generation) open(ctx context.Context, id int) (*Partition, error) {
	c := g.client
	reader, extent, err := c.openReader(ctx, g.cfg.Topic, id)
	if err != nil {
		return nil, err
	}
	commits, err := c.committed(ctx, g.cfg.Group, g.cfg.Topic)
	if err != nil {
		return nil, fmt.Errorf("reading what group %s committed: %w", g.cfg.Group, err)
	}
	p := &Partition{
		Topic:      g.cfg.Topic,
		ID:         id,
		Start:      extent.First,
		TopicID:    fmt.Sprintf("%x", reader.id),
		Generation: int(g.gen.ID),
		group:      g.cfg.Group,
		member:     g.gen.MemberID,
		reader:     reader,
	}
	if g.cfg.StartAtEnd {
		p.Start = extent.Next
	}
	if commit, ok := commits[id]; ok {
		p.Start, p.Metadata, p.Committed = commit.CommittedOffset, commit.Metadata, true
	}
	reader.next = p.Start
	reader.onLost = func(n int64) {
		c.metrics.lost.WithLabelValues(g.cfg.Group, g.cfg.Topic).Add(float64(n))
	}
	p.setLag()
	return p, nil
}

// Fetch gives the next records in order, or nil, nil after MaxWait without any.
// The records stay valid as long as they are referenced; each holds the whole
// answer it came in in memory.
//
// A broker that is away looks like an idle one: it is logged and counted, and
// tried again with growing pauses. Offsets deleted by retention before they
// were read are counted in Lost and skipped. Errors are final for the position:
// ErrBeyondEnd, ErrRecreated, a damaged batch, a refusal, or the end of ctx.
func (p *Partition) Fetch(ctx context.Context, cfg FetchConfig) ([]Record, error) {
	recs, err := p.reader.fetch(ctx, cfg)
	p.setLag()
	return recs, err
}

func (p *Partition) setLag() {
	p.reader.client.metrics.lag.WithLabelValues(p.group, p.Topic, strconv.Itoa(p.ID)).
		Set(float64(max(p.HighWatermark()-p.reader.next, 0)))
}

// SeekTo makes offset the next one Fetch reads.
func (p *Partition) SeekTo(offset int64) { p.reader.next = offset }

// Position is the offset the next Fetch reads from. After a Fetch it is past
// the records it gave, and past offsets that hold none.
func (p *Partition) Position() int64 { return p.reader.next }

// HighWatermark is the offset after the newest record, as last heard.
func (p *Partition) HighWatermark() int64 { return p.reader.highWater.Load() }

// Lost is the number of offsets skipped since Start because retention had
// deleted them.
func (p *Partition) Lost() int64 { return p.reader.lost.Load() }

// Commit makes next the offset the group reads from after a restart, and keeps
// metadata with it (Kafka's limit: 4,096 bytes). Transient failures are
// repeated until ctx ends. ErrFenced: this member no longer holds the
// partition, nothing was committed, and no repetition helps.
func (p *Partition) Commit(ctx context.Context, next int64, metadata string) error {
	c := p.reader.client
	labels := []string{p.group, p.Topic}
	for attempt := 0; ; attempt++ {
		err := p.commitOnce(ctx, next, metadata)
		if err == nil {
			c.metrics.commits.WithLabelValues(labels...).Inc()
			return nil
		}
		c.metrics.commitErrors.WithLabelValues(append(labels, reason(err))...).Inc()
		err = fmt.Errorf("committing offset %d of partition %d of topic %s for group %s: %w",
			next, p.ID, p.Topic, p.group, err)
		if !transient(err) || ctx.Err() != nil {
			return err
		}
		c.log.Warn("commit failed, trying again", "group", p.group, "topic", p.Topic,
			"partition", p.ID, "offset", next, "error", err)
		if !c.pause(ctx, attempt) {
			return err
		}
	}
}

func (p *Partition) commitOnce(ctx context.Context, next int64, metadata string) error {
	res, err := p.reader.client.api.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID:      p.group,
		GenerationID: p.Generation,
		MemberID:     p.member,
		Topics: map[string][]kafka.OffsetCommit{
			p.Topic: {{Partition: p.ID, Offset: next, Metadata: metadata}},
		},
	})
	if err != nil {
		return err
	}
	// A refusal is no error of the call: it stands in the partition's entry.
	for _, entry := range res.Topics[p.Topic] {
		if entry.Partition != p.ID {
			continue
		}
		for _, code := range []kafka.Error{kafka.IllegalGeneration, kafka.UnknownMemberId, kafka.FencedInstanceID, kafka.RebalanceInProgress} {
			if errors.Is(entry.Error, code) {
				return fmt.Errorf("%w (%s)", ErrFenced, code.Title())
			}
		}
		return entry.Error
	}
	return errors.New("the answer does not name the partition")
}

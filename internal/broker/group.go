package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// GroupConfig names the consumer group and what it reads.
type GroupConfig struct {
	Group string
	Topic string

	// StartAtEnd begins at the end of partitions the group never committed;
	// otherwise at their first offset.
	StartAtEnd bool

	// WatchInterval is how often new partitions are looked for; 30 s when zero.
	WatchInterval time.Duration

	// OnGeneration, when set, is told the partitions of each generation this
	// member joins, none included, before their workers start.
	OnGeneration func(partitions []int)
}

// Worker handles one partition until ctx ends, which is when the member loses
// it. A worker that returns before that is started again after a pause, with
// the partition as it is committed then; its error is logged and counted. One
// that returns ErrFenced makes the member join the group again.
type Worker func(ctx context.Context, p *Partition) error

// RunGroup joins the consumer group and runs worker for each partition this
// member is assigned, one goroutine each. It returns nil when ctx is done and
// all workers have returned, or the error that no repetition will heal.
//
// A worker that does not return when its ctx ends holds up the whole group;
// after Config.RebalanceTimeout the group goes on without this member and its
// commits are refused with ErrFenced.
func (c *Client) RunGroup(ctx context.Context, cfg GroupConfig, worker Worker) error {
	if cfg.Group == "" || cfg.Topic == "" {
		return errors.New("running a consumer group: group and topic must be named")
	}
	if cfg.WatchInterval <= 0 {
		cfg.WatchInterval = 30 * time.Second
	}
	log := c.log.With("group", cfg.Group, "topic", cfg.Topic)
	if !c.awaitTopic(ctx, cfg, log) {
		return nil
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                     cfg.Group,
		Brokers:                c.cfg.Addresses,
		Dialer:                 c.conn.dialer,
		Topics:                 []string{cfg.Topic},
		GroupBalancers:         []kafka.GroupBalancer{kafka.RangeGroupBalancer{}, kafka.RoundRobinGroupBalancer{}},
		HeartbeatInterval:      c.cfg.Heartbeat,
		SessionTimeout:         c.cfg.SessionTimeout,
		RebalanceTimeout:       c.cfg.RebalanceTimeout,
		JoinGroupBackoff:       min(c.cfg.RetryMax, time.Second),
		PartitionWatchInterval: cfg.WatchInterval,
		WatchPartitionChanges:  true,
		StartOffset:            kafka.FirstOffset, // unused: each partition reads its own commit
		Timeout:                c.cfg.RequestTimeout,
		ErrorLogger:            groupLog{log, slog.LevelWarn},
		Logger:                 groupLog{log, slog.LevelDebug},
	})
	if err != nil {
		return fmt.Errorf("running consumer group %s: %w", cfg.Group, err)
	}
	// Close leaves the group, after the workers have returned.
	defer func() {
		if err := group.Close(); err != nil {
			log.Warn("leaving the consumer group", "error", err)
		}
	}()

	for failures := 0; ; {
		if !c.awaitTopic(ctx, cfg, log) {
			return nil
		}
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failures = 0
			c.metrics.generations.WithLabelValues(cfg.Group).Inc()
			c.startGeneration(ctx, &generation{client: c, cfg: cfg, gen: gen, log: log, worker: worker})
		case permanentGroupError(err):
			return fmt.Errorf("joining consumer group %s: %w", cfg.Group, err)
		default:
			c.metrics.groupErrors.WithLabelValues(cfg.Group).Inc()
			if failures%16 == 0 {
				log.Warn("joining the consumer group failed, trying again", "error", err)
			}
			if failures++; !c.pause(ctx, failures) {
				return nil
			}
		}
	}
}

// awaitTopic waits until the topic is there; false when ctx ended before. kafka-go would end
// a generation without the topic as soon as it began, and begin the next, without a pause.
// Whatever else is wrong is left to who joins.
func (c *Client) awaitTopic(ctx context.Context, cfg GroupConfig, log *slog.Logger) bool {
	for failures := 0; ; failures++ {
		_, err := c.readLayout(ctx, cfg.Topic)
		if !errors.Is(err, ErrUnknownTopic) {
			if failures > 0 && err == nil {
				log.Info("the topic is there now")
			}
			return ctx.Err() == nil
		}
		c.metrics.groupErrors.WithLabelValues(cfg.Group).Inc()
		if failures%64 == 0 {
			log.Warn("the topic does not exist, waiting for it: hotline migrate, or up, creates it")
		}
		if !c.pause(ctx, failures) {
			return false
		}
	}
}

func permanentGroupError(err error) bool {
	for _, code := range []kafka.Error{
		kafka.GroupAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.InvalidGroupId,
		kafka.InconsistentGroupProtocol, kafka.InvalidSessionTimeout, kafka.SASLAuthenticationFailed,
		kafka.UnsupportedSASLMechanism, kafka.UnsupportedVersion,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return errors.Is(err, kafka.ErrGroupClosed)
}

// generation is this member's share of the topic until the next rebalance.
type generation struct {
	client *Client
	cfg    GroupConfig
	gen    *kafka.Generation
	log    *slog.Logger
	worker Worker
}

func (c *Client) startGeneration(ctx context.Context, g *generation) {
	assigned := g.gen.Assignments[g.cfg.Topic]
	ids := make([]int, len(assigned))
	for i, a := range assigned {
		ids[i] = a.ID
	}
	g.log.Info("joined the consumer group", "generation", g.gen.ID, "partitions", ids)
	if g.cfg.OnGeneration != nil {
		g.cfg.OnGeneration(ids)
	}
	// kafka-go ends the generation as soon as one function returns: each does
	// so only when the generation is over, whatever its worker did.
	for _, id := range ids {
		g.gen.Start(func(genCtx context.Context) {
			workCtx, cancel := context.WithCancel(ctx)
			defer cancel()
			stop := context.AfterFunc(genCtx, cancel)
			defer stop()
			g.keepWorking(workCtx, id)
		})
	}
}

// keepWorking runs the partition's worker again and again until ctx ends or a
// commit shows that the generation has.
func (g *generation) keepWorking(ctx context.Context, id int) {
	c := g.client
	defer c.metrics.lag.DeleteLabelValues(g.cfg.Group, g.cfg.Topic, strconv.Itoa(id))
	for failures := 0; ctx.Err() == nil; failures++ {
		started := time.Now()
		err := g.workOnce(ctx, id)
		if ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				g.log.Warn("worker ended with an error while its partition was taken", "partition", id, "error", err)
			}
			return
		}
		if errors.Is(err, ErrFenced) {
			g.log.Warn("joining the consumer group again", "partition", id, "error", err)
			return
		}
		if err == nil {
			err = errors.New("worker returned although its partition is still assigned")
		}
		if time.Since(started) > time.Minute {
			failures = 0
		}
		c.metrics.workerErrors.WithLabelValues(g.cfg.Group, g.cfg.Topic).Inc()
		g.log.Error("worker failed, starting it again", "partition", id, "error", err)
		if !c.pause(ctx, failures) {
			return
		}
	}
}

func (g *generation) workOnce(ctx context.Context, id int) error {
	p, err := g.open(ctx, id)
	if err != nil {
		return err
	}
	return g.worker(ctx, p)
}

// groupLog passes kafka-go's messages on. They carry line breaks and member
// lists; only the first line is kept.
type groupLog struct {
	log   *slog.Logger
	level slog.Level
}

func (l groupLog) Printf(format string, args ...any) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, l.level) {
		return
	}
	text, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n")
	l.log.Log(ctx, l.level, "kafka-go", "text", text)
}

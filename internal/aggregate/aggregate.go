package aggregate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
)

// Broker is what the aggregator needs of Kafka; *broker.Client has it.
type Broker interface {
	RunGroup(ctx context.Context, cfg broker.GroupConfig, worker broker.Worker) error
	Offsets(ctx context.Context, topic string) ([]broker.OffsetRange, error)
	Committed(ctx context.Context, group, topic string) (map[int]int64, error)
}

// Store is what the aggregator needs of ClickHouse; *store.Store has it.
type Store interface {
	// TopicEpoch is the ordinal of the topic's incarnation.
	TopicEpoch(ctx context.Context, topic, topicID string) (uint16, error)
	// Recompute counts whole buckets anew and writes them under the version.
	Recompute(ctx context.Context, buckets []time.Time, version uint64) error
	// AppendLog tells publishers which buckets were recomputed.
	AppendLog(ctx context.Context, entry store.LogEntry) error
}

// Deps is what an Aggregator needs from its surroundings.
type Deps struct {
	Broker     Broker
	Store      Store
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported

	// OnRecomputed, when set, is told the buckets of each cycle once their tallies can
	// be read. It is called by several workers at once and must not block.
	OnRecomputed func(buckets []time.Time)
}

// Aggregator recomputes marked buckets.
type Aggregator struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	metrics *metrics
}

// New checks its arguments; it opens nothing.
func New(cfg Config, deps Deps) (*Aggregator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("aggregate: %w", err)
	}
	if cfg.Topic == "" {
		cfg.Topic = "hotline.touched"
	}
	if deps.Broker == nil || deps.Store == nil {
		return nil, errors.New("aggregate: a broker and a store are needed")
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Aggregator{cfg: cfg, deps: deps, log: log, metrics: m}, nil
}

// Run follows the marks until ctx ends; then it returns nil. What was gathered and not
// written by then stays marked and is recomputed by whoever holds the partition next.
func (a *Aggregator) Run(ctx context.Context) error {
	group := broker.GroupConfig{Group: a.cfg.Group, Topic: a.cfg.Topic}
	if err := a.deps.Broker.RunGroup(ctx, group, a.work); err != nil {
		return fmt.Errorf("aggregating: %w", err)
	}
	return nil
}

// Pending is the number of marks whose recomputation is not committed yet.
func (a *Aggregator) Pending(ctx context.Context) (int64, error) {
	return Pending(ctx, a.deps.Broker, a.cfg.Group, a.cfg.Topic)
}

// work is the worker of one partition.
func (a *Aggregator) work(ctx context.Context, p *broker.Partition) error {
	w := &worker{
		cfg:       a.cfg,
		deps:      a.deps,
		log:       a.log.With("topic", p.Topic, "partition", p.ID),
		metrics:   a.metrics.of(p.ID),
		marks:     p,
		partition: p.ID,
		topicID:   p.TopicID,
		committed: p.Start,
	}
	defer w.metrics.drop()
	if p.Committed && p.Metadata != "" && p.Metadata != p.TopicID {
		if err := w.startOver(ctx); err != nil {
			return err
		}
	}
	return w.run(ctx)
}

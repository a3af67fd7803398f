package load

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/store"
)

// Broker is what load needs of Kafka.
type Broker interface {
	RunGroup(ctx context.Context, cfg broker.GroupConfig, worker broker.Worker) error
	Produce(ctx context.Context, topic string, recs []broker.Record) error
}

// Store is what load needs of ClickHouse. Its errors are sorted by [store.IsData] and
// [store.IsSchema]; all others are passing.
type Store interface {
	TopicEpoch(ctx context.Context, topic, topicID string) (uint16, error)
	Versions(ctx context.Context, ids []string) (map[string][]store.Version, error)
	InsertCalls(ctx context.Context, b store.Batch, rows []store.Row) error
	InsertVersions(ctx context.Context, b store.Batch, versions []store.Version) error
	InsertLedger(ctx context.Context, b store.Batch, lines []store.Ledger) error
	LedgerSum(ctx context.Context, topic string, epoch uint16, partition int) (records, first, last int64, err error)
}

var (
	_ Broker = (*broker.Client)(nil)
	_ Store  = (*store.Store)(nil)
)

// Topics are the names of the topics.
type Topics struct {
	Calls    string // read
	Touched  string // marks of touched buckets
	Rejected string // dead letters
}

// DefaultTopics are the names everything else uses.
func DefaultTopics() Topics {
	return Topics{Calls: "hotline.calls", Touched: "hotline.touched", Rejected: "hotline.rejected"}
}

// Deps is what a Loader needs from its surroundings.
type Deps struct {
	Broker     Broker
	Store      Store
	Sealer     *deadletter.Sealer
	Topics     Topics                // DefaultTopics when zero
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported
	Log        *slog.Logger          // nil: nothing is logged
}

// Loader takes the records of one topic into the store.
type Loader struct {
	cfg     Config
	broker  Broker
	store   Store
	sealer  *deadletter.Sealer
	topics  Topics
	metrics *metrics
	log     *slog.Logger
}

// New returns a loader at rest.
func New(cfg Config, deps Deps) (*Loader, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("load: registering metrics: %w", err)
	}
	l := &Loader{
		cfg: cfg, broker: deps.Broker, store: deps.Store, sealer: deps.Sealer,
		topics: deps.Topics, metrics: m, log: deps.Log,
	}
	if l.topics == (Topics{}) {
		l.topics = DefaultTopics()
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	return l, nil
}

// Run loads until ctx ends; the batches at hand then get Config.ShutdownGrace to finish.
// It returns nil at the end of ctx, else what no repetition will heal.
func (l *Loader) Run(ctx context.Context) error {
	cfg := broker.GroupConfig{Group: l.cfg.Group, Topic: l.topics.Calls}
	err := l.broker.RunGroup(ctx, cfg, func(ctx context.Context, p *broker.Partition) error {
		w := l.worker(assignment{
			id: p.ID, start: p.Start, metadata: p.Metadata, topicID: p.TopicID,
		}, p)
		return w.run(ctx)
	})
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

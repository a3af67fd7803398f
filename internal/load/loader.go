package load

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

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
	Guard(ctx context.Context, of store.Sealed) (store.Guard, error)
	SealedAmong(ctx context.Context, of store.Sealed, ids []string) (map[string]struct{}, error)
	Versions(ctx context.Context, ids []string) (map[string][]store.Version, error)
	InsertCalls(ctx context.Context, b store.Batch, rows []store.Row) error
	InsertCallers(ctx context.Context, b store.Batch, rows []store.CallerRow) error
	InsertVersions(ctx context.Context, b store.Batch, versions []store.Version) error
	CallerBuckets(ctx context.Context, places []store.CallerPlace) ([]time.Time, error)
	InsertSupplements(ctx context.Context, b store.Batch, rows []store.SupplementRow) error
	InsertAgentStates(ctx context.Context, b store.Batch, rows []store.AgentRow) error
	TicketVersions(ctx context.Context, ids []string) (map[string][]store.TicketVersion, error)
	InsertTickets(ctx context.Context, b store.Batch, rows []store.TicketRow) error
	InsertTicketVersions(ctx context.Context, b store.Batch, versions []store.TicketVersion) error
	InsertLedger(ctx context.Context, b store.Batch, lines []store.Ledger) error
	LedgerSum(ctx context.Context, topic string, epoch uint16, partition int) (records, first, last int64, err error)
}

var (
	_ Broker = (*broker.Client)(nil)
	_ Store  = (*store.Store)(nil)
)

// Topics are the names of the topics.
type Topics struct {
	Calls       string // read, as the next three are
	Supplements string // facts about calls that arrive apart; empty: not read
	Agents      string // agents' states; empty: not read
	Tickets     string // empty: not read
	Touched     string // marks of touched buckets
	Rejected    string // dead letters
}

// DefaultTopics are the names everything else uses.
func DefaultTopics() Topics {
	return Topics{
		Calls: "hotline.calls", Supplements: "hotline.supplements", Agents: "hotline.agents", Tickets: "hotline.tickets",
		Touched: "hotline.touched", Rejected: "hotline.rejected",
	}
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

// Loader takes the records of one topic into the store, and with it the loaders of the
// other topics.
type Loader struct {
	cfg     Config
	broker  Broker
	store   Store
	sealer  *deadletter.Sealer
	topics  Topics
	metrics *metrics
	log     *slog.Logger

	kind   kind
	topic  string // read
	group  string
	others []*Loader
}

// The groups of the topics beside that of the calls, behind Config.Group.
const (
	supplementsGroup = "-supplements"
	agentsGroup      = "-agents"
	ticketsGroup     = "-tickets"
)

// Groups are the consumer groups by the topic they read.
func (c Config) Groups(t Topics) map[string]string {
	return map[string]string{
		t.Calls: c.Group, t.Supplements: c.Group + supplementsGroup, t.Agents: c.Group + agentsGroup,
		t.Tickets: c.Group + ticketsGroup,
	}
}

// New returns a loader at rest.
func New(cfg Config, deps Deps) (*Loader, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if deps.Topics == (Topics{}) {
		deps.Topics = DefaultTopics()
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	l, err := newLoader(cfg, deps, calls{}, deps.Topics.Calls)
	if err != nil {
		return nil, err
	}
	for _, other := range []struct {
		topic string
		kind  kind
	}{{deps.Topics.Supplements, supplements()}, {deps.Topics.Agents, agentStates()}, {deps.Topics.Tickets, tickets{}}} {
		if other.topic == "" {
			continue
		}
		o, err := newLoader(cfg, deps, other.kind, other.topic)
		if err != nil {
			return nil, err
		}
		l.others = append(l.others, o)
	}
	return l, nil
}

func newLoader(cfg Config, deps Deps, k kind, topic string) (*Loader, error) {
	reg := deps.Registerer
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"topic": topic}, reg)
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("load: registering metrics: %w", err)
	}
	return &Loader{
		cfg: cfg, broker: deps.Broker, store: deps.Store, sealer: deps.Sealer, topics: deps.Topics, metrics: m,
		log: deps.Log, kind: k, topic: topic, group: cfg.Groups(deps.Topics)[topic],
	}, nil
}

// Run loads until ctx ends; the batches at hand then get Config.ShutdownGrace to finish.
// It returns nil at the end of ctx, else what no repetition will heal.
func (l *Loader) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, one := range append([]*Loader{l}, l.others...) {
		g.Go(func() error { return one.run(ctx) })
	}
	return g.Wait()
}

func (l *Loader) run(ctx context.Context) error {
	cfg := broker.GroupConfig{Group: l.group, Topic: l.topic}
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

package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/wire"
)

// Errors a caller acts on. They are wrapped: compare with errors.Is.
var (
	// ErrNoBroker marks an import that ended because Kafka could not be reached, or
	// took no records. The same import later goes on where it was.
	ErrNoBroker = errors.New("kafka takes no records")

	// ErrBusy marks an import of files that another process is importing.
	ErrBusy = errors.New("these files are being imported by another process")
)

// Broker is what intake needs of Kafka.
type Broker interface {
	Produce(ctx context.Context, topic string, recs []broker.Record) error
	Ping(ctx context.Context) error
}

// Known is one that can be told from others.
type Known interface {
	Broker
	// TopicID tells a topic from one of the same name elsewhere, or made again.
	TopicID(ctx context.Context, topic string) (string, error)
}

var _ Known = (*broker.Client)(nil)

// Topics are the names of the topics.
type Topics struct {
	Calls       string
	Supplements string
	Agents      string
	Tickets     string
	Rejected    string // dead letters
}

// DefaultTopics are the names everything else uses.
func DefaultTopics() Topics {
	return Topics{
		Calls: "hotline.calls", Supplements: "hotline.supplements", Agents: "hotline.agents",
		Tickets: "hotline.tickets", Rejected: "hotline.rejected",
	}
}

// Deps is what an Importer needs from its surroundings.
type Deps struct {
	Broker      Known
	Recipient   age.Recipient               // seals rejected rows
	Fingerprint func(content []byte) string // a keyed hash, to know a row that is rejected again
	Topics      Topics                      // DefaultTopics when zero
	Registerer  prometheus.Registerer       // nil: the metrics are kept but not exported
	Log         *slog.Logger                // nil: nothing is logged
}

// Importer imports files. It is safe for concurrent use.
type Importer struct {
	cfg         Config
	broker      Known
	sealer      *deadletter.Sealer
	fingerprint func([]byte) string
	topics      Topics
	metrics     *metrics
	log         *slog.Logger
	waiter      waiter // told while Kafka takes nothing, which nothing ends then; nil: an import ends
}

// New checks cfg; it touches neither disk nor network.
func New(cfg Config, deps Deps) (*Importer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("intake: registering metrics: %w", err)
	}
	im := &Importer{
		cfg: cfg, broker: deps.Broker, sealer: deadletter.NewSealer(deps.Recipient),
		fingerprint: deps.Fingerprint, topics: deps.Topics, metrics: m, log: deps.Log,
	}
	if im.topics == (Topics{}) {
		im.topics = DefaultTopics()
	}
	if im.log == nil {
		im.log = slog.New(slog.DiscardHandler)
	}
	return im, nil
}

// Input is one opened file, decompressed, on its way through a source.
type Input struct {
	io.Reader               // an io.Seeker as well where the file is not compressed
	Name      string        // the file, as it was given
	From      wire.Position // where to go on
	Growing   bool          // more may come: what is not complete at the end is left
}

// ReadFunc turns an input into items: a source with its options.
type ReadFunc func(ctx context.Context, in Input, each func(*wire.Item) error) error

// Job is what one import does.
type Job struct {
	Files  []string  // "-" is standard input
	Stdin  io.Reader // needed where that is among them
	Source string    // its name
	Read   ReadFunc  // the source, with its options

	// Context is what else decides how a row is read: zone, revision, centre, key. An
	// import of the same files with another context is another import. It is kept,
	// sealed, with rejected rows, and given back when they are replayed.
	Context map[string]string
}

// Counts are what became of the rows of an import.
type Counts struct {
	Read     int64            `json:"read"`
	Accepted int64            `json:"accepted"`
	Ignored  map[string]int64 `json:"ignored"`  // by reason
	Rejected map[string]int64 `json:"rejected"` // by reason

	// Apart are the accepted records that are no calls, by kind; nil where there are none.
	Apart map[Kind]int64 `json:"apart,omitempty"`
}

func (c *Counts) accept(k Kind) {
	c.Accepted++
	if k == Call {
		return
	}
	if c.Apart == nil {
		c.Apart = make(map[Kind]int64)
	}
	c.Apart[k]++
}

// Calls are the accepted records that are calls.
func (c *Counts) Calls() int64 {
	n := c.Accepted
	for _, apart := range c.Apart {
		n -= apart
	}
	return n
}

func (c *Counts) clone() Counts {
	out := *c
	out.Ignored, out.Rejected, out.Apart = maps.Clone(c.Ignored), maps.Clone(c.Rejected), maps.Clone(c.Apart)
	return out
}

// Balanced says whether read = accepted + ignored + rejected.
func (c *Counts) Balanced() bool {
	sum := c.Accepted
	for _, m := range []map[string]int64{c.Ignored, c.Rejected} {
		for _, n := range m {
			sum += n
		}
	}
	return sum == c.Read
}

// Progress is how far an import is, counting what the broker has acknowledged.
type Progress struct {
	File  string
	Bytes int64 // of all files, as they lie on the disk
	Total int64 // bytes of all files
	Rows  int64 // read
}

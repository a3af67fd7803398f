package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Deps is what a Client needs from its surroundings.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported
}

// Client talks to one Kafka cluster. It is safe for concurrent use. New opens
// no connection; the first call does.
type Client struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	conn    *connector
	api     *kafka.Client
	codec   kafka.Compression
	closed  atomic.Bool

	rotation atomic.Uint32 // spreads records without a key over the partitions

	// Senders live until their lane is empty or the client is closed.
	sendCtx  context.Context
	stopSend context.CancelFunc
	senders  sync.WaitGroup

	mu     sync.Mutex
	lanes  map[lane]*sender
	topics map[string]topicLayout
}

// New checks cfg and reads the certificate and password files it names.
func New(cfg Config, deps Deps) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	conn, err := newConnector(cfg)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Client{
		cfg:      cfg,
		log:      log,
		metrics:  m,
		conn:     conn,
		api:      &kafka.Client{Addr: conn.addr, Timeout: cfg.RequestTimeout, Transport: conn.transport},
		codec:    codecs()[cfg.Compression],
		sendCtx:  ctx,
		stopSend: cancel,
		lanes:    map[lane]*sender{},
		topics:   map[string]topicLayout{},
	}, nil
}

// Close ends produce calls still waiting and closes the connections. Consumer
// groups end with their own context; end them first.
func (c *Client) Close() error {
	// Under the mutex: no sender is started after it.
	c.mu.Lock()
	already := c.closed.Swap(true)
	c.mu.Unlock()
	if already {
		return nil
	}
	c.stopSend()
	c.senders.Wait()
	c.conn.transport.CloseIdleConnections()
	return nil
}

// Ping asks a broker for the cluster's layout, past every cache.
func (c *Client) Ping(ctx context.Context) error {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	res := kmsg.NewPtrMetadataResponse()
	if err := c.metadata(ctx, req, res); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			// What brokers do with a version they do not know, and some with a
			// login they do not like.
			err = fmt.Errorf("%w (is it Kafka 3.1 or newer, are tls and sasl set as it expects?)", err)
		}
		return fmt.Errorf("reaching kafka at %v: %w", c.conn.addr, err)
	}
	if len(res.Brokers) == 0 {
		return fmt.Errorf("reaching kafka at %v: it knows no broker", c.conn.addr)
	}
	return nil
}

// pause waits before the attempt-th repetition; false when ctx ends first.
func (c *Client) pause(ctx context.Context, attempt int) bool {
	d := c.cfg.RetryMin << min(attempt, 16)
	if d <= 0 || d > c.cfg.RetryMax {
		d = c.cfg.RetryMax
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/wire"
)

// Topics are the names of the topics.
type Topics struct{ Calls, Tickets, Supplements, Agents, Rejected string }

// DefaultTopics are the names everything else uses.
func DefaultTopics() Topics {
	return Topics{
		Calls: "hotline.calls", Tickets: "hotline.tickets", Supplements: "hotline.supplements",
		Agents: "hotline.agents", Rejected: "hotline.rejected",
	}
}

// Body is a body in a native format on its way through its source.
type Body struct {
	Source   string
	Bytes    []byte
	Centre   string // of records that name none; empty: the source's
	Zone     string // of times without an offset; empty: the source's
	Revision uint64 // version of records whose source has none; 0: 1
}

// Sources turns native formats into records.
type Sources interface {
	// Known says whether there is a source of that name.
	Known(name string) bool
	// Read hands over every piece of the body, in order. Its error is about the whole body.
	Read(ctx context.Context, body Body, each func(*wire.Item) error) error
	// Context is what decides how a body is read, kept to replay what is rejected of it.
	Context(body Body) map[string]string
}

// Deps is what a Server needs from its surroundings.
type Deps struct {
	Broker      intake.Broker
	Tokens      *tokens.Watched
	Sources     Sources                              // nil: no native formats
	Caller      func(c *hotline.Call, number string) // puts what may be kept of a number into the call
	Recipient   age.Recipient                        // seals rejected rows of native formats
	Fingerprint func(content []byte) string          // a keyed hash, to know such a row again
	Topics      Topics                               // DefaultTopics when zero
	Registerer  prometheus.Registerer                // nil: the metrics are kept but not exported
	Log         *slog.Logger                         // nil: nothing is logged
	Now         func() time.Time                     // nil: time.Now
}

// Server takes records. New is inert.
type Server struct {
	cfg      intake.HTTP
	deps     Deps
	log      *slog.Logger
	metrics  *metrics
	sealer   *deadletter.Sealer
	http     *http.Server
	listener net.Listener
	certs    *certificates // nil: no encryption
	budget   *budget
	limits   *limits
	gate     gate
	decoders sync.Pool
	openapi  []byte
	alive    ping
}

// New checks cfg; it touches neither disk nor network.
func New(cfg intake.HTTP, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("intake.http.%w", err)
	}
	if deps.Topics == (Topics{}) {
		deps.Topics = DefaultTopics()
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg, deps: deps, log: deps.Log, sealer: deadletter.NewSealer(deps.Recipient),
		budget: newBudget(cfg.BufferBytes), limits: newLimits(cfg),
		decoders: sync.Pool{New: func() any { return wire.NewDecoder() }},
	}
	var err error
	if s.metrics, err = newMetrics(deps.Registerer, s.budget); err != nil {
		return nil, fmt.Errorf("intake.http: registering metrics: %w", err)
	}
	if s.openapi, err = document(); err != nil {
		return nil, fmt.Errorf("intake.http: the interface's description: %w", err)
	}
	if cfg.TLS.CertFile != "" {
		s.certs = newCertificates(cfg.TLS, s.log)
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// Of HTTP/2 one connection could hold hundreds of requests.
		Protocols: new(http.Protocols),
	}
	s.http.Protocols.SetHTTP1(true)
	return s, nil
}

// Listen takes the port, and reads the certificate, so that what is wrong with them is
// told before anything else starts.
func (s *Server) Listen() error {
	if s.certs != nil {
		if err := s.certs.check(); err != nil {
			return fmt.Errorf("intake.http.tls: %w", err)
		}
	}
	l, err := net.Listen("tcp", s.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("intake.http.listen: %s is in use by another program: stop it or choose another port (--set intake.http.listen=127.0.0.1:PORT)", s.cfg.Listen)
	}
	if err != nil {
		return fmt.Errorf("intake.http.listen: %w", err)
	}
	s.listener = newBounded(l, s.cfg.MaxConnections)
	if s.certs != nil {
		s.listener = tls.NewListener(s.listener, s.certs.config())
	}
	return nil
}

// Addr is the address served, after Listen.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the address with its scheme.
func (s *Server) URL() string {
	if s.certs != nil {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// Run serves until ctx ends, then finishes what is under way, within shutdown_grace.
func (s *Server) Run(ctx context.Context) error {
	// A request goes on although the program is ending: its sender is told what became of it.
	s.http.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("taking records at %s: %w", s.cfg.Listen, err)
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownGrace)
	defer cancel()
	err := s.http.Shutdown(bound)
	if errors.Is(err, context.DeadlineExceeded) {
		// Whoever was not answered sends again.
		s.log.Warn("requests cut off, they took longer than shutdown_grace", "grace", s.cfg.ShutdownGrace)
		err = s.http.Close()
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Ready is nil when Kafka answers.
func (s *Server) Ready(ctx context.Context) error {
	if err := s.alive.ask(ctx, s.deps.Broker.Ping); err != nil {
		return fmt.Errorf("kafka does not answer: %w", err)
	}
	return nil
}

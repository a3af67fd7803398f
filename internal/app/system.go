package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hotline12333/internal/broker"
	"hotline12333/internal/config"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/store"
)

// system is the connections to a broker and a store, embedded or not: from here on
// nothing knows which.
type system struct {
	cfg    config.Root
	log    *slog.Logger
	reg    *prometheus.Registry
	broker *broker.Client
	store  *store.Store

	// rules reads them when they are first asked for: they hold from one start of the
	// program to the next.
	rules func() (*ruleset.Rules, error)
}

func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// connect opens both clients; nothing is contacted yet.
func connect(ctx context.Context, cfg config.Root, log *slog.Logger, reg *prometheus.Registry) (*system, error) {
	b, err := broker.New(cfg.Broker, broker.Deps{Log: log.With("part", "broker"), Registerer: reg})
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, cfg.Store, store.Deps{Log: log.With("part", "store"), Registerer: reg})
	if err != nil {
		return nil, errJoin(err, b.Close())
	}
	return &system{
		cfg: cfg, log: log, reg: reg, broker: b, store: s,
		rules: sync.OnceValues(func() (*ruleset.Rules, error) { return openRules(cfg) }),
	}, nil
}

// answerWithin is how long a command that reads waits for broker or store to answer.
const answerWithin = 10 * time.Second

// storeAnswers is nil when ClickHouse does; the error says what to look at.
func (s *system) storeAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return &silentError{fmt.Sprintf("ClickHouse at %s does not answer: is hotline up running? else see store.address", s.cfg.Store.Address), err}
	}
	return nil
}

// brokerAnswers is nil when Kafka does. Commands ask first: the client itself would try
// for ever.
func (s *system) brokerAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := s.broker.Ping(ctx); err != nil {
		return &silentError{fmt.Sprintf("Kafka at %s does not answer: is hotline up running? else see broker.addresses", strings.Join(s.cfg.Broker.Addresses, ", ")), err}
	}
	return nil
}

// silentError says who does not answer. Of the cause it shows what the network said, where
// that is the cause: the layers above it add nothing for people.
type silentError struct {
	who   string
	cause error
}

func (e *silentError) Error() string {
	var network *net.OpError
	if errors.As(e.cause, &network) {
		return e.who + " (" + network.Error() + ")"
	}
	return e.who + " (" + e.cause.Error() + ")"
}

func (e *silentError) Unwrap() error { return e.cause }

func (s *system) close() error { return errJoin(s.store.Close(), s.broker.Close()) }

// patience is how long a role waits at its start for broker and store to come up; they
// often start at the same time.
const patience = time.Minute

// prepare waits for both ends, applies the migrations and creates the topics.
func (s *system) prepare(ctx context.Context) error {
	if err := s.await(ctx, "Kafka at "+strings.Join(s.cfg.Broker.Addresses, ", "), "broker.addresses", s.broker.Ping); err != nil {
		return err
	}
	if err := s.await(ctx, "ClickHouse at "+s.cfg.Store.Address, "store.address", s.store.Ping); err != nil {
		return err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return fmt.Errorf("preparing the tables: %w", err)
	}
	if err := s.broker.EnsureTopics(ctx, topicSpecs(s.cfg.Topics)); err != nil {
		return fmt.Errorf("preparing the topics: %w", err)
	}
	if err := s.desk(nil).Sync(ctx); err != nil {
		return fmt.Errorf("reading who was erased: %w", err)
	}
	return nil
}

func (s *system) await(ctx context.Context, what, setting string, ping func(context.Context) error) error {
	told := false
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		err := ping(attempt)
		if err != nil && store.IsSchema(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		if err != nil && !told {
			told = true
			s.log.Info("waiting", "for", what, "err", err)
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(patience))
	if err != nil {
		return &silentError{what + " does not answer: is it running? else see " + setting, err}
	}
	return nil
}

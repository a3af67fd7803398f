package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hotline12333/internal/broker"
	"hotline12333/internal/config"
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
	return &system{cfg: cfg, log: log, reg: reg, broker: b, store: s}, nil
}

func (s *system) close() error { return errJoin(s.store.Close(), s.broker.Close()) }

// patience is how long a role waits at its start for broker and store to come up; they
// often start at the same time.
const patience = time.Minute

// prepare waits for both ends, applies the migrations and creates the topics.
func (s *system) prepare(ctx context.Context) error {
	if err := s.await(ctx, "Kafka at "+fmt.Sprint(s.cfg.Broker.Addresses), s.broker.Ping); err != nil {
		return err
	}
	if err := s.await(ctx, "ClickHouse at "+s.cfg.Store.Address, s.store.Ping); err != nil {
		return err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return fmt.Errorf("preparing the tables: %w", err)
	}
	if err := s.broker.EnsureTopics(ctx, topicSpecs(s.cfg.Topics)); err != nil {
		return fmt.Errorf("preparing the topics: %w", err)
	}
	return nil
}

func (s *system) await(ctx context.Context, what string, ping func(context.Context) error) error {
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
		return fmt.Errorf("%s does not answer: %w", what, err)
	}
	return nil
}

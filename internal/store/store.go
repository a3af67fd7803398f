package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// Deps are what a Store needs from outside.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: the metrics are kept and not shown
}

// Store speaks to one database. Its methods may be used from several goroutines.
//
// Queries are repeated by the store itself when they fail for a passing reason; inserts
// never are, since only their callers know whether the rows are still theirs to write.
type Store struct {
	cfg     Config
	log     *slog.Logger
	conn    driver.Conn
	metrics *metrics
	columns columnPool

	// Tables that have been found to hold something: rows are added, and never taken away.
	hasSupplements, hasCallers, hasTickets atomic.Bool
}

// Open prepares a Store. It connects to nothing: an address that does not answer shows
// with the first method that is called, for example Ping.
func Open(_ context.Context, cfg Config, deps Deps) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	options, err := cfg.options()
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("store: registering metrics: %w", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Store{cfg: cfg, log: log, conn: conn, metrics: m}, nil
}

// Close ends the connections. Statements under way fail.
func (s *Store) Close() error {
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("closing the connections to clickhouse: %w", err)
	}
	return nil
}

// Ping says whether ClickHouse answers a query. It does not need the tables.
func (s *Store) Ping(ctx context.Context) error {
	var one uint8
	return s.queryRow(ctx, "ping", "SELECT 1", &one)
}

func (c Config) options() (*clickhouse.Options, error) {
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	o := &clickhouse.Options{
		Addr: c.addresses(),
		// No database: every statement names its own, so a session has no state, and
		// connecting works before the first migration has made the database.
		Auth:            clickhouse.Auth{Username: c.User, Password: password},
		Protocol:        clickhouse.HTTP,
		Compression:     &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		DialTimeout:     c.DialTimeout,
		ReadTimeout:     max(c.QueryTimeout, c.InsertTimeout) + 5*time.Second,
		MaxOpenConns:    c.MaxConnections,
		MaxIdleConns:    c.MaxConnections,
		ConnMaxLifetime: time.Hour,
	}
	if c.Protocol == "native" {
		o.Protocol = clickhouse.Native
	}
	if c.TLS.Enabled {
		if o.TLS, err = c.TLS.config(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (c Config) password() (string, error) {
	switch {
	case c.PasswordFile != "":
		b, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("password_file: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	case c.PasswordEnv != "":
		p, ok := os.LookupEnv(c.PasswordEnv)
		if !ok {
			return "", fmt.Errorf("password_env: the environment variable %s is not set", c.PasswordEnv)
		}
		return p, nil
	}
	return "", nil
}

func (c TLSConfig) config() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_file: %s holds no PEM certificate", c.CAFile)
		}
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file: %w", err)
		}
		t.Certificates = []tls.Certificate{cert}
	}
	return t, nil
}

// table is the qualified name of a table as statements use it.
func (s *Store) table(name string) string { return quoteName(s.cfg.Database) + "." + quoteName(name) }

// queryRow runs a query for one row and scans it.
func (s *Store) queryRow(ctx context.Context, statement, sql string, dest ...any) error {
	return s.query(ctx, statement, sql, func() {}, func(rows driver.Rows) error { return rows.Scan(dest...) })
}

// collect runs a query and gathers what scan makes of each row.
func collect[T any](ctx context.Context, s *Store, statement, sql string, scan func(driver.Rows, *T) error) ([]T, error) {
	var all []T
	err := s.query(ctx, statement, sql, func() { all = nil }, func(rows driver.Rows) error {
		all = append(all, *new(T)) // scanned in place: a local would escape for every row
		return scan(rows, &all[len(all)-1])
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// query runs a SELECT and calls each for every row. After a passing failure it calls
// begin and starts again from the first row.
func (s *Store) query(ctx context.Context, statement, sql string, begin func(), each func(driver.Rows) error) error {
	return s.repeat(ctx, statement, func() error {
		begin()
		return s.timed(ctx, statement, s.cfg.QueryTimeout, func(ctx context.Context) error {
			return s.stream(ctx, sql, each)
		})
	})
}

func (s *Store) stream(ctx context.Context, sql string, each func(driver.Rows) error) (err error) {
	rows, err := s.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(s.readSettings())), sql)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exec runs a statement that returns nothing.
func (s *Store) exec(ctx context.Context, statement, sql string, settings clickhouse.Settings) error {
	return s.timed(ctx, statement, s.cfg.InsertTimeout, func(ctx context.Context) error {
		return s.conn.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), sql)
	})
}

// timed runs f under the limit, measures it and gives its error a name and a class.
func (s *Store) timed(ctx context.Context, statement string, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &limitError{limit: limit})
	defer cancel()
	start := time.Now()
	err := f(ctx)
	s.metrics.seconds.WithLabelValues(statement).Observe(time.Since(start).Seconds())
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	wrapped := &Error{Statement: statement, Class: classify(err), Err: err}
	s.metrics.errors.WithLabelValues(statement, string(wrapped.Class)).Inc()
	return wrapped
}

// repeat runs an idempotent f again while it fails for a passing reason, at most
// ReadRetries times.
func (s *Store) repeat(ctx context.Context, statement string, f func() error) error {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 50*time.Millisecond, 2*time.Second
	for try := 0; ; try++ {
		err := f()
		if err == nil || try >= s.cfg.ReadRetries || !IsRetryable(err) || ctx.Err() != nil {
			return err
		}
		s.metrics.retries.WithLabelValues(statement).Inc()
		pause := time.NewTimer(b.NextBackOff())
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
}

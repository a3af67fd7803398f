package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/store"
	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, parentHelper))
}

// shared gives the address of an engine for tests that do nothing to the engine itself. It
// has no database d, in which they work.
func shared(t testing.TB) string {
	t.Helper()
	address := testkit.Engine(t)
	t.Cleanup(func() {
		cfg := store.DefaultConfig()
		cfg.Address = address
		if err := testkit.Exec(context.Background(), cfg, "DROP DATABASE IF EXISTS d SYNC"); err != nil { // the test's own is over
			t.Error(err)
		}
	})
	return address
}

func testConfig(t testing.TB) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Dir = t.TempDir()
	cfg.Listen = testkit.FreeAddress(t)
	return cfg
}

func startEngine(t testing.TB, cfg engine.Config, deps engine.Deps) *engine.Engine {
	t.Helper()
	testkit.NeedEngine(t)
	if deps.Log == nil {
		deps.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	e := engine.New(cfg, deps)
	startNew(t, e)
	return e
}

// startNew starts an engine for the length of the test.
func startNew(t testing.TB, e *engine.Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

type connectOption func(*clickhouse.Options)

func withCompression(method clickhouse.CompressionMethod) connectOption {
	return func(o *clickhouse.Options) { o.Compression = &clickhouse.Compression{Method: method, Level: 3} }
}

func withDatabase(name string) connectOption {
	return func(o *clickhouse.Options) { o.Auth.Database = name }
}

func withSettings(s clickhouse.Settings) connectOption {
	return func(o *clickhouse.Options) { o.Settings = s }
}

func connect(t testing.TB, address string, options ...connectOption) driver.Conn {
	t.Helper()
	opt := &clickhouse.Options{
		Protocol:     clickhouse.HTTP,
		Addr:         []string{address},
		MaxOpenConns: 32,
		MaxIdleConns: 16,
		DialTimeout:  5 * time.Second,
	}
	for _, o := range options {
		o(opt)
	}
	conn, err := clickhouse.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func execute(t testing.TB, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// scalar reads one value.
func scalar[T any](t testing.TB, conn driver.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// wantCode checks that an error is ClickHouse's exception of the code.
func wantCode(t testing.TB, err error, code int32) {
	t.Helper()
	e, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok {
		t.Fatalf("error %v is no *clickhouse.Exception; want code %d", err, code)
	}
	if e.Code != code {
		t.Fatalf("code %d (%s), want %d", e.Code, e.Message, code)
	}
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if !condition() {
			return errors.New("not yet: " + what)
		}
		return nil
	})
}

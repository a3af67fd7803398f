package testkit

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hotline12333/internal/store"
	"hotline12333/internal/store/engine"
	"hotline12333/internal/store/engine/chdb"
)

// shared is the one engine of a test binary: a process can have one only, and starting
// it costs a second.
var shared struct {
	hooked   atomic.Bool
	start    sync.Once
	engine   *engine.Engine
	dir      string
	err      error
	database atomic.Int64
}

// Main runs the tests of a package that uses Engine or Store:
//
//	func TestMain(m *testing.M) { os.Exit(testkit.Main(m)) }
//
// The engine is a child process of the same binary, which begins here too. Functions
// in hooks are asked first; one that returns true ends the process with its code.
func Main(m *testing.M, hooks ...func() (ran bool, code int)) int {
	if ran, code := engine.ChildMain(); ran {
		return code
	}
	for _, hook := range hooks {
		if ran, code := hook(); ran {
			return code
		}
	}
	shared.hooked.Store(true)
	code := m.Run()
	if err := stopEngine(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the engine:", err)
		code = max(code, 1)
	}
	return code
}

// NeedEngine skips the test, or fails it when HOTLINE_REQUIRE names libchdb, on a
// machine without the engine's library.
func NeedEngine(t testing.TB) {
	t.Helper()
	if _, err := chdb.Find(""); err != nil {
		Missing(t, "libchdb", "run `make setup` to install the embedded ClickHouse engine ("+err.Error()+")")
	}
}

// Engine gives the address of the embedded ClickHouse all tests of the binary share.
func Engine(t testing.TB) string {
	t.Helper()
	NeedEngine(t)
	if !shared.hooked.Load() {
		t.Fatal("TestMain must run the tests through testkit.Main")
	}
	shared.start.Do(startEngine)
	if shared.err != nil {
		t.Fatalf("starting the engine: %v", shared.err)
	}
	return shared.engine.Addr()
}

func startEngine() {
	shared.dir, shared.err = os.MkdirTemp("", "hotline-engine-")
	if shared.err != nil {
		return
	}
	cfg := engine.DefaultConfig()
	cfg.Dir, cfg.Listen = shared.dir, "127.0.0.1:0"
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	shared.engine = engine.New(cfg, engine.Deps{Log: log})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	shared.err = shared.engine.Start(ctx)
}

func stopEngine() error {
	if shared.engine == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := shared.engine.Stop(ctx); err != nil {
		return err
	}
	return os.RemoveAll(shared.dir)
}

// Store gives a store on a new, migrated database of the shared engine. The database
// goes with the test.
func Store(t testing.TB) *store.Store {
	t.Helper()
	s := OpenStore(t, StoreConfig(t))
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// StoreConfig is the configuration of a database that does not exist yet and is dropped
// after the test.
func StoreConfig(t testing.TB) store.Config {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.Address = Engine(t)
	cfg.Database = fmt.Sprintf("test_%d", shared.database.Add(1))
	cfg.QueryTimeout, cfg.InsertTimeout = Patience, Patience // a machine that is busy
	t.Cleanup(func() { dropDatabase(t, cfg) })
	return cfg
}

// OpenStore opens a store that is closed with the test; it migrates nothing.
func OpenStore(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), cfg, store.Deps{Log: Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dropDatabase(t testing.TB, cfg store.Config) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience) // the test's own is over
	defer cancel()
	if err := Exec(ctx, cfg, "DROP DATABASE IF EXISTS "+cfg.Database+" SYNC"); err != nil && !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("dropping %s: %v", cfg.Database, err)
	}
}

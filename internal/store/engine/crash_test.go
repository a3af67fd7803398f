package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

func TestCrashLosesNothingAcknowledged(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := testConfig(t)
	e := startEngine(t, cfg, engine.Deps{Registerer: reg})
	address := e.Addr()
	conn := connect(t, address, withCompression(clickhouse.CompressionLZ4))
	execute(t, conn, "CREATE DATABASE d",
		"CREATE TABLE d.t (w UInt64, n UInt64) ENGINE = MergeTree ORDER BY (w, n)")

	const workers, rows, kills = 3, 1000, 4
	ctx, cancel := context.WithCancel(t.Context())
	var acknowledged [workers]atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for b := uint64(0); ctx.Err() == nil; {
				if insertBatch(ctx, conn, uint64(w), b*rows, rows) == nil {
					acknowledged[w].Add(rows)
					b++
				}
			}
		})
	}
	total := func() (n int64) {
		for w := range workers {
			n += acknowledged[w].Load()
		}
		return n
	}
	for range kills {
		before := total()
		eventually(t, "inserts go on", func() bool { return total() > before+20*rows })
		pid := e.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the engine is back", func() bool { return e.Up() && e.PID() != pid })
	}
	cancel()
	all.Wait()
	if e.Addr() != address {
		t.Errorf("the address changed from %s to %s", address, e.Addr())
	}
	// A batch is tried until it is acknowledged, so some rows may be there twice, and
	// each worker's last without the acknowledgement. No token guards the retries: the
	// engine notes a token before it commits the rows, and a kill in between would make
	// it drop them for good.
	for w := range workers {
		want := uint64(acknowledged[w].Load())
		var distinct, below uint64
		err := conn.QueryRow(t.Context(), "SELECT uniqExact(n), uniqExactIf(n, n < {want:UInt64}) FROM d.t WHERE w = {w:UInt64}",
			clickhouse.Named("w", uint64(w)), clickhouse.Named("want", want)).Scan(&distinct, &below)
		if err != nil {
			t.Fatal(err)
		}
		if below != want || distinct > want+rows {
			t.Errorf("worker %d: acknowledged %d, found %d of them; %d distinct rows", w, want, below, distinct)
		}
	}
	t.Logf("acknowledged %d rows over %d kills", total(), kills)
	want := fmt.Sprintf(`
# HELP hotline_engine_restarts_total Times the embedded engine ended without being asked and was started again.
# TYPE hotline_engine_restarts_total counter
hotline_engine_restarts_total %d
# HELP hotline_engine_up 1 while the embedded ClickHouse engine answers statements, else 0.
# TYPE hotline_engine_up gauge
hotline_engine_up 1
`, kills)
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "hotline_engine_restarts_total", "hotline_engine_up"); err != nil {
		t.Error(err)
	}
}

func insertBatch(ctx context.Context, conn clickhouse.Conn, worker, from, rows uint64) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO d.t")
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	for i := range rows {
		if err := batch.Append(worker, from+i); err != nil {
			return err
		}
	}
	return batch.Send()
}

func start(cfg engine.Config) error {
	e := engine.New(cfg, engine.Deps{})
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	err := e.Start(ctx)
	return errors.Join(err, e.Stop(ctx))
}

func wantStartError(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q does not name %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is more than a sentence: %q", err)
	}
}

func TestPortInUse(t *testing.T) {
	testkit.NeedEngine(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	cfg := testConfig(t)
	cfg.Listen = l.Addr().String()
	wantStartError(t, start(cfg), engine.ErrPortInUse, cfg.Listen)
}

func TestDirLocked(t *testing.T) {
	cfg := testConfig(t)
	e := startEngine(t, cfg, engine.Deps{})
	wantStartError(t, start(cfg), engine.ErrDirLocked, cfg.Dir, fmt.Sprintf("process %d", e.PID()))
	if err := connect(t, e.Addr()).Ping(t.Context()); err != nil {
		t.Errorf("the first engine suffered: %v", err)
	}
}

func TestLibraryMissing(t *testing.T) {
	cfg := testConfig(t)
	cfg.Library = filepath.Join(t.TempDir(), "libchdb.so")
	wantStartError(t, start(cfg), engine.ErrLibraryMissing, cfg.Library, "make setup")
	if err := os.WriteFile(cfg.Library, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, start(cfg), engine.ErrLibraryMissing, cfg.Library)
	cfg.Library = ""
	t.Setenv("HOTLINE_LIBCHDB", "/does/not/exist.so")
	wantStartError(t, start(cfg), engine.ErrLibraryMissing, "HOTLINE_LIBCHDB", "/does/not/exist.so", "make setup")
}

func TestNewerData(t *testing.T) {
	testkit.NeedEngine(t)
	cfg := testConfig(t)
	if err := os.WriteFile(filepath.Join(cfg.Dir, "engine.version"), []byte("99.1.2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, start(cfg), engine.ErrNewerData, "99.1.2", cfg.Dir)
	if _, err := os.Stat(filepath.Join(cfg.Dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data directory was touched: %v", err)
	}
}

func TestStopWithoutStart(t *testing.T) {
	e := engine.New(testConfig(t), engine.Deps{})
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Start(t.Context()); err == nil {
		t.Error("a stopped engine started")
	}
}

func TestStopCancelsRunningStatements(t *testing.T) {
	cfg := testConfig(t)
	cfg.StopTimeout = 300 * time.Millisecond
	e := startEngine(t, cfg, engine.Deps{})
	conn := connect(t, e.Addr())
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		failed <- conn.Exec(context.Background(), "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
	}()
	eventually(t, "the statement runs", func() bool {
		return scalar[uint64](t, conn, "SELECT count() FROM system.processes") == 2
	})
	started := time.Now()
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Promised(t, "a stop while a statement runs", time.Since(started), 2*time.Second)
	if err := <-failed; err == nil {
		t.Error("the endless statement succeeded")
	}
}

func TestCrashIsReported(t *testing.T) {
	var lines logLines
	e := startEngine(t, testConfig(t), engine.Deps{Log: slog.New(slog.NewTextHandler(&lines, nil))})
	pid := e.PID()
	if err := syscall.Kill(pid, syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the engine is back", func() bool { return e.Up() && e.PID() != pid })
	if text := lines.String(); !strings.Contains(text, "engine ended, restarting") || !strings.Contains(text, "SIGABRT") {
		t.Errorf("the log does not tell the crash:\n%s", text)
	}
}

// A process that hangs is there and answers nothing: it must not pass for one that works.
func TestHangIsTold(t *testing.T) {
	testkit.NeedEngine(t)
	reg := prometheus.NewRegistry()
	var lines logLines
	e := engine.New(testConfig(t), engine.Deps{Registerer: reg, Log: slog.New(slog.NewTextHandler(&lines, nil))})
	e.Probe(20*time.Millisecond, 2*time.Second)
	startNew(t, e)
	told := func(up string) func() bool {
		return func() bool {
			return e.Up() == (up == "1") && testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP hotline_engine_up 1 while the embedded ClickHouse engine answers statements, else 0.
# TYPE hotline_engine_up gauge
hotline_engine_up `+up+"\n"), "hotline_engine_up") == nil
		}
	}
	eventually(t, "it is up", told("1"))
	pid := e.PID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) }) // where the test ended before
	eventually(t, "the hang is told", told("0"))
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is up again", told("1"))
	if e.PID() != pid {
		t.Error("it was started again")
	}
	if text := lines.String(); !strings.Contains(text, "does not answer") || !strings.Contains(text, "answers again") {
		t.Errorf("the log does not tell the hang:\n%s", text)
	}
}

// logLines is a buffer for several goroutines.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestBackup(t *testing.T) {
	e := startEngine(t, testConfig(t), engine.Deps{})
	conn := connect(t, e.Addr())
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n", "INSERT INTO d.t SELECT number FROM numbers(1000)",
		"BACKUP DATABASE d TO File('d.tar')", "DROP DATABASE d SYNC", "RESTORE DATABASE d FROM File('d.tar')")
	if got := scalar[uint64](t, conn, "SELECT count() FROM d.t"); got != 1000 {
		t.Errorf("%d rows restored", got)
	}
	wantCode(t, conn.Exec(t.Context(), "BACKUP DATABASE d TO File('/tmp/elsewhere.zip')"), 36)
}

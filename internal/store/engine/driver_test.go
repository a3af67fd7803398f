package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

func TestMillionRows(t *testing.T) {
	address := shared(t)
	for _, name := range []string{"none", "lz4"} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, address, withCompression(compressions()[name]))
			execute(t, conn, "DROP DATABASE IF EXISTS d", "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
			rows := uint64(testkit.Sample(1_000_000, 100_000)) // more than a block in any case
			numbers, texts := make([]uint64, rows), make([]string, rows)
			for i := range numbers {
				numbers[i], texts[i] = uint64(i), fmt.Sprint(i)
			}
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO d.t (n, s)")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = batch.Close() }()
			if err := errors.Join(batch.Column(0).Append(numbers), batch.Column(1).Append(texts), batch.Send()); err != nil {
				t.Fatal(err)
			}
			if got := scalar[uint64](t, conn, "SELECT sum(n) FROM d.t WHERE s = toString(n)"); got != rows*(rows-1)/2 {
				t.Errorf("sum %d", got)
			}
			result, err := conn.Query(t.Context(), "SELECT n, s FROM d.t")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = result.Close() }()
			count, sum := 0, uint64(0)
			for result.Next() {
				var n uint64
				var s string
				if err := result.Scan(&n, &s); err != nil {
					t.Fatal(err)
				}
				count++
				sum += n
			}
			if err := result.Err(); err != nil || count != int(rows) || sum != rows*(rows-1)/2 {
				t.Errorf("read %d rows, sum %d, error %v", count, sum, err)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	address := shared(t)
	conn := connect(t, address)
	odd := "it's a \\ tab\tnew\nline \x00 中文 {x:UInt8}"
	if got := scalar[string](t, conn, "SELECT {s:String}", clickhouse.Named("s", odd)); got != odd {
		t.Errorf("string parameter: %q, want %q", got, odd)
	}
	if got := scalar[string](t, conn, "SELECT @s", clickhouse.Named("s", "o'clock")); got != "o'clock" {
		t.Errorf("bound string: %q", got)
	}
	at := time.Date(2026, 7, 14, 1, 2, 3, 456e6, time.UTC)
	if got := scalar[time.Time](t, conn, "SELECT {t:DateTime64(3, 'UTC')}", clickhouse.Named("t", at)); !got.Equal(at) {
		t.Errorf("time parameter: %v", got)
	}
	ids := []string{"a", "b'c", "d\\e"}
	if got := scalar[[]string](t, conn, "SELECT {ids:Array(String)}", clickhouse.Named("ids", ids)); !slices.Equal(got, ids) {
		t.Errorf("array parameter: %q", got)
	}
	if got := scalar[uint64](t, conn, "SELECT count() FROM numbers(10) WHERE number IN {n:Array(UInt64)}", clickhouse.Named("n", []uint64{1, 3, 99})); got != 2 {
		t.Errorf("array in: %d", got)
	}
	if got := scalar[*string](t, conn, "SELECT {s:Nullable(String)}", clickhouse.Named("s", nil)); got != nil {
		t.Errorf("null parameter: %q", *got)
	}
	if got := scalar[string](t, conn, "SELECT name FROM {db:Identifier}.{table:Identifier} WHERE name = 'numbers'",
		clickhouse.Named("db", "system"), clickhouse.Named("table", "tables")); got != "numbers" {
		t.Errorf("identifier parameter: %q", got)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"n": "41"}))
	var n uint64
	if err := conn.QueryRow(ctx, "SELECT {n:UInt64} + 1").Scan(&n); err != nil || n != 42 {
		t.Errorf("typed parameter: %d, %v", n, err)
	}
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	if err := conn.Exec(t.Context(), "INSERT INTO d.t VALUES ({n:UInt64}, {s:String})", clickhouse.Named("n", uint64(1)), clickhouse.Named("s", odd)); err != nil {
		t.Fatal(err)
	}
	if got := scalar[string](t, conn, "SELECT s FROM d.t"); got != odd {
		t.Errorf("inserted parameter: %q", got)
	}
	if err := conn.Exec(t.Context(), "INSERT INTO d.t SELECT number, {s:String} FROM numbers({n:UInt64})", clickhouse.Named("n", uint64(5)), clickhouse.Named("s", "x")); err != nil {
		t.Fatal(err)
	}
	var missing string
	wantCode(t, conn.QueryRow(clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"a": "1"})), "SELECT {b:String}").Scan(&missing), 456)
}

func TestSettingsStayWithTheirStatement(t *testing.T) {
	address := shared(t)
	conn := connect(t, address, withSettings(clickhouse.Settings{"max_block_size": 1234}))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1, "max_result_rows": 77}))
	var block, threads, rows uint64
	if err := conn.QueryRow(ctx, "SELECT toUInt64(getSetting('max_block_size')), toUInt64(getSetting('max_threads')), toUInt64(getSetting('max_result_rows'))").Scan(&block, &threads, &rows); err != nil {
		t.Fatal(err)
	}
	if block != 1234 || threads != 1 || rows != 77 {
		t.Errorf("settings did not reach the statement: %d %d %d", block, threads, rows)
	}
	execute(t, conn, "SET max_result_rows = 5", "CREATE TEMPORARY TABLE leaked (a UInt8)", "USE system")
	if got := scalar[uint64](t, conn, "SELECT toUInt64(getSetting('max_result_rows'))"); got != 0 {
		t.Errorf("a setting leaked: %d", got)
	}
	if got := scalar[string](t, conn, "SELECT currentDatabase()"); got != "default" {
		t.Errorf("the database leaked: %s", got)
	}
	var count uint64
	wantCode(t, conn.QueryRow(t.Context(), "SELECT count() FROM leaked").Scan(&count), 60)
	bad := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such_setting": 1}))
	wantCode(t, conn.QueryRow(bad, "SELECT 1").Scan(&count), 115)
	if got := scalar[bool](t, conn, "SELECT getSetting('async_insert')"); got {
		t.Error("async_insert is on")
	}
	execute(t, conn, "CREATE DATABASE d")
	if got := scalar[string](t, connect(t, address, withDatabase("d")), "SELECT currentDatabase()"); got != "d" {
		t.Errorf("database %s, want d", got)
	}
}

func TestErrorCodes(t *testing.T) {
	address := shared(t)
	conn := connect(t, address)
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n")
	for sql, code := range map[string]int32{
		"SELECT * FROM d.missing":                60,
		"SELEC 1":                                62,
		"SELECT 1; SELECT 2":                     62,
		"INSERT INTO d.t VALUES (1); SELECT 2":   62,
		"exit":                                   62,
		"SELECT missing":                         47,
		"SELECT * FROM missing.t":                81,
		"INSERT INTO d.t (missing) VALUES (1)":   16,
		"INSERT INTO d.t FORMAT Nonesuch 1":      73,
		"INSERT INTO d.t FORMAT TSV\nx\n":        27,
		"CREATE TABLE d.t (n UInt8) ENGINE=Null": 57,
		"SELECT throwIf(1)":                      395,
		"SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 10000000": 241,
		"SELECT sleep(3) SETTINGS max_execution_time = 0.3":                                      159,
		"SELECT * FROM file('/etc/passwd', LineAsString)":                                        497,
		"SELECT 1 INTO OUTFILE '/tmp/out'":                                                       358,
		"INSERT INTO d.t FROM INFILE '/etc/passwd' FORMAT CSV":                                   78,
		"SYSTEM SHUTDOWN": 497,
	} {
		t.Run(sql, func(t *testing.T) {
			wantCode(t, conn.Exec(t.Context(), sql), code)
			rows, err := conn.Query(t.Context(), sql)
			if err == nil {
				for rows.Next() {
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			wantCode(t, err, code)
		})
	}
	if got := scalar[uint64](t, conn, "SELECT count() FROM d.t"); got != 0 {
		t.Errorf("%d rows after failed inserts", got)
	}
	wrong := connect(t, address, func(o *clickhouse.Options) { o.Auth.Username, o.Auth.Password = "default", "secret" })
	wantCode(t, wrong.Ping(t.Context()), 516)
}

func TestErrorInMidstream(t *testing.T) {
	address := shared(t)
	for name, method := range compressions() {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, address, withCompression(method), withSettings(clickhouse.Settings{"enable_http_compression": 1}))
			rows, err := conn.Query(t.Context(), "SELECT number, randomPrintableASCII(50), throwIf(number = 400000) FROM numbers(600000)")
			count := 0
			if err == nil {
				for rows.Next() {
					count++
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			if count == 0 {
				t.Error("no rows before the error: it was not in mid-stream")
			}
			wantCode(t, err, 395)
		})
	}
}

func TestParallelUse(t *testing.T) {
	address := shared(t)
	conn := connect(t, address, withCompression(clickhouse.CompressionLZ4))
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (w UInt8, n UInt64, s String) ENGINE = MergeTree ORDER BY (w, n)")
	const workers, batches, rows = 8, 5, 5000
	group, ctx := errgroup.WithContext(t.Context())
	for w := range workers {
		group.Go(func() error {
			for b := range batches {
				batch, err := conn.PrepareBatch(ctx, "INSERT INTO d.t")
				if err != nil {
					return err
				}
				for i := range rows {
					if err := batch.Append(uint8(w), uint64(b*rows+i), "text"); err != nil {
						return err
					}
				}
				if err := batch.Send(); err != nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() error {
			for range 2 * batches {
				var n uint64
				if err := conn.QueryRow(ctx, "SELECT uniqExact(n) FROM d.t WHERE w = {w:UInt8}", clickhouse.Named("w", uint8(w))).Scan(&n); err != nil {
					return err
				}
				if n%rows != 0 {
					return fmt.Errorf("worker %d sees a part of a batch: %d rows", w, n)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := scalar[uint64](t, conn, "SELECT count() FROM d.t"); got != workers*batches*rows {
		t.Errorf("%d rows", got)
	}
}

func TestCancelFreesThePlace(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxQueries, cfg.MaxQueued = 1, 1
	e := startEngine(t, cfg, engine.Deps{})
	conn := connect(t, e.Addr())
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",
		"SELECT number FROM numbers(1000000000000) WHERE number % 1000003 = 0",
		"CREATE TABLE x ENGINE = Null AS SELECT sipHash64(number) AS h FROM numbers(1000000000000)",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		var n uint64
		err := conn.QueryRow(ctx, sql).Scan(&n)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error %v, want a deadline", err)
		}
		started := time.Now()
		if got := scalar[uint8](t, conn, "SELECT 1"); got != 1 {
			t.Fatal("no answer")
		}
		testkit.Promised(t, "the place of a statement nobody waits for is free", time.Since(started), 2*time.Second)
	}
}

func TestTooManyQueries(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxQueries, cfg.MaxQueued = 1, 1
	e := startEngine(t, cfg, engine.Deps{})
	conns := []driver.Conn{connect(t, e.Addr()), connect(t, e.Addr()), connect(t, e.Addr()), connect(t, e.Addr())}
	for _, c := range conns {
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var failures []error
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() {
			if err := c.Exec(t.Context(), "SELECT sleep(0.5)"); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
		})
	}
	all.Wait()
	if len(failures) != 2 {
		t.Fatalf("%d statements of 4 were refused, want 2: %v", len(failures), failures)
	}
	for _, err := range failures {
		wantCode(t, err, 202)
	}
}

func TestQueryID(t *testing.T) {
	address := shared(t)
	conn := connect(t, address)
	long := make(chan error, 1)
	go func() {
		ctx := clickhouse.Context(context.Background(), clickhouse.WithQueryID("the-long-one"))
		long <- conn.Exec(ctx, "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
	}()
	eventually(t, "the statement runs", func() bool {
		return scalar[uint64](t, conn, "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'") == 1
	})
	same := clickhouse.Context(t.Context(), clickhouse.WithQueryID("the-long-one"))
	wantCode(t, conn.Exec(same, "SELECT 1"), 216)
	execute(t, conn, "KILL QUERY WHERE query_id = 'the-long-one'")
	select {
	case err := <-long:
		wantCode(t, err, 394)
	case <-time.After(testkit.Patience):
		t.Fatal("the killed statement runs on")
	}
}

func TestDeduplicationToken(t *testing.T) {
	address := shared(t)
	conn := connect(t, address, withCompression(clickhouse.CompressionLZ4))
	execute(t, conn, "CREATE DATABASE d",
		"CREATE TABLE d.t (n UInt64) ENGINE = ReplacingMergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10000")
	send := func(token string, from uint64) {
		t.Helper()
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "insert_deduplicate": 1, "async_insert": 0,
		}))
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO d.t")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = batch.Close() }()
		for i := range uint64(10) {
			if err := batch.Append(from + i); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
	}
	send("calls-0-0-9", 0)
	send("calls-0-0-9", 0)
	send("calls-0-0-9", 500) // the same token: dropped whatever it holds
	send("calls-0-10-19", 10)
	if got := scalar[uint64](t, conn, "SELECT count() FROM d.t"); got != 20 {
		t.Errorf("%d rows, want 20", got)
	}
}

func TestFsyncIsInForce(t *testing.T) {
	e := startEngine(t, testConfig(t), engine.Deps{}) // of its own: its syncs are counted
	conn := connect(t, e.Addr())
	for _, name := range []string{"fsync_after_insert", "fsync_part_directory"} {
		if got := scalar[string](t, conn, "SELECT value FROM system.merge_tree_settings WHERE name = {n:String}", clickhouse.Named("n", name)); got != "1" {
			t.Errorf("%s = %s", name, got)
		}
	}
	// The defaults apply to a table that does not name them: an insert syncs.
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n")
	if sql := scalar[string](t, conn, "SHOW CREATE TABLE d.t"); strings.Contains(sql, "fsync") {
		t.Errorf("the test's table names the settings itself: %s", sql)
	}
	before := scalar[uint64](t, conn, "SELECT sum(value) FROM system.events WHERE event IN ('FileSync', 'DirectorySync')")
	execute(t, conn, "INSERT INTO d.t VALUES (1)")
	if after := scalar[uint64](t, conn, "SELECT sum(value) FROM system.events WHERE event IN ('FileSync', 'DirectorySync')"); after-before < 2 {
		t.Errorf("an insert synced %d times", after-before)
	}
}

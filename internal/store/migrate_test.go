package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/pipelines"
)

func query(t *testing.T, cfg store.Config, sql string) string {
	t.Helper()
	out, err := testkit.Query(t.Context(), cfg, strings.ReplaceAll(sql, "{db}", cfg.Database))
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.TrimSpace(out)
}

func TestMigrateFromNothing(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	have, want, err := s.SchemaVersion(t.Context())
	if err != nil || have != 0 || want < 2 {
		t.Fatalf("before: have %d, want %d, %v", have, want, err)
	}
	for range 2 { // the second time there is nothing to do
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if have, _, err = s.SchemaVersion(t.Context()); err != nil || have != want {
		t.Fatalf("after: have %d, want %d, %v", have, want, err)
	}
	got := query(t, cfg, "SELECT name FROM system.tables WHERE database = '{db}' ORDER BY name")
	tables := []string{
		"agent_states",
		"call_supplements",
		"call_versions",
		"caller_calls",
		"calls",
		"erased_callers",
		"journal",
		"load_batches",
		"retention_horizons",
		"schema_migrations",
		"sealed_calls",
		"sealed_parts",
		"sealed_reports",
		"source_gaps",
		"tallies",
		"tally_log",
		"ticket_tallies",
		"ticket_versions",
		"tickets",
		"topic_epochs",
	}
	if diff := cmp.Diff(tables, strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestMigrateFromOld brings a database of the first schema, with data, to the newest.
func TestMigrateFromOld(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	if err := s.MigrateTo(t.Context(), os.DirFS("testdata/old")); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/old/data.sql")
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(string(data)), ";\n") {
		query(t, cfg, strings.TrimSuffix(statement, ";"))
	}
	have, want, err := s.SchemaVersion(t.Context())
	if err != nil || have != 1 {
		t.Fatalf("old: have %d of %d, %v", have, want, err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if have, _, err = s.SchemaVersion(t.Context()); err != nil || have != want {
		t.Fatalf("new: have %d of %d, %v", have, want, err)
	}
	checkOldData(t, s)
}

// checkOldData reads testdata/old/data.sql through the newest program.
func checkOldData(t *testing.T, s *store.Store) {
	bucket := time.Unix(1767258000, 0).UTC()
	q := store.TallyQuery{From: bucket, To: bucket.Add(hotline.BucketLength), Dimension: kpi.ByQueue, Names: true}
	want := []store.Tally{{
		Key: kpi.Key{Dimension: kpi.ByQueue, Bucket: bucket, Centre: "default", Source: "pbx", Name: "cards"},
		Tally: kpi.Tally{
			Calls: 1, Answered: 1, WaitAnswered: kpi.Hist{10: 1}, WaitMillis: 9500, TalkMillis: 90000, Legs: 1,
			DataTo: bucket.Add(100 * time.Second),
		},
	}}
	got, err := s.Tallies(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tallies: %s", diff)
	}
	want[0].Tally.WaitMillisMax = 9500 // which the recomputation adds
	if err := s.Recompute(t.Context(), []time.Time{bucket}, 4); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Tallies(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recomputed: %s", diff)
	}
	counts, err := s.RunCounts(t.Context(), "R1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.RunCounts{Accepted: 2, New: 2, First: bucket, Last: bucket}, counts); diff != "" {
		t.Errorf("run counts: %s", diff)
	}
	if epoch, err := s.TopicEpoch(t.Context(), "hotline.calls", "first"); err != nil || epoch != 0 {
		t.Errorf("epoch %d, %v", epoch, err)
	}
}

// TestMigrateHalfApplied stops a migration after each of its statements.
func TestMigrateHalfApplied(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	all, err := s.Statements()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range all {
		for _, statement := range list[:len(list)/2+1] {
			query(t, cfg, statement)
		}
	}
	if have, _, err := s.SchemaVersion(t.Context()); err != nil || have != 0 {
		t.Fatalf("half a migration counts as %d, %v", have, err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if have, want, err := s.SchemaVersion(t.Context()); err != nil || have != want {
		t.Fatalf("have %d of %d, %v", have, want, err)
	}
}

func TestMigrateConcurrently(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	var g errgroup.Group
	for range 4 {
		s := testkit.OpenStore(t, cfg)
		g.Go(func() error { return s.Migrate(t.Context()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	all, err := testkit.OpenStore(t, cfg).Statements()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%[1]d\t%[1]d", len(all)-1) // the first makes the list and is not in it
	if got := query(t, cfg, "SELECT count(), uniqExact(id) FROM {db}.schema_migrations FINAL"); got != want {
		t.Errorf("applied: %s, want %s", got, want)
	}
}

func TestMigrateRefuses(t *testing.T) {
	t.Run("newer data", func(t *testing.T) {
		cfg := testkit.StoreConfig(t)
		s := testkit.OpenStore(t, cfg)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		query(t, cfg, "INSERT INTO {db}.schema_migrations (id, name, checksum) VALUES (99, '0099_future.sql', 'x')")
		_, newest, err := s.SchemaVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = s.Migrate(t.Context())
		want := fmt.Sprintf("the data was written by hotline schema 99, this program knows %d: use a newer program", newest)
		if !errors.Is(err, store.ErrNewer) || err.Error() != want || !store.IsSchema(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("changed file", func(t *testing.T) {
		cfg := testkit.StoreConfig(t)
		s := testkit.OpenStore(t, cfg)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		query(t, cfg, "INSERT INTO {db}.schema_migrations (id, name, checksum, applied_at) VALUES (1, '0001_core.sql', 'abc', now() + 1)")
		err := s.Migrate(t.Context())
		if !errors.Is(err, store.ErrChanged) || !strings.Contains(err.Error(), "0001_core.sql was applied with another text") {
			t.Errorf("got %v", err)
		}
	})
}

// A number that was left out is filled by a later program, after the ones above it.
func TestMigrateFillsANumberLeftOut(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{}
	first, err := fs.ReadFile(pipelines.ClickHouse, "clickhouse/0000_bootstrap.sql")
	if err != nil {
		t.Fatal(err)
	}
	files["clickhouse/0000_bootstrap.sql"] = file(string(first))
	files["clickhouse/0003_late.sql"] = file(`CREATE TABLE IF NOT EXISTS {{shared "late"}} (x UInt8) ENGINE = Memory;`)
	if err := s.MigrateTo(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	files["clickhouse/0002_early.sql"] = file(`CREATE TABLE IF NOT EXISTS {{shared "early"}} (x UInt8) ENGINE = Memory;`)
	if err := s.MigrateTo(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	if got := query(t, cfg, "SELECT arrayStringConcat(groupArray(toString(id)), ' ') FROM (SELECT id FROM {db}.schema_migrations FINAL ORDER BY id)"); got != "2 3" {
		t.Errorf("applied: %s", got)
	}
	if got := query(t, cfg, "EXISTS TABLE {db}.early"); got != "1" {
		t.Errorf("the table of the number filled in exists: %s", got)
	}
}

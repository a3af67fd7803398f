package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// errMigrations is in every error that says that data and program do not fit together.
var errMigrations = errors.New("schema")

// ErrNewer says that the data was written by a newer program. Nothing was changed.
var ErrNewer = fmt.Errorf("%w is newer than the program", errMigrations)

// ErrChanged says that a migration file was changed after it had been applied.
var ErrChanged = fmt.Errorf("%w was made by another text", errMigrations)

// mismatch is a sentence of its own that still is its kind of error.
type mismatch struct {
	kind     error
	sentence string
}

func (e *mismatch) Error() string { return e.sentence }

func (e *mismatch) Unwrap() error { return e.kind }

type applied struct {
	id             uint32
	name, checksum string
}

// Migrate brings the database to the program's schema; it creates the database when
// missing. It may run at any time, repeatedly and in several processes at once: every
// statement is idempotent, and a migration counts as applied only when all of its
// statements have succeeded. The error is [ErrNewer] when the data is of a newer
// program, [ErrChanged] when an applied file has changed.
func (s *Store) Migrate(ctx context.Context) error {
	list, err := s.form().migrations()
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return s.migrate(ctx, list)
}

func (s *Store) form() form { return form{Database: s.cfg.Database, Cluster: s.cfg.Cluster} }

func (s *Store) migrate(ctx context.Context, list []migration) error {
	if err := s.apply(ctx, list[0]); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	done, err := s.applied(ctx)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	if err := check(list, done); err != nil {
		return err
	}
	for _, m := range list[1:] {
		if _, ok := done[m.ID]; ok {
			continue
		}
		if err := s.apply(ctx, m); err != nil {
			return fmt.Errorf("migrating: %w", err)
		}
		insert := fmt.Sprintf("INSERT INTO %s (id, name, checksum) VALUES (%d, %s, %s)",
			s.table("schema_migrations"), m.ID, quote(m.Name), quote(m.Checksum))
		if err := s.exec(ctx, "migrate", insert, s.writeSettings()); err != nil {
			return fmt.Errorf("migrating: noting %s as applied: %w", m.Name, err)
		}
		s.log.InfoContext(ctx, "migration applied", slog.String("migration", m.Name), slog.String("database", s.cfg.Database))
	}
	return nil
}

func (s *Store) apply(ctx context.Context, m migration) error {
	for i, statement := range m.Statements {
		err := s.repeat(ctx, "migrate", func() error { return s.exec(ctx, "migrate", statement, s.migrateSettings()) })
		if err != nil {
			return fmt.Errorf("%s, statement %d of %d: %w", m.Name, i+1, len(m.Statements), err)
		}
	}
	return nil
}

func (s *Store) migrateSettings() clickhouse.Settings {
	settings := clickhouse.Settings{"session_timezone": "UTC"}
	if s.cfg.Cluster != "" {
		settings["distributed_ddl_task_timeout"] = int(s.cfg.InsertTimeout.Seconds())
	}
	return settings
}

func (s *Store) applied(ctx context.Context) (map[int]applied, error) {
	sql := "SELECT id, name, checksum FROM " + s.table("schema_migrations") + " FINAL ORDER BY id"
	rows, err := collect(ctx, s, "migrations", sql, func(rows driver.Rows, a *applied) error {
		return rows.Scan(&a.id, &a.name, &a.checksum)
	})
	if err != nil {
		return nil, err
	}
	done := make(map[int]applied, len(rows))
	for _, a := range rows {
		done[int(a.id)] = a
	}
	return done, nil
}

// check compares what has been applied with what the program knows.
func check(list []migration, done map[int]applied) error {
	have := 0
	for id := range done {
		have = max(have, id)
	}
	if want := list[len(list)-1].ID; have > want {
		return &mismatch{ErrNewer, fmt.Sprintf(
			"the data was written by hotline schema %d, this program knows %d: use a newer program", have, want)}
	}
	for _, m := range list[1:] {
		if a, ok := done[m.ID]; ok && a.checksum != m.Checksum {
			return &mismatch{ErrChanged, fmt.Sprintf(
				"migration %s was applied with another text (checksum %.12s, now %.12s): restore the file and put the change into a new one",
				m.Name, a.checksum, m.Checksum)}
		}
	}
	return nil
}

// SchemaVersion returns the number of the newest migration the data has (0: none, or no
// database) and of the newest the program knows.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int, err error) {
	list, err := s.form().migrations()
	if err != nil {
		return 0, 0, err
	}
	want = list[len(list)-1].ID
	done, err := s.applied(ctx)
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && (exception.Code == 60 || exception.Code == 81) { // no table, no database
		return 0, want, nil
	}
	if err != nil {
		return 0, want, err
	}
	for id := range done {
		have = max(have, id)
	}
	return have, want, nil
}

package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"hotline12333/pipelines"
)

// migration is one file of pipelines/clickhouse, rendered.
type migration struct {
	ID         int
	Name       string // the file's
	Checksum   string // of the file as it is written, the same in every form
	Statements []string
}

// form is what the statements are rendered for: one server when Cluster is empty.
//
// In a cluster, tables about calls are sharded by call_id, a local table and a
// Distributed one of the public name; the small rest is replicated to every server of
// the cluster, so that each reads whole what any has written.
type form struct {
	Database string
	Cluster  string
}

var fileName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// migrations renders the files of pipelines/clickhouse in order; the first, number 0,
// makes the list of migrations itself. Numbers may be left out: what is applied is noted
// by number, so one that is filled in later is applied then.
func (f form) migrations() ([]migration, error) { return f.render(pipelines.ClickHouse) }

func (f form) render(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "clickhouse/*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing migrations: %w", err)
	}
	list := make([]migration, 0, len(names))
	for _, name := range names {
		m, err := f.renderFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", path.Base(name), err)
		}
		if len(list) == 0 && m.ID != 0 {
			return nil, fmt.Errorf("migration %s: number 0 makes the list of migrations and is missing", m.Name)
		}
		if len(list) > 0 && m.ID == list[len(list)-1].ID {
			return nil, fmt.Errorf("migration %s: its number is that of %s", m.Name, list[len(list)-1].Name)
		}
		list = append(list, m)
	}
	if len(list) < 2 {
		return nil, fmt.Errorf("%d migrations found, at least 2 expected", len(list))
	}
	return list, nil
}

func (f form) renderFile(files fs.FS, name string) (migration, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return migration{}, err
	}
	match := fileName.FindStringSubmatch(path.Base(name))
	if match == nil {
		return migration{}, fmt.Errorf("the name must look like 0001_what.sql")
	}
	id, err := strconv.Atoi(match[1])
	if err != nil {
		return migration{}, err
	}
	t, err := template.New(path.Base(name)).Option("missingkey=error").Funcs(f.functions()).Parse(string(text))
	if err != nil {
		return migration{}, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, f); err != nil {
		return migration{}, err
	}
	sum := sha256.Sum256(text)
	return migration{ID: id, Name: path.Base(name), Checksum: hex.EncodeToString(sum[:]), Statements: statements(out.String())}, nil
}

// functions are the words of the migrations.
func (f form) functions() template.FuncMap {
	return template.FuncMap{
		// Follows the name of what is created, altered or dropped.
		"onCluster": func() string {
			if f.Cluster == "" {
				return ""
			}
			return "ON CLUSTER " + quoteName(f.Cluster)
		},
		// The sharded table itself, as opposed to its Distributed face.
		"local": func(table string) string { return f.qualified(f.localName(table)) },
		// A table that is whole on every server.
		"shared":       f.qualified,
		"localEngine":  func(table, args string) string { return f.engine("{shard}", "{replica}", table, args) },
		"sharedEngine": func(table, args string) string { return f.engine("all", "{shard}_{replica}", table, args) },
		// The statement that makes the Distributed face of a sharded table.
		"distributed": func(table string) string {
			if f.Cluster == "" {
				return ""
			}
			return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s ON CLUSTER %s AS %s\nENGINE = Distributed(%s, %s, %s, cityHash64(call_id));",
				f.qualified(table), quoteName(f.Cluster), f.qualified(f.localName(table)),
				quote(f.Cluster), quote(f.Database), quote(f.localName(table)))
		},
		// The statements that change a sharded table and its Distributed face.
		"alter": func(table, change string) string {
			if f.Cluster == "" {
				return fmt.Sprintf("ALTER TABLE %s %s;", f.qualified(table), change)
			}
			on := "ON CLUSTER " + quoteName(f.Cluster)
			return fmt.Sprintf("ALTER TABLE %s %s %s;\nALTER TABLE %s %s %s;", f.qualified(f.localName(table)), on, change, f.qualified(table), on, change)
		},
		// Acknowledged is on the disk.
		"durable": func() string { return "fsync_after_insert = 1, fsync_part_directory = 1" },
		// An insert repeated with the same token is dropped, where the token is committed
		// together with the rows: on a cluster (see insertSettings). The window counts parts.
		"deduplicate": func() string {
			if f.Cluster == "" {
				return "non_replicated_deduplication_window = 0"
			}
			return "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
		},
		// Of the inserts with one token the first is kept, in every form, and the others are
		// dropped: see AppendEntry. The window counts inserts.
		"once": func() string {
			if f.Cluster == "" {
				return "non_replicated_deduplication_window = 10000"
			}
			return "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 31536000"
		},
		// An insert may be repeated and is never taken for a repetition.
		"repeatable": func() string {
			if f.Cluster == "" {
				return "non_replicated_deduplication_window = 0"
			}
			return "replicated_deduplication_window = 0"
		},
	}
}

func (f form) qualified(table string) string { return quoteName(f.Database) + "." + quoteName(table) }

func (f form) localName(table string) string {
	if f.Cluster == "" {
		return table
	}
	return table + "_local"
}

func (f form) engine(shard, replica, table, args string) string {
	if f.Cluster == "" {
		return "ReplacingMergeTree(" + args + ")"
	}
	if args != "" {
		args = ", " + args
	}
	return fmt.Sprintf("ReplicatedReplacingMergeTree('/clickhouse/tables/%s/%s/%s', '%s'%s)", shard, f.Database, table, replica, args)
}

// statements cuts a rendered file at the semicolons that end a line and drops comments.
func statements(text string) []string {
	var list []string
	var current []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || strings.HasPrefix(strings.TrimLeft(line, " \t"), "--") {
			continue
		}
		rest, ends := strings.CutSuffix(line, ";")
		current = append(current, strings.TrimRight(rest, " "))
		if ends {
			list = append(list, strings.Join(current, "\n"))
			current = nil
		}
	}
	if len(current) > 0 {
		list = append(list, strings.Join(current, "\n"))
	}
	return list
}

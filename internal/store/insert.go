package store

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// columnDef is a column of an insert. The type is what is declared over HTTP, where the
// server converts: a plain String is built faster here than a dictionary, and the
// server makes the LowCardinality of it. The native protocol takes the server's types.
type columnDef struct{ name, kind string }

// insertion is rows in columns, ready to be sent.
type insertion struct {
	table   string
	columns []columnDef
	values  []any // one slice per column, all of the same length
	rows    int
	once    bool // of the inserts with the token only the first counts, on a single server too
}

// insert sends all rows in one statement under one token.
func (s *Store) insert(ctx context.Context, token string, in insertion) error {
	if in.rows == 0 {
		return nil
	}
	names := make([]string, len(in.columns))
	types := make([]clickhouse.ColumnNameAndType, len(in.columns))
	for i, c := range in.columns {
		names[i] = quoteName(c.name)
		types[i] = clickhouse.ColumnNameAndType{Name: c.name, Type: c.kind}
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s)", s.table(in.table), strings.Join(names, ", "))
	settings := s.writeSettings()
	switch {
	case in.once:
		settings["insert_deduplicate"], settings["insert_deduplication_token"] = 1, token
	case token != "":
		settings = s.insertSettings(token)
	}
	err := s.timed(ctx, "insert_"+in.table, s.cfg.InsertTimeout, func(ctx context.Context) error {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(types))
		return s.send(ctx, sql, in.values)
	})
	if err == nil {
		s.metrics.rows.WithLabelValues(in.table).Add(float64(in.rows))
	}
	return err
}

func (s *Store) send(ctx context.Context, sql string, values []any) error {
	batch, err := s.conn.PrepareBatch(ctx, sql)
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // after Send there is nothing left to close
	for i, v := range values {
		if err := batch.Column(i).Append(v); err != nil {
			return err
		}
	}
	return batch.Send()
}

// columnPool keeps the column slices of past batches.
type columnPool struct{ pool sync.Pool }

func (p *columnPool) get() *callColumns {
	if c, ok := p.pool.Get().(*callColumns); ok {
		return c
	}
	return new(callColumns)
}

func (p *columnPool) put(c *callColumns) {
	c.reset()
	p.pool.Put(c)
}

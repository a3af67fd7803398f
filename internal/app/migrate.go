package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"hotline12333/internal/config"
)

// Migrate brings tables and topics to the version this program knows, and makes the keys
// where there are none: the roles only read them.
func Migrate(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer) (err error) {
	if _, err := openKeys(cfg, true); err != nil {
		return err
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := sys.prepare(ctx); err != nil {
		return err
	}
	have, want, err := sys.store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "tables of %s are at version %d of %d; topics are there\n", cfg.Store.Database, have, want)
	return err
}

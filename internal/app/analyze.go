package app

import (
	"context"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
)

// Analyze runs files through a whole system of its own, on free ports and in a directory
// that is removed, and returns their figures.
func Analyze(ctx context.Context, cfg config.Root, log *slog.Logger, opts ImportOptions) (statement *kpi.Statement, err error) {
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	src, err := sources.Lookup(opts.Source)
	if err != nil {
		return nil, err
	}
	kit, err := keys.Ephemeral()
	if err != nil {
		return nil, err
	}
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	dir, err := tempDir(down)
	if err != nil {
		return nil, err
	}
	cfg = throwawayConfig(cfg, dir)
	cfg.EmbeddedBroker.SyncWrites = false // what is thrown away need not survive a power loss
	sys, _, err := throwaway(ctx, cfg, log, down)
	if err != nil {
		return nil, err
	}
	parts := newCrew(ctx)
	down.add("parts", 5*time.Second, parts.stop)
	loader, err := sys.loader(deadletter.NewSealer(kit.Recipient()))
	if err != nil {
		return nil, err
	}
	aggregator, err := sys.aggregator(nil)
	if err != nil {
		return nil, err
	}
	parts.start("load", loader.Run)
	parts.start("aggregate", aggregator.Run)
	// A part that fails ends the import too, instead of letting it wait for ever.
	statement, err = sys.importFiles(parts.ctx, importJob{sources: sources, src: src, kit: kit, opts: opts})
	if cause := parts.failure(); cause != nil {
		return nil, cause
	}
	return statement, err
}

package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hotline12333/internal/config"
)

// tempDir makes a directory that goes with everything else.
func tempDir(down *teardown) (string, error) {
	dir, err := os.MkdirTemp("", "hotline-")
	if err != nil {
		return "", fmt.Errorf("making a temporary directory: %w", err)
	}
	down.add("temporary directory", 10*time.Second, func(context.Context) error { return os.RemoveAll(dir) })
	return dir, nil
}

// throwawayConfig keeps everything in dir and listens on free ports.
func throwawayConfig(cfg config.Root, dir string) config.Root {
	cfg.Data.Dir = filepath.Join(dir, "data")
	cfg.Intake.StateDir = filepath.Join(dir, "imports")
	cfg.EmbeddedBroker.Listen, cfg.Engine.Listen = "127.0.0.1:0", "127.0.0.1:0"
	return cfg
}

// throwaway starts a system of its own.
func throwaway(ctx context.Context, cfg config.Root, log *slog.Logger, down *teardown) (*system, *machine, error) {
	reg := newRegistry()
	m, cfg, err := startMachine(ctx, cfg, log, reg, down)
	if err != nil {
		return nil, nil, err
	}
	sys, err := connect(ctx, cfg, log, reg)
	if err != nil {
		return nil, nil, err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	return sys, m, sys.prepare(ctx)
}

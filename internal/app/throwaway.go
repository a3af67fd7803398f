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
	dir, err := os.MkdirTemp("", "hotline-analyze-")
	if err != nil {
		return "", fmt.Errorf("making a directory for the analysis: %w", err)
	}
	down.add("temporary directory", 10*time.Second, func(context.Context) error { return os.RemoveAll(dir) })
	return dir, nil
}

// throwaway starts a system of its own in dir. What it holds is thrown away, so nothing
// needs to survive a power loss.
func throwaway(ctx context.Context, cfg config.Root, log *slog.Logger, dir string, down *teardown) (*system, error) {
	cfg.Data.Dir = filepath.Join(dir, "data")
	cfg.Intake.StateDir = filepath.Join(dir, "imports")
	cfg.EmbeddedBroker.Listen, cfg.Engine.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.EmbeddedBroker.SyncWrites = false
	reg := newRegistry()
	_, cfg, err := startMachine(ctx, cfg, log, reg, down)
	if err != nil {
		return nil, err
	}
	sys, err := connect(ctx, cfg, log, reg)
	if err != nil {
		return nil, err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	return sys, sys.prepare(ctx)
}

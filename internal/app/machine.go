package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/config"
	"hotline12333/internal/store/engine"
	"hotline12333/internal/wholefile"
)

func errJoin(errs ...error) error { return errors.Join(errs...) }

// machine is the broker and the engine of the one-machine mode.
type machine struct {
	broker *embedded.Broker
	engine *engine.Engine
}

// startMachine starts both in dir, side by side, and puts their stops on the stack. The
// returned configuration has the addresses they really listen on.
func startMachine(ctx context.Context, cfg config.Root, log *slog.Logger, reg prometheus.Registerer, down *teardown) (*machine, config.Root, error) {
	dir := cfg.Data.Dir
	if err := claimDir(dir); err != nil {
		return nil, cfg, err
	}
	// Broker and engine lock their directories too; this one makes it one sentence.
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return nil, cfg, err
	}
	down.add("data directory", time.Second, func(context.Context) error { return lock.Unlock() })
	cfg.EmbeddedBroker.Dir = filepath.Join(dir, "broker")
	cfg.Engine.Dir = filepath.Join(dir, "engine")
	b, err := embedded.New(cfg.EmbeddedBroker, embedded.Deps{Log: log.With("part", "embedded broker"), Registerer: reg})
	if err != nil {
		return nil, cfg, err
	}
	m := &machine{broker: b, engine: engine.New(cfg.Engine, engine.Deps{Log: log.With("part", "engine"), Registerer: reg})}
	engineUp := make(chan error, 1)
	go func() { engineUp <- m.engine.Start(ctx) }()
	brokerErr := m.broker.Start(ctx)
	engineErr := <-engineUp
	// What did start must be stopped even when the other did not.
	if engineErr == nil {
		down.add("engine", 10*time.Second, m.engine.Stop)
	}
	if brokerErr == nil {
		down.add("embedded broker", 5*time.Second, m.broker.Stop)
	}
	if err := errors.Join(brokerErr, engineErr); err != nil {
		return nil, cfg, err
	}
	cfg.Broker.Addresses = []string{m.broker.Addr()}
	cfg.Store.Address, cfg.Store.Protocol = m.engine.Addr(), "http"
	return m, cfg, nil
}

// dying is how long a predecessor that was just killed may take to let go.
const dying = 3 * time.Second

func lockDir(ctx context.Context, dir string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(ctx, dying)
	defer cancel()
	lock := flock.New(filepath.Join(dir, ".lock"))
	ok, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if ok {
		return lock, nil
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("data.dir: locking %s: %w", dir, err)
	}
	return nil, fmt.Errorf("data.dir: %s is in use by another hotline: stop that one, or choose another directory (--data DIR)", dir)
}

// layout is the version of the data directory's arrangement; it rises when a newer
// program arranges it so that an older one would do harm.
const layout = 1

// claimed says whether a program has used the data directory before.
func claimed(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "LAYOUT"))
	return !errors.Is(err, fs.ErrNotExist)
}

// claimDir makes the data directory, or checks that this program can read it.
func claimDir(dir string) error {
	if dir == "" {
		return errors.New("data.dir: no data directory is configured (up --data DIR)")
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	file := filepath.Join(dir, "LAYOUT")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return writeLayout(dir, file)
	}
	if err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	found, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("data.dir: %s holds %q, not a number: is %s a data directory of hotline?", file, strings.TrimSpace(string(data)), dir)
	}
	if found > layout {
		return fmt.Errorf("data.dir: %s was written by a newer hotline (layout %d, this program knows %d): start the newer program, or use another directory", dir, found, layout)
	}
	return nil
}

// writeLayout claims an empty directory; one with other things in it is refused.
func writeLayout(dir, file string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "lost+found" && !strings.HasPrefix(name, ".") {
			return fmt.Errorf("data.dir: %s is not empty and no data directory of hotline (it holds %s): use an empty one", dir, name)
		}
	}
	if err := (wholefile.How{Mode: 0o640}).Write(file, []byte(strconv.Itoa(layout)+"\n")); err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	return nil
}

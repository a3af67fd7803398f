package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"hotline12333/internal/store/engine/chdb"
)

// ServeConfig is what the child needs to know; it travels as JSON.
type ServeConfig struct {
	// Dir holds the data; it must be absolute.
	Dir string `json:"dir"`
	// BackupDir is where BACKUP and RESTORE may put files, absolute or empty.
	BackupDir string `json:"backup_dir"`
	// Listen is a loopback address.
	Listen           string        `json:"listen"`
	Library          string        `json:"library"`
	MemoryLimitBytes int64         `json:"memory_limit_bytes"`
	Threads          int           `json:"threads"`
	MaxQueries       int           `json:"max_queries"`
	MaxQueued        int           `json:"max_queued"`
	StopTimeout      time.Duration `json:"stop_timeout"`

	Log *slog.Logger `json:"-"`
	// Ready, when set, is told the address and the engine's version once
	// statements are answered.
	Ready func(address, version string) `json:"-"`
}

// takeOver is how long a start waits for the port and the directory of a
// process that is just ending.
const takeOver = 3 * time.Second

// idleTimeout ends unused client connections. It is above clickhouse-go's own
// limit of one hour, so that the client is the one who closes: a connection
// that the server closes can break a statement just being sent.
const idleTimeout = 2 * time.Hour

// Serve opens the data directory and answers statements until ctx ends. Only
// one Serve can run in the life of a process. Its errors wrap
// ErrLibraryMissing, ErrPortInUse, ErrDirLocked or ErrNewerData where they
// apply.
func Serve(ctx context.Context, cfg ServeConfig) (err error) {
	path, err := chdb.Find(cfg.Library)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("creating the engine's data directory: %w", err)
	}
	unlock, err := lockDir(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	listener, err := listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // closed by the HTTP server before
	lib, err := chdb.Open(path)
	if err != nil {
		return err
	}
	if err := checkVersion(cfg.Dir, lib.Version()); err != nil {
		return err
	}
	srv, err := boot(lib, cfg)
	if err != nil {
		return err
	}
	defer srv.close()
	return serveHTTP(ctx, cfg, listener, srv)
}

// boot starts the engine on the data directory.
func boot(lib *chdb.Library, cfg ServeConfig) (*server, error) {
	file, err := writeEngineConfig(cfg.Dir, cfg)
	if err != nil {
		return nil, err
	}
	args := []string{"--path=" + filepath.Join(cfg.Dir, "data"), "--config-file=" + file}
	for _, s := range profile(cfg) {
		args = append(args, "--"+s[0]+"="+s[1])
	}
	return newServer(lib, cfg, args)
}

func serveHTTP(ctx context.Context, cfg ServeConfig, listener net.Listener, srv *server) error {
	statements, cancelStatements := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelStatements()
	web := &http.Server{
		Handler:           srv,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       idleTimeout,
		BaseContext:       func(net.Listener) context.Context { return statements },
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	if cfg.Ready != nil {
		cfg.Ready(listener.Addr().String(), srv.lib.Version())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serving statements: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.StopTimeout)
	defer cancel()
	if err := web.Shutdown(grace); err == nil {
		return nil
	}
	cancelStatements()
	final, cancelFinal := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancelFinal()
	if err := web.Shutdown(final); err != nil {
		return fmt.Errorf("ending the running statements: %w", err)
	}
	return nil
}

// lockDir makes this process the directory's only user. The lock falls with
// the process.
func lockDir(ctx context.Context, dir string) (func() error, error) {
	path := filepath.Join(dir, "engine.lock")
	lock := flock.New(path)
	wait, cancel := context.WithTimeout(ctx, takeOver)
	defer cancel()
	locked, err := lock.TryLockContext(wait, 50*time.Millisecond)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("locking the engine's data directory %s: %w", dir, err)
	}
	if !locked {
		owner := ""
		if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
			owner = " (process " + strings.TrimSpace(string(data)) + ")"
		}
		return nil, &startError{
			kind:    ErrDirLocked,
			message: fmt.Sprintf("the engine's data directory %s is in use by another process%s: stop it, or choose another directory", dir, owner),
		}
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lock file: %w", err), lock.Unlock())
	}
	return lock.Unlock, nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	deadline := time.Now().Add(takeOver)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return listener, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("opening the engine's port: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, &startError{
				kind:    ErrPortInUse,
				message: fmt.Sprintf("engine.listen: the address %s is in use by another program: stop that one or choose another port (--set engine.listen=127.0.0.1:PORT)", address),
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("opening the engine's port: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// checkVersion refuses data of a newer engine and notes the version otherwise.
func checkVersion(dir, version string) error {
	path := filepath.Join(dir, "engine.version")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading the engine's version file: %w", err)
	}
	written := strings.TrimSpace(string(data))
	if newer(written, version) {
		return &startError{
			kind:    ErrNewerData,
			message: fmt.Sprintf("the engine's data in %s was written by version %s, and this is the older %s: install the newer one, or restore a backup", dir, written, version),
		}
	}
	if written == version {
		return nil
	}
	if err := os.WriteFile(path, []byte(version+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the engine's version file: %w", err)
	}
	return nil
}

// newer compares the year and month of two versions (26.7.3); patches of one
// release read each other's data.
func newer(a, b string) bool {
	x, y := release(a), release(b)
	return x[0] > y[0] || x[0] == y[0] && x[1] > y[1]
}

func release(version string) (r [2]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		if i < len(r) {
			r[i], _ = strconv.Atoi(part) // an unreadable part counts as 0
		}
	}
	return r
}

// startError is a start-up error with a whole sentence for the user.
type startError struct {
	kind    error
	message string
}

func (e *startError) Error() string { return e.message }
func (e *startError) Unwrap() error { return e.kind }

package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// childArgument is the one argument of the child process.
const childArgument = "engine-child"

// The child's inherited files: the parent writes one line of configuration to
// the first and keeps it open as long as it lives; the child reports its
// start on the second.
const (
	fdConfig = 3
	fdStatus = 4
)

// Exit codes of the child.
const (
	exitUsage      = 2
	exitFailed     = 1
	exitParentGone = 3
)

// status is the child's report, one JSON line.
type status struct {
	Kind    string `json:"kind"`
	Message string `json:"message,omitempty"`
	Address string `json:"address,omitempty"`
	Version string `json:"version,omitempty"`
}

const (
	kindReady  = "ready"
	kindFailed = "failed"
)

// kinds carries the typed errors over the status pipe.
func kinds() map[string]error {
	return map[string]error{
		"library_missing": ErrLibraryMissing,
		"port_in_use":     ErrPortInUse,
		"dir_locked":      ErrDirLocked,
		"newer_data":      ErrNewerData,
	}
}

// ChildMain runs the engine if this process was started as its child. It must
// be called before anything else in main (and in TestMain): when ran is true,
// the process must exit with code at once.
func ChildMain() (ran bool, code int) {
	if len(os.Args) != 2 || os.Args[1] != childArgument {
		return false, 0
	}
	config, report := os.NewFile(fdConfig, "config"), os.NewFile(fdStatus, "status")
	lines := bufio.NewReader(config)
	line, err := lines.ReadBytes('\n')
	var cfg ServeConfig
	if err == nil {
		err = json.Unmarshal(line, &cfg)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s is started by hotline itself, not by hand\n", childArgument)
		return true, exitUsage
	}
	syscall.CloseOnExec(fdConfig)
	syscall.CloseOnExec(fdStatus)
	go func() {
		// Nothing but the end of the file ever comes: the parent is gone,
		// however it went. What is acknowledged is on disk.
		_, _ = io.Copy(io.Discard, lines)
		os.Exit(exitParentGone)
	}()
	// An interrupt at the terminal reaches the whole group; the parent orders
	// the stop after those who use the engine have stopped.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	cfg.Log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ready := false
	cfg.Ready = func(address, version string) {
		ready = true
		_ = writeStatus(report, status{Kind: kindReady, Address: address, Version: version}) // a parent that is gone ends us anyway
	}
	if err := Serve(ctx, cfg); err != nil {
		_ = writeStatus(report, statusOf(err)) // likewise
		if ready {                             // else the parent tells it itself
			cfg.Log.Error("the engine ended", "error", err)
		}
		return true, exitFailed
	}
	return true, 0
}

func statusOf(err error) status {
	for kind, target := range kinds() {
		if errors.Is(err, target) {
			return status{Kind: kind, Message: err.Error()}
		}
	}
	return status{Kind: kindFailed, Message: err.Error()}
}

func (s status) error() error {
	if kind := kinds()[s.Kind]; kind != nil {
		return &startError{kind: kind, message: s.Message}
	}
	return errors.New(s.Message)
}

func writeStatus(w io.Writer, s status) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("rendering the status: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

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
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one run of the child.
type process struct {
	cmd *exec.Cmd
	// life is open as long as the child shall live.
	life   *os.File
	status chan status
	tail   *tail
}

// startProcess starts the child. The calling goroutine must be locked to its
// thread until the child has ended, because the kernel ends the child with
// the thread.
func startProcess(cfg ServeConfig, log *slog.Logger) (*process, error) {
	exe, err := selfPath()
	if err != nil {
		return nil, fmt.Errorf("finding the program's file: %w", err)
	}
	configRead, configWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("opening a pipe to the engine: %w", err)
	}
	defer func() { _ = configRead.Close() }() // the child has its own copy
	statusRead, statusWrite, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening a pipe to the engine: %w", err), configWrite.Close())
	}
	defer func() { _ = statusWrite.Close() }() // likewise

	p := &process{life: configWrite, status: make(chan status, 1), tail: &tail{log: log}}
	p.cmd = exec.Command(exe, childArgument)
	p.cmd.Env = append(os.Environ(), "TZ=UTC")
	p.cmd.ExtraFiles = []*os.File{configRead, statusWrite}
	p.cmd.Stdout, p.cmd.Stderr = p.tail, p.tail
	p.cmd.SysProcAttr = childAttributes()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the engine's process: %w", err), configWrite.Close(), statusRead.Close())
	}
	go p.readStatus(statusRead)
	line, err := json.Marshal(cfg)
	if err == nil {
		_, err = configWrite.Write(append(line, '\n'))
	}
	if err != nil {
		_ = p.cmd.Process.Kill() // it ends by itself otherwise
		return nil, errors.Join(fmt.Errorf("configuring the engine's process: %w", err), p.wait())
	}
	return p, nil
}

// readStatus hands the child's reports on until the child closes the pipe.
func (p *process) readStatus(r io.ReadCloser) {
	defer close(p.status)
	defer func() { _ = r.Close() }() // it was only read
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var s status
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			s = status{Kind: kindFailed, Message: "unreadable report of the engine: " + lines.Text()}
		}
		select {
		case p.status <- s:
		default: // nobody asks any more
		}
	}
}

// wait waits for the child's end.
func (p *process) wait() error {
	err := p.cmd.Wait()
	return errors.Join(err, p.life.Close())
}

// stop asks the child to finish and kills it when it does not in time, or when
// killing is closed. It returns when ended is closed.
func (p *process) stop(ended, killing <-chan struct{}, patience time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return
	case <-timer.C:
	case <-killing:
	}
	_ = p.cmd.Process.Kill() // likewise
	<-ended
}

// tailLines is how much of the child's last output is kept for the log.
const tailLines = 20

// tail takes the child's output: records of its log go to the parent's log,
// other lines are kept for the report of a crash.
type tail struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	cause   string // the line with which a crash report begins
	lines   []string
}

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partial = append(t.partial, data...)
	for {
		line, rest, found := strings.Cut(string(t.partial), "\n")
		if !found {
			break
		}
		t.partial = []byte(rest)
		t.take(line)
	}
	return len(data), nil
}

func (t *tail) take(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	var record map[string]any
	if json.Unmarshal([]byte(line), &record) == nil && record["msg"] != nil {
		t.relay(record)
		return
	}
	if t.cause == "" && isCause(line) {
		t.cause = line
		return
	}
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[len(t.lines)-tailLines:]
	}
}

// isCause finds the first line of the Go runtime's crash reports, which the
// last lines no longer hold.
func isCause(line string) bool {
	for _, prefix := range []string{"panic:", "fatal error:", "SIG"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func (t *tail) relay(record map[string]any) {
	level := slog.LevelInfo
	if text, ok := record["level"].(string); ok {
		_ = level.UnmarshalText([]byte(text)) // an unknown level stays info
	}
	attrs := make([]slog.Attr, 0, len(record))
	for key, value := range record {
		if key != "level" && key != "msg" && key != "time" {
			attrs = append(attrs, slog.Any(key, value))
		}
	}
	t.log.LogAttrs(context.Background(), level, fmt.Sprint(record["msg"]), attrs...)
}

// last returns the cause of a crash and the last lines that were no log
// records.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	if t.cause != "" {
		lines = append(lines, t.cause)
	}
	lines = append(lines, t.lines...)
	if len(t.partial) > 0 {
		lines = append(lines, string(t.partial))
	}
	return strings.Join(lines, "\n")
}

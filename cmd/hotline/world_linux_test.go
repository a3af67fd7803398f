package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/store/engine/chdb"
	"hotline12333/internal/testkit"
)

// world is a home of its own for the program: directories, ports, settings. Nothing of
// the user is read or written.
type world struct {
	t        *testing.T
	dir      string
	settings map[string]string
	env      map[string]string
}

// steps is how long one step may take on a machine that has much else to do.
const steps = testkit.Patience

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), settings: map[string]string{}, env: map[string]string{beHotline: "1", "TZ": "UTC"}}
	for name, sub := range map[string]string{
		"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "etc", "XDG_DATA_HOME": "share",
		"XDG_CACHE_HOME": "cache", "TMPDIR": "tmp",
	} {
		w.env[name] = filepath.Join(w.dir, sub)
		if err := os.MkdirAll(w.env[name], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if library, err := chdb.Find(""); err == nil { // it lies in a cache that this world does not see
		w.env[chdb.EnvLibrary] = library
	}
	broker, engine, web := testkit.FreeAddress(t), testkit.FreeAddress(t), testkit.FreeAddress(t)
	maps.Copy(w.settings, map[string]string{
		"data.dir":               filepath.Join(w.dir, "data"),
		"embedded_broker.listen": broker, "broker.addresses": broker,
		"engine.listen": engine, "store.address": engine,
		"web.listen": web, "intake.http.listen": testkit.FreeAddress(t),
	})
	return w
}

// sequential skips the test under -short, which is how the race detector runs them: it sends
// commands one after the other, and what happens at the same time in them does so in
// TestImportTwice, TestInterrupted, TestFollowRole, TestRoles, TestPages and others as well.
func sequential(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("its commands come one after the other")
	}
}

// needEngine skips the test where the embedded engine is not installed.
func needEngine(t *testing.T) { t.Helper(); testkit.NeedEngine(t) }

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// write puts a file into the world and gives its path.
func (w *world) write(name, content string) string {
	w.t.Helper()
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// with is the same world under other settings.
func (w *world) with(settings ...string) *world {
	other := &world{t: w.t, dir: w.dir, settings: maps.Clone(w.settings), env: maps.Clone(w.env)}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		other.settings[key] = value
	}
	return other
}

// root is the configuration the program runs with in this world.
func (w *world) root() config.Root {
	w.t.Helper()
	var flags []config.Setting
	for _, key := range slices.Sorted(maps.Keys(w.settings)) {
		flags = append(flags, config.Setting{Path: key, Value: w.settings[key], Flag: "--set " + key})
	}
	flags = append(flags,
		config.Setting{Path: "keys.file", Value: filepath.Join(w.env["XDG_CONFIG_HOME"], "hotline", "keys.json"), Flag: "test"},
		config.Setting{Path: "audit.file", Value: filepath.Join(w.env["XDG_STATE_HOME"], "hotline", "audit.jsonl"), Flag: "test"},
		config.Setting{Path: "intake.state_dir", Value: filepath.Join(w.env["XDG_STATE_HOME"], "hotline", "imports"), Flag: "test"})
	loaded, err := config.Load(config.DefaultRoot(), config.Layers{Flags: flags})
	if err != nil {
		w.t.Fatal(err)
	}
	return loaded.Value
}

// output is written by a process and read by the test.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// process is one run of the program.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	args     []string
	out, err output
	ended    chan struct{}
}

// start runs the program beside the test.
func (w *world) start(args ...string) *process {
	w.t.Helper()
	return w.startWith(nil, args...)
}

// startWith is start with something on the standard input.
func (w *world) startWith(in io.Reader, args ...string) *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{t: w.t, args: args, ended: make(chan struct{})}
	var full []string // before the command: what its own arguments say wins
	for _, key := range slices.Sorted(maps.Keys(w.settings)) {
		full = append(full, "--set", key+"="+w.settings[key])
	}
	p.cmd = exec.Command(self, append(full, args...)...)
	p.cmd.Dir, p.cmd.Stdin = w.dir, in
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); w.env[name] == "" && !strings.HasPrefix(name, "HOTLINE_") {
			p.cmd.Env = append(p.cmd.Env, e)
		}
	}
	for name, value := range w.env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.SysProcAttr = attributes()
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the state says how it ended
	}()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() {
			w.t.Logf("hotline %s, exit code %d\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), p.code(), tail(p.out.String()), tail(p.err.String()))
		}
	})
	return p
}

func tail(s string) string {
	const most = 6000
	if len(s) > most {
		s = "…" + s[len(s)-most:]
	}
	return s
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// kill ends the process at once, as a power loss does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait gives the exit code; after the time it fails the test.
func (p *process) wait(within time.Duration) int {
	p.t.Helper()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.t.Fatalf("hotline %s has not ended within %v", strings.Join(p.args, " "), within)
	}
	return p.code()
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) code() int {
	if p.cmd.ProcessState == nil {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// run runs the program to its end.
func (w *world) run(args ...string) (code int, out, err string) {
	w.t.Helper()
	p := w.start(args...)
	code = p.wait(steps)
	return code, p.out.String(), p.err.String()
}

// must runs the program to its end, which must be a good one, and gives what it printed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	code, out, stderr := w.run(args...)
	if code != 0 {
		w.t.Fatalf("hotline %s: exit code %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return out
}

// up starts everything and waits until it is ready.
func (w *world) up(args ...string) *process {
	w.t.Helper()
	p := w.start(append([]string{"up"}, args...)...)
	p.ready()
	return p
}

// ready waits until up announces the board.
func (p *process) ready() {
	p.t.Helper()
	testkit.Eventually(p.t, steps, func() error {
		if strings.Contains(p.out.String(), "The board is at") {
			return nil
		}
		if !p.running() {
			p.t.Fatalf("hotline %s ended at once with exit code %d:\n%s", strings.Join(p.args, " "), p.code(), p.err.String())
		}
		return errors.New("up is not ready")
	})
}

// enginePID is the process of the embedded engine below up.
func (p *process) enginePID() int {
	p.t.Helper()
	var found int
	testkit.Eventually(p.t, steps, func() error {
		for pid, words := range children(p.pid()) {
			if slices.Contains(words, "engine-child") {
				found = pid
				return nil
			}
		}
		return errors.New("up has no engine")
	})
	return found
}

// gone waits until none of the processes is left.
func gone(t *testing.T, pids ...int) {
	t.Helper()
	testkit.Eventually(t, steps, func() error {
		for _, pid := range pids {
			if alive(pid) {
				return fmt.Errorf("process %d is still there", pid)
			}
		}
		return nil
	})
}

// bounded is the test's context with an end.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), steps)
	t.Cleanup(cancel)
	return ctx
}

package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

// envParent makes the test binary a program that runs an engine, so that a
// test can kill it.
const envParent = "HOTLINE_TEST_ENGINE_PARENT"

type parentReport struct {
	Address string `json:"address"`
	PID     int    `json:"pid"`
}

func parentHelper() (ran bool, code int) {
	text := os.Getenv(envParent)
	if text == "" {
		return false, 0
	}
	var cfg engine.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 2
	}
	e := engine.New(cfg, engine.Deps{})
	if err := e.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	data, err := json.Marshal(parentReport{Address: e.Addr(), PID: e.PID()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 2
	}
	fmt.Println(string(data))
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test says so or is gone
	if err := e.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

type parentProcess struct {
	parentReport
	cmd   *exec.Cmd
	stdin io.Closer
}

func startParent(t *testing.T, cfg engine.Config) *parentProcess {
	t.Helper()
	testkit.NeedEngine(t)
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := &parentProcess{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), envParent+"="+string(text))
	p.cmd.Stderr = t.Output()
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the parent did not report: %v", err)
	}
	if err := json.Unmarshal(line, &p.parentReport); err != nil {
		t.Fatal(err)
	}
	return p
}

// gone reports whether a process has ended.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	_, state, _ := strings.Cut(string(data), ") ")
	return strings.HasPrefix(state, "Z")
}

func TestChildDiesWithItsParent(t *testing.T) {
	cfg := testConfig(t)
	cfg.Listen = testkit.FreeAddress(t)
	parent := startParent(t, cfg)
	conn := connect(t, parent.Address)
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n", "INSERT INTO d.t VALUES (7)")
	if err := parent.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child is gone", func() bool { return gone(parent.PID) })

	// A start right after the kill finds port and directory free.
	second := startParent(t, cfg)
	if second.Address != parent.Address {
		t.Errorf("address %s, want %s", second.Address, parent.Address)
	}
	if got := scalar[uint64](t, connect(t, second.Address), "SELECT n FROM d.t"); got != 7 {
		t.Errorf("read %d", got)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	parent := startParent(t, testConfig(t))
	started := time.Now()
	if err := parent.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := parent.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Log("stopped in", time.Since(started))
	if !gone(parent.PID) {
		t.Error("the child is still there")
	}
}

func TestChildIgnoresInterrupt(t *testing.T) {
	e := startEngine(t, testConfig(t), engine.Deps{})
	pid := e.PID()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
	if err := connect(t, e.Addr()).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.PID() != pid || !e.Up() {
		t.Error("the child did not survive the signal")
	}
}

func TestChildByHand(t *testing.T) {
	cmd := exec.Command(os.Args[0], "engine-child")
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), "started by hotline itself") {
		t.Errorf("%v: %s", err, out)
	}
}

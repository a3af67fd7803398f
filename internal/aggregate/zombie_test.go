package aggregate_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/broker"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// The environment of an aggregator that runs as a process of its own.
const (
	zombieBroker   = "HOTLINE_TEST_ZOMBIE_BROKER"
	zombieStore    = "HOTLINE_TEST_ZOMBIE_STORE"
	zombieDatabase = "HOTLINE_TEST_ZOMBIE_DATABASE"
)

// zombieMain is the process: an aggregator that stops itself, as SIGSTOP stops, between
// gathering marks and its first write.
func zombieMain() (ran bool, code int) {
	if os.Getenv(zombieBroker) == "" {
		return false, 0
	}
	if err := zombie(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

func zombie(ctx context.Context) error {
	cfg := store.DefaultConfig()
	cfg.Address, cfg.Database = os.Getenv(zombieStore), os.Getenv(zombieDatabase)
	db, err := store.Open(ctx, cfg, store.Deps{})
	if err != nil {
		return err
	}
	client, err := broker.New(clientConfig(os.Getenv(zombieBroker)), broker.Deps{})
	if err != nil {
		return err
	}
	// It writes whatever its context says: the worst a sleeper can do.
	stopping := &sleeper{Store: db}
	a, err := aggregate.New(aggregate.DefaultConfig(), aggregate.Deps{Broker: client, Store: stopping})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

type sleeper struct{ *store.Store }

func (s *sleeper) Recompute(ctx context.Context, buckets []time.Time, version uint64) error {
	fmt.Println("stopping")
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		return err
	}
	err := s.Store.Recompute(context.WithoutCancel(ctx), buckets, version)
	fmt.Println("wrote", version, err)
	return err
}

// An aggregator is stopped before its write, another takes its partition, passes it and
// goes on; the first is woken and writes what it had in mind. No figure changes.
func TestZombie(t *testing.T) {
	s := newStack(t, 1)
	s.mark(s.put(call("a", 1, base(), "general"))...)

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), zombieBroker+"="+s.addr, zombieStore+"="+s.config.Address, zombieDatabase+"="+s.config.Database)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it does not end by itself
		_ = cmd.Wait()
	})
	said := bufio.NewScanner(out)
	hear := func(word string) {
		t.Helper()
		if !said.Scan() || !strings.HasPrefix(said.Text(), word) {
			t.Fatalf("the aggregator said %q, not %q (%v)", said.Text(), word, said.Err())
		}
	}
	hear("stopping")
	testkit.Eventually(t, testkit.Patience, func() error { return stopped(cmd.Process.Pid) })

	// The world moves on: to another queue, to another bucket, and with another aggregator.
	s.mark(s.put(call("a", 2, base(), "cards"))...)
	s.mark(s.put(call("b", 1, base(), "general"))...)
	s.run()
	s.settle()
	s.check("after the second aggregator passed")
	s.mark(s.put(call("b", 2, base().Add(time.Hour), "general"))...)
	s.settle()
	s.check("after it went on")
	before := s.tallies()

	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	hear("wrote")
	s.check("after the first one woke up and wrote")
	if after := s.tallies(); len(after) != len(before) {
		t.Errorf("%d groups, before it woke up %d", len(after), len(before))
	}
	// And it does not disturb what comes next.
	s.mark(s.put(call("c", 1, base(), "general"))...)
	s.settle()
	s.check("at the end")
}

// stopped is nil once the process is in the state T.
func stopped(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	if !strings.HasPrefix(rest, "T") {
		return fmt.Errorf("process is in state %.1s", rest)
	}
	return nil
}

// Package testkit starts the real things tests run against: the embedded
// broker, and Apache Kafka when its jars are at hand. Only tests import it.
//
// What it will not do: fake a service, install one, or hold a test to a time: how long
// something takes on a machine that does other things as well says nothing.
package testkit

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Log writes to the test's own output, for as long as the test runs: what a
// goroutine says after that is dropped instead of failing another test.
func Log(t testing.TB) *slog.Logger {
	w := &testWriter{t: t}
	t.Cleanup(w.end)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type testWriter struct {
	mu   sync.Mutex
	t    testing.TB
	over bool
}

func (w *testWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.t.Logf("%s", bytes.TrimRight(b, "\n"))
	}
	return len(b), nil
}

func (w *testWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

// Missing ends a test whose real service is not there: skipped, or failed when
// HOTLINE_REQUIRE, a comma separated list, names the service.
func Missing(t testing.TB, service, how string) {
	t.Helper()
	for name := range strings.SplitSeq(os.Getenv("HOTLINE_REQUIRE"), ",") {
		if strings.TrimSpace(name) == service {
			t.Fatalf("%s is required by HOTLINE_REQUIRE but missing: %s", service, how)
		}
	}
	t.Skipf("%s is missing: %s", service, how)
}

// Patience is how long a test waits for what must come. It is far above what anything
// takes: waiting costs nothing where it comes, and a busy machine must not fail a test.
const Patience = 5 * time.Minute

// EnvTimed in the environment makes the times that the program promises count.
const EnvTimed = "HOTLINE_TIMED"

// Promised notes how long something took that the program promises to do within a time.
// Only a machine that does nothing else can break the promise: the test fails where
// HOTLINE_TIMED=1 says that it is one, as `make timed` does.
func Promised(t testing.TB, what string, took, most time.Duration) {
	t.Helper()
	t.Logf("%s: %v of the %v promised", what, took.Round(time.Millisecond), most)
	if took > most && os.Getenv(EnvTimed) == "1" {
		t.Errorf("%s: took %v, promised are %v", what, took, most)
	}
}

// Sample is how much a test takes of what it could: all, or few of it under -short, which is
// how the race detector runs it. It is for sizes that tell nothing about what happens at
// the same time.
func Sample(all, few int) int {
	if testing.Short() {
		return few
	}
	return all
}

// Eventually calls check until it gives nil; after the time it fails the test
// with the last error.
func Eventually(t testing.TB, within time.Duration, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %v", within, err)
		case <-tick.C:
		}
	}
}

package testkit

import (
	"context"
	"testing"

	"hotline12333/internal/broker/embedded"
)

// Broker starts an embedded broker of its own for the test, in a directory and
// on a port of its own, and gives its address. It stops with the test.
func Broker(t testing.TB) string {
	t.Helper()
	return EmbeddedBroker(t, embedded.Config{}).Addr()
}

// EmbeddedBroker is Broker with a configuration: fields that are zero get what
// fits a test. The test may stop the broker itself.
func EmbeddedBroker(t testing.TB, cfg embedded.Config) *embedded.Broker {
	t.Helper()
	def := embedded.DefaultConfig()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Listen == "" {
		cfg.Listen = FreeAddress(t)
	}
	if cfg.SegmentBytes == 0 {
		cfg.SegmentBytes = def.SegmentBytes
	}
	if cfg.RetentionInterval == 0 {
		cfg.RetentionInterval = def.RetentionInterval
	}
	if cfg.StartWait == 0 {
		cfg.StartWait = Patience
	}
	b, err := embedded.New(cfg, embedded.Deps{Log: Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context is over by now.
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := b.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return b
}

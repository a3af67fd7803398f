package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// teardown is a stack of named stops, run last-in first-out.
type teardown struct {
	log   *slog.Logger
	items []stopItem
}

type stopItem struct {
	name  string
	bound time.Duration
	stop  func(context.Context) error
}

// add puts a stop on the stack; bound is the time it gets.
func (t *teardown) add(name string, bound time.Duration, stop func(context.Context) error) {
	t.items = append(t.items, stopItem{name, bound, stop})
}

// run stops everything, newest first, and joins what went wrong. It does not hang: a
// stop that exceeds its bound is reported and left behind.
func (t *teardown) run() error {
	var errs []error
	for i := len(t.items) - 1; i >= 0; i-- {
		item := t.items[i]
		if err := bounded(item); err != nil {
			errs = append(errs, fmt.Errorf("stopping %s: %w", item.name, err))
		}
		t.log.Debug("stopped", "part", item.name)
	}
	t.items = nil
	return errors.Join(errs...)
}

func bounded(item stopItem) error {
	// A context of its own: what stops has usually been cancelled already.
	ctx, cancel := context.WithTimeout(context.Background(), item.bound)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- item.stop(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("not done within %s", item.bound)
	}
}

// crew runs the long-lived parts. The first one that ends with an error ends all.
type crew struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
}

func newCrew(ctx context.Context) *crew {
	ctx, cancel := context.WithCancelCause(ctx)
	return &crew{ctx: ctx, cancel: cancel}
}

var errCrewDone = errors.New("stopped")

// start runs a part until the crew stops. A part that returns nil early is simply done.
func (c *crew) start(name string, run func(context.Context) error) {
	c.wg.Go(func() {
		if err := run(c.ctx); err != nil && c.ctx.Err() == nil {
			c.cancel(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// wait blocks until the crew is told to stop or a part fails, and gives that part's error.
func (c *crew) wait() error {
	<-c.ctx.Done()
	return c.failure()
}

// failure is the error of the part that ended the crew, nil while it runs or when it was
// told to stop.
func (c *crew) failure() error {
	cause := context.Cause(c.ctx)
	if errors.Is(cause, context.Canceled) || errors.Is(cause, errCrewDone) {
		return nil
	}
	return cause
}

// stop tells all parts to end and waits for them, or for ctx.
func (c *crew) stop(ctx context.Context) error {
	c.cancel(errCrewDone)
	done := make(chan struct{})
	go func() { c.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("some parts are still running")
	}
}

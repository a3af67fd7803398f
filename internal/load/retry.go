package load

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
)

// try repeats a step until it succeeds. It gives up when the worker should leave, and
// returns what repetition does not heal: refused data, a lost partition. A fault of the
// schema pauses the worker: someone must mend it, and then it goes on by itself.
func (w *worker) try(ctx context.Context, step string, do func(context.Context) error) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = w.cfg.RetryMin, w.cfg.RetryMax
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil {
			w.resumed(step, attempt)
			return nil
		}
		if final(err) {
			return err
		}
		wait := pauses.NextBackOff()
		if paused(err) {
			wait = w.cfg.PauseRetry
		}
		w.failed(step, attempt, err)
		if !w.sleep(ctx, wait) {
			return errors.Join(errLeaving, err)
		}
	}
}

// final says whether the step's caller must decide.
func final(err error) bool {
	return errors.Is(err, errReplan) || errors.Is(err, errLeaving) ||
		errors.Is(err, broker.ErrFenced) || errors.Is(err, broker.ErrClosed) ||
		store.IsData(err)
}

func paused(err error) bool { return store.IsSchema(err) || errors.Is(err, errNoCulprit) }

func (w *worker) failed(step string, attempt int, err error) {
	w.metrics.retries.WithLabelValues(step).Inc()
	if paused(err) {
		w.gauges.paused.Set(1)
		w.log.Error("paused: the database does not fit this program; run hotline migrate or mend what the error names",
			"step", step, "attempt", attempt, "error", err)
		return
	}
	w.gauges.paused.Set(0)
	// Once at the start of an outage, then once in a while.
	if attempt&(attempt-1) == 0 || attempt%64 == 0 {
		w.log.Warn("step failed, trying again, nothing is read meanwhile", "step", step, "attempt", attempt, "error", err)
	}
}

func (w *worker) resumed(step string, attempt int) {
	if attempt == 1 {
		return
	}
	w.gauges.paused.Set(0)
	w.log.Info("step succeeded after failures", "step", step, "attempts", attempt)
}

// sleep is false when the worker should leave instead.
func (w *worker) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.leaving:
		return false
	case <-ctx.Done():
		return false
	}
}

package publish

import (
	"context"
	"errors"
	"time"
)

// learn keeps up to date what today and the year are held against, and what is usual, until
// ctx ends. It reads months, anew whenever the past is corrected, and so it is done beside the
// reading of the figures: no call waits for it.
func (f *Follower) learn(ctx context.Context) {
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-f.looked:
		}
		err := f.relearn(ctx, f.deps.Now())
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			continue
		}
		f.inst.failures.Inc()
		if failures%16 == 0 {
			f.log.Warn("reading what figures are held against failed, trying again", "error", err)
		}
		failures++
		if !f.rest(ctx, maxPause, maxPause, nil) {
			return
		}
	}
}

// relearn reads what need be.
func (f *Follower) relearn(ctx context.Context, now time.Time) error {
	return errors.Join(f.readUsual(ctx, now), f.readYardstick(ctx, now))
}

// hasLooked wakes who learns. It does not block.
func (f *Follower) hasLooked() {
	select {
	case f.looked <- struct{}{}:
	default:
	}
}

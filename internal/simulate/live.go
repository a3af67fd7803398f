package simulate

import (
	"context"
	"fmt"
	"time"
)

// Clock is the time that Live follows.
type Clock interface {
	Now() time.Time
	// Wait returns when it is at or after t, or when the context ends.
	Wait(ctx context.Context, t time.Time)
}

// Wall is the clock on the wall.
func Wall() Clock { return wall{} }

type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) Wait(ctx context.Context, t time.Time) { wait(ctx, time.Until(t)) }

// Faster is a clock that shows from now and runs so many times as fast as time does.
func Faster(from time.Time, speed float64) Clock {
	return faster{from: from, began: time.Now(), speed: speed}
}

type faster struct {
	from, began time.Time
	speed       float64
}

func (f faster) Now() time.Time {
	return f.from.Add(time.Duration(float64(time.Since(f.began)) * f.speed))
}

func (f faster) Wait(ctx context.Context, t time.Time) {
	wait(ctx, time.Duration(float64(t.Sub(f.Now()))/f.speed))
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// batch is the most records handed over at once, after the process was asleep for hours.
const batch = 500

// Live goes on in the clock's time: each version of a record is emitted when its moment has
// come, whatever was due at once first. It returns nil when the context ends or the last
// caller has gone, and the error of emit when that fails: what was not emitted is kept,
// and calling Live again begins with it.
func (s *Simulation) Live(ctx context.Context, clock Clock, emit func(context.Context, []Event) error) error {
	s.finalOnly = false
	for ctx.Err() == nil {
		next, more := s.catchUp(clock.Now().UnixMilli())
		if len(s.out) > 0 {
			if err := emit(ctx, s.out); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("emitting simulated records: %w", err)
			}
			s.out = nil
			continue
		}
		if s.err != nil {
			return s.err
		}
		if !more {
			return nil
		}
		clock.Wait(ctx, instant(next))
	}
	return nil
}

// catchUp lets everything happen that is due, as far as a batch goes, and tells when the
// next thing is.
func (s *Simulation) catchUp(now int64) (next int64, more bool) {
	for len(s.out) < batch && s.err == nil && !s.finished() {
		if next, more = s.agenda.next(); !more || next > now {
			return next, more
		}
		s.step()
	}
	return now, s.err == nil && !s.finished()
}

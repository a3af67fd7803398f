package publish

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/kpi"
)

// confirmedEvery is how often the store is asked what has been confirmed: no tally tells
// of it, and who has confirmed a definition looks at the board at once.
const confirmedEvery = time.Second

// readConfirmed asks what has been confirmed, now and then.
func (f *Follower) readConfirmed(ctx context.Context, now time.Time) error {
	if since := now.Sub(f.askedConfirmed); since >= 0 && since < confirmedEvery {
		return nil
	}
	list, err := f.deps.Store.Confirmed(ctx)
	if err != nil {
		return fmt.Errorf("reading which definitions are confirmed: %w", err)
	}
	f.askedConfirmed = now
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(list, f.confirmed) {
		f.confirmed = list
		f.tell()
	}
	return nil
}

// definitionsAt are those in force. f.mu is held.
func (f *Follower) definitionsAt(now time.Time) kpi.Definitions {
	if f.deps.Definitions == nil {
		return kpi.DefaultDefinitions()
	}
	c := kpi.Choices{Zone: f.zone, Definitions: f.deps.Definitions, Confirmed: f.confirmed}
	return c.At(now)
}

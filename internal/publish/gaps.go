package publish

import (
	"context"
	"time"
)

// notingEvery is how often it is tried again.
const notingEvery = time.Minute

// noteGaps notes in the store, once, what the sources cannot tell. A store that takes nothing
// in, as one whose disk is full, can still be read: nobody waits for this.
func (f *Follower) noteGaps(ctx context.Context, now time.Time) {
	if since := now.Sub(f.noting); f.noted || since >= 0 && since < notingEvery {
		return
	}
	f.noting = now
	if err := f.deps.Store.NoteSourceGaps(ctx, f.deps.Cannot); err != nil {
		f.log.Warn("what the sources cannot tell is not noted for dashboards that ask the tables, trying again", "error", err)
		return
	}
	f.noted = true
}

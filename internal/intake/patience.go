package intake

import (
	"context"
	"time"
)

// awayMost is the longest interval at which Kafka is asked while nobody gives up.
const awayMost = 15 * time.Second

// waiter is told of a Kafka that takes nothing.
type waiter interface {
	away(since time.Duration, err error) // err is nil where it answers and yet takes nothing
	back()
}

// patient is an importer that waits for Kafka as long as it takes.
func (im *Importer) patient(w waiter) *Importer {
	p := *im
	p.waiter = w
	return &p
}

// outlast watches a produce that may take for ever; told says that it was told of.
func (im *Importer) outlast(ctx context.Context) (told bool) {
	began := time.Now()
	for every := pingEvery; ; every = min(2*every, awayMost) {
		select {
		case <-ctx.Done():
			return told
		case <-time.After(every):
		}
		ping, cancel := context.WithTimeout(ctx, 2*pingEvery)
		err := im.broker.Ping(ping)
		cancel()
		since := time.Since(began)
		if ctx.Err() == nil && (err != nil || since >= im.cfg.Stall) {
			im.waiter.away(since, err)
			told = true
		}
	}
}

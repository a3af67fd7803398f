package publish

import (
	"context"
	"sync"
	"time"
)

// asidePatience is how long a scrape waits for an answer.
const asidePatience = time.Second

// aside is something that is read beside the scrapes: a database that hangs must not make
// one fail, after which the program would pass for gone. Until it has answered what was
// read last holds, and it is not asked again.
type aside[T any] struct {
	read    func(context.Context) (T, error)
	every   time.Duration // how often it is asked at most
	timeout time.Duration // of one reading
	keep    bool          // what was read last holds too when it cannot be read, else nothing does
	warn    func(error)   // told once, not at every scrape

	mu      sync.Mutex
	last    T
	asked   time.Time
	reading chan struct{} // closed when it has been read; nil while it is not
	failed  bool
}

// current is what it says, at most as old as every where it answers within asidePatience.
func (a *aside[T]) current(now time.Time) T {
	a.mu.Lock()
	if since := now.Sub(a.asked); a.reading == nil && (since < 0 || since >= a.every) {
		a.asked, a.reading = now, make(chan struct{})
		go a.refresh()
	}
	reading := a.reading
	a.mu.Unlock()
	if reading != nil {
		select {
		case <-reading:
		case <-time.After(asidePatience):
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

func (a *aside[T]) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), a.timeout)
	defer cancel()
	value, err := a.read(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && !a.failed {
		a.warn(err)
	}
	switch a.failed = err != nil; {
	case !a.failed:
		a.last = value
	case !a.keep:
		var none T
		a.last = none
	}
	close(a.reading)
	a.reading = nil
}

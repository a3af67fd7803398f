package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// delays are the times from the acknowledgement of records, in their order, until each was
// counted somewhere.
type delays struct {
	total int
	acked []time.Time
	list  []time.Duration
}

func (d *delays) left() bool { return len(d.list) < d.total }

// acknowledged takes what was acknowledged since, for itself and others.
func (d *delays) acknowledged(acks <-chan time.Time, others ...*delays) {
	for len(acks) > 0 {
		at := <-acks
		d.acked = append(d.acked, at)
		for _, o := range others {
			o.acked = append(o.acked, at)
		}
	}
}

// counted notes that so many of them were counted at an instant.
func (d *delays) counted(n int, at time.Time) {
	for len(d.list) < min(n, len(d.acked)) {
		d.list = append(d.list, at.Sub(d.acked[len(d.list)]))
	}
}

// String tells of all delays.
func (d *delays) String() string {
	sorted := slices.Sorted(slices.Values(d.list))
	at := func(q float64) int64 { return sorted[int(q*float64(len(sorted)-1))].Milliseconds() }
	return fmt.Sprintf("p50 %d ms, p99 %d ms, most %d ms", at(0.5), at(0.99), at(1))
}

// onBoards is how many of the steady feed's calls every open board shows.
type onBoards struct {
	answered int
	at       time.Time
}

// watchers are boards that are open, each a stream of events of its own.
type watchers struct {
	seen chan onBoards
	stop func()

	mu     sync.Mutex
	counts []int // answered calls of the feed, by viewer
	least  int   // of them
}

// watch opens boards, which show the feed as answered calls of the year beyond those of the
// backfill.
func (m *measured) watch(ctx context.Context, viewers int) (*watchers, error) {
	if viewers > 0 {
		if err := m.untilShown(ctx); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	w := &watchers{
		seen: make(chan onBoards, 1000), counts: make([]int, viewers),
		stop: func() {
			cancel()
			all.Wait()
		},
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: viewers}}
	for i := range viewers {
		answer, err := m.ask(ctx, client, "/api/events")
		if err != nil {
			w.stop()
			return nil, fmt.Errorf("opening a board: %w", err)
		}
		all.Go(func() {
			defer func() { _ = answer.Body.Close() }() // only read from
			lines := bufio.NewScanner(answer.Body)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				if answered, ok := answeredOn(lines.Text()); ok {
					w.saw(i, answered-m.past)
				}
			}
		})
	}
	return w, nil
}

// answeredOn finds the answered calls of the year in a line of the stream. Reading all of it
// fifty times would cost the machine that is measured.
func answeredOn(line string) (int, bool) {
	_, rest, ok := strings.Cut(line, `"year":{"answered":`)
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// ask opens a page of the measured system.
func (m *measured) ask(ctx context.Context, client *http.Client, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.pages.Addr()+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // packing is work for the machine that is measured
	return client.Do(req)
}

// untilShown waits until the board shows the whole backfill, so that none of it is taken for
// a record of the feed.
func (m *measured) untilShown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return untilReady(ctx, func(ctx context.Context) error {
		answer, err := m.ask(ctx, http.DefaultClient, "/api/board")
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }() // only read from
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		switch n, ok := answeredOn(string(body)); {
		case !ok:
			return fmt.Errorf("the board does not tell of the year's calls: %s", answer.Status)
		case n != m.past:
			return fmt.Errorf("the board shows %d answered calls of this year, and %d were sent", n, m.past)
		}
		return nil
	})
}

// saw notes how much of the feed a viewer sees, and tells when the last of them has come to
// see more.
func (w *watchers) saw(viewer, answered int) {
	at := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[viewer] = answered
	if least := slices.Min(w.counts); least > w.least {
		w.least = least
		w.seen <- onBoards{least, at}
	}
}

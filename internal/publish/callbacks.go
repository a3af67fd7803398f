package publish

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/callback"
)

const (
	// callbacksEvery is how often the list of lost callers is asked for at most.
	callbacksEvery = 15 * time.Second
	// callbacksPatience is how long a scrape waits for it, and callbacksTimeout how long
	// the reading may take beside the scrapes.
	callbacksPatience = time.Second
	callbacksTimeout  = time.Minute
)

// Callbacks exports how many lost callers stand how. When the list cannot be read there is
// no series: never zero. A long list is read beside the scrapes; until it is what was read
// last holds.
type Callbacks struct {
	read  func(context.Context) (map[string]callback.Figures, error)
	now   func() time.Time
	log   *slog.Logger
	count *prometheus.Desc

	mu      sync.Mutex
	figures map[string]callback.Figures // nil: not known
	asked   time.Time
	reading chan struct{} // closed when the list has been read; nil while it is not
	failed  bool
}

var _ prometheus.Collector = (*Callbacks)(nil)

// NewCallbacks makes the collector; read gives the figures of each centre, under the empty
// name those of all.
func NewCallbacks(read func(context.Context) (map[string]callback.Figures, error), now func() time.Time, log *slog.Logger) *Callbacks {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Callbacks{read: read, now: now, log: log, count: prometheus.NewDesc("hotline_callbacks",
		"Lost callers of the last days (callbacks.days) by state: owed, of these taken (somebody calls back) and overdue; done, redialled (called again and were answered); apart from these short (short abandons alone) and withheld (calls without a number). Work, not an indicator.",
		[]string{"state", "centre"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *Callbacks) Describe(ch chan<- *prometheus.Desc) { ch <- c.count }

// Collect implements prometheus.Collector.
func (c *Callbacks) Collect(ch chan<- prometheus.Metric) {
	to, figures := sink(ch), c.current()
	for _, centre := range slices.Sorted(maps.Keys(figures)) {
		f, name := figures[centre], named(centre)
		if centre == "" {
			name = labelAll
		}
		for _, s := range []struct {
			state string
			n     int
		}{
			{"owed", f.Owed}, {"taken", f.Taken}, {"overdue", f.Overdue}, {"done", f.Done}, {"redialled", f.Redialled}, {"short", f.Short}, {"withheld", f.Withheld},
		} {
			to.gauge(c.count, float64(s.n), s.state, name)
		}
	}
}

func (c *Callbacks) current() map[string]callback.Figures {
	c.mu.Lock()
	now := c.now()
	if since := now.Sub(c.asked); c.reading == nil && (since < 0 || since >= callbacksEvery) {
		c.asked, c.reading = now, make(chan struct{})
		go c.refresh()
	}
	reading := c.reading
	c.mu.Unlock()
	if reading != nil {
		select {
		case <-reading:
		case <-time.After(callbacksPatience):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.figures
}

func (c *Callbacks) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), callbacksTimeout)
	defer cancel()
	figures, err := c.read(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !c.failed { // told once, not at every scrape
		c.log.Warn("the list of lost callers cannot be read, hotline_callbacks is absent", "error", err)
	}
	if c.figures, c.failed = figures, err != nil; c.failed {
		c.figures = nil
	}
	close(c.reading)
	c.reading = nil
}

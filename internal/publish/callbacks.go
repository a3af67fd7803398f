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

// callbacksEvery is how often the list of lost callers is asked for at most.
const callbacksEvery = 15 * time.Second

// Callbacks exports how many lost callers stand how. While the list cannot be read there is
// no series: never zero.
type Callbacks struct {
	read  func(context.Context) (map[string]callback.Figures, error)
	now   func() time.Time
	log   *slog.Logger
	count *prometheus.Desc

	mu      sync.Mutex
	figures map[string]callback.Figures // nil: not known
	asked   time.Time
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
	defer c.mu.Unlock()
	now := c.now()
	if since := now.Sub(c.asked); since >= 0 && since < callbacksEvery {
		return c.figures
	}
	ctx, cancel := context.WithTimeout(context.Background(), evaluationTimeout)
	defer cancel()
	figures, err := c.read(ctx)
	if err != nil {
		if c.figures != nil || c.asked.IsZero() {
			c.log.Warn("the list of lost callers cannot be read, hotline_callbacks is absent", "error", err)
		}
		figures = nil
	}
	c.figures, c.asked = figures, now
	return figures
}

package publish

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/callback"
)

const (
	// callbacksEvery is how often the list of lost callers is asked for at most.
	callbacksEvery = 15 * time.Second
	// callbacksTimeout is how long reading it may take, beside the scrapes.
	callbacksTimeout = time.Minute
)

// Callbacks exports how many lost callers stand how. When the list cannot be read there is
// no series: never zero. A long list is read beside the scrapes; until it is what was read
// last holds.
type Callbacks struct {
	now     func() time.Time
	count   *prometheus.Desc
	figures aside[map[string]callback.Figures] // nil: not known
}

var _ prometheus.Collector = (*Callbacks)(nil)

// NewCallbacks makes the collector; read gives the figures of each centre, under the empty
// name those of all.
func NewCallbacks(read func(context.Context) (map[string]callback.Figures, error), now func() time.Time, log *slog.Logger) *Callbacks {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Callbacks{now: now, figures: aside[map[string]callback.Figures]{
		read: read, every: callbacksEvery, timeout: callbacksTimeout,
		warn: func(err error) {
			log.Warn("the list of lost callers cannot be read, hotline_callbacks is absent", "error", err)
		},
	}, count: prometheus.NewDesc("hotline_callbacks",
		"Lost callers of the last days (callbacks.days) by state: owed, of these taken (somebody calls back) and overdue; done, redialled (called again and were answered); apart from these short (short abandons alone) and withheld (calls without a number). Work, not an indicator.",
		[]string{"state", "centre"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *Callbacks) Describe(ch chan<- *prometheus.Desc) { ch <- c.count }

// Collect implements prometheus.Collector.
func (c *Callbacks) Collect(ch chan<- prometheus.Metric) {
	to, figures := sink(ch), c.figures.current(c.now())
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

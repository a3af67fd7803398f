package publish

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/callback"
	"hotline12333/internal/kpi"
)

const (
	// callbacksEvery is how often the list of lost callers is asked for at most.
	callbacksEvery = 15 * time.Second
	// callbacksTimeout is how long reading it may take, beside the scrapes.
	callbacksTimeout = time.Minute
)

// Callbacks exports how many lost callers stand how. When the list cannot be read there is
// no series: never zero. Nor is there one of those to be called back where nobody is known and
// a source does not tell of them. A long list is read beside the scrapes; until it is what was read
// last holds.
type Callbacks struct {
	source  Source
	now     func() time.Time
	count   *prometheus.Desc
	figures aside[map[string]callback.Figures] // nil: not known
}

var _ prometheus.Collector = (*Callbacks)(nil)

// NewCallbacks makes the collector; source tells what is known of lost callers, read gives the
// figures of each centre, under the empty name those of all.
func NewCallbacks(source Source, read func(context.Context) (map[string]callback.Figures, error), now func() time.Time, log *slog.Logger) *Callbacks {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Callbacks{source: source, now: now, figures: aside[map[string]callback.Figures]{
		read: read, every: callbacksEvery, timeout: callbacksTimeout,
		warn: func(err error) {
			log.Warn("the list of lost callers cannot be read, hotline_callbacks is absent", "error", err)
		},
	}, count: prometheus.NewDesc("hotline_callbacks",
		"Lost callers of the last days (callbacks.days) by state: owed, of these taken (somebody calls back) and overdue; done, redialled (called again and were answered); apart from these short (short abandons alone) and withheld (calls without a number). owed, taken and overdue are absent where nobody is known and a source does not tell of them. Work, not an indicator.",
		[]string{"state", "centre"}, nil)}
}

type stateCount struct {
	state string
	n     int
}

// Describe implements prometheus.Collector.
func (c *Callbacks) Describe(ch chan<- *prometheus.Desc) { ch <- c.count }

// Collect implements prometheus.Collector.
func (c *Callbacks) Collect(ch chan<- prometheus.Metric) {
	now := c.now()
	to, figures := sink(ch), c.figures.current(now)
	s, known := c.source.Snapshot(now)
	for _, centre := range slices.Sorted(maps.Keys(figures)) {
		f, name, scope := figures[centre], named(centre), kpi.Scope{Level: kpi.OneCentre, Centre: centre}
		if centre == "" {
			name, scope = labelAll, kpi.Scope{}
		}
		states := []stateCount{{"done", f.Done}, {"redialled", f.Redialled}, {"short", f.Short}, {"withheld", f.Withheld}}
		if known && s.KnowsLostCallers(scope, f.Owed) {
			states = append(states, stateCount{"owed", f.Owed}, stateCount{"taken", f.Taken}, stateCount{"overdue", f.Overdue})
		}
		for _, s := range states {
			to.gauge(c.count, float64(s.n), s.state, name)
		}
	}
}

package publish

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/journal"
)

// maintenanceEvery is how often the journal is asked for planned maintenance.
const maintenanceEvery = 5 * time.Second

// Maintenance exports whether alerts are to be silent. While the journal cannot be read
// what was read last holds: a database that is down for maintenance must not wake anybody.
type Maintenance struct {
	now     func() time.Time
	on, end *prometheus.Desc
	planned aside[[]Planned]
}

// Planned is a maintenance that holds in the journal, and who has announced it.
type Planned struct {
	journal.Maintenance
	By string
}

var _ prometheus.Collector = (*Maintenance)(nil)

// NewMaintenance makes the collector; read gives what holds in the journal.
func NewMaintenance(read func(context.Context) ([]Planned, error), now func() time.Time, log *slog.Logger) *Maintenance {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Maintenance{
		now: now,
		planned: aside[[]Planned]{
			read: read, every: maintenanceEvery, timeout: evaluationTimeout, keep: true,
			warn: func(err error) {
				log.Warn("planned maintenance cannot be read, what was read last holds", "error", err)
			},
		},
		on: prometheus.NewDesc("hotline_maintenance",
			"1 while planned maintenance goes on (hotline maintenance), in which alerts are silent, else 0.", nil, nil),
		end: prometheus.NewDesc("hotline_maintenance_until_timestamp_seconds",
			"When the maintenance ends that goes on, in unix seconds; absent while none does.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *Maintenance) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.on
	ch <- m.end
}

// Collect implements prometheus.Collector.
func (m *Maintenance) Collect(ch chan<- prometheus.Metric) {
	to := sink(ch)
	p, on := m.Holding(m.now())
	to.gauge(m.on, truth(on))
	if on {
		to.gauge(m.end, float64(p.To.Unix()))
	}
}

// Holding is the maintenance that goes on at an instant; of several the one that ends last.
func (m *Maintenance) Holding(now time.Time) (last Planned, on bool) {
	for _, p := range m.planned.current(now) {
		if p.Holds(now) && (!on || p.To.After(last.To)) {
			last, on = p, true
		}
	}
	return last, on
}

package publish

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/journal"
)

// maintenanceEvery is how often the journal is asked for planned maintenance.
const maintenanceEvery = 5 * time.Second

// Maintenance exports whether alerts are to be silent. While the journal cannot be read
// what was read last holds: a database that is down for maintenance must not wake anybody.
type Maintenance struct {
	read    func(context.Context) ([]journal.Maintenance, error)
	now     func() time.Time
	log     *slog.Logger
	on, end *prometheus.Desc

	mu    sync.Mutex
	list  []journal.Maintenance
	asked time.Time
}

var _ prometheus.Collector = (*Maintenance)(nil)

// NewMaintenance makes the collector; read gives what holds in the journal.
func NewMaintenance(read func(context.Context) ([]journal.Maintenance, error), now func() time.Time, log *slog.Logger) *Maintenance {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Maintenance{
		read: read, now: now, log: log,
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
	to, now := sink(ch), m.now()
	var until time.Time
	for _, planned := range m.current(now) {
		if planned.Holds(now) {
			until = later(until, planned.To)
		}
	}
	to.gauge(m.on, truth(!until.IsZero()))
	if !until.IsZero() {
		to.gauge(m.end, float64(until.Unix()))
	}
}

func (m *Maintenance) current(now time.Time) []journal.Maintenance {
	m.mu.Lock()
	defer m.mu.Unlock()
	if since := now.Sub(m.asked); since >= 0 && since < maintenanceEvery {
		return m.list
	}
	ctx, cancel := context.WithTimeout(context.Background(), evaluationTimeout)
	defer cancel()
	list, err := m.read(ctx)
	if err != nil {
		m.log.Warn("planned maintenance cannot be read, what was read last holds", "error", err)
		m.asked = now
		return m.list
	}
	m.list, m.asked = list, now
	return list
}

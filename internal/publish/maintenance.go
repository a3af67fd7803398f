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

// maintenancePatience is how long a scrape waits for its answer.
const maintenancePatience = time.Second

// Maintenance exports whether alerts are to be silent. While the journal cannot be read
// what was read last holds: a database that is down for maintenance must not wake anybody.
type Maintenance struct {
	read    func(context.Context) ([]Planned, error)
	now     func() time.Time
	log     *slog.Logger
	on, end *prometheus.Desc

	mu      sync.Mutex
	list    []Planned
	asked   time.Time
	reading chan struct{} // closed when the journal has been read; nil while it is not
	failed  bool
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
	to := sink(ch)
	p, on := m.Holding(m.now())
	to.gauge(m.on, truth(on))
	if on {
		to.gauge(m.end, float64(p.To.Unix()))
	}
}

// Holding is the maintenance that goes on at an instant; of several the one that ends last.
func (m *Maintenance) Holding(now time.Time) (last Planned, on bool) {
	for _, p := range m.current(now) {
		if p.Holds(now) && (!on || p.To.After(last.To)) {
			last, on = p, true
		}
	}
	return last, on
}

// current is what holds in the journal, at most maintenanceEvery old, where the journal
// answers within maintenancePatience: a database that hangs must not make a scrape fail,
// after which the program would pass for gone.
func (m *Maintenance) current(now time.Time) []Planned {
	m.mu.Lock()
	if since := now.Sub(m.asked); m.reading == nil && (since < 0 || since >= maintenanceEvery) {
		m.asked, m.reading = now, make(chan struct{})
		go m.refresh()
	}
	reading := m.reading
	m.mu.Unlock()
	if reading != nil {
		select {
		case <-reading:
		case <-time.After(maintenancePatience):
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

func (m *Maintenance) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), evaluationTimeout)
	defer cancel()
	list, err := m.read(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.list = list
	case !m.failed: // told once, not at every scrape
		m.log.Warn("planned maintenance cannot be read, what was read last holds", "error", err)
	}
	m.failed = err != nil
	close(m.reading)
	m.reading = nil
}

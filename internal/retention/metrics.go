package retention

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	removed *prometheus.CounterVec
	runs    *prometheus.CounterVec
	last    prometheus.Gauge
	sealed  prometheus.Gauge
	waiting *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		removed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_retention_removed_total",
			Help: "Calls, rows and records of Kafka removed because they had been kept long enough.",
		}, []string{"kind"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_retention_runs_total",
			Help: "Searches for what has been kept long enough, by result: ok or failed.",
		}, []string{"result"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_retention_last_success_timestamp_seconds",
			Help: "When this process last removed all that had been kept long enough.",
		}),
		sealed: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_retention_sealed_timestamp_seconds",
			Help: "The quarter hours before this time are sealed; 0 when none is.",
		}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_retention_waiting",
			Help: "1 while something that has been kept long enough, or may have been, has to stay: a ticket is open, the calendar lacks a year. hotline retention show says what.",
		}, []string{"kind"}),
	}
	for _, k := range Kinds() {
		m.removed.WithLabelValues(string(k))
		m.waiting.WithLabelValues(string(k))
	}
	for _, r := range []string{"ok", "failed"} {
		m.runs.WithLabelValues(r)
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.removed, m.runs, m.last, m.sealed, m.waiting} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) ran(now time.Time, items []Item, err error) {
	for _, item := range items {
		waiting := 0.0
		if item.Waits != "" {
			waiting = 1
		}
		m.waiting.WithLabelValues(string(item.Kind)).Set(waiting)
		if item.Kind == Calls && !item.Sealed.IsZero() {
			m.sealed.Set(float64(item.Sealed.Unix()))
		}
	}
	if err != nil {
		m.runs.WithLabelValues("failed").Inc()
		return
	}
	m.runs.WithLabelValues("ok").Inc()
	m.last.Set(float64(now.Unix()))
}

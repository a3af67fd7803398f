package engine

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	up       prometheus.Gauge
	restarts prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, resident func() float64) *metrics {
	m := &metrics{
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_engine_up",
			Help: "1 while the embedded ClickHouse engine answers statements, else 0.",
		}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_engine_restarts_total",
			Help: "Times the embedded engine ended without being asked and was started again.",
		}),
	}
	reg.MustRegister(m.up, m.restarts, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hotline_engine_resident_memory_bytes",
		Help: "Resident memory of the embedded engine's process.",
	}, resident))
	return m
}

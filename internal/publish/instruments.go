package publish

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// instruments are the follower's own metrics.
type instruments struct {
	reads       *prometheus.CounterVec
	failures    prometheus.Counter
	seconds     prometheus.Histogram
	checked     prometheus.Gauge
	subscribers prometheus.Gauge
}

// What is read, as metrics name it.
const (
	readAll     = "all"
	readTallies = "tallies"
	readCalls   = "calls"
)

func newInstruments(reg prometheus.Registerer) (*instruments, error) {
	m := &instruments{
		reads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_publish_reads_total",
			Help: "Readings from the store: all (everything anew), tallies (touched days), calls (recent ones).",
		}, []string{"what"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_publish_errors_total",
			Help: "Readings from the store that failed; the figures stay as they were.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                           "hotline_publish_read_seconds",
			Help:                           "Duration of reading what a recomputation touched.",
			Buckets:                        []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}),
		checked: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_publish_checked_timestamp_seconds",
			Help: "When the store was last asked for changes with success, in unix seconds.",
		}),
		subscribers: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_publish_subscribers",
			Help: "Pages and other readers told of each change.",
		}),
	}
	for _, what := range []string{readAll, readTallies, readCalls} {
		m.reads.WithLabelValues(what)
	}
	if reg == nil {
		return m, nil
	}
	if err := errors.Join(reg.Register(m.reads), reg.Register(m.failures), reg.Register(m.seconds),
		reg.Register(m.checked), reg.Register(m.subscribers)); err != nil {
		return nil, fmt.Errorf("publish: registering metrics: %w", err)
	}
	return m, nil
}

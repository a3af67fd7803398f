package aggregate

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// The modes of a cycle, as metrics name them.
const (
	modeLive = "live"
	modeBulk = "bulk"
)

// The kinds of error, as metrics name them.
const (
	errRetryable = "retryable"
	errSchema    = "schema"
	errOther     = "other"
)

type metrics struct {
	marks     prometheus.Counter
	malformed prometheus.Counter
	buckets   prometheus.Counter
	cycles    *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	failures  *prometheus.CounterVec
	pending   *prometheus.GaugeVec
	paused    *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		marks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_aggregate_marks_total",
			Help: "Marks of touched buckets read.",
		}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_aggregate_malformed_marks_total",
			Help: "Records on the topic of touched buckets that name no bucket; they are skipped.",
		}),
		buckets: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_aggregate_buckets_total",
			Help: "Quarter hours recomputed, repeated ones included.",
		}),
		cycles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_aggregate_cycles_total",
			Help: "Cycles of gathering, recomputing and committing, by mode (live or bulk).",
		}, []string{"mode"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                           "hotline_aggregate_cycle_seconds",
			Help:                           "Time from the first mark of a cycle to its commit, by mode (live or bulk).",
			Buckets:                        []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}, []string{"mode"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_aggregate_errors_total",
			Help: "Failed statements, repeated ones included, by kind (retryable, schema or other).",
		}, []string{"kind"}),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_aggregate_pending_marks",
			Help: "Marks of the partition whose recomputation is not committed yet.",
		}, []string{"partition"}),
		paused: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_aggregate_paused",
			Help: "1 while the partition waits for somebody to mend the database's schema, else 0.",
		}, []string{"partition"}),
	}
	for _, mode := range []string{modeLive, modeBulk} {
		m.cycles.WithLabelValues(mode)
		m.seconds.WithLabelValues(mode)
	}
	for _, kind := range []string{errRetryable, errSchema, errOther} {
		m.failures.WithLabelValues(kind)
	}
	if reg == nil {
		return m, nil
	}
	err := errors.Join(reg.Register(m.marks), reg.Register(m.malformed), reg.Register(m.buckets),
		reg.Register(m.cycles), reg.Register(m.seconds), reg.Register(m.failures),
		reg.Register(m.pending), reg.Register(m.paused))
	if err != nil {
		return nil, fmt.Errorf("aggregate: registering metrics: %w", err)
	}
	return m, nil
}

// partitionMetrics are the instruments of one partition's worker.
type partitionMetrics struct {
	*metrics
	label string
}

func (m *metrics) of(partition int) partitionMetrics {
	p := partitionMetrics{metrics: m, label: strconv.Itoa(partition)}
	p.setPaused(false)
	return p
}

func (p partitionMetrics) setPending(n int64) {
	p.pending.WithLabelValues(p.label).Set(float64(max(n, 0)))
}

func (p partitionMetrics) setPaused(on bool) {
	v := 0.0
	if on {
		v = 1
	}
	p.paused.WithLabelValues(p.label).Set(v)
}

// drop ends the partition's series: another member may hold it from now on.
func (p partitionMetrics) drop() {
	p.pending.DeleteLabelValues(p.label)
	p.paused.DeleteLabelValues(p.label)
}

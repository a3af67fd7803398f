package load

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/hotline"
)

type metrics struct {
	records      prometheus.Counter
	bytes        prometheus.Counter
	rejected     *prometheus.CounterVec
	gaps         prometheus.Counter
	versions     prometheus.Counter
	conflicts    prometheus.Counter
	tombstones   prometheus.Counter
	marks        prometheus.Counter
	batches      prometheus.Counter
	batchRecords prometheus.Histogram
	batchSeconds prometheus.Histogram
	stepSeconds  *prometheus.HistogramVec
	retries      *prometheus.CounterVec
	lag          *prometheus.GaugeVec
	paused       *prometheus.GaugeVec
	difference   *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"partition"})
	}
	seconds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	m := &metrics{
		records: counter("hotline_load_records_total",
			"Records taken from Kafka whose batch is stored and committed, rejected ones included."),
		bytes: counter("hotline_load_bytes_total",
			"Bytes of keys, values and headers of those records."),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_load_rejected_total",
			Help: "Records sent to the topic of dead letters instead of the store, by reason.",
		}, []string{"reason"}),
		gaps: counter("hotline_load_gaps_total",
			"Offsets that held no record: deleted by retention, or control records of transactions."),
		versions: counter("hotline_load_new_versions_total",
			"Versions of calls and tickets never seen before; accepted records above that are duplicates."),
		conflicts: counter("hotline_load_conflicts_total",
			"New contents of a version that had another content before."),
		tombstones: counter("hotline_load_tombstones_total",
			"Rows that bury an older version of a call or ticket in a bucket it has left."),
		marks: counter("hotline_load_marks_total",
			"Buckets marked for recomputation."),
		batches: counter("hotline_load_batches_total",
			"Batches stored and committed."),
		batchRecords: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "hotline_load_batch_records",
			Help:    "Records per batch.",
			Buckets: []float64{1, 10, 100, 1000, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000},
		}),
		batchSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "hotline_load_batch_seconds", Buckets: seconds,
			Help: "Time from a batch's first step to its commit, repetitions included.",
		}),
		stepSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hotline_load_step_seconds", Buckets: seconds,
			Help: "Duration of a batch's steps, repetitions included.",
		}, []string{"step"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_load_retries_total",
			Help: "Failed attempts at a step that are repeated.",
		}, []string{"step"}),
		lag: gauge("hotline_load_lag_records",
			"Offsets between what is committed and the end of the partition, after the last batch."),
		paused: gauge("hotline_load_paused",
			"1 while a worker waits for someone to mend the database's schema, else 0."),
		difference: gauge("hotline_load_reconciliation_difference",
			"Offsets read less gaps less the records of the ledger; anything but 0 is a record lost or counted twice."),
	}
	for _, r := range hotline.Reasons() {
		m.rejected.WithLabelValues(string(r))
	}
	for _, s := range steps() {
		m.stepSeconds.WithLabelValues(s)
		m.retries.WithLabelValues(s)
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.records, m.bytes, m.rejected, m.gaps, m.versions, m.conflicts, m.tombstones, m.marks, m.batches,
		m.batchRecords, m.batchSeconds, m.stepSeconds, m.retries, m.lag, m.paused, m.difference,
	} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) loaded(b *batch, p plan, took time.Duration) {
	m.records.Add(float64(len(b.records)))
	m.bytes.Add(float64(b.bytes))
	for _, r := range b.rejected {
		m.rejected.WithLabelValues(string(r.err.Reason)).Inc()
	}
	m.gaps.Add(float64(b.gaps()))
	m.versions.Add(float64(p.fresh()))
	m.conflicts.Add(float64(p.conflicts))
	m.tombstones.Add(float64(p.tombstones()))
	m.marks.Add(float64(len(p.marks)))
	m.batches.Inc()
	m.batchRecords.Observe(float64(len(b.records)))
	m.batchSeconds.Observe(took.Seconds())
}

// partitionGauges are those of one partition, which exist while a worker holds it.
type partitionGauges struct{ lag, paused, difference prometheus.Gauge }

func (m *metrics) partition(label string) partitionGauges {
	return partitionGauges{
		lag:        m.lag.WithLabelValues(label),
		paused:     m.paused.WithLabelValues(label),
		difference: m.difference.WithLabelValues(label),
	}
}

func (m *metrics) forget(label string) {
	for _, v := range []*prometheus.GaugeVec{m.lag, m.paused, m.difference} {
		v.DeleteLabelValues(label)
	}
}

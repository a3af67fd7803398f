package intake

import "github.com/prometheus/client_golang/prometheus"

// metrics are what moves through the intake.
type metrics struct {
	rows    *prometheus.CounterVec
	records *prometheus.CounterVec
	batches prometheus.Histogram
	follows *followMetrics
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		follows: newFollowMetrics(),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_rows_total",
			Help: "Rows of imported files by what became of them (accepted, ignored, rejected) and why, once Kafka has acknowledged them.",
		}, []string{"source", "result", "reason"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_records_total",
			Help: "Records of imported files that Kafka has acknowledged, by kind (call, supplement, agent_state, ticket).",
		}, []string{"source", "kind"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                        "hotline_intake_produce_seconds",
			Help:                        "Time until Kafka has acknowledged a batch of an import.",
			Buckets:                     []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60},
			NativeHistogramBucketFactor: 1.1,
		}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range append(m.follows.collectors(), m.rows, m.records, m.batches) {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add counts the rows between two states of the counts.
func (m *metrics) add(source string, before, after *Counts) {
	m.rows.WithLabelValues(source, "accepted", "").Add(float64(after.Accepted - before.Accepted))
	m.records.WithLabelValues(source, string(Call)).Add(float64(after.Calls() - before.Calls()))
	for kind, n := range after.Apart {
		m.records.WithLabelValues(source, string(kind)).Add(float64(n - before.Apart[kind]))
	}
	for reason, n := range after.Ignored {
		m.rows.WithLabelValues(source, "ignored", reason).Add(float64(n - before.Ignored[reason]))
	}
	for reason, n := range after.Rejected {
		m.rows.WithLabelValues(source, "rejected", reason).Add(float64(n - before.Rejected[reason]))
	}
}

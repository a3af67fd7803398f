package store

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	seconds *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	retries *prometheus.CounterVec
	rows    *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                           "hotline_store_statement_seconds",
			Help:                           "Duration of statements sent to ClickHouse, failed ones included.",
			Buckets:                        []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}, []string{"statement"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_store_errors_total",
			Help: "Failed statements by class: retry (passing), schema (a person must act), data (values refused), ended (given up by the caller).",
		}, []string{"statement", "class"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_store_retries_total",
			Help: "Queries repeated after a passing failure.",
		}, []string{"statement"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_store_inserted_rows_total",
			Help: "Rows acknowledged by ClickHouse; a replayed batch that was dropped as a duplicate counts again.",
		}, []string{"table"}),
	}
	for _, table := range []string{tableCalls, tableVersions, tableLedger, tableLog, tableEpochs} {
		m.rows.WithLabelValues(table)
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.seconds, m.errors, m.retries, m.rows} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// The tables, as the migrations name them.
const (
	tableCalls    = "calls"
	tableVersions = "call_versions"
	tableLedger   = "load_batches"
	tableTallies  = "tallies"
	tableLog      = "tally_log"
	tableEpochs   = "topic_epochs"

	tableSupplements   = "call_supplements"
	tableCallers       = "caller_calls"
	tableAgents        = "agent_states"
	tableJournal       = "journal"
	tableSourceGaps    = "source_gaps"
	tableSealedReports = "sealed_reports"
	tableSealedParts   = "sealed_parts"

	tableTickets        = "tickets"
	tableTicketVersions = "ticket_versions"
	tableTicketTallies  = "ticket_tallies"
)

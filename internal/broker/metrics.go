package broker

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	produced       *prometheus.CounterVec
	producedBytes  *prometheus.CounterVec
	produceErrors  *prometheus.CounterVec
	produceSeconds *prometheus.HistogramVec
	fetched        *prometheus.CounterVec
	fetchedBytes   *prometheus.CounterVec
	fetchErrors    *prometheus.CounterVec
	commits        *prometheus.CounterVec
	commitErrors   *prometheus.CounterVec
	lost           *prometheus.CounterVec
	lag            *prometheus.GaugeVec
	generations    *prometheus.CounterVec
	groupErrors    *prometheus.CounterVec
	workerErrors   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		produced: counter("hotline_broker_produced_records_total",
			"Records acknowledged by the broker.", "topic"),
		producedBytes: counter("hotline_broker_produced_bytes_total",
			"Bytes of keys, values and headers of acknowledged records, before compression.", "topic"),
		produceErrors: counter("hotline_broker_produce_errors_total",
			"Failed produce requests, repeated ones included.", "topic", "reason"),
		produceSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                           "hotline_broker_produce_seconds",
			Help:                           "Duration of produce requests until acknowledged by all replicas.",
			Buckets:                        []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}, []string{"topic"}),
		fetched: counter("hotline_broker_fetched_records_total",
			"Records read from the broker.", "topic"),
		fetchedBytes: counter("hotline_broker_fetched_bytes_total",
			"Bytes of record batches read from the broker, as they travelled.", "topic"),
		fetchErrors: counter("hotline_broker_fetch_errors_total",
			"Failed fetch requests, repeated ones included.", "topic", "reason"),
		commits: counter("hotline_broker_commits_total",
			"Offset commits accepted by the broker.", "group", "topic"),
		commitErrors: counter("hotline_broker_commit_errors_total",
			"Offset commits that failed, repeated ones included.", "group", "topic", "reason"),
		lost: counter("hotline_broker_lost_offsets_total",
			"Offsets a group had not read when retention deleted them.", "group", "topic"),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_broker_lag_offsets",
			Help: "Offsets between the position of this group member and the end of its partition.",
		}, []string{"group", "topic", "partition"}),
		generations: counter("hotline_broker_generations_total",
			"Generations of the consumer group this member has joined.", "group"),
		groupErrors: counter("hotline_broker_group_errors_total",
			"Failures to join or stay in the consumer group.", "group"),
		workerErrors: counter("hotline_broker_worker_errors_total",
			"Times a partition's worker ended with an error and was started again.", "group", "topic"),
	}
	if reg == nil {
		return m, nil
	}
	// Several clients of one process share the instruments.
	err := errors.Join(
		share(reg, &m.produced), share(reg, &m.producedBytes), share(reg, &m.produceErrors),
		share(reg, &m.produceSeconds), share(reg, &m.fetched), share(reg, &m.fetchedBytes),
		share(reg, &m.fetchErrors), share(reg, &m.commits), share(reg, &m.commitErrors),
		share(reg, &m.lost), share(reg, &m.lag), share(reg, &m.generations),
		share(reg, &m.groupErrors), share(reg, &m.workerErrors),
	)
	if err != nil {
		return nil, fmt.Errorf("broker: registering metrics: %w", err)
	}
	return m, nil
}

// share registers a collector, or takes the one registered before it.
func share[C prometheus.Collector](reg prometheus.Registerer, c *C) error {
	err := reg.Register(*c)
	if before, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		existing, ok := before.ExistingCollector.(C)
		if !ok {
			return err
		}
		*c = existing
		return nil
	}
	return err
}

package httpapi

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/intake/tokens"
)

// metrics are what is posted and how it is answered.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	records  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	inFlight prometheus.Gauge
	ack      prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, b *budget) (*metrics, error) {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_requests_total",
			Help: "Requests that post records, by route and status of the answer.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hotline_intake_request_seconds", Help: "Time from a request's headers to its answer.",
			Buckets: buckets, NativeHistogramBucketFactor: 1.1,
		}, []string{"route"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_posted_records_total",
			Help: "Posted records by token, by what became of them (accepted, ignored, rejected) and why, once Kafka has acknowledged their request.",
		}, []string{"token", "route", "result", "reason"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_posted_bytes_total",
			Help: "Bytes of bodies that were read whole, decompressed.",
		}, []string{"token"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_intake_requests_in_flight", Help: "Requests that post records and are not answered yet.",
		}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "hotline_intake_acknowledge_seconds", Help: "Time until Kafka has acknowledged the records of a request.",
			Buckets: buckets, NativeHistogramBucketFactor: 1.1,
		}),
	}
	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hotline_intake_buffered_bytes", Help: "Bytes of bodies held at the moment; intake.http.buffer_bytes bounds it.",
	}, b.held)
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.records, m.bytes, m.inFlight, m.ack, held} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// answered counts a request.
func (m *metrics) answered(route string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// told counts what became of a request's records.
func (m *metrics) told(t *tokens.Token, route string, a *answer) {
	type of struct{ result, reason string }
	sums := map[of]int{}
	for i := range a.results {
		sums[of{string(a.results[i].status), a.results[i].reason}]++
	}
	for k, n := range sums {
		m.records.WithLabelValues(t.Name, route, k.result, k.reason).Add(float64(n))
	}
}

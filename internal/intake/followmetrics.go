package intake

import (
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/personal"
)

// Why a followed file is not read.
const (
	blockedKafka = "kafka"
	blockedInput = "input"
)

// followMetrics are what moves while files are followed.
type followMetrics struct {
	behind    *prometheus.GaugeVec
	present   *prometheus.GaugeVec
	blocked   *prometheus.GaugeVec
	last      *prometheus.GaugeVec
	rotations *prometheus.CounterVec
	missed    *prometheus.CounterVec
}

func newFollowMetrics() *followMetrics {
	file := []string{"file"}
	return &followMetrics{
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_intake_follow_behind_bytes",
			Help: "Bytes of a followed file that are written and not yet with Kafka; a line that is not complete counts.",
		}, file),
		present: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_intake_follow_present",
			Help: "1 while a followed file exists, 0 while it does not.",
		}, file),
		blocked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_intake_follow_blocked",
			Help: "1 while a followed file is not read because of kafka (it takes nothing) or input (it cannot be read), else 0.",
		}, []string{"file", "by"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_intake_follow_last_row_timestamp_seconds",
			Help: "Unix time at which Kafka acknowledged the last row of a followed file.",
		}, file),
		rotations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_follow_rotations_total",
			Help: "Followed files that were finished because another one took their place, or that were truncated.",
		}, file),
		missed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_intake_follow_missed_bytes_total",
			Help: "Bytes of followed files that vanished before they were read, or came after their successor had begun. The log says which.",
		}, file),
	}
}

func (m *followMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.behind, m.present, m.blocked, m.last, m.rotations, m.missed}
}

// forget drops what is told of the present of a file that is followed no more.
func (m *followMetrics) forget(file string) {
	of := prometheus.Labels{"file": file}
	for _, g := range []*prometheus.GaugeVec{m.behind, m.present, m.blocked, m.last} {
		g.DeletePartialMatch(of)
	}
}

// label is the file as metrics name it.
func (t *tail) label() string { return personal.Scrub(filepath.ToSlash(t.path)) }

// behind is how much is written and not read, as it was seen last.
func (t *tail) behind() int64 {
	if t.state == nil || t.state.Now == nil {
		return 0
	}
	return max(0, t.state.Now.Size-t.state.Now.At.Offset)
}

// tell says how the file stands; waiting is empty where it is read.
func (t *tail) tell(behind int64, waiting string) {
	t.metrics.behind.WithLabelValues(t.label()).Set(float64(behind))
	if waiting == "" {
		for _, by := range []string{blockedKafka, blockedInput} {
			t.metrics.blocked.WithLabelValues(t.label(), by).Set(0)
		}
	}
	f := Followed{File: t.name, Behind: behind, Waiting: waiting}
	if t.state != nil {
		f.Rows = t.state.Counts.Read
	}
	t.job.Tell(f)
}

var _ waiter = (*tail)(nil)

// away is told by the importer while Kafka takes nothing.
func (t *tail) away(since time.Duration, err error) {
	says := "it answers and acknowledges nothing: is its disk full?"
	if err != nil {
		says = err.Error()
	}
	t.log.Warn("kafka takes no records: nothing more is read until it does", "since", since.Round(time.Second), "err", says)
	t.metrics.blocked.WithLabelValues(t.label(), blockedKafka).Set(1)
	t.job.Tell(Followed{File: t.name, Waiting: "Kafka takes records: " + says})
}

func (t *tail) back() {
	t.known = false // another one may have come
	t.metrics.blocked.WithLabelValues(t.label(), blockedKafka).Set(0)
	t.log.Info("kafka takes records again")
}

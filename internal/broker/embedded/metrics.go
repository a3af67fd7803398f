package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
)

type metrics struct {
	refused      prometheus.Counter
	deletedBytes prometheus.Counter
	warnings     prometheus.Counter
	free         prometheus.GaugeFunc

	lastRefusal atomic.Int64 // ns, for the log
}

func newMetrics(b *Broker) *metrics {
	return &metrics{
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_broker_embedded_refused_requests_total",
			Help: "Requests refused because the disk is nearly full.",
		}),
		deletedBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_broker_embedded_deleted_bytes_total",
			Help: "Bytes deleted by the topics' retention.",
		}),
		warnings: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hotline_broker_embedded_warnings_total",
			Help: "Warnings and errors of the embedded broker, failed writes among them.",
		}),
		free: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hotline_broker_embedded_free_bytes",
			Help: "Free space on the file system of the embedded broker's data.",
		}, func() float64 {
			free, err := freeBytes(b.cfg.Dir)
			if err != nil {
				return -1
			}
			return float64(free)
		}),
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.refused, m.deletedBytes, m.warnings, m.free}
}

func (m *metrics) register(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	var errs []error
	for _, c := range m.all() {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("embedded broker: registering metrics: %w", err)
	}
	return nil
}

func (m *metrics) unregister(reg prometheus.Registerer) {
	if reg == nil {
		return
	}
	for _, c := range m.all() {
		reg.Unregister(c)
	}
}

// refuse counts a refusal and tells whether it is worth a line in the log.
func (m *metrics) refuse() bool {
	m.refused.Inc()
	now := time.Now().UnixNano()
	last := m.lastRefusal.Load()
	return now-last > int64(30*time.Second) && m.lastRefusal.CompareAndSwap(last, now)
}

// kfakeLog passes kfake's messages on; its information is only worth debugging.
type kfakeLog struct {
	log      *slog.Logger
	warnings prometheus.Counter
}

func (l kfakeLog) Logf(level kfake.LogLevel, format string, args ...any) {
	to := slog.LevelDebug
	switch level {
	case kfake.LogLevelError:
		to = slog.LevelError
	case kfake.LogLevelWarn:
		to = slog.LevelWarn
	case kfake.LogLevelNone:
		return
	}
	if to > slog.LevelDebug {
		l.warnings.Inc()
	}
	if ctx := context.Background(); l.log.Enabled(ctx, to) {
		l.log.Log(ctx, to, "kfake", "text", fmt.Sprintf(format, args...))
	}
}

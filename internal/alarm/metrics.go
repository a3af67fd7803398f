package alarm

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// instruments are the metrics of who evaluates or asks.
type instruments struct {
	evaluated prometheus.Gauge
	firing    *prometheus.GaugeVec
	failing   prometheus.Gauge
	waiting   *prometheus.GaugeVec
	refused   *prometheus.CounterVec

	mu   sync.Mutex
	told map[[2]string]int // by name and severity
}

func newInstruments(reg prometheus.Registerer) (*instruments, error) {
	i := &instruments{
		evaluated: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_alarm_evaluated_timestamp_seconds",
			Help: "When the rules of alerts were last evaluated, here or elsewhere, in unix seconds; 0: not yet, or by nobody.",
		}),
		firing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_alarm_firing",
			Help: "Alerts in force that are not held back by another, by name and severity (page, warning).",
		}, []string{"alertname", "severity"}),
		failing: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hotline_alarm_rules_failing",
			Help: "Rules whose last evaluation failed; the log says why.",
		}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_alarm_waiting_groups",
			Help: "Groups of alerts that a channel (dingtalk, feishu, wecom, sms, webhook; email and wechat of alarm.routes) has not taken yet; they are tried again.",
		}, []string{"channel"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_alarm_failed_attempts_total",
			Help: "Attempts to tell a group of alerts that a channel did not take.",
		}, []string{"channel"}),
	}
	if reg == nil {
		return i, nil
	}
	if err := errors.Join(reg.Register(i.evaluated), reg.Register(i.firing), reg.Register(i.failing), reg.Register(i.waiting), reg.Register(i.refused)); err != nil {
		return nil, fmt.Errorf("alarm: %w", err)
	}
	return i, nil
}

// tell exports a state.
func (i *instruments) tell(s State) {
	if !s.At.IsZero() {
		i.evaluated.Set(float64(s.At.UnixMilli()) / 1000)
	}
	now := make(map[[2]string]int)
	for _, a := range s.Firing {
		now[[2]string{a.Name, a.Severity}]++
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for labels := range i.told { // never all at once: somebody may be reading
		if now[labels] == 0 {
			i.firing.DeleteLabelValues(labels[:]...)
		}
	}
	for labels, n := range now {
		i.firing.WithLabelValues(labels[:]...).Set(float64(n))
	}
	i.told = now
}

package publish

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/kpi"
)

// AlertState is what the alerts look at that no figure of a window tells.
type AlertState struct {
	At      time.Time
	Opening time.Time // when the hotline last opened; zero before it did today

	// Statistics of kpi.AnswerTests, in their order, by scope: of the calls decided since
	// the opening. NaN: no source tells what the test needs.
	Statistics map[kpi.Scope][]float64
	// Silent is how many calls were to be expected since the last one, of all centres and
	// of each; SilentSources the same of each source.
	Silent        map[kpi.Scope]float64
	SilentSources map[string]float64
}

// AlertSource gives the states; *Follower does.
type AlertSource interface {
	Source
	Alerts(now time.Time) (*AlertState, bool)
}

// AlertMetrics exports what the alerting rules compare: the statistics of the sequential
// tests with their thresholds, silence with its limit, and the burn of the budget.
type AlertMetrics struct {
	source AlertSource
	now    func() time.Time
	labels *labels

	statistic, threshold, opened, silence, sourceSilence, silenceLimit, burn *prometheus.Desc
}

var _ prometheus.Collector = (*AlertMetrics)(nil)

// NewAlertMetrics makes the collector; now is the clock of the scrapes.
func NewAlertMetrics(cfg Config, source AlertSource, now func() time.Time) *AlertMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &AlertMetrics{
		source: source, now: now, labels: newLabels(cfg, nil),
		statistic: desc("hotline_answer_rate_test_statistic",
			"Sequential test of the answer rate over the calls decided since the opening, in the order of their decision: collapse or decline, by the kind of losses (sudden, queued, blind, understaffed). It signals at hotline_answer_rate_test_threshold.",
			"test", "losses", "centre", "queue"),
		threshold: desc("hotline_answer_rate_test_threshold",
			"What hotline_answer_rate_test_statistic is compared with.", "test", "losses"),
		opened: desc("hotline_service_opened_timestamp_seconds",
			"When the service hours began that are, or were today, in unix seconds; absent before that and when the calendar has no days of the year."),
		silence: desc("hotline_silence_expected_calls",
			"Calls to be expected since the last one, by what is usual at this time of day; absent while less than five days are known.", "centre"),
		sourceSilence: desc("hotline_source_silence_expected_calls",
			"Calls of a source to be expected since its last one, by what is usual at this time of day; absent while less than five days are known.", "source"),
		silenceLimit: desc("hotline_silence_limit_calls",
			"What the two are compared with: so many calls expected and none come is less likely than one in a million."),
		burn: desc("hotline_answer_rate_budget_burn",
			"How fast the calls that may be lost are lost, by the leading definition of the answer rate: 1 is just as many as the target allows.", "window", "centre"),
	}
}

// Describe implements prometheus.Collector.
func (m *AlertMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.statistic, m.threshold, m.opened, m.silence, m.sourceSilence, m.silenceLimit, m.burn} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *AlertMetrics) Collect(ch chan<- prometheus.Metric) {
	to, now, tests := sink(ch), m.now(), kpi.AnswerTests()
	for i := range tests {
		to.gauge(m.threshold, tests[i].Threshold, tests[i].Name, string(tests[i].Losses))
	}
	to.gauge(m.silenceLimit, kpi.SilenceLimit)
	if s, ok := m.source.Snapshot(now); ok {
		m.labels.admit(s.Windows[kpi.ThisYear].Scopes, s.Windows[kpi.LastHour].Scopes)
		m.collectBurn(to, s)
	}
	s, ok := m.source.Alerts(now)
	if !ok {
		return
	}
	if !s.Opening.IsZero() {
		to.gauge(m.opened, float64(s.Opening.Unix()))
	}
	for scope, statistics := range s.Statistics {
		at := seriesOf(m.labels.fold(scope))
		if at.queue == labelOther {
			continue // tests of several queues cannot be added up; the centre's sees them
		}
		for i, v := range statistics {
			if math.IsNaN(v) {
				continue // no source tells what it needs
			}
			to.gauge(m.statistic, v, tests[i].Name, string(tests[i].Losses), at.centre, at.queue)
		}
	}
	for scope, n := range s.Silent {
		to.gauge(m.silence, n, seriesOf(scope, false).centre)
	}
	for source, n := range s.SilentSources {
		to.gauge(m.sourceSilence, n, source)
	}
}

func (m *AlertMetrics) collectBurn(to sink, s *kpi.Snapshot) {
	for _, w := range kpi.Windows() {
		if w.Sliding() {
			continue // a budget is of days and more
		}
		for scope, counted := range s.Windows[w].Scopes {
			if scope.Level == kpi.OneQueue {
				continue
			}
			if burn, ok := kpi.Burn(counted.Figures(s.Definitions).AnswerRate, kpi.AnswerRateTarget); ok {
				to.gauge(m.burn, burn, string(w), seriesOf(scope, false).centre)
			}
		}
	}
}

package publish

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/kpi"
)

// evaluationTimeout bounds what a scrape waits for.
const evaluationTimeout = 5 * time.Second

// Targets exports how the indicators of the performance tables stand in the year to date.
// A row without a value has no series of its value and score: never zero. When the tables
// cannot be evaluated at all, none of them has, and hotline_indicator_evaluation_failed is 1.
type Targets struct {
	evaluate                       func(context.Context) ([]*kpi.Evaluated, error)
	log                            *slog.Logger
	value, target, expected, score *prometheus.Desc
	state, failed                  *prometheus.Desc

	mu   sync.Mutex
	last string // the error that was logged; it is told once, not at every scrape
}

var _ prometheus.Collector = (*Targets)(nil)

// NewTargets makes the collector; evaluate gives the tables of the current year as they
// stand, none while there are no figures yet.
func NewTargets(evaluate func(context.Context) ([]*kpi.Evaluated, error), log *slog.Logger) *Targets {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"indicator", "table"}, labels...), nil)
	}
	return &Targets{
		evaluate: evaluate, log: log,
		value:    of("hotline_indicator_value", "Value of an indicator in the year to date, in the unit of its target.", "unit"),
		target:   of("hotline_indicator_target", "Target of an indicator, in its unit; of the year, month or quarter as the table says.", "unit"),
		expected: of("hotline_indicator_expected", "What the target of a volume asks for by now, by working days, in its unit.", "unit"),
		score:    of("hotline_indicator_score", "Points of an indicator by its value to date; within the year a volume is held against the expected progress."),
		state:    of("hotline_indicator_state", "1 for the state an indicator is in: met, near, missed, no_data, not_connected, not_entered, not_applicable.", "state"),
		failed: prometheus.NewDesc("hotline_indicator_evaluation_failed",
			"1 when the performance tables could not be evaluated, else 0; the log says why.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (t *Targets) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{t.value, t.target, t.expected, t.score, t.state, t.failed} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (t *Targets) Collect(ch chan<- prometheus.Metric) {
	to := sink(ch)
	ctx, cancel := context.WithTimeout(context.Background(), evaluationTimeout)
	defer cancel()
	tables, err := t.evaluate(ctx)
	t.tell(err)
	to.gauge(t.failed, truth(err != nil))
	for _, e := range tables {
		for i := range e.Rows {
			t.row(to, e.Table.Number, &e.Rows[i])
		}
	}
}

func (t *Targets) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.last = ""
	case err.Error() != t.last:
		t.last = err.Error()
		t.log.Warn("performance tables cannot be evaluated", "error", err)
	}
}

func (t *Targets) row(to sink, table string, r *kpi.RowResult) {
	to.gauge(t.state, 1, r.Code, table, string(r.State))
	if r.Sign != kpi.Graded {
		to.gauge(t.target, r.Target.Float(), r.Code, table, r.Unit.Name.ZH)
	}
	if r.Value != nil {
		v, _ := r.Value.Float64()
		to.gauge(t.value, v, r.Code, table, r.Unit.Name.ZH)
	}
	if r.Expected != nil {
		v, _ := r.Expected.Float64()
		to.gauge(t.expected, v, r.Code, table, r.Unit.Name.ZH)
	}
	if r.Score != nil {
		v, _ := r.Score.Float64()
		to.gauge(t.score, v, r.Code, table)
	}
}

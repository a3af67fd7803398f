package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hotline12333/internal/config"
)

// lookAlarmFiles says whether the rules of alerts can be read.
func lookAlarmFiles(cfg config.Root) finding {
	f := finding{what: "alert rules", say: "built in"}
	files, err := openAlarmFiles(cfg)
	if err != nil {
		f.err = err
		return f
	}
	if len(cfg.Alarm.Rules) > 0 {
		f.say = strings.Join(cfg.Alarm.Rules, ", ")
	}
	f.say += fmt.Sprintf(", %d alerts", len(files.rules.Names()))
	return f
}

// evaluationAge is how old an evaluation may be: rules are evaluated once a minute or
// oftener.
const evaluationAge = 3 * time.Minute

// lookAlarms asks the running program whether rules are evaluated and people reached.
func (s *system) lookAlarms(ctx context.Context) finding {
	f := finding{what: "alerts"}
	all, err := metricsOf(ctx, "http://"+s.cfg.Web.Listen+"/metrics")
	if err != nil {
		f.err = err
		return f
	}
	var silent []string
	for _, m := range all["hotline_alarm_waiting_groups"].GetMetric() {
		if n := m.GetGauge().GetValue(); n > 0 {
			silent = append(silent, fmt.Sprintf("%s (%.0f)", labelOf(m, "channel"), n))
		}
	}
	slices.Sort(silent)
	firing := 0.0
	for _, m := range all["hotline_alarm_firing"].GetMetric() {
		firing += m.GetGauge().GetValue()
	}
	at := valueOf(all["hotline_alarm_evaluated_timestamp_seconds"])
	age := time.Since(time.Unix(int64(at), 0)).Round(time.Second)
	switch {
	case len(silent) > 0:
		f.err = fmt.Errorf("people are still to be told of alerts, over %s: is the address reached, the secret right? hotline alert test tries each", strings.Join(silent, ", "))
	case valueOf(all["hotline_alarm_rules_failing"]) > 0:
		f.err = errors.New("some rules cannot be evaluated: the log of the program says which (rule evaluation failed)")
	case all["hotline_alarm_evaluated_timestamp_seconds"] == nil:
		f.note, f.err = true, errors.New("nobody evaluates the rules, and the board shows no alerts: name alarm.prometheus or alarm.alertmanager, or set alarm.evaluate")
	case at == 0:
		f.note, f.err = true, errors.New("the rules have not been evaluated yet: that takes a minute after the start")
	case age > evaluationAge:
		f.err = fmt.Errorf("the rules were last evaluated %v ago: the log of the program, or of the Prometheus, says why", age)
	default:
		f.say = fmt.Sprintf("evaluated %v ago, %.0f in force", age, firing)
	}
	return f
}

func metricsOf(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, resp.Status)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	return p.TextToMetricFamilies(io.LimitReader(resp.Body, 64<<20))
}

func valueOf(f *dto.MetricFamily) float64 {
	if list := f.GetMetric(); len(list) > 0 {
		return list[0].GetGauge().GetValue()
	}
	return 0
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"hotline12333/dashboards"
	"hotline12333/internal/app"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
	"hotline12333/internal/testkit"
)

// dashboard is what the tests read of one.
type dashboard struct {
	UID, Title string
	Templating struct{ List []dashboardVariable }
	Panels     []dashboardPanel
	Annotation struct {
		List []struct{ Name, Expr string }
	} `json:"annotations"`
}

type dashboardVariable struct {
	Name, Type string
	Query      json.RawMessage
	Definition string
	Datasource struct{ UID string }
	Current    struct{ Value string }
	Options    []struct{ Value string }
}

type dashboardPanel struct {
	Type, Title string
	Targets     []dashboardTarget
}

type dashboardTarget struct {
	RefID        string `json:"refId"`
	Expr, RawSQL string
	LegendFormat string
	Instant      bool
}

// builtInDashboards reads those that the program carries along.
func builtInDashboards(t *testing.T) map[string]*dashboard {
	t.Helper()
	names, err := fs.Glob(dashboards.Files, "*.json")
	if err != nil || len(names) != 4 {
		t.Fatalf("%d dashboards, %v", len(names), err)
	}
	all := map[string]*dashboard{}
	for _, name := range names {
		text, err := dashboards.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := &dashboard{}
		if err := json.Unmarshal(text, d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[d.UID] = d
	}
	return all
}

// watched is a simulated hotline that lives, and a Prometheus that scrapes it.
type watched struct {
	*world
	live       *process // that runs now
	prometheus *testkit.Prometheus
	confirmed  time.Time // when the definition changed
	from, to   time.Time // what a viewer looks at
}

// watch starts them, with six days behind, somebody who waits, an alert that fires and a
// definition that changes while Prometheus looks.
func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{world: newWorld(t)}
	zone := shanghai(t)
	now := time.Now().In(zone)
	// The simulation of hotline up begins with the year; one that was begun six days ago has
	// the same life and less of a past, and enough of one to know what is usual.
	begun := time.Date(now.Year(), now.Month(), now.Day()-6, 0, 0, 0, 0, zone)
	scenario, err := simulate.Named(simulate.Demo)
	if err != nil {
		t.Fatal(err)
	}
	start, err := simulate.NewStart(scenario, 12333, now)
	if err != nil {
		t.Fatal(err)
	}
	start.From = begun
	w.up().stops(t) // which makes the data directory
	if err := start.Save(filepath.Join(w.settings["data.dir"], "simulation.json")); err != nil {
		t.Fatal(err)
	}
	first := w.up("--simulate")
	testkit.Eventually(t, steps, func() error {
		if !strings.Contains(first.err.String(), "simulated year sent") {
			return errors.New("the past is not simulated yet")
		}
		return nil
	})
	f := newFeed(t, w.world)
	f.settle()
	first.stops(t)
	w.live = w.up("--simulate") // what is usual is read once a day, and at the start
	f = newFeed(t, w.world)
	waits := time.Now().UTC().Truncate(time.Millisecond)
	f.send(record(&hotline.Call{
		ID: "waits", Version: 1, Centre: hotline.DefaultCentre, Source: "centre-pbx", Direction: hotline.Inbound,
		Queue: "综合", Outcome: hotline.Open, StartedAt: waits, QueuedAt: waits,
	}))
	f.send(record(&hotline.Call{ // a simulated quarter of an hour may pass without one
		ID: "answered", Version: 1, Centre: hotline.DefaultCentre, Source: "centre-pbx", Direction: hotline.Inbound,
		Queue: "综合", Outcome: hotline.Answered, Agent: "8001", StartedAt: waits.Add(-30 * time.Second), QueuedAt: waits.Add(-30 * time.Second),
		AnsweredAt: waits.Add(-20 * time.Second), EndedAt: waits.Add(-time.Second),
	}))
	w.prometheus = testkit.RealPrometheus(t, testkit.PrometheusConfig{
		Targets: []string{w.settings["web.listen"]},
		Rules:   "groups: [{name: test, rules: [{alert: HotlineTest, expr: vector(1), labels: {severity: page}}]}]\n",
	})
	w.shows(t, `hotline_longest_wait_seconds{queue="综合"} and on() hotline_agents and on() hotline_tickets{window="today"}`)
	w.shows(t, `hotline_indicator_score{indicator="answer_rate"}`)
	w.shows(t, alertFires)
	w.confirmed = time.Now()
	w.must("definitions", "confirm", "answer_rate", "--version", "2", "--by", "王芳", "--document", "8号", "--reason", "试验")
	w.shows(t, `hotline_definition_info{indicator="answer_rate",definition="composite",confirmed="true"}`)
	// Records flow while Prometheus looks, so that rates are not those of nothing.
	for i, c := range today(seeded(t), zone, 60) {
		if f.send(record(c)); i%20 == 19 {
			before := time.Now()
			f.settle()
			w.shows(t, fmt.Sprintf("max(timestamp(hotline_load_records_total)) > %d", before.Unix()+1))
		}
	}
	w.shows(t, `rate(hotline_load_batch_seconds_count{topic="hotline.calls"}[10s]) > 0`)
	w.from, w.to = begun, time.Now()
	return w
}

const alertFires = `ALERTS{alertname="HotlineTest",alertstate="firing"}`

// shows waits until a query has a series.
func (w *watched) shows(t *testing.T, expr string) {
	t.Helper()
	testkit.Eventually(t, 2*steps, func() error {
		found, err := w.prometheus.Query(bounded(t), expr, time.Now())
		if err == nil && len(found) == 0 {
			err = errors.New("no series: " + expr)
		}
		return err
	})
}

// TestDashboards runs every query of every panel: none without data, none that errs, no
// metric and no label that does not exist; and the figures are those of the program.
func TestDashboards(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates six days and watches them with Prometheus")
	}
	t.Parallel()
	needEngine(t)
	w := watch(t)
	all := builtInDashboards(t)
	for _, uid := range slices.Sorted(maps.Keys(all)) {
		t.Run(uid, func(t *testing.T) { w.hasData(t, all[uid]) })
	}
	t.Run("metrics", func(t *testing.T) { w.knowsMetrics(t, all) })
	t.Run("choices", func(t *testing.T) { w.takesChoices(t, all) })
	t.Run("annotations", func(t *testing.T) { w.annotates(t, all) })
	t.Run("same figures", func(t *testing.T) { w.agrees(t, all) })
	t.Run("same figures everywhere", func(t *testing.T) { w.sameEverywhere(t, all) })
}

func (w *watched) hasData(t *testing.T, d *dashboard) {
	values := d.variables()
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			// A record, or a scrape, may be under way.
			testkit.Eventually(t, steps, func() error {
				if target.Expr != "" {
					found, err := w.ask(bounded(t), target, values)
					if err == nil && len(found) == 0 {
						err = fmt.Errorf("%s, %s: no data: %s", p.Title, target.RefID, target.Expr)
					}
					return err
				}
				found, err := w.rows(bounded(t), target.RawSQL, values)
				if err == nil && !slices.ContainsFunc(found, func(row map[string]any) bool { return p.Type == "table" || counts(row) }) {
					err = fmt.Errorf("%s, %s: no data: %s", p.Title, target.RefID, target.RawSQL)
				}
				return err
			})
		}
	}
}

// counts says whether a row has a number above zero.
func counts(row map[string]any) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(row)), func(v any) bool { n, ok := v.(float64); return ok && n > 0 })
}

// selectors are what an expression asks for: metrics and the labels they must have.
func selectors(t *testing.T, expr string) []*parser.VectorSelector {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var out []*parser.VectorSelector
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			out = append(out, s)
		}
		return nil
	})
	return out
}

func (w *watched) knowsMetrics(t *testing.T, all map[string]*dashboard) {
	asked := map[string]bool{}
	for _, d := range all {
		values := w.of(d.variables())
		exprs := []string{}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				exprs = append(exprs, target.Expr)
			}
		}
		for _, a := range d.Annotation.List {
			exprs = append(exprs, a.Expr)
		}
		for _, expr := range exprs {
			if expr == "" {
				continue
			}
			expr, err := filled(expr, values)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range selectors(t, expr) {
				one := (&parser.VectorSelector{Name: s.Name, LabelMatchers: s.LabelMatchers}).String()
				if asked[one] {
					continue
				}
				asked[one] = true
				if found, err := w.prometheus.Query(bounded(t), one, time.Now()); err != nil || len(found) == 0 {
					t.Errorf("%s: no series, %v", one, err)
				}
			}
		}
	}
	if len(asked) < 50 {
		t.Errorf("only %d selectors: are they still found?", len(asked))
	}
}

// annotates looks at the marks on the time axis: a change of definition is one for two
// minutes, and none of the definitions that did not change.
func (w *watched) annotates(t *testing.T, all map[string]*dashboard) {
	for uid, d := range all {
		found := map[string][]testkit.Series{}
		for _, a := range d.Annotation.List {
			if a.Expr == "" {
				continue
			}
			// Two minutes on, what was two minutes before is the time before the change.
			series, err := w.prometheus.Query(bounded(t), a.Expr, w.confirmed.Add(2*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			word, _, _ := strings.Cut(a.Name, " ")
			found[word] = series
		}
		changed := found["口径变更"]
		if len(changed) != 1 || changed[0].Labels["indicator"] != kpi.DefAnswerRate || changed[0].Labels["version"] != "2" {
			t.Errorf("%s: changed definitions: %v", uid, changed)
		}
		if alarms := found["告警"]; len(alarms) != 1 || alarms[0].Labels["alertname"] != "HotlineTest" {
			t.Errorf("%s: alarms: %v", uid, alarms)
		}
	}
}

// value is the one value of a panel's query.
func (w *watched) value(ctx context.Context, d *dashboard, title, legend string) (float64, error) {
	values := d.variables()
	values["window"] = string(kpi.Today)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			if !strings.HasPrefix(p.Title, title+" ") || !strings.HasPrefix(target.LegendFormat, legend) {
				continue
			}
			if target.RawSQL != "" {
				n, err := w.number(ctx, target.RawSQL, values)
				if err != nil || n == nil {
					return 0, fmt.Errorf("%s: %v, %w", title, n, err)
				}
				return *n, nil
			}
			found, err := w.ask(ctx, target, values)
			if err != nil || len(found) != 1 {
				return 0, fmt.Errorf("%s: %v, %w", title, found, err)
			}
			for _, v := range found {
				return v, nil
			}
		}
	}
	return 0, fmt.Errorf("%s has no panel %s with %q", d.UID, title, legend)
}

// agrees reads the figures of today from the command line and from the dashboards, at one
// instant that the data reach, and holds them against each other to the last digit.
func (w *watched) agrees(t *testing.T, all map[string]*dashboard) {
	zone := shanghai(t)
	testkit.Eventually(t, 2*steps, func() error {
		ctx := bounded(t)
		y, m, day := time.Now().In(zone).Date()
		from := kpi.DayStart(y, m, day, zone)
		w.from, w.to = from, kpi.DayStart(y, m, day+1, zone)
		ask := func() (*kpi.Statement, error) {
			return app.Figures(ctx, w.root(), slog.New(slog.DiscardHandler), app.FigureQuery{From: from, To: w.to, Zone: zone})
		}
		s, err := ask()
		if err != nil {
			return err
		}
		live, past := all["hotline-supervisor"], all["hotline-history"]
		reached, err := w.value(ctx, live, "数据截至", "")
		if err != nil {
			return err
		}
		if s.DataTo == nil || reached != float64(s.DataTo.UnixMilli()) {
			return fmt.Errorf("data to %v here, %s there", s.DataTo, strconv.FormatFloat(reached, 'f', -1, 64))
		}
		for _, f := range []struct {
			d             *dashboard
			title, legend string
			want          float64
		}{
			{live, "12333热线电话接通率", "", *s.Rates.AnswerRateComposite}, // as confirmed
			{live, "接通率（所选口径）", "", *s.Rates.AnswerRateAgent},
			{live, "12333热线响应及时率", "", *s.Rates.ResponseTimeliness},
			{live, "话务量", "来电总量", float64(s.Counts.Offered)},
			{live, "话务量", "人工请求量", float64(s.Counts.Requested)},
			{live, "话务量", "人工接听量", float64(s.Counts.Answered)},
			{past, "来电总量", "", float64(s.Counts.Offered)},
			{past, "人工接听量", "", float64(s.Counts.Answered)},
			{past, "放弃量", "", float64(s.Counts.AbandonedQueue + s.Counts.AbandonedRinging)},
			{past, "综合接通率（含自助）", "", *s.Rates.AnswerRateComposite},
			{past, "15秒应答率（占接听）", "", *s.Rates.ServiceLevelOfAnswered["15"]},
			{past, "平均等待", "", *s.Rates.ASASeconds},
		} {
			got, err := w.value(ctx, f.d, f.title, f.legend)
			if err != nil {
				return err
			}
			if got != f.want {
				return fmt.Errorf("%s, %s %s: %v on the dashboard, %v by kpi at %v", f.d.UID, f.title, f.legend, got, f.want, s.DataTo)
			}
		}
		again, err := ask()
		if err == nil && !again.DataTo.Equal(*s.DataTo) {
			err = errors.New("the data went on meanwhile")
		}
		return err
	})
}

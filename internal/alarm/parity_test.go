package alarm

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"go.yaml.in/yaml/v3"

	"hotline12333/deploy"
)

// promtoolTests is a file for promtool test rules, as far as it is used.
type promtoolTests struct {
	EvaluationInterval string `yaml:"evaluation_interval"`
	Tests              []struct {
		Name        string
		Interval    string
		InputSeries []inputSeries `yaml:"input_series"`
		Alerts      []alertCase   `yaml:"alert_rule_test"`
	}
}

type inputSeries struct{ Series, Values string }

type alertCase struct {
	EvalTime  string `yaml:"eval_time"`
	Alertname string
	Exp       []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

// The series of promtool's tests give in the program what they give in promtool: the same
// alerts, with the same labels and texts, at the same moments.
func TestGivesWhatPromtoolGives(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine does it")
	}
	files, err := filepath.Glob("../../deploy/prometheus/rules/tests/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of promtool: %v", err)
	}
	cases := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tests promtoolTests
		if err := yaml.Unmarshal(text, &tests); err != nil {
			t.Fatal(err)
		}
		for i := range tests.Tests {
			test := &tests.Tests[i]
			cases += len(test.Alerts)
			t.Run(test.Name, func(t *testing.T) {
				every := duration(t, tests.EvaluationInterval)
				run := newReplay(t, duration(t, test.Interval))
				run.load(test.InputSeries)
				run.only(test.Alerts)
				slices.SortStableFunc(test.Alerts, func(a, b alertCase) int {
					return cmp.Compare(duration(t, a.EvalTime), duration(t, b.EvalTime))
				})
				at := time.Duration(0)
				for _, a := range test.Alerts {
					for ; at <= duration(t, a.EvalTime); at += every {
						run.evaluate(at)
					}
					var want []string
					for _, x := range a.Exp {
						x.Labels["alertname"] = a.Alertname
						want = append(want, fmt.Sprint(x.Labels, x.Annotations))
					}
					slices.Sort(want)
					if diff := gocmp.Diff(want, run.firing(a.Alertname)); diff != "" {
						t.Errorf("%s at %s (-promtool +program):\n%s", a.Alertname, a.EvalTime, diff)
					}
				}
			})
		}
	}
	if cases < 50 {
		t.Errorf("only %d cases were held against promtool's", cases)
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := model.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(d)
}

// replay is the store and the rules of an evaluator, over series of a test: from the
// epoch on, as promtool has it.
type replay struct {
	t      *testing.T
	step   time.Duration
	db     *store
	groups []*rules.Group
	names  []labels.Labels
	values [][]parser.SequenceValue
	next   int // step that is not stored yet
}

func newReplay(t *testing.T, step time.Duration) *replay {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := openStore(t.TempDir(), DefaultConfig().Retention, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.DisableCompactions()
	read, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(DefaultConfig(), Deps{Rules: read})
	if err != nil {
		t.Fatal(err)
	}
	m := e.manager(context.Background(), db, func([]*alert.Alert) {})
	groups, errs := m.LoadGroups(ruleInterval, labels.EmptyLabels(), "", nil, false, read.files...)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	r := &replay{t: t, step: step, db: db}
	for _, g := range groups {
		for _, rule := range g.AlertingRules() {
			rule.SetRestored(true)
		}
		r.groups = append(r.groups, g)
	}
	slices.SortFunc(r.groups, func(a, b *rules.Group) int { // maintenance is recorded before it is asked for
		return strings.Compare(order(a), order(b))
	})
	return r
}

func order(g *rules.Group) string {
	if g.HasAlertingRules() {
		return "b " + g.Name()
	}
	return "a " + g.Name()
}

// load reads the notation of the series.
func (r *replay) load(series []inputSeries) {
	r.t.Helper()
	for _, s := range series {
		ls, seq, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(s.Series + " " + s.Values)
		if err != nil {
			r.t.Fatal(err)
		}
		r.names, r.values = append(r.names, ls), append(r.values, seq)
	}
}

// only leaves out the groups that have no say in what is asked about: they have none of the
// alerts, and record nothing.
func (r *replay) only(about []alertCase) {
	r.groups = slices.DeleteFunc(r.groups, func(g *rules.Group) bool {
		return len(g.AlertingRules()) == len(g.Rules()) && !slices.ContainsFunc(g.AlertingRules(), func(rule *rules.AlertingRule) bool {
			return slices.ContainsFunc(about, func(a alertCase) bool { return a.Alertname == rule.Name() })
		})
	})
}

// reach stores what comes up to a moment: the store takes nothing that is far behind.
func (r *replay) reach(at time.Duration) {
	r.t.Helper()
	app := r.db.AppenderV2(context.Background())
	for ; time.Duration(r.next)*r.step <= at; r.next++ {
		for k, seq := range r.values {
			if r.next >= len(seq) || seq[r.next].Omitted {
				continue
			}
			if _, err := app.Append(0, r.names[k], 0, (time.Duration(r.next) * r.step).Milliseconds(), seq[r.next].Value, nil, nil, storage.AOptions{}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *replay) evaluate(at time.Duration) {
	r.t.Helper()
	r.reach(at)
	for _, g := range r.groups {
		g.Eval(context.Background(), time.UnixMilli(0).Add(at).UTC())
		for _, rule := range g.Rules() {
			if err := rule.LastError(); err != nil {
				r.t.Fatalf("%s at %v: %v", rule.Name(), at, err)
			}
		}
	}
}

func (r *replay) firing(name string) []string {
	var list []string
	for _, g := range r.groups {
		for _, rule := range g.AlertingRules() {
			if rule.Name() != name {
				continue
			}
			for _, a := range rule.ActiveAlerts() {
				if a.State == rules.StateFiring {
					list = append(list, fmt.Sprint(a.Labels.Map(), a.Annotations.Map()))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

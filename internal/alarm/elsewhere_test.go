package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/deploy"
	"hotline12333/internal/testkit"
)

// A real Prometheus and a real Alertmanager say what is in force there, each in its way.
func TestAsksElsewhere(t *testing.T) {
	text, err := deploy.Rules.ReadFile("prometheus/rules/hotline.yml")
	if err != nil {
		t.Fatal(err)
	}
	// The target is gone: HotlineDown; and a rule of somebody else's fires too.
	shipped := strings.NewReplacer("interval: 30s", "interval: 1s", "interval: 1m", "interval: 1s", "for: 1m", "for: 1s").Replace(string(text))
	rules := shipped + "\n  - name: others\n    interval: 1s\n    rules:\n      - {alert: Lunch, expr: vector(1), labels: {severity: page}}\n" +
		"      - {alert: DataLate, expr: vector(100), labels: {severity: page}}\n"
	manager := testkit.RealAlertmanager(t, strings.NewReplacer("group_wait: 30s", "group_wait: 1s", "group_wait: 10s", "group_wait: 1s").Replace(string(deploy.Routes)))
	prometheus := testkit.RealPrometheus(t, testkit.PrometheusConfig{Targets: []string{testkit.FreeAddress(t)}, Rules: rules, Alertmanager: manager}).URL()
	ours, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ prometheus, alertmanager, want string }{
		{prometheus: prometheus, want: "HotlineDown DataLate"},
		{alertmanager: "http://" + manager, want: "HotlineDown"}, // it holds back DataLate
	} {
		cfg := DefaultConfig()
		cfg.Prometheus, cfg.Alertmanager, cfg.Poll = c.prometheus, c.alertmanager, time.Second
		e, err := NewElsewhere(cfg, ours, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		changes, leave := e.Subscribe()
		go func() { ended <- e.Run(ctx) }()
		testkit.Eventually(t, testkit.Patience, func() error {
			s := e.State()
			got := map[string]bool{}
			for _, a := range s.Firing {
				got[a.Name] = true
			}
			for _, name := range strings.Fields(c.want) {
				if !got[name] {
					return fmt.Errorf("in force is %v, not yet %s", s.Firing, name)
				}
			}
			if len(got) != len(strings.Fields(c.want)) {
				return fmt.Errorf("in force is %v, want %s", got, c.want)
			}
			if s.At.IsZero() || time.Since(s.At) > testkit.Patience {
				return fmt.Errorf("evaluated at %v", s.At)
			}
			a := s.Firing[0]
			if a.Name == "HotlineDown" && (!strings.HasPrefix(a.Summary.ZH, "程序不可达") || a.Severity != Page || a.Since.IsZero()) {
				return fmt.Errorf("it is %+v", a)
			}
			return nil
		})
		select {
		case <-changes:
		default:
			t.Error("nobody was told of a change")
		}
		leave()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// Nobody answers, or somebody who is neither: what was known holds, and gets old.
func TestNobodyAnswersElsewhere(t *testing.T) {
	ours, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Alertmanager = "http://" + testkit.FreeAddress(t)
	e, err := NewElsewhere(cfg, ours, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	old := State{At: time.Now().Add(-time.Hour), Firing: []Alarm{{Name: "EngineDown", Severity: Page}}}
	e.keep(old)
	if _, err := e.ask(t.Context()); err == nil {
		t.Error("it was read from nobody")
	}
	asked := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	e.ask = func(context.Context) (State, error) { close(asked); return State{}, errors.New("away") }
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	<-asked
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s := e.State(); !s.At.Equal(old.At) || len(s.Firing) != 1 {
		t.Errorf("the state is %+v", s)
	}
}

// Whoever writes a file of rules or routes is told where it is wrong.
func TestWrongFiles(t *testing.T) {
	good, err := deploy.Rules.ReadFile("prometheus/rules/hotline.yml")
	if err != nil {
		t.Fatal(err)
	}
	lineOf := func(text, part string) int { return 1 + strings.Count(text[:strings.Index(text, part)], "\n") }
	broken := strings.Replace(string(good), "hotline_calls_waiting{queue=\"all\"} > 0", "hotline_calls_waiting{queue=\"all\"} >> 0", 1)
	unknown := strings.Replace(string(good), "keep_firing_for: 15m", "keep_firing: 15m", 1)
	template := strings.Replace(string(good), "{{ $value }} waiting", "{{ $valu }} waiting", 1)
	severity := strings.Replace(string(good), "labels: {severity: page}", "labels: {severity: critical}", 1)
	tests := []struct{ name, text, want string }{
		{"broken.yml", broken, fmt.Sprintf("broken.yml:%d: group \"hotline-answering\", rule 4, \"NobodyAnswers\"", lineOf(string(good), "hotline_calls_waiting{queue=\"all\"} > 0")-1)},
		{"unknown.yml", unknown, fmt.Sprintf("unknown.yml:%d: field keep_firing not found", lineOf(string(good), "keep_firing_for: 15m"))},
		{"template.yml", template, "undefined variable \"$valu\""},
		{"severity.yml", severity, "severity is \"critical\", want page (somebody is woken) or warning"},
		{"empty.yml", "groups: []\n", "empty.yml: there is no alert in it"},
	}
	for _, c := range tests {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadRules(deploy.Rules, []string{path})
		if err == nil || !strings.HasPrefix(err.Error(), "alarm.rules: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant one line with %q", c.name, err, c.want)
		}
	}
	if _, err := LoadRules(deploy.Rules, []string{filepath.Join(t.TempDir(), "none.yml")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a file that does not exist it says %v", err)
	}
	for name, want := range map[string]string{
		"receivers:\n  - name: page\n":                                                                             "no route",
		"route: {receiver: quiet}\nreceivers:\n  - name: quiet\nunknown: 1\n":                                      ":4: field unknown not found",
		"route: {receiver: page}\nreceivers:\n  - name: page\n    webhook_configs: [{url: 'http://127.0.0.1/'}]\n": "receiver page has webhook_configs",
	} {
		path := filepath.Join(t.TempDir(), "routes.yml")
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadRoutes(deploy.Routes, path); err == nil || !strings.HasPrefix(err.Error(), "alarm.routes: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Config){
		"evaluate: ":                   func(c *Config) { c.Evaluate = "sometimes" },
		"every: ":                      func(c *Config) { c.Every = time.Hour },
		"retention: ":                  func(c *Config) { c.Retention = time.Minute },
		"poll: ":                       func(c *Config) { c.Poll = 0 },
		"prometheus and alertmanager:": func(c *Config) { c.Prometheus, c.Alertmanager = "http://a", "http://b" },
		"prometheus: ":                 func(c *Config) { c.Prometheus = "a:9090" },
		"alertmanager: ":               func(c *Config) { c.Alertmanager = "a:9093" },
		"rules: ":                      func(c *Config) { c.Rules = []string{" "} },
	} {
		c := cfg
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// What is read of the program's metrics is what the rules look at; where a rule asks for
// metrics otherwise than by name, all.
func TestReadsWhatRulesLookAt(t *testing.T) {
	r, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, all := r.metrics()
	got := " " + strings.Join(names, " ") + " "
	for _, want := range []string{"hotline_calls_waiting", "up", "hotline_answer_rate_ratio", "hotline_maintenance_until_timestamp_seconds"} {
		if !strings.Contains(got, " "+want+" ") {
			t.Errorf("%s is not among %s", want, got)
		}
	}
	if all || strings.Contains(got, " go_goroutines ") {
		t.Errorf("all is %v, %s", all, got)
	}
	path := filepath.Join(t.TempDir(), "all.yml")
	text := "groups: [{name: a, rules: [{alert: A, expr: 'count({__name__=~\"go_.*\"}) > 1', labels: {severity: page}}]}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err = LoadRules(deploy.Rules, []string{path}); err != nil {
		t.Fatal(err)
	}
	if _, all := r.metrics(); !all {
		t.Error("a rule that matches names is not given all metrics")
	}
}

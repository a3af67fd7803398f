package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"

	"hotline12333/internal/testkit"
)

const (
	rulesGlob     = "prometheus/rules/*.yml"
	ruleTestsGlob = "prometheus/rules/tests/*.yml"
	prometheusHow = "install the Debian packages prometheus and prometheus-alertmanager (deploy/ci/packages.sh)"
)

// ruleFile is a file of rules as far as it is checked here; promtool checks the rest.
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []alertRule
	}
}

type alertRule struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

func read[T any](t *testing.T, path string) T {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

func files(t *testing.T, glob string) []string {
	t.Helper()
	list, err := filepath.Glob(glob)
	if err != nil || len(list) == 0 {
		t.Fatalf("no %s: %v", glob, err)
	}
	return list
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var all []alertRule
	for _, path := range files(t, rulesGlob) {
		for _, g := range read[ruleFile](t, path).Groups {
			for _, r := range g.Rules {
				if r.Alert != "" { // else it records something that alerts use
					all = append(all, r)
				}
			}
		}
	}
	return all
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testkit.Missing(t, "prometheus", prometheusHow)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func TestRulesAreValid(t *testing.T) {
	tool(t, "promtool", append([]string{"check", "rules"}, files(t, rulesGlob)...)...)
}

func TestRulesFireAndDoNot(t *testing.T) {
	tool(t, "promtool", append([]string{"test", "rules"}, files(t, ruleTestsGlob)...)...)
}

func TestAlertmanagerConfigurationIsValid(t *testing.T) {
	tool(t, "amtool", append([]string{"check-config"}, files(t, "alertmanager/*.yml")...)...)
}

// Every alert can be understood and acted on, by those who read either language.
func TestRulesAreWhole(t *testing.T) {
	for _, r := range alertRules(t) {
		severity := r.Labels["severity"]
		if severity != "page" && severity != "warning" {
			t.Errorf("%s: severity %q", r.Alert, severity)
		}
		if zh := r.Annotations["summary"]; !strings.ContainsFunc(zh, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Errorf("%s: summary %q is not Chinese", r.Alert, zh)
		}
		if en := r.Annotations["summary_en"]; en == "" || strings.ContainsFunc(en, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Errorf("%s: summary_en %q is not English", r.Alert, en)
		}
		for _, s := range []string{r.Annotations["summary"], r.Annotations["summary_en"]} {
			if !strings.Contains(s, "{{") {
				t.Errorf("%s: %q has no figure and no name", r.Alert, s)
			}
		}
		if want := "docs/runbooks/" + r.Alert + ".md"; r.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url %q, want %s", r.Alert, r.Annotations["runbook_url"], want)
		} else if page, err := os.ReadFile(filepath.Join(root, want)); err != nil {
			t.Error(err)
		} else {
			for _, part := range []string{"# " + r.Alert + ":", "**含义**", "**看什么**", "**怎么办**", "**何时解除**", "\n---\n", "**What it means.**", "**What to look at**", "**What to do**", "**It ends**"} {
				if !strings.Contains(string(page), part) {
					t.Errorf("%s lacks %q", want, part)
				}
			}
		}
		if severity == "warning" && !strings.Contains(r.Expr, "unless on () hotline_service_open == 0") {
			t.Errorf("%s can wait, and does not wait for opening", r.Alert)
		}
	}
	for _, page := range files(t, filepath.Join(root, "docs/runbooks/*.md")) {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if !slices.ContainsFunc(alertRules(t), func(r alertRule) bool { return r.Alert == name }) {
			t.Errorf("%s is of no alert", page)
		}
	}
}

func TestEveryRuleIsTestedBothWays(t *testing.T) {
	type tests struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string
				ExpAlerts []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, path := range files(t, ruleTestsGlob) {
		for _, test := range read[tests](t, path).Tests {
			for _, a := range test.AlertRuleTest {
				fires[a.Alertname] = fires[a.Alertname] || len(a.ExpAlerts) > 0
				quiet[a.Alertname] = quiet[a.Alertname] || len(a.ExpAlerts) == 0
			}
		}
	}
	for _, r := range alertRules(t) {
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s is tested firing %v, not firing %v", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
}

// Names of metrics are written literally in the code; an alert on any other is never heard.
func TestRulesNameMetricsOfTheProgram(t *testing.T) {
	known, named := map[string]bool{}, regexp.MustCompile(`\bhotline_[a-z0-9_]+`)
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && named.FindString(s) == s && s != "" {
					known[s] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, r := range alertRules(t) {
		texts := append(slices.Collect(maps.Values(r.Annotations)), r.Expr)
		for _, text := range texts {
			for _, name := range named.FindAllString(text, -1) {
				used[name] = true
			}
		}
	}
	if len(used) < 20 {
		t.Errorf("only %d metrics are named: has the form of the rules changed?", len(used))
	}
	for name := range used {
		if !known[name] {
			t.Errorf("%s is no metric of the program", name)
		}
	}
}

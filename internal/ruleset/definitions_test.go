package ruleset_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func loadRules(t *testing.T, dir string) (*ruleset.Rules, error) {
	t.Helper()
	cfg := ruleset.DefaultConfig()
	cfg.Dir = dir
	return ruleset.Load(pipelines.Rules, cfg, time.UTC)
}

// Where nobody has confirmed anything the built-in file says what kpi.DefaultDefinitions do,
// at every time.
func TestBuiltInDefinitionsAreTheDefaults(t *testing.T) {
	rules, err := loadRules(t, "")
	if err != nil {
		t.Fatal(err)
	}
	choices := kpi.Choices{Zone: time.UTC, Definitions: rules.Definitions.List}
	texts := cmpopts.IgnoreFields(kpi.DefinitionState{}, "Formula", "Text")
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)} {
		got := choices.At(at)
		if diff := cmp.Diff(kpi.DefaultDefinitions(), got, texts); diff != "" {
			t.Errorf("at %s: %s", at, diff)
		}
		for name, s := range got.States(false) {
			if s.Formula == "" || s.Text.ZH == "" || s.Text.EN == "" {
				t.Errorf("%s has no text", name)
			}
		}
	}
}

// A centre's own definition takes the place of the built-in one, and of no other.
func TestOwnDefinitions(t *testing.T) {
	dir := t.TempDir()
	own := `short_abandoned:
  title: {zh: 速挂, en: short abandon}
  provisional: [{version: 1}, {version: 2, from: 2027-01-01}]
  versions:
    - {version: 1, below_seconds: 10, formula: wait < 10 s, zh: 不足10秒, en: below 10 s}
    - {version: 2, below_seconds: 3, from: 2027-01-01, formula: wait < 3 s, zh: 不足3秒, en: below 3 s}
`
	if err := os.WriteFile(filepath.Join(dir, "definitions.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := loadRules(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	choices := kpi.Choices{Zone: time.UTC, Definitions: rules.Definitions.List}
	if d := choices.At(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)); d.ShortAbandon != 10 || d.Timeliness != 15 {
		t.Errorf("short below %d s, timely within %d s", d.ShortAbandon, d.Timeliness)
	}
	if d := choices.At(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); d.ShortAbandon != 3 || d.InForce["short_abandoned"].Version != 2 {
		t.Errorf("from 2027 on short below %d s", d.ShortAbandon)
	}
	files := rules.Definitions.Files
	if len(files) != 2 || files[0].Own || !files[1].Own || files[1].SHA256 == "" || string(files[1].Data) != own {
		t.Errorf("files: %+v", files)
	}
	if _, err := rules.Definitions.Lookup("short_abandond"); err == nil || !strings.Contains(err.Error(), "did you mean short_abandoned?") {
		t.Error(err)
	}
}

func TestWrongDefinitionsAreRefused(t *testing.T) {
	text := builtinFile(t, "definitions.yaml")
	for _, c := range []struct{ name, old, with, want string }{
		{"an unknown definition", "answered_calls:", "answered_call:", `unknown key "answered_call", did you mean answered_calls?`},
		{"an unknown key", "form: composite\n      formula: answered + self_service", "from: composite\n      formula: answered + self_service", `"composite" is no day`},
		{"an unknown form", "form: composite_service_hours", "form: composite_hours", `"composite_hours" is none of`},
		{"a form where there is one", "      below_seconds: 5", "      form: agent\n      below_seconds: 5", `unknown key "form"`},
		{"no form", "      form: agent\n      formula: answered\n", "      formula: answered\n", "form is missing"},
		{"no text", "      en: Ratings / invitations to rate.\n", "", "en is missing"},
		{"an empty formula", "formula: ratings / invitations", `formula: ""`, "is empty"},
		{"numbers out of order", "    - version: 4", "    - version: 5", "version 5 stands where 4 is expected"},
		{"no threshold", "      below_seconds: 5\n", "", "below_seconds is missing"},
		{"a threshold beyond what is counted", "below_seconds: 5", "below_seconds: 601", "not a whole number from 1 to 600"},
		{"thresholds out of order", "[15, 20, 30, 60]", "[15, 30, 20, 60]", "20 does not come after 30"},
		{"no thresholds", "[15, 20, 30, 60]", "[]", "there is none"},
		{"wait without a time", "      within_seconds: 15\n", "", "within_seconds is missing"},
		{"items with a time", "      form: items\n", "      form: items\n      within_seconds: 15\n", "within_seconds is for the form wait"},
		{"another window", "within_hours: 48", "within_hours: 72", "within 48 hours and no other"},
		{"a scale that is none", `{"5": [4, 5], "3": [2, 3]}`, `{"1": [1]}`, `"1" is no scale`},
		{"a value beyond its scale", `{"5": [4, 5], "3": [2, 3]}`, `{"5": [6]}`, "not a whole number from 1 to 5"},
		{"no version leads", "  provisional: 1\n", "", "provisional is missing"},
		{"a version that is none leads", "  provisional: 1\n", "  provisional: 9\n", "not a whole number from 1 to 4"},
		{"nothing leads by itself", "    - version: 1\n    - {version: 2, with: tickets}", "    - {version: 2, with: tickets}", "one must always lead"},
		{"tickets elsewhere", "title: {zh: 速挂, en: short abandon}\n  provisional: 1", "title: {zh: 速挂, en: short abandon}\n  provisional: [{version: 1}, {version: 1, with: tickets}]", "only response_timeliness depends on"},
		{"a list that goes back", "title: {zh: 速挂, en: short abandon}\n  provisional: 1", "title: {zh: 速挂, en: short abandon}\n  provisional: [{version: 1}, {version: 1, from: 2027-01-01}, {version: 1, from: 2026-01-01}]", "begins before the one above it"},
		{"no versions", "  versions:\n    - version: 1\n      working_days: 2", "  versions: []\n  version:\n    - version: 1\n      working_days: 2", "there is none"},
		{"a day that is none", "      working_days: 2", "      working_days: 2\n      from: 2026-02-30", `"2026-02-30" is no day`},
	} {
		_, err := ruleset.ParseDefinitions("d.yaml", changed(t, text, c.old, c.with))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "d.yaml:") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

package ruleset_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func builtinFile(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(pipelines.Rules, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// changed is a built-in file in which one text is another.
func changed(t *testing.T, text, old, with string) []byte {
	t.Helper()
	if strings.Count(text, old) < 1 {
		t.Fatalf("the file has no %q", old)
	}
	return []byte(strings.Replace(text, old, with, 1))
}

// Every rule of the indicator files refuses what breaks it, and says where.
func TestWrongIndicatorsAreRefused(t *testing.T) {
	text := builtinFile(t, "indicators/2026.yaml")
	for _, c := range []struct{ name, old, with, want string }{
		{"an unknown key", "year: 2026", "yaer: 2026", `unknown key "yaer", did you mean year?`},
		{"no year", "year: 2026\n", "", "year is missing"},
		{"a weight too much", "row: 15, printed: \"≥83%\", target: 83, unit: \"%\", weight: 2", "row: 15, printed: \"≥83%\", target: 83, unit: \"%\", weight: 3", "come to 91, not to 90"},
		{"a group's sum", "subgroups: {数量指标: 15", "subgroups: {数量指标: 16", "come to 15, not to 16"},
		{"a group that is none", "groups: {成本指标: 10", "groups: {费用指标: 10", "is none of the file's levels"},
		{"points that are not 100", "execution: 10", "execution: 20", "points and execution come to 110.00, not to 100"},
		{"a row left out", "\"13\": {row: 2, ", "\"13\": {row: 28, ", "there is no row 2"},
		{"a code twice", "code: heating_cost", "code: office_cost", "office_cost is described twice"},
		{"a code that is none", "code: heating_cost", "code: Heating-Cost", "is no code"},
		{"an unknown level", "level: [成本指标, 经济成本指标]", "level: [成本指标, 经济指标]", `"经济指标" is none of the file's levels`},
		{"an unknown sign", "used: \"≤\"", "used: \"<=\"", `"<=" is none of`},
		{"an unknown figure", "{figure: answer_rate}", "{figure: answerrate}", "is none of"},
		{"computed and entered", "{figure: answer_rate}", "{figure: answer_rate, entered: latest}", "say one of figure"},
		{"a target of nothing", "target: 83,", "target: 0,", "a target of 0 is always reached"},
		{"a negative target", "target: 83,", "target: -83,", "is negative"},
		{"a target that is none", "target: 83,", "target: 83%,", "is not a decimal number"},
		{"an unknown unit", "unit: \"万通\"", "unit: \"千通\"", `"千通" is none of the file's units`},
		{"two units", "target: 10, unit: \"万通\", weight: 2.5", "target: 10, unit: \"万人\", weight: 2.5", "one value is entered for both"},
		{"a table that is none", "      \"13\": {row: 1,", "      \"15\": {row: 1,", "is none of the file's tables"},
		{"per month without saying what counts", "per: month, counts: mean", "per: month", "says what counts"},
		{"a graded row with a target", "printed: \"便捷\", weight", "printed: \"便捷\", target: 1, unit: \"项\", weight", "neither target nor unit"},
		{"pace of a rate", "value: {figure: answer_rate}", "value: {entered: latest}\n    pace: true", "the pace of the year is that of a volume"},
		{"a break that is none", "broken: [name_cut]", "broken: [name_lost]", "is none of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ruleset.ParseIndicators("2026.yaml", changed(t, text, c.old, c.with))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "2026.yaml:") {
				t.Errorf("error = %v, want one with %q and its place", err, c.want)
			}
		})
	}
}

func TestWrongFormsAreRefused(t *testing.T) {
	text := builtinFile(t, "forms/self-evaluation-13.yaml")
	for _, c := range []struct{ name, old, with, want string }{
		{"an unknown kind", "form: self_evaluation", "form: evaluation", "is none of"},
		{"an unknown column", "column: level1", "column: level0", "is none of"},
		{"a column twice", "column: level1", "column: level2", "column level2 stands twice"},
		{"no name", "  - {column: level3, title: {zh: 三级指标, en: Indicator}, width: 24}\n", "", "no column names the indicator"},
		{"an unknown field", "field: subject", "field: object", "is none of"},
		{"one language", "{zh: 优, en: excellent}", "{zh: 优}", "en is missing"},
		{"grades that go up", "least: 80}\n  - {name: {zh: 中", "least: 95}\n  - {name: {zh: 中", "grades go down"},
		{"no grade at the bottom", "least: 0}\n\n", "least: 1}\n\n", "the last grade begins at 0"},
		{"a gap between bands", "most: 80, least: 60", "most: 79, least: 60", "without a gap"},
		{"causes without parts", "column: nature", "column: causes", "the causes to tick"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ruleset.ParseForm("f.yaml", changed(t, text, c.old, c.with))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.yaml:") {
				t.Errorf("error = %v, want one with %q and its place", err, c.want)
			}
		})
	}
}

// own loads the rules with files of a centre's own, by folder/name.
func own(t *testing.T, files map[string][]byte) (*ruleset.Rules, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := ruleset.DefaultConfig()
	cfg.Dir = dir
	return ruleset.Load(pipelines.Rules, cfg, shanghai(t))
}

// A new year is a new file, a province's form is a file, and a centre's own take the place
// of the built-in ones.
func TestFilesOfTheCentre(t *testing.T) {
	indicators, form := builtinFile(t, "indicators/2026.yaml"), builtinFile(t, "forms/self-evaluation-13.yaml")
	next := changed(t, indicators, "year: 2026", "year: 2027")
	mine := changed(t, form, "项目支出绩效自评表, en", "陕西省项目支出绩效自评表, en")
	r, err := own(t, map[string][]byte{"indicators/2027.yaml": next, "forms/shaanxi.yaml": mine})
	if err != nil {
		t.Fatal(err)
	}
	if years := r.Indicators.Years(); len(years) != 2 || years[1] != 2027 {
		t.Errorf("years = %v", years)
	}
	if f, ok := r.Indicators.File(2027); !ok || !f.Own || len(f.SHA256) != 64 || string(f.Data) != string(next) {
		t.Errorf("the file of 2027: %s %v %s", f.Path, f.Own, f.SHA256)
	}
	got, err := r.Forms.Lookup(kpi.SelfEvaluation, "13")
	if err != nil || got.Title.ZH != "陕西省项目支出绩效自评表" || got.Name != "shaanxi" {
		t.Errorf("the form is %v, %v", got, err)
	}
	if _, err := r.Indicators.Of(2028); err == nil || !strings.Contains(err.Error(), "add 2028.yaml to") || !strings.Contains(err.Error(), "known: 2026, 2027") {
		t.Errorf("the targets of 2028: %v", err)
	}
}

func TestFilesOfTheCentreThatCannotBe(t *testing.T) {
	indicators, form := builtinFile(t, "indicators/2026.yaml"), builtinFile(t, "forms/self-evaluation-13.yaml")
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"two of one year":    {map[string][]byte{"indicators/a.yaml": []byte(indicators), "indicators/b.yaml": []byte(indicators)}, "given twice"},
		"two of one form":    {map[string][]byte{"forms/a.yaml": []byte(form), "forms/b.yaml": []byte(form)}, "given twice"},
		"points of a form":   {map[string][]byte{"forms/a.yaml": changed(t, form, "execution: 10", "execution: 20")}, "do not make 100"},
		"a table of no year": {map[string][]byte{"forms/a.yaml": changed(t, form, `table: "13"`, `table: "17"`)}, "is no table of any year"},
	} {
		if _, err := own(t, c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

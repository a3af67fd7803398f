package board

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"hotline12333/dashboards"
	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func built(t testing.TB) map[string][]byte {
	t.Helper()
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	all, err := All(rules)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for i := range all {
		if out[all[i].File], err = all[i].JSON(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// decoded are the dashboards as they are read back.
func decoded(t testing.TB) map[string]object {
	t.Helper()
	out := map[string]object{}
	for name, text := range built(t) {
		var content object
		if err := json.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		out[name] = content
	}
	return out
}

func TestFilesAreWhatIsBuilt(t *testing.T) {
	all := built(t)
	names, err := fs.Glob(dashboards.Files, "*")
	if err != nil || !slices.Equal(names, slices.Sorted(maps.Keys(all))) {
		t.Errorf("dashboards holds %q, %v", names, err)
	}
	for name, text := range all {
		if file, err := dashboards.Files.ReadFile(name); err != nil || !bytes.Equal(file, text) {
			t.Errorf("dashboards/%s is not what is built: run go generate ./internal/board (%v)", name, err)
		}
	}
}

// panelsOf are the panels that are no headings.
func panelsOf(content object) []object {
	var out []object
	for _, p := range content["panels"].([]any) {
		if p := p.(object); p["type"] != "row" {
			out = append(out, p)
		}
	}
	return out
}

func bilingual(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) &&
		regexp.MustCompile(`[A-Za-z]{2,}`).MatchString(s)
}

// Every panel says what it shows, in both languages, in what unit, and from where.
func TestPanelsAreComplete(t *testing.T) {
	types := []string{"timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "state-timeline"}
	used := map[string]bool{}
	for name, content := range decoded(t) {
		ids := map[float64]bool{}
		for _, p := range panelsOf(content) {
			title := text(p["title"])
			defaults := p["fieldConfig"].(object)["defaults"].(object)
			if kind := text(p["type"]); !slices.Contains(types, kind) {
				t.Errorf("%s, %s: type %s", name, title, kind)
			} else {
				used[kind] = true
			}
			if !bilingual(title) || !bilingual(text(p["description"])) {
				t.Errorf("%s, %s: title or description is not in both languages: %s", name, title, p["description"])
			}
			if text(defaults["unit"]) == "" || defaults["mappings"] == nil || len(defaults["thresholds"].(object)["steps"].([]any)) == 0 {
				t.Errorf("%s, %s: no unit, mappings or thresholds", name, title)
			}
			if len(p["targets"].([]any)) == 0 || len(p["options"].(object)) == 0 {
				t.Errorf("%s, %s: nothing to show", name, title)
			}
			for _, q := range p["targets"].([]any) {
				uid := q.(object)["datasource"].(object)["uid"]
				if uid != p["datasource"].(object)["uid"] || uid != PrometheusUID && uid != ClickHouseUID {
					t.Errorf("%s, %s: data source %v", name, title, uid)
				}
			}
			id := p["id"].(float64)
			if ids[id] {
				t.Errorf("%s: two panels %v", name, id)
			}
			ids[id] = true
		}
		if !bilingual(text(content["title"])) || !bilingual(text(content["description"])) || len(text(content["uid"])) > 40 {
			t.Errorf("%s: %v %v", name, content["title"], content["uid"])
		}
	}
	if len(used) != len(types) {
		t.Errorf("used are only %v", slices.Sorted(maps.Keys(used)))
	}
}

// Null where a list or an object belongs is what makes a panel blank.
func TestNothingIsNull(t *testing.T) {
	var walk func(where string, v any)
	walk = func(where string, v any) {
		switch v := v.(type) {
		case nil:
			if !strings.HasSuffix(where, ".steps[].value") { // of the first step, as Grafana has it
				t.Errorf("%s is null", where)
			}
		case object:
			for key, field := range v {
				walk(where+"."+key, field)
			}
		case []any:
			for i := range v {
				walk(where+"[]", v[i])
			}
		}
	}
	for name, content := range decoded(t) {
		walk(name, content)
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	for name, content := range decoded(t) {
		taken := map[[2]int]string{}
		for _, p := range content["panels"].([]any) {
			title, at := text(p.(object)["title"]), p.(object)["gridPos"].(object)
			x, y, w, h := int(at["x"].(float64)), int(at["y"].(float64)), int(at["w"].(float64)), int(at["h"].(float64))
			if x+w > 24 {
				t.Errorf("%s: %s is out of the grid", name, title)
			}
			for i := x; i < x+w; i++ {
				for j := y; j < y+h; j++ {
					if other := taken[[2]int{i, j}]; other != "" {
						t.Errorf("%s: %s lies on %s", name, title, other)
					}
					taken[[2]int{i, j}] = title
				}
			}
		}
	}
}

// A ratio of an indicator has its target as the threshold, and what is just below it is
// not rounded up to it.
func TestThresholdsAreTargets(t *testing.T) {
	gauges := 0
	for name, content := range decoded(t) {
		for _, p := range panelsOf(content) {
			if p["type"] != "gauge" {
				continue
			}
			gauges++
			goal := kpi.TimelinessTarget.Value()
			if strings.Contains(text(p["title"]), "接通率") {
				goal = kpi.AnswerRateTarget.Value()
			}
			defaults := p["fieldConfig"].(object)["defaults"].(object)
			steps := defaults["thresholds"].(object)["steps"].([]any)
			if got := steps[len(steps)-1].(object)["value"]; got != goal {
				t.Errorf("%s, %s: threshold %v, want %v", name, p["title"], got, goal)
			}
			below := defaults["mappings"].([]any)[0].(object)["options"].(object)
			if below["to"] != math.Nextafter(goal, 0) {
				t.Errorf("%s, %s: cut up to %v", name, p["title"], below["to"])
			}
		}
	}
	if gauges < 6 {
		t.Errorf("%d gauges", gauges)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		goal, scale float64
		shown       string
	}{{0.83, 100, "82.99%"}, {1, 100, "99.99%"}, {10, 1, "9.99%"}} {
		options := cut(tt.goal, tt.scale, 2, "%")["options"].(object)
		from, to := options["from"].(float64), options["to"].(float64)
		if got := options["result"].(object)["text"]; got != tt.shown {
			t.Errorf("%v is shown as %v", tt.goal, got)
		}
		// Everything that is cut to this number, and not the target.
		if width := (tt.goal - from) * tt.scale; to != math.Nextafter(tt.goal, 0) || math.Abs(width-0.01) > 1e-9 {
			t.Errorf("%v is cut from %v to %v", tt.goal, from, to)
		}
	}
}

// The mark holds through what Grafana adds of its own accord, and through nothing else.
func TestMark(t *testing.T) {
	texts := built(t)
	names := slices.Sorted(maps.Keys(texts))
	rapid.Check(t, func(t *rapid.T) {
		var ours, theirs object
		text := texts[rapid.SampledFrom(names).Draw(t, "dashboard")]
		for _, into := range []*object{&ours, &theirs} {
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatal(err)
			}
		}
		theirs["id"], theirs["version"], theirs["iteration"] = 3, rapid.IntRange(0, 99).Draw(t, "version"), 17
		panels := panelsOf(theirs)
		p := panels[rapid.IntRange(0, len(panels)-1).Draw(t, "panel")]
		p["pluginVersion"] = "11.2.0"
		p[rapid.StringMatching(`x[a-z]{3}`).Draw(t, "field")] = rapid.SampledFrom([]any{nil, "", false, 0, []any{}, object{}}).Draw(t, "empty")
		if hash, mark, found := compared(t, ours, theirs); hash != mark || mark == "" || len(found) > 0 {
			t.Fatalf("%s %s, %v", hash, mark, found)
		}
		field := rapid.SampledFrom([]string{"title", "description", "type", "fieldConfig", "xnew"}).Draw(t, "edited")
		p[field] = rapid.StringMatching(`[a-z]{5}`).Draw(t, "text")
		if hash, mark, found := compared(t, ours, theirs); hash == mark || len(found) == 0 {
			t.Fatalf("edited: %s %s, %v", hash, mark, found)
		}
	})
}

// compared is what a comparison sees: the hash of theirs, its mark, and the differences.
func compared(t *rapid.T, ours, theirs object) (hash, mark string, found []Difference) {
	a, err1 := normalize(ours)
	b, err2 := normalize(theirs)
	hash, err3 := b.hash()
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return hash, b.mark, differences(a, b)
}

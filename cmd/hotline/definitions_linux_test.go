package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// twenty are calls of this moment: 8 answered, 2 abandoned, 10 served by the IVR.
func twenty() string {
	var b strings.Builder
	at := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	for i := range 20 {
		outcome, more := "self_service", ""
		switch {
		case i < 8:
			outcome, more = "answered", fmt.Sprintf(`,"queue":"general","queued_at":%q,"answered_at":%q`, at, at)
		case i < 10:
			outcome, more = "abandoned_queue", fmt.Sprintf(`,"queue":"general","queued_at":%q`, at)
		}
		fmt.Fprintf(&b, `{"call_id":"c%d","version":1,"centre":"default","source":"pbx","started_at":%q,"ended_at":%q,"direction":"inbound","outcome":%q%s}`+"\n", i, at, at, outcome, more)
	}
	return b.String()
}

func (w *world) get(path string) string {
	w.t.Helper()
	res, err := http.Get("http://" + w.settings["web.listen"] + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
	return string(body)
}

// boardSays waits until board and metrics show a definition and its rate.
func (w *world) boardSays(form string, version int, confirmed bool, rate string, answered int64) {
	w.t.Helper()
	testkit.Eventually(w.t, testkit.Patience, func() error {
		var board struct {
			Definition struct {
				Name      string
				Version   int
				Confirmed bool
				Text      struct{ ZH string }
			}
			Year struct {
				Rate     struct{ Text string }
				Answered int64
			}
		}
		if err := json.Unmarshal([]byte(w.get("/api/board")), &board); err != nil {
			return err
		}
		d := board.Definition
		if d.Name != form || d.Version != version || d.Confirmed != confirmed || d.Text.ZH == "" || board.Year.Rate.Text != rate || board.Year.Answered != answered {
			return fmt.Errorf("the board says %+v", board)
		}
		info := fmt.Sprintf(`hotline_definition_info{confirmed="%v",definition=%q,indicator="answer_rate",version="%d"} 1`, confirmed, form, version)
		if metrics := w.get("/metrics"); !strings.Contains(metrics, info) {
			return fmt.Errorf("the metrics have no %s", info)
		}
		return nil
	})
}

// A confirmation changes every output of a running system, and no count; history can be
// computed by any version.
func TestDefinitionsAreConfirmed(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	w.must("import", w.write("calls.ndjson", twenty()), "--source", "hotline-record")
	zone := shanghai(t)
	today, tomorrow := time.Now().In(zone).Format(time.DateOnly), time.Now().In(zone).AddDate(0, 0, 1).Format(time.DateOnly)
	year := time.Now().In(zone).Format("2006")

	w.boardSays("agent", 1, false, "80.0%", 8)
	kpiOf := func(args ...string) map[string]any {
		t.Helper()
		var s map[string]any
		if err := json.Unmarshal([]byte(w.must(append([]string{"kpi", "--format", "json"}, args...)...)), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	check := func(s map[string]any, rate float64, version float64, confirmed bool) map[string]any {
		t.Helper()
		d := s["definitions"].(map[string]any)["answer_rate"].(map[string]any)
		r := s["rates"].(map[string]any)
		if r["answer_rate"] != rate || d["version"] != version || d["confirmed"] != confirmed || r["answer_rate_agent"] != 0.8 || r["answer_rate_composite"] != 0.9 {
			t.Errorf("answer rate %v of agent %v and composite %v, by %v", r["answer_rate"], r["answer_rate_agent"], r["answer_rate_composite"], d)
		}
		return s
	}
	check(kpiOf("--from", today), 0.8, 1, false)
	if out := w.must("definitions", "list"); !strings.Contains(out, "v1, not confirmed (口径待确认)") {
		t.Errorf("list:\n%s", out)
	}

	confirm := []string{"definitions", "confirm", "answer_rate", "--by", "王芳", "--reason", "统一口径", "--document", "咸人社函〔2026〕8号"}
	for want, args := range map[string][]string{
		`did you mean answer_rate?`:               {"definitions", "confirm", "answer_rat", "--version", "2", "--by", "x", "--reason", "y", "--document", "z"},
		"--version is needed":                     confirm,
		"has no version 9; it has: 1 agent":       append(confirm, "--version", "9"),
		"who confirms it is missing":              {"definitions", "confirm", "answer_rate", "--version", "2", "--reason", "y", "--document", "z"},
		"the number of the document is missing":   {"definitions", "confirm", "answer_rate", "--version", "2", "--reason", "y", "--by", "z"},
		`"tomorrow" is no day`:                    append(confirm, "--version", "2", "--from", "tomorrow"),
		`did you mean answered_calls?`:            {"kpi", "--definitions", "answerd_calls=1"},
		"has no version 3: it has 1, 2":           {"kpi", "--definitions", "answered_calls=3"},
		`write it as answer_rate=2`:               {"kpi", "--definitions", "answer_rate"},
		"asks for both version":                   {"kpi", "--definitions", "answer_rate=1,answer_rate=2"},
		"there is no entry 01J to replace":        append(confirm, "--version", "2", "--replaces", "01J"),
		`definition "rate" is not known`:          {"definitions", "list", "rate"},
		"definitions needs one of list or confir": {"definitions"},
	} {
		if code, _, stderr := w.run(args...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("hotline %s: exit code %d, %s; want %q", strings.Join(args, " "), code, stderr, want)
		}
	}

	code, out, stderr := w.run(append(confirm, "--version", "2", "--from", today)...)
	if code != 0 || !strings.Contains(out, "v2 since "+today+", confirmed by 王芳, 咸人社函〔2026〕8号") || !strings.Contains(stderr, "do not count the same calls") {
		t.Fatalf("exit code %d, %s, %s", code, out, stderr)
	}
	w.boardSays("composite", 2, true, "90.0%", 8)
	s := check(kpiOf("--from", today, "--texts"), 0.9, 2, true)
	if r := fmt.Sprint(s["reconciliation"]); !strings.Contains(r, "answer_rate_numerator:18 answered_calls:8") || !strings.Contains(r, "what:self_service") {
		t.Errorf("reconciliation %v", r)
	}
	if text := fmt.Sprint(s["definition_texts"].(map[string]any)["answer_rate"]); !strings.Contains(text, "综合接通率") {
		t.Errorf("text %s", text)
	}
	// Of the year only a part was under it, before today nothing was confirmed; any version can be asked for.
	s = check(kpiOf("--from", year+"-01-01"), 0.9, 2, true)
	if d := s["definitions"].(map[string]any)["answer_rate"].(map[string]any); d["changed_in_period"] != true && today != year+"-01-01" {
		t.Errorf("the year straddles the change: %v", d)
	}
	check(kpiOf("--from", year+"-01-01", "--definitions", "answer_rate=1"), 0.8, 1, false)
	table := w.must("kpi", "--from", today)
	for _, want := range []string{"composite answer rate *", "answered calls (indicator) 8 + self service 10 = numerator of the answer", "confirmed by 王芳", "综合接通率（含自助）"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table has no %q:\n%s", want, table)
		}
	}
	if e := w.must("explain", "answer_rate", "--period", year, "--sample", "0"); !strings.Contains(e, "18") {
		t.Errorf("explain:\n%s", e)
	}

	// Somebody else confirmed for the same day meanwhile.
	if code, _, stderr := w.run(append(confirm, "--version", "1", "--from", today)...); code == 0 || !strings.Contains(stderr, "definition answer_rate "+today+" was entered by 王芳 at ") {
		t.Errorf("conflict: exit code %d, %s", code, stderr)
	}
	var list struct {
		Definitions []struct {
			History []struct{ ID, By, Period string }
		}
	}
	if err := json.Unmarshal([]byte(w.must("definitions", "list", "answer_rate", "--format", "json")), &list); err != nil {
		t.Fatal(err)
	}
	h := list.Definitions[0].History
	if len(h) != 1 || h[0].By != "王芳" || h[0].Period != today {
		t.Fatalf("history %+v", h)
	}
	// For a later day it is another one; what was withdrawn holds no more, and stays in the history.
	w.must(append(confirm, "--version", "3", "--from", tomorrow)...)
	w.boardSays("composite", 2, true, "90.0%", 8)
	w.must(append(confirm, "--withdraw", "--from", today, "--replaces", h[0].ID)...)
	w.boardSays("agent", 1, false, "80.0%", 8)
	w.must("definitions", "confirm", "answered_calls", "--version", "2", "--by", "王芳", "--reason", "r", "--document", "d")
	w.boardSays("agent", 1, false, "80.0%", 18)
	out = w.must("definitions", "list", "answer_rate")
	for _, want := range []string{"replaced", "withdrawn", tomorrow + "     v3 composite_service_hours, confirmed by 王芳", "the beginning  v1 agent, not confirmed"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list has no %q:\n%s", want, out)
		}
	}
}

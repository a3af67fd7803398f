package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// TestNobodyKnowsWhoAsked: calls of a source that does not tell who asked for an agent go
// through the whole chain, and nowhere are the answered alone the requested: no page, file or
// series has an agent answer rate, and what is known is there.
func TestNobodyKnowsWhoAsked(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.write("sources/blind.yaml", strings.NewReplacer("name: generic-csv", "name: blind\ncannot: [requests]").Replace(builtinSource(t, "generic-csv")))
	w = w.with("rules.calendar=cn-2026", "sources.dir="+w.path("sources"))
	w.up()
	file, calls := mornings(shanghai(t))
	w.must("import", w.write("weeks.csv", file), "--source", "blind")
	// And some of whatever year it is, for what tells of this one alone.
	w.must("import", w.write("now.csv", morningHeader+morningCalls(time.Now().In(shanghai(t)).Add(-20*time.Minute), 10)), "--source", "blind")
	var all int64
	for _, q := range calls {
		for _, n := range q {
			all += int64(n)
		}
	}
	kpi := w.must("kpi", "--from", "2026-03-01", "--to", "2026-04-01", "--format", "json")
	s := statement(t, kpi)
	if s.Counts.Offered != all || s.Counts.Answered != all-all/10 || s.Rates.AnswerRateComposite == nil {
		t.Errorf("what is known: %d offered, %d answered of %d", s.Counts.Offered, s.Counts.Answered, all)
	}
	if !regexp.MustCompile(`"requested": null`).MatchString(kpi) || s.Rates.AnswerRateAgent != nil || s.NotComputed["answer_rate"] != "requests" {
		t.Errorf("the requested are told: %s", kpi)
	}
	if said := w.must("source", "describe", "blind"); !strings.Contains(said, "the agent answer rate") {
		t.Errorf("the description does not say so:\n%s", said)
	}
	if list := w.must("callbacks", "list"); !strings.HasPrefix(list, "to call back 未接入 not connected, done 0") || !strings.Contains(list, "a source does not tell who asked for an agent") {
		t.Errorf("the list of lost callers does not say that it does not know them:\n%s", list)
	}
	if list := w.lost("--centre", "default"); list.NotConnected != "requests" || list.Figures.Owed != 0 {
		t.Errorf("as data: %+v", list)
	}
	if list := w.lost("--centre", "elsewhere"); list.NotConnected != "" {
		t.Errorf("of a centre without calls: %+v", list)
	}
	pollUntilLive(t, w)
	officer := w.person("王芳", "preparer")
	for path, words := range map[string][]string{
		"/history?from=2026-03-01&to=2026-03-31&by=day":           {"未接入", "90.00%"}, // composite
		"/morning?date=2026-03-30":                                {"未接入: 数据来源不提供哪些来电请求了人工"},
		"/report?period=2026Q1":                                   {"未接入", "哪些来电请求了人工"},
		"/calls?figure=answer_rate&period=2026-03":                {"未接入"},
		"/calls?figure=requested&period=2026-03":                  {"未接入"},
		"/lostcalls":                                              {"未接入: 数据来源不提供哪些来电请求了人工"},
		"/history?from=2026-03-01&to=2026-03-31&by=day&lang=en":   {"not connected"},
		"/morning?date=2026-03-30&lang=en":                        {"a source does not tell who asked for an agent"},
		"/calls?figure=answer_rate_composite&period=2026-03":      {"90.00%"},
		"/report?period=2026Q1&lang=en":                           {"who asked for an agent"},
		"/history?from=2026-03-01&to=2026-03-31&by=queue&lang=zh": {"未接入"},
	} {
		if !strings.Contains(path, "lang=") { // the page remembers the last one
			path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=zh"
		}
		status, body := officer.get(path)
		says(t, path, status, body, http.StatusOK, words...)
		if strings.HasPrefix(path, "/history") && strings.Contains(shownText(t, body), "100.00%") {
			t.Errorf("%s: all are said to have been answered", path)
		}
	}
	testkit.Eventually(t, steps, func() error { // who is owed a call is read beside the figures
		if _, board := w.stranger().get("/api/board"); !strings.Contains(board, `"callbacks":{"connected":false`) {
			return fmt.Errorf("callers owed are told: %s", tail(board))
		}
		return nil
	})
	w.person("周萍", "supervisor").sees("/shift", http.StatusOK, "待回拨 未接入")
	_, metrics := w.stranger().get("/metrics")
	for _, absent := range []string{
		`hotline_answer_rate_ratio{centre="all",definition="agent"`, `population="requested",queue="all",window="year"`, `hotline_answer_rate_budget_burn{`,
	} {
		if strings.Contains(metrics, absent) {
			t.Errorf("exported: %s", absent)
		}
	}
	if !strings.Contains(metrics, `hotline_answer_rate_ratio{centre="all",definition="composite",queue="all",window="year"} 0.9`) {
		t.Error("the composite rate is not exported")
	}
}

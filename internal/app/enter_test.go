package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
)

// What is entered is held against the indicator before anything is written.
func TestEnteredValues(t *testing.T) {
	cfg := config.DefaultRoot()
	rules, err := openRules(cfg)
	if err != nil {
		t.Fatal(err)
	}
	who := Author{By: "王", Evidence: "file 12"}
	judged := Author{By: "王", Reason: "制度健全"}
	for _, test := range []struct {
		name string
		v    EnteredValue
		want string // the body, or what the error holds after "!"
	}{
		{"plain", EnteredValue{Code: "policy_awareness", Value: "95.30", Author: who}, `{"value":95.30,"unit":"%"}`},
		{"with its unit", EnteredValue{Code: "policy_awareness", Value: "95.3 %", Author: who}, `{"value":95.3,"unit":"%"}`},
		{"another unit", EnteredValue{Code: "policy_awareness", Value: "95.3万通", Author: who}, "!its unit is %"},
		{"no number", EnteredValue{Code: "policy_awareness", Value: "好", Author: who}, "!is no number"},
		{"nothing", EnteredValue{Code: "policy_awareness", Author: who}, "!the value is missing"},
		{"negative", EnteredValue{Code: "policy_awareness", Value: "-1", Author: who}, "!is negative"},
		{"a near code", EnteredValue{Code: "policy_awarenes", Value: "95", Author: who}, "!did you mean policy_awareness?"},
		{"computed", EnteredValue{Code: "answer_rate", Value: "95", Author: who}, "!is computed from calls"},
		{"a score of what is measured", EnteredValue{Code: "policy_awareness", Score: "95", Author: who}, "!is measured: enter its value in %"},
		{"a value of what is graded", EnteredValue{Code: "service_continuity", Value: "95", Author: who}, "!is graded"},
		{"graded", EnteredValue{Code: "service_continuity", Score: "85%", Author: judged}, `{"score":85,"band":"reached"}`},
		{"on the edge", EnteredValue{Code: "service_continuity", Score: "80", Author: judged}, `{"score":80,"band":"reached"}`},
		{"below it", EnteredValue{Code: "service_continuity", Score: "79.9", Author: judged}, `{"score":79.9,"band":"partly"}`},
		{"another band", EnteredValue{Code: "service_continuity", Score: "85", Band: "partly", Author: judged}, "!not in the band partly"},
		{"too high", EnteredValue{Code: "service_continuity", Score: "101", Author: judged}, "!not in the band reached"},
		{"no reason", EnteredValue{Code: "service_continuity", Score: "85", Author: who}, "!reason is missing"},
		{"budget", EnteredValue{Code: "budget_execution_13", Executed: "60.5", Adjusted: "120万元", Author: who}, `{"unit":"万元","executed":60.5,"adjusted":120}`},
		{"half a budget", EnteredValue{Code: "budget_execution_13", Executed: "60.5", Author: who}, "!adjusted: the amount is missing"},
		{"a budget of an indicator", EnteredValue{Code: "office_cost", Executed: "1", Adjusted: "2", Author: who}, "!is entered under the code of its table"},
		{"a table that is none", EnteredValue{Code: "budget_execution_15", Executed: "1", Adjusted: "2", Author: who}, "!did you mean budget_execution_13?"},
		{"not applicable", EnteredValue{Code: "office_cost", NotApplicable: true, Reviewer: "赵", Author: judged}, `{"not_applicable":true,"reviewer":"赵"}`},
		{"not applicable, unreviewed", EnteredValue{Code: "office_cost", NotApplicable: true, Author: judged}, "!who has reviewed"},
		{"not applicable, without a reason", EnteredValue{Code: "office_cost", NotApplicable: true, Reviewer: "赵", Author: who}, "!reason is missing"},
		{"nobody", EnteredValue{Code: "policy_awareness", Value: "95", Author: Author{Evidence: "x"}}, "!who enters it is missing"},
		{"no evidence", EnteredValue{Code: "policy_awareness", Value: "95", Author: Author{By: "王"}}, "!evidence is missing"},
		{"a period that is none", EnteredValue{Code: "policy_awareness", Period: "2026Q5", Value: "95", Author: who}, "!2026Q5"},
		{"a year without targets", EnteredValue{Code: "policy_awareness", Period: "2019", Value: "95", Author: who}, "!add 2019.yaml"},
		{"a period to come", EnteredValue{Code: "policy_awareness", Period: "2099", Value: "95", Author: who}, "!has not begun"},
		{"withdrawn", EnteredValue{Code: "policy_awareness", Author: Author{By: "王", Reason: "x", Replaces: "E", Withdraw: true}}, "{}"},
		{"withdrawn with a value", EnteredValue{Code: "policy_awareness", Value: "1", Author: Author{By: "王", Reason: "x", Replaces: "E", Withdraw: true}}, "!enters nothing"},
		{"withdrawn, but what", EnteredValue{Code: "policy_awareness", Author: Author{By: "王", Reason: "x", Withdraw: true}}, "!which entry is withdrawn"},
	} {
		if test.v.Period == "" {
			test.v.Period = "2026Q1"
		}
		e, err := test.v.entry(cfg, rules)
		fault, wrong := strings.CutPrefix(test.want, "!")
		switch {
		case wrong && (err == nil || !strings.Contains(err.Error(), fault)):
			t.Errorf("%s: %s, %v; want the error %q", test.name, e.Body, err, fault)
		case !wrong && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case !wrong && (string(e.Body) != test.want || e.Slot != journal.Slot{Kind: journal.KindValue, Subject: test.v.Code, Period: "2026Q1"}):
			t.Errorf("%s: %s of %s, want %s", test.name, e.Body, e.Slot, test.want)
		}
	}
}

func TestReadControlTotals(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	got, err := readControlTotals(strings.NewReader("\ufeff日期,人工接听量,来电总量\n2026-03-02,431,512\n2026/3/3, ,498\n"), "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := []ControlDay{
		{"2026-03-02", journal.ControlTotal{Offered: n(512), Answered: n(431)}},
		{"2026-03-03", journal.ControlTotal{Offered: n(498)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		"date,offered,来电总量\n": "column offered is there twice",

		"":                               "f.csv is empty",
		"date,offered\n":                 "f.csv has no day",
		"offered\n1\n":                   "f.csv:1: the column date is missing",
		"date,ofered\n":                  `f.csv:1: column "ofered" is not known, did you mean offered?`,
		"date,offered\n2026-02-30,1\n":   `f.csv:2: "2026-02-30" is no day`,
		"date,offered\n2026-03-02,1.5\n": `f.csv:2: offered: "1.5" is no whole number`,
		"date,offered\n2026-03-02,\n":    "f.csv:2: a control total needs at least one",
		"date,offered,answered\n2026-03-02,5,6\n":     "f.csv:2: answered: 6 is more than the 5",
		"date,offered\n2026-03-02,1\n2026-03-02,2\n":  "f.csv:3: 2026-03-02 stands in line 2 already",
		"date,offered\n2026-03-02\n":                  "f.csv",
		"date,offered\n2026-03-02,-1\n2026-03-03,x\n": "f.csv:3: offered:",
	} {
		if _, err := readControlTotals(strings.NewReader(text), "f.csv"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

package ruleset_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
)

// rat reads a decimal or a quotient of decimals.
func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	above, below, divided := strings.Cut(s, "/")
	r, ok := new(big.Rat).SetString(above)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	if divided {
		r.Quo(r, rat(t, below))
	}
	return r
}

func period(t *testing.T, name string) kpi.Span {
	t.Helper()
	s, err := kpi.ParsePeriod(name, shanghai(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// full is a table of a year in which everything was reached exactly.
func full(t *testing.T, number, name string) kpi.Evaluation {
	t.Helper()
	r := builtin(t)
	form, err := r.Forms.Lookup(kpi.SelfEvaluation, number)
	if err != nil {
		t.Fatal(err)
	}
	in := kpi.Evaluation{
		Table: table(t, number), Year: 2026, Form: form, Zone: shanghai(t), Span: period(t, name), Working: kpi.Progress{Done: 248, All: 248},
		Figures: map[kpi.Figure]kpi.Ratio{
			kpi.FigureAnsweredCalls:          {Num: 100_000, Den: 1},
			kpi.FigureAnswerRate:             {Num: 83, Den: 100},
			kpi.FigureResponseTimeliness:     {Num: 5, Den: 5},
			kpi.FigureConsultationTimeliness: {Num: 7, Den: 7},
		},
		Execution: kpi.Execution{Adjusted: rat(t, "170"), Executed: rat(t, "170")},
	}
	for _, row := range in.Table.Rows {
		e := kpi.Entered{Code: row.Code, Span: in.Span, By: "王芳"}
		switch {
		case row.Figure != "":
			continue
		case row.Sign == kpi.Graded:
			e.Score, e.Reason = rat(t, "100"), "调查显示办事便捷"
		default:
			e.Value = row.Target.Rat()
			switch row.Per { // the year's amount of a target per month or quarter
			case kpi.PerMonth:
				e.Value.Mul(e.Value, big.NewRat(12, 1))
			case kpi.PerQuarter:
				e.Value.Mul(e.Value, big.NewRat(4, 1))
			}
		}
		in.Entered = append(in.Entered, e)
	}
	return in
}

func evaluate(t *testing.T, in kpi.Evaluation) *kpi.Evaluated {
	t.Helper()
	out, err := kpi.Evaluate(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func rowOf(t *testing.T, e *kpi.Evaluated, code string) *kpi.RowResult {
	t.Helper()
	i := slices.IndexFunc(e.Rows, func(r kpi.RowResult) bool { return r.Code == code })
	if i < 0 {
		t.Fatalf("there is no row %s", code)
	}
	return &e.Rows[i]
}

func TestEverythingReachedIsAHundred(t *testing.T) {
	for _, number := range []string{"13", "14"} {
		e := evaluate(t, full(t, number, "2026"))
		if !e.Complete() || e.Total.Cmp(big.NewRat(100, 1)) != 0 || e.Grade == nil || e.Grade.Name.ZH != "优" || e.Interim {
			t.Errorf("table %s: total %v, grade %v", number, e.Total, e.Grade)
		}
		for _, r := range e.Rows {
			if r.State != kpi.Met || r.Score.Cmp(r.Weight.Rat()) != 0 || slices.Contains(r.Flags, kpi.FlagTargetLow) {
				t.Errorf("table %s: %s is %s with %v, flags %v", number, r.Code, r.State, r.Score, r.Flags)
			}
		}
	}
}

// The score vectors of the definitions, in the table they stand in.
func TestVectorsInTheTable(t *testing.T) {
	for _, c := range []struct {
		figure       kpi.Figure
		value        kpi.Ratio
		score, shown string
		state        kpi.State
	}{
		{kpi.FigureAnsweredCalls, kpi.Ratio{Num: 98_000, Den: 1}, "2.45", "9.80", kpi.Near},
		{kpi.FigureAnsweredCalls, kpi.Ratio{Num: 99_960, Den: 1}, "2.499", "9.99", kpi.Near},
		{kpi.FigureAnsweredCalls, kpi.Ratio{Num: 131_000, Den: 1}, "2.5", "13.10", kpi.Met},
		{kpi.FigureAnsweredCalls, kpi.Ratio{Num: 94_999, Den: 1}, "2.374975", "9.49", kpi.Missed},
		{kpi.FigureAnswerRate, kpi.Ratio{Num: 7856, Den: 10_000}, "15712/8300", "78.56", kpi.Missed},
		{kpi.FigureAnswerRate, kpi.Ratio{Num: 85_582 + 154_917, Den: 263_851}, "2", "91.14", kpi.Met}, // 91.1495…, cut
		{kpi.FigureAnswerRate, kpi.Ratio{Num: 82_996, Den: 100_000}, "165992/83000", "82.99", kpi.Near},
		{kpi.FigureResponseTimeliness, kpi.Ratio{Num: 999, Den: 1000}, "1.998", "99.90", kpi.Near},
	} {
		in := full(t, "13", "2026")
		in.Figures[c.figure] = c.value
		r := rowOf(t, evaluate(t, in), string(c.figure))
		want := rat(t, c.score)
		if r.Score.Cmp(want) != 0 || r.State != c.state || kpi.Print(r.Value, &r.Row, true) != c.shown {
			t.Errorf("%s of %v: %s, score %s, %s; want %s, %s, %s", c.figure, c.value, kpi.Print(r.Value, &r.Row, true), r.Score.RatString(), r.State, c.shown, want.RatString(), c.state)
		}
		if low := slices.Contains(r.Flags, kpi.FlagTargetLow); low != (c.value.Num == 131_000) {
			t.Errorf("%v is flagged as a low target: %v", c.value, low)
		}
	}
}

// What is missing is a state of its row; the sheet then has no total.
func TestMissingValuesAreNotZero(t *testing.T) {
	in := full(t, "13", "2026")
	in.Figures[kpi.FigureAnswerRate] = kpi.Ratio{}
	in.Figures[kpi.FigureAnsweredCalls] = kpi.Ratio{Num: 10, Den: 1, NotConnected: kpi.CanIVR}
	delete(in.Figures, kpi.FigureConsultationTimeliness)
	in.Entered = slices.DeleteFunc(in.Entered, func(e kpi.Entered) bool {
		return e.Code == "policy_awareness" || e.Code == "service_continuity" || e.Code == "heating_cost"
	})
	in.Execution.Executed = nil
	e := evaluate(t, in)
	for code, want := range map[string]kpi.State{
		"answer_rate": kpi.NoData, "answered_calls": kpi.Unconnected, "consultation_timeliness": kpi.NoData,
		"policy_awareness": kpi.NotEntered, "service_continuity": kpi.NotEntered, "heating_cost": kpi.NotEntered,
	} {
		if r := rowOf(t, e, code); r.State != want || r.Value != nil || r.Score != nil {
			t.Errorf("%s is %s with %v, score %v; want %s", code, r.State, r.Value, r.Score, want)
		}
	}
	if e.Complete() || e.Total != nil || e.Grade != nil || e.Execution.State != kpi.NotEntered {
		t.Errorf("the sheet is complete: %v %v %v", e.Total, e.Grade, e.Execution.State)
	}
	// 100 less 2 + 2.5 + 2 + 5 + 15 + 2.5 + 10.
	if want := big.NewRat(61, 1); e.Reached.Cmp(want) != 0 || e.Points.Cmp(want) != 0 {
		t.Errorf("reached %s of %s points that can be said, want 61", e.Reached.RatString(), e.Points.RatString())
	}
	if months := rowOf(t, e, "heating_cost").Missing; len(months) != 12 {
		t.Errorf("of the heating %v are missing", months)
	}
}

func TestRowsThatDoNotApplyAreRescaled(t *testing.T) {
	in := full(t, "13", "2026")
	for i := range in.Entered {
		if in.Entered[i].Code == "service_continuity" { // 15 points
			in.Entered[i] = kpi.Entered{Code: "service_continuity", Span: in.Span, NotApplicable: true, Reason: "机构改革，职能移交", Reviewer: "李静"}
		}
		if in.Entered[i].Code == "resident_satisfaction" { // 10 points: half of the target
			in.Entered[i].Value = rat(t, "47.5")
		}
	}
	e := evaluate(t, in)
	// 80 of the 85 points that apply.
	if want := kpi.Rounded(rat(t, "8000/85")); e.Applied.Cmp(big.NewRat(85, 1)) != 0 || e.Total.Cmp(want) != 0 || e.Total.FloatString(2) != "94.12" {
		t.Errorf("%s of %s: total %s", e.Reached.RatString(), e.Applied.RatString(), e.Total.FloatString(2))
	}
	if r := rowOf(t, e, "service_continuity"); r.State != kpi.NotApplicable || r.Reason == "" || r.By != "李静" {
		t.Errorf("the row says %+v", r)
	}
	in.Execution = kpi.Execution{NotApplicable: true, Reason: "无预算", Reviewer: "李静"}
	if e = evaluate(t, in); e.Applied.Cmp(big.NewRat(75, 1)) != 0 {
		t.Errorf("without a budget %s points apply", e.Applied.RatString())
	}
}

// Within the year volumes are held against the pace, rates as they are, and money against
// what is allowed in the year.
func TestQuarterEnd(t *testing.T) {
	in := full(t, "13", "2026Q1")
	in.Working = kpi.Progress{Done: 59, All: 248}
	in.Figures[kpi.FigureAnsweredCalls] = kpi.Ratio{Num: 23_790, Den: 1} // 59/248 of 100,000 are 23,790.3
	for i := range in.Entered {
		if in.Entered[i].Code == "office_cost" {
			in.Entered[i].Value = rat(t, "0.75") // three months
		}
	}
	e := evaluate(t, in)
	calls := rowOf(t, e, "answered_calls")
	if want := rat(t, "590/248"); !e.Interim || calls.Expected.Cmp(want) != 0 || calls.State != kpi.Near || !slices.Contains(calls.Flags, kpi.FlagPace) {
		t.Errorf("23,790 calls in the quarter: %s against %v", calls.State, calls.Expected)
	}
	if rate := rowOf(t, e, "answer_rate"); rate.Expected != nil || rate.State != kpi.Met {
		t.Errorf("the rate is held against %v", rate.Expected)
	}
	if office := rowOf(t, e, "office_cost"); office.State != kpi.Met || office.Value.Cmp(rat(t, "0.25")) != 0 {
		t.Errorf("office costs of %v a month: %s", office.Value, office.State)
	}
	in.Figures[kpi.FigureAnsweredCalls] = kpi.Ratio{Num: 23_791, Den: 1}
	if calls = rowOf(t, evaluate(t, in), "answered_calls"); calls.State != kpi.Met {
		t.Errorf("23,791 calls are %s", calls.State)
	}
}

// In the middle of the year what adds up counts as far as it has been entered.
func TestRunningPeriod(t *testing.T) {
	in := full(t, "13", "2026-01-01..2026-05-20")
	in.Working = kpi.Progress{Done: 92, All: 248}
	in.Entered = slices.DeleteFunc(in.Entered, func(e kpi.Entered) bool { return e.Code == "cards_issued" || e.Code == "office_cost" })
	for _, e := range []struct{ code, period, value string }{
		{"cards_issued", "2026-02", "0.4"},
		{"cards_issued", "2026-01", "0.4"},
		{"cards_issued", "2026-04", "0.4"},
		{"office_cost", "2026Q1", "0.6"},
	} {
		in.Entered = append(in.Entered, kpi.Entered{Code: e.code, Span: period(t, e.period), Value: rat(t, e.value)})
	}
	if cards := rowOf(t, evaluate(t, in), "cards_issued"); cards.State != kpi.NotEntered {
		t.Errorf("of a period that is over, the cards are %s", cards.State)
	}
	march := period(t, "2026-02").To
	in.Running = func(to time.Time) kpi.Progress {
		if !to.Equal(march) {
			t.Errorf("asked for working days to %s", to)
		}
		return kpi.Progress{Done: 37, All: 248}
	}
	e := evaluate(t, in)
	cards := rowOf(t, e, "cards_issued")
	if want := rat(t, "177.6/248"); cards.Value.Cmp(rat(t, "0.8")) != 0 || cards.Expected.Cmp(want) != 0 || cards.State != kpi.Met || !slices.Contains(cards.Flags, kpi.FlagPartValue) {
		t.Errorf("cards to the end of February: %v against %v, %s, %v", cards.Value, cards.Expected, cards.State, cards.Flags)
	}
	if office := rowOf(t, e, "office_cost"); office.Value == nil || office.Value.Cmp(rat(t, "0.2")) != 0 || office.State != kpi.Met {
		t.Errorf("office costs a month: %v, %s", office.Value, office.State)
	}
}

func TestGradedRows(t *testing.T) {
	for score, want := range map[string]struct {
		band  string
		state kpi.State
	}{"100": {"达成", kpi.Met}, "80": {"达成", kpi.Met}, "79.9": {"部分达成", kpi.Near}, "60": {"部分达成", kpi.Near}, "59": {"未达成", kpi.Missed}, "0": {"未达成", kpi.Missed}} {
		in := full(t, "14", "2026")
		for i := range in.Entered {
			if in.Entered[i].Code == "service_continuity" {
				in.Entered[i].Score = rat(t, score)
			}
		}
		r := rowOf(t, evaluate(t, in), "service_continuity")
		share := new(big.Rat).Quo(rat(t, score), big.NewRat(100, 1))
		if r.Band.Name.ZH != want.band || r.State != want.state || r.Score.Cmp(share.Mul(share, big.NewRat(15, 1))) != 0 {
			t.Errorf("%s%%: %s, %s, %s points", score, r.Band.Name.ZH, r.State, r.Score.RatString())
		}
	}
}

func TestWrongEvaluationsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(in *kpi.Evaluation)
		want   string
	}{
		"another form": {func(in *kpi.Evaluation) { in.Form = nil }, "needs a table, a form"},
		"another table's form": {func(in *kpi.Evaluation) {
			f := *in.Form
			f.Table = "14"
			in.Form = &f
		}, "is about table 14"},
		"another year": {func(in *kpi.Evaluation) { in.Span = period(t, "2025") }, "is not within 2026"},
		"two values":   {func(in *kpi.Evaluation) { in.Entered = append(in.Entered, in.Entered[0]) }, "has two values"},
		"a computed row": {func(in *kpi.Evaluation) {
			in.Entered = append(in.Entered, kpi.Entered{Code: "answer_rate", Span: in.Span, Value: rat(t, "99")})
		}, "answer_rate is computed"},
		"a negative value": {func(in *kpi.Evaluation) { in.Entered[0].Value = rat(t, "-1") }, "is negative"},
		"a score without a reason": {func(in *kpi.Evaluation) {
			for i := range in.Entered {
				in.Entered[i].Reason = ""
			}
		}, "has no reason"},
		"a score above the bands": {func(in *kpi.Evaluation) {
			for i := range in.Entered {
				if in.Entered[i].Score != nil {
					in.Entered[i].Score = rat(t, "101")
				}
			}
		}, "in none of the bands"},
		"a row that does not apply without a reviewer": {func(in *kpi.Evaluation) {
			in.Entered[0].NotApplicable, in.Entered[0].Reason = true, "x"
		}, "needs a reason and a reviewer"},
	} {
		in := full(t, "13", "2026")
		c.change(&in)
		if _, err := kpi.Evaluate(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A period in which nothing was decided is no data, not 0 calls.
func TestNothingDecidedIsNoData(t *testing.T) {
	for name, tally := range map[string]kpi.Tally{"no calls": {}, "only open calls": {Calls: 3, Open: 3}} {
		d := kpi.DefaultDefinitions()
		in := full(t, "13", "2026-02")
		in.Figures, in.Draft = kpi.IndicatorCounts(kpi.Compute(&tally, kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait}), d), d)
		e := evaluate(t, in)
		for code, want := range map[string]kpi.State{"answered_calls": kpi.NoData, "answer_rate": kpi.NoData, "response_timeliness": kpi.NoData, "consultation_timeliness": kpi.Unconnected} {
			if r := rowOf(t, e, code); r.State != want || r.Score != nil || !slices.Contains(r.Flags, kpi.FlagUnconfirmed) {
				t.Errorf("%s: %s is %s, flags %v", name, code, r.State, r.Flags)
			}
		}
	}
}

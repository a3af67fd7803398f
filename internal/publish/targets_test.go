package publish

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/kpi"
)

func TestTargetsAreExported(t *testing.T) {
	row := func(code string, sign kpi.Sign, target int64, unit string) kpi.Row {
		return kpi.Row{
			Indicator: kpi.Indicator{Code: code, Sign: sign}, Target: kpi.Whole(target),
			Unit: kpi.Unit{Name: kpi.Wording{ZH: unit, EN: unit}}, Weight: kpi.Whole(2),
		}
	}
	tables := []*kpi.Evaluated{{Table: &kpi.Table{Number: "13"}, Rows: []kpi.RowResult{
		{Row: row("answer_rate", kpi.AtLeast, 83, "%"), State: kpi.Near, Value: big.NewRat(8217, 100), Score: big.NewRat(198, 100)},
		{Row: row("answered_calls", kpi.AtLeast, 10, "万通"), State: kpi.Met, Value: big.NewRat(9, 1), Expected: big.NewRat(35, 4), Score: big.NewRat(2, 1)},
		{Row: row("policy_awareness", kpi.AtLeast, 95, "%"), State: kpi.NotEntered},
		{Row: row("service_continuity", kpi.Graded, 0, ""), State: kpi.Met, Score: big.NewRat(15, 1)},
	}}}
	var fail error
	c := NewTargets(func(context.Context) ([]*kpi.Evaluated, error) { return tables, fail }, nil)
	series := func() (out []string) {
		for _, l := range lines(exposition(t, c), "hotline_indicator_") {
			if !strings.HasPrefix(l, "#") {
				out = append(out, l)
			}
		}
		return out
	}
	got := series()
	want := []string{
		`hotline_indicator_evaluation_failed 0`,
		`hotline_indicator_expected{indicator="answered_calls",table="13",unit="万通"} 8.75`,
		`hotline_indicator_score{indicator="answer_rate",table="13"} 1.98`,
		`hotline_indicator_score{indicator="answered_calls",table="13"} 2`,
		`hotline_indicator_score{indicator="service_continuity",table="13"} 15`,
		`hotline_indicator_state{indicator="answer_rate",state="near",table="13"} 1`,
		`hotline_indicator_state{indicator="answered_calls",state="met",table="13"} 1`,
		`hotline_indicator_state{indicator="policy_awareness",state="not_entered",table="13"} 1`,
		`hotline_indicator_state{indicator="service_continuity",state="met",table="13"} 1`,
		`hotline_indicator_target{indicator="answer_rate",table="13",unit="%"} 83`,
		`hotline_indicator_target{indicator="answered_calls",table="13",unit="万通"} 10`,
		`hotline_indicator_target{indicator="policy_awareness",table="13",unit="%"} 95`,
		`hotline_indicator_value{indicator="answer_rate",table="13",unit="%"} 82.17`,
		`hotline_indicator_value{indicator="answered_calls",table="13",unit="万通"} 9`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	tables, fail = nil, errors.New("no targets")
	if got := series(); len(got) != 1 || got[0] != "hotline_indicator_evaluation_failed 1" {
		t.Errorf("without an evaluation: %v", got)
	}
}

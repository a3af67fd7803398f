package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

func explanation(t *testing.T) *kpi.Explanation {
	t.Helper()
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, zone)
	to, dataTo := from.AddDate(0, 1, 0), from.Add(9*time.Hour)
	d := kpi.DefaultDefinitions()
	figure, err := kpi.LookupExplained("answer_rate", d)
	if err != nil {
		t.Fatal(err)
	}
	standings, explainer := kpi.Standings{}, kpi.NewExplainer(figure)
	e := &kpi.Explanation{
		Figure: figure, Name: "2026-03", Period: kpi.Period{From: &from, To: &to, Zone: zone.String()}, DataTo: &dataTo, Definitions: d.States(false),
		Place: kpi.Place{Queue: "社保卡"}, Sample: &kpi.Sample{Size: 1, Seed: 7},
	}
	for _, s := range []kpi.Seen{
		{Outcome: "answered", Wait: 3500},
		{Outcome: "answered"},
		{Outcome: "abandoned_queue"},
		{Outcome: "open"},
		{Outcome: "answered", Excluded: "test"},
		{Outcome: "blocked", OutsideService: true},
	} {
		at := explainer.Stand(s)
		standings.Add(at)
		if len(e.Calls) == 0 || e.Calls[len(e.Calls)-1].Role != at.Role {
			e.Calls = append(e.Calls, kpi.ExplainedCall{
				Role: at.Role, Rule: at.Rule, CallID: "=1+1", Version: 2, ArrivedAt: from.Add(9 * time.Hour), Centre: "default", Queue: "社保卡", Agent: "@1001",
				Outcome: s.Outcome, WaitSeconds: kpi.Millis(s.Wait), Caller: "138****5678", Source: "pbx", Origin: "march.csv:17",
			})
		}
	}
	sum := standings.Sum()
	e.Numerator, e.Denominator, e.Roles = sum.Num, sum.Den, standings.Totals()
	e.NotConnected, e.Value = figure.Value(sum, nil)
	e.Checked = kpi.Checked{Equal: true, Numerator: sum.Num, Denominator: sum.Den}
	return e
}

func explained(t *testing.T, f Format, e *kpi.Explanation) string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteExplanation(&out, f, e); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestExplanationTable(t *testing.T) {
	differs := explanation(t)
	differs.Checked.Equal = false
	differs.Checked.Differences = []kpi.Mismatch{{
		From: *differs.Period.From, To: *differs.Period.To, Calls: kpi.Terms{Numerator: 2, Denominator: 3}, Tallies: kpi.Terms{Numerator: 1, Denominator: 2},
	}}
	none := explanation(t)
	none.DataTo, none.Value, none.Numerator, none.Denominator, none.Calls, none.Roles = nil, nil, 0, 0, nil, kpi.Standings{}.Totals()
	for name, e := range map[string]*kpi.Explanation{"explained": explanation(t), "explained_differs": differs, "explained_none": none} {
		testkit.Golden{Name: name + ".txt", Got: explained(t, Table, e), Update: *update}.Check(t)
	}
}

func TestExplanationAsData(t *testing.T) {
	e := explanation(t)
	var back kpi.Explanation
	if err := json.Unmarshal([]byte(explained(t, JSON, e)), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.Calls, back.Calls, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" || len(back.Roles) != 3 || *back.Value != *e.Value {
		t.Errorf("reads back as %+v: %s", back, diff)
	}
	e.Calls = nil
	if err := json.Unmarshal([]byte(explained(t, JSON, e)), &back); err != nil || back.Calls == nil || len(back.Calls) != 0 {
		t.Errorf("without calls: %v, %v", back.Calls, err)
	}
	rows, err := csv.NewReader(strings.NewReader(explained(t, CSV, explanation(t)))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %v", rows, err)
	}
	if rows[1][4] != "'=1+1" || rows[1][9] != "'@1001" {
		t.Errorf("a spreadsheet would calculate %v", rows[1])
	}
}

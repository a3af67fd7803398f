package app

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

func TestMain(m *testing.M) { os.Exit(testkit.Main(m)) }

// still is a hotline whose figures do not change.
type still struct{ tally kpi.Tally }

func (s still) Snapshot(now time.Time) (*kpi.Snapshot, bool) {
	return &kpi.Snapshot{
		At: now, Definitions: kpi.DefaultDefinitions(),
		Windows: map[kpi.Window]kpi.WindowCounts{kpi.ThisYear: {Scopes: map[kpi.Scope]kpi.Counted{
			{Level: kpi.AllCentres}: {Tally: s.tally},
		}}},
	}, true
}

// The indicators of the year to date: computed ones from the figures, the others from what
// people have entered and has not been withdrawn.
func TestStandingOfTheYearToDate(t *testing.T) {
	cfg := config.DefaultRoot()
	cfg.Rules.Calendar = "cn-2026"
	sys := &system{cfg: cfg, log: testkit.Log(t), store: testkit.Store(t)}
	standing, err := sys.standing(still{kpi.Tally{Calls: 50_000, Answered: 41_500, AbandonedQueue: 8_500}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 1, 10, 0, 0, 0, standing.zone)
	standing.now = func() time.Time { return now }
	centre := "" // the whole system
	enter := func(code, period string, body journal.Value, reason string) {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sys.store.AppendEntry(t.Context(), journal.Entry{
			Slot: journal.Slot{Kind: journal.KindValue, Centre: centre, Subject: code, Period: period},
			At:   now, By: "王芳", Reason: reason, Body: raw,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	enter("cards_issued", "2026Q1", journal.Value{Value: "1.2", Unit: "万张"}, "")
	enter("cards_issued", "2025", journal.Value{Value: "9", Unit: "万张"}, "")
	enter("service_convenience", "2026H1", journal.Value{Score: "90", Band: journal.Reached}, "问卷")
	enter("budget_execution_13", "2026Q1", journal.Value{Executed: "5", Adjusted: "24"}, "")
	centre = "north" // which is no second value of the system's
	enter("cards_issued", "2026Q1", journal.Value{Value: "0.4", Unit: "万张"}, "")
	centre = ""
	enter("budget_execution_13", "2026H1", journal.Value{Executed: "12", Adjusted: "24"}, "上半年")

	tables, err := standing.tables(t.Context())
	if err != nil || len(tables) != 2 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	row := func(code string) *kpi.RowResult {
		i := slices.IndexFunc(tables[0].Rows, func(r kpi.RowResult) bool { return r.Code == code })
		return &tables[0].Rows[i]
	}
	// 120 of 248 working days are over.
	if r := row("answered_calls"); r.State != kpi.Missed || r.Value.FloatString(2) != "4.15" || r.Expected.RatString() != "150/31" {
		t.Errorf("answered calls: %s, %v of %v", r.State, r.Value, r.Expected)
	}
	if r := row("answer_rate"); r.State != kpi.Met || r.Value.RatString() != "83" {
		t.Errorf("answer rate: %s, %v", r.State, r.Value)
	}
	// To the end of March 59 are.
	if r := row("cards_issued"); r.State != kpi.Met || r.Value.FloatString(1) != "1.2" || r.Expected.FloatString(4) != "1.1419" {
		t.Errorf("cards: %s, %v of %v", r.State, r.Value, r.Expected)
	}
	if r := row("service_convenience"); r.State != kpi.Met || r.Score.FloatString(1) != "4.5" || r.Reason != "问卷" {
		t.Errorf("convenience: %s, %v, %s", r.State, r.Score, r.Reason)
	}
	if r := row("policy_awareness"); r.State != kpi.NotEntered {
		t.Errorf("awareness: %s", r.State)
	}
	if x := tables[0].Execution; x.Score == nil || x.Score.FloatString(1) != "5.0" {
		t.Errorf("execution: %+v", x)
	}
	if x := tables[1].Execution; x.State != kpi.NotEntered {
		t.Errorf("execution of the other table: %+v", x)
	}

	now = time.Date(2027, 1, 4, 10, 0, 0, 0, standing.zone)
	if _, err := standing.tables(t.Context()); err == nil || !strings.Contains(err.Error(), "2027.yaml") {
		t.Errorf("a year without targets: %v", err)
	}
}

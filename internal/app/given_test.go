package app

import (
	"slices"
	"testing"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// TestGivenIsOneThing: the board and a report take the same of what was entered. That a row
// does not apply in a year holds for each of its quarters, whatever it is computed from; what
// was entered for a centre is about that one alone.
func TestGivenIsOneThing(t *testing.T) {
	cfg := config.DefaultRoot()
	cfg.Rules.Calendar = "cn-2026"
	sys := &system{cfg: cfg, log: testkit.Log(t), store: testkit.Store(t)}
	standing, err := sys.standing(still{kpi.Tally{Calls: 100, Answered: 80, AbandonedQueue: 20}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 31, 22, 0, 0, 0, standing.zone)
	standing.now = func() time.Time { return now }
	enter := func(centre, code, period string, body journal.Value) {
		t.Helper()
		_, err := sys.store.AppendEntry(t.Context(), journal.Entry{
			Slot: journal.Slot{Kind: journal.KindValue, Centre: centre, Subject: code, Period: period},
			At:   now, By: "王芳", Reason: "说明", Body: journal.Encode(body),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	not := journal.Value{NotApplicable: true, Reviewer: "李明"}
	enter("", "policy_awareness", "2026", not)
	enter("", "answer_rate", "2026", not)
	enter("", "budget_execution_14", "2026", not)
	enter("", "cards_issued", "2026Q1", journal.Value{Value: "1.2", Unit: "万张"})
	enter("xy", "cards_issued", "2026Q1", journal.Value{Value: "0.3", Unit: "万张"})
	// Of two that end together the longer one is the whole.
	enter("", "budget_execution_13", "2026-03", journal.Value{Executed: "1", Adjusted: "24"})
	enter("", "budget_execution_13", "2026Q1", journal.Value{Executed: "6", Adjusted: "24"})

	tables, err := standing.tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	quarter, err := kpi.ParsePeriod("2026Q1", standing.zone)
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGathering(cfg, ReportQuery{Zone: standing.zone, Now: now}, quarter)
	if err != nil {
		t.Fatal(err)
	}
	g.sys = sys
	if err := g.journal(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, board := range tables {
		in := kpi.Evaluation{
			Table: board.Table, Year: 2026, Zone: standing.zone, Span: quarter, Entered: g.of(board.Table, quarter),
			Execution: g.entered.execution[board.Table.ExecutionCode()].Execution, Working: kpi.Progress{Done: 59, All: 248},
		}
		if in.Form, err = g.rules.Forms.Lookup(kpi.SelfEvaluation, board.Table.Number); err != nil {
			t.Fatal(err)
		}
		report, err := kpi.Evaluate(in)
		if err != nil {
			t.Fatal(err)
		}
		for i := range board.Rows {
			b, r := &board.Rows[i], &report.Rows[i]
			switch b.Code {
			case "policy_awareness", "answer_rate":
				if b.State != kpi.NotApplicable || r.State != kpi.NotApplicable || r.By != "李明" {
					t.Errorf("table %s, %s: %s on the board, %s in the report", board.Table.Number, b.Code, b.State, r.State)
				}
			case "cards_issued":
				if b.Value == nil || r.Value == nil || b.Value.FloatString(1) != "1.2" || r.Value.Cmp(b.Value) != 0 {
					t.Errorf("cards: %v on the board, %v in the report", b.Value, r.Value)
				}
			}
		}
		b, r := &board.Execution, &report.Execution
		if board.Table.Number == "14" {
			if b.State != kpi.NotApplicable || r.State != kpi.NotApplicable {
				t.Errorf("execution: %s on the board, %s in the report", b.State, r.State)
			}
		} else if b.Rate == nil || r.Rate == nil || b.Rate.RatString() != "1/4" || r.Rate.RatString() != "1/4" {
			t.Errorf("execution: %v on the board, %v in the report", b.Rate, r.Rate)
		}
	}
}

// TestEntriesOfCentres: a report takes the entries of what it is about, and those of the
// whole system only where they are about its centre too.
func TestEntriesOfCentres(t *testing.T) {
	cfg := config.DefaultRoot()
	cfg.Rules.Calendar = "cn-2026"
	sys := &system{cfg: cfg, log: testkit.Log(t), store: testkit.Store(t)}
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, zone)
	n := int64(100)
	for _, centre := range []string{"", "north", "south"} {
		for _, e := range []struct {
			slot journal.Slot
			body []byte
		}{
			{journal.Slot{Kind: journal.KindControlTotal, Subject: "carrier", Period: "2026-03-02"}, journal.Encode(journal.ControlTotal{Answered: &n})},
			{journal.Slot{Kind: journal.KindOutage, Subject: "outage of " + centre}, journal.Encode(journal.Outage{From: at, Cause: "停电 " + centre})},
			{journal.Slot{Kind: journal.KindValue, Subject: "cards_issued", Period: "2026Q1"}, journal.Encode(journal.Value{Value: "1", Unit: "万张"})},
			{journal.Slot{Kind: journal.KindDeviation, Subject: "cards_issued", Period: "2026Q1"}, journal.Encode(journal.Deviation{Cause: "of " + centre})},
		} {
			e.slot.Centre = centre
			if _, err := sys.store.AppendEntry(t.Context(), journal.Entry{Slot: e.slot, At: at, By: "王芳", Evidence: "x", Body: e.body}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for centre, want := range map[string]struct {
		controls, outages []string
		values, elsewhere int // of the control totals
	}{
		"":      {[]string{"", "north", "south"}, []string{"", "north", "south"}, 2, 0},
		"north": {[]string{"north"}, []string{"", "north"}, 2, 2},
		"east":  {nil, []string{""}, 3, 3},
	} {
		span, err := kpi.ParsePeriod("2026Q1", zone)
		if err != nil {
			t.Fatal(err)
		}
		g, err := newGathering(cfg, ReportQuery{Zone: zone, Centre: centre, Now: at.AddDate(0, 1, 0)}, span)
		if err != nil {
			t.Fatal(err)
		}
		g.sys = sys
		if err := g.journal(t.Context()); err != nil {
			t.Fatal(err)
		}
		var controls, outages []string
		for _, c := range g.in.Controls {
			controls = append(controls, c.Centre)
		}
		for _, o := range g.in.Quality.Outages {
			outages = append(outages, o.Centre)
		}
		slices.Sort(outages)
		q := &g.in.Quality
		if !slices.Equal(controls, want.controls) || !slices.Equal(outages, want.outages) || q.ValuesElsewhere != want.values || q.ControlsElsewhere != want.elsewhere {
			t.Errorf("report of %q: control totals of %q, outages of %q, %d values and %d totals elsewhere; want %+v",
				centre, controls, outages, q.ValuesElsewhere, q.ControlsElsewhere, want)
		}
		own := 0
		if centre != "east" {
			own = 1
		}
		if len(g.entered.values) != own || own == 1 && g.entered.said["cards_issued"].Cause != "of "+centre {
			t.Errorf("report of %q: values %v, said %v", centre, g.entered.values, g.entered.said)
		}
	}
}

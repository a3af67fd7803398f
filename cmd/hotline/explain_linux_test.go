package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/app"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// figuresOf are a statement's figures by the names explain takes.
func figuresOf(t *testing.T, c kpi.Counts, r kpi.Rates) map[string]*float64 {
	t.Helper()
	flat := map[string]*float64{}
	for _, part := range []any{c, r} {
		b, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			switch v := value.(type) {
			case float64:
				flat[name] = &v
			case nil:
				flat[name] = nil
			case map[string]any:
				for key, inner := range v {
					number, ok := inner.(float64)
					if flat[name+"_"+key] = &number; !ok {
						flat[name+"_"+key] = nil
					}
				}
			}
		}
	}
	return flat
}

func explain(t *testing.T, w *world, figure string, place kpi.Place) *kpi.Explanation {
	t.Helper()
	span, err := kpi.ParsePeriod("2026-03", shanghai(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := app.Explain(bounded(t), w.root(), slog.New(slog.DiscardHandler), app.ExplainQuery{
		Figure: figure, Span: span, Zone: shanghai(t), Place: place, Sample: kpi.Sample{Size: 3, Seed: 1},
	})
	if err != nil {
		t.Fatalf("%s: %v", figure, err)
	}
	return e
}

// explains fails the test when a figure is not what the statement says, or when its calls
// do not add up to it.
func explains(t *testing.T, w *world, c kpi.Counts, r kpi.Rates, place kpi.Place, names []string) {
	t.Helper()
	want := figuresOf(t, c, r)
	for _, name := range names {
		e := explain(t, w, name, place)
		value, told := want[name]
		if !told && !slices.Contains([]string{"excluded", "voicemail_direct", "self_service_in_hours"}, name) { // which the statement tells in parts
			t.Errorf("the statement has no %s", name)
		}
		if told && (value == nil) != (e.Value == nil) || value != nil && math.Abs(*value-*e.Value) > 1e-12 {
			t.Errorf("%s of %+v: %v, the statement says %v", name, place, e.Value, value)
		}
		if !e.Checked.Equal || e.Checked.Numerator != e.Numerator || e.Checked.Denominator != e.Denominator {
			t.Errorf("%s of %+v: %d / %d, the tallies say %+v", name, place, e.Numerator, e.Denominator, e.Checked)
		}
		for _, role := range e.Roles {
			drawn := int64(0)
			for _, call := range e.Calls {
				if call.Role == role.Role {
					drawn++
				}
			}
			if drawn != min(role.Calls, 3) {
				t.Errorf("%s: %d calls are %s, drawn are %d", name, role.Calls, role.Role, drawn)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFixture(t, 1500, 1)
	file := w.write("calls.csv", f.csv)
	w.must("import", file, "--source", "generic-csv", "--zone", "Asia/Shanghai")
	lines := strings.Split(f.csv, "\n")

	whole := statement(t, w.must("kpi", "--from", "2026-03-01", "--to", "2026-04-01", "--by", "agent", "--format", "json"))
	explains(t, w, whole.Counts, whole.Rates, kpi.Place{}, kpi.ExplainedNames(kpi.DefaultDefinitions()))
	some := []string{"answer_rate", "answer_rate_composite", "service_level_20", "aht_seconds", "calls", "first_contact_resolution", "satisfaction_rate"}
	for _, g := range whole.Groups[:2] {
		explains(t, w, g.Counts, g.Rates, kpi.Place{Agent: g.Key}, some)
	}
	for _, by := range []string{"queue", "topic"} {
		g := statement(t, w.must("kpi", "--from", "2026-03-01", "--to", "2026-04-01", "--by", by, "--format", "json")).Groups[1]
		explains(t, w, g.Counts, g.Rates, map[string]kpi.Place{"queue": {Queue: g.Key}, "topic": {Topic: g.Key}}[by], some)
	}
	hours := statement(t, w.must("kpi", "--from", "2026-03-05", "--to", "2026-03-06", "--by", "hour", "--format", "json")).Groups
	for _, g := range []kpi.Group{hours[0], hours[len(hours)-1]} {
		at, _ := g.Place(kpi.Place{})
		e := explain(t, w, "offered", at)
		var day kpi.Explanation
		out := w.must("explain", "offered", "--period", "2026-03-05", "--hour", at.Hour, "--weekday", "thu", "--format", "json")
		if err := json.Unmarshal([]byte(out), &day); err != nil {
			t.Fatal(err)
		}
		if day.Numerator != g.Counts.Offered || !day.Checked.Equal || !e.Checked.Equal || e.Numerator < day.Numerator {
			t.Errorf("at %s: %d of the day, %d of the month, the statement says %d", at.Hour, day.Numerator, e.Numerator, g.Counts.Offered)
		}
		if e := explain(t, w, "offered", kpi.Place{Hour: at.Hour, Queue: "养老", Weekday: "thu"}); !e.Checked.Equal || e.Checked.Without != "" {
			t.Errorf("of a queue at %s: %+v", at.Hour, e.Checked)
		}
	}
	if e := explain(t, w, "answer_rate", kpi.Place{Queue: "养老", Agent: "agent-1"}); e.Checked.Without == "" || e.Denominator == 0 {
		t.Errorf("of a queue and an agent: %+v", e)
	}

	t.Run("all", func(t *testing.T) {
		rows, err := csv.NewReader(strings.NewReader(w.must("explain", "answer_rate_composite", "--period", "2026Q1", "--all", "--format", "csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sides := map[string]int64{}
		for _, r := range rows[1:] {
			sides[r[0]]++
			place := strings.Split(r[15], ":")
			line, err := strconv.Atoi(place[len(place)-1])
			if err != nil || !strings.HasPrefix(r[15], file) && !strings.HasPrefix(r[15], "calls.csv") || !strings.HasPrefix(lines[line-1], r[4]+",") {
				t.Fatalf("%s came from %s, where it says %q", r[4], r[15], lines[max(line-1, 0)])
			}
			if !strings.Contains(r[13], "****") || strings.Contains(lines[line-1], r[13]) {
				t.Fatalf("the caller of %s is told as %s", r[4], r[13])
			}
		}
		c := whole.Counts
		if n := int64(len(rows) - 1); n != c.Calls || sides["numerator"] != c.Answered+c.SelfService || sides["numerator"]+sides["denominator"] != c.Offered {
			t.Errorf("%d calls: %v; the figures are of %+v", n, sides, c)
		}
	})
	t.Run("sample", func(t *testing.T) {
		args := []string{"explain", "answer_rate", "--period", "2026-03", "--format", "json", "--sample", "5"}
		var first, again, other kpi.Explanation
		for to, seed := range map[*kpi.Explanation]string{&first: "7", &again: "7", &other: "8"} {
			if err := json.Unmarshal([]byte(w.must(append(args, "--seed", seed)...)), to); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(first.Calls, again.Calls); diff != "" || len(first.Calls) != 15 {
			t.Errorf("%d calls, and with the same seed: %s", len(first.Calls), diff)
		}
		if cmp.Diff(first.Calls, other.Calls) == "" {
			t.Error("another seed draws the same")
		}
	})
	t.Run("bad use", func(t *testing.T) {
		for _, args := range [][]string{
			{"answer_rat", "--period", "2026"},
			{"answer_rate"},
			{"answer_rate", "--period", "2026Q7"},
			{"--period", "2026"},
			{"answer_rate", "offered", "--period", "2026"},
			{"answer_rate", "--period", "2026", "--sample", "-1"},
			{"answer_rate", "--period", "2026", "--hour", "24"},
			{"answer_rate", "--period", "2026", "--weekday", "8"},
			{"answer_rate", "--period", "2026", "--nameless", "centre"},
			{"answer_rate", "--period", "2026", "--nameless", "queue", "--queue", "养老"},
			{"answer_rate", "--period", "2026", "--format", "xlsx"},
		} {
			if code, out, _ := w.run(append([]string{"explain"}, args...)...); code != exitUsage || out != "" {
				t.Errorf("%v ends with %d:\n%s", args, code, out)
			}
		}
		if out := w.must("explain", "answer_rate", "--period", "2025"); !strings.Contains(out, "no data") {
			t.Errorf("without calls: %s", out)
		}
	})
	t.Run("a difference is shown", func(t *testing.T) {
		cfg := w.root().Store
		query := fmt.Sprintf("INSERT INTO %s.calls (bucket, call_id, version, content_hash, source, outcome, direction, started_at) VALUES ('2026-03-02 02:00:00', 'planted', 1, 1, 'generic-csv', 'blocked', 'inbound', '2026-03-02 02:00:01')", cfg.Database)
		if err := testkit.Exec(bounded(t), cfg, query); err != nil {
			t.Fatal(err)
		}
		code, out, stderr := w.run("explain", "answer_rate", "--period", "2026-03")
		if code != 1 || !strings.Contains(out, "不一致 DIFFERS") || !strings.Contains(stderr, "differ") {
			t.Errorf("exit code %d\n%s\n%s", code, out, stderr)
		}
		if e := explain(t, w, "offered", kpi.Place{}); e.Checked.Equal || e.Numerator != e.Checked.Numerator+1 || len(e.Checked.Differences) != 1 {
			t.Errorf("offered: %d, %+v", e.Numerator, e.Checked)
		}
	})
}

// What was counted of calls that are gone stays in the figure, and is told apart.
func TestExplainRemoved(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFixture(t, 200, 1)
	w.must("import", w.write("calls.csv", f.csv), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	before := explain(t, w, "answer_rate", kpi.Place{})
	cfg := w.root().Store
	for _, sql := range []string{
		"INSERT INTO %[1]s.retention_horizons (step, horizon) VALUES ('sealed', '2026-03-05 00:00:00'), ('removed', '2026-03-05 00:00:00')",
		"ALTER TABLE %[1]s.calls DELETE WHERE bucket < '2026-03-05 00:00:00' SETTINGS mutations_sync = 2",
	} {
		if err := testkit.Exec(bounded(t), cfg, fmt.Sprintf(sql, cfg.Database)); err != nil {
			t.Fatal(err)
		}
	}
	e := explain(t, w, "answer_rate", kpi.Place{})
	if e.Numerator != before.Numerator || e.Denominator != before.Denominator || !e.Checked.Equal || e.Removed == nil || e.Removed.Numerator == 0 {
		t.Fatalf("%d / %d, before %d / %d; %+v", e.Numerator, e.Denominator, before.Numerator, before.Denominator, e.Removed)
	}
	if told := e.Roles[0].Calls + e.Roles[1].Calls; told+e.Removed.Denominator != e.Denominator || told == 0 {
		t.Errorf("%d are told, %d are gone, %d were counted", told, e.Removed.Denominator, e.Denominator)
	}
	if out := w.must("explain", "answer_rate", "--period", "2026-03"); !strings.Contains(out, "保存期限") {
		t.Errorf("in words: %s", out)
	}
}

// What was counted of tickets that are gone stays, too: those before the day by their opening,
// of others what counts by a deadline after it is told still.
func TestExplainRemovedTickets(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["web.loopback_role"] = "supervisor"
	w.up()
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	var lines []byte
	for i := range 8 {
		opened := at.AddDate(0, 0, i)
		ticket := &hotline.Ticket{ID: fmt.Sprintf("t-%d", i), Version: 1, Source: "crm", Kind: hotline.TicketConsultation, OpenedAt: opened, RespondedAt: opened.Add(time.Hour)}
		switch i % 4 {
		case 1:
			ticket.OnTheSpot = true
		case 2: // its deadline is the source's
			ticket.RespondBy, ticket.RespondedAt = opened.AddDate(0, 0, 1), opened.AddDate(0, 0, 2)
		}
		lines = append(wire.AppendTicket(lines, ticket), '\n')
	}
	w.must("import", w.write("tickets.jsonl", string(lines)), "--source", "hotline-tickets")
	before := explain(t, w, "consultation_timeliness", kpi.Place{})
	if before.Denominator != 7 || before.Numerator != 5 || before.Removed != nil || !before.Checked.Equal {
		t.Fatalf("%d / %d, %+v, %+v", before.Numerator, before.Denominator, before.Removed, before.Checked)
	}
	cfg := w.root().Store
	for _, sql := range []string{
		"INSERT INTO %[1]s.retention_horizons (step, horizon) VALUES ('tickets_sealed', '2026-03-05 00:00:00'), ('tickets_removed', '2026-03-05 00:00:00')",
		"ALTER TABLE %[1]s.tickets DELETE WHERE bucket < '2026-03-05 00:00:00' SETTINGS mutations_sync = 2",
	} {
		if err := testkit.Exec(bounded(t), cfg, fmt.Sprintf(sql, cfg.Database)); err != nil {
			t.Fatal(err)
		}
	}
	e := explain(t, w, "consultation_timeliness", kpi.Place{})
	if e.Numerator != before.Numerator || e.Denominator != before.Denominator || !e.Checked.Equal || e.Removed == nil {
		t.Fatalf("%d / %d, before %d / %d; %+v, %+v", e.Numerator, e.Denominator, before.Numerator, before.Denominator, e.Checked, e.Removed)
	}
	// Of the first three days two are gone; of the third only the opening is.
	if told := e.Roles[0].Calls + e.Roles[1].Calls; e.Removed.Denominator != 2 || told != 5 {
		t.Errorf("%d tickets are told, %+v are gone", told, e.Removed)
	}
	if later := explain(t, w, "consultation_timeliness", kpi.Place{Weekday: "mon"}); !later.Checked.Equal {
		t.Errorf("on Mondays: %+v", later.Checked)
	}
	if out := w.must("explain", "consultation_timeliness", "--period", "2026-03"); !strings.Contains(out, "工单已过保存期限") {
		t.Errorf("in words: %s", out)
	}
	w.stranger().sees("/calls?figure=consultation_timeliness&period=2026-03", 200, "分母 2 件")
}

// Of a call that was corrected the newest version is told, wherever it lies now.
func TestExplainCorrected(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFeed(t, w)
	zone := shanghai(t)
	for v, outcome := range []hotline.Outcome{hotline.AbandonedQueue, hotline.Answered} {
		c := drawCall(rand.New(rand.NewPCG(1, 1)), "moved", uint64(v+1), zone)
		c.Outcome, c.StartedAt = outcome, c.StartedAt.AddDate(0, v, 0)
		f.send(record(c))
		f.settle()
	}
	if e := explain(t, w, "calls", kpi.Place{}); e.Numerator != 0 || !e.Checked.Equal {
		t.Errorf("in March there are %d", e.Numerator)
	}
	var e kpi.Explanation
	if err := json.Unmarshal([]byte(w.must("explain", "answer_rate", "--period", "2026Q2", "--format", "json")), &e); err != nil {
		t.Fatal(err)
	}
	if e.Numerator != 1 || e.Denominator != 1 || len(e.Calls) != 1 || e.Calls[0].Version != 2 || e.Calls[0].Rule.Code != "answered" {
		t.Errorf("in April: %+v", e)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/app"
	"hotline12333/internal/config"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/simulate/write"
)

// smallYear is a hotline with one seat, so that a year of it is soon counted.
const smallYear = `extends: normal-year
name: small-year
description: a hotline with one seat
arrivals:
  per_day: 16
  months: [0.93, 0.95, 1.10, 1.05, 0.98, 1.00, 1.03, 0.97, 1.04, 1.00, 0.98, 0.97]
  weekdays: {mon: 1.12, tue: 1.04, wed: 1.00, thu: 0.97, fri: 0.91, sat: 0.80, sun: 0.80}
  off_day: 0.3
  day_to_day: 0.08
  shape: {"00:00": 0.3, "06:00": 0.5, "08:00": 1, "08:30": 6, "09:00": 8, "09:30": 8.8, "10:30": 8, "11:00": 7.4, "11:45": 5.2, "12:00": 1, "13:30": 1, "14:00": 6, "14:30": 7.8, "15:00": 8.4, "16:00": 7.6, "17:00": 5, "17:30": 1, "20:00": 0.5}
outbound: {per_day: 1, answered: 0.7, talk: {kind: lognormal, mean: 95s, cv: 0.6}}
agents:
  - {id: "8001", name: 王芳, queues: [养老待遇, 社会保障卡, 失业保险, 工伤保险, 劳动关系, 综合], shifts: [day], pace: 1.2}
tickets: {consultation: 0.15, on_the_spot: 0.4, complaint: 0.02, respond: {kind: lognormal, mean: 30h, cv: 1.2}, resolve: {kind: lognormal, mean: 14h, cv: 1.0}}
`

// simulatedYear is a year whose truth is known, in the files of a simulation.
type simulatedYear struct {
	*world
	truth *plainYear
	told  write.Truth
}

func (w *world) simulateYear(scenario string) *simulatedYear {
	w.t.Helper()
	dir := w.path("simulated")
	w.must("simulate", "--scenario", scenario, "--from", "2026-01-01", "--to", "2027-01-01", "--zone", "Asia/Shanghai",
		"--tickets", "--ratings-apart", "--format", "generic-csv", "--out", dir)
	y := &simulatedYear{world: w, truth: readPlainYear(w.t, shanghai(w.t), dir+"/calls.csv", dir+"/"+write.TicketsFile, dir+"/"+write.SupplementsFile)}
	b, err := os.ReadFile(dir + "/" + write.TruthFile)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y.told); err != nil {
		w.t.Fatal(err)
	}
	return y
}

// importBetween imports what the files tell of [from, to).
func (y *simulatedYear) importBetween(from, to time.Time) {
	y.t.Helper()
	inside := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	known := map[string]bool{}
	for i := range y.truth.calls {
		c := &y.truth.calls[i]
		known[c.id] = inside(c.at)
	}
	name := to.Format("2006-01-02")
	y.imported(y.part("calls.csv", name, true, func(line string) bool {
		id, _, _ := strings.Cut(line, ",")
		return known[id]
	}), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	for file, source := range map[string]string{write.SupplementsFile: "hotline-supplements", write.TicketsFile: "hotline-tickets"} {
		y.imported(y.part(file, name, false, func(line string) bool {
			var k struct {
				plainTicket
				CallID string `json:"call_id"`
			}
			if err := json.Unmarshal([]byte(line), &k); err != nil {
				y.t.Fatal(err)
			}
			if source == "hotline-tickets" {
				return inside(k.last())
			}
			return known[k.CallID]
		}), "--source", source)
	}
}

// imported imports a file, which may be that of a whole year.
func (y *simulatedYear) imported(args ...string) {
	y.t.Helper()
	const years = 10 // times as long as any other step
	if p := y.start(append([]string{"import"}, args...)...); p.wait(years*steps) != 0 {
		y.t.Fatalf("hotline import %s: exit code %d\n%s", strings.Join(args, " "), p.code(), p.err.String())
	}
}

// part writes the lines of a file that are wanted into a file of their own.
func (y *simulatedYear) part(file, name string, head bool, want func(string) bool) string {
	y.t.Helper()
	b, err := os.ReadFile(y.path("simulated", file))
	if err != nil {
		y.t.Fatal(err)
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(string(b), "\n") {
		if line != "" && (head && i == 0 || want(line)) {
			out.WriteString(line)
		}
	}
	return y.write(name+"-"+file, out.String())
}

// report is what a report says as JSON on a day.
func (y *simulatedYear) report(cfg config.Root, period string, now time.Time) *report.Report {
	y.t.Helper()
	r, err := app.Report(bounded(y.t), cfg, slog.New(slog.DiscardHandler), app.ReportQuery{Period: period, Zone: y.truth.zone, Now: now, Program: "test"})
	if err != nil {
		y.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Render(&out, r, report.Options{Format: report.JSON}); err != nil {
		y.t.Fatal(err)
	}
	var read report.Report
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		y.t.Fatal(err)
	}
	return &read
}

// exact holds a report's figures and the rows of its forms against the truth.
func (y *simulatedYear) exact(r *report.Report) {
	y.t.Helper()
	n, rates := y.truth.counts(r.Period.From, r.Period.To), y.truth.rates(r.Period.From, r.Period.To)
	if diff := cmp.Diff(n, r.Total.Counts, cmpopts.EquateEmpty()); diff != "" {
		y.t.Errorf("%s: counts (-truth +report):\n%s", r.Period.Name, diff)
	}
	if diff := cmp.Diff(rates, r.Total.Rates, cmpopts.EquateEmpty()); diff != "" {
		y.t.Errorf("%s: rates (-truth +report):\n%s", r.Period.Name, diff)
	}
	toDate := y.truth.counts(time.Date(2026, 1, 1, 0, 0, 0, 0, y.truth.zone), r.Period.To)
	for i := range r.Tables {
		table := &r.Tables[i]
		n := &n
		if table.Form == kpi.Monitoring {
			n = &toDate
		}
		for j := range table.Rows {
			row := &table.Rows[j]
			want := map[string]*big.Rat{
				"answered_calls": big.NewRat(n.Answered, 10_000), "answer_rate": big.NewRat(100*n.Answered, n.Requested),
				"consultation_timeliness": percent(n.Consultations()),
			}[row.Code]
			if got, ok := new(big.Rat).SetString(row.Value); want != nil && (!ok || got.Cmp(want) != 0) {
				y.t.Errorf("%s: %s of table %s, %s: %s, want %s", r.Period.Name, row.Code, table.Number, table.Form, row.Value, want.FloatString(6))
			}
		}
	}
}

func percent(r kpi.Ratio) *big.Rat { return big.NewRat(100*r.Num, r.Den) }

// additive are the counts of a statement as numbers to add up, in milliseconds where they
// are seconds; the longest wait is none.
func additive(t *testing.T, c kpi.Counts) map[string]int64 {
	t.Helper()
	c.WaitSecondsMax = 0
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	sums := map[string]int64{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(path+"/"+name, inner)
			}
		case json.Number:
			r, ok := new(big.Rat).SetString(v.String())
			if r.Mul(r, big.NewRat(1000, 1)); !ok || !r.IsInt() {
				t.Fatalf("%s is %s", path, v)
			}
			if n := r.Num().Int64(); n != 0 {
				sums[path] = n
			}
		default:
			t.Fatalf("%s is %v", path, v)
		}
	}
	walk("", tree)
	return sums
}

func sum(all ...map[string]int64) map[string]int64 {
	total := map[string]int64{}
	for _, m := range all {
		for name, n := range m {
			total[name] += n
		}
	}
	return total
}

// asSimulated holds a year against the truth of the simulation itself, which knows of no
// service hours: its days add up to the quarters, and all of it is the year.
func (y *simulatedYear) asSimulated(now time.Time) {
	y.t.Helper()
	cfg := y.with("rules.calendar=always").root()
	tickets := func(c kpi.Counts) kpi.Counts { c.Tickets = nil; return c } // what falls due when is another truth
	var quarters []map[string]int64
	for q := range 4 {
		r := y.report(cfg, fmt.Sprintf("2026Q%d", q+1), now)
		var days []map[string]int64
		for _, g := range y.told.Groups[kpi.Day] {
			if month := int(g.From.In(y.truth.zone).Month()) - 1; month/3 == q {
				days = append(days, additive(y.t, g.Counts))
			}
		}
		quarters = append(quarters, additive(y.t, tickets(r.Total.Counts)))
		if diff := cmp.Diff(sum(days...), quarters[q]); diff != "" {
			y.t.Errorf("Q%d (-the days of %s +report):\n%s", q+1, write.TruthFile, diff)
		}
	}
	year := y.report(cfg, "2026", now)
	if diff := cmp.Diff(y.told.Told.Counts, tickets(year.Total.Counts), cmpopts.EquateEmpty()); diff != "" {
		y.t.Errorf("the year's counts (-%s +report):\n%s", write.TruthFile, diff)
	}
	of := cmpopts.IgnoreFields(kpi.Rates{}, "ResponseTimeliness", "ResponseTimelinessItems", "ConsultationTimeliness")
	if diff := cmp.Diff(y.told.Told.Rates, year.Total.Rates, of); diff != "" {
		y.t.Errorf("the year's rates (-%s +report):\n%s", write.TruthFile, diff)
	}
	if diff := cmp.Diff(additive(y.t, y.told.Told.Counts), sum(quarters...)); diff != "" {
		y.t.Errorf("the quarters do not add up to the year (-year +quarters):\n%s", diff)
	}
}

// A year of a hotline whose truth is known, told as it came about: the first quarter is
// closed in April, the rest of the year follows, and in November a call of March is
// corrected. HOTLINE_SOAK=1 takes a centre of 100,000 answered calls.
func TestSimulatedYear(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["rules.calendar"] = "cn-2026"
	scenario := w.write("small-year.yaml", smallYear)
	if os.Getenv("HOTLINE_SOAK") != "" {
		scenario = "normal-year"
	}
	y := w.simulateYear(scenario)
	w.up()
	day := func(month time.Month, day int) time.Time {
		return time.Date(2026, month, day, 9, 0, 0, 0, y.truth.zone)
	}
	over := day(13, 10) // January 2027

	y.importBetween(time.Time{}, day(4, 10))
	c := &closer{w: w, now: day(4, 10)}
	q := c.query(t, "2026Q1")
	for _, item := range []string{app.CheckOpenTickets, app.CheckTargets} {
		q.Accept[item] = "见说明"
	}
	if _, err := c.close(bounded(t), q); err != nil {
		t.Fatal(err)
	}
	sealed := w.everyFormat("2026Q1")
	w.cellsAreFigures(sealed["zh.json"], w.path("en.xlsx"), "Exact figures")
	w.cellsAreFigures(sealed["zh.json"], w.path("zh.xlsx"), "精确数据")
	first := y.report(w.root(), "2026Q1", day(4, 10))

	y.importBetween(day(4, 10), day(13, 5))
	y.asSimulated(over)
	before := map[string]*report.Report{}
	for _, period := range []string{"2026Q1", "2026Q2", "2026Q3", "2026Q4", "2026H1", "2026"} {
		r := y.report(w.root(), period, over)
		y.exact(r)
		before[period] = r
	}
	quarters := make([]map[string]int64, 4)
	for i := range quarters {
		quarters[i] = additive(t, before[fmt.Sprintf("2026Q%d", i+1)].Total.Counts)
	}
	for period, parts := range map[string][]map[string]int64{"2026": quarters, "2026H1": quarters[:2]} {
		if diff := cmp.Diff(additive(t, before[period].Total.Counts), sum(parts...)); diff != "" {
			t.Errorf("the quarters do not add up to %s (-whole +quarters):\n%s", period, diff)
		}
	}

	file, id := y.correct()
	w.must("import", file, "--source", "generic-csv", "--zone", "Asia/Shanghai")
	for _, period := range []string{"2026Q1", "2026H1", "2026"} {
		r := y.report(w.root(), period, over)
		y.exact(r)
		was, is := before[period].Total.Counts, r.Total.Counts
		if is.Answered != was.Answered-1 || is.AbandonedQueue != was.AbandonedQueue+1 || is.Offered != was.Offered {
			t.Errorf("%s: %d answered of %d, before the correction %d of %d", period, is.Answered, is.Offered, was.Answered, was.Offered)
		}
		since := r.Quality.Sealed
		if len(since) != 1 || since[0].Title != "2026Q1" || len(since[0].Changes) != 1 || since[0].Changes[0].Kind != "corrected" || since[0].Changes[0].Calls != 1 {
			t.Errorf("%s: corrections since the first quarter was closed: %+v", period, since)
		}
	}
	for _, period := range []string{"2026Q2", "2026Q3", "2026Q4"} {
		if r := y.report(w.root(), period, over); !cmp.Equal(before[period].Total.Counts, r.Total.Counts) {
			t.Errorf("%s has changed with a call of March", period)
		}
	}
	y.stillSealed(sealed, first, id)
}

// stillSealed says that what was closed has not changed, what would be reported now, and
// that only a numbered revision replaces it.
func (y *simulatedYear) stillSealed(sealed map[string][]byte, first *report.Report, id string) {
	y.t.Helper()
	for name, b := range y.everyFormat("2026Q1") {
		if !bytes.Equal(sealed[name], b) {
			y.t.Errorf("%s is not what was sealed", name)
		}
	}
	out := y.must("report", "diff", "--period", "2026Q1")
	was := &first.Total.Counts
	for _, want := range []string{
		"项目 | 上报值 | 现值 | 差异 | 原因",
		fmt.Sprintf("(%d / %d) | ", was.Answered, was.Requested), fmt.Sprintf("(%d / %d) | ", was.Answered-1, was.Requested),
		fmt.Sprintf("人工接听量 | %d | %d | -1 | 更正 1 通", was.Answered, was.Answered-1),
		"corrected " + id,
	} {
		if !strings.Contains(out, want) {
			y.t.Errorf("diff does not say %q:\n%s", want, out)
		}
	}
	people := []string{"report", "close", "--period", "2026Q1", "--preparer", "王芳", "--reviewer", "李强", "--head", "赵敏"}
	y.refused("only a revision replaces it", people...)
	c := &closer{w: y.world, now: time.Date(2026, 11, 20, 9, 0, 0, 0, y.truth.zone)}
	q := c.query(y.t, "2026Q1")
	q.Revise, q.Reason = true, "3月一通来电更正为排队放弃"
	q.Accept[app.CheckOpenTickets], q.Accept[app.CheckTargets] = "见说明", "见说明"
	done, err := c.close(bounded(y.t), q)
	if err != nil || done.Entry.Revision != 1 {
		y.t.Fatalf("revised: %+v, %v", done, err)
	}
	if out := y.must("report", "diff", "--period", "2026Q1"); !strings.Contains(out, "上报值与现值一致") {
		y.t.Errorf("the revision is what would be reported now, and diff says %s", out)
	}
	for name, b := range y.everyFormat("2026Q1", "--revision", "0") {
		if !bytes.Equal(sealed[name], b) {
			y.t.Errorf("%s of the first is not what was sealed", name)
		}
	}
	if page := string(y.sealedBytes("revised.html", "--period", "2026Q1")); !strings.Contains(page, "更正版1") {
		y.t.Error("the revision does not say that it is one")
	}
}

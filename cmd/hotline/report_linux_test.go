package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hotline12333/internal/kpi"
)

// sheetRow finds the row of a workbook's sheet that has the text in one of its cells, and
// gives the cells from there on, as they are shown.
func sheetRow(t *testing.T, f *excelize.File, sheet, text string) []string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, c := range row {
			if c == text {
				return row[i:]
			}
		}
	}
	t.Fatalf("sheet %s has no %q", sheet, text)
	return nil
}

func openWorkbook(t *testing.T, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// writeCalls is a file of so many answered and lost calls, spread over working hours of 2026,
// in the built-in comma-separated form.
func writeCalls(w *world, answered, lost int) string {
	var b strings.Builder
	b.WriteString("call_id,started_at,queued_at,answered_at,ended_at,outcome,queue,agent,topics\n")
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	step := 360 * 24 * time.Hour / time.Duration(answered+lost+1)
	for i := range answered + lost {
		t := at.Add(time.Duration(i) * step)
		now := t.Format(time.DateTime)
		if i < answered {
			fmt.Fprintf(&b, "%d,%s,%s,%s,%s,answered,社保,%d,挂失\n", i, now, now, t.Add(10*time.Second).Format(time.DateTime), t.Add(3*time.Minute).Format(time.DateTime), 1000+i%7)
		} else {
			fmt.Fprintf(&b, "%d,%s,%s,,%s,abandoned_queue,社保,,挂失\n", i, now, now, t.Add(30*time.Second).Format(time.DateTime))
		}
	}
	return w.write("calls.csv", b.String())
}

// TestReportGoldenVector sends the vector of the definitions through everything, and reads
// its figures back from the cells.
func TestReportGoldenVector(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	var b strings.Builder
	b.WriteString("call_id,started_at,queued_at,answered_at,ended_at,outcome,queue,wait_seconds\n")
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	line := func(i, wait int, outcome string) {
		start := at.Add(time.Duration(i) * time.Second)
		answer := ""
		if outcome == "answered" {
			answer = start.Add(time.Duration(wait) * time.Second).Format(time.DateTime)
		}
		fmt.Fprintf(&b, "g%d,%s,%s,%s,%s,%s,=1+1,%d\n", i, start.Format(time.DateTime), start.Format(time.DateTime), answer, start.Add(5*time.Minute).Format(time.DateTime), outcome, wait)
	}
	n := 0
	for _, g := range []struct {
		count, wait int
		outcome     string
	}{{70, 20, "answered"}, {13, 45, "answered"}, {5, 3, "abandoned_queue"}, {5, 18, "abandoned_queue"}, {7, 60, "abandoned_queue"}} {
		for range g.count {
			line(n, g.wait, g.outcome)
			n++
		}
	}
	path := w.path("golden.xlsx")
	w.must("analyze", w.write("golden.csv", b.String()), "--source", "generic-csv", "--report", path, "--format", "json")
	f := openWorkbook(t, path)
	for name, want := range map[string]string{
		"人工接通率 ★": "83.00%", "人工接通率(剔除速挂)": "87.36%", "20秒接通率(占请求)": "70.00%", "20秒应答率(占接听)": "84.33%", "人工请求量": "100", "人工接听量": "83",
	} {
		if got := sheetRow(t, f, "摘要", name)[1]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := sheetRow(t, f, "技能组", "'=1+1"); got[1] != "100" {
		t.Errorf("the queue is %v", got)
	}
	if got := strings.Join(sheetRow(t, f, "自评表(表13)", "12333热线电话接通率")[1:7], " "); got != "≥ 83 % 83.00 2 2.00" {
		t.Errorf("the form says %q", got)
	}
	if got := sheetRow(t, f, "未接来电", "排队放弃")[0]; got == "" {
		t.Error("no lost call is listed")
	}
	if left := entries(t, w.path("tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReportScores sends a year of 98,000 answered calls of 124,745 through everything:
// 78.56% of them, and 9.8 of the 10 ten thousands that are the target.
func TestReportScores(t *testing.T) {
	if testing.Short() {
		t.Skip("124,745 records")
	}
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	path := w.path("year.xlsx")
	w.must("analyze", writeCalls(w, 98_000, 26_745), "--source", "generic-csv", "--report", path)
	f := openWorkbook(t, path)
	for name, want := range map[string]string{
		"12333热线接听通数":  "≥ 10 万通 9.80 2.5 2.45",
		"12333热线电话接通率": "≥ 83 % 78.56 2 1.89",
	} {
		if got := strings.Join(sheetRow(t, f, "自评表(表13)", name)[1:7], " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := sheetRow(t, f, "监控表(表14)", "12333热线电话接通率")[4]; got != "78.56" {
		t.Errorf("monitoring: %q", got)
	}
}

// TestReportBank holds the workbook, the document and the page of a real month against
// what analyze prints.
func TestReportBank(t *testing.T) {
	sequential(t)
	needEngine(t)
	file := bank(t)
	w := newWorld(t)
	run := func(report string, more ...string) *kpi.Statement {
		return statement(t, w.must(append([]string{
			"analyze", file, "--source", "anonymous-bank", "--zone", "Asia/Jerusalem", "--format", "json", "--report", report,
		}, more...)...))
	}
	s := run(w.path("feb.xlsx"))
	bankFigures(t, s)
	f := openWorkbook(t, w.path("feb.xlsx"))
	exact := func(code string, column string) string {
		at, err := f.SearchSheet("精确数据", code)
		if err != nil || len(at) != 1 {
			t.Fatal(code, at, err)
		}
		raw, err := f.GetCellValue("精确数据", column+at[0][1:], excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	rates := map[string]*float64{
		"answer_rate_agent": s.Rates.AnswerRateAgent, "answer_rate_composite": s.Rates.AnswerRateComposite,
		"service_level_20": s.Rates.ServiceLevel["20"], "service_level_of_answered_20": s.Rates.ServiceLevelOfAnswered["20"],
		"asa_seconds": s.Rates.ASASeconds, "talk_mean_seconds": s.Rates.TalkMeanSeconds,
	}
	for code, want := range rates {
		if got, err := strconv.ParseFloat(exact(code, "C"), 64); err != nil || got != *want {
			t.Errorf("%s: the cell has %v, JSON %v", code, got, *want)
		}
	}
	for code, want := range map[string]int64{
		"offered": s.Counts.Offered, "requested": s.Counts.Requested, "answered": s.Counts.Answered,
		"abandoned_queue": s.Counts.AbandonedQueue, "abandoned_ivr": s.Counts.AbandonedIVR,
	} {
		if got := exact(code, "C"); got != strconv.FormatInt(want, 10) {
			t.Errorf("%s: the cell has %s, JSON %d", code, got, want)
		}
	}
	if got := sheetRow(t, f, "摘要", "综合接通率(含自助)")[1]; got != "82.14%" {
		t.Errorf("composite: %s", got)
	}
	if got := sheetRow(t, f, "未接来电", "报告期：1999年2月（1999-02-01至1999-02-28，Asia/Jerusalem）"); len(got) == 0 {
		t.Error("the list of lost calls does not say of when it is")
	}
	// The same month again, as a document, from a stack of its own.
	run(w.path("feb.docx"))
	if text := documentText(t, w.path("feb.docx")); !strings.Contains(text, "33,066") || !strings.Contains(text, "87.26%") {
		t.Error("the document has not the month's figures")
	}
}

func documentText(t *testing.T, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(b), "")
}

// TestReportOfRunningSystem asks a running system for reports of several periods twice, and
// expects the same bytes; and clear words where there is nothing to report.
func TestReportOfRunningSystem(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	up := w.up()
	w.must("import", writeCalls(w, 83, 17), "--source", "generic-csv")
	read := func(name string, args ...string) []byte {
		w.must(append([]string{"report", "--out", w.path(name)}, args...)...)
		b, err := os.ReadFile(w.path(name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, period := range []string{"2026Q1", "2026H1", "2026-01", "2026-01-05..2026-02-03"} {
		if first := read("a.xlsx", "--period", period); !bytes.Equal(first, read("b.xlsx", "--period", period)) {
			t.Errorf("%s: the same data, other bytes", period)
		}
	}
	if page := string(read("year.html", "--period", "2026", "--lang", "en")); !strings.Contains(page, "83.00%") || strings.Contains(page, "<script") {
		t.Error("the page of the year is not right")
	}
	if page := string(read("empty.html", "--period", "2024-05")); !strings.Contains(page, "无数据") || strings.Contains(page, "0.00%") {
		t.Error("a month without calls is not said to have no data")
	}
	enteredShow(t, w)
	for _, c := range []struct{ args, want string }{
		{"--out x.xlsx", "--period is needed"},
		{"--period 2026Q5 --out x.xlsx", "quarters Q1 to Q4"},
		{"--period 2026 --out x.pdf", `"pdf" is not one of`},
		{"--period 2026 --out x.xlsx --table 15", "it has 13, 14"},
		{"--period 2026 --out x.xlsx --form other", "neither self-evaluation nor monitoring"},
		{"--period 2026 --out no/such/x.xlsx", "writing the report"},
	} {
		code, _, stderr := w.run(append([]string{"report"}, strings.Fields(c.args)...)...)
		if code == 0 || !strings.Contains(stderr, c.want) {
			t.Errorf("report %s: exit code %d, %s", c.args, code, stderr)
		}
	}
	for _, name := range entries(t, w.dir) {
		if strings.HasPrefix(name, ".") || name == "x.xlsx" {
			t.Errorf("%s is left behind", name)
		}
	}
	up.signal(syscall.SIGTERM)
	up.wait(steps)
}

// enteredShow enters what no record gives, and reads it back from the form.
func enteredShow(t *testing.T, w *world) {
	t.Helper()
	for _, args := range [][]string{
		{"policy_awareness", "--period", "2026", "--value", "96.5", "--evidence", "=问卷1号"},
		{"service_continuity", "--period", "2026", "--score", "90", "--reason", "网点覆盖", "--evidence", "台账"},
		{"office_cost", "--period", "2026", "--not-applicable", "--reason", "已并入", "--reviewer", "赵六", "--evidence", "批复"},
		{"budget_execution_13", "--period", "2026", "--executed", "23", "--adjusted", "24", "--evidence", "决算"},
		{"answered_calls", "--period", "2026", "--cause", "线路故障", "--measures", "增设备用线路", "--category", "硬件"},
	} {
		w.must(append(append([]string{"enter"}, args...), "--by", "王芳")...)
	}
	w.must("report", "--period", "2026", "--out", w.path("entered.xlsx"))
	f := openWorkbook(t, w.path("entered.xlsx"))
	const form = "自评表(表13)"
	for name, want := range map[string]string{
		"12333政策宣传知晓率": "≥ 95 % 96.50 5 5.00", "社保基层服务持续性": "定性 持续  达标 15 13.50", "办公费": "≤ 0.25 万元/月 不适用 2.5 —",
	} {
		if got := strings.Join(sheetRow(t, f, form, name)[1:7], " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := strings.Join(sheetRow(t, f, form, "12333热线接听通数"), " "); !strings.Contains(got, "线路故障") || !strings.Contains(got, "增设备用线路") {
		t.Errorf("the cause is not in %q", got)
	}
	if got := sheetRow(t, f, "数据质量", "12333政策宣传知晓率"); !strings.Contains(strings.Join(got, " "), "96.5") || !strings.Contains(strings.Join(got, " "), "问卷1号") {
		t.Errorf("the entered value is shown as %v", got)
	}
}

package report

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hotline12333/internal/kpi"
)

func rendered(t *testing.T, r *Report, o Options) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Render(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// workbook is what a spreadsheet program reads back.
func workbook(t *testing.T, b []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
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

// beside finds the row of a sheet that begins with the text, and gives its cells as they
// are shown.
func beside(t *testing.T, f *excelize.File, sheet, name string) []string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, c := range row {
			if c == name {
				return row[i:]
			}
		}
	}
	t.Fatalf("sheet %s has no %q", sheet, name)
	return nil
}

// docText is the text of a document, tags taken out.
func docText(t *testing.T, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), "")
}

func full(t *testing.T) *Report {
	s := newSampler(t, "2026Q1")
	for m := time.January; m <= time.March; m++ {
		for h := 9; h < 17; h++ {
			s.add(time.Date(2026, m, 10, h, 0, 0, 0, shanghai), golden(), planted[(int(m)+h)%len(planted)])
		}
	}
	s.in.Lost = []LostCall{{At: s.in.Span.From, Queue: planted[0], Outcome: "abandoned_queue", WaitMillis: 1500, Caller: "138****5678", Region: planted[3]}}
	s.in.Quality.Outages = []Outage{{From: s.in.Span.From, To: s.in.Span.To, Cause: planted[0], Evidence: planted[4]}}
	s.in.Quality.Entered = []Entered{{Code: "policy_awareness", Value: "96", Evidence: planted[2], By: planted[5], At: s.in.Span.From}}
	s.in.Compared = []Compared{{Kind: PeriodOnPeriod, Span: s.in.Span.Before(shanghai), Entries: s.in.Year[:3]}, {Kind: YearOnYear, Span: s.in.Span.YearBefore(shanghai)}}
	s.enterAll()
	return s.build()
}

func TestEqualReportsAreEqualBytes(t *testing.T) {
	for _, format := range ReportFormats() {
		for _, lang := range []Lang{Chinese, English} {
			o := Options{Format: format, Lang: lang}
			first := rendered(t, full(t), o)
			if !bytes.Equal(first, rendered(t, full(t), o)) {
				t.Errorf("%s, %s: the same report, other bytes", format, lang)
			}
		}
	}
}

// TestGoldenVectorInWorkbook reads the vector of the definitions back from the cells.
func TestGoldenVectorInWorkbook(t *testing.T) {
	s := newSampler(t, "2026-03")
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), golden(), "社保")
	r := s.build()
	f := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese}))
	for name, want := range map[string]string{
		"人工接通率 ★": "83.00%", "人工接通率(剔除速挂)": "87.36%", "20秒接通率(占请求)": "70.00%", "20秒应答率(占接听)": "84.33%",
		"放弃率": "17.00%", "平均等待(秒)": "16.25", "人工请求量": "100", "人工接听量": "83", "其中：速挂": "5",
	} {
		if got := beside(t, f, "摘要", name)[1]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	row := beside(t, f, "自评表(表13)", "12333热线电话接通率")
	if got := strings.Join(row[1:7], " "); got != "≥ 83 % 83.00 2 2.00" {
		t.Errorf("the form says %q", got)
	}
	// Every figure of the exact sheet is that of JSON, to the last bit.
	for _, x := range figures(&r.Total, r.Choices) {
		if x.value == nil {
			continue
		}
		at, err := f.SearchSheet("精确数据", x.code)
		if err != nil || len(at) != 1 {
			t.Fatal(x.code, at, err)
		}
		raw, err := f.GetCellValue("精确数据", "C"+at[0][1:], excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := strconv.ParseFloat(raw, 64); err != nil || got != *x.value {
			t.Errorf("%s: %s, want %v", x.code, raw, *x.value)
		}
	}
}

// TestMissedNeverLooksMet shows 82.996% in every format and language, in the cells' numbers
// too.
func TestMissedNeverLooksMet(t *testing.T) {
	s := newSampler(t, "2026")
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 100_000, Answered: 82_996, AbandonedQueue: 17_004, WaitAnswered: kpi.Hist{5: 82_996}}, "社保")
	r := s.build()
	for _, format := range []Format{HTML, DOCX, CSV, XLSX} {
		for _, lang := range []Lang{Chinese, English} {
			b := rendered(t, r, Options{Format: format, Lang: lang})
			text := string(b)
			switch format {
			case DOCX:
				text = docText(t, b)
			case XLSX:
				text = allCells(t, workbook(t, b))
			}
			if !strings.Contains(text, "82.99") {
				t.Errorf("%s, %s: no 82.99", format, lang)
			}
			if strings.Contains(text, "83.00") {
				t.Errorf("%s, %s: 83.00 is shown", format, lang)
			}
		}
	}
}

func allCells(t *testing.T, f *excelize.File) string {
	t.Helper()
	var all strings.Builder
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			all.WriteString(strings.Join(row, "\n") + "\n")
		}
	}
	return all.String()
}

// TestNothingPlantedRuns looks for formulas, markup and scripts made of names.
func TestNothingPlantedRuns(t *testing.T) {
	r := full(t)
	f := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese}))
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, c := range row {
				cell := at(j+1, i+1)
				if formula, err := f.GetCellFormula(name, cell); err != nil || formula != "" {
					t.Errorf("%s!%s is the formula %q, %v", name, cell, formula, err)
				}
				if kind, err := f.GetCellType(name, cell); err != nil || c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) && kind == excelize.CellTypeSharedString {
					t.Errorf("%s!%s begins like a formula: %q, %v", name, cell, c, err)
				}
			}
		}
	}
	page := string(rendered(t, r, Options{Format: HTML, Lang: Chinese}))
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") {
		t.Error("a name is markup of the page")
	}
	if m := regexp.MustCompile(`(?i)(src|href)\s*=\s*"[^#]|url\(|@import|<link|<img|<iframe|https?:`).FindString(page); m != "" {
		t.Errorf("the page needs something from outside: %q", m)
	}
	lines, err := csv.NewReader(bytes.NewReader(rendered(t, r, Options{Format: CSV}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		for i, c := range line {
			if i < 7 && c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				t.Errorf("a spreadsheet would run %q", c)
			}
		}
	}
	if text := docText(t, rendered(t, r, Options{Format: DOCX, Lang: Chinese})); !strings.Contains(text, "&lt;script&gt;") {
		t.Error("the document does not hold the topic as text")
	}
}

// TestEmptyStates makes complete reports where there is little to report, and looks that
// nothing is said to be 0% or 100%.
func TestEmptyStates(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)
	noIVR := func(string) kpi.Knows {
		return kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait, kpi.CanRing})
	}
	for name, c := range map[string]struct {
		make func(*sampler)
		want []string
	}{
		"no calls":        {func(*sampler) {}, []string{"无数据", "未填报", "没有来电记录"}},
		"only open calls": {func(s *sampler) { s.add(at, kpi.Tally{Calls: 3, Open: 3}, "社保") }, []string{"无数据", "尚未结束"}},
		"no IVR": {func(s *sampler) {
			s.in.Count.Knows = noIVR
			s.add(at, golden(), "社保")
		}, []string{"未接入", "自助语音(IVR)"}},
	} {
		s := newSampler(t, "2026-03")
		c.make(s)
		r := s.build()
		if n := len(r.table(t, "14", kpi.SelfEvaluation).Rows); n != 32 {
			t.Errorf("%s: %d rows in the form", name, n)
		}
		page, doc := string(rendered(t, r, Options{Format: HTML, Lang: Chinese})), docText(t, rendered(t, r, Options{Format: DOCX, Lang: Chinese}))
		cells := allCells(t, workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese})))
		for _, want := range c.want {
			if !strings.Contains(page+doc+cells, want) {
				t.Errorf("%s: nowhere %q", name, want)
			}
		}
		if name == "no IVR" {
			if got := beside(t, workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese})), "摘要", "综合接通率(含自助)")[1]; got != "未接入" {
				t.Errorf("composite rate %q", got)
			}
			continue
		}
		for _, never := range []string{"0.00%", "100.00%", "NaN", "Inf", "<nil>"} {
			if strings.Contains(cells, never) || strings.Contains(doc, never) {
				t.Errorf("%s: %s is shown", name, never)
			}
		}
		for _, code := range []string{"answered_calls", "answer_rate", "response_timeliness"} {
			if x := r.table(t, "13", kpi.SelfEvaluation).row(t, code); x.State != kpi.NoData || x.Shown != "" || x.Score != "" {
				t.Errorf("%s: %s is %s %q, score %q", name, code, x.State, x.Shown, x.Score)
			}
		}
	}
}

// TestReportWithoutRequests: of a source that does not tell who asked for an agent nothing is
// said to be 100%, and what it knows is there.
func TestReportWithoutRequests(t *testing.T) {
	s := newSampler(t, "2026-03")
	s.in.Count.Knows = func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanIVR, kpi.CanQueueWait}) }
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 120, Answered: 83, AbandonedIVR: 37, WaitAnswered: kpi.Hist{10: 83}}, "社保")
	r := s.build()
	book := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese}))
	for figure, want := range map[string]string{
		"人工接通率 ★": "未接入", "放弃率": "未接入", "人工请求量": "未接入", "20秒接通率(占请求)": "未接入", "非服务时间来电(未接)": "未接入", "人工接通率(剔除速挂)": "未接入",
		"综合接通率(含自助)": "69.16%", "20秒应答率(占接听)": "100.00%", "人工接听量": "83", "来电总量": "120",
	} {
		if got := beside(t, book, "摘要", figure)[1]; got != want {
			t.Errorf("%s is %q, want %s", figure, got, want)
		}
	}
	page, doc := string(rendered(t, r, Options{Format: HTML, Lang: Chinese})), docText(t, rendered(t, r, Options{Format: DOCX, Lang: Chinese}))
	for _, want := range []string{"其中人工请求量未接入，人工接听83通", "时段分布无法说明", "人工接通率未接入（来源不提供哪些来电请求了人工）"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	for _, want := range []string{"有其来电的时段为空格", "其未接来电不在此列"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if x := r.table(t, "13", kpi.SelfEvaluation).row(t, "answer_rate"); x.State != kpi.Unconnected || x.Shown != "" || x.Score != "" {
		t.Errorf("the indicator is %s %q, score %q", x.State, x.Shown, x.Score)
	}
	for name, o := range map[string]Options{"lines": {Format: CSV}} {
		if text := string(rendered(t, r, o)); !strings.Contains(text, "requested,人工请求量,requested,,,,,not_connected:requests") {
			t.Errorf("%s: the count is not marked:\n%s", name, text)
		}
	}
}

// TestClosedDocument has who closed the period and the day, in the place of those to sign.
func TestClosedDocument(t *testing.T) {
	r := full(t)
	r.Definitions = append(r.Definitions, Definition{Code: "abandonment_rate", Name: kpi.Wording{ZH: "放弃率", EN: "abandonment rate"}, Text: kpi.Wording{ZH: "放弃的来电÷人工请求量。", EN: "abandoned / requested."}, Version: 1})
	if text := docText(t, rendered(t, r, Options{Format: DOCX, Lang: Chinese})); !strings.Contains(text, "年    月    日") || !strings.Contains(text, "放弃率：放弃的来电÷人工请求量。") {
		t.Errorf("the foot of the document: %s", text[len(text)-600:])
	}
	r.Closing = &Closing{Preparer: "王芳", Reviewer: "李强", Head: "赵敏", At: time.Date(2026, 4, 10, 9, 0, 0, 0, shanghai)}
	if row := beside(t, workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese})), "自评表(表13)", "填报日期"); strings.Join(row, "") != "填报日期2026-04-10" {
		t.Errorf("the form of a closed period is of %v", row)
	}
	for l, want := range map[Lang][]string{
		Chinese: {"填报人：王芳    复核人：李强    负责人：赵敏", "2026年4月10日"}, English: {"Head: 赵敏", "10 April 2026", "abandonment rate: abandoned / requested."},
	} {
		text := docText(t, rendered(t, r, Options{Format: DOCX, Lang: l}))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %s", l, w, text[len(text)-600:])
			}
		}
	}
}

func TestFormsOfOneTable(t *testing.T) {
	r := full(t)
	all := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese})).GetSheetList()
	one := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese, Table: "13", Form: kpi.SelfEvaluation})).GetSheetList()
	if len(all) != len(one)+3 || one[0] != "自评表(表13)" || one[1] != "摘要" {
		t.Errorf("%v\n%v", all, one)
	}
}

func TestReportJSON(t *testing.T) {
	r := full(t)
	var got struct {
		Schema int
		Period struct{ Name string }
		Tables []struct {
			Table string
			Rows  []struct{ Code, State string }
		}
		Total kpi.Statement
	}
	if err := json.Unmarshal(rendered(t, r, Options{Format: JSON}), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != Schema || got.Period.Name != "2026Q1" || len(got.Tables) != 4 || len(got.Tables[0].Rows) != 27 || got.Total.Counts.Answered != r.Total.Counts.Answered {
		t.Errorf("%+v", got)
	}
}

// TestSheetsLeadToCalls follows the figures of the page that is shown within another: each
// leads to calls that kpi can explain, and none is marked up by a style of its own.
func TestSheetsLeadToCalls(t *testing.T) {
	r := full(t)
	seen := map[string]bool{}
	link := func(at Trace) string {
		f, err := kpi.LookupExplained(at.Figure, r.Choices)
		if err != nil {
			return ""
		}
		if _, err := kpi.ParsePeriod(at.Period, shanghai); err != nil {
			t.Errorf("%+v: %v", at, err)
		}
		seen[f.Name], seen["queue "+at.Place.Queue], seen["period "+at.Period] = true, true, true
		return "/calls?figure=" + at.Figure
	}
	var b bytes.Buffer
	if err := WriteSheets(&b, r, Options{Lang: Chinese}, link); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"answer_rate", "answered", "answer_rate_agent", "response_timeliness_wait", "requested", "asa_seconds", `queue a & b "c" 'd'`, "period 2026-03", "period " + r.Period.Name} {
		if !seen[want] {
			t.Errorf("nothing leads to %s: %v", want, seen)
		}
	}
	page := b.String()
	if !strings.Contains(page, `<a href="/calls?figure=answer_rate">`) || strings.Contains(page, "<html") || strings.Contains(page, "<style") {
		t.Errorf("the sheets are %.300s", page)
	}
	if m := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=`).FindString(page); m != "" {
		t.Errorf("a policy without unsafe-inline would refuse %q", m)
	}
}

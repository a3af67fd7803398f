package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// months writes calls of 2026 that put each month into a state of its own, most of them
// with a rate that is close to the target.
func months(w *world) string {
	var b strings.Builder
	b.WriteString("call_id,started_at,queued_at,answered_at,ended_at,outcome,queue\n")
	n := 0
	call := func(at time.Time, outcome string) {
		n++
		start, queued, answer, end := at.Format(time.DateTime), at.Format(time.DateTime), "", at.Add(time.Minute).Format(time.DateTime)
		switch outcome {
		case "answered":
			answer = at.Add(10 * time.Second).Format(time.DateTime)
		case "self_service":
			queued = ""
		case "open":
			end = ""
		}
		fmt.Fprintf(&b, "m%d,%s,%s,%s,%s,%s,社保\n", n, start, queued, answer, end, outcome)
	}
	some := func(month time.Month, count int, outcome string) {
		for i := range count {
			call(time.Date(2026, month, 11, 9, 0, i%7200, 0, time.UTC), outcome)
		}
	}
	// January has no calls. In February a worked Saturday loses a call, a Monday off, too.
	for _, day := range []int{14, 16} {
		call(time.Date(2026, 2, day, 9, 0, 0, 0, time.UTC), "answered")
		call(time.Date(2026, 2, day, 9, 1, 0, 0, time.UTC), "abandoned_queue")
	}
	some(time.March, 3, "open")
	some(time.May, 20_749, "answered") // 82.996% of 25,000
	some(time.May, 4_251, "abandoned_queue")
	some(time.June, 1_200, "answered") // 91.15% of 2,000 with those served by the IVR, 87.14% without
	some(time.June, 623, "self_service")
	some(time.June, 177, "abandoned_queue")
	return w.write("months.csv", b.String())
}

// Whatever a month is short of, its form is complete: it says what is missing in place of a
// figure, and what is missed never looks met. Every vector of the scores is among them.
func TestReportStates(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["rules.calendar"] = "cn-2026"
	w.up()
	w.must("import", months(w), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	queueLog := "1775012400|april-1|社保|NONE|ENTERQUEUE||02912345678|1\n1775012410|april-1|社保|Agent/1001|CONNECT|10|april-1|3\n1775012510|april-1|社保|Agent/1001|COMPLETECALLER|10|100|1\n"
	w.must("import", w.write("queue_log", queueLog), "--source", "asterisk-queue-log", "--zone", "Asia/Shanghai")
	for _, args := range [][]string{
		{"office_cost", "--value", "0.3"},                                  // ≤ 0.25: 5/6
		{"card_accuracy", "--value", "90"},                                 // = 100
		{"cards_issued", "--value", "7"},                                   // ≥ 4.8 a year, 46% more
		{"service_continuity", "--score", "85", "--reason", "网点已覆盖县区"},     // of 15
		{"budget_execution_13", "--executed", "20", "--adjusted", "24"},    // 83.33% of 10
		{"resident_satisfaction", "--value", "93.1", "--reason", "问卷回收率低"}, // ≥ 95
	} {
		w.must(append(append([]string{"enter"}, args...), "--period", "2026-05", "--evidence", "台账", "--by", "王芳")...)
	}
	const form, summary = "自评表(表13)", "摘要"
	for _, c := range []struct {
		period, about string
		args          []string
		rows          map[string]string // of the form: sign, target, unit, value, weight, score
		summary       map[string]string
	}{
		{
			"2026-01", "no calls", nil,
			map[string]string{"12333热线接听通数": "≥ 10 万通 无数据 2.5 —", "12333热线电话接通率": "≥ 83 % 无数据 2 —", "12333政策宣传知晓率": "≥ 95 % 未填报 5 —"},
			map[string]string{"人工接通率 ★": "无数据", "综合接通率(含自助)": "无数据"},
		},
		{
			"2026-02", "holidays", nil,
			map[string]string{"12333热线电话接通率": "≥ 83 % 66.66 2 1.60"}, // the call lost on the Monday off is none of the requested
			map[string]string{"人工接通率 ★": "66.66%", "人工请求量": "3", "非服务时间来电(未接)": "1"},
		},
		{
			"2026-03", "only open calls", nil,
			map[string]string{"12333热线接听通数": "≥ 10 万通 无数据 2.5 —", "12333热线电话接通率": "≥ 83 % 无数据 2 —"},
			map[string]string{"人工接通率 ★": "无数据", "未结束(不计入)": "3"},
		},
		{
			"2026-04", "a source without IVR",
			[]string{"--definitions", "answer_rate=2"},
			map[string]string{"12333热线电话接通率": "≥ 83 % 未接入 2 —"},
			map[string]string{"人工接通率": "100.00%", "综合接通率(含自助) ★": "未接入"},
		},
		{
			"2026-05", "82.996%", nil,
			map[string]string{
				"12333热线电话接通率": "≥ 83 % 82.99 2 1.99", "办公费": "≤ 0.25 万元/月 0.30 2.5 2.08", "实体卡发放准确率": "＝ 100 % 90.00 2.5 2.25",
				"实体卡领用补换": "≥ 4.8 万张 7.00 2.5 2.50", "社保基层服务持续性": "定性 持续  达标 15 12.75", "居民满意度": "≥ 95 % 93.10 10 9.80",
				"12333热线接听通数": "≥ 10 万通 2.07 2.5 2.50", // ahead of its pace
			},
			map[string]string{"人工接通率 ★": "82.99%"},
		},
		{
			"2026-06", "91.15% by the other definition",
			[]string{"--definitions", "answer_rate=2"},
			map[string]string{"12333热线电话接通率": "≥ 83 % 91.15 2 2.00"},
			map[string]string{"人工接通率": "87.14%", "综合接通率(含自助) ★": "91.15%"},
		},
	} {
		path := w.path(c.period + ".xlsx")
		w.must(append([]string{"report", "--period", c.period, "--out", path}, c.args...)...)
		f := openWorkbook(t, path)
		for name, want := range c.rows {
			if got := strings.Join(sheetRow(t, f, form, name)[1:7], " "); got != want {
				t.Errorf("%s: %s: %q, want %q", c.about, name, got, want)
			}
		}
		for name, want := range c.summary {
			if got := sheetRow(t, f, summary, name)[1]; got != want {
				t.Errorf("%s: %s: %q, want %q", c.about, name, got, want)
			}
		}
		rows, err := f.GetRows(form)
		if err != nil {
			t.Fatal(err)
		}
		indicators := 0
		for _, row := range rows {
			if len(row) > 7 && row[4] != "" && (row[3] == "≥" || row[3] == "≤" || row[3] == "＝" || row[3] == "定性") {
				indicators++
			}
			for _, text := range row {
				if text == "83.00" || text == "83.00%" || strings.Contains(text, "NaN") {
					t.Errorf("%s: the form shows %q", c.about, text)
				}
			}
		}
		if indicators != 27 {
			t.Errorf("%s: the form has %d lines, not 27", c.about, indicators)
		}
	}
	f := openWorkbook(t, w.path("2026-05.xlsx"))
	if got := strings.Join(sheetRow(t, f, form, "实体卡领用补换"), " "); !strings.Contains(got, "指标值") {
		t.Errorf("far above the target, and nobody asks why: %q", got)
	}
	if got := strings.Join(sheetRow(t, f, form, "24"), " "); !strings.Contains(got, "83.33%") || !strings.Contains(got, "8.33") {
		t.Errorf("the budget: %q", got)
	}
}

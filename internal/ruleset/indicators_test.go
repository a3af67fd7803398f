package ruleset_test

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func builtin(t *testing.T) *ruleset.Rules {
	t.Helper()
	r, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), shanghai(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tables2026(t *testing.T) *kpi.Indicators {
	t.Helper()
	set, err := builtin(t).Indicators.Of(2026)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func table(t *testing.T, number string) *kpi.Table {
	t.Helper()
	found, ok := tables2026(t).Table(number)
	if !ok {
		t.Fatalf("there is no table %s", number)
	}
	return found
}

// weights adds up the weights of a table's rows by a level.
func weights(rows []kpi.Row, level func(*kpi.Row) string) map[string]string {
	sums := make(map[string]*big.Rat)
	for i := range rows {
		l := level(&rows[i])
		if sums[l] == nil {
			sums[l] = new(big.Rat)
		}
		sums[l].Add(sums[l], rows[i].Weight.Rat())
	}
	out := make(map[string]string, len(sums))
	for l, sum := range sums {
		out[l] = sum.RatString()
	}
	return out
}

func TestTablesOf2026(t *testing.T) {
	set := tables2026(t)
	if set.Year != 2026 || len(set.Tables) != 2 || len(set.List) != 32 {
		t.Fatalf("%d: %d tables, %d indicators", set.Year, len(set.Tables), len(set.List))
	}
	for number, want := range map[string]struct {
		rows, hotline    int
		budget           string
		level1, level2   map[string]string
		firstAndLastCode [2]string
	}{
		"13": {
			27, 8, "24",
			map[string]string{"成本指标": "10", "产出指标": "40", "效益指标": "30", "满意度指标": "10"},
			map[string]string{"经济成本指标": "10", "数量指标": "15", "质量指标": "13", "时效指标": "12", "社会效益指标": "10", "可持续影响指标": "20", "服务对象满意度指标": "10"},
			[2]string{"office_cost", "resident_satisfaction"},
		},
		"14": {
			32, 8, "170",
			map[string]string{"成本指标": "10", "产出指标": "40", "效益指标": "30", "满意度指标": "10"},
			map[string]string{"经济成本指标": "10", "数量指标": "13", "质量指标": "14", "时效指标": "13", "社会效益指标": "10", "可持续影响指标": "20", "服务对象满意度指标": "10"},
			[2]string{"public_fund_standard", "staff_satisfaction"},
		},
	} {
		got := table(t, number)
		if len(got.Rows) != want.rows || got.Points.String() != "90" || got.Execution.String() != "10" || got.Budget.Total.String() != want.budget {
			t.Errorf("table %s: %d rows, %s points, %s for execution, a budget of %s", number, len(got.Rows), got.Points, got.Execution, got.Budget.Total)
		}
		for _, l := range []struct {
			want map[string]string
			of   func(*kpi.Row) string
		}{
			{want.level1, func(r *kpi.Row) string { return r.Level1.ZH }},
			{want.level2, func(r *kpi.Row) string { return r.Level2.ZH }},
		} {
			have := weights(got.Rows, l.of)
			for level, sum := range l.want {
				if have[level] != sum {
					t.Errorf("table %s: %s weighs %s, want %s", number, level, have[level], sum)
				}
			}
			if len(have) != len(l.want) {
				t.Errorf("table %s has the levels %v", number, have)
			}
		}
		if codes := [2]string{got.Rows[0].Code, got.Rows[len(got.Rows)-1].Code}; codes != want.firstAndLastCode {
			t.Errorf("table %s goes from %s to %s", number, codes[0], codes[1])
		}
		computed := 0
		for _, r := range got.Rows {
			if r.Figure != "" {
				computed++
			}
		}
		if computed != 4 {
			t.Errorf("table %s has %d computed rows", number, computed)
		}
	}
}

func TestRowsOfTheHotline(t *testing.T) {
	for _, c := range []struct {
		code, name13, target, unit string
		sign                       kpi.Sign
		w13, w14                   string
	}{
		{"answered_calls", "12333热线接听通数", "10", "万通", kpi.AtLeast, "2.5", "2"},
		{"answer_rate", "12333热线电话接通率", "83", "%", kpi.AtLeast, "2", "2"},
		{"response_timeliness", "12333热线响应及时率", "100", "%", kpi.Equals, "2", "2"},
		{"consultation_timeliness", "12333咨询服务及时率", "100", "%", kpi.Equals, "2", "2"},
		{"consultation_day_events", "12333全国咨询日宣传次数", "1", "场次", kpi.AtLeast, "2.5", "2"},
		{"consultation_day_content", "12333全国咨询日宣传内容", "100", "%", kpi.Equals, "2", "2"},
		{"policy_awareness", "12333政策宣传知晓率", "95", "%", kpi.AtLeast, "5", "5"},
		{"resident_satisfaction", "居民满意度", "95", "%", kpi.AtLeast, "10", "5"},
	} {
		for number, weight := range map[string]string{"13": c.w13, "14": c.w14} {
			row, ok := table(t, number).Row(c.code)
			if !ok || row.Name.ZH != c.name13 || row.Target.String() != c.target || row.Unit.Name.ZH != c.unit || row.Sign != c.sign || row.Weight.String() != weight {
				t.Errorf("%s in table %s: %+v", c.code, number, row)
			}
		}
	}
	calls, _ := table(t, "13").Row("answered_calls")
	if calls.Unit.Scale != kpi.Whole(10_000) || !calls.Pace {
		t.Errorf("answered calls are counted in %v, paced %v", calls.Unit, calls.Pace)
	}
	office, _ := table(t, "13").Row("office_cost")
	whole, _ := table(t, "14").Row("office_cost")
	if office.Per != kpi.PerMonth || office.Every || office.Target.String() != "0.25" || whole.Per != kpi.PerYear || whole.Target.String() != "3" {
		t.Errorf("office costs: %s per %s, %s per %s", office.Target, office.Per, whole.Target, whole.Per)
	}
	cut, _ := table(t, "14").Row("answer_rate")
	if cut.NamePrinted != "12333热线电话接" || len(cut.Broken) != 1 || cut.Broken[0] != kpi.NameCut {
		t.Errorf("table 14 prints %q, broken %v", cut.NamePrinted, cut.Broken)
	}
}

// seedCells reads a row of the careful reading of the budget document: the cells of its
// table.
func seedCells(line string) (cells []string, ok bool) {
	cells = strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, len(cells) == 10 && cells[0] != "" && strings.Trim(cells[0], "0123456789") == ""
}

// Every row of the file is held against the reading of the document, and against the
// document itself, where they lie beside the clone.
func TestIndicatorsAgreeWithTheDocument(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "seed")
	reading, err := os.ReadFile(filepath.Join(dir, "indicator-rows.md"))
	if err != nil {
		if strings.Contains(os.Getenv("HOTLINE_REQUIRE"), "shared") {
			t.Fatal(err)
		}
		t.Skip("the budget document is not beside the clone: ", err)
	}
	document, err := os.ReadFile(filepath.Join(dir, "2026-budget-xianyang.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, printed14, _ := strings.Cut(string(document), "单位整体支出绩效目标表")
	_, printed13, _ := strings.Cut(string(document), "单位专项业务经费绩效目标表")
	printed13, _, _ = strings.Cut(printed13, "单位整体支出绩效目标表")
	for strings.Contains(printed13+printed14, "\t\t") { // empty cells of slipped columns
		printed13, printed14 = strings.ReplaceAll(printed13, "\t\t", "\t"), strings.ReplaceAll(printed14, "\t\t", "\t")
	}
	rows := 0
	for _, line := range strings.Split(string(reading), "\n") {
		cells, ok := seedCells(line)
		if !ok {
			continue
		}
		rows++
		code, sign := cells[2], cells[5]
		level1, level2, _ := strings.Cut(cells[3], " / ")
		name, _, _ := strings.Cut(strings.ReplaceAll(cells[4], "‖", ""), " (")
		for _, at := range []struct{ number, row, weight, document string }{{"14", cells[0], cells[9], printed14}, {"13", cells[1], cells[8], printed13}} {
			row, found := table(t, at.number).Row(code)
			if found != (at.row != "–") {
				t.Errorf("%s stands in table %s: %v", code, at.number, found)
			}
			if !found {
				continue
			}
			if want := at.row + " " + at.weight; kpi.Whole(int64(row.Number)).String()+" "+row.Weight.String() != want {
				t.Errorf("%s in table %s: row %d, weight %s, want %s", code, at.number, row.Number, row.Weight, want)
			}
			if row.Name.ZH != name || !strings.HasPrefix(row.Level1.ZH, level1) || !strings.HasPrefix(row.Level2.ZH, level2) {
				t.Errorf("%s is called %s (%s, %s), want %s (%s, %s)", code, row.Name.ZH, row.Level1.ZH, row.Level2.ZH, name, level1, level2)
			}
			if (sign == "qualitative") != (row.Sign == kpi.Graded) || sign != "qualitative" && row.SignPrinted != sign {
				t.Errorf("%s is printed with %q, want %q", code, row.SignPrinted, sign)
			}
			if row.Sign != kpi.Graded && !strings.Contains(strings.ReplaceAll(row.TargetPrinted, ",", ""), row.Target.String()) {
				t.Errorf("%s: the target %s is printed as %s", code, row.Target, row.TargetPrinted)
			}
			// As the document prints it: name, target, weight on one line.
			if want := row.NamePrinted + "\t" + row.TargetPrinted + "\t" + row.Weight.String(); !strings.Contains(at.document, want) {
				t.Errorf("%s in table %s: the document does not print %q", code, at.number, want)
			}
		}
	}
	if rows != 32 {
		t.Errorf("the reading has %d rows", rows)
	}
}

func TestFormsGoWithTheTables(t *testing.T) {
	r := builtin(t)
	for _, number := range []string{"13", "14"} {
		evaluation, err := r.Forms.Lookup(kpi.SelfEvaluation, number)
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, c := range evaluation.Columns {
			titles = append(titles, c.Title.ZH)
		}
		if got := strings.Join(titles, " | "); got != "一级指标 | 二级指标 | 三级指标 | 指标性质 | 年度指标值 | 度量单位 | 实际完成值 | 分值 | 得分 | 偏差原因分析及改进措施" {
			t.Errorf("the self-evaluation has the columns %s", got)
		}
		if evaluation.Execution.String() != "10" || len(evaluation.Grades) != 4 || len(evaluation.Bands) != 3 || len(evaluation.Signatures) != 3 {
			t.Errorf("the self-evaluation: %+v", evaluation)
		}
		monitoring, err := r.Forms.Lookup(kpi.Monitoring, number)
		if err != nil {
			t.Fatal(err)
		}
		titles = nil
		for _, c := range monitoring.Columns[4:] {
			titles = append(titles, c.Title.ZH)
		}
		if got := strings.Join(titles, " | "); got != "年度指标值 | 度量单位 | 截至期末完成值 | 全年预计完成值 | 偏差原因 | 完成目标可能性 | 备注" {
			t.Errorf("the monitoring form ends in %s", got)
		}
		if f, ok := r.Forms.File(kpi.Monitoring, number); !ok || len(f.SHA256) != 64 {
			t.Errorf("the form's file: %+v", f)
		}
	}
	if _, err := r.Forms.Lookup(kpi.Monitoring, "99"); err == nil || !strings.Contains(err.Error(), "forms") {
		t.Errorf("a form that is not there: %v", err)
	}
}

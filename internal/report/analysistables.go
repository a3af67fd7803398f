package report

import (
	"fmt"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report/docx"
)

func (a *analysis) indicators(tables []*FilledTable) {
	a.begin("指标完成情况", "Indicators")
	if len(tables) == 0 {
		a.say("本期没有适用的绩效目标表。", "There is no table of targets for this period.")
		return
	}
	for _, t := range tables {
		if t.Form != kpi.SelfEvaluation && len(tables) > 1 {
			continue // the same indicators, to another date: the workbook has them
		}
		counts := map[kpi.State]int{}
		for i := range t.Rows {
			counts[t.Rows[i].State]++
		}
		var parts []string
		for _, s := range kpi.States() {
			if counts[s] > 0 {
				parts = append(parts, fmt.Sprintf(a.of("%s%d项", "%s %d"), a.word(s.Wording()), counts[s]))
			}
		}
		a.say("表%s《%s》共%d项指标：%s。", "Table %s, %s: %d indicators: %s.", t.Number, a.word(t.Title), len(t.Rows), join(a.Lang, parts))
		a.d.Paragraph(docx.Caption, fmt.Sprintf(a.of("表%s 指标完成情况", "Table %s: indicators"), t.Number))
		a.d.Table(a.indicatorTable(t))
		a.d.Paragraph(docx.Note, a.of("总分：", "Total: ")+a.totalRow(t)[1].text)
	}
}

func (a *analysis) indicatorTable(t *FilledTable) docx.Table {
	table := docx.Table{
		Widths: []int{16, 34, 18, 18, 9, 10, 13},
		Head:   []string{a.of("二级指标", "Level 2"), a.of("三级指标", "Indicator"), a.of("年度指标值", "Target"), a.of("实际完成值", "Actual"), a.of("分值", "Weight"), a.of("得分", "Score"), a.of("结果", "Result")},
	}
	if a.Lang == English { // whose shortest words are longer
		table.Widths = []int{15, 28, 18, 17, 11, 11, 18}
	}
	before := ""
	for i := range t.Rows {
		r := &t.Rows[i]
		target := a.sign(r.Sign) + r.Target + " " + a.word(r.Unit)
		if r.Sign == kpi.Graded {
			target = r.TargetPrinted
		}
		actual := a.actual(r).text
		if r.Shown != "" {
			actual += " " + a.word(r.Unit)
		}
		score := r.ScoreShown
		if score == "" {
			score = "—"
		}
		level := a.word(r.Level2)
		table.Rows = append(table.Rows, []docx.Cell{
			{Text: level, Joined: level == before},
			{Text: a.word(r.Name)},
			{Text: strings.TrimSpace(target)},
			{Text: strings.TrimSpace(actual)},
			{Text: r.Weight, Number: true},
			{Text: score, Number: true},
			{Text: a.word(r.State.Wording())},
		})
		before = level
	}
	return table
}

// missed are the rows below their target, each once, of whatever table.
func missed(tables []*FilledTable) []*Indicator {
	var list []*Indicator
	seen := map[string]bool{}
	for _, t := range tables {
		for i := range t.Rows {
			r := &t.Rows[i]
			if (r.State == kpi.Missed || r.State == kpi.Near) && !seen[r.Code] {
				seen[r.Code] = true
				list = append(list, r)
			}
		}
	}
	return list
}

func (a *analysis) deviations(tables []*FilledTable) {
	a.begin("偏差原因", "Deviations")
	list := missed(tables)
	if len(list) == 0 {
		a.say("有数据的指标均已达标。", "Every indicator that has data has met its target.")
	}
	for i, r := range list {
		a.d.Paragraph(docx.Heading2, fmt.Sprintf(a.of("（%s）%s", "%s. %s"), ordinal(a.Lang, i+1), a.word(r.Name)))
		against := r.Target
		if r.ExpectedShown != "" {
			against = r.ExpectedShown + a.of("（时序进度）", " (expected by now)")
		}
		a.say("指标值%s%s%s，实际完成%s%s，%s。", "Target %s%s %s, actual %s %s: %s.", a.sign(r.Sign), against, a.word(r.Unit), r.Shown, a.word(r.Unit), a.word(r.State.Wording()))
		for _, d := range r.Deviation {
			a.d.Paragraph(docx.Body, a.word(d))
		}
		if r.Said != nil && r.Said.Cause != "" {
			a.say("原因：%s", "Cause: %s", a.ended(r.Said.Cause))
		} else {
			a.say("原因：（由填报人补充）", "Cause: (to be given by the preparer)")
		}
	}
	a.unjudged(tables)
}

// unjudged are the rows without a value, those together for which the same is missing.
func (a *analysis) unjudged(tables []*FilledTable) {
	var whys []string
	names, seen, n := map[string][]string{}, map[string]bool{}, 0
	for _, t := range tables {
		for i := range t.Rows {
			r := &t.Rows[i]
			gaps := a.gaps(&t.Period, r)
			if r.Shown != "" || r.Score != "" || len(gaps) == 0 || seen[r.Code] {
				continue
			}
			seen[r.Code] = true
			n++
			why := a.word(r.State.Wording()) + a.of("（", " (") + gaps[0] + a.of("）", ")")
			if names[why] == nil {
				whys = append(whys, why)
			}
			names[why] = append(names[why], a.word(r.Name))
		}
	}
	if n == 0 {
		return
	}
	a.say("以下%d项没有完成值，不作评价。", "%d indicators have no value and are not judged.", n)
	for _, why := range whys {
		a.d.Paragraph(docx.Body, why+a.of("：", ": ")+join(a.Lang, names[why])+a.of("。", "."))
	}
}

func ordinal(l Lang, n int) string {
	if l == English {
		return fmt.Sprint(n)
	}
	digits := []string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	tens, ones := n/10, n%10
	switch {
	case tens == 0:
		return digits[ones]
	case ones == 0 && tens == 1:
		return "十"
	case ones == 0:
		return digits[tens%10] + "十"
	case tens == 1:
		return "十" + digits[ones]
	}
	return digits[tens%10] + "十" + digits[ones]
}

func (a *analysis) measures(tables []*FilledTable) {
	a.begin("改进措施", "Measures")
	told := false
	for _, r := range missed(tables) {
		if r.Said != nil && r.Said.Measures != "" {
			a.say("%s：%s", "%s: %s", a.word(r.Name), a.ended(r.Said.Measures))
			told = true
		}
	}
	if !told {
		a.say("（由填报人补充）", "(to be given by the preparer)")
	}
}

// foot has what every output carries, and who signs.
func (a *analysis) foot() {
	a.d.Paragraph(docx.Heading1, a.of("附：统计口径与数据说明", "Definitions and data"))
	for i := range a.r.Definitions {
		d := &a.r.Definitions[i]
		text := a.word(d.Text)
		if !strings.Contains(text, a.of("：", ". ")) { // a formula alone, without what it gives
			text = a.word(d.Name) + a.of("：", ": ") + text
		}
		a.d.Paragraph(docx.Body, text+a.of("（", " (")+fmt.Sprintf(a.of("第%d版", "v%d"), d.Version)+a.of("，", ", ")+strings.ReplaceAll(a.confirmed(d).text, "\n", " ")+a.of("）", ")"))
	}
	for _, n := range a.reasons()[1:] {
		a.d.Paragraph(docx.Body, n)
	}
	a.d.Paragraph(docx.Body, a.properties().footer)
	if unit := a.word(a.r.Unit); unit != "" {
		a.d.Paragraph(docx.Right, "\n"+unit)
	}
	c := a.r.Closing
	if c == nil {
		a.d.Paragraph(docx.Right, a.of("年    月    日", "Date:                    "))
		return
	}
	a.d.Paragraph(docx.Right, fmt.Sprintf(a.of("填报人：%s    复核人：%s    负责人：%s", "Preparer: %s    Reviewer: %s    Head: %s"), c.Preparer, c.Reviewer, c.Head))
	a.d.Paragraph(docx.Right, a.of(fmt.Sprintf("%d年%d月%d日", c.At.Year(), c.At.Month(), c.At.Day()), c.At.Format("2 January 2006")))
}

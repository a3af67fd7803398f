package report

import (
	"fmt"
	"maps"
	"slices"

	"hotline12333/internal/kpi"
)

// teller puts a report into the words of a language, sheet by sheet.
type teller struct {
	Lang
	r *Report
	d kpi.Definitions // of the report
}

// lead is what stands below the title of every sheet: invariants of any output.
func (t *teller) lead() []string {
	p := &t.r.Period
	lines := []string{t.of("报告期：", "Period: ") + t.word(p.Title) + t.of("（", " (") + p.From.Format("2006-01-02") + t.of("至", " to ") + t.last(p.To) + t.of("，", ", ") + p.Zone + t.of("）", ")") + t.centre()}
	reach := t.of("数据截至：无数据", "Data to: no calls")
	if t.r.DataTo != nil {
		reach = t.of("数据截至：", "Data to: ") + t.moment(*t.r.DataTo)
	}
	if p.Running() {
		reach += t.of("（报告期未结束）", " (the period has not ended)")
	}
	lines = append(lines, reach+"    "+t.state())
	return lines
}

// centre says whose calls these are, where they are not all.
func (t *teller) centre() string {
	if t.r.Centre == "" {
		return ""
	}
	return t.of("    仅中心：", "    centre: ") + t.r.Centre
}

// state says what the figures may be used for.
func (t *teller) state() string {
	if t.r.Draft {
		return t.of("草稿：口径待确认，不得作为正式上报", "Draft: definitions not confirmed, not for submission")
	}
	return t.of("口径已确认", "Definitions confirmed")
}

func (t *teller) sheet(id, tab, title string) sheet {
	return sheet{id: id, tab: tab, title: title, lead: t.lead(), draft: t.r.Draft}
}

// rows of all figures of the period, with what they are divided from.
func (t *teller) summary() sheet {
	s := t.sheet("summary", t.of("摘要", "Summary"), t.word(t.r.Period.Title)+t.of(" 话务摘要", ": summary"))
	for _, n := range t.r.Notices {
		s.lead = append(s.lead, t.of("注意：", "Note: ")+t.word(n))
	}
	columns := []column{
		{title: t.of("指标", "Figure"), width: 30},
		{title: t.of("数值", "Value"), width: 13},
		{title: t.of("分子", "Numerator"), width: 13},
		{title: t.of("分母", "Denominator"), width: 13},
		{title: t.of("目标", "Target"), width: 10, align: alignCentre},
		{title: t.of("结果", "Result"), width: 16, align: alignCentre},
	}
	rates := part{heading: t.of("一、比率与时长", "Rates and times"), columns: columns}
	for _, f := range figures(&t.r.Total, t.d) {
		rates.rows = append(rates.rows, t.figureRow(&f))
	}
	rates.notes = append(rates.notes, t.reasons()...)
	counts := part{heading: t.of("二、话务量", "Volumes"), columns: columns[:4], bare: true}
	list := volumes(&t.r.Total.Counts)
	for _, reason := range slices.Sorted(maps.Keys(t.r.Total.Counts.Excluded)) {
		if n := t.r.Total.Counts.Excluded[reason]; n > 0 {
			list = append(list, volume{code: "excluded_" + reason, name: kpi.Wording{ZH: "剔除：" + exclusion(reason).ZH, EN: "excluded: " + exclusion(reason).EN}, n: n})
		}
	}
	for i := 0; i < len(list); i += 2 {
		row := []cell{label(t.word(list[i].name)), t.traced(t.ofVolume(&list[i]), list[i].code)}
		if i+1 < len(list) {
			row = append(row, label(t.word(list[i+1].name)), t.traced(t.ofVolume(&list[i+1]), list[i+1].code))
		}
		counts.rows = append(counts.rows, row)
	}
	s.parts = append(s.parts, rates, counts)
	s.parts = append(append(s.parts, t.months()...), t.volume()...)
	return s
}

func (t *teller) figureRow(f *figure) []cell {
	name := t.word(f.name)
	if f.leads {
		name += " ★"
	}
	value := t.percent(f.ratio)
	num, den := t.traced(count(f.ratio.Num), f.code), t.traced(count(f.ratio.Den), f.code)
	if f.seconds {
		value = t.seconds(f.ratio)
		num = cell{text: kpi.Millis(f.ratio.Num).String(), number: ptr(parse(kpi.Millis(f.ratio.Num).String())), format: formatTwo, trace: num.trace}
	}
	if value.number == nil {
		num, den = text("—"), text("—")
		num.align, den.align = alignCentre, alignCentre
		if f.ratio.NotConnected == "" && f.ratio.Den == 0 {
			den = t.traced(count(0), f.code)
		}
	}
	goal, result := text(""), text("")
	if f.goal != nil {
		target, _ := kpi.CutPercent(kpi.Ratio{Num: f.goal.Num, Den: f.goal.Den}, 0)
		goal.text = "≥" + target
		if value.number != nil {
			result = t.verdict(f.goal.MetBy(f.ratio))
		}
	}
	return []cell{text(name), t.traced(value, f.code), num, den, goal, result}
}

func ptr[T any](v T) *T { return &v }

func (t *teller) verdict(met bool) cell {
	if met {
		return cell{text: t.of("达标", "met"), tone: toneMet}
	}
	return cell{text: t.of("未达标", "missed"), tone: toneMissed}
}

// reasons explain the figures that are not there, the mark, and what may still change.
func (t *teller) reasons() []string {
	leading := t.of("★ 主用口径；", "★ leads; ")
	notes := []string{leading + t.of("比率按未舍入值与目标比较，显示值只舍不入。", "rates are held against targets unrounded, and cut, not rounded, for display.")}
	needs := map[kpi.Capability][]string{}
	for _, f := range figures(&t.r.Total, t.d) {
		if c := f.ratio.NotConnected; c != "" {
			needs[c] = append(needs[c], t.word(f.name))
		}
	}
	for _, c := range slices.Sorted(maps.Keys(needs)) {
		notes = append(notes, t.of("未接入：数据来源不提供", "Not connected: a source does not know ")+t.capability(c)+t.of("，无法计算：", "; without it: ")+join(t.Lang, needs[c]))
	}
	for _, name := range slices.Sorted(maps.Keys(t.r.Total.Provisional)) {
		notes = append(notes, fmt.Sprintf(t.of("%s为暂定值，数据到 %s 后确定。", "%s is provisional until the data reach %s."), t.figureName(name), t.minute(t.r.Total.Provisional[name])))
	}
	return notes
}

func (t *teller) figureName(code string) string {
	for _, f := range figures(&t.r.Total, t.d) {
		if f.code == code {
			return t.word(f.name)
		}
	}
	return code
}

func join(l Lang, list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += l.of("、", ", ")
		}
		out += s
	}
	return out
}

// groupColumns are those of every table of parts of a period.
func (t *teller) groupColumns(name string, width float64) []column {
	return []column{
		{title: name, width: width},
		{title: t.of("来电总量", "Offered"), width: 10},
		{title: t.of("人工请求量", "Requested"), width: 11},
		{title: t.of("人工接听量", "Answered"), width: 11},
		{title: t.of("放弃量", "Abandoned"), width: 10},
		{title: t.of("人工接通率", "Answer rate"), width: 11},
		{title: fmt.Sprintf(t.of("%d秒应答率", "Within %d s"), t.d.Timeliness), width: 11},
		{title: t.of("平均等待(秒)", "ASA (s)"), width: 12},
		{title: t.of("平均通话(秒)", "Talk (s)"), width: 12},
	}
}

func (t *teller) groupRow(name cell, g *kpi.Group) []cell {
	c, x := &g.Counts, &g.Exact
	rate := t.percent(x.AnswerRateAgent)
	if rate.number != nil && !kpi.AnswerRateTarget.MetBy(x.AnswerRateAgent) {
		rate.tone = toneMissed
	}
	row := []cell{
		name, count(c.Offered), t.counted(c, "requested", c.Requested), count(c.Answered), t.counted(c, "requested_abandoned", c.RequestedAbandoned),
		rate, t.percent(x.ResponseTimelinessWait), t.seconds(x.ASA), t.seconds(x.TalkMean),
	}
	at := t.place(g)
	for i, figure := range []string{"offered", "requested", "answered", "requested_abandoned", "answer_rate_agent", t.within(), "asa_seconds", "talk_mean_seconds"} {
		row[i+1].trace = at.of(figure)
	}
	return row
}

// divided is a sheet with one table of parts of the period.
func (t *teller) divided(s sheet, name string, groups []kpi.Group, of func(*kpi.Group) cell) sheet {
	p := part{columns: t.groupColumns(name, 24)}
	for i := range groups {
		p.rows = append(p.rows, t.groupRow(of(&groups[i]), &groups[i]))
	}
	if len(groups) == 0 {
		p.rows = append(p.rows, []cell{{text: t.of("无数据", "no data"), tone: toneWeak, span: restOfRow, align: alignCentre}})
	}
	if len(groups) > 0 && groups[0].Overlap {
		p.notes = append(p.notes, t.of("一通来电可属多个业务类型，各行不可相加。", "A call may stand in several topics: the lines do not add up."))
	}
	s.parts = append(s.parts, p)
	return s
}

func (t *teller) named(g *kpi.Group) cell {
	if g.Key == "" {
		return cell{text: t.of("（未标注）", "(not named)"), tone: toneWeak}
	}
	return text(g.Key)
}

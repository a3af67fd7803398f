package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// definitions are the 口径 of every figure, with who decided.
func (t *teller) definitions() sheet {
	s := t.sheet("definitions", t.of("口径", "Definitions"), t.of("统计口径", "Definitions of the figures"))
	p := part{columns: []column{
		{title: t.of("名称", "Name"), width: 22},
		{title: t.of("版本", "Version"), width: 12, align: alignCentre},
		{title: t.of("口径说明", "How it is counted"), width: 58},
		{title: t.of("确认情况", "Confirmed"), width: 26},
	}}
	for i := range t.r.Definitions {
		d := &t.r.Definitions[i]
		version := fmt.Sprintf(t.of("第%d版", "v%d"), d.Version)
		if d.Since != nil {
			version += t.of("\n", "\n") + fmt.Sprintf(t.of("%s起", "since %s"), d.Since.Format(time.DateOnly))
		}
		p.rows = append(p.rows, []cell{text(t.word(d.Name)), text(version), text(t.word(d.Text)), t.confirmed(d)})
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.noRows())
	}
	s.parts = []part{p}
	return s
}

func (t *teller) confirmed(d *Definition) cell {
	if !d.Confirmed {
		return cell{text: t.of("口径待确认", "not confirmed"), tone: toneNear, align: alignCentre}
	}
	who := t.of("已确认", "confirmed")
	if d.By != "" {
		who = d.By
	}
	if d.On != nil {
		who += " " + d.On.Format(time.DateOnly)
	}
	for _, more := range []string{d.Document, d.Reason} {
		if more != "" {
			who += "\n" + more
		}
	}
	return cell{text: who, tone: toneMet}
}

// quality is what is known of the data behind the figures, good or bad.
func (t *teller) quality() sheet {
	s := t.sheet("quality", t.of("数据质量", "Data quality"), t.of("数据质量说明", "Data quality"))
	s.parts = append(s.parts, t.completeness()...)
	s.parts = append(s.parts, t.controls(), t.outages(), t.rejects(), t.excluded(), t.corrections(), t.entered())
	if t.r.Closing != nil {
		s.parts = append(s.parts, t.closing())
	}
	return s
}

func (t *teller) completeness() []part {
	p := part{heading: t.of("一、完整性（服务时间内无记录的小时）", "Completeness: hours of service without records"), columns: []column{
		{title: t.of("数据来源", "Source"), width: 22},
		{title: t.of("服务小时", "Service hours"), width: 20, align: alignCentre},
		{title: t.of("无记录小时", "Without records"), width: 20, align: alignCentre},
		{title: t.of("有记录占比", "With records"), width: 40, align: alignCentre},
	}}
	gaps := part{columns: []column{{title: t.of("数据来源", "Source"), width: 22}, {title: t.of("起", "From"), width: 20}, {title: t.of("止", "To"), width: 20}, {title: t.of("小时", "Hours"), width: 40, align: alignCentre}}}
	const mostGaps = 40
	hidden := 0
	for _, c := range t.r.Quality.Completeness {
		p.rows = append(p.rows, []cell{text(c.Source), count(c.Service), count(c.Empty), t.percent(c.Covered())})
		for _, g := range c.Gaps {
			if len(gaps.rows) == mostGaps {
				hidden++
				continue
			}
			gaps.rows = append(gaps.rows, []cell{text(c.Source), text(t.minute(g.From)), text(t.minute(g.To)), count(g.Hours)})
		}
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.noRows())
	}
	if len(gaps.rows) == 0 {
		return []part{p}
	}
	gaps.heading = t.of("数据缺口", "Gaps")
	if hidden > 0 {
		gaps.notes = append(gaps.notes, fmt.Sprintf(t.of("另有 %d 段未列出，JSON 格式列全。", "%d more are not listed here; JSON has all."), hidden))
	}
	return []part{p, gaps}
}

func (t *teller) controls() part {
	q := &t.r.Quality
	p := part{heading: t.of("二、与对账总数不一致的日期", "Days that differ from the control totals"), columns: []column{
		{title: t.of("日期", "Day"), width: 22}, {title: t.of("来源与项目", "Source, count"), width: 20}, {title: t.of("系统计数 / 对账总数", "Counted / control"), width: 20}, {title: t.of("差异与佐证", "Difference, evidence"), width: 40},
	}}
	for _, d := range q.Differences {
		p.rows = append(p.rows, []cell{
			day(d.Day), text(t.ofCentre(d.Centre) + d.Source + " " + t.word(outcome(d.Count))),
			to(text(group(d.Counted)+" / "+group(d.Control)), Trace{Figure: d.Count, Period: d.Day.Format(time.DateOnly), Place: kpi.Place{Centre: d.Centre}}),
			text(strconv.FormatInt(d.Counted-d.Control, 10) + " " + d.Evidence),
		})
	}
	switch {
	case q.Controls == 0:
		p.rows = append(p.rows, t.said(t.of("未录入对账总数", "no control totals were entered")))
	case len(p.rows) == 0:
		p.rows = append(p.rows, t.said(fmt.Sprintf(t.of("已录入对账总数 %d 天，全部一致", "%d days have a control total, all agree"), q.Controls)))
	}
	switch n := q.ControlsElsewhere; {
	case n > 0:
		p.notes = append(p.notes, fmt.Sprintf(t.of("另有 %d 个对账总数是全系统或其他中心的，不能与本中心来电核对。", "%d more control totals are of the whole system or of other centres: the calls of this one cannot be held against them."), n))
	case slices.ContainsFunc(q.Differences, func(d Difference) bool { return d.Centre != "" }) && t.r.Centre == "":
		p.notes = append(p.notes, t.of("注明中心的对账总数只与该中心的来电核对，不相加。", "A control total of a centre is held against the calls of that centre; they are not added up."))
	}
	return p
}

// ofCentre names the centre that a line of a report of all centres is about.
func (t *teller) ofCentre(centre string) string {
	if centre == "" || centre == t.r.Centre {
		return ""
	}
	return centre + t.of("：", ": ")
}

func (t *teller) said(s string) []cell {
	return []cell{{text: s, tone: toneWeak, span: restOfRow, align: alignCentre}}
}

func (t *teller) outages() part {
	p := part{heading: t.of("三、登记的中断", "Registered outages"), columns: []column{
		{title: t.of("起", "From"), width: 22}, {title: t.of("止", "To"), width: 20}, {title: t.of("登记人", "By"), width: 20}, {title: t.of("原因与佐证", "Cause, evidence"), width: 40},
	}}
	for _, o := range t.r.Quality.Outages {
		to := text(t.minute(o.To))
		if o.To.IsZero() {
			to = text(t.of("未结束", "not over"))
		}
		p.rows = append(p.rows, []cell{text(t.minute(o.From)), to, text(o.By), text(t.ofCentre(o.Centre) + o.Cause + " " + o.Evidence)})
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.said(t.of("无登记", "none")))
	}
	return p
}

func (t *teller) rejects() part {
	p := part{heading: t.of("四、异常记录（未计入）", "Rejected, not counted"), columns: []column{
		{title: t.of("原因", "Reason"), width: 22}, {title: t.of("条数", "Records"), width: 20, align: alignCentre},
	}}
	q := &t.r.Quality
	for _, reason := range slices.Sorted(maps.Keys(q.Rejected)) {
		if n := q.Rejected[reason]; n > 0 {
			p.rows = append(p.rows, []cell{text(t.rejection(reason)), count(n)})
		}
	}
	switch {
	case !q.RejectedKnown:
		p.rows = append(p.rows, t.said(t.of("未能读取", "could not be read")))
	case len(p.rows) == 0:
		p.rows = append(p.rows, t.said(t.of("无", "none")))
	default:
		p.notes = append(p.notes, t.of("异常记录没有可信的时间，按全部未处理的条数列出；用 hotline rejected list 查看。", "A rejected record has no time that can be trusted: all that wait are counted here, see hotline rejected list."))
	}
	if x := q.Pipeline; x != nil {
		p.notes = append(p.notes, fmt.Sprintf(t.of("读取 %s = 接收 %s + 忽略 %s + 异常 %s；入库 %s，新增 %s，重复 %s。", "read %s = accepted %s + ignored %s + rejected %s; stored %s, new %s, duplicates %s."),
			group(x.Read), group(x.Accepted), group(sum(x.Ignored)), group(sum(x.Rejected)), group(x.Stored), group(x.New), group(x.Duplicates)))
	}
	return p
}

func (t *teller) excluded() part {
	p := part{heading: t.of("五、剔除的来电（单独计数）", "Excluded calls, counted apart"), columns: []column{
		{title: t.of("原因", "Reason"), width: 22}, {title: t.of("通数", "Calls"), width: 20, align: alignCentre},
	}}
	c := &t.r.Total.Counts
	for _, reason := range slices.Sorted(maps.Keys(c.Excluded)) {
		p.rows = append(p.rows, []cell{text(t.word(exclusion(reason))), t.traced(count(c.Excluded[reason]), "excluded_"+reason)})
	}
	p.rows = append(p.rows, []cell{text(t.of("未结束（不计入）", "open, not counted")), t.traced(count(c.Open), "open")}, []cell{text(t.of("时间倒置（按零计）", "times that run backwards, taken as zero")), t.traced(count(c.ClockSkew), "clock_skew")})
	return p
}

func (t *teller) entered() part {
	p := part{heading: t.of("七、录入值与佐证材料", "Entered values and their evidence"), columns: []column{
		{title: t.of("指标", "Indicator"), width: 22}, {title: t.of("期间与数值", "Period, value"), width: 20}, {title: t.of("录入人与时间", "By, at"), width: 20}, {title: t.of("佐证与说明", "Evidence, reason"), width: 40},
	}}
	for _, e := range t.r.Quality.Entered {
		p.rows = append(p.rows, []cell{text(t.word(e.Name)), text(e.Period + t.of("：", ": ") + t.enteredValue(e.Value)), text(e.By + " " + t.minute(e.At)), text(e.Evidence + " " + e.Reason)})
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.said(t.of("无录入值", "nothing was entered")))
	}
	switch n := t.r.Quality.ValuesElsewhere; {
	case n == 0:
	case t.r.Centre == "":
		p.notes = append(p.notes, fmt.Sprintf(t.of("另有 %d 项是为单个中心录入的，只计入该中心的报告，不相加。", "%d more were entered for single centres: they count in their reports and are not added up."), n))
	default:
		p.notes = append(p.notes, fmt.Sprintf(t.of("另有 %d 项是为全系统或其他中心录入的，不作为本中心的数值。", "%d more were entered for the whole system or other centres: they are no values of this one."), n))
	}
	return p
}

// enteredValue is a value in the report's language.
func (t *teller) enteredValue(v string) string {
	if zh, en, both := strings.Cut(v, " "); both && zh == "不适用" {
		return t.of(zh, en)
	}
	return v
}

// rejection names why a record could not be read.
func (t *teller) rejection(reason string) string {
	if t.Lang == English {
		return reason
	}
	zh := map[hotline.Reason]string{
		hotline.NotJSON: "不是JSON", hotline.WrongType: "类型不符", hotline.Missing: "缺少字段", hotline.UnknownValue: "取值不认识",
		hotline.OutOfRange: "超出范围", hotline.TooLong: "过长", hotline.TooLarge: "过大", hotline.InvalidUTF8: "编码错误",
		hotline.DuplicateKey: "字段重复", hotline.KeyMismatch: "键不一致", hotline.BadRow: "行格式不符", hotline.Refused: "存储拒绝",
	}
	if name := zh[hotline.Reason(reason)]; name != "" {
		return name + "(" + reason + ")"
	}
	return reason
}

// lost are the newest callers who reached no agent.
func (t *teller) lost() sheet {
	s := t.sheet("lost", t.of("未接来电", "Lost calls"), t.of("未接来电清单（号码已脱敏）", "Lost calls, numbers masked"))
	p := part{columns: []column{
		{title: t.of("来电时间", "At"), width: 20, align: alignCentre},
		{title: t.of("号码", "Caller"), width: 15, align: alignCentre},
		{title: t.of("地区", "Region"), width: 12, align: alignCentre},
		{title: t.of("技能组", "Queue"), width: 22},
		{title: t.of("结果", "Outcome"), width: 20, align: alignCentre},
		{title: t.of("等待(秒)", "Wait (s)"), width: 11},
		{title: t.of("服务时间内", "In service hours"), width: 12, align: alignCentre},
	}}
	for _, c := range t.r.Lost.List {
		wait := cell{text: kpi.Millis(c.WaitMillis).String(), number: ptr(parse(kpi.Millis(c.WaitMillis).String())), format: formatPlain}
		p.rows = append(p.rows, []cell{text(t.moment(c.At)), orDash(c.Caller), orDash(c.Region), orDash(c.Queue), text(t.word(outcome(c.Outcome))), wait, text(t.yes(!c.AfterHours))})
	}
	if missing := t.r.Total.Counts.NotConnected["asked"]; missing != "" {
		p.notes = []string{t.of("未接入：数据来源不提供", "Not connected: a source does not know ") + t.capability(missing) + t.of("，其未接来电不在此列。", "; its lost calls are not listed.")}
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.said(t.of("无", "none")))
	}
	if shown := int64(len(t.r.Lost.List)); shown < t.r.Lost.Total {
		s.lead = append(s.lead, fmt.Sprintf(t.of("本期未接来电共 %s 通，列出最近 %s 通。", "%s calls were lost, the newest %s are listed."), group(t.r.Lost.Total), group(shown)))
	}
	s.parts = []part{p}
	return s
}

func orDash(s string) cell {
	if s == "" {
		return cell{text: "—", tone: toneWeak, align: alignCentre}
	}
	return text(s)
}

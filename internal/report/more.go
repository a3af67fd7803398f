package report

import (
	"fmt"
	"slices"

	"hotline12333/internal/kpi"
)

// agents have columns of their own: what an agent did is counted by legs, too.
func (t *teller) agents() sheet {
	s := t.sheet("agents", t.of("坐席", "Agents"), t.of("坐席话务", "Calls by agent"))
	p := part{columns: []column{
		{title: t.of("坐席", "Agent"), width: 22},
		{title: t.of("首接量", "Answered first"), width: 13},
		{title: t.of("处理量(含转接)", "Handled"), width: 15},
		{title: t.of("平均等待(秒)", "ASA (s)"), width: 13},
		{title: t.of("平均通话(秒)", "Talk (s)"), width: 13},
		{title: t.of("转接", "Transfers"), width: 10},
		{title: t.of("满意率", "Satisfaction"), width: 12},
		{title: t.of("评价数", "Ratings"), width: 10},
	}}
	sorted := slices.Clone(t.r.Agents)
	slices.SortStableFunc(sorted, func(a, b kpi.Group) int { return int(b.Counts.Legs - a.Counts.Legs) })
	for i := range sorted {
		g := &sorted[i]
		row := []cell{
			t.named(g), count(g.Counts.Answered), count(g.Counts.Legs), t.seconds(g.Exact.ASA), t.seconds(g.Exact.TalkMean),
			count(g.Counts.Transfers), t.percent(g.Exact.Satisfaction), count(g.Counts.RatingsGiven),
		}
		at := t.place(g)
		for i, figure := range []string{"answered", "legs", "asa_seconds", "talk_mean_seconds", "transfers", "satisfaction_rate", "ratings_given"} {
			row[i+1].trace = at.of(figure)
		}
		p.rows = append(p.rows, row)
	}
	if len(sorted) == 0 {
		p.rows = append(p.rows, t.noRows())
	}
	p.notes = []string{t.of("首接量计入最先接听的坐席，合计等于人工接听量；处理量按每段通话计。", "A call is answered by the agent who spoke first, which adds up to all that were answered; handled counts every leg.")}
	s.parts = []part{p}
	return s
}

// reconciliation shows how the number of answered calls goes with the answer rates.
func (t *teller) reconciliation() sheet {
	s := t.sheet("reconciliation", t.of("勾稽", "Reconciliation"), t.of("接听通数与接通率勾稽", "Answered calls and answer rates"))
	c := &t.r.Total.Counts
	p := part{columns: []column{{title: t.of("项目", "Item"), width: 44}, {title: t.of("通数", "Calls"), width: 16}, {title: t.of("说明", "Remark"), width: 50}}}
	n := func(n int64, figure string) cell { return t.traced(t.counted(c, figure, n), figure) }
	p.rows = [][]cell{
		{text(t.of("人工接听量", "answered by agents")), n(c.Answered, "answered"), text(t.of("“人工接通率”的分子", "numerator of the agent answer rate"))},
		{text(t.of("＋ 自助服务量", "+ self-service")), n(c.SelfService, "self_service"), text("")},
		{text(t.of("＝ 综合接通量", "= answered, composite")), n(c.Composite(), "answer_rate_composite"), text(t.of("“综合接通率”的分子", "numerator of the composite answer rate"))},
		{text(t.of("来电总量", "offered")), n(c.Offered, "offered"), text(t.of("“综合接通率”的分母", "denominator of the composite answer rate"))},
		{text(t.of("－ 非服务时间来电(未接)", "- after hours, not answered")), n(c.AfterHours, "after_hours"), text("")},
		{text(t.of("－ 自助服务量", "- self-service")), n(c.SelfService, "self_service"), text("")},
		{text(t.of("－ 自助语音内挂机", "- abandoned in the IVR")), n(c.AbandonedIVR, "abandoned_ivr"), text("")},
		{text(t.of("－ 未排队的留言", "- voicemail without queueing")), n(c.Voicemail-c.VoicemailQueued, "voicemail_direct"), text("")},
		{text(t.of("＝ 人工请求量", "= requested")), n(c.Requested, "requested"), text(t.of("“人工接通率”的分母", "denominator of the agent answer rate"))},
	}
	leads := t.of("人工接通率", "agent answer rate")
	if t.d.AnswerRate == kpi.RateComposite {
		leads = t.of("综合接通率", "composite answer rate")
	}
	p.notes = []string{fmt.Sprintf(t.of("主用接通率为“%s”；“12333热线接听通数”的分子与之不同时，以本表说明差额。", "The %s leads. Where the number of answered calls has another numerator, this table shows the difference."), leads)}
	s.parts = []part{p}
	if x := t.r.Total.Reconciled; x != nil {
		s.parts = append(s.parts, t.steps(x))
	}
	return s
}

// steps lead from the indicator of answered calls to the numerator of the answer rate.
func (t *teller) steps(x *kpi.Reconciliation) part {
	p := part{heading: t.of("接听通数与接通率分子的差额", "From answered calls to the numerator of the answer rate"), columns: []column{
		{title: t.of("项目", "Item"), width: 44}, {title: t.of("通数", "Calls"), width: 16},
	}}
	names := map[string]kpi.Wording{
		"self_service":             {ZH: "自助服务量", EN: "self-service"},
		"answered_after_hours":     {ZH: "非服务时间人工接听", EN: "answered after hours"},
		"self_service_after_hours": {ZH: "非服务时间自助服务", EN: "self-service after hours"},
		"self_service_in_hours":    {ZH: "服务时间内自助服务", EN: "self-service in service hours"},
	}
	p.rows = append(p.rows, []cell{text(t.of("12333热线接听通数（指标）", "answered calls (indicator)")), t.traced(count(x.AnsweredCalls), answeredFigure(t.d))})
	for _, step := range x.Steps {
		p.rows = append(p.rows, []cell{text(t.of("加：", "plus ") + t.word(names[step.What])), t.traced(count(step.Calls), stepFigure(step.What))})
	}
	p.rows = append(p.rows, []cell{text(t.of("等于：接通率分子", "is the numerator of the answer rate")), t.traced(count(x.Numerator), kpi.DefAnswerRate)})
	return p
}

// stepFigure is the figure of calls that a step of the reconciliation adds.
func stepFigure(what string) string {
	switch what {
	case "answered_after_hours":
		return "answered_outside_hours"
	case "self_service_after_hours":
		return "self_service_outside_hours"
	case "self_service_in_hours":
		return "self_service_in_hours"
	}
	return what
}

// exactFigures are the figures with all their digits, as JSON has them: for programs, and
// for whoever calculates on.
func (t *teller) exactFigures() sheet {
	s := t.sheet("figures", t.of("精确数据", "Exact figures"), t.of("精确数据（未舍入）", "Exact figures, unrounded"))
	p := part{columns: []column{
		{title: t.of("代码", "Code"), width: 34},
		{title: t.of("名称", "Name"), width: 36},
		{title: t.of("数值", "Value"), width: 24},
		{title: t.of("分子", "Numerator"), width: 16},
		{title: t.of("分母", "Denominator"), width: 16},
	}}
	for _, f := range figures(&t.r.Total, t.d) {
		num, den := count(f.ratio.Num), count(f.ratio.Den)
		if f.ratio.NotConnected != "" {
			num, den = text(""), text("")
		}
		p.rows = append(p.rows, []cell{
			text(f.code), text(t.word(f.name)), t.traced(t.exact(f.value, f.ratio.NotConnected), f.code), t.traced(num, f.code), t.traced(den, f.code),
		})
	}
	for _, v := range volumes(&t.r.Total.Counts) {
		p.rows = append(p.rows, []cell{text(v.code), text(t.word(v.name)), t.traced(t.ofVolume(&v), v.code), text(""), text("")})
	}
	p.notes = []string{t.of("比率为完整精度的数值；时长的分子以毫秒计。其他各表显示的比率只舍不入。", "Rates have all their digits; numerators of times are in milliseconds. On the other sheets rates are cut, not rounded.")}
	s.parts = []part{p}
	return s
}

package kpi

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"hotline12333/internal/hotline"
)

func thresholdFigure(prefix string, limit int, d Definitions) Explained {
	f := Explained{Name: prefix + strconv.Itoa(limit), Kind: RateFigure, definitions: d}
	switch prefix {
	case "service_level_":
		f.ZH, f.EN = fmt.Sprintf("%d秒接通率(占请求)", limit), fmt.Sprintf("service level %d s", limit)
		f.Formula, f.FormulaZH = fmt.Sprintf("answered with wait ≤ %d s / requested", limit), answeredWithinZH(limit)+" ÷ 人工请求量"
		f.of = func(all *Figures) Ratio { return all.ServiceLevel[limit] }
		f.rule = within(limit, (*Seen).asked)
	case "service_level_of_answered_":
		f.ZH, f.EN = fmt.Sprintf("%d秒应答率(占接听)", limit), fmt.Sprintf("service level of answered %d s", limit)
		f.Formula, f.FormulaZH = fmt.Sprintf("answered with wait ≤ %d s / answered", limit), answeredWithinZH(limit)+" ÷ 人工接听量"
		f.of = func(all *Figures) Ratio { return all.ServiceLevelOfAnswered[limit] }
		f.rule = within(limit, (*Seen).became)
	default:
		f.Kind = CountFigure
		f.ZH, f.EN = fmt.Sprintf("%d秒内人工接听量", limit), fmt.Sprintf("answered within %d s", limit)
		f.Formula, f.FormulaZH = fmt.Sprintf("answered with wait ≤ %d s", limit), answeredWithinZH(limit)
		f.count = func(t *Tally, _ Definitions) int64 { return t.WaitAnswered.AtMost(limit) }
		f.rule = within(limit, (*Seen).became)
	}
	return f
}

func figureList(d Definitions) []Explained {
	d.ServiceLevels = nil // not asked for
	list := slices.Concat(rateFigures(d), ticketFigures(), meanFigures(), countFigures(d), outcomeFigures())
	for i := range list {
		list[i].definitions, list[i].FormulaZH = d, list[i].formulaZH(d)
	}
	return list
}

func rateFigures(d Definitions) []Explained {
	excl := fmt.Sprintf("short abandons (wait < %d s)", d.ShortAbandon)
	agent := Explained{
		Name: "answer_rate_agent", ZH: "人工接通率", EN: "agent answer rate", Formula: "answered / requested",
		of: func(f *Figures) Ratio { return f.AnswerRateAgent }, rule: (*Seen).asked,
	}
	composite := Explained{
		Name: "answer_rate_composite", ZH: "综合接通率(含自助)", EN: "composite answer rate", Formula: "(answered + self_service) / offered",
		of: func(f *Figures) Ratio { return f.AnswerRateComposite }, rule: (*Seen).became,
	}
	hours := Explained{
		Name: "answer_rate_composite_service_hours", ZH: "综合接通率(含自助,服务时间内)", EN: "composite answer rate within service hours",
		Formula: "(answered + self_service) / offered, of the calls that arrived within service hours",
		of:      func(f *Figures) Ratio { return f.AnswerRateCompositeHours }, rule: (*Seen).inHours,
	}
	exclShort := Explained{
		Name: "answer_rate_agent_excluding_short", ZH: "人工接通率(不计速挂)", EN: "agent answer rate excluding short abandons",
		Formula: "answered / (requested − " + excl + ")",
		of:      func(f *Figures) Ratio { return f.AnswerRateAgentExclShort }, rule: short(d.ShortAbandon, (*Seen).asked),
	}
	official := agent
	switch d.AnswerRate {
	case RateComposite:
		official = composite
	case RateCompositeHours:
		official = hours
	case RateAgentExclShort:
		official = exclShort
	}
	official.Name, official.of = "answer_rate", func(f *Figures) Ratio { return f.AnswerRate }
	list := []Explained{
		official, agent, composite, hours, exclShort,
		{
			Name: "response_timeliness", ZH: "12333热线响应及时率", EN: "response timeliness",
			Formula: fmt.Sprintf("answered with wait ≤ %d s / answered", d.Timeliness),
			of:      func(f *Figures) Ratio { return f.ResponseTimelinessWait }, rule: within(d.Timeliness, (*Seen).became),
		},
		{
			Name: "response_timeliness_wait", ZH: "12333热线响应及时率(应答)", EN: "response timeliness (answers)",
			Formula: fmt.Sprintf("answered with wait ≤ %d s / answered", d.Timeliness),
			of:      func(f *Figures) Ratio { return f.ResponseTimelinessWait }, rule: within(d.Timeliness, (*Seen).became),
		},
		{
			Name: "abandonment_rate", ZH: "放弃率", EN: "abandonment rate", Formula: "(abandoned_queue + abandoned_ringing) / requested",
			of: func(f *Figures) Ratio { return f.AbandonmentRate }, rule: (*Seen).asked,
		},
		{
			Name: "satisfaction_rate", ZH: "满意率", EN: "satisfaction", Formula: "satisfied / ratings on known scales",
			of: func(f *Figures) Ratio { return f.Satisfaction }, rule: func(s *Seen) Rule { return s.rated(d.Satisfied) },
		},
		{
			Name: "participation_rate", ZH: "参评率", EN: "participation", Formula: "ratings / invitations",
			of: func(f *Figures) Ratio { return f.Participation }, rule: (*Seen).participated,
		},
		{
			Name: "first_contact_resolution", ZH: "一次解决率", EN: "first contact resolution",
			Formula: fmt.Sprintf("answered without a further call of the caller within %.0f h / answered of known callers", hotline.RepeatWindow.Hours()),
			of:      func(f *Figures) Ratio { return f.FirstContact }, rule: (*Seen).settled,
		},
		{
			Name: "repeat_callers", ZH: "重复来电率", EN: "repeat callers",
			Formula: fmt.Sprintf("calls within %.0f h after another of the caller / calls of known callers", hotline.RepeatWindow.Hours()),
			of:      func(f *Figures) Ratio { return f.RepeatCallers }, rule: (*Seen).repeated,
		},
	}
	for i := range list {
		list[i].Kind = RateFigure
	}
	return list
}

func meanFigures() []Explained {
	return []Explained{
		{
			Name: "asa_seconds", Kind: MeanFigure, ZH: "平均等待", EN: "mean wait (ASA)", Formula: "wait of answered calls / answered",
			of: func(f *Figures) Ratio { return f.ASA }, rule: (*Seen).became,
		},
		{
			Name: "talk_mean_seconds", Kind: MeanFigure, ZH: "平均通话时长", EN: "mean talk time", Formula: "talk of answered calls / answered",
			of: func(f *Figures) Ratio { return f.TalkMean }, rule: (*Seen).became,
		},
		{
			Name: "aht_seconds", Kind: MeanFigure, ZH: "平均处理时长", EN: "mean handling time (AHT)", Formula: "(talk + hold + wrap-up) / answered",
			of: func(f *Figures) Ratio { return f.AHT }, rule: (*Seen).became,
		},
	}
}

func countFigures(d Definitions) []Explained {
	lost := fmt.Sprintf("abandoned in queue or ringing with wait < %d s", d.ShortAbandon)
	excluded := Explained{
		Name: "excluded", ZH: "剔除量", EN: "excluded", Formula: "excluded, for whatever reason",
		count: func(t *Tally, _ Definitions) int64 { return t.ExcludedTotal() }, rule: (*Seen).became,
	}
	list := []Explained{
		{
			Name: "calls", ZH: "全部记录", EN: "all calls", Formula: "offered + open + excluded",
			count: func(t *Tally, _ Definitions) int64 { return t.Calls }, rule: (*Seen).became,
		},
		{
			Name: "offered", ZH: "来电总量", EN: "offered", Formula: "decided and not excluded",
			count: func(t *Tally, _ Definitions) int64 { return t.Offered() }, rule: (*Seen).became,
		},
		{
			Name: "asked", ZH: "请求人工(含非服务时间)", EN: "asked for an agent, at any hour", Formula: "answered, or lost after asking for an agent",
			count: func(t *Tally, _ Definitions) int64 { return t.Asked() }, rule: (*Seen).became,
		},
		{
			Name: "requested", ZH: "人工请求量", EN: "requested", Formula: "asked − after_hours",
			count: func(t *Tally, _ Definitions) int64 { return t.Requested() }, rule: (*Seen).asked,
		},
		{
			Name: "after_hours", ZH: "非服务时间来电", EN: "after hours", Formula: "asked, not answered, arrived outside service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.AfterHours }, rule: (*Seen).asked,
		},
		{
			Name: "short_abandoned", ZH: "速挂", EN: "short abandons", Formula: lost,
			count: func(t *Tally, d Definitions) int64 { return t.ShortAbandoned(d.ShortAbandon) }, rule: short(d.ShortAbandon, (*Seen).became),
		},
		{
			Name: "requested_abandoned", ZH: "放弃量(占请求)", EN: "abandoned among the requested", Formula: "abandoned in queue or ringing, within service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.RequestedAbandoned() }, rule: (*Seen).asked,
		},
		{
			Name: "requested_short_abandoned", ZH: "速挂(占请求)", EN: "short abandons among the requested", Formula: lost + ", within service hours",
			count: func(t *Tally, d Definitions) int64 { return t.RequestedShortAbandoned(d.ShortAbandon) }, rule: short(d.ShortAbandon, (*Seen).asked),
		},
		{
			Name: "ratings_invited", ZH: "邀请评价量", EN: "invited to rate", Formula: "invited to rate, or rated",
			count: func(t *Tally, _ Definitions) int64 { return t.Invited }, rule: (*Seen).participated,
		},
		{
			Name: "ratings_given", ZH: "评价量", EN: "ratings", Formula: "rated",
			count: func(t *Tally, _ Definitions) int64 { return t.Rated }, rule: (*Seen).participated,
		},
		{
			Name: "clock_skew", ZH: "时间倒置", EN: "clock skew", Formula: "calls with a time that was clamped to zero",
			count: func(t *Tally, _ Definitions) int64 { return t.Skewed }, rule: (*Seen).skewed,
		},
		{
			Name: "legs", ZH: "处理量(含转接)", EN: "handled, each leg", Formula: "legs of answered calls, each at its agent",
			count: func(t *Tally, _ Definitions) int64 { return t.Legs }, rule: (*Seen).handled,
		},
		{
			Name: "transfers", ZH: "转接", EN: "transfers", Formula: "transfers of calls",
			count: func(t *Tally, _ Definitions) int64 { return t.Transfers }, rule: (*Seen).transferred,
		},
		{
			Name: "voicemail_direct", ZH: "未排队的留言", EN: "voicemail without queueing", Formula: "voicemail − voicemail after queueing",
			count: func(t *Tally, _ Definitions) int64 { return t.Voicemail - t.VoicemailQueued }, rule: (*Seen).became,
		},
		{
			Name: "answered_outside_hours", ZH: "非服务时间人工接听", EN: "answered after hours", Formula: "answered, arrived outside service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.OutsideAnswered }, rule: (*Seen).sideOfHours,
		},
		{
			Name: "self_service_outside_hours", ZH: "非服务时间自助服务", EN: "self-service after hours", Formula: "self_service, arrived outside service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.OutsideSelfService }, rule: (*Seen).sideOfHours,
		},
		{
			Name: "self_service_in_hours", ZH: "服务时间内自助服务", EN: "self-service in service hours", Formula: "self_service, arrived within service hours",
			count: func(t *Tally, _ Definitions) int64 { return t.SelfService - t.OutsideSelfService }, rule: (*Seen).sideOfHours,
		},
		excluded,
	}
	for _, reason := range hotline.Exclusions() {
		one := excluded
		one.Name, one.ZH, one.EN = "excluded_"+string(reason), exclusionRules[reason].ZH, exclusionRules[reason].EN
		one.Formula = "excluded as " + string(reason)
		one.count = func(t *Tally, _ Definitions) int64 { return t.Excluded[string(reason)] }
		list = append(list, one)
	}
	for i := range list {
		list[i].Kind = CountFigure
	}
	return list
}

func (s *Seen) skewed() Rule {
	switch {
	case s.Part:
		return ruleAnotherFirst
	case s.Skewed:
		return ruleSkewed
	}
	return ruleStraight
}

// outcomeFigures are the counts of the outcomes.
func outcomeFigures() []Explained {
	counts := map[hotline.Outcome]func(*Tally) int64{
		hotline.Open:              func(t *Tally) int64 { return t.Open },
		hotline.Answered:          func(t *Tally) int64 { return t.Answered },
		hotline.SelfService:       func(t *Tally) int64 { return t.SelfService },
		hotline.AbandonedIVR:      func(t *Tally) int64 { return t.AbandonedIVR },
		hotline.AbandonedQueue:    func(t *Tally) int64 { return t.AbandonedQueue },
		hotline.AbandonedRinging:  func(t *Tally) int64 { return t.AbandonedRinging },
		hotline.TimedOut:          func(t *Tally) int64 { return t.TimedOut },
		hotline.Blocked:           func(t *Tally) int64 { return t.Blocked },
		hotline.Voicemail:         func(t *Tally) int64 { return t.Voicemail },
		hotline.CallbackRequested: func(t *Tally) int64 { return t.CallbackRequested },
	}
	var list []Explained
	for _, o := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Explained{
			Name: string(o), Kind: CountFigure, ZH: outcomeRules[o].ZH, EN: outcomeRules[o].EN, Formula: "calls of this outcome, not excluded",
			count: func(t *Tally, _ Definitions) int64 { return counts[o](t) }, rule: (*Seen).became,
		})
	}
	return list
}

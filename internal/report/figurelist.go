package report

import (
	"fmt"
	"strconv"

	"hotline12333/internal/kpi"
)

// figure is one rate or mean of a statement with its name and what it is divided from.
type figure struct {
	code    string
	name    kpi.Wording
	ratio   kpi.Ratio
	value   *float64 // as JSON has it
	seconds bool     // a mean of milliseconds; else a share
	goal    *kpi.Target
	leads   bool
}

// figures are the rates of a statement in the order they are read.
func figures(s *kpi.Statement, d kpi.Definitions) []figure {
	x, r := &s.Exact, &s.Rates
	list := []figure{
		{code: "answer_rate_agent", name: kpi.Wording{ZH: "人工接通率", EN: "agent answer rate"}, ratio: x.AnswerRateAgent, value: r.AnswerRateAgent, goal: &kpi.AnswerRateTarget, leads: d.AnswerRate == kpi.RateAgent},
		{code: "answer_rate_composite", name: kpi.Wording{ZH: "综合接通率(含自助)", EN: "composite answer rate"}, ratio: x.AnswerRateComposite, value: r.AnswerRateComposite, goal: &kpi.AnswerRateTarget, leads: d.AnswerRate == kpi.RateComposite},
		{code: "answer_rate_composite_service_hours", name: kpi.Wording{ZH: "综合接通率(服务时间内)", EN: "composite answer rate, service hours"}, ratio: x.AnswerRateCompositeHours, value: r.AnswerRateCompositeHours, leads: d.AnswerRate == kpi.RateCompositeHours},
		{code: "answer_rate_agent_excluding_short", name: kpi.Wording{ZH: "人工接通率(剔除速挂)", EN: "agent answer rate, excluding short abandons"}, ratio: x.AnswerRateAgentExclShort, value: r.AnswerRateAgentExclShort, leads: d.AnswerRate == kpi.RateAgentExclShort},
		{code: "response_timeliness_wait", name: kpi.Wording{ZH: fmt.Sprintf("响应及时率(%d秒内接听)", d.Timeliness), EN: fmt.Sprintf("response timeliness, answered within %d s", d.Timeliness)}, ratio: x.ResponseTimelinessWait, value: r.ResponseTimelinessWait, goal: &kpi.TimelinessTarget, leads: x.ResponseLeads != kpi.ResponseItems},
		{code: "response_timeliness_items", name: kpi.Wording{ZH: "响应及时率(工单首次响应)", EN: "response timeliness, tickets"}, ratio: x.ResponseTimelinessItems, value: r.ResponseTimelinessItems, goal: &kpi.TimelinessTarget, leads: x.ResponseLeads == kpi.ResponseItems},
		{code: "consultation_timeliness", name: kpi.Wording{ZH: "咨询服务及时率", EN: "consultation timeliness"}, ratio: x.ConsultationTimeliness, value: r.ConsultationTimeliness, goal: &kpi.TimelinessTarget},
	}
	for _, t := range d.ServiceLevels {
		key := strconv.Itoa(t)
		list = append(list,
			figure{code: "service_level_" + key, name: kpi.Wording{ZH: key + "秒接通率(占请求)", EN: "service level " + key + " s"}, ratio: x.ServiceLevel[t], value: r.ServiceLevel[key]},
			figure{code: "service_level_of_answered_" + key, name: kpi.Wording{ZH: key + "秒应答率(占接听)", EN: "service level of answered " + key + " s"}, ratio: x.ServiceLevelOfAnswered[t], value: r.ServiceLevelOfAnswered[key]})
	}
	return append(list,
		figure{code: "abandonment_rate", name: kpi.Wording{ZH: "放弃率", EN: "abandonment rate"}, ratio: x.AbandonmentRate, value: r.AbandonmentRate},
		figure{code: "asa_seconds", name: kpi.Wording{ZH: "平均等待(秒)", EN: "mean wait, ASA (s)"}, ratio: x.ASA, value: r.ASASeconds, seconds: true},
		figure{code: "talk_mean_seconds", name: kpi.Wording{ZH: "平均通话时长(秒)", EN: "mean talk time (s)"}, ratio: x.TalkMean, value: r.TalkMeanSeconds, seconds: true},
		figure{code: "aht_seconds", name: kpi.Wording{ZH: "平均处理时长(秒)", EN: "mean handling time, AHT (s)"}, ratio: x.AHT, value: r.AHTSeconds, seconds: true},
		figure{code: "satisfaction_rate", name: kpi.Wording{ZH: "满意率", EN: "satisfaction"}, ratio: x.Satisfaction, value: r.SatisfactionRate},
		figure{code: "participation_rate", name: kpi.Wording{ZH: "参评率", EN: "participation"}, ratio: x.Participation, value: r.ParticipationRate},
		figure{code: "first_contact_resolution", name: kpi.Wording{ZH: "首次解决率", EN: "first contact resolution"}, ratio: x.FirstContact, value: r.FirstContactResolution},
		figure{code: "repeat_callers", name: kpi.Wording{ZH: "重复来电率", EN: "repeat calls"}, ratio: x.RepeatCallers, value: r.RepeatCallers},
	)
}

// volume is one count of a statement with its name.
type volume struct {
	code string
	name kpi.Wording
	n    int64
	of   bool // a part of the one before it

	missing kpi.Capability // what a source would have to know; empty where it is known
}

// volumes are the counts of a statement in the order they are read.
func volumes(c *kpi.Counts) []volume {
	list := []volume{
		{code: "offered", name: kpi.Wording{ZH: "来电总量", EN: "offered"}, n: c.Offered},
		{code: "requested", name: kpi.Wording{ZH: "人工请求量", EN: "requested"}, n: c.Requested},
		{code: "answered", name: kpi.Wording{ZH: "人工接听量", EN: "answered by agents"}, n: c.Answered},
		{code: "self_service", name: kpi.Wording{ZH: "自助服务量", EN: "self-service"}, n: c.SelfService},
		{code: "abandoned_queue", name: kpi.Wording{ZH: "排队放弃", EN: "abandoned in queue"}, n: c.AbandonedQueue},
		{code: "abandoned_ringing", name: kpi.Wording{ZH: "振铃放弃", EN: "abandoned ringing"}, n: c.AbandonedRinging},
		{code: "short_abandoned", name: kpi.Wording{ZH: "其中：速挂", EN: "of these: short abandons"}, n: c.ShortAbandoned, of: true},
		{code: "abandoned_ivr", name: kpi.Wording{ZH: "自助语音内挂机", EN: "abandoned in the IVR"}, n: c.AbandonedIVR},
		{code: "timed_out", name: kpi.Wording{ZH: "超时", EN: "timed out"}, n: c.TimedOut},
		{code: "blocked", name: kpi.Wording{ZH: "占线/队列满", EN: "blocked"}, n: c.Blocked},
		{code: "voicemail", name: kpi.Wording{ZH: "留言", EN: "voicemail"}, n: c.Voicemail},
		{code: "callback_requested", name: kpi.Wording{ZH: "预约回拨", EN: "callback requested"}, n: c.CallbackRequested},
		{code: "after_hours", name: kpi.Wording{ZH: "非服务时间来电(未接)", EN: "after hours, not answered"}, n: c.AfterHours},
		{code: "open", name: kpi.Wording{ZH: "未结束(不计入)", EN: "open, not counted"}, n: c.Open},
	}
	for i := range list {
		list[i].missing = c.NotConnected[list[i].code]
	}
	return list
}

// exclusion names a reason why a call is counted apart.
func exclusion(reason string) kpi.Wording {
	switch reason {
	case "blacklist":
		return kpi.Wording{ZH: "黑名单", EN: "blacklist"}
	case "test":
		return kpi.Wording{ZH: "测试", EN: "test"}
	case "internal":
		return kpi.Wording{ZH: "内部", EN: "internal"}
	case "phantom":
		return kpi.Wording{ZH: "空呼", EN: "phantom"}
	case "outbound":
		return kpi.Wording{ZH: "呼出", EN: "outbound"}
	}
	return kpi.Wording{ZH: reason, EN: reason}
}

// outcome names how a call ended.
func outcome(o string) kpi.Wording {
	for _, v := range volumes(&kpi.Counts{}) {
		if v.code == o {
			return v.name
		}
	}
	return kpi.Wording{ZH: o, EN: o}
}

func (l Lang) word(w kpi.Wording) string { return l.of(w.ZH, w.EN) }

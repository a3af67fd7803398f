package kpi

import (
	"fmt"

	"hotline12333/internal/hotline"
)

// formulasZH are the formulas of the figures in Chinese, where nothing in them can be chosen.
var formulasZH = map[string]string{
	"answer_rate_agent":                   "人工接听量 ÷ 人工请求量",
	"answer_rate_composite":               "(人工接听量 + 自助服务量) ÷ 来电总量",
	"answer_rate_composite_service_hours": "(人工接听量 + 自助服务量) ÷ 来电总量,仅计服务时间内到达的来电",
	"abandonment_rate":                    "(排队放弃 + 振铃放弃) ÷ 人工请求量",
	"satisfaction_rate":                   "满意的评价数 ÷ 量表已定义的评价数",
	"participation_rate":                  "评价数 ÷ 邀请数",
	"response_timeliness_items":           "期限内首次响应的工单 ÷ 已到期限的工单",
	"consultation_timeliness":             "(当场答复 + 期限内答复) ÷ 已到期限的咨询件",
	"asa_seconds":                         "已接听来电的等待时长 ÷ 人工接听量",
	"talk_mean_seconds":                   "已接听来电的通话时长 ÷ 人工接听量",
	"aht_seconds":                         "(通话 + 保持 + 话后时长) ÷ 人工接听量",
	"calls":                               "来电总量 + 未结束 + 剔除",
	"offered":                             "已有结果且未剔除的来电",
	"asked":                               "人工接听,或请求人工后未接通",
	"requested":                           "请求人工的来电 − 非服务时间来电",
	"after_hours":                         "请求人工、未接听、在非服务时间到达的来电",
	"requested_abandoned":                 "服务时间内的排队放弃与振铃放弃",
	"ratings_invited":                     "被邀请评价或已评价的来电",
	"ratings_given":                       "已评价的来电",
	"clock_skew":                          "有时间被按零计的来电",
	"legs":                                "已接听来电的各段通话,每段计入其坐席",
	"transfers":                           "来电的转接次数",
	"voicemail_direct":                    "留言 − 排队后留言",
	"answered_outside_hours":              "在非服务时间到达的人工接听",
	"self_service_outside_hours":          "在非服务时间到达的自助服务",
	"self_service_in_hours":               "在服务时间内到达的自助服务",
	"excluded":                            "因任何原因剔除的来电",
}

// formulaZH is the formula of a figure in Chinese.
func (f *Explained) formulaZH(d Definitions) string {
	lost := fmt.Sprintf("等待不足%d秒的排队放弃与振铃放弃", d.ShortAbandon)
	hours := hotline.RepeatWindow.Hours()
	switch f.Name {
	case DefAnswerRate:
		official := Explained{Name: map[string]string{
			RateComposite: "answer_rate_composite", RateCompositeHours: "answer_rate_composite_service_hours", RateAgentExclShort: "answer_rate_agent_excluding_short",
		}[d.AnswerRate]}
		if official.Name == "" {
			official.Name = "answer_rate_agent"
		}
		return official.formulaZH(d)
	case "answer_rate_agent_excluding_short":
		return fmt.Sprintf("人工接听量 ÷ (人工请求量 − 等待不足%d秒的速挂)", d.ShortAbandon)
	case DefResponse, "response_timeliness_wait":
		return answeredWithinZH(d.Timeliness) + " ÷ 人工接听量"
	case "first_contact_resolution":
		return fmt.Sprintf("主叫已知、%.0f小时内未再来电的人工接听 ÷ 主叫已知的人工接听", hours)
	case "repeat_callers":
		return fmt.Sprintf("同一主叫%.0f小时内再次来电 ÷ 主叫已知的来电", hours)
	case "short_abandoned":
		return lost
	case "requested_short_abandoned":
		return "服务时间内" + lost
	}
	if r, ok := outcomeRules[hotline.Outcome(f.Name)]; ok {
		return r.ZH + ",未剔除"
	}
	for reason, r := range exclusionRules {
		if f.Name == "excluded_"+string(reason) {
			return r.ZH
		}
	}
	return formulasZH[f.Name]
}

func answeredWithinZH(seconds int) string {
	return fmt.Sprintf("等待不超过%d秒的人工接听", seconds)
}

package board

import (
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// blank is the colour of a cell that has nothing to judge.
const blank = "transparent"

// spoken shows words in place of the values of labels, which name the series.
func (p panel) spoken(list []said) panel {
	for _, s := range list {
		p.overrides = append(p.overrides, override(s.value, object{"id": "displayName", "value": both(s.shown)}))
	}
	return p
}

// said is a value of a label and what it is called.
type said struct {
	value string
	shown kpi.Wording
}

// pairs are what named takes.
func pairs(list []said) [][2]string {
	out := make([][2]string, len(list))
	for i, s := range list {
		out[i] = [2]string{s.value, both(s.shown)}
	}
	return out
}

// outcomeNames are those of calls, open ones included.
func outcomeNames() []said {
	return []said{
		{string(hotline.Answered), words("人工接听", "answered")},
		{string(hotline.SelfService), words("自助服务", "self-service")},
		{string(hotline.AbandonedQueue), words("排队放弃", "abandoned in queue")},
		{string(hotline.AbandonedRinging), words("振铃放弃", "abandoned ringing")},
		{string(hotline.AbandonedIVR), words("自助语音内挂机", "abandoned in IVR")},
		{string(hotline.TimedOut), words("超时", "timed out")},
		{string(hotline.Blocked), words("占线/队列满", "blocked")},
		{string(hotline.Voicemail), words("留言", "voicemail")},
		{string(hotline.CallbackRequested), words("预约回拨", "callback requested")},
		{string(hotline.Open), words("未结束", "open")},
	}
}

func exclusionNames() []said {
	return []said{
		{string(hotline.ExcludedBlacklist), words("黑名单", "blacklist")},
		{string(hotline.ExcludedTest), words("测试", "test")},
		{string(hotline.ExcludedInternal), words("内部", "internal")},
		{string(hotline.ExcludedPhantom), words("空呼", "phantom")},
		{string(hotline.ExcludedOutbound), words("呼出", "outbound")},
	}
}

// agentNames are the states; signed_in is one that the source does not tell.
func agentNames() []said {
	return []said{
		{string(hotline.Talking), words("通话", "talking")},
		{string(hotline.Ringing), words("振铃", "ringing")},
		{string(hotline.Wrapup), words("话后", "wrap-up")},
		{string(hotline.Paused), words("小休", "paused")},
		{string(hotline.Free), words("空闲", "free")},
		{string(hotline.SignedIn), words("刚签入", "just signed in")},
	}
}

func windowNames() []said {
	return []said{
		{string(kpi.Today), words("今日", "today")},
		{string(kpi.ThisMonth), words("本月", "month")},
		{string(kpi.ThisQuarter), words("本季", "quarter")},
		{string(kpi.ThisYear), words("今年", "year")},
	}
}

func stateNames() []said {
	var out []said
	for _, s := range kpi.States() {
		out = append(out, said{string(s), s.Wording()})
	}
	return out
}

// rateNames are the forms of the answer rate and of the response timeliness.
func rateNames() []said {
	return []said{
		{kpi.RateAgent, words("人工接通率", "agent")},
		{kpi.RateAgentExclShort, words("剔除速挂", "without short abandons")},
		{kpi.RateComposite, words("综合接通率", "composite")},
		{kpi.RateCompositeHours, words("综合（服务时间）", "composite, service hours")},
		{kpi.ResponseWait, words("按等待", "by wait")},
		{kpi.ResponseItems, words("按事项", "by items")},
	}
}

func ticketNames() []said {
	return []said{
		{"opened", words("受理", "opened")},
		{"on_the_spot", words("当场办结", "on the spot")},
		{"due", words("到期", "due")},
		{"in_time", words("及时", "in time")},
		{"late", words("超时", "late")},
		{"overdue", words("逾期未响应", "overdue")},
		{"not_yet_due", words("期限未到", "not due yet")},
		{"deadline_unknown", words("期限未知", "deadline unknown")},
	}
}

// testNames are the sequential tests as the legend puts them together.
func testNames() []said {
	names := map[string]kpi.Wording{kpi.CollapseTest: words("骤降", "collapse"), kpi.DeclineTest: words("缓降", "decline")}
	var out []said
	for _, t := range kpi.AnswerTests() {
		n := names[t.Name]
		out = append(out, said{t.Name + " " + string(t.Losses), words(n.ZH, n.EN+" "+string(t.Losses))})
	}
	return out
}

// paintedStates colours a column of states: only what has a value is good, near or bad.
func paintedStates() []object {
	result, colors := object{}, map[kpi.State]string{kpi.Met: good, kpi.Near: near, kpi.Missed: bad}
	for i, s := range kpi.States() {
		color, judged := colors[s]
		if !judged {
			color = blank
		}
		result[string(s)] = object{"text": both(s.Wording()), "color": color, "index": i}
	}
	return []object{
		{"id": "mappings", "value": []any{object{"type": "value", "options": result}}}, painted(), paintedBefore(),
	}
}

// absent leaves a cell without a value unpainted; by the thresholds it would be the lowest.
func absent() object {
	return object{"type": "special", "options": object{"match": "null+nan", "result": object{"text": "–", "color": blank, "index": 0}}}
}

package board

import "hotline12333/internal/kpi"

// leading is the figure in the form that leads the indicator, official or not, whichever
// that is at the moment.
func leading(metric, indicator, labels string) string {
	return `max by (definition) (` + metric + `{` + labels + `}) * on (definition) group_left (version, confirmed) ` +
		`max by (definition, version, confirmed) (hotline_definition_info{indicator="` + indicator + `"})`
}

const slidingNote = "近15分钟、近1小时按来电办结时刻计，其余时段按到达时刻计。"

const slidingNoteEN = "The last 15 minutes and the last hour count calls by the moment they were decided, the other windows by arrival."

// stateOfData are the numbers that say how old all others are.
func stateOfData() []panel {
	to := number(words("数据截至", "data to"),
		about("口径：所有来电记录所述的最晚时刻，不晚于现在。各图的数字都截至这一时刻。", "The latest instant any call tells of, not after now. Every figure on this page goes to this instant."),
		5, newest("", "max(hotline_data_to_timestamp_seconds) * 1000"))
	to.unit = "dateTimeAsIso"
	age := number(words("数据时延", "data age"),
		about("口径：现在与“数据截至”之差。服务时间内持续增大说明数据中断。", "Now less the instant the data reach. Rising within service hours means that the feed is down."),
		4, newest("", "max(hotline_data_age_seconds)"))
	age.unit, age.steps = "s", []step{{good, nil}, {near, 300}, {bad, 900}}
	open := number(words("服务时间", "service hours"),
		about("口径：本中心工作日历，现在是否在服务时间内。日历没有本年数据时无数据。", "Whether it is within the centre's service hours by its calendar; without data when the calendar does not know this year."),
		4, newest("", "max(hotline_service_open)"))
	open.mappings = []object{meaning("1", "服务中 open", good, 0), meaning("0", "非服务时间 closed", neutral, 1)}
	alarm := number(words("告警", "alarms in force"),
		about("口径：Prometheus 中正在触发的告警条数（severity 为 page 或 warning）。", "Alerts that fire in Prometheus, of the severities page and warning."),
		3, newest("", "count(%s) or vector(0)", alarms))
	alarm.steps = []step{{good, nil}, {bad, 1}}
	return []panel{to, age, open, alarm}
}

// supervisor is the live dashboard (班长).
func supervisor(t *texts) Dashboard {
	return Dashboard{
		UID: "hotline-supervisor", File: "supervisor.json", Title: words("12333 班长现场", "Supervisor"), From: "now-6h", Refresh: "10s",
		About: words("现在有没有人在等、接得怎样、离目标多远。", "Who waits now, how calls are answered, how far from the target."),
		vars:  []variable{centres(), queues(), windows("today", true), definitions()},
		rows: []row{
			{words("现在", "Now"), append(stateOfData(), waitingNow()...)},
			{words("接通与及时", "Answered, and in time"), ratesNow(t)},
			{words("走势", "Course"), courseNow(t)},
			{words("告警依据", "What alerts compare"), judged()},
			{words("技能组与坐席", "Queues and agents"), whoNow(t)},
		},
	}
}

func waitingNow() []panel {
	waiting := number(words("当前排队", "calls waiting"),
		about("口径：未办结、已进入排队或振铃、到达不足4小时的来电。", "Calls not decided, queued or ringing, that arrived less than four hours ago."),
		4, newest("", "max(hotline_calls_waiting{%s})", here))
	waiting.steps = []step{{good, nil}, {near, 1}, {bad, 5}}
	longest := number(words("最长等待", "longest wait"),
		about("口径：现在等待最久的来电已等待的时间；无人排队时无数据。", "How long the caller who waits longest has waited; without data when nobody waits."),
		4, newest("", "max(hotline_longest_wait_seconds{%s})", here))
	longest.unit, longest.noValue = "s", "无人排队 nobody waits"
	longest.steps = []step{{good, nil}, {near, 15}, {bad, 60}}
	return []panel{waiting, longest}
}

func ratesNow(t *texts) []panel {
	official := dial(words("12333热线电话接通率", "answer rate"),
		about("现行口径（未确认前为暂用口径，见“口径状态”）。"+slidingNote, "By the definition in force; until one is confirmed, the one that leads. "+slidingNoteEN)+"\n\n"+t.of(kpi.DefAnswerRate),
		5, kpi.AnswerRateTarget, newest("{{definition}} v{{version}}", "%s", leading("hotline_answer_rate_ratio", kpi.DefAnswerRate, within)))
	chosen := dial(words("接通率（所选口径）", "answer rate, as chosen"),
		t.of(kpi.DefAnswerRate),
		5, kpi.AnswerRateTarget, newest("{{definition}}", `max by (definition) (hotline_answer_rate_ratio{%s,definition="$definition"})`, within))
	timely := dial(words("12333热线响应及时率", "response timeliness"),
		about("现行口径；按事项的及时率没有近15分钟、近1小时的数。", "By the definition in force; by items there is none for the last 15 minutes or the last hour.")+"\n\n"+t.of(kpi.DefResponse),
		5, kpi.TimelinessTarget, newest("{{definition}} v{{version}}", "%s", leading("hotline_response_timeliness_ratio", kpi.DefResponse, within)))
	state := number(words("口径状态", "definition"),
		about("接通率口径是否已由本中心确认；未确认前报表为草稿。", "Whether the centre has confirmed the definition of the answer rate; reports are drafts until it has."),
		4, newest("", `max(hotline_definition_info{indicator="answer_rate",confirmed="true"}) or vector(0)`))
	state.h = 7
	state.mappings = []object{meaning("1", "已确认 confirmed", good, 0), meaning("0", "口径待确认 not confirmed", near, 1)}
	volume := bars(words("话务量", "volume"),
		about("口径：来电总量为全部已办结、未剔除的来电；人工请求量不含非服务时间内到达且未接听的来电；人工接听量为坐席接听的来电。",
			"Offered: decided and not excluded. Requested: asked for an agent, without those that arrived outside service hours and were not answered. Answered: by agents."),
		5, 7,
		newest("来电总量 offered", `max(hotline_calls_population{%s,population="offered"})`, within),
		newest("人工请求量 requested", `max(hotline_calls_population{%s,population="requested"})`, within),
		newest("人工接听量 answered", `max(hotline_calls{%s,outcome="answered"})`, within))
	return []panel{official, chosen, timely, state, volume}
}

func courseNow(t *texts) []panel {
	rate := lines(words("接通率走势", "answer rate"), about("所选口径；虚线为目标。"+slidingNote, "As chosen; the dashed line is the target. "+slidingNoteEN)+"\n\n"+t.of(kpi.DefAnswerRate), 12, 8,
		course("近15分钟 15 min", `max(hotline_answer_rate_ratio{%s,definition="$definition",window="15m"})`, here),
		course("近1小时 1 h", `max(hotline_answer_rate_ratio{%s,definition="$definition",window="1h"})`, here),
		course("今天 today", `max(hotline_answer_rate_ratio{%s,definition="$definition",window="today"})`, here)).targeted(kpi.AnswerRateTarget)
	queue := lines(words("排队与等待", "calls waiting, longest wait"),
		about("口径：当前排队来电数（左），其中等待最久者的等待时间（右，秒）。", "Calls waiting (left) and how long the first of them has waited (right)."), 12, 8,
		course("当前排队 waiting", "max(hotline_calls_waiting{%s})", here),
		course("最长等待 longest wait", "max(hotline_longest_wait_seconds{%s})", here)).in("short")
	queue.overrides = []object{override("最长等待 longest wait",
		object{"id": "unit", "value": "s"}, object{"id": "custom.axisPlacement", "value": "right"}, object{"id": "custom.drawStyle", "value": "points"})}
	level := lines(words("T秒应答率（占接听）", "service level of answered"),
		t.of("service_level_of_answered"), 12, 7,
		course("{{seconds}} s", "max by (seconds) (hotline_service_level_of_answered_ratio{%s})", within))
	level.ratio(kpi.TimelinessTarget)
	mean := lines(words("平均等待与最长等待", "ASA, longest wait"),
		t.of("asa_seconds")+"\n\n"+about("最长等待：所选时段内请求人工的来电中等待最久者。", "Longest wait: of the calls that asked for an agent in the window."), 12, 7,
		course("平均等待 ASA", "max(hotline_answer_wait_mean_seconds{%s})", within),
		course("最长等待 longest", "max(hotline_wait_max_seconds{%s})", within)).in("s")
	return []panel{rate, queue, level, mean}
}

// judged is what the alerting rules compare, each as a share of where it signals.
func judged() []panel {
	test := lines(words("接通率检验（1 = 告警）", "tests of the answer rate, 1 = alarm"),
		about("口径：自今日开门以来按办结次序逐通检验，collapse 为骤降，decline 为缓降；sudden、queued、blind 指漏接是否由排队解释，understaffed 指漏接时在岗坐席少于来电所需。图中为统计量÷告警线。",
			"Over the calls decided since the opening, one by one: collapse or decline, by whether a queue explains the losses, or too few on duty (understaffed). Shown as statistic / threshold."), 12, 7,
		course("{{test}} {{losses}}", "max by (test, losses) (hotline_answer_rate_test_statistic{%s}) / on (test, losses) max by (test, losses) (hotline_answer_rate_test_threshold)", here)).in("none").spoken(testNames())
	silence := lines(words("静默（1 = 告警）", "silence, 1 = alarm"),
		about("口径：自上一通来电以来按往常此时应有的来电数÷告警线；所知不足5天时无数据。另列各来源。", "Calls to be expected since the last one by what is usual at this time, / the limit; without data while less than five days are known. Beside it, each source."), 12, 7,
		course("全部 all", `max(hotline_silence_expected_calls{centre="$centre"}) / max(hotline_silence_limit_calls)`),
		course("{{source}}", "max by (source) (hotline_source_silence_expected_calls) / on () group_left () max(hotline_silence_limit_calls)")).in("none")
	for _, p := range []*panel{&test, &silence} {
		p.decimals, p.steps = 2, []step{{good, nil}, {bad, 1}}
		p.custom["thresholdsStyle"] = object{"mode": "dashed"}
	}
	return []panel{test, silence}
}

func whoNow(t *texts) []panel {
	byQueue := func(metric, labels string) target {
		return cells(`max by (centre, queue) (%s{queue!="all",window="$window"%s})`, metric, labels)
	}
	percent := func(goal kpi.Target, paint bool) []object {
		steps := []any{object{"color": bad, "value": nil}, object{"color": good, "value": goal.Value()}}
		set := []object{
			{"id": "decimals", "value": 2},
			{"id": "mappings", "value": []any{cut(goal.Value(), 100, 2, "%"), absent()}},
			{"id": "thresholds", "value": object{"mode": "absolute", "steps": steps}},
		}
		if paint {
			set = append(set, painted(), paintedBefore())
		}
		return set
	}
	queues := grid(words("各技能组", "queues"),
		about("口径：所选时段、所选接通率口径。只列今年有来电的技能组；无技能组 none 是没有技能组的来电，其他 other 为超出上限并计者。",
			"In the window and by the answer rate chosen. Queues with calls this year; none: calls without a queue, other: those beyond the limit, added up.")+"\n\n"+t.of(kpi.DefAnswerRate),
		16, 9,
		byQueue("hotline_calls_population", `,population="requested"`), byQueue("hotline_calls", `,outcome="answered"`),
		byQueue("hotline_answer_rate_ratio", `,definition="$definition"`), byQueue("hotline_response_timeliness_ratio", `,definition="wait"`),
		byQueue("hotline_answer_wait_mean_seconds", ""), cells(`max by (centre, queue) (hotline_calls_waiting{queue!="all"})`),
	).columns(
		column{field: "centre", title: "中心 centre"}, column{field: "queue", title: "技能组 queue", set: []object{{"id": "mappings", "value": []any{named([2]string{"none", "无技能组 none"}, [2]string{"other", "其他 other"})}}}},
		column{field: "Value #F", title: "当前排队 waiting"},
		column{field: "Value #A", title: "人工请求量 requested"}, column{field: "Value #B", title: "人工接听量 answered"},
		column{field: "Value #C", title: "接通率 answer rate", unit: "percentunit", set: percent(kpi.AnswerRateTarget, true)},
		column{field: "Value #D", title: "15秒应答率 within 15 s", unit: "percentunit", set: percent(kpi.TimelinessTarget, false)},
		column{field: "Value #E", title: "平均等待 ASA", unit: "s"})
	agents := lines(words("坐席状态", "agents"),
		about("口径：已签入坐席按最近状态计：通话、振铃、话后、小休、空闲；来源不报坐席状态时为未接入。", "Agents signed in, by what they do; not connected where no source tells."), 8, 9,
		course("{{state}}", `max by (state) (hotline_agents{centre="$centre"})`)).stacked().spoken(agentNames())
	agents.noValue = "未接入 not connected"
	outcomes := bars(words("来电结果", "outcomes"),
		about("口径：所选时段内未剔除的来电，按结果计；来源无法得知的结果不列。", "Calls that are not excluded, by outcome; outcomes that no source can tell are absent."), 16, 11,
		newest("{{outcome}}", "max by (outcome) (hotline_calls{%s})", within)).spoken(outcomeNames())
	excluded := bars(words("剔除", "excluded"),
		about("口径：不计入任何量的来电，按原因计：黑名单、测试、内部、虚呼、外呼。", "Calls left out of every population, by reason."), 8, 11,
		newest("{{reason}}", "max by (reason) (hotline_calls_excluded{%s})", within)).spoken(exclusionNames())
	return []panel{queues, agents, outcomes, excluded}
}

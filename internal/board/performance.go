package board

import (
	"math"

	"hotline12333/internal/kpi"
)

// indicators is the dashboard of the officer who fills the performance tables (绩效岗).
func indicators(t *texts) (Dashboard, error) {
	list, err := indicatorTable(t)
	if err != nil {
		return Dashboard{}, err
	}
	return Dashboard{
		UID: "hotline-indicators", File: "indicators.json", Title: words("12333 绩效指标", "Indicators"), From: "now-30d", Refresh: "1m",
		About: words("年度目标完成到哪里、进度是否跟得上、得多少分。", "How far the year's targets are met, whether the pace holds, what it scores."),
		vars:  []variable{tables(), centres(), queues(), windows("year", false), definitions()},
		rows: []row{
			{words("今年", "This year"), thisYear(t)},
			{words("绩效目标表", "Performance table"), list},
			{words("接通率与及时率", "Rates"), ratesByDefinition(t)},
			{words("服务质量", "Quality"), quality(t)},
			{words("工单与口径", "Tickets and definitions"), tickets(t)},
		},
	}, nil
}

func thisYear(t *texts) []panel {
	year := `centre="all",queue="all",window="year"`
	answered := bars(words("12333热线接听通数（万通）", "answered calls, in 10,000"),
		t.of(kpi.DefAnsweredCalls)+"\n\n"+about("时序进度：年度指标值按工作日折算到今天。", "Expected: the year's target up to now, by working days."), 9, 7,
		newest("实际完成值 actual", `max(hotline_indicator_value{indicator="answered_calls",table="$table"})`),
		newest("时序进度 expected", `max(hotline_indicator_expected{indicator="answered_calls",table="$table"})`),
		newest("年度指标值 target", `max(hotline_indicator_target{indicator="answered_calls",table="$table"})`))
	goal := kpi.AnsweredCallsTarget.Value() / 10_000
	answered.decimals, answered.mappings = 2, []object{cut(goal, 1, 2, "")}
	burn := bars(words("漏接额度消耗", "burn of the calls that may be lost"),
		about("口径：漏接率÷目标允许的漏接率（100%−83%），按接通率现行口径；1为恰好用完，大于1则该时段未达标。",
			"Share lost / share that the target allows (100% − 83%), by the answer rate's definition in force: at 1 just as many are lost as may be, above it the target is missed in that window."), 24, 4,
		newest("{{window}}", `max by (window) (hotline_answer_rate_budget_burn{centre="$centre"})`)).spoken(windowNames())
	burn.decimals, burn.steps = 2, []step{{good, nil}, {bad, math.Nextafter(1, 2)}}
	return []panel{
		dial(words("接通率（今年）", "answer rate this year"), t.of(kpi.DefAnswerRate), 5, kpi.AnswerRateTarget,
			newest("{{definition}} v{{version}}", "%s", leading("hotline_answer_rate_ratio", kpi.DefAnswerRate, year))),
		dial(words("响应及时率（今年）", "response timeliness this year"), t.of(kpi.DefResponse), 5, kpi.TimelinessTarget,
			newest("{{definition}} v{{version}}", "%s", leading("hotline_response_timeliness_ratio", kpi.DefResponse, year))),
		dial(words("咨询服务及时率（今年）", "consultation timeliness this year"), t.of(kpi.DefConsultation), 5, kpi.TimelinessTarget,
			newest("", "max(hotline_consultation_timeliness_ratio{%s})", year)),
		answered, burn,
	}
}

func indicatorTable(t *texts) ([]panel, error) {
	names, err := indicatorNames(t.rules)
	if err != nil {
		return nil, err
	}
	targets, err := goals(t.rules)
	if err != nil {
		return nil, err
	}
	var cuts []any
	for _, g := range targets {
		cuts = append(cuts, cut(g, 1, 2, ""))
	}
	values := []object{{"id": "decimals", "value": 2}, {"id": "mappings", "value": cuts}}
	list := grid(words("各项指标", "indicators"),
		about("口径：所选绩效表，今年至今。实际完成值按指标值的单位；有时序进度的指标按工作日进度计分；没有值的指标为空，不以零代替。",
			"The table chosen, the year to date, in the unit of the target. A volume is scored against the expected progress; what has no value is blank, never zero."),
		24, 14,
		cells(`max by (indicator, unit) (hotline_indicator_target{table="$table"})`),
		cells(`max by (indicator, unit) (hotline_indicator_value{table="$table"})`),
		cells(`max by (indicator, unit) (hotline_indicator_expected{table="$table"})`),
		cells(`max by (indicator) (hotline_indicator_score{table="$table"})`),
		cells(`max by (indicator, state) (hotline_indicator_state{table="$table"})`),
	).columns(
		column{field: "indicator", title: "指标 indicator", set: []object{{"id": "mappings", "value": []any{named(names...)}}, {"id": "custom.width", "value": 420}}},
		column{field: "Value #A", title: "年度指标值 target"},
		column{field: "unit", title: "单位 unit"},
		column{field: "Value #C", title: "时序进度 expected", set: values[:1]},
		column{field: "Value #B", title: "实际完成值 actual", set: values},
		column{field: "Value #D", title: "得分 score", set: values[:1]},
		column{field: "state", title: "状态 state", set: paintedStates()})

	points := number(words("已得分", "points so far"),
		about("口径：所选绩效表各项得分之和，未取整；没有值的指标不计。", "Sum of the scores there are, unrounded; rows without a value add nothing."),
		6, newest("", `sum(max by (indicator) (hotline_indicator_score{table="$table"}))`))
	points.decimals = 2
	failed := number(words("绩效表计算", "evaluation"),
		about("口径：绩效表是否算得出来；失败原因见日志。", "Whether the performance tables can be evaluated; the log says why not."),
		6, newest("", "max(hotline_indicator_evaluation_failed)"))
	failed.mappings = []object{meaning("0", "正常 fine", good, 0), meaning("1", "失败 failed", bad, 1)}
	counts := bars(words("各状态指标数", "indicators by state"),
		about("口径：所选绩效表的指标数，按状态计。", "Rows of the table chosen, by state."), 12, 4,
		newest("{{state}}", `count by (state) (max by (indicator, state) (hotline_indicator_state{table="$table"}))`)).spoken(stateNames())
	return []panel{points, failed, counts, list}, nil
}

func ratesByDefinition(t *texts) []panel {
	pace := lines(words("接听通数与时序进度（万通）", "answered calls and pace, in 10,000"), t.of(kpi.DefAnsweredCalls), 8, 8,
		course("实际完成值 actual", `max(hotline_indicator_value{indicator="answered_calls",table="$table"})`),
		course("时序进度 expected", `max(hotline_indicator_expected{indicator="answered_calls",table="$table"})`),
		course("年度指标值 target", `max(hotline_indicator_target{indicator="answered_calls",table="$table"})`))
	pace.decimals = 2
	return []panel{
		lines(words("接通率（各口径）", "answer rate by definition"), t.of(kpi.DefAnswerRate), 8, 8,
			course("{{definition}}", "max by (definition) (hotline_answer_rate_ratio{%s})", within)).targeted(kpi.AnswerRateTarget).spoken(rateNames()),
		lines(words("响应及时率（各口径）", "response timeliness by definition"), t.of(kpi.DefResponse), 8, 8,
			course("{{definition}}", "max by (definition) (hotline_response_timeliness_ratio{%s})", within)).targeted(kpi.TimelinessTarget).spoken(rateNames()),
		pace,
	}
}

// plain shows fractions of one that have no target.
func plain(p panel) panel {
	p.unit, p.decimals, p.min, p.max = "percentunit", 2, 0, 1
	return p
}

func quality(t *texts) []panel {
	handle := lines(words("平均等待与平均处理时长", "ASA and AHT"), t.of("asa_seconds")+"\n\n"+t.of("aht_seconds"), 12, 8,
		course("平均等待 ASA", "max(hotline_answer_wait_mean_seconds{%s})", within),
		course("平均处理时长 AHT", "max(hotline_handle_time_mean_seconds{%s})", within)).in("s")
	chosen := dial(words("接通率（所选时段与口径）", "answer rate, as chosen"), t.of(kpi.DefAnswerRate), 6, kpi.AnswerRateTarget,
		newest("{{definition}}", `max by (definition) (hotline_answer_rate_ratio{%s,definition="$definition"})`, within))
	chosen.h = 8
	return []panel{
		chosen,
		plain(bars(words("T秒接通率（占请求）", "service level"), t.of(kpi.DefServiceLevel), 6, 8,
			newest("{{seconds}} s", "max by (seconds) (hotline_service_level_ratio{%s})", within))),
		plain(bars(words("满意、参评、一次解决、重复来电、放弃", "satisfaction, participation, first contact, repeat, abandoned"),
			t.of(kpi.DefSatisfaction)+"\n\n"+t.of("participation_rate")+"\n\n"+t.of(kpi.DefFirstContact)+"\n\n"+t.of(kpi.DefRepeatCallers)+"\n\n"+t.of("abandonment_rate"), 12, 8,
			newest("满意率 satisfaction", "max(hotline_satisfaction_ratio{%s})", within),
			newest("参评率 participation", "max(hotline_rating_participation_ratio{%s})", within),
			newest("一次解决率 first contact resolution", "max(hotline_first_contact_resolution_ratio{%s})", within),
			newest("重复来电率 repeat callers", "max(hotline_repeat_callers_ratio{%s})", within),
			newest("放弃率 abandonment", "max(hotline_abandonment_ratio{%s})", within))),
		handle,
		plain(lines(words("放弃率与满意率", "abandonment and satisfaction"), t.of("abandonment_rate")+"\n\n"+t.of(kpi.DefSatisfaction), 12, 8,
			course("放弃率 abandonment", "max(hotline_abandonment_ratio{%s})", within),
			course("满意率 satisfaction", "max(hotline_satisfaction_ratio{%s})", within))),
	}
}

func tickets(t *texts) []panel {
	return []panel{
		bars(words("工单", "tickets"),
			about("口径：所选时段内各类工单的首次响应：到期=及时+超时+逾期未响应，按期限所在时刻计；受理、当场办结按受理时刻计。",
				"First responses by the time of their deadline: due = in time + late + overdue; opened and on the spot by that of the opening."), 8, 8,
			newest("{{state}}", `sum by (state) (max by (state, kind) (hotline_tickets{centre="$centre",window="$window"}))`)).spoken(ticketNames()),
		lines(words("待办工单", "open tickets"),
			about("口径：现在尚未首次响应的工单，及其中已超过期限的。", "Tickets without a first response right now, and those of them past their deadline."), 8, 8,
			course("待响应 open", `sum(max by (kind) (hotline_tickets_open{centre="$centre"}))`),
			course("已逾期 overdue", `sum(max by (kind) (hotline_tickets_overdue{centre="$centre"}))`)),
		grid(words("现行口径", "definitions in force"), t.of(kpi.DefAnswerRate)+"\n\n"+t.of(kpi.DefAnsweredCalls)+"\n\n"+t.of(kpi.DefResponse), 8, 8,
			cells("max by (indicator, definition, version, confirmed) (hotline_definition_info)"),
		).columns(
			column{field: "indicator", title: "指标 indicator", set: []object{{"id": "mappings", "value": []any{named(
				[2]string{kpi.DefAnswerRate, "接通率 answer rate"}, [2]string{kpi.DefAnsweredCalls, "接听通数 answered calls"}, [2]string{kpi.DefResponse, "响应及时率 response timeliness"},
				[2]string{kpi.DefConsultation, "咨询服务及时率 consultation timeliness"})}}}},
			column{field: "definition", title: "口径 definition", set: []object{{"id": "mappings", "value": []any{named(pairs(rateNames())...)}}}}, column{field: "version", title: "第几版 version"},
			column{field: "confirmed", title: "已确认 confirmed", set: []object{{"id": "mappings", "value": []any{named(
				[2]string{"true", "已确认 yes"}, [2]string{"false", "口径待确认 not yet"})}}}}),
	}
}

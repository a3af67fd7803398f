package board

import (
	"fmt"
	"strings"

	"hotline12333/internal/kpi"
)

const historyUID = "hotline-history"

// zoneOfDays is where days begin unless the viewer says another.
const zoneOfDays = "Asia/Shanghai"

// bucketsShown are the quarter hours of the time shown, its end not in it.
const bucketsShown = "bucket >= $__fromTime AND bucket < $__toTime"

// tallied is the tallies of one dimension that hold, of the centre and the source chosen.
// Only rows of the
// version that a quarter hour's marker names count, as everywhere else in the program.
func tallied(dimension kpi.Dimension) string {
	return "tallies FINAL WHERE dimension = '" + string(dimension) + "' AND " + bucketsShown +
		" AND (bucket, version) IN (SELECT bucket, version FROM tallies FINAL WHERE dimension = '' AND " + bucketsShown + ")" +
		" AND toUnixTimestamp64Milli(data_to) != 0 AND (${centre:sqlstring} = 'all' OR centre = ${centre:sqlstring})" +
		" AND (${source:sqlstring} = 'all' OR source = ${source:sqlstring})"
}

// calls is tallied by queue, of the queue chosen.
func calls() string {
	return tallied(kpi.ByQueue) + " AND (${queue:sqlstring} = 'all' OR name = ${queue:sqlstring})"
}

// What the columns of tallies come to. The rates are those that need no calendar: which
// calls arrived outside service hours is nothing SQL knows.
const (
	sumOffered   = "sum(answered + self_service + abandoned_ivr + abandoned_queue + abandoned_ringing + timed_out + blocked + voicemail + callback_requested)"
	sumAnswered  = "sum(answered)"
	sumAbandoned = "sum(abandoned_queue + abandoned_ringing)"
	meanHandling = "sum(talk_ms + hold_ms + wrapup_ms) / nullIf(" + sumAnswered + ", 0) / 1000"
)

var (
	rateWhole  = needing(kpi.CanIVR, "("+sumAnswered+" + sum(self_service)) / nullIf("+sumOffered+", 0)")
	rateWithin = needing(kpi.CanQueueWait, "sum(arraySum(arrayMap((s, n) -> if(s <= 15, n, 0), mapKeys(wait_answered), mapValues(wait_answered)))) / nullIf("+sumAnswered+", 0)")
	meanWait   = needing(kpi.CanQueueWait, "sum(wait_ms) / nullIf("+sumAnswered+", 0) / 1000")
)

// needing is a figure where every source of the calls can tell what it needs, and nothing
// elsewhere, as everywhere else in the program.
func needing(what kpi.Capability, figure string) string {
	return "if(countIf(calls + legs > 0 AND source IN (SELECT source FROM source_gaps FINAL WHERE has(cannot, '" + string(what) + "'))) > 0, NULL, " + figure + ")"
}

// stepped is the beginning of the day, week or month, in the zone chosen.
const stepped = "toDateTime(date_trunc('${step}', bucket, ${zone:sqlstring}), ${zone:sqlstring}) AS time"

func perStep(fields string) target {
	return target{series: true, sql: "SELECT " + stepped + ", " + fields + " FROM " + calls() + " GROUP BY time ORDER BY time"}
}

func rowsOf(format string, args ...any) target { return target{sql: fmt.Sprintf(format, args...)} }

// What SQL does not know of the tallies is service hours.
const (
	sqlNote = "数据直接取自 ClickHouse 的刻钟计数，不含服务时间判断；来源不提供等待时长或语音导航内来电的，相应指标为空（未接入），可用上方“来源”分开看。"

	sqlNoteEN = "From the quarter-hour tallies in ClickHouse; service hours are not judged here. A figure is empty (not connected) where a source cannot tell what it needs, waits or calls that end in the IVR: the choice of a source at the top shows one alone."
)

// untold is shown where a figure is undefined, or a source cannot tell it.
const untold = "无数据或未接入 no data or not connected"

// choicesOf lists what there is of a column, and all. Aliases never are names of columns:
// ClickHouse would take the one for the other.
func choicesOf(name, column string) string {
	return "SELECT v AS " + name + " FROM (SELECT 'all' AS v UNION DISTINCT SELECT DISTINCT " + column + " AS v FROM tallies WHERE dimension = 'queue' AND " + column + " != '') ORDER BY v"
}

// history is the dashboard over ClickHouse: further back than Prometheus keeps.
func history(t *texts) Dashboard {
	fixed := variable{name: "step", title: words("步长", "step"), kind: "custom", current: "day", options: []choice{{"日 day", "day"}, {"周 week", "week"}, {"月 month", "month"}}}
	return Dashboard{
		UID: historyUID, File: "history.json", Title: words("12333 历史", "History"), From: "now-90d",
		About: words("任意一段时间的话务量、等待与构成，直接来自明细计数。", "Volume, waits and their make-up over any time, straight from the tallies."),
		vars: []variable{
			{name: "centre", title: words("中心", "centre"), kind: "query", sql: true, current: "all", query: choicesOf("centre", "toString(centre)")},
			{name: "queue", title: words("技能组", "queue"), kind: "query", sql: true, current: "all", query: choicesOf("queue", "name")},
			{name: "source", title: words("来源", "source"), kind: "query", sql: true, current: "all", query: choicesOf("source", "toString(source)")},
			fixed,
			{name: "zone", title: words("时区", "zone"), kind: "textbox", current: zoneOfDays},
		},
		rows: []row{
			{words("合计", "Totals"), totals()},
			{words("走势", "Course"), volumes(t)},
			{words("分布", "Distribution"), distribution(t)},
			{words("记录与口径", "Records and definitions"), evidence()},
		},
	}
}

func totals() []panel {
	total := func(zh, en, textZH, textEN, field string) panel {
		return number(words(zh, en), about(textZH+sqlNote, textEN+" "+sqlNoteEN), 4, rowsOf("SELECT %s AS value FROM %s", field, calls()))
	}
	offered := total("来电总量", "offered", "口径：已办结、未剔除的来电。", "Decided and not excluded.", sumOffered)
	answered := total("人工接听量", "answered by agents", "口径：由坐席接听的来电。", "Calls that an agent answered.", sumAnswered)
	abandoned := total("放弃量", "abandoned", "口径：排队或振铃中放弃的来电。", "Abandoned in the queue or ringing.", sumAbandoned)
	whole := total("综合接通率（含自助）", "composite answer rate", "口径：（人工接听量＋自助服务量）÷来电总量。", "(Answered by agents + self-service) / offered.", rateWhole)
	whole.ratio(kpi.AnswerRateTarget)
	whole.noValue = untold
	within := total("15秒应答率（占接听）", "within 15 s of answered", "口径：等待不超过15秒即接听的通数÷人工接听量（GB/T 33358-2016）。", "Answered within 15 s / answered.", rateWithin)
	within.ratio(kpi.TimelinessTarget)
	within.noValue = untold
	mean := total("平均等待", "ASA", "口径：已接听来电的等待之和÷人工接听量。", "Wait of answered calls / answered.", meanWait)
	mean.unit, mean.noValue = "s", untold
	return []panel{offered, answered, abandoned, whole, within, mean}
}

func volumes(t *texts) []panel {
	volume := lines(words("来电结果", "calls by outcome"),
		about("口径：已办结、未剔除的来电按结果计，其和为来电总量。"+sqlNote, "Calls by outcome; they add up to the offered. "+sqlNoteEN), 24, 9,
		perStep(`sum(answered) AS "人工接听 answered", sum(self_service) AS "自助 self-service", sum(abandoned_queue) AS "排队放弃 abandoned in queue",
 sum(abandoned_ringing) AS "振铃放弃 abandoned ringing", sum(abandoned_ivr) AS "语音导航中挂机 abandoned in IVR", sum(timed_out) AS "超时 timed out",
 sum(blocked) AS "受阻 blocked", sum(voicemail) AS "留言 voicemail", sum(callback_requested) AS "预约回拨 callback"`)).stacked()
	rates := lines(words("综合接通率与15秒应答率", "composite answer rate, within 15 s"),
		t.version(kpi.DefAnswerRate, kpi.RateComposite)+"\n\n"+t.version(kpi.DefResponse, kpi.ResponseWait)+"\n\n"+about(sqlNote, sqlNoteEN), 12, 8,
		perStep(rateWhole+` AS "综合接通率 composite", `+rateWithin+` AS "15秒应答率 within 15 s"`)).targeted(kpi.AnswerRateTarget)
	mean := lines(words("平均等待与平均处理时长", "ASA and AHT"), t.of("asa_seconds")+"\n\n"+t.of("aht_seconds"), 12, 8,
		perStep(meanWait+` AS "平均等待 ASA", `+meanHandling+` AS "平均处理时长 AHT"`)).in("s")
	return []panel{volume, rates, mean}
}

func distribution(t *texts) []panel {
	hours := make([]string, 24)
	for h := range hours {
		hours[h] = fmt.Sprintf("sumIf(n, hour = %d) AS \"%02d\"", h, h)
	}
	heat := squares(words("每日各时来电", "calls by day and hour"),
		about("口径：来电总量，按到达的日与时（所选时区）。"+sqlNote, "Offered, by day and hour of arrival in the zone chosen. "+sqlNoteEN), 14, 10, "none",
		target{series: true, sql: "SELECT day AS time, " + strings.Join(hours, ", ") +
			" FROM (SELECT toDateTime(date_trunc('day', bucket, ${zone:sqlstring}), ${zone:sqlstring}) AS day, toHour(bucket, ${zone:sqlstring}) AS hour, " + sumOffered + " AS n FROM " + calls() +
			" GROUP BY day, hour) GROUP BY day ORDER BY day"})
	topics := bars(words("热点业务", "topics"),
		about("口径：来电总量按业务类型，取前12；一通来电可属多个业务，故有重叠。"+sqlNote, "Offered by topic, the first twelve; a call may have several, so they overlap. "+sqlNoteEN), 10, 10,
		rowsOf("SELECT name AS \"业务 topic\", toFloat64(%s) AS \"来电总量 offered\" FROM %s AND name != '' GROUP BY name ORDER BY 2 DESC, 1 LIMIT 12", sumOffered, tallied(kpi.ByTopic)))
	queues := grid(words("各技能组", "queues"), t.version(kpi.DefAnswerRate, kpi.RateComposite)+"\n\n"+t.version(kpi.DefResponse, kpi.ResponseWait)+"\n\n"+about(sqlNote, sqlNoteEN), 14, 9,
		rowsOf("SELECT toString(centre) AS c, name AS q, %s AS o, %s AS a, %s AS l, %s AS r, %s AS s, %s AS w FROM %s GROUP BY centre, name ORDER BY o DESC, c, q",
			sumOffered, sumAnswered, sumAbandoned, rateWhole, rateWithin, meanWait, calls()),
	).columns(
		column{field: "c", title: "中心 centre"}, column{field: "q", title: "技能组 queue"}, column{field: "o", title: "来电总量 offered"},
		column{field: "a", title: "人工接听量 answered"}, column{field: "l", title: "放弃量 abandoned"},
		column{field: "r", title: "综合接通率 composite", unit: "percentunit", set: []object{{"id": "decimals", "value": 2}, {"id": "mappings", "value": []any{cut(kpi.AnswerRateTarget.Value(), 100, 2, "%")}}}},
		column{field: "s", title: "15秒应答率 within 15 s", unit: "percentunit", set: []object{{"id": "decimals", "value": 2}, {"id": "mappings", "value": []any{cut(1, 100, 2, "%")}}}},
		column{field: "w", title: "平均等待 ASA", unit: "s"})
	ratings := bars(words("评价", "ratings"),
		about("口径：评价次数，按“级数:值”，如 5:4 为五级评价中的4。"+sqlNote, "Ratings by scale:value, as 5:4 for a 4 of five grades. "+sqlNoteEN), 10, 9,
		rowsOf("SELECT r.1 AS \"评价 rating\", toFloat64(sum(r.2)) AS \"次数 number\" FROM (SELECT arrayJoin(CAST(ratings, 'Array(Tuple(String, UInt64))')) AS r FROM %s) GROUP BY 1 ORDER BY 1", calls()))
	return []panel{heat, topics, queues, ratings}
}

func evidence() []panel {
	ledger := lines(words("装载台账", "ledger of loading"),
		about("口径：每日装载的记录：接收与转入死信的，各主题合计，按装载时间。", "Records loaded a day: accepted and sent to the dead letters, of all topics, by the time of loading."), 12, 8,
		target{series: true, sql: "SELECT toDateTime(date_trunc('${step}', written_at, ${zone:sqlstring}), ${zone:sqlstring}) AS time, sum(accepted) AS \"接收 accepted\", sum(rejected) AS \"异常 rejected\"" +
			" FROM load_batches FINAL WHERE written_at >= $__fromTime AND written_at <= $__toTime GROUP BY time ORDER BY time"}).stacked()
	confirmed := grid(words("口径确认", "definitions confirmed"),
		about("口径：各项口径的确认与撤销，取自填报日志，最新在前，不限所示时间。", "Confirmations of definitions and their withdrawals, from the journal, the newest first, whatever time is shown."), 12, 8,
		rowsOf("SELECT at, subject, period, if(withdrawn, '撤销 withdrawn', toString(JSONExtractInt(body, 'version'))) AS version, reason FROM journal FINAL WHERE kind = 'definition' ORDER BY at DESC, id DESC LIMIT 100"),
	).columns(column{field: "at", title: "时间 at", unit: "dateTimeAsIso"}, column{field: "subject", title: "口径 definition"}, column{field: "version", title: "第几版 version"}, column{field: "period", title: "生效日 from"}, column{field: "reason", title: "理由 reason"})
	return []panel{ledger, confirmed}
}

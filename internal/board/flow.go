package board

import "fmt"

// pipeline is the dashboard of operations (运维).
func pipeline() Dashboard {
	return Dashboard{
		UID: "hotline-pipeline", File: "pipeline.json", Title: words("12333 数据管道", "Pipeline"), From: "now-3h", Refresh: "30s",
		About: words("数据是否在流动、慢在哪里、有没有丢。", "Whether data flow, where they are slow, whether any are lost."),
		vars: []variable{{
			name: "topic", title: words("主题", "topic"), kind: "query", current: "hotline.calls",
			query: `label_values(hotline_load_lag_records, topic)`,
		}},
		rows: []row{
			{words("概况", "At a glance"), append(stateOfData(), accounts()...)},
			{words("装载：Kafka 到 ClickHouse", "Load: Kafka to ClickHouse"), loading()},
			{words("汇总与发布", "Aggregate and publish"), tallying()},
			{words("入口", "Intake"), entering()},
			{words("引擎、存储与代理", "Engine, store and broker"), machinery()},
		},
	}
}

// rate is the rate of a counter per second, added up by some labels.
func rate(by, counter, labels string) string {
	if by != "" {
		by = "by (" + by + ") "
	}
	return "sum " + by + "(rate(" + counter + labels + "[$__rate_interval]))"
}

// quantile is one of a histogram, from its classic buckets.
func quantile(q float64, by, histogram, labels string) string {
	if by != "" {
		by = ", " + by
	}
	return fmt.Sprintf("histogram_quantile(%v, sum by (le%s) (rate(%s_bucket%s[$__rate_interval])))", q, by, histogram, labels)
}

func accounts() []panel {
	difference := number(words("对账差异", "reconciliation difference"),
		about("口径：已读偏移量 − 空缺 − 台账记录数，各分区绝对值之和。不为0即有记录丢失或重复。", "Offsets read less gaps less the records of the ledger, absolute, over all partitions. Anything but 0 is a record lost or counted twice."),
		4, newest("", "sum(abs(hotline_load_reconciliation_difference))"))
	difference.steps = []step{{good, nil}, {bad, 1}}
	rejected := number(words("异常记录（未计入）", "rejected, not counted"),
		about("口径：所示时间内装载时转入死信主题的记录数（hotline rejected list）。", "Records sent to the dead letters while loading, in the time shown (hotline rejected list)."),
		4, newest("", "sum(increase(hotline_load_rejected_total[$__range]))"))
	rejected.decimals, rejected.steps = 0, []step{{good, nil}, {near, 1}}
	return []panel{difference, rejected}
}

const ofTopic = `{topic="$topic"}`

func loading() []panel {
	lag := lines(words("积压", "lag"),
		about("口径：各主题已提交偏移量与末尾之差，上一批之后。", "Offsets between what is committed and the end, after the last batch, by topic."), 12, 8,
		course("{{topic}}", "sum by (topic) (hotline_load_lag_records)")).in("short")
	flow := lines(words("装载速率", "records loaded"),
		about("口径：每秒存入并提交的记录数，含转入死信的。", "Records a second whose batch is stored and committed, rejected ones included."), 12, 8,
		course("{{topic}}", "%s", rate("topic", "hotline_load_records_total", ""))).in("cps")
	latency := lines(words("每批耗时", "time per batch"),
		about("口径：所选主题一批从第一步到提交的时间，含重试。", "From a batch's first step to its commit, repetitions included, of the topic chosen."), 12, 8,
		course("p50", "%s", quantile(.5, "", "hotline_load_batch_seconds", ofTopic)),
		course("p99", "%s", quantile(.99, "", "hotline_load_batch_seconds", ofTopic))).in("s")
	steps := lines(words("各步耗时 p99", "steps, p99"),
		about("口径：所选主题每批各步骤的耗时，99%在此之内。", "Duration of a batch's steps within which 99% are, of the topic chosen."), 12, 8,
		course("{{step}}", "%s", quantile(.99, "step", "hotline_load_step_seconds", ofTopic))).in("s")
	spread := squares(words("每批耗时分布", "time per batch, distribution"),
		about("口径：所选主题各批耗时的分布，颜色为批数。", "How the batches' times are spread, of the topic chosen; the colour is their number."), 12, 8, "s",
		target{expr: "sum by (le) (increase(hotline_load_batch_seconds_bucket" + ofTopic + "[$__rate_interval]))", legend: "{{le}}", heat: true})
	size := lines(words("每批记录数", "records per batch"),
		about("口径：所选主题平均每批记录数。", "Mean number of records in a batch, of the topic chosen."), 6, 8,
		course("平均 mean", "%s / %s", rate("", "hotline_load_batch_records_sum", ofTopic), rate("", "hotline_load_batch_records_count", ofTopic))).in("short")
	reasons := bars(words("异常记录（按原因）", "rejected by reason"),
		about("口径：启动以来转入死信的记录，按原因；另列同版本内容冲突与空缺的偏移量。", "Since the start: records sent to the dead letters by reason; beside them conflicting contents of one version, and offsets without a record."), 6, 8,
		newest("{{reason}}", "sum by (reason) (hotline_load_rejected_total)"),
		newest("版本冲突 conflicts", "sum(hotline_load_conflicts_total)"),
		newest("空缺 gaps", "sum(hotline_load_gaps_total)"))
	return []panel{lag, flow, latency, steps, spread, size, reasons}
}

func tallying() []panel {
	pending := lines(words("待重算", "pending marks"),
		about("口径：已标记而其重算尚未提交的刻钟标记数；为0时各处数字一致。", "Marks whose recomputation is not committed yet; at 0 all outputs show the same figures."), 8, 8,
		course("待重算 pending", "sum(hotline_aggregate_pending_marks)")).in("short")
	cycle := lines(words("重算耗时", "recomputation"),
		about("口径：从第一个标记到提交的时间，分实时与批量。", "From the first mark of a cycle to its commit, live and in bulk."), 8, 8,
		course("p50 {{mode}}", "%s", quantile(.5, "mode", "hotline_aggregate_cycle_seconds", "")),
		course("p99 {{mode}}", "%s", quantile(.99, "mode", "hotline_aggregate_cycle_seconds", ""))).in("s")
	publish := lines(words("发布", "publishing"),
		about("口径：读取重算结果的耗时 p99，以及距上次成功查询的时间。", "Reading what a recomputation touched, p99, and the time since the store was last asked with success."), 8, 8,
		course("读取 read p99", "%s", quantile(.99, "", "hotline_publish_read_seconds", "")),
		course("距上次 since", "time() - max(hotline_publish_checked_timestamp_seconds)")).in("s")
	buckets := lines(words("重算的刻钟", "quarter hours recomputed"),
		about("口径：每秒重算的刻钟数，重复的也计。", "Quarter hours recomputed a second, repeated ones included."), 12, 7,
		course("刻钟 quarter hours", "%s", rate("", "hotline_aggregate_buckets_total", "")),
		course("标记 marks", "%s", rate("", "hotline_aggregate_marks_total", ""))).in("cps")
	faults := lines(words("失败与重试", "failures and retries"),
		about("口径：每秒失败次数：装载各步重试、汇总语句失败、发布读取失败。", "A second: repeated steps of the loader, failed statements of the aggregator, failed readings of the publisher."), 12, 7,
		course("装载 load", "%s", rate("", "hotline_load_retries_total", "")),
		course("汇总 aggregate", "%s", rate("", "hotline_aggregate_errors_total", "")),
		course("发布 publish", "%s", rate("", "hotline_publish_errors_total", ""))).in("cps")
	return []panel{pending, cycle, publish, buckets, faults}
}

func entering() []panel {
	produced := lines(words("写入 Kafka", "produced to Kafka"),
		about("口径：每秒被 Kafka 确认的记录数，按主题。", "Records a second that Kafka has acknowledged, by topic."), 8, 7,
		course("{{topic}}", "%s", rate("topic", "hotline_broker_produced_records_total", ""))).in("cps")
	acknowledged := lines(words("写入耗时", "time to acknowledge"),
		about("口径：从写入到 Kafka 确认的时间。", "From producing to Kafka's acknowledgement."), 8, 7,
		course("p50", "%s", quantile(.5, "", "hotline_broker_produce_seconds", "")),
		course("p99", "%s", quantile(.99, "", "hotline_broker_produce_seconds", ""))).in("s")
	posted := lines(words("HTTP 入口", "posted over HTTP"),
		about("口径：尚未应答的提交请求数，以及占用的缓冲字节（右）。", "Requests that post records and are not answered yet, and the bytes held for them (right)."), 8, 7,
		course("进行中 in flight", "sum(hotline_intake_requests_in_flight)"),
		course("缓冲 buffered", "sum(hotline_intake_buffered_bytes)")).in("short")
	posted.overrides = []object{override("缓冲 buffered", object{"id": "unit", "value": "bytes"}, object{"id": "custom.axisPlacement", "value": "right"})}
	return []panel{produced, acknowledged, posted}
}

func machinery() []panel {
	up := states(words("运行状态", "up"),
		about("口径：Prometheus 能否采集各角色；内嵌引擎是否应答；是否因表结构问题暂停。", "Whether Prometheus can scrape each role, the embedded engine answers, a worker is paused for the schema."), 24, 6,
		course("{{role}} {{instance}}", `up{job=~".*hotline.*"}`),
		course("引擎 engine", "min(hotline_engine_up)"),
		course("装载未暂停 load runs", "1 - max(hotline_load_paused)"),
		course("汇总未暂停 aggregate runs", "1 - max(hotline_aggregate_paused)"))
	up.mappings = []object{meaning("1", "正常 up", good, 0), meaning("0", "中断 down", bad, 1)}
	memory := lines(words("内存", "memory"),
		about("口径：内嵌引擎进程与各角色进程的常驻内存。", "Resident memory of the embedded engine's process and of the roles' own."), 8, 7,
		course("引擎 engine", "sum(hotline_engine_resident_memory_bytes)"),
		course("{{role}} {{instance}}", `process_resident_memory_bytes{job=~".*hotline.*"}`)).in("bytes")
	statements := lines(words("ClickHouse 语句 p99", "statements, p99"),
		about("口径：发往 ClickHouse 的各类语句耗时，取最慢的8类。", "Duration of statements sent to ClickHouse, the eight slowest kinds."), 8, 7,
		course("{{statement}}", "topk(8, %s > 0)", quantile(.99, "statement", "hotline_store_statement_seconds", ""))).in("s")
	rows := lines(words("写入 ClickHouse", "rows inserted"),
		about("口径：每秒被 ClickHouse 确认的行数，按表。", "Rows a second that ClickHouse has acknowledged, by table."), 8, 7,
		course("{{table}}", "%s", rate("table", "hotline_store_inserted_rows_total", ""))).in("cps")
	lag := lines(words("消费组落后", "consumer groups behind"),
		about("口径：各消费组与主题末尾相差的偏移量。", "Offsets each consumer group is behind the end of its topic."), 12, 7,
		course("{{group}}", "sum by (group) (hotline_broker_lag_offsets)")).in("short")
	disk := number(words("磁盘余量", "free disk"),
		about("口径：内嵌代理所在磁盘的剩余空间；使用外部 Kafka 时无数据。", "Free space on the embedded broker's disk; without data where Kafka is external."),
		4, newest("", "min(hotline_broker_embedded_free_bytes)"))
	disk.h, disk.unit, disk.noValue, disk.steps = 7, "bytes", "外部 Kafka external", []step{{bad, nil}, {near, 2e9}, {good, 10e9}}
	restarts := number(words("引擎重启", "engine restarts"),
		about("口径：内嵌引擎未经要求而结束并被重新启动的次数，启动以来。", "Times the embedded engine ended without being asked and was started again, since the start."),
		4, newest("", "sum(hotline_engine_restarts_total)"))
	restarts.h, restarts.steps = 7, []step{{good, nil}, {near, 1}}
	kept := number(words("保存期清理", "retention"),
		about("口径：距上次成功执行保存期清理的时间。", "Time since retention last ran with success."),
		4, newest("", "time() - max(hotline_retention_last_success_timestamp_seconds)"))
	kept.h, kept.unit, kept.steps = 7, "s", []step{{good, nil}, {near, 2 * 86400}}
	return []panel{up, memory, statements, rows, lag, disk, restarts, kept}
}

package board

// What the choices at the top of a dashboard are called in queries.
const (
	// here are the labels of figures of a queue, or of all of them.
	here = `centre="$centre",queue="$queue"`
	// within is here in the window chosen.
	within = here + `,window="$window"`
)

// centres lists the centres there are; all is the sum of them.
func centres() variable {
	return variable{
		name: "centre", title: words("中心", "centre"), kind: "query", current: "all",
		query: `label_values(hotline_calls_waiting, centre)`,
	}
}

// queues lists the queues (技能组) of the centre chosen.
func queues() variable {
	return variable{
		name: "queue", title: words("技能组", "queue"), kind: "query", current: "all",
		query: `label_values(hotline_calls_waiting{centre="$centre"}, queue)`,
	}
}

// windows are those the program exports figures of; the sliding ones count by decision.
func windows(current string, sliding bool) variable {
	v := variable{name: "window", title: words("时段", "window"), kind: "custom", current: current}
	if sliding {
		v.options = []choice{{"近15分钟 15 min", "15m"}, {"近1小时 1 h", "1h"}}
	}
	v.options = append(v.options, choice{"今天 today", "today"}, choice{"本月 month", "month"}, choice{"本季 quarter", "quarter"}, choice{"今年 year", "year"})
	return v
}

// definitions are the forms of the answer rate, whichever leads.
func definitions() variable {
	return variable{
		name: "definition", title: words("接通率口径", "definition"), kind: "query", current: "agent",
		query: `label_values(hotline_answer_rate_ratio, definition)`,
	}
}

// tables are the performance tables (绩效目标表).
func tables() variable {
	return variable{
		name: "table", title: words("绩效表", "table"), kind: "query", current: "13",
		query: `label_values(hotline_indicator_state, table)`,
	}
}

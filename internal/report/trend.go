package report

import (
	"fmt"
	"slices"
	"strings"

	"hotline12333/internal/kpi"
)

// months are the table of the year's months up to the end of the period, and its charts.
func (t *teller) months() []part {
	p := part{heading: t.of("三、本年分月情况", "By month of the year"), columns: t.groupColumns(t.of("月份", "Month"), 24)}
	rate := chart{title: t.of("月度人工接通率与目标(83%)", "Answer rate by month, target 83%"), share: true}
	rates := series{name: t.of("接通率", "answer rate")}
	goals := series{name: t.of("目标83%", "target 83%"), target: true}
	for i := range t.r.Months {
		g := &t.r.Months[i]
		p.rows = append(p.rows, t.groupRow(text(g.Key), g))
		rate.labels = append(rate.labels, g.Key)
		rates.values = append(rates.values, g.Rates.AnswerRate)
		goals.values = append(goals.values, ptr(kpi.AnswerRateTarget.Value()))
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.noRows())
	}
	rate.series = []series{rates, goals}
	p.chart = &rate
	return []part{p}
}

func (t *teller) noRows() []cell {
	return []cell{{text: t.of("无数据", "no data"), tone: toneWeak, span: restOfRow, align: alignCentre}}
}

// heat is the week as hours: how many people asked for an agent, and how many reached one.
func (t *teller) heat() sheet {
	s := t.sheet("heat", t.of("时段分布", "Hours of the week"), t.of("话务时段分布（小时×星期）", "Calls by hour and weekday"))
	s.landscape = true
	at := map[string]*kpi.Group{}
	for i := range t.r.Weeks {
		at[t.r.Weeks[i].Key] = &t.r.Weeks[i]
	}
	columns := []column{{title: t.of("星期", "Weekday"), width: 11, align: alignCentre}}
	for h := range 24 {
		columns = append(columns, column{title: fmt.Sprintf("%02d", h), width: 6.5, align: alignCentre})
	}
	requested := part{heading: t.of("一、人工请求量", "Requested"), columns: columns, heat: true}
	rate := part{heading: t.of("二、人工接通率(%)", "Agent answer rate (%)"), columns: columns}
	var blank kpi.Capability // that a source does not have
	for d := 1; d <= 7; d++ {
		asked, reached := []cell{label(t.weekday(d))}, []cell{label(t.weekday(d))}
		for h := range 24 {
			g := at[fmt.Sprintf("%d-%02d", d, h)]
			if g == nil {
				g = &kpi.Group{By: string(kpi.WeekHour), Key: fmt.Sprintf("%d-%02d", d, h)}
			}
			here := t.place(g)
			n, share := text(""), text("")
			if missing := g.Counts.NotConnected["requested"]; missing != "" {
				blank = missing
			} else {
				n = to(count(g.Counts.Requested), here.of("requested"))
			}
			if cut, ok := kpi.CutPercent(g.Exact.AnswerRateAgent, 0); ok {
				share = cell{trace: here.of("answer_rate_agent"), text: cut[:len(cut)-1], number: ptr(parse(cut[:len(cut)-1])), format: formatCount}
				if !kpi.AnswerRateTarget.MetBy(g.Exact.AnswerRateAgent) {
					share.tone = toneMissed
				}
			}
			n.align, share.align = alignCentre, alignCentre
			asked, reached = append(asked, n), append(reached, share)
		}
		requested.rows, rate.rows = append(requested.rows, asked), append(rate.rows, reached)
	}
	rate.notes = []string{t.of("空格表示该时段无人工请求；红色表示低于83%。", "Blank: nobody asked for an agent; red: below 83%.")}
	if blank != "" {
		requested.notes = []string{t.of("未接入：数据来源不提供", "Not connected: a source does not know ") + t.capability(blank) + t.of("，有其来电的时段为空格。", "; hours with its calls are blank.")}
	}
	s.parts = []part{requested, rate}
	return s
}

func (t *teller) days() sheet {
	s := t.sheet("days", t.of("按日趋势", "By day"), t.of("按日话务趋势", "Calls by day"))
	s = t.divided(s, t.of("日期", "Day"), t.r.Days, func(g *kpi.Group) cell {
		if g.From == nil {
			return text(g.Key)
		}
		return text(g.Key + " " + t.weekday((int(g.From.Weekday())+6)%7+1))
	})
	volume := chart{title: t.of("每日人工请求与接听", "Requested and answered by day")}
	requested, answered := series{name: t.of("人工请求量", "requested"), bars: true}, series{name: t.of("人工接听量", "answered")}
	for i := range t.r.Days {
		g := &t.r.Days[i]
		volume.labels = append(volume.labels, g.Key[len("2026-"):])
		asked := ptr(float64(g.Counts.Requested))
		if g.Counts.NotConnected["requested"] != "" {
			asked = nil
		}
		requested.values = append(requested.values, asked)
		answered.values = append(answered.values, ptr(float64(g.Counts.Answered)))
	}
	volume.series = []series{requested, answered}
	s.parts = slices.Insert(s.parts, 0, part{chart: &volume})
	return s
}

func (t *teller) dayHours() sheet {
	s := t.sheet("hours", t.of("按时趋势", "By hour"), t.of("按小时话务分布", "Calls by hour of the day"))
	return t.divided(s, t.of("时段", "Hour"), t.r.DayHours, func(g *kpi.Group) cell {
		return cell{text: g.Key + ":00—" + g.Key + ":59", align: alignCentre}
	})
}

// comparison sets the figures of the period beside those of other ones.
func (t *teller) comparison() sheet {
	s := t.sheet("comparison", t.of("同比环比", "Comparison"), t.of("环比与同比", "Period-on-period and year-on-year"))
	p := part{columns: []column{{title: t.of("指标", "Figure"), width: 30}, {title: t.of("本期", "This period"), width: 16}}}
	for _, c := range t.r.Comparisons {
		kind := t.of("环比期", "Before")
		if c.Kind == YearOnYear {
			kind = t.of("同比期", "Year before")
		}
		p.columns = append(p.columns,
			column{title: t.word(c.Title), over: kind, width: 16},
			column{title: t.of("增减", "Change"), over: kind, width: 14})
	}
	now := volumes(&t.r.Total.Counts)
	for i, v := range now {
		row := []cell{text(t.word(v.name)), t.traced(t.ofVolume(&v), v.code)}
		for _, c := range t.r.Comparisons {
			row = append(row, t.change(&c.Statement, &volumes(&c.Statement.Counts)[i], &v)...)
		}
		p.rows = append(p.rows, row)
	}
	for i, f := range figures(&t.r.Total, t.d) {
		row := []cell{text(t.word(f.name)), t.traced(t.value(&f), f.code)}
		for _, c := range t.r.Comparisons {
			before := figures(&c.Statement, t.d)[i]
			row = append(row, to(t.value(&before), elsewhere(&c.Statement).of(f.code)), t.difference(&f, &before))
		}
		p.rows = append(p.rows, row)
	}
	p.notes = []string{t.of("量的增减为百分比；率的增减为百分点；时长的增减为秒。无数据的期间不作比较。", "Changes of volumes are in percent, of rates in percentage points, of times in seconds. A period without data is not compared.")}
	s.parts = []part{p}
	return s
}

func (t *teller) value(f *figure) cell {
	if f.seconds {
		return t.seconds(f.ratio)
	}
	return t.percent(f.ratio)
}

// change shows a count of another period and how much this one differs.
func (t *teller) change(s *kpi.Statement, before, now *volume) []cell {
	if s.DataTo == nil { // no calls at all: not a zero to compare with
		return []cell{t.missing(""), t.missing("")}
	}
	then := to(t.ofVolume(before), elsewhere(s).of(before.code))
	grown, ok := kpi.Change(before.n, now.n)
	if !ok || before.missing != "" || now.missing != "" {
		return []cell{then, t.missing("")}
	}
	return []cell{then, signed(grown, "%")}
}

func (t *teller) difference(now, before *figure) cell {
	unit := t.of("个百分点", " pp")
	if now.seconds {
		unit = t.of("秒", " s")
	}
	d, ok := kpi.RateChange(now.ratio, before.ratio, now.seconds)
	if !ok {
		return t.missing("")
	}
	return signed(d, unit)
}

// signed shows a difference with its sign, as text: its direction is what matters. What is
// too small to be shown has none.
func signed(digits, unit string) cell {
	switch {
	case strings.Trim(digits, "-0.") == "":
		digits = strings.TrimPrefix(digits, "-")
	case digits[0] != '-':
		digits = "↑" + digits
	default:
		digits = "↓" + digits[1:]
	}
	return cell{text: digits + unit, align: alignCentre}
}

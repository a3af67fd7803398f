package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report/docx"
)

// writeDOCX writes the text that goes with the forms, in the form of an official document.
// Facts are stated; what only people know (why, and what is done about it) is taken from
// what they have entered, and left to them where they have not.
func (t *teller) writeDOCX(w io.Writer, o Options) error {
	p := t.properties()
	d := &docx.Document{Title: p.title, Subject: p.subject, Creator: p.creator, Language: p.lang.tag(), At: p.at}
	a := &analysis{teller: t, d: d}
	d.Paragraph(docx.Title, t.heading())
	d.Paragraph(docx.Lead, strings.Join(t.lead(), "\n"))
	for _, n := range t.r.Notices {
		d.Paragraph(docx.Note, t.of("注意：", "Note: ")+t.word(n))
	}
	a.basics()
	a.traffic()
	tables := t.wanted(o)
	a.indicators(tables)
	a.deviations(tables)
	a.measures(tables)
	a.foot()
	return d.Write(w)
}

func (t *teller) heading() string {
	period := t.word(t.r.Period.Title)
	if t.Lang == English {
		return "Performance of the 12333 hotline, " + period
	}
	return t.r.Unit.ZH + "\n" + period + "12333热线绩效分析报告"
}

// analysis is the text while it is written.
type analysis struct {
	*teller
	d       *docx.Document
	section int
}

func (a *analysis) begin(zh, en string) {
	numbers := []string{"一", "二", "三", "四", "五", "六", "七"}
	a.section++
	a.d.Paragraph(docx.Heading1, a.of(numbers[(a.section-1)%len(numbers)]+"、"+zh, fmt.Sprintf("%d. %s", a.section, en)))
}

func (a *analysis) say(zh, en string, args ...any) {
	a.d.Paragraph(docx.Body, fmt.Sprintf(a.of(zh, en), args...))
}

// stated is a figure as it stands in a sentence.
func (a *analysis) stated(r kpi.Ratio, seconds bool) string {
	f := figure{ratio: r, seconds: seconds}
	c := a.value(&f)
	if c.number == nil && r.NotConnected != "" {
		return c.text + a.of("（来源不提供", " (a source does not know ") + a.capability(r.NotConnected) + a.of("）", ")")
	}
	if c.number != nil && seconds {
		return c.text + a.of("秒", " s")
	}
	return c.text
}

func (a *analysis) basics() {
	a.begin("基本情况", "Basics")
	c, x := &a.r.Total.Counts, &a.r.Total.Exact
	if a.r.DataTo == nil {
		a.say("报告期内没有来电记录，接通率等比率无法计算，均列“无数据”；以下各表只列需人工填报的内容。",
			"There are no calls in the period: rates cannot be computed and are shown as no data; the tables hold what people have entered.")
	} else if c.Offered == 0 {
		a.say("报告期内有 %s 通来电尚未结束，没有已结束的来电，接通率等比率无法计算，均列“无数据”。", "%s calls of the period are open and none has ended: rates cannot be computed and are shown as no data.", group(c.Open))
	} else {
		a.say("报告期内来电总量%s通，其中人工请求量%s，人工接听%s通；自助服务%s；非服务时间来电（未接）%s。",
			"%s calls were offered; %s asked for an agent, of which %s were answered; %s were served by the IVR; %s came after hours and were not answered.",
			group(c.Offered), a.told(c, "requested", c.Requested), group(c.Answered), a.told(c, "self_service", c.SelfService), a.told(c, "after_hours", c.AfterHours))
		a.say("人工接通率%s，综合接通率（含自助）%s，响应及时率%s，平均等待%s，平均通话时长%s。",
			"The agent answer rate is %s, the composite one %s, response timeliness %s, the mean wait %s, the mean talk time %s.",
			a.stated(x.AnswerRateAgent, false), a.stated(x.AnswerRateComposite, false), a.stated(x.ResponseTimeliness, false), a.stated(x.ASA, true), a.stated(x.TalkMean, true))
	}
	if n := sum(c.Excluded); n > 0 {
		var parts []string
		for _, reason := range []string{"blacklist", "test", "internal", "phantom", "outbound"} {
			if k := c.Excluded[reason]; k > 0 {
				parts = append(parts, a.word(exclusion(reason))+" "+group(k))
			}
		}
		a.say("另有%s通按规则剔除、单独计数（%s）。", "Apart from these %s calls are excluded by rule and counted by reason (%s).", group(n), join(a.Lang, parts))
	}
	a.completeness()
}

// told is a count as it stands in a sentence.
func (a *analysis) told(c *kpi.Counts, name string, n int64) string {
	if c.NotConnected[name] != "" {
		return a.of("未接入", "(not connected)")
	}
	return group(n) + a.of("通", "")
}

func (a *analysis) completeness() {
	var empty, service int64
	for _, c := range a.r.Quality.Completeness {
		empty, service = empty+c.Empty, service+c.Service
	}
	switch {
	case service == 0:
	case empty == 0:
		a.say("数据完整性：服务时间内各小时均有记录。", "Every hour of service has records.")
	default:
		a.say("数据完整性：服务时间%s小时中有%s小时无记录，详见工作簿“数据质量”表。", "Of %[1]s hours of service %[2]s have no records, see the sheet on data quality.", group(service), group(empty))
	}
}

func (a *analysis) traffic() {
	a.begin("话务分析", "Traffic")
	a.d.Paragraph(docx.Heading2, a.of("（一）时段分布", "Hours"))
	if busiest := slices.MaxFunc(append(slices.Clone(a.r.Weeks), kpi.Group{}), byRequested); knownRequests(&busiest) > 0 {
		var d, h int
		if _, err := fmt.Sscanf(busiest.Key, "%d-%d", &d, &h); err == nil {
			a.say("人工请求最集中的时段为%s%d时，累计%s通，接通率%s。", "Most callers asked for an agent on %s in the hour from %d:00: %s in all, answer rate %s.",
				a.weekday(d), h, group(busiest.Counts.Requested), a.stated(busiest.Exact.AnswerRateAgent, false))
		}
	} else if missing := a.r.Total.Counts.NotConnected["requested"]; missing != "" {
		a.say("数据来源不提供%s，时段分布无法说明。", "A source does not know %s: nothing can be said of the hours.", a.capability(missing))
	} else {
		a.say("本期没有人工请求。", "Nobody asked for an agent.")
	}
	if day := slices.MaxFunc(append(slices.Clone(a.r.Days), kpi.Group{}), byRequested); knownRequests(&day) > 0 {
		a.say("单日人工请求最多为%s，%s通，接听%s通，接通率%s。", "The busiest day was %s: %s asked, %s answered, answer rate %s.",
			a.dayName(&day), group(day.Counts.Requested), group(day.Counts.Answered), a.stated(day.Exact.AnswerRateAgent, false))
	}
	a.d.Paragraph(docx.Heading2, a.of("（二）分月情况", "Months"))
	a.groups(a.of("表1 本年分月话务", "Table 1: by month"), a.of("月份", "Month"), a.r.Months, 12)
	a.d.Paragraph(docx.Heading2, a.of("（三）热点业务", "Topics"))
	if len(a.r.Topics) == 0 {
		a.say("来电记录没有业务类型。", "The records name no topics.")
	} else {
		a.groups(a.of("表2 热点业务（前十）", "Table 2: topics, the first ten"), a.of("业务类型", "Topic"), byVolume(a.r.Topics), 10)
	}
	a.d.Paragraph(docx.Heading2, a.of("（四）环比与同比", "Comparison"))
	a.comparisons()
}

// dayName is a day as it stands in a sentence.
func (a *analysis) dayName(g *kpi.Group) string {
	if g.From == nil {
		return g.Key
	}
	if a.Lang == English {
		return g.From.Format("2 January")
	}
	return fmt.Sprintf("%d月%d日", g.From.Month(), g.From.Day())
}

// byRequested orders groups; of which it is not known come first.
func byRequested(x, y kpi.Group) int { return cmp.Compare(knownRequests(&x), knownRequests(&y)) }

func knownRequests(g *kpi.Group) int64 {
	if g.Counts.NotConnected["requested"] != "" {
		return -1
	}
	return g.Counts.Requested
}

func (a *analysis) groups(caption, name string, groups []kpi.Group, most int) {
	table := docx.Table{
		Widths: []int{26, 14, 14, 14, 14, 14},
		Head:   []string{name, a.of("来电总量", "Offered"), a.of("人工请求", "Requested"), a.of("人工接听", "Answered"), a.of("接通率", "Answer rate"), a.of("平均等待(秒)", "ASA (s)")},
	}
	for i := range groups[:min(len(groups), most)] {
		g := &groups[i]
		table.Rows = append(table.Rows, []docx.Cell{
			{Text: a.named(g).text},
			{Text: group(g.Counts.Offered), Number: true},
			{Text: a.counted(&g.Counts, "requested", g.Counts.Requested).text, Number: true},
			{Text: group(g.Counts.Answered), Number: true},
			{Text: a.percent(g.Exact.AnswerRateAgent).text, Number: true},
			{Text: a.seconds(g.Exact.ASA).text, Number: true},
		})
	}
	if len(table.Rows) == 0 {
		a.say("无数据。", "No data.")
		return
	}
	a.d.Paragraph(docx.Caption, caption)
	a.d.Table(table)
}

func (a *analysis) comparisons() {
	told := false
	for i := range a.r.Comparisons {
		c := &a.r.Comparisons[i]
		kind := a.of("环比", "Against the period before")
		if c.Kind == YearOnYear {
			kind = a.of("同比", "Against the year before")
		}
		if c.Statement.DataTo == nil {
			a.say("%s：%s无数据，不作比较。", "%s: %s has no data and is not compared.", kind, a.word(c.Title))
			told = true
			continue
		}
		grown, rate := a.of("（无法比较）", "not comparable"), a.of("（无法比较）", "not comparable")
		if s, ok := kpi.Change(c.Statement.Counts.Answered, a.r.Total.Counts.Answered); ok {
			grown = a.moved(s, "%")
		}
		if s, ok := kpi.RateChange(a.r.Total.Exact.AnswerRate, c.Statement.Exact.AnswerRate, false); ok {
			rate = a.moved(s, a.of("个百分点", " pp"))
		}
		a.say("%s（%s）：人工接听量较%s通%s；接通率较%s%s。", "%s (%s): answered calls were %s (%s), the answer rate was %s (%s).",
			kind, a.word(c.Title), group(c.Statement.Counts.Answered), grown, a.stated(c.Statement.Exact.AnswerRate, false), rate)
		told = true
	}
	if !told {
		a.say("没有可比较的期间。", "There is no period to compare with.")
	}
}

// moved says in words which way a value has gone since another period.
func (a *analysis) moved(digits, unit string) string {
	size, down := strings.CutPrefix(digits, "-")
	switch {
	case strings.Trim(size, "0.") == "":
		return a.of("，基本持平", "hardly changed since")
	case down:
		return a.of("下降", "down ") + size + unit
	}
	return a.of("上升", "up ") + size + unit
}

// ended is what a person has written, with a full stop.
func (a *analysis) ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") || strings.HasSuffix(s, "。") || strings.HasSuffix(s, "！") || strings.HasSuffix(s, "？") || strings.HasSuffix(s, "；") {
		return s
	}
	return s + a.of("。", ".")
}

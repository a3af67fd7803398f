package kpi

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/calendar"
)

// About writes an expected count of calls in whole ones: a tenth of a call is nothing that
// anybody can expect. Fewer than a half are not none.
func About(x float64) string {
	if x > 0 && x < 0.5 {
		return "<1"
	}
	return grouped(int64(math.Round(x)))
}

// MeanAgents writes how many agents there were on average over days: to a decimal, since half
// an agent more or less decides whether they are enough.
func MeanAgents(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// CutShare writes an expected share in percent, cut to a decimal: one below a target never
// shows as the target. What is lost to binary fractions is given back first.
func CutShare(share float64) string { return fmt.Sprintf("%.1f%%", math.Floor(share*1000+1e-7)/10) }

// ClockUntil is when a stretch of a day ends, as clocks on the wall of its location show; the
// midnight after it is 24:00.
func ClockUntil(t time.Time) string {
	if text := t.Format("15:04"); text != "00:00" {
		return text
	}
	return "24:00"
}

// Bounds writes a range in whole calls.
func (r Range) Bounds() string {
	return grouped(int64(math.Floor(r.Low))) + "–" + grouped(int64(math.Ceil(r.High)))
}

var chineseWeekdays = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

// SortWords is what a sort of day is called. A weekend that a calendar works on as on any
// other day of the week is no 工作日 to anybody.
func SortWords(s calendar.DaySort, day time.Time) Wording {
	switch s {
	case calendar.Worked:
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			return Wording{ZH: "服务日", EN: "day of service"}
		}
	case calendar.MadeUp:
		return Wording{ZH: "调休上班", EN: "make-up working day"}
	case calendar.RestDay:
		return Wording{ZH: "休息日", EN: "rest day"}
	case calendar.Holiday:
		return Wording{ZH: "节假日", EN: "holiday"}
	}
	return Wording{ZH: "工作日", EN: "working day"}
}

// Weekday is what the day of the week is called.
func Weekday(t time.Time) Wording {
	return Wording{ZH: chineseWeekdays[t.Weekday()], EN: t.Weekday().String()}
}

// length writes seconds as people say them.
func length(seconds float64) Wording {
	whole := int(math.Round(seconds))
	if whole < 60 {
		return Wording{ZH: fmt.Sprintf("%d秒", whole), EN: fmt.Sprintf("%d s", whole)}
	}
	return Wording{ZH: fmt.Sprintf("%d分%d秒", whole/60, whole%60), EN: fmt.Sprintf("%d min %d s", whole/60, whole%60)}
}

// Name is the half hour's beginning and end: 09:30–10:00.
func (h *HalfHour) Name() string { return h.From.Format("15:04") + "–" + ClockUntil(h.To) }

// ShortWords names the half hours in which the agents usually signed in do not reach the
// goal; empty where that is not known of any.
func (s *Staffing) ShortWords() Wording {
	if s.Planned == nil {
		return Wording{}
	}
	var zh, en []string
	for _, h := range s.Short() {
		at := h.Name()
		zh = append(zh, fmt.Sprintf("%s（%s，需%d，预计%s）", at, MeanAgents(*h.Planned), *h.Seats, CutShare(*h.AnsweredPlanned)))
		en = append(en, fmt.Sprintf("%s (%s, %d needed, %s expected)", at, MeanAgents(*h.Planned), *h.Seats, CutShare(*h.AnsweredPlanned)))
	}
	if len(zh) == 0 {
		return Wording{ZH: "各时段通常在岗均够用。", EN: "Those usually signed in are enough in every half hour."}
	}
	return Wording{ZH: "通常在岗不够的时段：" + strings.Join(zh, "；") + "。", EN: "Half hours in which those usually signed in are too few: " + strings.Join(en, "; ") + "."}
}

// Assumptions says in plain words what is expected from, and what the seats rest on. day is
// the day asked about.
func (s *Staffing) Assumptions(sort calendar.DaySort, day time.Time) []Wording {
	if !s.Told() {
		return nil
	}
	said := []Wording{s.daysWords(sort, day), s.handlingWords(), s.patienceWords(), s.modelWords(), {
		// As measured: docs/staffing.md.
		ZH: "准确程度：在模拟的热线上（时长非指数、响铃、转接、重拨、突增），两个月的接通率比预计低不到2个百分点，单日相差约5个百分点；刚好达标的时段宜多排一席。",
		EN: "How exact: on a simulated hotline (times not exponential, ringing, transfers, redials, surges) the answer rate of two months was less than 2 points below what was expected, that of a day about 5 points off. Where the target is only just reached, one seat more is wise.",
	}, {
		ZH: "坐席指能接电话的在岗人数，小休、培训者不计；响铃时间、转接和重拨不另计。一名坐席同一时间只接一通，所有坐席都能接所有业务。",
		EN: "Seats are agents who can take calls: breaks and training are beside them. Ringing, transfers and redials are not counted apart. Every agent can take every call, one at a time.",
	}}
	if s.Centres > 1 {
		said = append(said, Wording{
			ZH: fmt.Sprintf("%d 个中心合计：按所有坐席能接各中心的来电计算，合在一起所需比各中心相加少。坐席分属各中心时，请选中心分别查看。", s.Centres),
			EN: fmt.Sprintf("The calls of %d centres together, as if every agent took those of all of them, which needs fewer seats than each centre by itself. Where each has agents of its own, choose one centre at a time.", s.Centres),
		})
	}
	if slices.ContainsFunc(s.HalfHours, func(h HalfHour) bool { return h.Straining() }) {
		said = append(said, Wording{
			ZH: fmt.Sprintf("有的时段达标所需的最少坐席占用超过 %s：人多时接通率目标几乎不留空闲，长时间难以坚持，宜多排，或用 staffing.service_level 另设目标。", CutShare(strain)),
			EN: fmt.Sprintf("In some half hours the fewest seats that reach the target are busy for more than %s: of many agents the answer rate asks for hardly any to be free. Nobody keeps that up for long; plan more, or set a second goal with staffing.service_level.", CutShare(strain)),
		})
	}
	return said
}

// strain is from where on an occupancy cannot be kept up for long.
const strain = 0.9

// Straining says that the seats needed would be busy nearly all the time.
func (h *HalfHour) Straining() bool { return h.Busy != nil && *h.Busy > strain }

func (s *Staffing) daysWords(sort calendar.DaySort, day time.Time) Wording {
	of := SortWords(sort, day)
	zh, en := "此前同为"+of.ZH+"的"+Weekday(day).ZH, "earlier "+Weekday(day).EN+"s that were "+of.EN+"s"
	switch s.Likeness {
	case SameWeekday:
		if of.ZH == "服务日" {
			zh, en = "此前的"+Weekday(day).ZH, "earlier "+Weekday(day).EN+"s"
		}
	case SameSort:
		zh, en = "此前的"+of.ZH, "earlier "+of.EN+"s"
	case AnyWorked:
		zh, en = fmt.Sprintf("此前的工作日，不分星期（同类日不足%d天）", FewestUsualDays),
			fmt.Sprintf("earlier working days of any weekday (there are fewer than %d like this one)", FewestUsualDays)
	}
	w := Wording{
		ZH: fmt.Sprintf("预计来电：%s共%d天（%s）每刻钟人工请求量的平均；区间表示同样的日子五次中至少四次落在其中。来电按整通显示，各时段相加与全天可能差几通。", zh, len(s.Days), strings.Join(s.Days, "、")),
		EN: fmt.Sprintf("Expected calls: the mean of the requests for an agent in each quarter hour of %d days, %s (%s). At least four of five such days lie within the range. Calls are shown as whole ones: the half hours can add up to a few more or fewer than the day.",
			len(s.Days), en, strings.Join(s.Days, ", ")),
	}
	if len(s.LeftOut) > 0 {
		w.ZH += fmt.Sprintf("缺少记录而未采用：%s。", strings.Join(s.LeftOut, "、"))
		w.EN += fmt.Sprintf(" Left out, since records of them are missing: %s.", strings.Join(s.LeftOut, ", "))
	}
	return w
}

func (s *Staffing) handlingWords() Wording {
	h := s.Handling
	l := length(h.Seconds)
	switch {
	case h.Seconds <= 0:
		return Wording{
			ZH: "处理时长未知：来源不提供通话时长，无法计算坐席；可用 staffing.handling 设定。",
			EN: "The handling time is not known, since no source tells how long calls take: no seats can be computed. staffing.handling sets one.",
		}
	case h.Calls == 0:
		return Wording{
			ZH: fmt.Sprintf("处理时长：按设定 %s（staffing.handling），记录中没有通话时长。", l.ZH),
			EN: fmt.Sprintf("Handling time: %s, as set (staffing.handling); the records do not tell how long calls take.", l.EN),
		}
	case !h.WrapUp:
		return Wording{
			ZH: fmt.Sprintf("处理时长：平均 %s（通话＋保持，这些日子已接 %s 通）；话后时间未接入，未计入，坐席可能偏少。", l.ZH, grouped(h.Calls)),
			EN: fmt.Sprintf("Handling time: %s on average (talk and hold of the %s calls answered on these days). Wrap-up is not connected and not in it: the seats may be too few.", l.EN, grouped(h.Calls)),
		}
	}
	return Wording{
		ZH: fmt.Sprintf("处理时长：平均 %s（通话＋保持＋话后，这些日子已接 %s 通）。", l.ZH, grouped(h.Calls)),
		EN: fmt.Sprintf("Handling time: %s on average (talk, hold and wrap-up of the %s calls answered on these days).", l.EN, grouped(h.Calls)),
	}
}

func (s *Staffing) patienceWords() Wording {
	p := s.Patience
	unknown := Wording{
		ZH: fmt.Sprintf("这些日子只有 %s 通放弃，不足 %d 通，无法推算", grouped(p.Abandoned), FewestAbandoned),
		EN: fmt.Sprintf("not known, since only %s callers gave up on these days, fewer than %d", grouped(p.Abandoned), FewestAbandoned),
	}
	if !p.Waits {
		unknown = Wording{ZH: "未知，等待时间未接入", EN: "not known, since no source tells how long callers wait"}
	}
	switch {
	case p.Seconds == nil:
		return Wording{
			ZH: fmt.Sprintf("来电人耐心：%s，按不会放弃计算（Erlang-C）；可用 staffing.patience 设定。", unknown.ZH),
			EN: fmt.Sprintf("Patience of callers: %s. Nobody is taken to give up (Erlang-C); staffing.patience sets one.", unknown.EN),
		}
	case p.Assumed:
		return Wording{
			ZH: fmt.Sprintf("来电人耐心：%s，按设定平均 %s（staffing.patience）。", unknown.ZH, length(*p.Seconds).ZH),
			EN: fmt.Sprintf("Patience of callers: %s. Taken to be %s on average, as set (staffing.patience).", unknown.EN, length(*p.Seconds).EN),
		}
	}
	return Wording{
		ZH: fmt.Sprintf("来电人耐心：平均 %s（这些日子所有来电的等待时间之和÷放弃 %s 通）。", length(*p.Seconds).ZH, grouped(p.Abandoned)),
		EN: fmt.Sprintf("Patience of callers: %s on average (all the time that callers of these days waited / the %s who gave up).", length(*p.Seconds).EN, grouped(p.Abandoned)),
	}
}

func (s *Staffing) modelWords() Wording {
	w := Wording{
		ZH: fmt.Sprintf("建议坐席：接通率期望值不低于 %s 的最少人数", CutShare(s.Goal.Answered)),
		EN: fmt.Sprintf("Seats needed: the fewest with which the expected answer rate is %s or more", CutShare(s.Goal.Answered)),
	}
	if s.Goal.Level > 0 {
		w.ZH += fmt.Sprintf("，且 %.0f 秒接通率不低于 %s", s.Goal.Within, CutShare(s.Goal.Level))
		w.EN += fmt.Sprintf(", and that within %.0f s %s or more", s.Goal.Within, CutShare(s.Goal.Level))
	}
	w.ZH += "。按 Erlang-A 模型：来电随机到达，处理时长与耐心为指数分布，先到先接，半小时内负荷不变。"
	w.EN += ". By the model Erlang-A: calls come at random, handling times and patience are exponential, first come first served, the load is steady within a half hour."
	return w
}

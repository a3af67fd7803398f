package kpi

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// LossWords are what is counted, in the words of the indicator.
type LossWords struct {
	Of, Lost Wording // 人工请求, 未接; requests, not answered
	Rate     Wording // 接通率
	Measure  string  // 通, 件
}

// Words of the figures that calls and tickets lose.
var (
	RequestWords = LossWords{Of: Wording{"人工请求", "requests"}, Lost: Wording{"未接", "not answered"}, Rate: Wording{"接通率", "answer rate"}, Measure: "通"}
	OfferedWords = LossWords{Of: Wording{"来电", "calls"}, Lost: Wording{"未接", "not served"}, Rate: Wording{"接通率", "answer rate"}, Measure: "通"}
	AnswerWords  = LossWords{Of: Wording{"人工接听", "answered calls"}, Lost: Wording{"超时应答", "answered late"}, Rate: Wording{"及时率", "timeliness"}, Measure: "通"}
	ItemWords    = LossWords{Of: Wording{"应响应工单", "tickets due"}, Lost: Wording{"未按时响应", "not in time"}, Rate: Wording{"及时率", "timeliness"}, Measure: "件"}
	ConsultWords = LossWords{Of: Wording{"应回复咨询", "consultations due"}, Lost: Wording{"未按时回复", "not in time"}, Rate: Wording{"及时率", "timeliness"}, Measure: "件"}
)

// mostNamed is how many days and queues a sentence names.
const mostNamed = 3

// RateDeviation says in facts when and where a rate below its target was lost: which days,
// hours and queues, with their counts. It finds no causes: those are for the officer to
// write. It is empty when nothing was lost or the target is reached.
func RateDeviation(name Wording, target Target, words LossWords, parts LossParts) Wording {
	r := Ratio{Num: parts.Of - parts.Lost, Den: parts.Of}
	if parts.Lost == 0 || target.MetBy(r) {
		return Wording{}
	}
	value, _ := CutPercent(r, 2)
	goal := new(big.Rat).SetFrac64(100*target.Num, target.Den)
	goalText := Fraction{goal.Num().Int64(), goal.Denom().Int64()}.String() + "%"
	allowed := target.Allow(Ratio{}, parts.Of).Left
	n := func(count int64) string { return grouped(count) + words.Measure }
	zh := []string{fmt.Sprintf("%s%s，低于指标值%s：%s%s，%s%s；达标时最多可%s%s，超出%s。",
		name.ZH, value, goalText, words.Of.ZH, n(parts.Of), words.Lost.ZH, n(parts.Lost), words.Lost.ZH, n(allowed), n(parts.Lost-allowed))}
	en := []string{fmt.Sprintf("%s is %s, below the target of %s: of %s %s, %s were %s; the target allows %s, so %s too many.",
		name.EN, value, goalText, grouped(parts.Of), words.Of.EN, grouped(parts.Lost), words.Lost.EN, grouped(allowed), grouped(parts.Lost-allowed))}
	of := func(l LossAt) Wording { return words.share(l, parts.Lost) }
	if w := parts.Worst; w != nil {
		s := of(*w)
		zh = append(zh, fmt.Sprintf("最集中的是%s%s（%s）。", chineseDate(w.Date), chineseHours(w.Hour), s.ZH))
		en = append(en, fmt.Sprintf("The most at once: %s, %s (%s).", englishDate(w.Date), englishHours(w.Hour), s.EN))
	}
	if len(parts.Days) > 1 {
		zh = append(zh, "最多的日子："+list(parts.Days, "；", func(l LossAt) string { return chineseDate(l.Date) + "（" + of(l).ZH + "）" })+"。")
		en = append(en, "The days with the most: "+list(parts.Days, "; ", func(l LossAt) string { return englishDate(l.Date) + " (" + of(l).EN + ")" })+".")
		for _, h := range parts.Hours {
			zh = append(zh, fmt.Sprintf("按时段，最多的是每日%s（%s）。", chineseHours(h.Hour), of(h).ZH))
			en = append(en, fmt.Sprintf("By hour of the day: %s (%s).", englishHours(h.Hour), of(h).EN))
		}
	}
	if len(parts.Queues) > 0 {
		zh = append(zh, "按技能组："+list(parts.Queues, "；", func(l LossAt) string { return named(l.Queue, "未知技能组") + "（" + of(l).ZH + "）" })+"。")
		en = append(en, "By queue: "+list(parts.Queues, "; ", func(l LossAt) string { return named(l.Queue, "queue not known") + " (" + of(l).EN + ")" })+".")
	}
	return Wording{ZH: strings.Join(zh, ""), EN: strings.Join(en, " ")}
}

// share says what a part lost: the count, its share of all that was lost, and the part's
// own rate.
func (w *LossWords) share(l LossAt, all int64) Wording {
	part, _ := CutPercent(Ratio{Num: l.Lost, Den: all}, 1)
	rate, _ := CutPercent(Ratio{Num: l.Of - l.Lost, Den: l.Of}, 2)
	return Wording{
		ZH: fmt.Sprintf("%s%s%s，占全部%s的%s，%s%s", w.Lost.ZH, grouped(l.Lost), w.Measure, w.Lost.ZH, part, w.Rate.ZH, rate),
		EN: fmt.Sprintf("%s %s, %s of all; %s %s", grouped(l.Lost), w.Lost.EN, part, w.Rate.EN, rate),
	}
}

// VolumeDeviation says in facts how far a volume is behind what its target asks for in the
// time that is over, and which months fell behind the most. days are those of the year;
// those before end are over. It is empty when the volume is not behind.
func VolumeDeviation(name Wording, measure string, days []DayCount, end int, target int64) Wording {
	p := paceSoFar(days, end, target)
	behind := new(big.Rat).Sub(p.Expected, big.NewRat(p.ToDate, 1))
	if behind.Sign() <= 0 {
		return Wording{}
	}
	months := monthsBehind(days[:end], p.Working.All, target)
	short := ceiling(behind)
	asked := ceiling(p.Expected)
	zh := fmt.Sprintf("%s%s%s，时序进度（已过%d个工作日，全年%d个）为%s%s，少%s%s。",
		name.ZH, grouped(p.ToDate), measure, p.Working.Done, p.Working.All, grouped(asked), measure, grouped(short), measure)
	en := fmt.Sprintf("%s: %s, where %d of %d working days ask for %s: %s fewer.",
		name.EN, grouped(p.ToDate), p.Working.Done, p.Working.All, grouped(asked), grouped(short))
	if len(months) > 0 {
		zh += "差得最多的月份：" + list(months, "；", func(l LossAt) string {
			return fmt.Sprintf("%d月（应%s%s，少%s%s）", l.Date.Month(), grouped(l.Of), measure, grouped(l.Lost), measure)
		}) + "。"
		en += " The months furthest behind: " + list(months, "; ", func(l LossAt) string {
			return fmt.Sprintf("%s (%s asked for, %s fewer)", l.Date.Month(), grouped(l.Of), grouped(l.Lost))
		}) + "."
	}
	if gaps := gapsIn(days[:end]); gaps > 0 {
		zh += fmt.Sprintf("其中%d个工作日无数据。", gaps)
		en += fmt.Sprintf(" Of %d working days there are no data.", gaps)
	}
	return Wording{ZH: zh, EN: en}
}

// monthsBehind are the months that fell short of their part of a target, by working days:
// Of is what was asked for, Lost how many fewer came.
func monthsBehind(over []DayCount, workingDays int, target int64) []LossAt {
	var months []LossAt
	for len(over) > 0 {
		first := over[0].Date
		var came int64
		worked := 0
		for len(over) > 0 && over[0].Date.Month() == first.Month() {
			came += over[0].Count
			if over[0].Working {
				worked++
			}
			over = over[1:]
		}
		asked := ceiling(new(big.Rat).Mul(big.NewRat(target, 1), Progress{worked, workingDays}.Share()))
		months = append(months, LossAt{Date: first, Hour: -1, Of: asked, Lost: max(0, asked-came)})
	}
	return mostFirst(months)
}

func ceiling(r *big.Rat) int64 {
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return n.Div(n, r.Denom()).Int64()
}

// list names the first parts of a list.
func list(parts []LossAt, between string, name func(LossAt) string) string {
	var texts []string
	for _, p := range parts[:min(mostNamed, len(parts))] {
		texts = append(texts, name(p))
	}
	return strings.Join(texts, between)
}

func named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

func chineseDate(t time.Time) string { return fmt.Sprintf("%d月%d日", t.Month(), t.Day()) }
func chineseHours(first int) string  { return fmt.Sprintf("%d–%d时", first, first+2) }
func englishDate(t time.Time) string { return t.Format("2 January") }
func englishHours(first int) string  { return fmt.Sprintf("%d:00–%d:00", first, first+2) }

// grouped writes a count with separators of thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

package kpi

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"hotline12333/internal/refusal"
)

// Span is a stretch of whole days of a zone that people report about, half-open.
type Span struct {
	Name     string // as ParsePeriod reads it: 2026, 2026H1, 2026Q1, 2026-07, 2026-07-15, 2026-03-01..2026-03-15
	From, To time.Time
	ZH, EN   string // what it is called: 2026年第一季度, first quarter of 2026
}

var (
	yearPart = regexp.MustCompile(`^(\d{4})(?:([HhQq])(\d))?$`)
	monthly  = regexp.MustCompile(`^(\d{4})-(\d{2})$`)
	daily    = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?$`)
)

// ParsePeriod reads a period as commands and pages take it: a year (2026), half-year
// (2026H1), quarter (2026Q1), month (2026-07), day (2026-07-15) or two days, both in it
// (2026-03-01..2026-03-15). Days are those of the zone.
func ParsePeriod(text string, zone *time.Location) (Span, error) {
	if m := yearPart.FindStringSubmatch(text); m != nil {
		return partOfYear(text, number(m[1]), m[2], number(m[3]), zone)
	}
	if m := monthly.FindStringSubmatch(text); m != nil {
		year, month := number(m[1]), time.Month(number(m[2]))
		if month < time.January || month > time.December {
			return Span{}, refusal.Errorf("期间“%s”:没有 %02d 月", "period %q: there is no month %02d", text, int(month))
		}
		return Span{
			Name: text, From: DayStart(year, month, 1, zone), To: DayStart(year, month+1, 1, zone),
			ZH: fmt.Sprintf("%d年%d月", year, int(month)), EN: fmt.Sprintf("%s %d", month, year),
		}, nil
	}
	if m := daily.FindStringSubmatch(text); m != nil {
		return betweenDays(text, m[1], m[2], zone)
	}
	return Span{}, refusal.Errorf("期间“%s”无法识别:请写成 2026、2026H1、2026Q1、2026-07、2026-07-15 或 2026-03-01..2026-03-15",
		"period %q is none of 2026, 2026H1, 2026Q1, 2026-07, 2026-07-15 and 2026-03-01..2026-03-15", text)
}

// number reads digits that a pattern has found; none are 0.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func partOfYear(text string, year int, kind string, part int, zone *time.Location) (Span, error) {
	halves, quarters := []string{"上半年", "下半年"}, []string{"第一季度", "第二季度", "第三季度", "第四季度"}
	ordinals := []string{"first", "second", "third", "fourth"}
	s := Span{Name: strconv.Itoa(year), ZH: fmt.Sprintf("%d年", year), EN: strconv.Itoa(year)}
	first, months := 1, 12
	switch kind {
	case "H", "h":
		if part < 1 || part > len(halves) {
			return Span{}, refusal.Errorf("期间“%s”:半年只有 H1 和 H2", "period %q: a year has the halves H1 and H2", text)
		}
		first, months = 6*part-5, 6
		s.Name, s.ZH, s.EN = fmt.Sprintf("%dH%d", year, part), s.ZH+halves[part-1], ordinals[part-1]+" half of "+s.EN
	case "Q", "q":
		if part < 1 || part > len(quarters) {
			return Span{}, refusal.Errorf("期间“%s”:季度只有 Q1 至 Q4", "period %q: a year has the quarters Q1 to Q4", text)
		}
		first, months = 3*part-2, 3
		s.Name, s.ZH, s.EN = fmt.Sprintf("%dQ%d", year, part), s.ZH+quarters[part-1], ordinals[part-1]+" quarter of "+s.EN
	}
	s.From, s.To = DayStart(year, time.Month(first), 1, zone), DayStart(year, time.Month(first+months), 1, zone)
	return s, nil
}

// betweenDays is one day, or two with what lies between them.
func betweenDays(text, first, last string, zone *time.Location) (Span, error) {
	from, err := time.Parse(time.DateOnly, first)
	if err != nil {
		return Span{}, refusal.Errorf("期间“%s”:没有 %s 这一天", "period %q: there is no day %s", text, first)
	}
	to := from
	if last != "" {
		if to, err = time.Parse(time.DateOnly, last); err != nil {
			return Span{}, refusal.Errorf("期间“%s”:没有 %s 这一天", "period %q: there is no day %s", text, last)
		}
	}
	if to.Before(from) {
		return Span{}, refusal.Errorf("期间“%s”:止日 %s 早于起日 %s", "period %q: %s is before %s", text, last, first)
	}
	s := Span{Name: text, ZH: chineseDay(from), EN: first}
	if last != "" {
		s.ZH, s.EN = s.ZH+"至"+chineseDay(to), first+" to "+last
	}
	y, m, d := from.Date()
	s.From = DayStart(y, m, d, zone)
	y, m, d = to.Date()
	s.To = DayStart(y, m, d+1, zone)
	return s, nil
}

func chineseDay(t time.Time) string { return t.Format("2006年1月2日") }

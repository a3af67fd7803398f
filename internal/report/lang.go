package report

import (
	"fmt"
	"time"
)

// Lang is the language of a report.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// ParseLang reads a language as commands take it.
func ParseLang(s string) (Lang, error) {
	switch l := Lang(s); l {
	case Chinese, English:
		return l, nil
	}
	return "", fmt.Errorf("language %q is not one of zh, en", s)
}

// of picks the text of the language. Both stand beside each other where they are used, so
// that one cannot be changed without the other being seen.
func (l Lang) of(zh, en string) string {
	if l == English {
		return en
	}
	return zh
}

// tag is the language as documents name it.
func (l Lang) tag() string { return l.of("zh-CN", "en-GB") }

func (l Lang) yes(b bool) string {
	if b {
		return l.of("是", "yes")
	}
	return l.of("否", "no")
}

// moment prints an instant in its own zone, to the second.
func (l Lang) moment(t time.Time) string { return t.Format("2006-01-02 15:04:05") }

// minute prints an instant in its own zone, to the minute.
func (l Lang) minute(t time.Time) string { return t.Format("2006-01-02 15:04") }

// last prints the last day before an instant that ends a period, where that is midnight.
func (l Lang) last(to time.Time) string {
	if to.Hour() == 0 && to.Minute() == 0 {
		return to.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return l.minute(to)
}

// weekday names a day of the week, 1 is Monday.
func (l Lang) weekday(n int) string {
	zh := []string{"周一", "周二", "周三", "周四", "周五", "周六", "周日"}
	en := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	return l.of(zh[(n-1)%7], en[(n-1)%7])
}

package kpi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/refusal"
)

// Place narrows the calls to a part of the hotline, or of the day and the week. Empty names
// narrow nothing.
type Place struct {
	Centre string `json:"centre,omitempty"`
	Source string `json:"source,omitempty"`
	Queue  string `json:"queue,omitempty"`
	Agent  string `json:"agent,omitempty"`
	Topic  string `json:"topic,omitempty"`

	// Nameless are the calls whose name in the dimension is blank: the group that tables
	// print as not named.
	Nameless Dimension `json:"nameless,omitempty"`

	// Hour is an hour of the day as ParseHour gives it, Weekday a day of the week as
	// ParseWeekday does: those of the quarter hour of the arrival, on the clocks of the
	// zone that is asked for.
	Hour    string `json:"hour,omitempty"`
	Weekday string `json:"weekday,omitempty"`
}

// Dimension is that of the tallies that count the place, and whether only one of its names
// does; ok is false when none count it, since tallies know a queue, an agent or a topic, and
// not two of them together.
func (p Place) Dimension() (d Dimension, named, ok bool) {
	d = ByQueue
	for _, g := range []struct {
		d    Dimension
		name string
	}{{ByQueue, p.Queue}, {ByAgent, p.Agent}, {ByTopic, p.Topic}} {
		if g.name == "" && g.d != p.Nameless {
			continue
		}
		if named {
			return ByQueue, false, false
		}
		d, named = g.d, true
	}
	return d, named, true
}

// Name is what the place is called in its dimension; of the nameless it is blank.
func (p Place) Name(d Dimension) string {
	return map[Dimension]string{ByQueue: p.Queue, ByAgent: p.Agent, ByTopic: p.Topic}[d]
}

// Counts says whether a tally of the place's dimension is of the place.
func (p Place) Counts(k *Key, zone *time.Location) bool {
	_, named, ok := p.Dimension()
	return ok && (!named || k.Name == p.Name(k.Dimension)) &&
		(p.Source == "" || k.Source == p.Source) && (p.Centre == "" || k.Centre == p.Centre) && p.At(k.Bucket, zone)
}

// AnyTime says whether the place is narrowed to no part of the day or the week.
func (p Place) AnyTime() bool { return p.Hour == "" && p.Weekday == "" }

// At says whether the quarter hour lies in the place's hour and weekday. It is what puts a
// quarter hour into a group of hours, too.
func (p Place) At(bucket time.Time, zone *time.Location) bool {
	if p.AnyTime() {
		return true
	}
	local := bucket.In(zone)
	if p.Weekday != "" && p.Weekday != weekdays[weekday(local)] {
		return false
	}
	return p.Hour == "" || p.Hour == hourOfDay(local) || p.Hour == hourAt(local)
}

// Check finds what contradicts itself.
func (p Place) Check() error {
	if p.Nameless == "" {
		return nil
	}
	if !slices.Contains([]Dimension{ByQueue, ByAgent, ByTopic}, p.Nameless) {
		return refusal.Errorf("无法区分未标明“%s”的来电:只能是技能组、坐席或业务类型", "calls without %q cannot be told apart: use queue, agent or topic", p.Nameless)
	}
	if name := p.Name(p.Nameless); name != "" {
		return refusal.Errorf("“未标明%[1]s”与“%[2]s”不能同时选:请只选其一", "calls without %[1]s and calls of %[1]s %[2]s are not the same ones: ask for one or the other", p.Nameless.wording(), name)
	}
	return nil
}

// wording is what a dimension that has names is called.
func (d Dimension) wording() Wording {
	zh := map[Dimension]string{ByQueue: "技能组", ByAgent: "坐席", ByTopic: "业务类型"}
	return Wording{ZH: zh[d], EN: string(d)}
}

// hourOfDay is the hour that the clocks of a time's zone show, and hourAt the same with the
// offset from UTC, which tells the two hours of a change of the clocks apart.
func hourOfDay(local time.Time) string { return local.Format("15") }

func hourAt(local time.Time) string { return local.Format("15-07:00") }

// weekday counts from Monday, 0, to Sunday, 6.
func weekday(local time.Time) int { return (int(local.Weekday()) + 6) % 7 }

// weekdays are the names of the days of the week, from Monday on.
var weekdays = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Weekdays are the days of the week as ParseWeekday gives them, from Monday on.
func Weekdays() []string { return slices.Clone(weekdays[:]) }

// ParseHour reads an hour of the day, 0 to 23, and gives it as Place.Hour has it: 09. With
// an offset from UTC, as 01-04:00, it is that hour by that offset alone, which in the night
// when clocks are set back is one of two.
func ParseHour(text string) (string, error) {
	digits, offset := text, ""
	if i := strings.IndexAny(text, "+-"); i > 0 {
		digits, offset = text[:i], text[i:]
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 23 || len(digits) > 2 || strings.ContainsAny(digits, "+-") {
		return "", refusal.Errorf("时段“%s”无法识别:请写 0 至 23,或带时差,如 01-04:00", "hour %q is none of 0 to 23, nor one with an offset from UTC as 01-04:00", text)
	}
	hour := fmt.Sprintf("%02d", n)
	if offset == "" {
		return hour, nil
	}
	at, err := time.Parse("15-07:00", hour+offset)
	if err != nil {
		return "", refusal.Errorf("时段“%s”:%s 不是时差,时差如 +08:00", "hour %q: %s is no offset from UTC as +08:00", text, offset)
	}
	return hourAt(at), nil
}

// ParseWeekday reads a day of the week by its English name or the beginning of it, by its
// number from Monday, 1, to Sunday, 7, or in Chinese, and gives it as Place.Weekday has it.
func ParseWeekday(text string) (string, error) {
	given := strings.ToLower(strings.TrimSpace(text))
	for i, short := range weekdays {
		whole := strings.ToLower(time.Weekday((i + 1) % 7).String())
		chinese := []rune("一二三四五六日")[i]
		switch {
		case given == strconv.Itoa(i+1), len(given) >= len(short) && strings.HasPrefix(whole, given):
			return short, nil
		case given == "周"+string(chinese), given == "星期"+string(chinese):
			return short, nil
		}
	}
	return "", refusal.Errorf("星期“%s”无法识别:请写周一至周日,或 1(周一)至 7", "weekday %q is none of mon, tue, wed, thu, fri, sat and sun, nor 1 (Monday) to 7", text)
}

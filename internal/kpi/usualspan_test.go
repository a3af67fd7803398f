package kpi

import (
	"testing"
	"time"

	"hotline12333/internal/calendar"
)

func TestUsualSpan(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	q := weeksOf(first, 28, nil, nil)
	q.Day = first.AddDate(0, 0, 28)
	u, err := UsualDayOf(q)
	if err != nil {
		t.Fatal(err)
	}
	offered := func(t *Tally) int64 { return t.Offered() }
	nine := QuarterOfDay(first.Add(9*time.Hour + 14*time.Minute + 59*time.Second))
	least, most := u.Extremes(offered) // Mondays of 40, 47, 54 and 61
	if nine != 36 || least[nine] != 40 || most[nine] != 61 || least[nine-1] != 0 || most[nine+8] != 0 {
		t.Errorf("from 9:00 (%d): %v to %v", nine, least[nine], most[nine])
	}
	if r := u.MeanBefore(nine+2, offered); r != (Ratio{Num: 2 * (40 + 47 + 54 + 61), Den: 4}) {
		t.Errorf("usually %d/%d before 9:30", r.Num, r.Den)
	}
	if days := u.Before(nine+2, offered); days[0] != (SoFar{Before: 2 * 61, All: 8 * 61}) {
		t.Errorf("on the newest day %+v", days[0])
	}
	if name := u.DaysName(); name != (Wording{"星期一", "Monday"}) {
		t.Errorf("called %v", name)
	}
	for u, want := range map[*UsualDay]string{
		{Likeness: SameSort, Sort: calendar.Holiday}: "节假日",
		{Likeness: SameSort, Sort: calendar.MadeUp}:  "调休上班日",
		{Likeness: AnyWorked, Days: u.Days}:          "工作日",
	} {
		if got := u.DaysName().ZH; got != want {
			t.Errorf("%+v is called %s", u, got)
		}
	}
	// Nothing before UsualSince is looked at.
	for sort, days := range map[calendar.DaySort]int{calendar.Worked: 84, calendar.RestDay: 84, calendar.MadeUp: 366, calendar.Holiday: 366} {
		if got := UsualSince(q.Day.Add(13*time.Hour), sort, zone); !got.Equal(q.Day.AddDate(0, 0, -days)) {
			t.Errorf("%s: since %v", sort, got)
		}
	}
}

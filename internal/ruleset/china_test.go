package ruleset_test

import (
	"container/list"
	"slices"
	"testing"
	"time"

	lunar "github.com/6tail/lunar-go/HolidayUtil"
	almanac "github.com/6tail/lunar-go/calendar"
)

// The days of 2026 against a library that keeps them by itself. Of years it has not heard
// of it says that they have no holidays; so it is first asked whether it knows the year.
func TestChina2026AgreesWithAnotherCalendar(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	if n := lunar.GetHolidaysByYear(2026).Len(); n != 39 {
		t.Fatalf("the library lists %d days of 2026, not the 33 off and 6 made up of the notice: compare by hand", n)
	}
	off, makeup := 0, 0
	for day := time.Date(2026, 1, 1, 12, 0, 0, 0, c.Zone()); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		works := !weekend
		if h := lunar.GetHoliday(day.Format(time.DateOnly)); h != nil {
			works = h.IsWork()
		}
		got, err := c.IsWorkingDay(day)
		if err != nil || got != works {
			t.Errorf("%s: working %v (%v), the library says %v", day.Format(time.DateOnly), got, err, works)
		}
		switch {
		case weekend && got:
			makeup++
		case !weekend && !got:
			off++
		}
	}
	// The State Council's order No. 795 gives 13 days a year.
	if off-makeup != 13 {
		t.Errorf("%d weekdays off and %d weekend days worked make %d days, want 13", off, makeup, off-makeup)
	}
}

// The festivals, which the library computes from the moon and the sun, are days off.
func TestChina2026IsOffOnItsFestivals(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	found := 0
	for day := time.Date(2026, 1, 1, 12, 0, 0, 0, c.Zone()); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		solar := almanac.NewSolarFromYmd(day.Year(), int(day.Month()), day.Day())
		var names []string
		for _, of := range []*list.List{solar.GetFestivals(), solar.GetLunar().GetFestivals()} {
			for e := of.Front(); e != nil; e = e.Next() {
				names = append(names, e.Value.(string))
			}
		}
		names = append(names, solar.GetLunar().GetJieQi())
		for _, festival := range []string{"元旦节", "除夕", "春节", "清明", "劳动节", "端午节", "中秋节", "国庆节"} {
			if !slices.Contains(names, festival) {
				continue
			}
			found++
			if works, err := c.IsWorkingDay(day); err != nil || works {
				t.Errorf("%s is %s and worked (%v)", day.Format(time.DateOnly), festival, err)
			}
		}
	}
	if found != 8 {
		t.Errorf("found %d festivals, want 8", found)
	}
}

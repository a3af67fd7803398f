package ruleset_test

import (
	"container/list"
	"slices"
	"testing"
	"time"

	lunar "github.com/6tail/lunar-go/HolidayUtil"
	almanac "github.com/6tail/lunar-go/calendar"

	"hotline12333/internal/calendar"
)

// The days of each year against a library that keeps them by itself. Of years it has not
// heard of it says that they have no holidays; so it is first asked whether it knows the year.
func TestChinaAgreesWithAnotherCalendar(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	for year, listed := range map[int]int{2025: 28 + 5, 2026: 33 + 6} {
		if n := lunar.GetHolidaysByYear(year).Len(); n != listed {
			t.Fatalf("the library lists %d days of %d, the notice %d: compare by hand", n, year, listed)
		}
		off, makeup := 0, 0
		for day := noonOf(c, year); day.Year() == year; day = day.AddDate(0, 0, 1) {
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
			t.Errorf("%d: %d weekdays off and %d weekend days worked make %d days, want 13", year, off, makeup, off-makeup)
		}
	}
	if years := c.Years(); !slices.Equal(years, []int{2025, 2026}) {
		t.Errorf("the calendar knows %v: compare all of them here", years)
	}
}

func noonOf(c calendar.Calendar, year int) time.Time {
	return time.Date(year, time.January, 1, 12, 0, 0, 0, c.Zone())
}

// The festivals, which the library computes from the moon and the sun, are days off.
func TestChinaIsOffOnItsFestivals(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	for _, year := range c.Years() {
		found := 0
		for day := noonOf(c, year); day.Year() == year; day = day.AddDate(0, 0, 1) {
			for _, festival := range festivalsOf(day) {
				found++
				if works, err := c.IsWorkingDay(day); err != nil || works {
					t.Errorf("%s is %s and worked (%v)", day.Format(time.DateOnly), festival, err)
				}
			}
		}
		if found != 8 {
			t.Errorf("%d has %d festivals, want 8", year, found)
		}
	}
}

func festivalsOf(day time.Time) []string {
	solar := almanac.NewSolarFromYmd(day.Year(), int(day.Month()), day.Day())
	names := []string{solar.GetLunar().GetJieQi()}
	for _, of := range []*list.List{solar.GetFestivals(), solar.GetLunar().GetFestivals()} {
		for e := of.Front(); e != nil; e = e.Next() {
			names = append(names, e.Value.(string))
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.Contains([]string{"元旦节", "除夕", "春节", "清明", "劳动节", "端午节", "中秋节", "国庆节"}, name)
	})
}

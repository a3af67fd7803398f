package kpi

import (
	"errors"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
)

// weeksOf is a hotline that is worked from Monday to Friday: day k from the first has
// 40+k calls in the quarter hour from 9:00 and as many from 9:15, half of them answered.
func weeksOf(first time.Time, days int, holidays, madeUp []string) UsualQuery {
	q := UsualQuery{Zone: first.Location(), Sort: func(t time.Time) (calendar.DaySort, error) {
		name := t.Format(time.DateOnly)
		switch {
		case t.Year() != first.Year():
			return "", errors.New("a year without days")
		case slices.Contains(holidays, name):
			return calendar.Holiday, nil
		case slices.Contains(madeUp, name):
			return calendar.MadeUp, nil
		case t.Weekday() == time.Saturday || t.Weekday() == time.Sunday:
			return calendar.RestDay, nil
		}
		return calendar.Worked, nil
	}}
	for k := range days {
		day := first.AddDate(0, 0, k)
		if sort, _ := q.Sort(day); sort != calendar.Worked && sort != calendar.MadeUp {
			continue
		}
		for i := range time.Duration(8) {
			at := day.Add(9*time.Hour + i*hotline.BucketLength)
			n := int64(40 + k)
			q.Entries = append(q.Entries, Entry{Key: Key{Bucket: at.UTC()}, Tally: Tally{Calls: n, Answered: n / 2, AbandonedQueue: n - n/2}})
		}
	}
	return q
}

func datesOf(days []time.Time) (names []string) {
	for _, d := range days {
		names = append(names, d.Format(time.DateOnly))
	}
	return names
}

func TestUsualDay(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, zone) // a Monday
	holidays, madeUp := []string{"2026-04-06"}, []string{"2026-03-14", "2026-03-28", "2026-04-11", "2026-05-09"}
	for _, tt := range []struct {
		name string
		day  time.Time
		days int // that there are
		skip string
		sort calendar.DaySort
		how  Likeness
		want []string
	}{
		{"the same weekday", first.AddDate(0, 0, 28), 28, "", calendar.Worked, SameWeekday, []string{"2026-03-23", "2026-03-16", "2026-03-09", "2026-03-02"}},
		{"no holiday among them", first.AddDate(0, 0, 42), 42, "", calendar.Worked, SameWeekday, []string{"2026-03-30", "2026-03-23", "2026-03-16", "2026-03-09", "2026-03-02"}},
		{"without one that shows nothing usual", first.AddDate(0, 0, 28), 28, "2026-03-16", calendar.Worked, SameWeekday, []string{"2026-03-23", "2026-03-09", "2026-03-02"}},
		{"at most eight", first.AddDate(0, 0, 10*7+1), 80, "", calendar.Worked, SameWeekday, []string{"2026-05-05", "2026-04-28", "2026-04-21", "2026-04-14", "2026-04-07", "2026-03-31", "2026-03-24", "2026-03-17"}},
		{"too few of its weekday", first.AddDate(0, 0, 9), 9, "", calendar.Worked, AnyWorked, []string{"2026-03-10", "2026-03-09", "2026-03-06", "2026-03-05", "2026-03-04", "2026-03-03", "2026-03-02"}},
		{"a rest day", first.AddDate(0, 0, 62), 62, "", calendar.RestDay, SameWeekday, nil},
		{"made up ones are like each other", time.Date(2026, 5, 9, 0, 0, 0, 0, zone), 62, "", calendar.MadeUp, SameSort, []string{"2026-04-11", "2026-03-28", "2026-03-14"}},
		{"too few made up ones", time.Date(2026, 4, 11, 0, 0, 0, 0, zone), 40, "", calendar.MadeUp, AnyWorked, []string{"2026-04-10", "2026-04-09", "2026-04-08", "2026-04-07", "2026-04-03", "2026-04-02", "2026-04-01", "2026-03-31"}},
		{"two days are not enough", first.AddDate(0, 0, 2), 2, "", calendar.Worked, AnyWorked, []string{"2026-03-03", "2026-03-02"}},
		{"nothing came before", first, 30, "", calendar.Worked, SameWeekday, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := weeksOf(first, tt.days, holidays, madeUp)
			q.Day = tt.day.Add(13 * time.Hour)
			q.Skip = func(d time.Time) bool { return d.Format(time.DateOnly) == tt.skip }
			u, err := UsualDayOf(q)
			if err != nil {
				t.Fatal(err)
			}
			if got := datesOf(u.Days); !slices.Equal(got, tt.want) || u.Sort != tt.sort || u.Likeness != tt.how {
				t.Fatalf("%s, %s: %v\nwant %s, %s: %v", u.Sort, u.Likeness, got, tt.sort, tt.how, tt.want)
			}
			sum := 0.0
			for _, d := range u.Days {
				sum += 40 + float64(d.Sub(first)/(24*time.Hour))
			}
			mean := u.Mean(func(t *Tally) int64 { return t.Offered() })
			if want := sum / max(1, float64(len(u.Days))); mean[36] != want || mean[43] != want || mean[44] != 0 || mean[35] != 0 {
				t.Errorf("from 9:00 %v and from 10:45 %v, want %v; before and after %v, %v", mean[36], mean[43], want, mean[35], mean[44])
			}
		})
	}
	q := weeksOf(first, 14, nil, nil)
	q.Day = first.AddDate(1, 0, 0)
	if _, err := UsualDayOf(q); err == nil {
		t.Error("a day of a year that no calendar knows is like others")
	}
}

// TestUsualDayLeavesOutSilence takes records away from one of five Mondays: as soon as it
// must be a fault it is not usual, and a little less is a quiet morning.
func TestUsualDayLeavesOutSilence(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	for _, tt := range []struct {
		per  int64 // calls of a quarter hour
		gone int   // quarter hours in a row
		want int   // like days
	}{{5, 3, 4}, {5, 2, 5}, {2, 7, 4}, {2, 6, 5}, {1, 8, 5}} {
		q := weeksOf(first, 35, nil, nil)
		q.Day = first.AddDate(0, 0, 35)
		gap := first.AddDate(0, 0, 7).Add(9 * time.Hour)
		for i := range q.Entries {
			if e := &q.Entries[i]; e.Key.Bucket.Before(gap) || !e.Key.Bucket.Before(gap.Add(time.Duration(tt.gone)*hotline.BucketLength)) {
				e.Tally = Tally{Calls: tt.per, Answered: tt.per}
			} else {
				e.Tally = Tally{}
			}
		}
		q.Entries = append(q.Entries, Entry{Key: Key{Bucket: gap.Add(10 * time.Hour).UTC()}, Tally: Tally{Calls: 1, Answered: 1}})
		u, err := UsualDayOf(q)
		if err != nil {
			t.Fatal(err)
		}
		if len(u.Days) != tt.want || len(u.LeftOut) != 5-tt.want {
			t.Errorf("%d quarter hours of %d calls missing: made of %v, left out %v", tt.gone, tt.per, datesOf(u.Days), datesOf(u.LeftOut))
		}
	}
}

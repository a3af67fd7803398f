package kpi

import (
	"testing"
	"time"
)

func TestCourse(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	days, err := YearDays(2026, zone, func(t time.Time) (bool, error) {
		return t.Weekday() != time.Sunday && t.Weekday() != time.Saturday, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range days {
		days[i].Count, days[i].Known = 10, true
	}
	noon := time.Date(2026, 2, 10, 12, 0, 0, 0, zone)
	over := Over(days, noon)
	if over != 31+9 || Over(days, noon.Add(12*time.Hour)) != 41 || Over(days, days[0].Date) != 0 || Over(days, noon.AddDate(2, 0, 0)) != 365 {
		t.Fatalf("%d days are over", over)
	}
	course := Course(days, over, 261_000) // 261 working days
	if len(course) != 12 || *course[0].ToDate != 310 || *course[1].ToDate != 400 || course[2].ToDate != nil {
		t.Errorf("%+v", course)
	}
	for i := range days[:45] { // the records begin in the middle of February
		days[i].Count, days[i].Known = 0, false
	}
	if late := Course(days, 60, 261_000); late[0].ToDate != nil || *late[1].ToDate != 140 {
		t.Errorf("%+v", late)
	}
	if got := course[0].Expected.RatString(); got != "22000" {
		t.Errorf("January asks for %s, want 22 working days", got)
	}
	if got := course[11].Expected.RatString(); got != "261000" {
		t.Errorf("December asks for %s", got)
	}
}

func TestServed(t *testing.T) {
	b := Build{InService: func(_ string, bucket time.Time) bool { return bucket.Hour() == 9 }}
	at := func(h int) time.Time { return time.Date(2026, 1, 5, h, 0, 0, 0, time.UTC) }
	in := []Entry{
		{Key: Key{Bucket: at(9)}, Tally: Tally{Calls: 2, Answered: 1, AbandonedQueue: 1}},
		{Key: Key{Bucket: at(20)}, Tally: Tally{Calls: 2, Answered: 1, AbandonedQueue: 1}},
	}
	out := b.Served(in)
	if out[0].Tally.Requested() != 2 || out[1].Tally.Requested() != 1 || in[1].Tally.Requested() != 2 {
		t.Errorf("%+v", out)
	}
}

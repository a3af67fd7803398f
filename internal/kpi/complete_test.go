package kpi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCompleteness leaves hours of a working day empty and expects them to be found, the
// night between two of them not among them.
func TestCompleteness(t *testing.T) {
	zone := time.FixedZone("+05:30", 5*3600+1800) // its hours begin within those of UTC
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	at := func(d, h, m int) time.Time { return day.AddDate(0, 0, d).Add(time.Duration(h*60+m) * time.Minute) }
	b := Build{Zone: zone, InService: func(source string, bucket time.Time) bool {
		h := bucket.In(zone).Hour()
		return source == "all day" || h >= 9 && h < 17
	}}
	var entries []Entry
	add := func(source string, times ...time.Time) {
		for _, x := range times {
			entries = append(entries, Entry{Key: Key{Source: source, Bucket: x.UTC()}, Tally: Tally{Calls: 1, Open: 1}})
		}
	}
	for d := range 2 {
		for h := 9; h < 17; h++ {
			if (d == 0 && h >= 15) || (d == 1 && h == 9) || (d == 1 && h == 12) {
				continue
			}
			add("pbx", at(d, h, 45))
		}
	}
	entries = append(entries, Entry{Key: Key{Source: "pbx", Bucket: at(0, 15, 0).UTC()}}) // a group that vanished
	add("all day", at(0, 0, 0))
	got := b.Completeness(day, day.AddDate(0, 0, 2), entries, []string{"silent", "pbx"})
	want := []Completeness{
		{Source: "all day", Service: 48, Empty: 47, Gaps: []Gap{{From: at(0, 1, 0), To: at(2, 0, 0), Hours: 47}}},
		{Source: "pbx", Service: 16, Empty: 4, Gaps: []Gap{
			{From: at(0, 15, 0), To: at(1, 10, 0), Hours: 3},
			{From: at(1, 12, 0), To: at(1, 13, 0), Hours: 1},
		}},
		{Source: "silent", Service: 16, Empty: 16, Gaps: []Gap{{From: at(0, 9, 0), To: at(1, 17, 0), Hours: 16}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsOfReports puts calls at known times of two months and expects them there.
func TestGroupsOfReports(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	b := Build{Zone: zone, Definitions: DefaultDefinitions()}
	var entries []Entry
	for _, at := range []time.Time{
		time.Date(2026, 1, 31, 23, 45, 0, 0, zone), // Saturday
		time.Date(2026, 2, 1, 0, 0, 0, 0, zone),    // Sunday
		time.Date(2026, 2, 2, 9, 30, 0, 0, zone),   // Monday
		time.Date(2026, 2, 9, 9, 15, 0, 0, zone),
	} {
		entries = append(entries, Entry{Key: Key{Bucket: at.UTC()}, Tally: Tally{Calls: 2, Answered: 1, AbandonedQueue: 1, DataTo: at}})
	}
	for by, want := range map[By]map[string]int64{
		Month:     {"2026-01": 1, "2026-02": 3},
		HourOfDay: {"23": 1, "00": 1, "09": 2},
		WeekHour:  {"6-23": 1, "7-00": 1, "1-09": 2},
	} {
		s := b.Statement(Period{Zone: zone.String()}, entries, by, entries)
		got := map[string]int64{}
		for i, g := range s.Groups {
			got[g.Key] = g.Counts.Answered
			if g.Exact.AnswerRateAgent != (Ratio{Num: g.Counts.Answered, Den: g.Counts.Requested}) {
				t.Errorf("%s %s: %+v", by, g.Key, g.Exact.AnswerRateAgent)
			}
			if i > 0 && by == Month && !s.Groups[i-1].From.Before(*g.From) {
				t.Errorf("%s is not after %s", g.Key, s.Groups[i-1].Key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", by, diff)
		}
		if s.Exact.AnswerRateAgent != (Ratio{Num: 4, Den: 8}) {
			t.Errorf("%+v", s.Exact.AnswerRateAgent)
		}
	}
}

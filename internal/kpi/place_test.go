package kpi

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones below, whatever the machine has

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

// TestPlaceOfGroups: the place of a group holds the quarter hours that were put into the
// group, all of them and no others, in zones whose clocks are changed by an hour, by half of
// one or by two, and in such that are no whole hours from UTC.
func TestPlaceOfGroups(t *testing.T) {
	type change struct{ zone, at string }
	changes := []change{
		{"Asia/Shanghai", "2026-03-01T00:00:00Z"},
		{"Asia/Kolkata", "2026-03-01T00:00:00Z"},
		{"Asia/Kathmandu", "2026-06-30T18:00:00Z"},
		{"America/New_York", "2026-03-08T07:00:00Z"},
		{"America/New_York", "2026-11-01T06:00:00Z"},
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
		{"Antarctica/Troll", "2026-03-29T01:00:00Z"},
		{"Antarctica/Troll", "2026-10-25T01:00:00Z"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.SampledFrom(changes).Draw(rt, "change")
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			rt.Fatal(err)
		}
		around, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			rt.Fatal(err)
		}
		b := Build{Zone: zone, Definitions: DefaultDefinitions()}
		var entries []Entry
		for i := range int64(4 * 60) { // two and a half days, each quarter hour with another number of calls
			bucket := around.Add(time.Duration(i-120) * hotline.BucketLength)
			entries = append(entries, Entry{Key: Key{Dimension: ByQueue, Bucket: bucket}, Tally: Tally{Calls: 1 << (i % 40), Answered: 1, DataTo: bucket}})
		}
		by := rapid.SampledFrom([]By{Hour, HourOfDay, WeekHour}).Draw(rt, "by")
		for _, g := range b.Statement(Period{}, nil, by, entries).Groups {
			at, ok := g.Place(Place{})
			if !ok {
				rt.Fatalf("group %s has no place", g.Key)
			}
			period := Span{From: around.AddDate(0, 0, -9), To: around.AddDate(0, 0, 9)}
			if by == Hour {
				if period, err = ParsePeriod(g.From.Format(time.DateOnly), zone); err != nil {
					rt.Fatal(err)
				}
			}
			var sum, whole, stretch int64
			for _, e := range entries {
				in := !e.Key.Bucket.Before(period.From) && e.Key.Bucket.Before(period.To)
				if in && at.Counts(&e.Key, zone) {
					sum += e.Tally.Calls
				}
				if by == Hour && !e.Key.Bucket.Before(*g.From) && e.Key.Bucket.Before(*g.To) {
					stretch += e.Tally.Calls
				}
			}
			if whole = g.Counts.Calls; sum != whole {
				rt.Fatalf("%s in %s: the group counts %d, its place %+v %d", g.Key, zone, whole, at, sum)
			}
			if by == Hour && stretch != whole {
				rt.Fatalf("%s in %s is said to be from %v to %v, in which there are %d of %d", g.Key, zone, g.From, g.To, stretch, whole)
			}
		}
	})
}

// Of an hour that clocks show twice each has its own place, and of the usual ones no offset
// is named.
func TestPlaceOfRepeatedHour(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	b := Build{Zone: zone, Definitions: DefaultDefinitions()}
	var entries []Entry
	for i := range 8 {
		at := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC).Add(time.Duration(i) * hotline.BucketLength)
		entries = append(entries, Entry{Key: Key{Bucket: at}, Tally: Tally{Calls: 1, DataTo: at}})
	}
	var hours []string
	for _, g := range b.Statement(Period{}, nil, Hour, entries).Groups {
		at, _ := g.Place(Place{})
		hours = append(hours, at.Hour)
	}
	if got := strings.Join(hours, " "); got != "01-04:00 01-05:00" {
		t.Errorf("the two hours are %s", got)
	}
}

func TestPlaceWords(t *testing.T) {
	for given, want := range map[string]string{"9": "09", "09": "09", "0": "00", "23": "23", "01-04:00": "01-04:00", "1+10:30": "01+10:30"} {
		if got, err := ParseHour(given); err != nil || got != want {
			t.Errorf("hour %q is read as %q, %v; want %q", given, got, err, want)
		}
	}
	for _, given := range []string{"", "24", "-1", "+1", "9:30", "nine", "009", "01-4", "01+25:00", "9 "} {
		if got, err := ParseHour(given); err == nil {
			t.Errorf("hour %q is read as %q", given, got)
		}
	}
	for given, want := range map[string]string{"mon": "mon", "Monday": "mon", "1": "mon", "7": "sun", "周三": "wed", "星期日": "sun", "thurs": "thu"} {
		if got, err := ParseWeekday(given); err != nil || got != want {
			t.Errorf("weekday %q is read as %q, %v; want %q", given, got, err, want)
		}
	}
	for _, given := range []string{"", "0", "8", "m", "mo", "monk", "周八"} {
		if got, err := ParseWeekday(given); err == nil {
			t.Errorf("weekday %q is read as %q", given, got)
		}
	}
	for _, p := range []Place{{Nameless: ByKind}, {Nameless: ByQueue, Queue: "a"}} {
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
	if err := (Place{Nameless: ByQueue, Centre: "a"}).Check(); err != nil {
		t.Error(err)
	}
}

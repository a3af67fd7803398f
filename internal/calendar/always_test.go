package calendar_test

import (
	"testing"
	"time"

	"hotline12333/internal/calendar"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Any year, any hour: nobody has to add a file for it.
func TestAlways(t *testing.T) {
	shanghai := time.FixedZone("", 8*60*60)
	for _, c := range []calendar.Calendar{{}, calendar.AlwaysIn(shanghai)} {
		if c.Name() != calendar.Always || c.Years() != nil {
			t.Errorf("%s knows %v", c.Name(), c.Years())
		}
		for _, s := range []string{"1999-02-01T03:00:00Z", "2026-02-16T12:00:00Z", "2099-12-31T23:45:00Z"} {
			when := at(t, s)
			works, err := c.IsWorkingDay(when)
			if !c.InService(when) || !c.Covers(when) || !works || err != nil {
				t.Errorf("%s is outside service hours", s)
			}
			if end, ends := c.End(when); ends {
				t.Errorf("always ends at %s", end)
			}
			opening, err := c.NextOpening(when)
			if err != nil || !opening.Equal(when) {
				t.Errorf("opens at %s (%v)", opening, err)
			}
			if later, err := c.AddWorking(when, 100*time.Hour); err != nil || !later.Equal(when.Add(100*time.Hour)) {
				t.Errorf("100 h later is %s (%v)", later, err)
			}
			if d, err := c.Working(when, when.AddDate(1, 0, 0)); err != nil || d != when.AddDate(1, 0, 0).Sub(when) {
				t.Errorf("a year has %v of service (%v)", d, err)
			}
		}
	}
	// The days are those of the zone: 16:00Z is the next day in China.
	in := map[*time.Location]string{time.UTC: "2026-05-02T00:00:00Z", shanghai: "2026-05-02T16:00:00Z"}
	for zone, want := range in {
		end, err := calendar.AlwaysIn(zone).AddWorkingDays(at(t, "2026-04-30T16:00:00Z"), 1)
		if err != nil || !end.Equal(at(t, want)) {
			t.Errorf("a day later in %s is %s (%v), want %s", zone, end, err, want)
		}
	}
}

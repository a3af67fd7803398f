package simulate

import (
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// used is the processor time this process has had, which a busy machine does not change.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestYear(t *testing.T) {
	unread(t)
	zone := shanghai(t)
	o := Options{Seed: 12333, From: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), To: time.Date(2027, 1, 1, 0, 0, 0, 0, zone), Pseudonym: mask}
	s := begin(t, o)
	inHours, all := kpi.Tally{}, kpi.Tally{}
	days := map[string]*kpi.Tally{}
	people := map[string]int{}
	began := used(t)
	calls := collect(t, s.Backfill(time.Time{}))
	took := used(t) - began
	for _, e := range calls {
		one := kpi.One(e.Call)
		all.Merge(&one)
		at := e.Call.StartedAt.In(zone)
		people[e.Call.CallerHash]++
		if m := at.Hour()*60 + at.Minute(); m < 510 || m >= 720 && m < 840 || m >= 1050 {
			if one.Answered > 0 {
				t.Fatalf("%s is answered outside service hours", e.Call.ID)
			}
			continue
		}
		day := at.Format(time.DateOnly)
		if days[day] == nil {
			days[day] = new(kpi.Tally)
		}
		days[day].Merge(&one)
	}
	worked, busiest := 0, int64(0)
	for day, sum := range days {
		if sum.Answered == 0 {
			continue
		}
		worked++
		busiest = max(busiest, sum.Answered)
		inHours.Merge(sum)
		switch day {
		case "2026-02-17", "2026-05-02", "2026-10-05", "2026-07-04":
			t.Errorf("%d answered on %s, which is off", sum.Answered, day)
		}
	}
	if days["2026-02-14"].Answered == 0 || days["2026-10-10"].Answered == 0 {
		t.Error("nobody answered on a weekend that is worked")
	}
	rate := float64(inHours.Answered) / float64(inHours.Requested())
	t.Logf("%d calls in %s of processor time; %d answered on %d days, %.4f of the requested in service hours", len(calls), took, all.Answered, worked, rate)
	if worked != 248 || all.Answered < 96_000 || all.Answered > 105_000 || rate < 0.83 || rate > 0.87 {
		t.Errorf("%d answered on %d days, rate %.4f: not the year of DOMAIN", all.Answered, worked, rate)
	}
	if repeated := len(calls) - len(people); repeated < len(calls)/4 {
		t.Errorf("%d callers made %d calls: hardly anybody calls again", len(people), len(calls))
	}
	testkit.Promised(t, "a year of processor time", took, 3*time.Second)
}

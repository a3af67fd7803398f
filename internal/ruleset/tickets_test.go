package ruleset_test

import (
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// response is what counting and settling say of one consultation.
func response(t *testing.T, c calendar.Calendar, opened, responded time.Time) kpi.Kept {
	t.Helper()
	tallies := make(map[kpi.TicketKey]*kpi.TicketTally)
	kpi.CountTicket(tallies, &hotline.Ticket{
		ID: "t", Version: 1, Centre: "xy", Kind: hotline.TicketConsultation, OpenedAt: opened.UTC(), RespondedAt: responded.UTC(),
	})
	d := kpi.DefaultDefinitions()
	s := kpi.Settling{
		Deadlines: d.Deadlines(), AsOf: hotline.Latest,
		WorkingDays: func(_ string, at time.Time, days int) (time.Time, error) { return c.AddWorkingDays(at, days) },
	}
	var sum kpi.Tally
	for key, tally := range tallies {
		if key.Dimension == kpi.ByKind {
			for _, e := range s.Settle(&kpi.TicketEntry{Key: key, Tally: *tally}) {
				sum.Merge(&e.Tally)
			}
		}
	}
	return sum.Tickets[hotline.TicketConsultation].Respond
}

func TestConsultationsOverTheNationalDay(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	zone := shanghai(t)
	for _, opened := range []time.Time{
		time.Date(2026, 9, 30, 16, 0, 0, 0, zone), // the last working day before the holidays
		time.Date(2026, 10, 3, 10, 7, 0, 0, zone), // on one of them
	} {
		by := time.Date(2026, 10, 9, 17, 30, 0, 0, zone)
		if got := response(t, c, opened, by); got != (kpi.Kept{InTime: 1}) {
			t.Errorf("opened %s, answered at the deadline: %+v", opened, got)
		}
		if got := response(t, c, opened, by.Add(time.Millisecond)); got != (kpi.Kept{Late: 1}) {
			t.Errorf("opened %s, answered a millisecond later: %+v", opened, got)
		}
	}
	// The days of 2027 are not known: it is counted, and neither in time nor late.
	if got := response(t, c, time.Date(2026, 12, 31, 9, 0, 0, 0, zone), time.Date(2027, 1, 1, 9, 0, 0, 0, zone)); got != (kpi.Kept{Unknown: 1}) {
		t.Errorf("a deadline in 2027: %+v", got)
	}
}

// From tallies the deadline of every quarter hour of the year is told to the millisecond,
// wherever on its last day a term ends.
func TestEveryQuarterHourHasItsDeadline(t *testing.T) {
	zone := shanghai(t)
	for _, ends := range []string{"close_of_service", "end_of_day", "same_time"} {
		c := mustCalendar(t, "own", map[string]string{"own.yaml": "name: own\nextends: cn-2026\ndeadline: " + ends + "\n"})
		opened := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
		for n := 0; opened.Before(time.Date(2026, 12, 29, 0, 0, 0, 0, zone)); n++ {
			at := opened.Add([]time.Duration{0, time.Millisecond, 7*time.Minute + 217*time.Millisecond, 15*time.Minute - time.Millisecond}[n%4])
			by, err := c.AddWorkingDays(at, 2)
			if err != nil {
				t.Fatal(err)
			}
			for late, want := range map[time.Duration]kpi.Kept{0: {InTime: 1}, time.Millisecond: {Late: 1}} {
				if got := response(t, c, at, by.Add(late)); got != want {
					t.Fatalf("%s: opened %s, due %s, answered %s later: %+v", ends, at, by, late, got)
				}
			}
			opened = opened.Add(hotline.BucketLength)
		}
	}
}

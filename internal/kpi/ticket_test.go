package kpi

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

var shanghai = time.FixedZone("UTC+8", 8*3600)

func local(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, shanghai)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// office is a calendar for tests: Mondays to Fridays without the first week of October
// 2026; a day keeps the time of day, and what comes on a day off counts as if it had come
// when the next working day begins. It knows no other year than 2026.
func office(_ string, t time.Time, days int) (time.Time, error) {
	at := t.In(shanghai)
	work := func(d time.Time) (bool, error) {
		if d.Year() != 2026 {
			return false, fmt.Errorf("no data for %d", d.Year())
		}
		off := d.Month() == time.October && d.Day() <= 7
		return !off && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday, nil
	}
	if ok, err := work(at); err != nil {
		return t, err
	} else if !ok {
		at = time.Date(at.Year(), at.Month(), at.Day(), 9, 0, 0, 0, shanghai)
		days++
	}
	for days > 0 {
		at = at.AddDate(0, 0, 1)
		ok, err := work(at)
		if err != nil {
			return t, err
		}
		if ok {
			days--
		}
	}
	return at.UTC(), nil
}

func consultation(opened, responded string) *hotline.Ticket {
	t := &hotline.Ticket{ID: "t", Version: 1, Centre: "xy", Source: "crm", Kind: hotline.TicketConsultation, OpenedAt: local(opened)}
	if responded != "" {
		t.RespondedAt = local(responded)
	}
	return t
}

func twoDays() Deadlines {
	d := DefaultDefinitions()
	return d.Deadlines()
}

// settled counts tickets and gives what they come to at an instant, all of it together.
func settled(asOf time.Time, list ...*hotline.Ticket) (Tally, map[time.Time]bool) {
	tallies := make(map[TicketKey]*TicketTally)
	for _, t := range list {
		CountTicket(tallies, t)
	}
	s := Settling{Deadlines: twoDays(), WorkingDays: office, AsOf: asOf}
	var sum Tally
	buckets := make(map[time.Time]bool)
	for key, tally := range tallies {
		if key.Dimension != ByKind {
			continue
		}
		for _, e := range s.Settle(&TicketEntry{key, *tally}) {
			buckets[e.Key.Bucket] = true
			sum.Merge(&e.Tally)
		}
	}
	return sum, buckets
}

func TestConsultationDeadlines(t *testing.T) {
	const late = "2026-12-30 00:00:00.000"
	onTheSpot := consultation("2026-09-30 16:00:00.000", "2026-09-30 16:00:00.000")
	onTheSpot.OnTheSpot = true
	own := consultation("2026-09-30 16:00:00.000", "2026-09-30 17:00:00.001")
	own.RespondBy = local("2026-09-30 17:00:00.000")
	owes := consultation("2026-09-30 16:00:00.000", "")
	owes.RespondBy = local("2026-09-30 17:00:00.000")
	resolved := consultation("2026-09-30 16:00:00.000", "")
	resolved.ResolvedAt = local("2026-10-09 16:00:00.000")
	backwards := consultation("2026-09-30 16:00:00.000", "2026-09-29 16:00:00.000")
	for _, c := range []struct {
		name   string
		ticket *hotline.Ticket
		asOf   string
		want   Kept
		ratio  string
	}{
		{"exactly at two working days", consultation("2026-09-30 16:00:00.000", "2026-10-09 16:00:00.000"), late, Kept{InTime: 1}, "1/1"},
		{"a millisecond later", consultation("2026-09-30 16:00:00.000", "2026-10-09 16:00:00.001"), late, Kept{Late: 1}, "0/1"},
		{"within its quarter hour, at the deadline", consultation("2026-09-30 16:07:03.217", "2026-10-09 16:07:03.217"), late, Kept{InTime: 1}, "1/1"},
		{"within its quarter hour, later", consultation("2026-09-30 16:07:03.217", "2026-10-09 16:07:03.218"), late, Kept{Late: 1}, "0/1"},
		{"opened on a holiday, at the deadline", consultation("2026-10-03 11:07:00.000", "2026-10-12 09:00:00.000"), late, Kept{InTime: 1}, "1/1"},
		{"opened on a holiday, later", consultation("2026-10-03 11:07:00.000", "2026-10-12 09:00:00.001"), late, Kept{Late: 1}, "0/1"},
		{"open and overdue", consultation("2026-09-30 16:00:00.000", ""), late, Kept{Overdue: 1, Open: 1}, "0/1"},
		{"open and not yet due", consultation("2026-09-30 16:00:00.000", ""), "2026-10-09 16:14:59.999", Kept{Pending: 1, Open: 1}, "0/0"},
		{"due when its quarter hour has passed", consultation("2026-09-30 16:00:00.000", ""), "2026-10-09 16:15:00.000", Kept{Overdue: 1, Open: 1}, "0/1"},
		{"answered early, not yet due", consultation("2026-09-30 16:00:00.000", "2026-09-30 17:00:00.000"), "2026-10-09 16:14:59.999", Kept{Pending: 1}, "0/0"},
		{"on the spot", onTheSpot, "2026-09-30 16:00:00.000", Kept{}, "1/1"},
		{"by a deadline of its own", own, late, Kept{Late: 1}, "0/1"},
		{"its own passes at a quarter hour's edge", owes, "2026-09-30 17:00:00.000", Kept{Overdue: 1, Open: 1}, "0/1"},
		{"and not before", owes, "2026-09-30 16:59:59.999", Kept{Pending: 1, Open: 1}, "0/0"},
		{"resolving is a response", resolved, late, Kept{InTime: 1}, "1/1"},
		{"responded before it was opened", backwards, late, Kept{InTime: 1}, "1/1"},
		{"in a year without data", consultation("2026-12-30 16:00:00.000", ""), late, Kept{Unknown: 1, Open: 1}, "0/0"},
	} {
		sum, _ := settled(local(c.asOf), c.ticket)
		n := sum.Tickets[hotline.TicketConsultation]
		if diff := cmp.Diff(c.want, n.Respond); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		f := Compute(&sum, nil, DefaultDefinitions())
		if got := fmt.Sprintf("%d/%d", f.ConsultationTimeliness.Num, f.ConsultationTimeliness.Den); got != c.ratio {
			t.Errorf("%s: consultation timeliness %s, want %s", c.name, got, c.ratio)
		}
		if n.Opened != 1 {
			t.Errorf("%s: opened %d", c.name, n.Opened)
		}
	}
}

// What falls due stands in the bucket of its deadline, so that a quarter's figure holds
// what fell due in it and what came late stays late.
func TestTicketsStandInTheBucketOfTheirDeadline(t *testing.T) {
	_, buckets := settled(local("2026-12-01 00:00:00.000"), consultation("2026-09-30 16:07:00.000", ""))
	want := map[time.Time]bool{local("2026-09-30 16:00:00.000"): true, local("2026-10-09 16:00:00.000"): true}
	if diff := cmp.Diff(want, buckets); diff != "" {
		t.Error(diff)
	}
}

func TestTicketsLeadResponseTimeliness(t *testing.T) {
	withTickets, _ := settled(local("2026-12-01 00:00:00.000"), consultation("2026-09-30 16:00:00.000", "2026-09-30 17:00:00.000"), consultation("2026-09-30 16:00:00.000", ""))
	calls := golden()
	withTickets.Merge(&calls)
	can, cannot := KnowsOnly(Capabilities()), KnowsOnly(Capabilities()).With(CanTickets, false)
	chosen := DefaultDefinitions()
	chosen.Response = ResponseWait
	for _, c := range []struct {
		name  string
		tally Tally
		knows Knows
		defs  Definitions
		leads string
		want  Ratio
	}{
		{"tickets", withTickets, can, DefaultDefinitions(), ResponseItems, Ratio{Num: 1, Den: 2}},
		{"tickets, nothing said", withTickets, nil, DefaultDefinitions(), ResponseItems, Ratio{Num: 1, Den: 2}},
		{"a source of tickets without any", calls, can, DefaultDefinitions(), ResponseItems, Ratio{}},
		{"no source of tickets", calls, cannot, DefaultDefinitions(), ResponseWait, Ratio{Num: 0, Den: 83}},
		{"nothing said", calls, nil, DefaultDefinitions(), ResponseWait, Ratio{Num: 0, Den: 83}},
		{"chosen", withTickets, can, chosen, ResponseWait, Ratio{Num: 0, Den: 83}},
	} {
		f := Compute(&c.tally, c.knows, c.defs)
		if f.ResponseLeads != c.leads || f.ResponseTimeliness != c.want {
			t.Errorf("%s: %s leads with %v, want %s with %v", c.name, f.ResponseLeads, f.ResponseTimeliness, c.leads, c.want)
		}
		if f.ResponseTimelinessWait.Den != 83 && c.name != "" {
			t.Errorf("%s: the wait is not shown: %v", c.name, f.ResponseTimelinessWait)
		}
	}
	f := Compute(&calls, cannot, DefaultDefinitions())
	if f.ConsultationTimeliness.NotConnected != CanTickets || f.ResponseTimelinessItems.NotConnected != CanTickets {
		t.Errorf("without a source of tickets: %v, %v", f.ConsultationTimeliness, f.ResponseTimelinessItems)
	}
}

// Whatever tickets there are, tallies and rule say of them what looking at each would.
func TestSettlingIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var list []*hotline.Ticket
		for range rapid.IntRange(1, 12).Draw(rt, "tickets") {
			list = append(list, genTicket(rt))
		}
		asOf := local("2026-10-09 16:15:00.000").Add(time.Duration(rapid.IntRange(-3, 3).Draw(rt, "as of")) * hotline.BucketLength)
		got, _ := settled(asOf, list...)
		want := make(map[hotline.TicketKind]TicketCounts)
		for _, ticket := range list {
			addTickets(&want, map[hotline.TicketKind]TicketCounts{ticket.Kind: lookAt(ticket, asOf)})
		}
		if diff := cmp.Diff(want, got.Tickets); diff != "" {
			rt.Fatalf("looked at (-) and settled (+):\n%s", diff)
		}
	})
}

// lookAt says of one ticket what settling must say of it.
func lookAt(t *hotline.Ticket, asOf time.Time) TicketCounts {
	f := t.Facts()
	n := TicketCounts{Opened: 1}
	if t.OnTheSpot {
		n.OnTheSpot = 1
	}
	if f.Skewed {
		n.Skewed = 1
	}
	rule := twoDays()
	judge := func(d hotline.Deadline, days int) (k Kept) {
		if !d.Owed {
			return k
		}
		if d.Done.IsZero() {
			k.Open = 1
		}
		by, err := d.By, error(nil)
		bucket := hotline.DeadlineBucket(by)
		if by.IsZero() && days > 0 {
			if by, err = office("", t.OpenedAt, days); err == nil {
				bucket = ruledBucket(t.OpenedAt, days)
			}
		}
		switch {
		case err != nil:
			k.Unknown = 1
		case by.IsZero():
			k.Undated = 1
		case bucket.Add(hotline.BucketLength).After(asOf):
			k.Pending = 1
		case d.Done.IsZero():
			k.Overdue = 1
		case d.Done.After(by):
			k.Late = 1
		default:
			k.InTime = 1
		}
		return k
	}
	n.Respond, n.Resolve = judge(f.Respond, rule.Respond[t.Kind]), judge(f.Resolve, rule.Resolve[t.Kind])
	return n
}

// ruledBucket is the quarter hour in which the deadlines by the rule of all that were opened
// in one pass: when they are apart, the one most of them do.
func ruledBucket(opened time.Time, days int) time.Time {
	first, _ := office("", hotline.BucketOf(opened), days)
	last, _ := office("", hotline.BucketOf(opened).Add(hotline.BucketLength-1), days)
	if first.Equal(last) {
		return hotline.DeadlineBucket(first)
	}
	return hotline.BucketOf(first)
}

func genTicket(rt *rapid.T) *hotline.Ticket {
	near := func(name string) time.Time {
		base := rapid.SampledFrom([]string{
			"2026-09-30 16:00:00.000", "2026-09-30 16:07:03.217", "2026-10-03 11:07:00.000", "2026-10-09 16:00:00.000",
			"2026-10-09 16:07:03.217", "2026-10-12 09:00:00.000", "2026-12-30 08:00:00.000",
		}).Draw(rt, name)
		return local(base).Add(time.Duration(rapid.SampledFrom([]int64{0, 0, 0, -1, 1, 899_999, 900_000}).Draw(rt, name+" off")) * time.Millisecond)
	}
	maybe := func(name string) time.Time {
		if rapid.Bool().Draw(rt, name+" known") {
			return near(name)
		}
		return time.Time{}
	}
	return &hotline.Ticket{
		ID: "t", Version: 1, Centre: "xy", Kind: rapid.SampledFrom(hotline.TicketKinds()).Draw(rt, "kind"),
		OpenedAt: near("opened"), RespondBy: maybe("respond by"), RespondedAt: maybe("responded"),
		ResolveBy: maybe("resolve by"), ResolvedAt: maybe("resolved"), OnTheSpot: rapid.IntRange(0, 4).Draw(rt, "spot") == 0,
		Topics: rapid.SliceOfN(rapid.SampledFrom([]string{"card", "pension"}), 0, 3).Draw(rt, "topics"),
		Agent:  rapid.SampledFrom([]string{"", "1001"}).Draw(rt, "agent"),
	}
}

// A calendar whose deadlines tallies cannot tell is not guessed at.
func TestOddCalendarIsUnknown(t *testing.T) {
	for name, odd := range map[string]WorkingDays{
		"to a minute": func(_ string, t time.Time, _ int) (time.Time, error) { return t.Add(time.Minute), nil },
		"stretched": func(_ string, t time.Time, _ int) (time.Time, error) {
			return t.Truncate(time.Minute).Add(24 * time.Hour), nil
		},
		"back in time": func(_ string, t time.Time, _ int) (time.Time, error) { return t.Add(-24 * time.Hour), nil },
		"no data":      func(string, time.Time, int) (time.Time, error) { return time.Time{}, errors.New("no data for 2026") },
	} {
		s := Settling{Deadlines: twoDays(), WorkingDays: odd, AsOf: local("2026-12-01 00:00:00.000")}
		e := TicketEntry{Key: TicketKey{Bucket: local("2026-09-30 16:00:00.000"), Kind: hotline.TicketCallback}}
		e.Tally.Respond.UnsetOpen = 3
		list := s.Settle(&e)
		if len(list) != 1 || list[0].Tally.Tickets[hotline.TicketCallback].Respond != (Kept{Unknown: 3, Open: 3}) {
			t.Errorf("%s: %v", name, list)
		}
	}
}

func TestReachCoversWhatFallsDue(t *testing.T) {
	s := Settling{Deadlines: twoDays(), WorkingDays: office}
	for day := 0; day < 300; day++ {
		from := local("2026-02-01 00:00:00.000").AddDate(0, 0, day)
		reach := s.Reach([]string{"crm"}, from)
		if at, err := office("", reach.Add(-time.Millisecond), 2); err == nil && !at.Before(from) {
			t.Fatalf("what is opened before %v falls due at %v, not before %v", reach, at, from)
		}
	}
	if got := (&Settling{}).Reach([]string{"crm"}, morning); !got.Equal(morning) {
		t.Errorf("without a rule: %v", got)
	}
}

// TestClockAheadMakesNothingDue: one record of a clock that runs ahead of the present neither
// makes a ticket overdue nor hides how far the data reach.
func TestClockAheadMakesNothingDue(t *testing.T) {
	now := local("2026-10-12 10:20:00.000")
	b := &Build{
		Zone: now.Location(), Definitions: DefaultDefinitions(), Now: now,
		DataTo: local("2026-12-01 00:00:00.000"), // which nobody should have told it
	}
	ticket := TicketEntry{Key: TicketKey{Dimension: ByKind, Bucket: local("2026-10-12 10:15:00.000"), Kind: hotline.TicketConsultation}}
	ticket.Tally.Respond.Open = 1 // due at 10:30
	calls := func(bucket, told string) Entry {
		return Entry{Key: Key{Dimension: ByQueue, Bucket: local(bucket)}, Tally: Tally{Calls: 1, Answered: 1, DataTo: local(told)}}
	}
	entries := append(b.Settled(Period{}, []TicketEntry{ticket}),
		calls("2026-10-12 09:45:00.000", "2026-10-12 09:50:00.000"), calls("2026-10-12 10:00:00.000", "2026-10-12 14:00:00.000"))
	s := b.Statement(Period{}, entries, Undivided, nil)
	if got := s.Counts.Tickets[hotline.TicketConsultation].Response; got.Overdue != 0 || got.NotYetDue != 1 {
		t.Errorf("at 10:20 what falls due at 10:30 is %+v", got)
	}
	if !s.TicketsAsOf.Equal(now) || !s.DataTo.Equal(local("2026-10-12 10:00:00.000")) {
		t.Errorf("as of %v, data to %v", s.TicketsAsOf, s.DataTo)
	}
	b.Now = time.Time{} // files, that may tell of a time to come
	s = b.Statement(Period{}, append(b.Settled(Period{}, []TicketEntry{ticket}), entries[1:]...), Undivided, nil)
	if got := s.Counts.Tickets[hotline.TicketConsultation].Response; got.Overdue != 1 || !s.DataTo.Equal(local("2026-10-12 14:00:00.000")) {
		t.Errorf("where every record is believed: %+v, data to %v", got, s.DataTo)
	}
}

func TestBelieved(t *testing.T) {
	bucket, now := local("2026-10-12 10:00:00.000"), local("2026-10-12 10:05:00.000")
	for name, tc := range map[string]struct{ bucket, told, now, want time.Time }{
		"of the past":              {bucket, now.Add(-time.Millisecond), now, now.Add(-time.Millisecond)},
		"of this moment":           {bucket, now, now, now},
		"ahead":                    {bucket, now.Add(time.Millisecond), now, bucket},
		"arrives in the future":    {now.Add(time.Hour), now.Add(time.Hour), now, time.Time{}},
		"of many quarter hours":    {time.Time{}, now.Add(time.Hour), now, now},
		"nobody knows the present": {bucket, now.Add(time.Hour), time.Time{}, now.Add(time.Hour)},
	} {
		if got := Believed(tc.bucket, tc.told, tc.now); !got.Equal(tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

package publish

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Tickets show in the windows of their deadlines, as far as the data reach, and connect
// the centres that have any.
func TestTicketsAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 2000-01-01 00:00 UTC
		m := newMemory()
		cannot := kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait})
		f, err := New(DefaultConfig(), Deps{
			Store: m, Knows: func(string) kpi.Knows { return cannot },
			Calendar: func(string) calendar.Calendar { return calendar.AlwaysIn(time.UTC) },
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now().UTC()
		called := func(id, centre string, at time.Time) hotline.Call {
			return hotline.Call{
				ID: id, Version: 1, Centre: centre, Direction: hotline.Inbound, Outcome: hotline.Answered, Queue: "q",
				StartedAt: at, AnsweredAt: at, EndedAt: at,
			}
		}
		look := func() *kpi.Snapshot {
			t.Helper()
			if err := f.poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, ok := f.Snapshot(time.Now())
			if !ok {
				t.Fatal("no snapshot")
			}
			return s
		}
		year := func(s *kpi.Snapshot, scope kpi.Scope) kpi.Figures {
			c := s.Windows[kpi.ThisYear].Scopes[scope]
			return c.Figures(s.Definitions)
		}
		all, xy, queue := kpi.Scope{}, kpi.Scope{Level: kpi.OneCentre, Centre: "xy"}, kpi.Scope{Level: kpi.OneQueue, Centre: "xy", Queue: "q"}
		m.put(called("1", "xy", start))
		s := look()
		if got := year(s, all).ConsultationTimeliness; got.NotConnected != kpi.CanTickets || s.Tickets != nil {
			t.Fatalf("without tickets: %+v, %v", got, s.Tickets)
		}

		day := 24 * time.Hour
		ticket := func(id string, opened, responded time.Time) hotline.Ticket {
			return hotline.Ticket{ID: id, Version: 1, Centre: "xy", Kind: hotline.TicketConsultation, OpenedAt: opened, RespondedAt: responded}
		}
		list := []hotline.Ticket{
			ticket("in time", start.Add(-day), start.Add(-day)), ticket("overdue", start.Add(-day), time.Time{}),
			ticket("not yet due", start.Add(time.Hour), time.Time{}),
		}
		m.putTickets(list...)
		time.Sleep(4 * day) // virtual
		// The data have not reached the deadlines, two days after the openings, whatever the clock says.
		s = look()
		if got := year(s, all).ConsultationTimeliness; got.Den != 0 || got.NotConnected != "" {
			t.Errorf("before the data reach the deadline: %+v", got)
		}
		if got := s.Tickets[xy][hotline.TicketConsultation]; got != (kpi.TicketsWaiting{Open: 2}) {
			t.Errorf("open: %+v", got)
		}
		m.put(called("2", "xy", start.Add(2*day)))
		s = look()
		for _, scope := range []kpi.Scope{all, xy} {
			fig := year(s, scope)
			if fig.ConsultationTimeliness != (kpi.Ratio{Num: 1, Den: 2}) || fig.ResponseLeads != kpi.ResponseItems || fig.ResponseTimelinessWait.Den != 2 {
				t.Errorf("%v: %+v, %s leads, wait %+v", scope, fig.ConsultationTimeliness, fig.ResponseLeads, fig.ResponseTimelinessWait)
			}
		}
		if fig := year(s, queue); fig.ConsultationTimeliness.NotConnected != kpi.CanTickets || fig.ResponseLeads != kpi.ResponseWait {
			t.Errorf("no ticket is of a queue: %+v, %s", fig.ConsultationTimeliness, fig.ResponseLeads)
		}
		if got := s.Tickets[all][hotline.TicketConsultation]; got != (kpi.TicketsWaiting{Open: 2, Overdue: 1}) {
			t.Errorf("waiting: %+v", got)
		}
		text := exported(t, f)
		for _, want := range []string{
			`hotline_consultation_timeliness_ratio{centre="xy",queue="all",window="year"} 0.5`,
			`hotline_response_timeliness_ratio{centre="all",definition="items",queue="all",window="month"} 0.5`,
			`hotline_tickets{centre="all",kind="consultation",state="overdue",window="year"} 1`,
			`hotline_tickets_open{centre="xy",kind="consultation"} 2`, `hotline_tickets_overdue{centre="all",kind="consultation"} 1`,
			`hotline_tickets_overdue{centre="all",kind="complaint"} 0`,
			`hotline_definition_info{confirmed="false",definition="items",indicator="response_timeliness",version="2"} 1`,
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("%s is missing", want)
			}
		}

		// A centre without tickets: of all together nothing can be said, of the other it can.
		m.put(called("3", "other", start.Add(2*day)))
		s = look()
		if fig := year(s, all); fig.ConsultationTimeliness.NotConnected != kpi.CanTickets || fig.ResponseLeads != kpi.ResponseWait {
			t.Errorf("with a centre that has none: %+v", fig.ConsultationTimeliness)
		}
		if fig := year(s, xy); fig.ConsultationTimeliness != (kpi.Ratio{Num: 1, Den: 2}) {
			t.Errorf("of the one that has: %+v", fig.ConsultationTimeliness)
		}

		// Answered, it is not waiting any more, and stays late.
		list[1].Version, list[1].RespondedAt = 2, start.Add(2*day+time.Millisecond)
		m.putTickets(list...)
		s = look()
		if got := s.Windows[kpi.ThisYear].Scopes[xy].Tally.Tickets[hotline.TicketConsultation].Respond; got.Late != 1 || got.Overdue != 0 {
			t.Errorf("answered late: %+v", got)
		}
		m.putTickets(list[0])
		if got := look().Tickets[xy][hotline.TicketConsultation]; got.Open != 0 {
			t.Errorf("deleted, and still open: %+v", got)
		}
	})
}

func exported(t *testing.T, f *Follower) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	if err := reg.Register(NewMetrics(DefaultConfig(), f, time.Now, nil)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, l := range metric.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			fmt.Fprintf(&b, "%s{%s} %v\n", family.GetName(), strings.Join(labels, ","), metric.GetGauge().GetValue())
		}
	}
	return b.String()
}

// Snapshots share what they are made of: adding tickets leaves it as it was.
func TestTicketsLeaveTheCountsAlone(t *testing.T) {
	b := newTicketBook(time.UTC, date{2026, time.March, 2}, rules{calendar: func(string) calendar.Calendar { return calendar.AlwaysIn(time.UTC) }})
	b.centres["xy"] = true
	all, xy := kpi.Scope{}, kpi.Scope{Level: kpi.OneCentre, Centre: "xy"}
	counts := kpi.WindowCounts{Scopes: map[kpi.Scope]kpi.Counted{all: {Knows: kpi.KnowsOnly(nil)}, xy: {Knows: kpi.KnowsOnly(nil)}}}
	add := map[kpi.Scope]tickets{all: {hotline.TicketComplaint: {Opened: 1}}}
	with := b.with(counts, add)
	want := map[kpi.Scope]kpi.Counted{all: {Knows: kpi.KnowsOnly(nil)}, xy: {Knows: kpi.KnowsOnly(nil)}}
	if diff := cmp.Diff(want, counts.Scopes); diff != "" {
		t.Error(diff)
	}
	if with.Scopes[all].Tally.Tickets[hotline.TicketComplaint].Opened != 1 || !with.Scopes[xy].Knows[kpi.CanTickets] {
		t.Errorf("got %+v", with.Scopes)
	}
}

// TestTicketOpenedBeforeWhatIsHeld: the first that comes of a centre may be an old one, of
// which only the deadline lies in the years that are held.
func TestTicketOpenedBeforeWhatIsHeld(t *testing.T) {
	always := rules{calendar: func(string) calendar.Calendar { return calendar.AlwaysIn(time.UTC) }}
	b := newTicketBook(time.UTC, date{2026, time.March, 2}, always)
	b.centres["xy"] = true // of which there have been others
	due := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	b.put(ticketReading{span: b.span, list: []kpi.TicketEntry{{
		Key:   kpi.TicketKey{Dimension: kpi.ByKind, Bucket: due, Centre: "old", Kind: hotline.TicketComplaint},
		Tally: kpi.TicketTally{Respond: kpi.DeadlineTally{Open: 1}, DataTo: due.AddDate(-2, 0, 0)},
	}}})
	d := kpi.DefaultDefinitions()
	now := due.Add(time.Hour)
	state := b.stateAt(&d, now, now)
	want := kpi.TicketsWaiting{Open: 1, Overdue: 1}
	if got := state.now[kpi.Scope{Level: kpi.OneCentre, Centre: "old"}][hotline.TicketComplaint]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestClockAhead: a record that tells of the future makes no ticket overdue before that
// future has come, and then at once, without a new reading.
func TestClockAhead(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-03-02T10:05:00+08:00")
	now := r.clock.now()
	call := answered("a", now.Add(-5*time.Minute), time.Second)
	call.EndedAt = now.Add(40 * time.Minute)
	r.store.put(call, answered("b", now.Add(-20*time.Minute), time.Second))
	r.store.putTickets(
		hotline.Ticket{
			ID: "t", Version: 1, Centre: call.Centre, Kind: hotline.TicketComplaint, OpenedAt: now.Add(-time.Hour), RespondBy: now.Add(20 * time.Minute),
		},
		hotline.Ticket{ID: "u", Version: 1, Centre: call.Centre, Kind: hotline.TicketCallback, OpenedAt: now.Add(-time.Hour), RespondedAt: now.Add(2 * time.Hour), RespondBy: now.Add(50 * time.Minute)})
	r.look()
	s := r.snapshot()
	if got := s.Tickets[kpi.Scope{}][hotline.TicketComplaint]; got.Overdue != 0 || got.Open != 1 || s.TicketsAsOf.After(now) {
		t.Errorf("%+v as of %v", got, s.TicketsAsOf)
	}
	for _, step := range []struct {
		after    time.Duration
		overdue  int64
		callback int64 // late
		asOf     time.Duration
	}{{39 * time.Minute, 0, 0, -5 * time.Minute}, {41 * time.Minute, 1, 0, 40 * time.Minute}, {3 * time.Hour, 1, 1, 2 * time.Hour}} {
		s, ok := r.Snapshot(now.Add(step.after))
		if !ok {
			t.Fatal("no snapshot")
		}
		calls := s.Windows[kpi.ThisYear].Scopes[kpi.Scope{}].Tally.Tickets[hotline.TicketCallback]
		if got := s.Tickets[kpi.Scope{}][hotline.TicketComplaint]; got.Overdue != step.overdue || calls.Respond.Late != step.callback || !s.TicketsAsOf.Equal(now.Add(step.asOf)) {
			t.Errorf("after %v: %+v, callbacks %+v as of %v", step.after, got, calls.Respond, s.TicketsAsOf.Sub(now))
		}
	}
}

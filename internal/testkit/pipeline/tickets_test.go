package pipeline_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/load"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// Random tickets with duplicates, corrected openings and deadlines, late answers, deletions
// and equal versions of different content, in any order and with restarts: what comes out
// of the database is what counting the newest versions in Go gives, after every round.
func TestTicketsCountWhatGoCounts(t *testing.T) {
	s := newStack(t)
	s.start()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		centre := fmt.Sprintf("run %d", run)
		var sent []hotline.Ticket
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			var list []hotline.Ticket
			for range rapid.IntRange(1, 15).Draw(rt, "records") {
				if len(sent) > 0 && rapid.IntRange(0, 4).Draw(rt, "again") == 0 {
					list = append(list, rapid.SampledFrom(sent).Draw(rt, "duplicate"))
					continue
				}
				list = append(list, drawTicket(rt, run, centre))
			}
			list = rapid.Permutation(list).Draw(rt, "order")
			sent = append(sent, list...)
			if rapid.IntRange(0, 7).Draw(rt, "restart") == 0 {
				s.stop()
				s.start()
			}
			if err := s.sendTickets(list); err != nil {
				rt.Fatal(err)
			}
			got, err := s.ticketTallies(centre)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(countTickets(sent), got); diff != "" {
				rt.Fatalf("after %d records (-counted in Go +tallies):\n%s", len(sent), diff)
			}
		}
	})
}

// A ticket that falls due in one quarter and is answered in the next stays late in the
// first; a correction that says it was answered in time mends the first.
func TestLateAnswerRepairsThePast(t *testing.T) {
	s := newStack(t)
	s.start()
	day := func(month time.Month, d, hour int) time.Time {
		return time.Date(2026, month, d, hour, 0, 0, 0, time.UTC)
	}
	q1 := kpi.Period{From: new(time.Time), To: new(time.Time)}
	*q1.From, *q1.To = day(time.January, 1, 0), day(time.April, 1, 0)
	ticket := hotline.Ticket{
		ID: "t-1", Version: 1, Centre: "xy", Source: "crm", Kind: hotline.TicketConsultation, OpenedAt: day(time.March, 26, 8),
	}
	other := ticket // answered in time, in the same quarter
	other.ID, other.RespondedAt = "t-2", day(time.March, 27, 8)
	for _, step := range []struct {
		what      string
		version   uint64
		responded time.Time
		deadline  time.Time // of its own
		want      kpi.Kept
		ratio     kpi.Ratio
	}{
		{"open", 1, time.Time{}, time.Time{}, kpi.Kept{InTime: 1, Overdue: 1, Open: 1}, kpi.Ratio{Num: 1, Den: 2}},
		{"answered in the next quarter", 2, day(time.April, 20, 8), time.Time{}, kpi.Kept{InTime: 1, Late: 1}, kpi.Ratio{Num: 1, Den: 2}},
		{"corrected: answered in time", 3, day(time.March, 27, 9), time.Time{}, kpi.Kept{InTime: 2}, kpi.Ratio{Num: 2, Den: 2}},
		{"corrected: due in the next quarter", 4, time.Time{}, day(time.April, 2, 8), kpi.Kept{InTime: 1}, kpi.Ratio{Num: 1, Den: 1}},
		{"and back", 5, time.Time{}, day(time.March, 30, 8), kpi.Kept{InTime: 1, Overdue: 1, Open: 1}, kpi.Ratio{Num: 1, Den: 2}},
	} {
		ticket.Version, ticket.RespondedAt, ticket.RespondBy = step.version, step.responded, step.deadline
		if err := s.sendTickets([]hotline.Ticket{ticket, other}); err != nil {
			t.Fatal(err)
		}
		tallies, err := s.ticketTallies("xy")
		if err != nil {
			t.Fatal(err)
		}
		build := kpi.Build{Zone: time.UTC, Definitions: kpi.DefaultDefinitions(), DataTo: day(time.May, 1, 0)}
		var entries []kpi.TicketEntry
		for key, tally := range tallies {
			if key.Dimension == kpi.ByKind {
				entries = append(entries, kpi.TicketEntry{Key: key, Tally: tally})
			}
		}
		var sum kpi.Tally
		for _, e := range build.Settled(q1, entries) {
			sum.Merge(&e.Tally)
		}
		if diff := cmp.Diff(step.want, sum.Tickets[hotline.TicketConsultation].Respond); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", step.what, diff)
		}
		if got := kpi.Compute(&sum, nil, build.Definitions).ConsultationTimeliness; got != step.ratio {
			t.Errorf("%s: consultation timeliness %v, want %v", step.what, got, step.ratio)
		}
	}
}

func drawTicket(rt *rapid.T, run int, centre string) hotline.Ticket {
	c := hotline.Ticket{
		ID:      fmt.Sprintf("run-%d-工单-%d", run, rapid.IntRange(0, 5).Draw(rt, "id")),
		Version: rapid.Uint64Range(1, 4).Draw(rt, "version"), Centre: centre,
	}
	if rapid.IntRange(0, 9).Draw(rt, "fate") == 0 {
		c.Deleted = true
		return c
	}
	at := func(name string) time.Time {
		base := rapid.SampledFrom([]time.Time{
			time.Date(2026, 3, 31, 15, 45, 0, 0, time.UTC), time.Date(2026, 4, 2, 15, 45, 0, 0, time.UTC),
			time.Date(2025, 12, 31, 23, 45, 0, 0, time.UTC), time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC),
		}).Draw(rt, name)
		return base.Add(time.Duration(rapid.SampledFrom([]int64{-1, 0, 0, 1, 899_999, 900_000}).Draw(rt, name+" off")) * time.Millisecond)
	}
	maybe := func(name string) time.Time {
		if rapid.Bool().Draw(rt, name+" known") {
			return at(name)
		}
		return time.Time{}
	}
	c.Source = rapid.SampledFrom([]string{"", "crm's"}).Draw(rt, "source")
	c.Kind = rapid.SampledFrom(hotline.TicketKinds()).Draw(rt, "kind")
	c.OpenedAt, c.OnTheSpot = at("opened"), rapid.IntRange(0, 4).Draw(rt, "on the spot") == 0
	c.RespondBy, c.RespondedAt = maybe("respond by"), maybe("responded")
	c.ResolveBy, c.ResolvedAt = maybe("resolve by"), maybe("resolved")
	c.Topics = rapid.SliceOfN(rapid.SampledFrom([]string{"pension", "card", "失业"}), 0, 3).Draw(rt, "topics")
	c.Agent = rapid.SampledFrom([]string{"", "1001", "坐席"}).Draw(rt, "agent")
	return c
}

func countTickets(sent []hotline.Ticket) map[kpi.TicketKey]kpi.TicketTally {
	newest := make(map[string]hotline.Ticket)
	for _, c := range sent {
		if n, ok := newest[c.ID]; !ok || wire.RankTicket(&n).Compare(wire.RankTicket(&c)) < 0 {
			newest[c.ID] = c
		}
	}
	counted := make(map[kpi.TicketKey]*kpi.TicketTally)
	for _, c := range newest {
		kpi.CountTicket(counted, &c)
	}
	out := make(map[kpi.TicketKey]kpi.TicketTally, len(counted))
	for k, tally := range counted {
		out[k] = *tally
	}
	return out
}

// sendTickets produces versions of tickets in the order given and returns when they are
// tallied.
func (s *stack) sendTickets(list []hotline.Ticket) error {
	recs := make([]broker.Record, len(list))
	for i := range list {
		recs[i] = broker.Record{Key: []byte(list[i].ID), Value: wire.AppendTicket(nil, &list[i])}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	topics := load.DefaultTopics()
	if err := s.client.Produce(ctx, topics.Tickets, recs); err != nil {
		return err
	}
	return s.settled(ctx, topics.Tickets)
}

func (s *stack) ticketTallies(centre string) (map[kpi.TicketKey]kpi.TicketTally, error) {
	out := make(map[kpi.TicketKey]kpi.TicketTally)
	for _, d := range []kpi.Dimension{kpi.ByKind, kpi.ByAgent, kpi.ByTopic} {
		list, err := s.store.TicketTallies(s.t.Context(), store.TicketQuery{
			From: hotline.Earliest, To: hotline.Latest, Dimension: d, Centre: centre,
		})
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			out[e.Key] = e.Tally
		}
	}
	return out, nil
}

package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// tickets stores versions of tickets as the load component does, in the plainest way, and
// marks what they touched.
func (l *loader) tickets(ctx context.Context, list []*hotline.Ticket) error {
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	all, err := l.store.TicketVersions(ctx, ids)
	if err != nil {
		return err
	}
	var fresh []store.TicketVersion
	newest := make(map[string]*hotline.Ticket)
	for _, t := range list {
		v := store.TicketVersion{TicketID: t.ID, Rank: wire.RankTicket(t), Deleted: t.Deleted, Run: "run"}
		if !t.Deleted {
			f := t.Facts()
			v.Buckets = f.Buckets()
		}
		if !slices.ContainsFunc(all[t.ID], func(o store.TicketVersion) bool { return o.Rank == v.Rank }) {
			fresh, all[t.ID] = append(fresh, v), append(all[t.ID], v)
		}
		if n := newest[t.ID]; n == nil || wire.RankTicket(n).Compare(v.Rank) < 0 {
			newest[t.ID] = t
		}
	}
	var rows []store.TicketRow
	for id, t := range newest {
		top := slices.MaxFunc(all[id], func(a, b store.TicketVersion) int { return a.Rank.Compare(b.Rank) })
		at := make(map[time.Time]bool)
		for _, v := range all[id] {
			for _, b := range v.Buckets {
				at[b], l.touched[b] = true, true
			}
		}
		for bucket := range at {
			row := store.TicketRow{TicketID: id, Rank: top.Rank, Bucket: bucket, Run: "run"}
			if slices.ContainsFunc(top.Buckets, bucket.Equal) {
				if wire.RankTicket(t) != top.Rank {
					continue // stored already
				}
				row.Ticket, row.Facts = t, t.Facts()
			}
			rows = append(rows, row)
		}
	}
	l.batch.First, l.batch.Last = l.batch.Last+1, l.batch.Last+int64(len(list))
	if err := l.store.InsertTickets(ctx, l.batch, rows); err != nil {
		return err
	}
	return l.store.InsertTicketVersions(ctx, l.batch, fresh)
}

// TestTicketsEqualCount is TestRecomputeEqualsCount for tickets: random ones with corrected
// deadlines and openings, deletions, duplicates and equal versions of other content, with
// recomputations in between.
func TestTicketsEqualCount(t *testing.T) {
	s, cfg := newStore(t)
	run := 0
	rapid.Check(t, fewer(t, 10, func(r *rapid.T) {
		empty(t, cfg, "tickets", "ticket_versions", "ticket_tallies")
		run++
		l := &loader{store: s, batch: store.Batch{Topic: fmt.Sprint("tickets", run), Last: -1}, touched: map[time.Time]bool{}}
		newest := make(map[string]*hotline.Ticket)
		for i := range rapid.IntRange(1, 4).Draw(r, "batches") {
			list := rapid.SliceOfN(rapid.Custom(genTicket), 1, 15).Draw(r, "tickets")
			for _, ticket := range list {
				if err := ticket.Validate(); err != nil {
					r.Fatal(err)
				}
				if n := newest[ticket.ID]; n == nil || wire.RankTicket(n).Compare(wire.RankTicket(ticket)) < 0 {
					newest[ticket.ID] = ticket
				}
			}
			if err := l.tickets(t.Context(), list); err != nil {
				r.Fatal(err)
			}
			if err := l.recompute(t.Context(), uint64(i+2)); err != nil {
				r.Fatal(err)
			}
		}
		compareTickets(t, r, s, newest)
	}))
}

func compareTickets(t *testing.T, r rapid.TB, s *store.Store, newest map[string]*hotline.Ticket) {
	want, got := make(map[kpi.TicketKey]*kpi.TicketTally), make(map[kpi.TicketKey]*kpi.TicketTally)
	var latest time.Time
	centres := make(map[string]bool)
	for _, ticket := range newest {
		kpi.CountTicket(want, ticket)
		if !ticket.Deleted {
			centres[ticket.Centre] = true
			if f := ticket.Facts(); f.LastEvent.After(latest) {
				latest = f.LastEvent
			}
		}
	}
	for _, d := range []kpi.Dimension{kpi.ByKind, kpi.ByAgent, kpi.ByTopic} {
		list, err := s.TicketTallies(t.Context(), store.TicketQuery{From: hotline.Earliest, To: hotline.Latest, Dimension: d})
		if err != nil {
			r.Fatal(err)
		}
		for i := range list {
			if got[list[i].Key] != nil {
				r.Fatalf("%v twice", list[i].Key)
			}
			got[list[i].Key] = &list[i].Tally
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("kpi.CountTicket (-) and the tallies (+) differ:\n%s", diff)
	}
	reached, err := s.DataTo(t.Context(), time.Time{})
	if err != nil || !reached.Equal(latest) {
		r.Fatalf("data to %v, %v, want %v", reached, err, latest)
	}
	names, err := s.TicketCentres(t.Context())
	if err != nil || len(names) != len(centres) {
		r.Fatalf("centres %v, %v, want %v", names, err, centres)
	}
}

func genTicket(r *rapid.T) *hotline.Ticket {
	t := &hotline.Ticket{ID: fmt.Sprint("工单-", rapid.IntRange(0, 9).Draw(r, "id")), Version: rapid.Uint64Range(1, 3).Draw(r, "version")}
	if rapid.IntRange(0, 9).Draw(r, "fate") == 0 {
		t.Deleted = true
		return t
	}
	at := func(name string) time.Time {
		base := rapid.SampledFrom([]time.Time{noon, noon.AddDate(0, 0, 2), noon.AddDate(0, 3, 0), time.Date(2026, 12, 31, 23, 59, 59, 999e6, time.UTC)}).Draw(r, name)
		return base.Add(time.Duration(rapid.SampledFrom([]int64{-1, 0, 0, 0, 1, 899_999, 900_000}).Draw(r, name+" off")) * time.Millisecond)
	}
	maybe := func(name string) time.Time {
		if rapid.Bool().Draw(r, name+" known") {
			return at(name)
		}
		return time.Time{}
	}
	t.Centre = rapid.SampledFrom([]string{"xy", "b'c"}).Draw(r, "centre")
	t.Source = rapid.SampledFrom([]string{"", "crm"}).Draw(r, "source")
	t.Kind = rapid.SampledFrom(hotline.TicketKinds()).Draw(r, "kind")
	t.OpenedAt, t.OnTheSpot = at("opened"), rapid.IntRange(0, 4).Draw(r, "on the spot") == 0
	t.RespondBy, t.RespondedAt = maybe("respond by"), maybe("responded")
	t.ResolveBy, t.ResolvedAt = maybe("resolve by"), maybe("resolved")
	t.Topics = rapid.SliceOfN(rapid.SampledFrom([]string{"card", "养老"}), 0, 3).Draw(r, "topics")
	t.Agent = rapid.SampledFrom([]string{"", "1001", "坐席"}).Draw(r, "agent")
	return t
}

// A recomputation of tickets that slept and wakes up leaves nothing behind.
func TestSleeperChangesNoTickets(t *testing.T) {
	s, cfg := newStore(t)
	l := &loader{store: s, batch: store.Batch{Topic: "tickets", Last: -1}, touched: map[time.Time]bool{}}
	ticket := &hotline.Ticket{ID: "a", Version: 1, Centre: "xy", Kind: hotline.TicketComplaint, OpenedAt: noon}
	if err := l.tickets(t.Context(), []*hotline.Ticket{ticket}); err != nil {
		t.Fatal(err)
	}
	if err := l.recompute(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	query(t, cfg, fmt.Sprintf(`INSERT INTO {db}.ticket_tallies (dimension, bucket, centre, kind, name, version, opened, data_to) VALUES
('kind', %[1]d, 'gone', 'complaint', '', 9, 5, '2026-05-01 00:00:00'),
('kind', %[1]d, 'xy', 'complaint', '', 9, 2, '2026-05-01 00:00:00'),
('', %[1]d, '', '', '', 9, 0, 0)`, noon.Unix()))
	compareTickets(t, t, s, map[string]*hotline.Ticket{"a": ticket})
}

// What a run brought is accounted for: new versions, contents that conflict, and tickets
// that are not where they should be.
func TestTicketsOfARun(t *testing.T) {
	s, cfg := newStore(t)
	l := &loader{store: s, batch: store.Batch{Topic: "tickets", Last: -1}, touched: map[time.Time]bool{}}
	ticket := func(version uint64, by time.Time) *hotline.Ticket {
		return &hotline.Ticket{ID: "a", Version: version, Centre: "xy", Kind: hotline.TicketComplaint, OpenedAt: noon, RespondBy: by, ResolvedAt: noon.Add(time.Hour)}
	}
	list := []*hotline.Ticket{ticket(1, noon.AddDate(0, 0, 1)), ticket(1, noon.AddDate(0, 0, 2)), ticket(2, noon.AddDate(0, 0, 3))}
	if err := l.tickets(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertLedger(t.Context(), l.batch, []store.Ledger{{Run: "run", Accepted: 3}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.RunCounts(t.Context(), "run")
	want := store.RunCounts{Accepted: 3, New: 3, Conflicts: 1, First: noon, Last: noon.Add(time.Hour)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if n, err := s.StoredOf(t.Context(), "run"); err != nil || n != 3 {
		t.Errorf("stored %d, %v, want all 3", n, err)
	}
	query(t, cfg, fmt.Sprintf("ALTER TABLE {db}.tickets DELETE WHERE bucket = %d SETTINGS mutations_sync = 1", hotline.DeadlineBucket(noon.AddDate(0, 0, 3)).Unix()))
	if n, err := s.StoredOf(t.Context(), "run"); err != nil || n != 2 {
		t.Errorf("stored %d, %v with the newest gone, want 2", n, err)
	}
}

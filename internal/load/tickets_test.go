package load

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// ticket is a version of one that was opened at noon, with the deadlines so many quarter
// hours later; 0 is none.
func ticket(id string, version uint64, respond, resolve int) *hotline.Ticket {
	after := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return noon.Add(time.Duration(n) * hotline.BucketLength)
	}
	return &hotline.Ticket{
		ID: id, Version: version, Centre: hotline.DefaultCentre, Kind: hotline.TicketComplaint, OpenedAt: noon,
		RespondBy: after(respond), ResolveBy: after(resolve),
	}
}

func removed(id string, version uint64) *hotline.Ticket {
	return &hotline.Ticket{ID: id, Version: version, Centre: hotline.DefaultCentre, Deleted: true}
}

func ticketRecord(t *hotline.Ticket) record {
	return record{ticket: t, id: t.ID, rank: wire.RankTicket(t)}
}

func sentTicket(t *hotline.Ticket) broker.Record {
	return broker.Record{Key: []byte(t.ID), Value: wire.AppendTicket(nil, t), Headers: []broker.Header{{Key: "run", Value: []byte("r1")}}}
}

// Whatever order versions of tickets come in, and however they are cut into batches and
// repeated: the newest lies where it counts and nowhere else, and all it has left is marked.
func TestTicketPlansEndTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel()
		var sent []record
		for n := range rapid.IntRange(1, 6).Draw(rt, "batches") {
			var list []record
			for range rapid.IntRange(1, 8).Draw(rt, "records") {
				if len(sent) > 0 && rapid.IntRange(0, 3).Draw(rt, "again") == 0 {
					list = append(list, rapid.SampledFrom(sent).Draw(rt, "which"))
					continue
				}
				id, version := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "id"), rapid.Uint64Range(1, 4).Draw(rt, "version")
				tk := ticket(id, version, rapid.IntRange(0, 3).Draw(rt, "respond"), rapid.IntRange(0, 3).Draw(rt, "resolve"))
				if rapid.IntRange(0, 6).Draw(rt, "deleted") == 0 {
					tk = removed(id, version)
				}
				list = append(list, ticketRecord(tk))
			}
			sent = append(sent, list...)
			for attempt := range rapid.IntRange(1, 2).Draw(rt, "attempts") {
				b := store.Batch{First: int64(n), Part: fmt.Sprint(attempt)}
				known, err := m.TicketVersions(t.Context(), []string{"a", "b"})
				if err != nil {
					rt.Fatal(err)
				}
				p := planTickets(list, known)
				if err := m.InsertTickets(t.Context(), b, p.rows); err != nil {
					rt.Fatal(err)
				}
				if err := m.InsertTicketVersions(t.Context(), b, p.versions); err != nil {
					rt.Fatal(err)
				}
				m.marked(p.marks)
			}
		}
		if err := m.checkTickets(sent); err != nil {
			rt.Fatal(err)
		}
	})
}

// Tickets go the same way as calls, whatever dies when.
func TestTicketsDieAtEachStep(t *testing.T) {
	t.Parallel()
	topics := DefaultTopics()
	good := []*hotline.Ticket{
		ticket("a", 1, 4, 8), ticket("a", 2, 4, 9), ticket("b", 1, 0, 0), ticket("a", 1, 4, 8), // again
		ticket("c", 1, 1, 0), removed("c", 2), ticket("b", 1, 2, 0), // another content
		ticket("a", 3, 0, 0),
	}
	for _, step := range []string{
		"", "announce after", topics.Rejected + " after", "lookup", "tickets before", "tickets after", "versions before", "versions after",
		"ledger before", "ledger after", topics.Touched + " before", topics.Touched + " after", "commit before", "commit after",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.loader = r.loader.others[2]
				for _, tk := range good {
					r.part.append(sentTicket(tk))
				}
				refused := ticket("c", 3, 0, 0)
				refused.Agent = refusedQueue
				r.part.append(sentTicket(refused), bad("a", string(wire.AppendTicket(nil, ticket("z", 1, 0, 0)))), bad("a", `{"ticket_id":"a","version":1,"kind":"mood"}`))
				if step != "" {
					ctx, kill := context.WithCancel(t.Context())
					defer kill()
					r.failAt(step, 1, kill)
					if err := r.work(ctx); err != nil {
						t.Fatal(err)
					}
					if r.part.done() {
						t.Fatal("it did not die")
					}
					r.heal()
				}
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				var want []record
				for _, tk := range good {
					want = append(want, ticketRecord(tk))
				}
				if err := r.model.checkTickets(want); err != nil {
					t.Error(err)
				}
				reasons := map[hotline.Reason]int{}
				for _, l := range r.letters() {
					reasons[l.Reason]++
					if l.Topic != topics.Tickets {
						t.Errorf("a letter of topic %s", l.Topic)
					}
				}
				if diff := cmp.Diff(map[hotline.Reason]int{hotline.UnknownValue: 1, hotline.KeyMismatch: 1, hotline.Refused: 1}, reasons); diff != "" {
					t.Error(diff)
				}
				if accepted, rejected := r.booked(); accepted != 8 || rejected != 3 {
					t.Errorf("booked %d accepted and %d rejected, not 8 and 3", accepted, rejected)
				}
				if conflicts := r.value("hotline_load_conflicts_total"); step == "" && conflicts != 1 {
					t.Errorf("%v conflicts, not 1", conflicts)
				}
			})
		})
	}
}

// TestTicketsOnTheStack loads tickets with everything real: a corrected deadline moves a
// ticket, and a deletion takes it away.
func TestTicketsOnTheStack(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	stop := s.start(t.Context(), s.deps())
	defer stop()
	send := func(list ...*hotline.Ticket) {
		t.Helper()
		var recs []broker.Record
		for _, tk := range list {
			recs = append(recs, sentTicket(tk))
		}
		if err := s.client.Produce(t.Context(), s.topics.Tickets, recs); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, testkit.Patience, func() error {
			ends, err := s.client.Offsets(t.Context(), s.topics.Tickets)
			if err != nil {
				return err
			}
			committed, err := s.client.Committed(t.Context(), s.cfg.Groups(s.topics)[s.topics.Tickets], s.topics.Tickets)
			if err != nil {
				return err
			}
			if committed[0] != ends[0].Next {
				return fmt.Errorf("committed to %d of %d", committed[0], ends[0].Next)
			}
			return nil
		})
	}
	version := uint64(1)
	due := func() map[int]int64 { // tickets due, by the quarter hours after noon that have passed then
		t.Helper()
		version++
		var buckets []time.Time
		for at := range s.marks() {
			buckets = append(buckets, time.Unix(at, 0).UTC())
		}
		if err := s.store.Recompute(t.Context(), buckets, version); err != nil {
			t.Fatal(err)
		}
		list, err := s.store.TicketTallies(t.Context(), store.TicketQuery{From: hotline.Earliest, To: hotline.Latest, Dimension: kpi.ByKind})
		if err != nil {
			t.Fatal(err)
		}
		out := map[int]int64{}
		for i := range list {
			if n := list[i].Tally.Respond.Open; n > 0 {
				out[int(list[i].Key.Bucket.Sub(noon)/hotline.BucketLength)+1] += n
			}
		}
		return out
	}
	send(ticket("a", 1, 4, 0), ticket("b", 1, 4, 0), ticket("c", 1, 6, 0))
	if diff := cmp.Diff(map[int]int64{4: 2, 6: 1}, due()); diff != "" {
		t.Error(diff)
	}
	const quarter = 90 * 96
	send(ticket("a", 2, quarter, 0), removed("b", 2), ticket("b", 1, 4, 0), ticket("a", 1, 4, 0))
	if diff := cmp.Diff(map[int]int64{6: 1, quarter: 1}, due()); diff != "" {
		t.Error(diff)
	}
}

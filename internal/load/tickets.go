package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// tickets is the kind of the tickets. They move between buckets as calls do, and a ticket
// lies in up to three. They are few, so their registry is asked when they are written and
// not ahead.
type tickets struct{}

func (tickets) decode(d *wire.Decoder, value []byte) (r record, key, field string, err error) {
	if r.ticket, err = d.Ticket(value); err != nil {
		return r, "", "", err
	}
	r.id, r.rank = r.ticket.ID, wire.RankTicket(r.ticket)
	return r, r.id, "ticket_id", nil
}

func (tickets) seals() store.Sealed { return store.SealedTicket }

// lookup asks only what a seal depends on; what is written depends on the batch before.
func (k tickets) lookup(ctx context.Context, w *worker, b *batch) (err error) {
	b.tickets, b.sealed = nil, nil
	if b.guard.Closed.IsZero() {
		return nil
	}
	if b.tickets, err = k.versions(ctx, w, b.accepted); err != nil {
		return err
	}
	b.sealed, err = w.sealed(ctx, b.accepted, store.SealedTicket)
	return err
}

func (tickets) guard(w *worker, b *batch) { w.rejectSealed(b, b.ticketSealedBy) }

func (k tickets) write(ctx context.Context, w *worker, b *batch, id store.Batch) (plan, error) {
	known, err := k.versions(ctx, w, b.accepted)
	if err != nil {
		return plan{}, err
	}
	for {
		p := plan{ledger: ledgerOf(b.accepted, b.rejectedRuns())}
		p.tickets = planTickets(b.accepted, known)
		p.marks, p.conflicts = p.tickets.marks, p.tickets.conflicts
		err := k.insert(ctx, w, b, &id, &p.tickets)
		switch {
		case errors.Is(err, errReplan): // a rank that is refused must not bury those before it
		case err != nil:
			return plan{}, err
		default:
			return p, nil
		}
	}
}

// versions asks the registry for the tickets of the records.
func (tickets) versions(ctx context.Context, w *worker, records []record) (known map[string][]store.TicketVersion, err error) {
	ids := idsOf(records)
	if len(ids) == 0 {
		return nil, nil
	}
	err = w.timed(stepLookup, func() error {
		return w.try(ctx, stepLookup, func(ctx context.Context) (err error) {
			known, err = w.store.TicketVersions(ctx, ids)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking up %d tickets: %w", len(ids), err)
	}
	return known, nil
}

func (k tickets) insert(ctx context.Context, w *worker, b *batch, id *store.Batch, p *ticketPlan) error {
	if len(p.rows) > 0 {
		err := w.timed(stepTickets, func() error {
			return w.try(ctx, stepTickets, func(ctx context.Context) error {
				err := w.store.InsertTickets(ctx, *id, p.rows)
				if !store.IsData(err) {
					return err
				}
				return k.refuse(ctx, w, b, id, p.rows, err)
			})
		})
		if err != nil {
			return fmt.Errorf("inserting %d rows of tickets: %w", len(p.rows), err)
		}
	}
	if len(p.versions) == 0 {
		return nil
	}
	return w.timed(stepVersions, func() error {
		return w.try(ctx, stepVersions, func(ctx context.Context) error {
			return w.store.InsertTicketVersions(ctx, *id, p.versions)
		})
	})
}

// refuse finds the tickets whose rows the store does not take, among the live ones.
func (tickets) refuse(ctx context.Context, w *worker, b *batch, id *store.Batch, rows []store.TicketRow, cause error) error {
	live := slices.DeleteFunc(slices.Clone(rows), func(r store.TicketRow) bool { return r.Ticket == nil })
	found, err := w.refused(ctx, *id, len(live), cause, func(ctx context.Context, part store.Batch, from, to int) error {
		return w.store.InsertTickets(ctx, part, live[from:to])
	})
	if err != nil {
		return err
	}
	bad := make(map[version]struct{}, len(found))
	for _, i := range found {
		bad[version{live[i].TicketID, live[i].Rank}] = struct{}{}
	}
	return w.refuseVersions(ctx, b, id, bad)
}

// ticketPlan is what a batch of tickets does to the store.
type ticketPlan struct {
	rows      []store.TicketRow
	versions  []store.TicketVersion
	marks     []time.Time // ascending
	conflicts int
}

// planTickets decides what becomes of a batch of tickets, as makePlan does of calls: where
// the newest version of each counts there is its row, wherever else the ticket was ever
// seen a tombstone, and all these buckets are marked.
func planTickets(records []record, known map[string][]store.TicketVersion) (p ticketPlan) {
	var order []string
	groups := make(map[string][]*record, len(records))
	for i := range records {
		r := &records[i]
		if groups[r.id] == nil {
			order = append(order, r.id)
		}
		groups[r.id] = append(groups[r.id], r)
	}
	for _, id := range order {
		p.ticket(groups[id], known[id])
	}
	slices.SortFunc(p.marks, time.Time.Compare)
	p.marks = slices.CompactFunc(p.marks, time.Time.Equal)
	return p
}

// ticket plans one ticket: its records in this batch and its registered versions.
func (p *ticketPlan) ticket(records []*record, known []store.TicketVersion) {
	ranks, contents := make(map[hotline.Rank]bool), make(map[uint64]bool)
	var newest store.TicketVersion
	for _, v := range known {
		ranks[v.Rank], contents[v.Rank.Version] = true, true
		if v.Rank.Compare(newest.Rank) > 0 {
			newest = v
		}
	}
	seen := slices.Clone(known)
	var fresh *record // that is the newest, unless it is stored already
	for _, r := range records {
		v := store.TicketVersion{TicketID: r.id, Rank: r.rank, Deleted: r.ticket.Deleted, Buckets: r.ticketBuckets(), Run: r.run}
		if ranks[r.rank] {
			continue
		}
		ranks[r.rank] = true
		if contents[r.rank.Version] {
			p.conflicts++
		}
		contents[r.rank.Version] = true
		seen, p.versions = append(seen, v), append(p.versions, v)
		if v.Rank.Compare(newest.Rank) > 0 {
			newest, fresh = v, r
		}
	}
	// A batch that is repeated finds its versions registered and its rows in the table. What
	// is stale in it buries itself again all the same, should a row have come after its tombstone.
	buried := make(map[int64]bool)
	for _, v := range seen {
		for _, bucket := range v.Buckets {
			p.marks = append(p.marks, bucket)
			if buried[bucket.Unix()] {
				continue
			}
			buried[bucket.Unix()] = true
			row := store.TicketRow{TicketID: records[0].id, Rank: newest.Rank, Bucket: bucket, Run: records[0].run, Origin: records[0].origin}
			if slices.ContainsFunc(newest.Buckets, bucket.Equal) {
				if fresh == nil {
					continue
				}
				row.Ticket, row.Facts, row.Run, row.Origin = fresh.ticket, fresh.ticket.Facts(), fresh.run, fresh.origin
			}
			p.rows = append(p.rows, row)
		}
	}
}

func (r *record) ticketBuckets() []time.Time {
	if r.ticket.Deleted {
		return nil
	}
	f := r.ticket.Facts()
	return f.Buckets()
}

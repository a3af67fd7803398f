package load

import (
	"context"
	"errors"
	"fmt"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// ticketModel is what the model's ClickHouse holds of tickets.
type ticketModel struct {
	rows     map[place]store.TicketRow
	versions map[string]map[hotline.Rank]store.TicketVersion
}

func newTicketModel() ticketModel {
	return ticketModel{rows: map[place]store.TicketRow{}, versions: map[string]map[hotline.Rank]store.TicketVersion{}}
}

func (m *model) TicketVersions(_ context.Context, ids []string) (map[string][]store.TicketVersion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("lookup"); err != nil {
		return nil, err
	}
	out := map[string][]store.TicketVersion{}
	for _, id := range ids {
		for _, v := range m.tickets.versions[id] {
			out[id] = append(out[id], v)
		}
	}
	return out, nil
}

func (m *model) InsertTickets(_ context.Context, b store.Batch, rows []store.TicketRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("tickets before"); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Ticket != nil && r.Ticket.Agent == refusedQueue {
			return &store.Error{Statement: "insert tickets", Class: store.ClassData, Err: errors.New("refused")}
		}
	}
	if !m.seen(b, "tickets") {
		for _, r := range rows {
			at := place{r.TicketID, r.Bucket.Unix()}
			old, ok := m.tickets.rows[at]
			if ok && old.Rank.Compare(r.Rank) > 0 {
				continue
			}
			if !ok || old.Rank != r.Rank || (old.Ticket == nil) != (r.Ticket == nil) {
				if r.Ticket != nil || old.Ticket != nil {
					m.dirty[at.bucket] = true
				}
			}
			m.tickets.rows[at] = r
		}
	}
	return m.failing("tickets after")
}

func (m *model) InsertTicketVersions(_ context.Context, b store.Batch, versions []store.TicketVersion) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("versions before"); err != nil {
		return err
	}
	if !m.seen(b, "ticket_versions") {
		for _, v := range versions {
			if m.tickets.versions[v.TicketID] == nil {
				m.tickets.versions[v.TicketID] = map[hotline.Rank]store.TicketVersion{}
			}
			m.tickets.versions[v.TicketID][v.Rank] = v
		}
	}
	return m.failing("versions after")
}

// checkTickets compares what lives with the newest versions of what was sent.
func (m *model) checkTickets(sent []record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := map[string]record{}
	for _, r := range sent {
		if old, ok := newest[r.id]; !ok || r.rank.Compare(old.rank) > 0 {
			newest[r.id] = r
		}
	}
	lives := map[place]bool{}
	for id, r := range newest {
		for _, b := range r.ticketBuckets() {
			at := place{id, b.Unix()}
			lives[at] = true
			if row := m.tickets.rows[at]; row.Ticket == nil || row.Rank != r.rank {
				return fmt.Errorf("%s is not in bucket %v as it is: %+v", id, b, row)
			}
		}
	}
	for at, row := range m.tickets.rows {
		if row.Ticket != nil && !lives[at] {
			return fmt.Errorf("%s still lives in bucket %d with rank %v", at.call, at.bucket, row.Rank)
		}
	}
	for _, r := range sent {
		if _, ok := m.tickets.versions[r.id][r.rank]; !ok {
			return fmt.Errorf("version %v of %s is not registered", r.rank, r.id)
		}
	}
	if len(m.dirty) > 0 {
		return fmt.Errorf("buckets changed and not marked after: %v", m.dirty)
	}
	return nil
}

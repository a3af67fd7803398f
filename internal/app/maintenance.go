package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/publish"
	"hotline12333/internal/store"
)

// EnterMaintenance announces a time in which alerts are silent.
func EnterMaintenance(ctx context.Context, cfg config.Root, log *slog.Logger, m journal.Maintenance, a Author) (journal.Entry, error) {
	if err := a.check(false); err != nil {
		return journal.Entry{}, err
	}
	if err := m.Validate(); err != nil {
		return journal.Entry{}, err
	}
	if !m.To.After(time.Now()) {
		return journal.Entry{}, fmt.Errorf("the maintenance ended at %s, which is past: what happened is an outage (hotline outages add)", m.To.Format(time.RFC3339))
	}
	e := a.entry(journal.Slot{Kind: journal.KindMaintenance, Subject: ulid.Make().String()})
	e.Body = journal.Encode(m)
	return enterOne(ctx, cfg, log, e)
}

// EndMaintenance ends one that is going on or to come: alerts speak again.
func EndMaintenance(ctx context.Context, cfg config.Root, log *slog.Logger, id string, a Author) (kept journal.Entry, err error) {
	err = withJournal(ctx, cfg, log, func(s *system) error {
		seen, err := s.holding(ctx, journal.KindMaintenance, id, "maintenance list")
		if err != nil {
			return err
		}
		a.Withdraw, a.Replaces = true, seen.ID
		if err := a.check(false); err != nil {
			return err
		}
		e := a.entry(seen.Slot)
		e.Body = seen.Body
		kept, err = s.enter(ctx, e)
		return err
	})
	return kept, err
}

// maintenances reads those that hold.
func (s *system) maintenances(ctx context.Context) ([]publish.Planned, error) {
	list, err := s.store.Entries(ctx, store.EntryQuery{Kind: journal.KindMaintenance})
	if err != nil {
		return nil, err
	}
	var out []publish.Planned
	for _, h := range journal.Histories(list) {
		if e := h.Holds(); e != nil {
			m, err := journal.Decode[journal.Maintenance](e)
			if err != nil {
				return nil, err
			}
			out = append(out, publish.Planned{Maintenance: m, By: e.By})
		}
	}
	return out, nil
}

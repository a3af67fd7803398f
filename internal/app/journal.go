package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/store"
)

// withJournal does something with the journal of a running system.
func withJournal(ctx context.Context, cfg config.Root, log *slog.Logger, do func(*system) error) error {
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	if err := sys.storeAnswers(ctx); err != nil {
		return errJoin(err, sys.close())
	}
	return errJoin(do(sys), sys.close())
}

// enter writes an entry as made now. Somebody else's that holds in its place is told with
// the time of the centre's zone.
func (s *system) enter(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	zone, err := time.LoadLocation(s.cfg.Publish.Zone)
	if err != nil {
		return journal.Entry{}, fmt.Errorf("publish.zone: %w", err)
	}
	e.At = time.Now()
	kept, err := s.store.AppendEntry(ctx, e)
	var conflict *journal.Conflict
	if errors.As(err, &conflict) && conflict.Newest != nil {
		seen := *conflict.Newest
		seen.At = seen.At.In(zone)
		conflict.Newest = &seen
	}
	kept.At = kept.At.In(zone)
	return kept, err
}

// holding is the entry that holds of what people name by an id; shows is the command that
// lists them.
func (s *system) holding(ctx context.Context, kind journal.Kind, id, shows string) (*journal.Entry, error) {
	list, err := s.store.Entries(ctx, store.EntryQuery{Kind: kind, Subject: id})
	if err != nil {
		return nil, err
	}
	all := journal.Histories(list)
	if id == "" || len(all) != 1 || all[0].Holds() == nil {
		return nil, fmt.Errorf("there is no %s %q: %s shows them", kind, id, shows)
	}
	return all[0].Holds(), nil
}

// EntryLine is an entry as it is listed.
type EntryLine struct {
	ID        string          `json:"id"`
	Kind      journal.Kind    `json:"kind"`
	Subject   string          `json:"subject"`
	Period    string          `json:"period,omitempty"`
	Centre    string          `json:"centre,omitempty"`
	At        time.Time       `json:"at"`
	By        string          `json:"by"`
	Reason    string          `json:"reason,omitempty"`
	Evidence  string          `json:"evidence,omitempty"`
	Replaces  string          `json:"replaces,omitempty"`
	Withdrawn bool            `json:"withdrawn,omitempty"`
	Holds     bool            `json:"holds"` // it is the newest of its place, and no withdrawal
	Body      json.RawMessage `json:"entered"`
}

// entryLines lists entries by what they are about, the oldest first.
func entryLines(entries []journal.Entry, zone *time.Location) []EntryLine {
	lines := []EntryLine{}
	for _, h := range journal.Histories(entries) {
		for i := range h.Entries {
			e := &h.Entries[i]
			lines = append(lines, EntryLine{
				ID: e.ID, Kind: e.Kind, Subject: e.Subject, Period: e.Period, Centre: e.Centre, At: e.At.In(zone), By: e.By, Reason: e.Reason,
				Evidence: e.Evidence, Replaces: e.Replaces, Withdrawn: e.Withdrawn, Holds: e == h.Holds(), Body: e.Body,
			})
		}
	}
	return lines
}

package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/refusal"
)

// EnteredOutage is a time in which calls could not be taken or were not recorded.
type EnteredOutage struct {
	ID     string // of an outage that is changed; empty: a new one
	Centre string

	journal.Outage
	Author
}

// EnterOutage registers an outage, or changes one: Replaces then names the entry that was
// seen.
func EnterOutage(ctx context.Context, cfg config.Root, log *slog.Logger, o EnteredOutage) (journal.Entry, error) {
	e, err := o.entry()
	if err != nil {
		return journal.Entry{}, err
	}
	return enterOne(ctx, cfg, log, e)
}

func (o *EnteredOutage) entry() (journal.Entry, error) {
	if err := o.check(true); err != nil {
		return journal.Entry{}, err
	}
	if !o.Withdraw {
		if err := o.Validate(); err != nil {
			return journal.Entry{}, err
		}
		if o.From.After(time.Now()) {
			return journal.Entry{}, refusal.Errorf("中断的开始 %[2]s 还没有到:计划中的停机请用“计划停机”登记", "the outage begins at %[1]s, which is yet to come: what is planned is maintenance",
				o.From.Format(time.RFC3339), o.From.Format("2006-01-02 15:04"))
		}
	}
	if o.ID == "" {
		o.ID = ulid.Make().String()
	}
	e := o.Author.entry(journal.Slot{Kind: journal.KindOutage, Centre: o.Centre, Subject: o.ID})
	e.Body = journal.Encode(o.Outage)
	return e, nil
}

// ChangeOutage gives an outage its end, or withdraws it. It changes what holds right now.
func ChangeOutage(ctx context.Context, cfg config.Root, log *slog.Logger, id string, end time.Time, a Author) (kept journal.Entry, err error) {
	err = withJournal(ctx, cfg, log, func(s *system) error {
		seen, err := s.holding(ctx, journal.KindOutage, id, "outages list")
		if err != nil {
			return err
		}
		o, err := journal.Decode[journal.Outage](seen)
		if err != nil {
			return err
		}
		a.Replaces = seen.ID
		if a.Evidence == "" {
			a.Evidence = seen.Evidence
		}
		if err := a.check(true); err != nil {
			return err
		}
		if !a.Withdraw {
			if o.To = &end; end.IsZero() || end.After(time.Now()) {
				return fmt.Errorf("the end of the outage is missing, or yet to come")
			}
			if err := o.Validate(); err != nil {
				return err
			}
		}
		e := a.entry(seen.Slot)
		e.Body = journal.Encode(o)
		kept, err = s.enter(ctx, e)
		return err
	})
	return kept, err
}

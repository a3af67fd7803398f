package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/retention"
)

// retention makes the worker that removes what has been kept long enough.
func (s *system) retention() (*retention.Worker, error) {
	rules, err := openRules(s.cfg)
	if err != nil {
		return nil, err
	}
	return retention.New(s.cfg.Retention, retention.Deps{
		Store: s.store, Broker: s.broker, Loaded: loadedTopics(s.cfg), Rejected: s.cfg.Topics.Rejected,
		Settled: s.settled, AddWorkingDays: rules.Calendars.Centre().AddWorkingDays,
		Record: func(what string) error { return record(s.cfg, audit.Entry{Action: audit.Retain, Subject: what}) },
		Again:  s.desk(nil).Again,
		Log:    s.log.With("part", "retention"), Registerer: s.reg,
	})
}

// Retention prints how long each kind of data is kept and what has been kept long enough
// at the time; apply removes that.
func Retention(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, apply bool) (err error) {
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := errJoin(sys.storeAnswers(ctx), sys.brokerAnswers(ctx)); err != nil {
		return err
	}
	worker, err := sys.retention()
	if err != nil {
		return err
	}
	do, what := worker.Plan, "TO BE REMOVED"
	if apply {
		do, what = worker.Apply, "REMOVED"
	}
	items, err := do(ctx, time.Now())
	w := &printer{out: out}
	w.line("%-15s %-20s %-21s %s", "KIND", "KEPT FOR", "REMOVED IF BEFORE", what)
	for _, i := range items {
		w.line("%-15s %-20s %-21s %d", i.Kind, i.Keep, instantOr(i.Before, "-"), i.Rows)
	}
	for _, i := range items {
		if i.Kind == retention.Calls && !i.Sealed.IsZero() {
			w.line("The quarter hours before %s are sealed: their figures stay, and records for them are rejected (sealed_period).", instantOr(i.Sealed, "-"))
		}
		if i.Waits != "" {
			w.line("Waits: %s.", i.Waits)
		}
	}
	if gap := cfg.Retention.Gap(); gap != "" {
		w.line("Note: %s.", gap)
	}
	if err != nil {
		err = fmt.Errorf("not everything was done: %w", err)
	}
	return errJoin(err, w.err)
}

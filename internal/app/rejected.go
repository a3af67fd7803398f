package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
)

// RejectedQuery selects dead letters.
type RejectedQuery struct {
	Reason string
	Source string
	Run    string
	Limit  int // lines to print; 0: all
}

// letters reads what is asked for from the broker, once it answers.
func (s *system) letters(ctx context.Context, q RejectedQuery) (deadletter.Listing, error) {
	if q.Reason != "" && !slices.Contains(hotline.Reasons(), hotline.Reason(q.Reason)) {
		return deadletter.Listing{}, fmt.Errorf("reason %q is not known; known: %v", q.Reason, hotline.Reasons())
	}
	if err := s.brokerAnswers(ctx); err != nil {
		return deadletter.Listing{}, err
	}
	query := deadletter.Query{
		Topic: s.cfg.Topics.Rejected, Reason: hotline.Reason(q.Reason), Source: q.Source, Run: q.Run, Limit: q.Limit,
	}
	list, err := deadletter.List(ctx, s.broker, query)
	if err != nil {
		return list, fmt.Errorf("reading %s: %w", query.Topic, err)
	}
	return list, nil
}

// ListRejected prints the records that could not be counted; their bytes stay sealed.
func ListRejected(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, q RejectedQuery) (err error) {
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	list, err := sys.letters(ctx, q)
	if err != nil {
		return err
	}
	if list.Total == 0 {
		_, err = fmt.Fprintln(out, "nothing is rejected")
		return err
	}
	w := &printer{out: out}
	for _, e := range list.Entries {
		l := &e.Letter
		w.line("%-8s %s  %-14s %-16s %s", e.ID, e.At.Format(time.RFC3339), l.Reason, orDash(l.Field), orDash(l.Origin))
		w.line("         %s", l.Detail)
	}
	w.line("")
	for _, reason := range slices.Sorted(maps.Keys(list.ByReason)) {
		w.line("%-14s %d", reason, list.ByReason[reason])
	}
	if shown := len(list.Entries); shown < list.Total {
		w.line("%d of %d shown; --limit 0 shows all", shown, list.Total)
	}
	w.line("hotline rejected show ID opens one; hotline rejected replay sends them again")
	return w.err
}

// ShowOptions say which dead letter to open, and why.
type ShowOptions struct {
	ID     string // as ListRejected prints it
	Reason string // for the audit log
}

// ShowRejected prints one dead letter with its bytes, masked where they look like numbers.
// It is written to the audit log before anything is shown.
func ShowRejected(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, opts ShowOptions) (err error) {
	kit, err := openKeys(cfg, false)
	if err != nil {
		return fmt.Errorf("the keys are needed to open the seal: %w", err)
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := sys.brokerAnswers(ctx); err != nil {
		return err
	}
	l, err := deadletter.Open(ctx, sys.broker, cfg.Topics.Rejected, opts.ID, kit.Identity())
	if err != nil {
		return err
	}
	if err := record(cfg, audit.Entry{Action: audit.ShowRejected, Subject: opts.ID, Reason: opts.Reason}); err != nil {
		return fmt.Errorf("nothing is shown: %w", err)
	}
	w := &printer{out: out}
	for _, f := range []struct{ name, value string }{
		{"reason", string(l.Reason)},
		{"field", l.Field},
		{"detail", l.Detail},
		{"origin", l.Origin},
		{"source", l.Source},
		{"run", l.Run},
		{"topic", l.Topic},
		{"length", fmt.Sprint(l.Length)},
		{"replayable", fmt.Sprint(l.Replayable)},
	} {
		if f.value != "" {
			w.line("%-11s %s", f.name, f.value)
		}
	}
	if l.Topic != "" {
		w.line("%-11s %d-%d", "offset", l.Partition, l.Offset)
	}
	w.line("%-11s %s", "bytes", printable(l.Bytes))
	return w.err
}

// ReplayRejected sends dead letters again: those from Kafka to their topic, rows of files
// through the description of their source as it is now.
func ReplayRejected(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, q RejectedQuery) (err error) {
	kit, err := openKeys(cfg, false)
	if err != nil {
		return fmt.Errorf("the keys are needed to open the seals: %w", err)
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	list, err := sys.letters(ctx, q)
	if err != nil {
		return err
	}
	row, err := sys.rowReplayer(kit)
	if err != nil {
		return err
	}
	done, err := deadletter.Replayer{
		Reader: sys.broker, Producer: sys.broker, Identity: kit.Identity(), Topic: cfg.Topics.Rejected, Row: row,
	}.Replay(ctx, list.Entries)
	w := &printer{out: out}
	w.line("%d sent again, %d left", done.Sent, len(done.Kept))
	for _, k := range done.Kept {
		w.line("  %s: %s", k.ID, k.Why)
	}
	return errJoin(err, w.err)
}

// printer writes lines and keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

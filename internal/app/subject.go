package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/keys"
	"hotline12333/internal/subject"
)

// desk answers requests of callers. Without keys it only finishes what was begun.
func (s *system) desk(kit *keys.Keys) *subject.Desk {
	deps := subject.Deps{
		Store: s.store, Broker: s.broker, Settled: s.settled, Log: s.log.With("part", "erasures"),
		Topics: subject.Topics{
			Records:  []string{s.cfg.Topics.Calls, s.cfg.Topics.Supplements, s.cfg.Topics.Tickets},
			Rejected: s.cfg.Topics.Rejected, Erasures: s.cfg.Topics.Erasures,
		},
	}
	if kit != nil {
		deps.Keys = kit
	}
	return subject.New(deps)
}

// SubjectOptions name a caller and say why.
type SubjectOptions struct {
	Query  subject.Query
	Reason string // for the audit log
	File   string // to export into; empty: the output
}

// named is the caller as the audit log has it: never by the number.
func (o SubjectOptions) named() string {
	if o.Query.CallID != "" {
		return "caller of call " + o.Query.CallID
	}
	return "caller by number"
}

// withCaller opens what a request needs, and finds the caller.
func withCaller(ctx context.Context, cfg config.Root, log *slog.Logger, opts SubjectOptions, do func(*system, *subject.Desk, subject.Caller) error) (err error) {
	if strings.TrimSpace(opts.Reason) == "" {
		return errors.New("a reason is needed: --reason WHY")
	}
	kit, err := openKeys(cfg, false)
	if err != nil {
		return fmt.Errorf("the keys are needed to recognise the caller: %w", err)
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := errJoin(sys.storeAnswers(ctx), sys.brokerAnswers(ctx)); err != nil {
		return err
	}
	desk := sys.desk(kit)
	caller, err := desk.Find(ctx, opts.Query)
	if err != nil {
		return err
	}
	if len(caller.Pseudonyms) == 0 {
		return fmt.Errorf("the call %s has no caller: it came without a number", opts.Query.CallID)
	}
	return do(sys, desk, caller)
}

// ExportCaller writes what is held about one caller as JSON. The audit log is written first.
func ExportCaller(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, opts SubjectOptions) error {
	return withCaller(ctx, cfg, log, opts, func(sys *system, desk *subject.Desk, c subject.Caller) (err error) {
		if err := record(cfg, audit.Entry{Action: audit.Export, Subject: opts.named(), Reason: opts.Reason}); err != nil {
			return fmt.Errorf("nothing is exported: %w", err)
		}
		export, err := desk.Export(ctx, c, time.Now())
		if err != nil {
			return err
		}
		keeper, err := sys.retention()
		if err != nil {
			return err
		}
		export.KeptFor = keeper.KeptFor()
		if opts.File == "" {
			return writeJSON(out, export)
		}
		f, err := os.OpenFile(opts.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // for the caller and nobody else
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		return errJoin(writeJSON(f, export), f.Close())
	})
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// eraseWait bounds how long an erasure waits for the records under way.
const eraseWait = 2 * time.Minute

// EraseCaller takes the identity of one caller from everything that is stored, and says
// what Kafka still holds. The audit log is written first.
func EraseCaller(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, opts SubjectOptions) error {
	return withCaller(ctx, cfg, log, opts, func(_ *system, desk *subject.Desk, c subject.Caller) error {
		if err := record(cfg, audit.Entry{Action: audit.Erase, Subject: opts.named(), Reason: opts.Reason}); err != nil {
			return fmt.Errorf("nothing is erased: %w", err)
		}
		ctx, cancel := context.WithTimeout(ctx, eraseWait)
		defer cancel()
		done, err := desk.Erase(ctx, c, time.Now())
		if err != nil {
			return err
		}
		w := &printer{out: out}
		w.line("Erased: the identity in %d calls that arrived before %s, and %d rejected records.", done.Calls, instantOr(done.Until, "-"), done.Letters)
		if done.Later > 0 {
			w.line("%d calls of this caller are dated after that, by a clock that runs ahead: they keep the identity. Correct their times, or erase again when that time has come.", done.Later)
		}
		w.line("Every figure stays what it was: the calls are counted on, under a random name.")
		if done.Unread > 0 {
			w.line("%d rejected records are sealed for keys that are retired; nobody can read them, and they were not looked into.", done.Unread)
		}
		if done.Entered > 0 {
			w.line("%d entries that people made about these calls stay as they are; numbers in them are masked. Names are not recognised: read them (hotline export shows them).", done.Entered)
		}
		for _, l := range done.Kafka {
			if l.Records == 0 {
				continue
			}
			w.line("%s still holds %d records of this caller: a log cannot be changed. They go %s.", l.Topic, l.Records, keptUntil(cfg, l.Newest))
		}
		w.line("The telephone system, and the files that were imported, are outside of this program: erase there too.")
		return w.err
	})
}

func keptUntil(cfg config.Root, written time.Time) string {
	if keep := cfg.Retention.Topics; keep > 0 {
		return "by " + instantOr(written.Add(keep), "-") + " (retention.topics)"
	}
	return "never, as it is set up: retention.topics says for how long the log is kept"
}

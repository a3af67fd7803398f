package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"strings"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/callback"
	"hotline12333/internal/config"
	"hotline12333/internal/keys"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/web"
)

// callbackKeys are keys that keep the number as well, sealed.
type callbackKeys struct{ *keys.Keys }

// SealNumber is empty for what is no number.
func (k callbackKeys) SealNumber(callID, number string, at time.Time) string {
	sealed, err := k.SealForCallback(callID, number, at)
	if err != nil { // a call without its number is better than no call
		return ""
	}
	return sealed
}

// sourceKeys are the keys that sources get: with call-backs on, such as keep numbers.
func sourceKeys(cfg config.Root, kit *keys.Keys) source.Pseudonyms {
	if cfg.Intake.Callbacks.Enabled {
		return callbackKeys{kit}
	}
	return kit
}

// Reveal prints the number of one call, to call back. It is refused to users that
// intake.callbacks.reveal_by does not name; both are written to the audit log before
// anything is shown.
func Reveal(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, opts ShowOptions) (err error) {
	if strings.TrimSpace(opts.Reason) == "" {
		return errors.New("a reason is needed: hotline reveal CALL_ID --reason WHY")
	}
	entry := audit.Entry{Action: audit.Reveal, Subject: opts.ID, Reason: opts.Reason}
	refuse := func(why string) error {
		refused := entry
		refused.Refused = why
		return errJoin(errors.New(why), record(cfg, refused))
	}
	who, err := user.Current()
	if err != nil {
		return refuse("the user of the operating system is not known")
	}
	if !cfg.Intake.Callbacks.MayReveal(who.Username) {
		return refuse(fmt.Sprintf("the user %s may not reveal numbers: intake.callbacks.reveal_by names those who may", who.Username))
	}
	kit, err := openKeys(cfg, false)
	if err != nil {
		return fmt.Errorf("the keys are needed to open the seal: %w", err)
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := sys.storeAnswers(ctx); err != nil {
		return err
	}
	number, err := sys.numberOf(ctx, kit, opts.ID)
	if err != nil {
		return err
	}
	if err := record(cfg, entry); err != nil {
		return fmt.Errorf("nothing is shown: %w", err)
	}
	_, err = fmt.Fprintln(out, number)
	return err
}

// numberOf opens the number of a call.
func (s *system) numberOf(ctx context.Context, kit *keys.Keys, callID string) (string, error) {
	sealed, found, err := s.store.SealedCaller(ctx, callID)
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", refusal.Errorf("没有来电 %s", "there is no call %q", callID)
	case sealed == "":
		return "", refusal.Errorf("来电 %s 没有保存号码:当时未开通(intake.callbacks.enabled),或来电无号码,或已过保存天数(retention.sealed_numbers)",
			"the call %s has no sealed number: call-backs were off (intake.callbacks.enabled), or it came without one, or it was removed after its days (retention.sealed_numbers)", callID)
	}
	number, err := kit.OpenForCallback(callID, sealed)
	if err != nil {
		return "", fmt.Errorf("opening the number of %s: %w", callID, err)
	}
	return number, nil
}

// revealing is a number asked for on a page by somebody who calls back.
type revealing struct {
	callID, by, reason string
	refused            string // why the page does not allow it; empty: it does
}

// reveal gives the number of an item that by has taken. The actor of the audit log is the
// program; who asked stands in the reason.
func (d *callDesk) reveal(ctx context.Context, r revealing) (string, error) {
	if strings.TrimSpace(r.reason) == "" {
		return "", refusal.Errorf("请填写事由:它记入审计日志", "a reason is needed: it goes into the audit log")
	}
	notTheirs := false
	entry := audit.Entry{Action: audit.Reveal, Subject: r.callID, Reason: r.by + " (page): " + r.reason, Refused: r.refused}
	if r.refused == "" {
		list, err := d.list(ctx, false)
		if err != nil {
			return "", err
		}
		switch item := list.Find(r.callID); {
		case item == nil:
			return "", refusal.Errorf("来电 %s 不在未接来电中", "call %s is not among the lost calls: %v", r.callID, web.ErrNotFound)
		case item.State != callback.Taken || item.Owner != r.by:
			entry.Refused, notTheirs = r.by+" has not taken it", true
		case item.Revealable() == nil:
			return "", refusal.Errorf("此来电人没有保存号码:当时未开通(intake.callbacks.enabled),或已过保存天数(retention.sealed_numbers)",
				"the calls of this caller have no sealed number: call-backs were off (intake.callbacks.enabled), or it was removed after its days (retention.sealed_numbers)")
		default:
			entry.Subject = item.Revealable().ID
		}
	}
	if entry.Refused != "" {
		var refused error = refusal.Errorf("未开通页面显示号码(web.reveal_roles),或您的角色不在其中", "%s", entry.Refused)
		if notTheirs {
			refused = refusal.Errorf("请先领取,再显示号码", "%s", entry.Refused)
		}
		return "", errJoin(refused, record(d.sys.cfg, entry))
	}
	kit, err := openKeys(d.sys.cfg, false)
	if err != nil {
		return "", fmt.Errorf("the keys are needed to open the seal: %w", err)
	}
	number, err := d.sys.numberOf(ctx, kit, entry.Subject)
	if err != nil {
		return "", err
	}
	if err := record(d.sys.cfg, entry); err != nil {
		return "", fmt.Errorf("nothing is shown: %w", err)
	}
	return number, nil
}

package app

import (
	"fmt"
	"io"
	"slices"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
)

// record writes a line of the audit log; what it tells of must not happen when it fails.
func record(cfg config.Root, e audit.Entry) error {
	path, err := cfg.Audit.Path()
	if err != nil {
		return err
	}
	_, err = audit.Append(path, time.Now(), e)
	return err
}

// auditReady says whether a line could be written.
func auditReady(cfg config.Root) error {
	path, err := cfg.Audit.Path()
	if err != nil {
		return err
	}
	return audit.Ready(path)
}

// ListAudit prints the audit log, the newest limit lines (0: all), of one action where it
// is given.
func ListAudit(cfg config.Root, out io.Writer, action string, limit int) error {
	if action != "" && !slices.Contains(audit.Actions(), audit.Action(action)) {
		return fmt.Errorf("action %q is not known; known: %v", action, audit.Actions())
	}
	path, err := cfg.Audit.Path()
	if err != nil {
		return err
	}
	var lines []audit.Entry
	err = audit.Read(path, func(e audit.Entry) error {
		if action != "" && e.Action != audit.Action(action) {
			return nil
		}
		lines = append(lines, e)
		if limit > 0 && len(lines) > limit {
			lines = lines[1:]
		}
		return nil
	})
	w := &printer{out: out}
	for _, e := range lines {
		w.line("%6d  %s  %-20s %-14s %s", e.Sequence, e.At, e.Actor, e.Action, e.Subject)
		if e.Reason != "" {
			w.line("        %s", e.Reason)
		}
		if e.Sealed != "" {
			w.line("        entry %d, %s, in %s", e.Number, e.Sealed, e.Store)
		}
		if e.Refused != "" {
			w.line("        refused: %s", e.Refused)
		}
	}
	if len(lines) == 0 && err == nil {
		w.line("nothing is in the audit log %s", path)
	}
	return errJoin(err, w.err)
}

// VerifyAudit checks that no line of the audit log was changed, removed or put in between;
// seen is a hash that was noted earlier.
func VerifyAudit(cfg config.Root, out io.Writer, seen string) error {
	path, err := cfg.Audit.Path()
	if err != nil {
		return err
	}
	s, err := audit.Verify(path, seen)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	w.line("%s: %d lines, none changed or removed", path, s.Lines)
	if s.Lines > 0 {
		w.line("last hash %s", s.Last.Hash)
		w.line("Note it elsewhere: hotline audit verify --seen HASH tells later whether the log was cut or written anew.")
	}
	return w.err
}

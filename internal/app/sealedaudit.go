package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/seal"
)

// storeName says which store a chain of closed reports lies in: one audit log may tell of
// several.
func storeName(cfg config.Root) string { return cfg.Store.Address + "/" + cfg.Store.Database }

// witness writes the line of the audit log that tells of a closed report, once. It comes
// after the entry: a line without an entry then always means that the entry is gone.
func witness(cfg config.Root, e *seal.Entry, remark string) error {
	path, err := cfg.Audit.Path()
	if err != nil {
		return err
	}
	line := audit.Entry{
		Action: audit.CloseReport, Subject: e.Title(), Number: e.Sequence, Sealed: e.Hash, Store: storeName(cfg),
		Reason: strings.Join(slices.DeleteFunc([]string{remark, e.Reason, "填报人 " + e.Preparer, "复核人 " + e.Reviewer}, func(s string) bool { return s == "" }), " "),
	}
	_, err = audit.AppendUnless(path, time.Now(), line, func(have audit.Entry) bool {
		return have.Number == line.Number && have.Sealed == line.Sealed && have.Store == line.Store
	})
	return err
}

// witnesses reads the lines that tell of the store's closed reports.
func witnesses(cfg config.Root) (lines []seal.Line, err error) {
	path, err := cfg.Audit.Path()
	if err != nil {
		return nil, err
	}
	err = audit.Read(path, func(e audit.Entry) error {
		if e.Action == audit.CloseReport && e.Sealed != "" && e.Store == storeName(cfg) {
			lines = append(lines, seal.Line{At: uint64(e.Sequence), Number: e.Number, Hash: e.Sealed})
		}
		return nil
	})
	return lines, err
}

// witnessed is a chain held against the audit log of this machine.
type witnessed struct {
	faults    []seal.Fault
	late      *seal.Entry // without a line yet, as a crash between the two leaves it
	elsewhere int         // closed by others, whose audit logs lie elsewhere
}

func (s *system) witnessed(entries []*seal.Entry) (w witnessed, err error) {
	lines, err := witnesses(s.cfg)
	if err != nil {
		return w, err
	}
	actor := audit.Actor()
	c := seal.Compare(entries, lines, actor)
	w.faults, w.elsewhere = append(c.Faults, c.Unexplained(entries, actor)...), len(c.Others)
	if n := len(c.Missing); n > 0 && len(w.faults) == 0 {
		w.late = c.Missing[n-1]
	}
	return w, nil
}

// wholeChain is the chain, with the line in the audit log that an interrupted closing has left
// out. A chain that is not what the audit log tells of is not built on.
func (s *system) wholeChain(ctx context.Context) ([]*seal.Entry, error) {
	entries, err := s.sealedChain(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.witnessed(entries)
	if err != nil {
		return nil, err
	}
	if len(w.faults) > 0 {
		return nil, fmt.Errorf("the chain of closed reports is not what the audit log tells of (%s): hotline report list --verify looks at all of it; where those lines are of a trial with another data directory, give each an audit.file of its own", w.faults[0])
	}
	if w.late != nil {
		return entries, witness(s.cfg, w.late, lateRemark)
	}
	return entries, nil
}

// lateRemark tells that a line was not written by the closing itself.
const lateRemark = "补记 written afterwards, and not by the closing itself"

package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/refusal"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
)

// withSealed runs f on a system whose store answers.
func withSealed(ctx context.Context, cfg config.Root, log *slog.Logger, f func(*system) error) error {
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	if err := sys.storeAnswers(ctx); err != nil {
		return errJoin(err, sys.close())
	}
	return errJoin(f(sys), sys.close())
}

// SealedList is the chain of closed reports, with what is wrong with it.
type SealedList struct {
	Entries []*seal.Entry `json:"-"`
	Faults  []string      `json:"faults"`
	Notes   []string      `json:"notes"` // what is no fault and should be known
}

// ListSealed reads the chain and holds it against the audit log of this machine, both ways.
// verify reads every byte that was sealed as well, and adds the line to the audit log that a
// closing has left out which was interrupted between the two. seen is a hash that was noted
// earlier: it must be in the chain.
func ListSealed(ctx context.Context, cfg config.Root, log *slog.Logger, verify bool, seen string) (*SealedList, error) {
	list := &SealedList{}
	err := withSealed(ctx, cfg, log, func(s *system) error {
		rows, err := s.store.SealedReports(ctx)
		if err != nil {
			return fmt.Errorf("reading the closed reports: %w", err)
		}
		entries, faults := seal.Chain(rows)
		list.Entries = entries
		for _, f := range faults {
			list.Faults = append(list.Faults, f.String())
		}
		if seen != "" && !slices.ContainsFunc(entries, func(e *seal.Entry) bool { return e.Hash == seen }) {
			list.Faults = append(list.Faults, fmt.Sprintf("no entry has the hash %s: the chain was cut or written anew", seen))
		}
		if err := s.holdAgainstAudit(list, verify); err != nil || !verify {
			return err
		}
		for _, e := range entries {
			for _, p := range e.Parts {
				if err := s.store.OpenSealed(ctx, e.ID, p, func([]byte) error { return nil }); err != nil {
					if ctx.Err() != nil {
						return err
					}
					list.Faults = append(list.Faults, fmt.Sprintf("entry %d (%s): %v", e.Sequence, e.Title(), err))
				}
			}
		}
		return nil
	})
	return list, err
}

// holdAgainstAudit tells where chain and audit log differ. An audit log that cannot be read
// is a fault of its own, and keeps nobody from seeing the rest.
func (s *system) holdAgainstAudit(list *SealedList, complete bool) error {
	w, err := s.witnessed(list.Entries)
	if err != nil {
		list.Faults = append(list.Faults, err.Error())
		return nil
	}
	for _, f := range w.faults {
		list.Faults = append(list.Faults, f.String())
	}
	if w.elsewhere > 0 {
		list.Notes = append(list.Notes, fmt.Sprintf("%d were closed by others or elsewhere: hotline report list --verify there holds them against its audit log", w.elsewhere))
	}
	switch {
	case w.late == nil:
	case len(list.Faults) > 0 || !complete:
		list.Notes = append(list.Notes, fmt.Sprintf("the audit log has no line of entry %d (%s): its closing was interrupted, or the log's end was cut; --verify adds the line where nothing else is wrong", w.late.Sequence, w.late.Title()))
	default:
		if err := witness(s.cfg, w.late, lateRemark); err != nil {
			return err
		}
		list.Notes = append(list.Notes, fmt.Sprintf("the audit log had no line of entry %d (%s): its closing was interrupted, or the log's end was cut; it has one now, marked as written afterwards", w.late.Sequence, w.late.Title()))
	}
	return nil
}

// PrintSealed lists closed reports for people.
func PrintSealed(out io.Writer, list *SealedList, verified bool) error {
	w := &printer{out: out}
	for _, e := range list.Entries {
		zone, err := time.LoadLocation(e.Zone)
		if err != nil {
			zone = time.UTC
		}
		w.line("%4d  %s  %s", e.Sequence, e.ClosedAt.In(zone).Format(time.DateTime), e.Title())
		w.line("      填报人 preparer %s, 复核人 reviewer %s, 负责人 head %s; hotline %s", e.Preparer, e.Reviewer, e.Head, e.Program)
		if e.DataTo != nil {
			w.line("      数据截至 data to %s", e.DataTo.In(zone).Format(time.DateTime))
		}
		if e.Draft {
			w.line("      口径待确认 definitions were not confirmed")
		}
		if e.Reason != "" {
			w.line("      更正原因 reason %s", e.Reason)
		}
		for _, a := range e.Answers {
			w.line("      %s：%s → %s", a.Code, a.ZH, a.Reason)
		}
		w.line("      %s", e.Hash)
	}
	for _, n := range list.Notes {
		w.line("NOTE %s", n)
	}
	switch {
	case len(list.Entries) == 0 && len(list.Faults) == 0:
		w.line("no report was closed")
	case len(list.Faults) > 0:
		for _, f := range list.Faults {
			w.line("CHANGED %s", f)
		}
	case verified:
		w.line("%d reports, none changed, every part is what was sealed", len(list.Entries))
		w.line("Note the last hash elsewhere: hotline report list --verify --seen HASH tells later whether the chain was cut or written anew.")
	}
	return w.err
}

// PrintCheckList prints what was found before a period was closed, or kept it from being.
func PrintCheckList(out io.Writer, found []seal.Answer) error {
	w := &printer{out: out}
	w.line("关账清单 check list")
	for _, a := range found {
		state := "待说明 open"
		if a.Reason != "" {
			state = "已说明 answered"
		}
		w.line("  [%s] %s", state, a.Code)
		w.line("      %s", a.ZH)
		w.line("      %s", a.EN)
		if a.Reason != "" {
			w.line("      → %s", a.Reason)
		}
	}
	if len(found) == 0 {
		w.line("  无未决事项 nothing is open")
	}
	return w.err
}

// SealedQuery names a closed report.
type SealedQuery struct {
	ReportQuery

	Revision int // -1: the newest

	Options report.Options // of what is shown
	Part    string         // a piece of evidence instead
	Out     string         // the file to write
}

// sealedReport finds a closed report.
func (s *system) sealedReport(ctx context.Context, q *SealedQuery) (*seal.Entry, error) {
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	rows, err := s.store.SealedReports(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the closed reports: %w", err)
	}
	entries, faults := seal.Chain(rows)
	list := seal.Of(entries, q.Centre, span.Name)
	if len(list) == 0 {
		if len(faults) > 0 {
			return nil, refusal.Errorf("已锁定报告的链条不完整:请联系运维(hotline report list --verify)", "the chain of closed reports was changed (%s): hotline report list --verify", faults[0])
		}
		return nil, refusal.Errorf("%[2]s没有锁定的报告", "%[1]s was not closed (hotline report list)", span.Name, span.ZH)
	}
	i := 0
	if q.Revision >= 0 {
		i = slices.IndexFunc(list, func(e *seal.Entry) bool { return e.Revision == q.Revision })
	}
	if i < 0 {
		return nil, refusal.Errorf("%[4]s没有第 %[2]d 版更正:最新为第 %[3]d 版", "%[1]s has no revision %[2]d: the newest is %[3]d", span.Name, q.Revision, list[0].Revision, span.ZH)
	}
	e := list[i]
	for _, f := range faults {
		if f.Sequence == e.Sequence {
			return nil, refusal.Errorf("%[1]s 的内容与锁定时不符:请联系运维(hotline report list --verify)", "%[1]s is not what was sealed: %[2]s", e.Title(), f.What)
		}
	}
	return e, nil
}

// sealedPart gives the bytes of a part, as they were sealed.
func (s *system) sealedPart(ctx context.Context, e *seal.Entry, name string) ([]byte, error) {
	p, ok := e.Part(name)
	if !ok {
		names := make([]string, len(e.Parts))
		for i, p := range e.Parts {
			names[i] = p.Name
		}
		return nil, refusal.Errorf("%[1]s 中没有 %[2]s", "%[1]s has no part %[2]s; it has %[3]s", e.Title(), name, strings.Join(names, ", "))
	}
	var out bytes.Buffer
	err := s.store.OpenSealed(ctx, e.ID, p, func(b []byte) error {
		_, err := out.Write(b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Title(), err)
	}
	return out.Bytes(), nil
}

// ShowSealed writes a part of a closed report into a file, byte for byte as it was sealed:
// a format, or a piece of evidence where its name is given.
func ShowSealed(ctx context.Context, cfg config.Root, log *slog.Logger, q SealedQuery) (e *seal.Entry, err error) {
	part := q.Part
	if part == "" {
		part = partOf(q.Options.Format, q.Options.Lang)
	}
	err = withSealed(ctx, cfg, log, func(s *system) error {
		if e, err = s.sealedReport(ctx, &q); err != nil {
			return err
		}
		data, err := s.sealedPart(ctx, e, part)
		if err != nil {
			return err
		}
		return writeWhole(q.Out, data)
	})
	return e, err
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/kpi"
	"hotline12333/internal/personal"
	"hotline12333/internal/refusal"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
	"hotline12333/internal/store"
)

// CloseQuery asks for a period to be closed.
type CloseQuery struct {
	ReportQuery

	Preparer, Reviewer, Head string
	Accept                   map[string]string // reason by code of the check list
	Revise                   bool              // replace a report that is closed
	Reason                   string            // of the revision
}

// Closed is what became of the query: the check list, and the entry where it was closed.
type Closed struct {
	Found []seal.Answer // without a reason: not answered
	Entry *seal.Entry   // nil: it was refused
}

// ErrNotAnswered says that the check list has items without an answer.
var ErrNotAnswered = errors.New("the period was not closed: answer every open item of the check list with --accept CODE=REASON, or settle it")

// CloseReport seals the report of a period, whole or not at all. The error is
// [ErrNotAnswered] where the check list keeps it from being closed.
func CloseReport(ctx context.Context, cfg config.Root, log *slog.Logger, q CloseQuery) (done *Closed, err error) {
	span, err := q.check()
	if err != nil {
		return nil, err
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return nil, err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := errJoin(sys.storeAnswers(ctx), sys.brokerAnswers(ctx)); err != nil {
		return nil, err
	}
	c := &closing{sys: sys, q: q, span: span}
	return c.run(ctx)
}

// check says what is to be closed, or why it cannot be.
func (q *CloseQuery) check() (kpi.Span, error) {
	for code := range q.Accept {
		if !slices.Contains(Checks(), code) {
			return kpi.Span{}, refusal.Errorf("关账清单中没有“%[1]s”", "--accept %[1]s: no item of the check list; there are %[2]s", code, strings.Join(Checks(), ", "))
		}
	}
	span, err := q.span()
	if err == nil && q.Now.Before(span.To) {
		err = refusal.Errorf("%[3]s尚未结束,%[2]s 起方可关账", "%[1]s is not over: it can be closed from %[2]s on", span.Name, span.To.In(q.Zone).Format("2006-01-02 15:04"), span.ZH)
	}
	return span, err
}

// closing is one attempt to close a period.
type closing struct {
	sys  *system
	q    CloseQuery
	span kpi.Span

	manifest seal.Manifest
	g        *gathering
	r        *report.Report
}

// sealedChain is the whole chain. One that is damaged is not built on.
func (s *system) sealedChain(ctx context.Context) ([]*seal.Entry, error) {
	rows, err := s.store.SealedReports(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the closed reports: %w", err)
	}
	entries, faults := seal.Chain(rows)
	if len(faults) > 0 {
		return entries, refusal.Errorf("已锁定报告的链条不完整,不能在其上继续:请联系运维(hotline report list --verify)", "the chain of closed reports was changed (%s): hotline report list --verify", faults[0])
	}
	return entries, nil
}

func (c *closing) run(ctx context.Context) (*Closed, error) {
	if err := auditReady(c.sys.cfg); err != nil {
		return nil, err
	}
	entries, err := c.sys.wholeChain(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.begin(entries); err != nil {
		return nil, err
	}
	done := &Closed{}
	if done.Found, err = c.gather(ctx); err != nil {
		return nil, err
	}
	answered := true
	for i := range done.Found {
		a := &done.Found[i]
		a.Reason = personal.Scrub(strings.TrimSpace(c.q.Accept[a.Code]))
		answered = answered && a.Reason != ""
	}
	if !answered {
		return done, ErrNotAnswered
	}
	c.manifest.Answers = done.Found
	if err := c.seal(ctx); err != nil {
		return nil, err
	}
	done.Entry, err = c.append(ctx, entries)
	return done, err
}

func lastOf(entries []*seal.Entry) *seal.Entry {
	if len(entries) == 0 {
		return nil
	}
	return entries[len(entries)-1]
}

// begin says what is to be closed, and refuses what is closed already.
func (c *closing) begin(entries []*seal.Entry) error {
	m := seal.Manifest{
		ID: ulid.Make().String(), Centre: c.q.Centre, Period: c.span.Name, From: c.span.From, To: c.span.To, Zone: c.q.Zone.String(),
		Preparer: personal.Scrub(c.q.Preparer), Reviewer: personal.Scrub(c.q.Reviewer), Head: personal.Scrub(c.q.Head),
		Actor: audit.Actor(), ClosedAt: c.q.Now.UTC().Truncate(time.Second), Program: c.q.Program,
	}
	before := seal.Of(entries, m.Centre, m.Period)
	switch {
	case len(before) > 0 && !c.q.Revise:
		b := before[0]
		return refusal.Errorf("%[4]s已由 %[2]s 于 %[3]s 提交并锁定:只能以更正版替代", "%[1]s was closed by %[2]s at %[3]s: only a revision replaces it (--revise --reason WHY)",
			b.Title(), b.Preparer, b.ClosedAt.In(c.q.Zone).Format(time.DateTime), c.span.ZH)
	case len(before) == 0 && c.q.Revise:
		return refusal.Errorf("%[2]s从未锁定:没有可更正的", "%[1]s was never closed: there is nothing to revise", m.Period, c.span.ZH)
	case len(before) > 0:
		m.Revision, m.Replaces, m.Reason = before[0].Revision+1, before[0].ID, personal.Scrub(c.q.Reason) // sealed, it could never be taken out
	}
	c.manifest = m
	return m.Validate()
}

// attempts is how often a report is gathered anew because the period's calls changed
// meanwhile.
const attempts = 3

// gather builds the report over a state of the calls that holds still, and looks at it.
func (c *closing) gather(ctx context.Context) (found []seal.Answer, err error) {
	for range attempts {
		g, err := newGathering(c.sys.cfg, c.q.ReportQuery, c.span)
		if err != nil {
			return nil, err
		}
		g.sys = c.sys
		pending, err := g.pendingNow(ctx)
		if err != nil {
			return nil, err
		}
		if c.manifest.AsOf, err = c.sys.store.RegisteredTo(ctx); err != nil {
			return nil, fmt.Errorf("reading how far the registry has come: %w", err)
		}
		if c.r, err = g.report(ctx); err != nil {
			return nil, err
		}
		h, err := c.sys.store.Horizons(ctx, store.SealedCall)
		if err != nil {
			return nil, fmt.Errorf("reading how long calls are kept: %w", err)
		}
		c.g = g
		found = g.check(c.r, pending, h.Removed)
		if still, err := c.still(ctx); err != nil || still {
			return found, err
		}
	}
	return nil, c.restless()
}

func (c *closing) restless() error {
	return refusal.Errorf("生成报表期间%[2]s的来电仍在变化:未锁定,请在没有导入时重试", "the calls of %[1]s keep changing while the report is made: nothing was closed; try again when no import is running", c.span.Name, c.span.ZH)
}

// still says that no call of the period has got another version since the report began.
func (c *closing) still(ctx context.Context) (bool, error) {
	changes, err := c.sys.store.CorrectionsSince(ctx, c.manifest.AsOf, c.span.From, c.span.To, 1)
	return len(changes) == 0, err
}

// seal writes the parts. Nothing refers to them until the entry is appended.
func (c *closing) seal(ctx context.Context) error {
	m := &c.manifest
	m.Draft = c.r.Draft
	if c.r.DataTo != nil {
		at := c.r.DataTo.UTC()
		m.DataTo = &at
	}
	c.r.Closing = &report.Closing{
		Preparer: m.Preparer, Reviewer: m.Reviewer, Head: m.Head, At: m.ClosedAt.In(c.q.Zone), Revision: m.Revision, Reason: m.Reason,
		Answers: []report.ClosedAnyway{},
	}
	for _, a := range m.Answers {
		c.r.Closing.Answers = append(c.r.Closing.Answers, report.ClosedAnyway{Code: a.Code, Found: kpi.Wording{ZH: a.ZH, EN: a.EN}, Reason: a.Reason})
	}
	for _, step := range []func(context.Context) error{c.formats, c.rules, c.entered, c.calls} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// append puts the entry at the end of the chain, and then a line into the audit log. Where
// another period was closed meanwhile it follows that one; where it was the same period, that
// one has won.
func (c *closing) append(ctx context.Context, entries []*seal.Entry) (*seal.Entry, error) {
	subject := c.manifest.Title()
	for {
		e, err := seal.Close(c.manifest, lastOf(entries))
		if err != nil {
			return nil, err
		}
		err = c.sys.store.AppendSealed(ctx, e)
		if err == nil {
			if err := witness(c.sys.cfg, e, ""); err != nil {
				return e, refusal.Errorf("已锁定,为链条第 %[2]d 条,但审计日志尚未记入:请联系运维(hotline report list --verify)", "%[1]s is closed, as entry %[2]d, and the audit log does not tell of it yet (hotline report list --verify adds the line): %[3]v", subject, e.Sequence, err)
			}
			return e, nil
		}
		if !errors.Is(err, store.ErrSealed) {
			return nil, fmt.Errorf("closing %s: %w", subject, err)
		}
		if entries, err = c.sys.wholeChain(ctx); err != nil {
			return nil, err
		}
		if now := seal.Of(entries, c.manifest.Centre, c.manifest.Period); len(now) > 0 && now[0].ID != c.manifest.Replaces {
			return nil, refusal.Errorf("未锁定:%[3]s 的报告同时已锁定,您的未保存", "%[1]v: %[2]s by %[3]s; nothing of yours was kept", store.ErrSealed, now[0].Title(), now[0].Preparer)
		}
	}
}

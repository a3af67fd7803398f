package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/seal"
	"hotline12333/internal/web"
)

func (o *office) CheckList(ctx context.Context, period, centre string, was []journal.HandedIn) ([]seal.Answer, []web.DifferentRow, error) {
	q := CloseQuery{ReportQuery: o.query(period, centre)}
	span, err := q.check()
	if err != nil {
		return nil, nil, err
	}
	c := &closing{sys: o.sys, q: q, span: span}
	found, err := c.gather(ctx)
	if err != nil || len(was) == 0 {
		return found, nil, told(err)
	}
	return found, sinceHandedIn(was, c.r), nil
}

func (o *office) Prepare(ctx context.Context, period, centre string, c journal.Closing, by web.Author) (journal.Entry, error) {
	q := CloseQuery{ReportQuery: o.query(period, centre), Accept: c.Answers}
	span, err := q.check()
	if err != nil {
		return journal.Entry{}, err
	}
	a := authorOf(by)
	if err := a.check(false); err != nil {
		return journal.Entry{}, err
	}
	if !a.Withdraw {
		if err := c.Validate(); err != nil {
			return journal.Entry{}, err
		}
		_, r, err := o.gathered(ctx, q.ReportQuery)
		if err != nil {
			return journal.Entry{}, err
		}
		c.Figures = handedIn(r)
	}
	e := a.entry(journal.Slot{Kind: journal.KindClosing, Centre: centre, Subject: journal.ClosingSubject, Period: span.Name})
	e.Body = journal.Encode(c)
	return o.keep(ctx, e, nil)
}

func (o *office) Seal(ctx context.Context, q web.ClosingQuery) ([]seal.Answer, *seal.Entry, error) {
	asked := CloseQuery{
		ReportQuery: o.query(q.Period, q.Centre), Preparer: q.Preparer, Reviewer: q.Reviewer, Head: q.Head,
		Accept: q.Answers, Revise: q.Revise, Reason: q.Reason,
	}
	span, err := asked.check()
	if err != nil {
		return nil, nil, err
	}
	if err := o.sys.brokerAnswers(ctx); err != nil {
		return nil, nil, told(err)
	}
	c := &closing{sys: o.sys, q: asked, span: span}
	done, err := c.run(ctx)
	switch {
	case errors.Is(err, ErrNotAnswered):
		return done.Found, nil, nil
	case err != nil:
		return nil, nil, told(err)
	}
	return done.Found, done.Entry, nil
}

func (o *office) Sealed(ctx context.Context) ([]*seal.Entry, []kpi.Wording, error) {
	rows, err := o.sys.store.SealedReports(ctx)
	if err != nil {
		return nil, nil, told(err)
	}
	entries, faults := seal.Chain(rows)
	texts := make([]kpi.Wording, len(faults))
	for i, f := range faults {
		texts[i] = kpi.Wording{ZH: fmt.Sprintf("第 %d 条与锁定时不符,请联系运维核对(hotline report list --verify)。", f.Sequence), EN: f.String() + "."}
	}
	for _, e := range entries {
		e.ClosedAt = e.ClosedAt.In(o.zone)
	}
	return entries, texts, nil
}

func (o *office) Part(ctx context.Context, id, part string, w io.Writer) error {
	entries, _, err := o.Sealed(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(entries, func(e *seal.Entry) bool { return e.ID == id })
	if i < 0 {
		return web.ErrNotFound
	}
	// Whole before any of it is sent: bytes that are not what was sealed are not shown.
	data, err := o.sys.sealedPart(ctx, entries[i], part)
	if err != nil {
		return told(err)
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("sending %s: %w", part, err)
	}
	return nil
}

// changedShown is how many of the calls that changed are named on the page.
const changedShown = 100

func (o *office) Difference(ctx context.Context, period, centre string, revision int) (*web.Difference, error) {
	q := SealedQuery{ReportQuery: o.query(period, centre), Revision: revision}
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	x, err := o.sys.difference(ctx, &q, span, changedShown)
	if err != nil {
		return nil, told(err)
	}
	d := &web.Difference{Rules: x.Rules, Calls: x.Calls}
	for _, kind := range seal.ChangeKinds() {
		if n := x.Kinds[kind]; n > 0 {
			zh, en := kind.Title()
			d.Kinds = append(d.Kinds, web.ChangedCalls{ZH: zh, EN: en, Calls: n})
		}
	}
	for _, r := range x.Rows {
		d.Rows = append(d.Rows, web.DifferentRow{
			Table: r.Table, Form: r.Form, Code: r.Code, Name: r.name, Was: r.was, Is: r.is, Change: r.Change, Why: r.why, Trace: web.Trace(r.trace),
		})
	}
	return d, nil
}

package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
)

// The forms of an indicator.
const (
	formValue  = "value"
	formGraded = "graded"
	formBudget = "budget"
	formCause  = "cause"
)

type valuePage struct {
	*asked
	Form       string // one of the above
	Code       string
	Name       kpi.Wording
	Unit       kpi.Wording
	Target     string
	Given      given
	Past       []heldEntry
	Categories []string
	Likely     []journal.Likelihood
	Error      string
	Theirs     *heldEntry // somebody was faster
}

// given is what a form holds.
type given struct {
	Entered
	journal.Deviation
}

func givenOf(r *http.Request, v *visitor, a *asked) given {
	author := Author{
		By: v.Name, Reason: field(r, "reason"), Evidence: field(r, "evidence"), Replaces: r.FormValue("replaces"), Withdraw: r.FormValue("withdraw") != "",
	}
	g := given{
		Entered: Entered{
			Code: r.FormValue("code"), Period: a.Span.Name, Centre: a.Centre, Author: author,
			Value: field(r, "value"), Score: field(r, "score"), Executed: field(r, "executed"), Adjusted: field(r, "adjusted"),
			NotApplicable: r.FormValue("not_applicable") != "", Reviewer: field(r, "agreed"),
		},
		Deviation: journal.Deviation{
			Cause: field(r, "cause"), Measures: field(r, "measures"), Category: r.FormValue("category"),
			Likelihood: journal.Likelihood(r.FormValue("likelihood")), Note: field(r, "note"),
		},
	}
	if g.NotApplicable || g.Withdraw { // what was typed before the box was ticked
		g.Value, g.Score, g.Executed, g.Adjusted = "", "", "", ""
	}
	return g
}

func field(r *http.Request, name string) string { return strings.TrimSpace(r.FormValue(name)) }

func (g *given) slot(form string) journal.Slot {
	kind := journal.KindValue
	if form == formCause {
		kind = journal.KindDeviation
	}
	return journal.Slot{Kind: kind, Centre: g.Centre, Subject: g.Code, Period: g.Period}
}

// valueForm finds what kind of form an indicator has.
func (s *Server) valueForm(r *http.Request, a *asked) (*valuePage, error) {
	p := &valuePage{asked: a, Code: r.FormValue("code"), Categories: journal.Categories(), Likely: journal.Likelihoods()}
	set, _, err := s.deps.Desk.Indicators(a.Span.Name)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err)
	}
	x, ok := set.Find(p.Code)
	cause := r.FormValue("what") == formCause
	switch {
	case kpi.IsExecutionCode(p.Code):
		p.Form, p.Name = formBudget, kpi.Wording{ZH: "预算执行 " + p.Code, EN: "budget execution " + p.Code}
	case !ok:
		return nil, ErrNotFound
	default:
		row := rowOf(set, p.Code)
		p.Form, p.Name, p.Unit, p.Target = formValue, x.Name, row.Unit.Name, targetOf(row, a.Lang)
		if row.Sign == kpi.Graded {
			p.Form = formGraded
		}
		if x.Figure != "" {
			cause = true
		}
	}
	if cause {
		p.Form = formCause
	}
	return p, nil
}

// value shows the form of an indicator, with what holds filled in.
func (s *Server) value(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	p, err := s.valueForm(r, a)
	if err != nil {
		return err
	}
	p.Given.Entered = Entered{Code: p.Code, Period: a.Span.Name, Centre: a.Centre}
	if p.Given.Replaces, p.Past, err = s.newest(r.Context(), a.Lang, p.Given.slot(p.Form)); err != nil {
		return err
	}
	if len(p.Past) > 0 && p.Past[0].Holds {
		if err := p.Given.fill(&p.Past[0].Entry); err != nil {
			return err
		}
	}
	s.show(w, r, http.StatusOK, shown{page: "value", title: "entries", visitor: v, body: p})
	return nil
}

// fill puts what holds into the form; the reason is that of the next entry.
func (g *given) fill(e *journal.Entry) (err error) {
	g.Evidence = e.Evidence
	if e.Kind == journal.KindDeviation {
		g.Deviation, err = journal.Decode[journal.Deviation](e)
		return err
	}
	b, err := journal.Decode[journal.Value](e)
	g.Value, g.Score, g.Executed, g.Adjusted = string(b.Value), string(b.Score), string(b.Executed), string(b.Adjusted)
	g.NotApplicable, g.Reviewer = b.NotApplicable, b.Reviewer
	return err
}

// enterValue saves a form. When somebody else was faster it shows both, and who has sent
// the form decides.
func (s *Server) enterValue(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	p, err := s.valueForm(r, a)
	if err != nil {
		return err
	}
	p.Given = givenOf(r, v, a)
	_, err = s.keep(r.Context(), p)
	if err == nil {
		http.Redirect(w, r, query("/entries", "period", a.Period, "centre", a.Centre, "saved", p.Code), http.StatusSeeOther)
		return nil
	}
	var conflict *journal.Conflict
	page, status := "value", http.StatusUnprocessableEntity
	switch {
	case errors.As(err, &conflict) && conflict.Newest != nil:
		page, status = "conflict", http.StatusConflict
		p.Theirs = &heldEntry{Entry: *conflict.Newest, Text: s.bodyText(a.Lang, conflict.Newest), Holds: !conflict.Newest.Withdrawn}
		p.Given.Replaces = conflict.Newest.ID
	case errors.Is(err, ErrNotAnswering):
		return err
	default:
		p.Error = s.told(a.Lang, err)
	}
	if _, p.Past, err = s.newest(r.Context(), a.Lang, p.Given.slot(p.Form)); err != nil {
		return err
	}
	s.show(w, r, status, shown{page: page, title: "entries", visitor: v, body: p})
	return nil
}

func (s *Server) keep(ctx context.Context, p *valuePage) (journal.Entry, error) {
	g := &p.Given
	if p.Form == formCause {
		return s.deps.Desk.Explain(ctx, Explained{Code: g.Code, Period: g.Period, Centre: g.Centre, Deviation: g.Deviation, Author: g.Author})
	}
	return s.deps.Desk.Enter(ctx, g.Entered)
}

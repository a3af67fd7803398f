package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/seal"
	"hotline12333/internal/web/people"
)

type closingPage struct {
	*asked
	NotOver  string        // from when on it can be closed; empty: it is over
	Items    []seal.Answer // with what the preparer says
	Open     int
	Sealed   *seal.Entry // that holds; nil: never closed
	Prepared *heldEntry  // that waits for its review
	Body     journal.Closing
	Back     *heldEntry // given back, and not submitted again
	Replaces string
	Own      bool           // the visitor has submitted it
	Changed  []DifferentRow // numbers that are not what was submitted
	Traced   bool           // the visitor may see calls
	Error    string
}

// closingStep is what was done about a closing, and why not if it was not.
type closingStep struct {
	*asked
	err   error
	given *journal.Closing // what was written into the form, to be shown again
}

// closing shows how far a period is from being closed.
func (s *Server) closing(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.showClosing(w, r, v, closingStep{})
}

func (s *Server) showClosing(w http.ResponseWriter, r *http.Request, v *visitor, after closingStep) error {
	a, err := s.ask(w, r, v, s.lastQuarter())
	if err != nil {
		return err
	}
	p := &closingPage{asked: a, Traced: v.Role.May(people.Trace)}
	if err := s.closingState(r.Context(), p, v); err != nil {
		return err
	}
	status := http.StatusOK
	if after.err != nil {
		status, p.Error = http.StatusUnprocessableEntity, s.told(a.Lang, after.err)
	}
	// What somebody else has submitted meanwhile stands instead of what was written.
	if conflict := (*journal.Conflict)(nil); errors.As(after.err, &conflict) {
		status = http.StatusConflict
	} else if after.given != nil {
		p.Body = *after.given
	}
	if zone := s.deps.Desk.Zone(); s.deps.Now().Before(a.Span.To) {
		p.NotOver = a.Span.To.In(zone).Format("2006-01-02 15:04")
	} else {
		var found []seal.Answer
		err := s.busy(r, func(ctx context.Context) (err error) {
			var was []journal.HandedIn
			if p.Prepared != nil {
				was = p.Body.Figures
			}
			found, p.Changed, err = s.deps.Desk.CheckList(ctx, a.Span.Name, a.Centre, was)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			f.Reason = strings.TrimSpace(p.Body.Answers[f.Code])
			if f.Reason == "" {
				p.Open++
			}
			p.Items = append(p.Items, f)
		}
	}
	s.show(w, r, status, shown{page: "closing", title: "closing", visitor: v, body: p})
	return nil
}

// closingState reads what was submitted for a period, and whether it is closed.
func (s *Server) closingState(ctx context.Context, p *closingPage, v *visitor) error {
	entries, _, err := s.deps.Desk.Sealed(ctx)
	if err != nil {
		return err
	}
	if list := seal.Of(entries, p.Centre, p.Span.Name); len(list) > 0 {
		p.Sealed = list[0]
	}
	slot := journal.Slot{Kind: journal.KindClosing, Centre: p.Centre, Subject: journal.ClosingSubject, Period: p.Span.Name}
	histories, err := s.deps.Desk.Entries(ctx, []journal.Kind{slot.Kind}, slot.Subject)
	if err != nil {
		return err
	}
	for i := range histories {
		h := &histories[i]
		if h.Slot != slot {
			continue
		}
		e := h.Newest()
		p.Replaces = e.ID
		if p.Body, err = journal.Decode[journal.Closing](e); err != nil {
			return err
		}
		done := settled(e, seal.Of(entries, p.Centre, p.Span.Name))
		switch {
		case done:
			p.Body = journal.Closing{Head: p.Body.Head}
		case e.Withdrawn:
			p.Back = &heldEntry{Entry: *e}
		default:
			p.Prepared = &heldEntry{Entry: *e, Holds: true}
			p.Own = v.Name == e.By
		}
	}
	return nil
}

// prepare hands a closing to the reviewer.
func (s *Server) prepare(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, "")
	if err != nil {
		return err
	}
	if v.Name == nobody {
		return s.closed(w, r, v, closingStep{asked: a, err: s.says("must_sign_in")})
	}
	c := journal.Closing{Head: field(r, "head"), Answers: map[string]string{}, Revise: r.FormValue("revise") != "", Reason: field(r, "revision_reason")}
	for name := range r.PostForm {
		if code, ok := strings.CutPrefix(name, answerField); ok && field(r, name) != "" {
			c.Answers[code] = field(r, name)
		}
	}
	err = s.busy(r, func(ctx context.Context) error {
		_, err := s.deps.Desk.Prepare(ctx, a.Span.Name, a.Centre, c, Author{By: v.Name, Replaces: r.FormValue("replaces")})
		return err
	})
	if conflict := (*journal.Conflict)(nil); err != nil && !errors.Is(err, ErrNotAnswering) && !errors.As(err, &conflict) {
		err = refusal.Errorf("未提交:%v", "not submitted: %v", err)
	}
	return s.closed(w, r, v, closingStep{a, err, &c})
}

// closed shows what has become of a step: the page again, or why it was not done.
func (s *Server) closed(w http.ResponseWriter, r *http.Request, v *visitor, step closingStep) error {
	switch {
	case step.err == nil:
		s.hub.errands.look(r.Context())
		http.Redirect(w, r, query("/closing", "period", step.Span.Name, "centre", step.Centre), http.StatusSeeOther)
		return nil
	case errors.Is(step.err, ErrNotAnswering) || errors.Is(step.err, context.DeadlineExceeded):
		return step.err
	}
	return s.showClosing(w, r, v, step)
}

// review seals what was submitted, or gives it back.
func (s *Server) review(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, "")
	if err != nil {
		return err
	}
	p := &closingPage{asked: a}
	if err := s.closingState(r.Context(), p, v); err != nil {
		return err
	}
	step := closingStep{asked: a}
	switch {
	case v.Name == nobody: // who could be the preparer, signed out
		step.err = s.says("must_sign_in")
	case p.Prepared == nil:
		step.err = s.says("nothing_prepared")
	case p.Prepared.ID != r.FormValue("replaces"):
		step.err = &journal.Conflict{Slot: p.Prepared.Slot, Newest: &p.Prepared.Entry}
	case r.FormValue("decision") == "back":
		_, step.err = s.deps.Desk.Prepare(r.Context(), a.Span.Name, a.Centre, p.Body, Author{By: v.Name, Reason: field(r, "reason"), Replaces: p.Prepared.ID, Withdraw: true})
	case p.Own:
		step.err = s.says("own_work")
	default:
		return s.sealNow(w, r, v, p)
	}
	return s.closed(w, r, v, step)
}

func (s *Server) sealNow(w http.ResponseWriter, r *http.Request, v *visitor, p *closingPage) error {
	q := ClosingQuery{
		Period: p.Span.Name, Centre: p.Centre, Preparer: p.Prepared.By, Reviewer: v.Name, Head: p.Body.Head,
		Answers: p.Body.Answers, Revise: p.Body.Revise, Reason: p.Body.Reason,
	}
	var entry *seal.Entry
	err := s.busy(r, func(ctx context.Context) (err error) {
		_, entry, err = s.deps.Desk.Seal(ctx, q)
		return err
	})
	if err == nil && entry == nil {
		err = s.says("sealed_refused")
	}
	if err != nil {
		return s.closed(w, r, v, closingStep{asked: p.asked, err: err})
	}
	s.hub.errands.look(r.Context())
	s.deps.Log.Info("a period was closed", "period", entry.Title(), "preparer", q.Preparer, "reviewer", q.Reviewer, "entry", entry.Sequence)
	http.Redirect(w, r, query("/sealed", "now", fmt.Sprint(entry.Sequence)), http.StatusSeeOther)
	return nil
}

type sealedPage struct {
	Entries []sealedLine
	Faults  []kpi.Wording
	Now     *seal.Entry
}

type sealedLine struct {
	*seal.Entry
	Newest   bool     // of its period
	Formats  []choice // parts that were handed in, those of the page's language first
	Evidence []string
}

// sealed lists the closed reports, the newest first.
func (s *Server) sealed(w http.ResponseWriter, r *http.Request, v *visitor) error {
	entries, faults, err := s.deps.Desk.Sealed(r.Context())
	if err != nil {
		return err
	}
	l, _ := s.tastes(w, r)
	p := sealedPage{Faults: faults}
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if v.Centre != "" && e.Centre != v.Centre {
			continue
		}
		line := sealedLine{Entry: e, Newest: seal.Of(entries, e.Centre, e.Period)[0].ID == e.ID}
		for _, part := range e.Parts {
			if strings.HasPrefix(part.Name, "report.") {
				line.Formats = append(line.Formats, s.formatOf(l, part.Name))
			} else {
				line.Evidence = append(line.Evidence, part.Name)
			}
		}
		slices.SortStableFunc(line.Formats, func(a, b choice) int {
			switch {
			case a.Chosen == b.Chosen:
				return 0
			case a.Chosen:
				return -1
			}
			return 1
		})
		if fmt.Sprint(e.Sequence) == r.FormValue("now") {
			p.Now = e
		}
		p.Entries = append(p.Entries, line)
	}
	s.show(w, r, http.StatusOK, shown{page: "sealed", title: "sealed", visitor: v, body: p})
	return nil
}

// formatOf is a part that was handed in as a page names it: report.zh.xlsx is xlsx, in the
// page's language or another. Chosen is one of the page's own.
func (s *Server) formatOf(l Lang, part string) choice {
	name := strings.TrimPrefix(part, "report.")
	for _, of := range languages() {
		if format, ok := strings.CutPrefix(name, string(of)+"."); ok {
			return choice{part, format + " " + s.words.in(l, of.of("in_zh", "in_en")), of == l}
		}
	}
	return choice{part, name, true}
}

// sealedEntry finds a closed report that the visitor may see.
func (s *Server) sealedEntry(r *http.Request, v *visitor) (*seal.Entry, error) {
	entries, _, err := s.deps.Desk.Sealed(r.Context())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.ID == r.FormValue("id") && (v.Centre == "" || e.Centre == v.Centre) {
			return e, nil
		}
	}
	return nil, ErrNotFound
}

// sealedPolicy lets a sealed report look as it was made, and do nothing.
const sealedPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox allow-modals"

// part gives the bytes of a part as they were sealed. Lists of calls are for those who may
// see calls.
func (s *Server) part(w http.ResponseWriter, r *http.Request, v *visitor) error {
	e, err := s.sealedEntry(r, v)
	if err != nil {
		return err
	}
	name := r.FormValue("part")
	if _, ok := e.Manifest.Part(name); !ok || !strings.HasPrefix(name, "report.") && !v.Role.May(people.Trace) {
		return ErrNotFound
	}
	file := "sealed-" + e.Period
	if e.Centre != "" {
		file += "-" + e.Centre
	}
	if e.Revision > 0 {
		file += fmt.Sprintf("-r%d", e.Revision)
	}
	attach(w, file+"-"+strings.ReplaceAll(name, "/", "-"))
	if r.FormValue("read") != "" && strings.HasSuffix(name, ".html") {
		// It carries its own look, and nothing that runs: the page's policy would take it away.
		w.Header().Set("Content-Disposition", "inline")
		w.Header().Set("Content-Security-Policy", sealedPolicy)
	}
	return s.deps.Desk.Part(r.Context(), e.ID, name, w)
}

type differencePage struct {
	*Difference
	Entry      *seal.Entry
	ID, Centre string
	Traced     bool
}

// difference holds a closed report against the present.
func (s *Server) difference(w http.ResponseWriter, r *http.Request, v *visitor) error {
	e, err := s.sealedEntry(r, v)
	if err != nil {
		return err
	}
	d := differencePage{Entry: e, ID: e.ID, Traced: v.Role.May(people.Trace), Centre: e.Centre}
	err = s.busy(r, func(ctx context.Context) (err error) {
		d.Difference, err = s.deps.Desk.Difference(ctx, e.Period, e.Centre, e.Revision)
		return err
	})
	if err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, shown{page: "difference", title: "diff", visitor: v, body: d})
	return nil
}

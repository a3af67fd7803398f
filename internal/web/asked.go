package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hotline12333/internal/kpi"
)

// asked is what most pages are asked for: a period and a centre, in a language.
type asked struct {
	Lang     Lang
	Period   string // as it was asked for
	From, To string // of two days
	Span     kpi.Span
	Centre   string
	Centres  []choice // empty: there is nothing to choose
	Periods  [][]choice
}

// ask reads period and centre. Who may see one centre only gets that one.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, v *visitor, otherwise string) (*asked, error) {
	l, _ := s.tastes(w, r)
	a := &asked{Lang: l, Period: strings.TrimSpace(r.FormValue("period")), From: r.FormValue("from"), To: r.FormValue("to"), Centre: centreOf(r, v)}
	switch {
	case a.From != "" && (a.To == "" || a.To == a.From):
		a.Period = a.From
	case a.From != "":
		a.Period = a.From + ".." + a.To
	case a.To != "":
		a.Period = a.To
	case a.Period == "":
		a.Period = otherwise
	}
	span, err := s.deps.Desk.Span(a.Period)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err)
	}
	a.Span = span
	if first, last, ok := strings.Cut(span.Name, ".."); ok && a.Period != "ytd" {
		a.From, a.To = first, last
	}
	a.Periods = s.periods(l, a.Period)
	return a, s.centresTo(r, v, a)
}

// centresTo offers the centres to choose from, where there are several.
func (s *Server) centresTo(r *http.Request, v *visitor, a *asked) error {
	if v.Centre != "" {
		return nil
	}
	centres, err := s.deps.Desk.Centres(r.Context())
	if err != nil || len(centres) < 2 {
		return err
	}
	a.Centres = append(a.Centres, choice{"", s.words.in(a.Lang, "all_centres"), a.Centre == ""})
	for _, c := range centres {
		a.Centres = append(a.Centres, choice{c, c, c == a.Centre})
	}
	return nil
}

// centreOf is the centre asked for, or the only one a visitor sees.
func centreOf(r *http.Request, v *visitor) string {
	if v.Centre != "" {
		return v.Centre
	}
	return strings.TrimSpace(r.FormValue("centre"))
}

// quarter names the quarter of a time.
func (s *Server) quarter(of time.Time) string {
	t := of.In(s.deps.Desk.Zone())
	return fmt.Sprintf("%dQ%d", t.Year(), (int(t.Month())+2)/3)
}

// thisQuarter is what pages show that are asked for nothing.
func (s *Server) thisQuarter() string { return s.quarter(s.deps.Now()) }

// lastQuarter is the latest that is over.
func (s *Server) lastQuarter() string {
	t := s.deps.Now().In(s.deps.Desk.Zone())
	return s.quarter(kpi.DayStart(t.Year(), t.Month()-(t.Month()-1)%3, 0, t.Location()))
}

// longest is how long a page may take that counts calls or gathers a report.
const longest = 2 * time.Minute

// atOnce is how many of them are made at the same time: they are what can make the store
// busy.
const atOnce = 2

// busy does something that takes long, few at a time.
func (s *Server) busy(r *http.Request, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	defer cancel()
	if err := s.heavy.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.heavy.Release(1)
	if err := do(ctx); err != nil {
		return s.sorted(ctx, r, err)
	}
	return nil
}

// sorted tells what the one who asks can do something about, as another period, from what
// they cannot.
func (s *Server) sorted(ctx context.Context, r *http.Request, err error) error {
	var refused *badRequest
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	case errors.Is(err, ErrNotAnswering), errors.Is(err, ErrNotFound), errors.As(err, &refused):
		return err
	}
	s.deps.Log.Warn("a page says why it has no figures", "path", r.URL.Path, "err", err)
	return refuse(http.StatusUnprocessableEntity, err)
}

package web

import (
	"fmt"
	"net/http"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
)

// lostCallPage is one caller: the calls, what was done, and the number when it was asked
// for.
type lostCallPage struct {
	*lostPage
	Row    lostRow
	Past   []heldEntry
	Number string
	// MayReveal says that the visitor's role may have a number shown, and that there is one.
	MayReveal bool
	Off       bool // no role may
}

// revealed is what has become of the wish to see a number: the number, or why it is not
// shown; the zero value: nobody asked.
type revealed struct {
	status          int // of the answer
	number, problem string
}

// lostCall shows one caller.
func (s *Server) lostCall(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.showLostCall(w, r, v, revealed{})
}

func (s *Server) showLostCall(w http.ResponseWriter, r *http.Request, v *visitor, of revealed) error {
	p, err := s.askLost(w, r, v)
	if err != nil {
		return err
	}
	call := field(r, "call")
	item, err := s.itemOf(r, v, p, call)
	if err != nil {
		return err
	}
	page := lostCallPage{lostPage: p, Row: s.rowOf(p, v, item, s.deps.Now()), Number: of.number, Off: len(s.cfg.RevealRoles) == 0}
	page.Row.Back = query("/lostcalls/item", "call", page.Row.Call, "day", p.Day, "centre", p.Centre)
	page.MayReveal = s.cfg.MayReveal(v.Role) && item.Revealable() != nil && page.Row.IsMine
	p.Error = of.problem
	if did := r.FormValue("did"); s.words.has("lost_did_"+did) && of == (revealed{}) {
		p.Did = s.words.in(p.Lang, "lost_did_"+did)
	}
	if _, page.Past, err = s.newest(r.Context(), p.Lang, journal.Slot{Kind: journal.KindLostCall, Centre: item.Centre, Subject: item.ID}); err != nil {
		return err
	}
	s.show(w, r, of.status, shown{page: "lostcall", title: "lostcalls", visitor: v, body: page})
	return nil
}

// itemOf finds the item of a call, of those that the visitor may see.
func (s *Server) itemOf(r *http.Request, v *visitor, p *lostPage, call string) (*callback.Item, error) {
	list, err := s.callbacks(r, p)
	if err != nil {
		return nil, err
	}
	item := list.Find(call)
	if item == nil || v.Centre != "" && item.Centre != v.Centre {
		return nil, noCall(call)
	}
	return item, nil
}

// reveal shows one number, once, to who calls back. Nothing may keep the page.
func (s *Server) reveal(w http.ResponseWriter, r *http.Request, v *visitor) error {
	l, _ := s.tastes(w, r)
	w.Header().Set("Cache-Control", "no-store")
	if v.Name == nobody {
		return s.showLostCall(w, r, v, revealed{status: http.StatusUnprocessableEntity, problem: s.words.in(l, "lost_sign_in")})
	}
	call, refused := field(r, "call"), ""
	if err := s.ofCentre(r.Context(), v, call); err != nil {
		return err
	}
	if !s.cfg.MayReveal(v.Role) {
		refused = fmt.Sprintf("web.reveal_roles does not name %s", v.Role)
	}
	number, err := s.deps.Desk.RevealNumber(r.Context(), call, v.Name, field(r, "reason"), refused)
	switch status, text := s.toldOf(l, v, err); {
	case err == nil:
		s.deps.Log.Info("a number was shown to call back", "call", call, "by", v.Name)
		return s.showLostCall(w, r, v, revealed{number: number})
	case status == 0:
		return err
	case refused != "":
		return s.showLostCall(w, r, v, revealed{status: http.StatusForbidden, problem: s.words.in(l, "lost_reveal_off")})
	default:
		return s.showLostCall(w, r, v, revealed{status: status, problem: text})
	}
}

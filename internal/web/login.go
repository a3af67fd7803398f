package web

import (
	"net/http"
	"net/url"
	"strings"

	"hotline12333/internal/web/people"
)

type loginPage struct{ Next, Why string }

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := loginPage{Next: local(q.Get("next"))}
	if why := "login_" + q.Get("why"); s.words.has(why) {
		page.Why = why
	}
	s.show(w, r, http.StatusOK, shown{page: "login", title: "sign_in", body: page})
}

// signIn takes a token. What is wrong with it is told in the same words for all that are
// not known. One that stands in an address, which logs and histories keep, is not taken.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	next, form := local(r.FormValue("next")), keptAgain(r)
	refuse := func(status int, why string) {
		s.show(w, r, status, shown{page: "login", title: "sign_in", body: loginPage{Next: next, Why: why}, keeps: form})
	}
	if s.gate.people == nil {
		refuse(http.StatusForbidden, "login_unknown")
		return
	}
	p, err := s.gate.people.Find(strings.TrimSpace(r.PostFormValue("token")), s.deps.Now())
	if err != nil {
		why := reason(err)
		if why == "login_unreadable" {
			s.deps.Log.Error("nobody can sign in", "err", err)
		}
		refuse(http.StatusForbidden, why)
		return
	}
	s.gate.remember(w, r, p)
	s.deps.Log.Info("signed in", "name", p.Name, "role", string(p.Role))
	if form != nil {
		s.showResend(w, r, &visitor{Name: p.Name, Role: p.Role, Centre: p.Centre, Signed: true}, form)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// showKept shows the page that keeps a form once more: its switches of language and theme
// send it along.
func (s *Server) showKept(w http.ResponseWriter, r *http.Request) {
	form := keptAgain(r)
	v, err := s.gate.who(w, r)
	switch {
	case form == nil:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	case err == nil && v.Named():
		s.showResend(w, r, v, form)
	default:
		s.show(w, r, http.StatusOK, shown{page: "login", title: "sign_in", body: loginPage{Next: "/", Why: "login_kept"}, keeps: form})
	}
}

// showResend lets whoever has signed in send a form that was kept.
func (s *Server) showResend(w http.ResponseWriter, r *http.Request, v *visitor, form *kept) {
	s.show(w, r, http.StatusOK, shown{page: "resend", title: "resend", visitor: v, keeps: form})
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	forget(w)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// handler answers a request of somebody who may make it. What it returns is shown as a page.
type handler func(http.ResponseWriter, *http.Request, *visitor) error

// guard lets those ask who may.
func (s *Server) guard(act people.Act, next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.gate.who(w, r)
		if err == nil && v.Name == nobody && !v.Role.May(act) && r.Method == http.MethodPost && keepForm(r) != nil {
			err = v.stale // most likely somebody whose session has ended since the page was opened
		}
		if err != nil {
			s.notSignedIn(w, r, err)
			return
		}
		if !v.Role.May(act) {
			s.show(w, r, http.StatusForbidden, shown{page: "refused", title: "refused", visitor: v, body: refusedPage{Act: act, Roles: people.Who(act), Next: r.URL.RequestURI()}})
			return
		}
		if err := next(w, r, v); err != nil {
			s.failed(w, r, v, err)
		}
	}
}

type refusedPage struct {
	Act   people.Act
	Roles []people.Role
	Next  string
}

// notSignedIn leads a page to where one signs in; a program gets a line of text.
func (s *Server) notSignedIn(w http.ResponseWriter, r *http.Request, err error) {
	why := reason(err)
	if why == "login_unreadable" {
		s.deps.Log.Error("nobody is let in", "err", err)
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		answer(w, http.StatusUnauthorized, "sign in first, at /login: "+err.Error())
	case r.Method != http.MethodGet:
		page, form := loginPage{Next: "/", Why: "login_lost"}, keepForm(r)
		if form != nil {
			page.Why = "login_kept"
		}
		s.show(w, r, http.StatusUnauthorized, shown{page: "login", title: "sign_in", body: page, keeps: form})
	default:
		q := url.Values{"next": {local(r.URL.RequestURI())}}
		if why != "" {
			q.Set("why", strings.TrimPrefix(why, "login_"))
		}
		http.Redirect(w, r, "/login?"+q.Encode(), http.StatusSeeOther)
	}
}

package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"hotline12333/internal/credential"
	"hotline12333/internal/web/people"
)

// visitor is who asks for a page.
type visitor struct {
	Name   string
	Role   people.Role
	Centre string // the only one they see; empty: all
	Signed bool   // with a session, which can be ended

	stale error // of a session that came along and is no longer good
}

// May is for templates.
func (v *visitor) May(act string) bool { return v.Role.May(people.Act(act)) }

// Named says whether it is known who asks, and not only from where.
func (v *visitor) Named() bool { return v.Name != nobody }

// nobody is whoever has not signed in on this machine itself.
const nobody = "loopback"

// sessionCookie holds a session of people.Session.
const sessionCookie = "hotline_session"

// errNotSignedIn says that nothing tells who asks.
var errNotSignedIn = errors.New("nobody has signed in")

// gate finds out who asks.
type gate struct {
	cfg     Config
	people  *people.Watched // nil: there are no people
	proxies []netip.Prefix
	now     func() time.Time
}

func newGate(cfg Config, file string, now func() time.Time) *gate {
	g := &gate{cfg: cfg, now: now}
	g.proxies, _ = cfg.Proxy.networks() // validated
	if file != "" {
		g.people = people.Watch(file)
	}
	return g
}

// unaskedHeader stands in requests for a page that a page makes by itself.
const unaskedHeader = "X-Hotline-Unasked"

// unasked says that nobody has asked but a page that is open: that is no use of a session.
func unasked(r *http.Request) bool {
	return r.Header.Get(unaskedHeader) != "" || strings.HasPrefix(r.URL.Path, "/api/")
}

// who asks: a session first, then whom a trusted proxy names, then this machine itself.
// The error is errNotSignedIn or one of credential's, or tells why the file of people
// cannot be read; then nobody is let in.
func (g *gate) who(w http.ResponseWriter, r *http.Request) (*visitor, error) {
	v, p, until, err := g.find(r)
	if p != nil && v.Signed && !unasked(r) {
		g.renew(w, r, p, until)
	}
	return v, err
}

// still says whether whoever was let in would be let in now: an event stream is one request
// that lasts for weeks. It is no use of a session, which may end meanwhile.
func (g *gate) still(r *http.Request) bool {
	_, _, _, err := g.find(r)
	return err == nil
}

// find is who asks, with who of the people it is and until when their session holds.
func (g *gate) find(r *http.Request) (v *visitor, p *people.Person, until time.Time, err error) {
	stale := errNotSignedIn
	if c, err := r.Cookie(sessionCookie); err == nil && g.people != nil {
		p, until, err := g.people.BySession(c.Value, g.now())
		if err == nil {
			return &visitor{Name: p.Name, Role: p.Role, Centre: p.Centre, Signed: true}, p, until, nil
		}
		stale = err
	}
	if login := r.Header.Get(g.cfg.Proxy.Header); g.cfg.Proxy.Header != "" && login != "" && g.fromProxy(r) && g.people != nil {
		p, err := g.people.ByLogin(login, g.now())
		if err != nil {
			return nil, nil, until, err
		}
		return &visitor{Name: p.Name, Role: p.Role, Centre: p.Centre}, p, until, nil
	}
	if role, err := people.ParseRole(g.cfg.LoopbackRole); err == nil && here(r) && !g.fromProxy(r) {
		return &visitor{Name: nobody, Role: role, stale: stale}, nil, until, nil
	}
	return nil, nil, until, stale
}

func peer(r *http.Request) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap(), err == nil
}

func (g *gate) fromProxy(r *http.Request) bool {
	at, ok := peer(r)
	for _, p := range g.proxies {
		if ok && p.Contains(at) {
			return true
		}
	}
	return false
}

// here says that a request comes from this machine itself and was meant for it: not passed
// on by a proxy, and not sent by a page whose name was made to lead here.
func here(r *http.Request) bool {
	at, ok := peer(r)
	if !ok || !at.IsLoopback() {
		return false
	}
	for _, passed := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(passed) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return loopback(host)
}

// renew makes a session that is half over last anew.
func (g *gate) renew(w http.ResponseWriter, r *http.Request, p *people.Person, until time.Time) {
	if !until.IsZero() && until.Sub(g.now()) < g.cfg.Session/2 {
		g.remember(w, r, p)
	}
}

// farOff is how long a browser keeps the cookie of a session without an end.
const farOff = 400 * 24 * time.Hour

func (g *gate) remember(w http.ResponseWriter, r *http.Request, p *people.Person) {
	text, until := people.Session(p, g.now(), g.cfg.Session)
	if until.IsZero() {
		until = g.now().Add(farOff)
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: text, Path: "/", Expires: until, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// Whoever says so is believed: it binds nobody's cookie but their own.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

func forget(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// reason is the word of the catalogue for why somebody is not let in.
func reason(err error) string {
	switch {
	case errors.Is(err, credential.ErrExpired):
		return "login_expired"
	case errors.Is(err, credential.ErrRevoked):
		return "login_revoked"
	case errors.Is(err, credential.ErrUnknown):
		return "login_unknown"
	case errors.Is(err, errNotSignedIn):
		return ""
	}
	return "login_unreadable"
}

// local is a path of these pages, or that of the board: nobody is led elsewhere.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || len(path) == 0 || path[0] != '/' || len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
		return "/"
	}
	return path
}

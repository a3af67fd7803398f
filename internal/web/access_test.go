package web

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/web/people"
)

// who may ask for a route. The roles of docs/pages.md are written out here once more: a table
// that is made of the program's own would agree with whatever it says.
const (
	anybody = "anybody"
	all     = "viewer supervisor preparer reviewer administrator"
	traces  = "supervisor preparer reviewer administrator"
	leads   = "supervisor preparer administrator"
	enters  = "preparer administrator"
	reviews = "reviewer administrator"
)

// access is every route of the server.
func access() map[string]string {
	return map[string]string{
		"GET /metrics": anybody, "GET /healthz": anybody, "GET /readyz": anybody,
		"GET /page/": anybody, "GET /page/report.css": anybody,
		"GET /login": anybody, "POST /login": anybody, "POST /logout": anybody, "POST /kept": anybody,

		"GET /{$}": all, "/": all, "GET /api/board": all, "GET /api/events": all, "GET /api/menu": all,
		"GET /runbooks": all, "GET /runbooks/{name}": all,
		"GET /history": all, "GET /report": all, "GET /report/download": all, "GET /morning": all,
		"GET /entries": all, "GET /entries/value": all, "GET /entries/totals": all, "GET /entries/outages": all,
		"GET /closing": all, "GET /sealed": all, "GET /sealed/part": all, "GET /sealed/difference": all,
		"GET /lostcalls": all,

		"GET /lostcalls/item": traces, "GET /shift": traces, "GET /shift/one": traces, "GET /calls": traces, "GET /calls/list": traces,
		"POST /lostcalls/act": leads, "POST /lostcalls/reveal": leads, "POST /shift/hand": leads, "POST /shift/take": leads,
		"POST /entries/outages": leads,
		"POST /entries/value":   enters, "POST /entries/totals": enters, "POST /closing/prepare": enters,
		"POST /closing/review": reviews,
	}
}

// deskOfNothing has the little that a server needs to start; whoever asks more of it has
// come through.
type deskOfNothing struct{ Desk }

func (deskOfNothing) Zone() *time.Location { return time.UTC }
func (deskOfNothing) Style() []byte        { return nil }

// locked is a server at which one person of each role has signed in, with their sessions.
func locked(t *testing.T) (s *Server, sessions map[people.Role]string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.json")
	s = New(DefaultConfig(), Deps{
		Log: slog.New(slog.DiscardHandler), Snapshots: &board{snapshot: snapshot(83, 17)}, Desk: deskOfNothing{}, People: file,
		Registry: prometheus.NewRegistry(), Now: time.Now, Ready: func(context.Context) error { return nil },
	})
	sessions = map[people.Role]string{}
	for _, role := range people.Roles() {
		_, p, err := people.Add(t.Context(), file, people.Person{Name: string(role), Role: role}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		text, _ := people.Session(&p, time.Now(), time.Hour)
		sessions[role] = sessionCookie + "=" + text
	}
	return s, sessions
}

// outcome is what becomes of a request: let in, sent to sign in, or refused.
func outcome(s *Server, method, path, from string, pairs ...string) (what string, w *httptest.ResponseRecorder) {
	w = httptest.NewRecorder()
	defer func() {
		if recover() != nil { // a handler that asks the desk: it was let in
			what = "in"
		}
	}()
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr, r.Host = from+":40000", "127.0.0.1:8333"
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	s.http.Handler.ServeHTTP(w, r)
	switch {
	case w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/login?next="), w.Code == http.StatusUnauthorized:
		return "sign in", w
	case w.Code == http.StatusForbidden && path != "/login": // which says so to whom it does not know
		return "refused", w
	}
	return "in", w
}

// at is a method and an address that a route answers.
func at(route string) (method, path string) {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		method, path = http.MethodGet, "/nothing-of-the-kind"
	}
	return method, strings.NewReplacer("{$}", "", "{name}", "EngineDown").Replace(path)
}

// Every route is in the table, so that a new one is thought about.
func TestEveryRouteIsInTheTable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "server.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`^([A-Z]+ )?/`)
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		fn, ok := n.(*ast.FuncDecl)
		if n == nil || ok && strings.HasSuffix(strings.ToLower(fn.Name.Name), "routes") {
			return true
		}
		if ok {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && pattern.MatchString(text) {
				found = append(found, text)
			}
		}
		return true
	})
	table := access()
	for _, route := range found {
		if _, ok := table[route]; !ok {
			t.Errorf("%s is not in the table: who may?", route)
		}
	}
	for route := range table {
		if !slices.Contains(found, route) {
			t.Errorf("%s is in the table and not in the server", route)
		}
	}
}

// Nothing is reached by whoever has not signed in, but what anybody may; nor by whoever's
// role may not; nor by another method than the route's own.
func TestAccess(t *testing.T) {
	s, sessions := locked(t)
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect, "PROPFIND",
	}
	table := access()
	has := func(method, path string) (roles string) {
		for route, roles := range table {
			m, p := at(route)
			if p == path && (m == method || m == http.MethodGet && method == http.MethodHead) {
				return roles
			}
		}
		return all // no such page, which only those are told who may see that there are any
	}
	for route := range table {
		_, path := at(route)
		for _, method := range methods {
			roles := has(method, path)
			want := "sign in"
			if roles == anybody {
				want = "in"
			}
			for what, tt := range map[string]struct {
				from  string
				pairs []string
			}{
				"a stranger":                {"10.0.0.5", nil},
				"a stranger who forges":     {"10.0.0.5", []string{"X-Forwarded-For", "127.0.0.1", "X-Real-Ip", "127.0.0.1", "X-Remote-User", "administrator"}},
				"with a session of nobody":  {"10.0.0.5", []string{"Cookie", sessionCookie + "=0123456789ab.0.x"}},
				"with a token as session":   {"10.0.0.5", []string{"Cookie", sessionCookie + "=hp_0123456789ab_x"}},
				"a proxy on this machine":   {"127.0.0.1", []string{"X-Forwarded-For", "10.0.0.5"}},
				"a bearer token of nowhere": {"10.0.0.5", []string{"Authorization", "Bearer hp_0123456789ab_x"}},
			} {
				if got, w := outcome(s, method, path, tt.from, tt.pairs...); got != want {
					t.Errorf("%s asks for %s %s: %s (%d), want %s", what, method, path, got, w.Code, want)
				}
			}
			for role, session := range sessions {
				want := "in"
				if roles != anybody && !slices.Contains(strings.Fields(roles), string(role)) {
					want = "refused"
				}
				if got, w := outcome(s, method, path, "10.0.0.5", "Cookie", session); got != want {
					t.Errorf("a %s asks for %s %s: %s (%d), want %s", role, method, path, got, w.Code, want)
				}
			}
			// This machine itself is a viewer by default.
			want = "in"
			if roles != anybody && roles != all {
				want = "refused"
			}
			if got, w := outcome(s, method, path, "127.0.0.1"); got != want {
				t.Errorf("this machine asks for %s %s: %s (%d), want %s", method, path, got, w.Code, want)
			}
		}
	}
}

// No page of another site sends a form with somebody's session, to whatever route.
func TestForeignForms(t *testing.T) {
	s, sessions := locked(t)
	for route := range access() {
		method, path := at(route)
		if method != http.MethodPost {
			continue
		}
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			for from, cookie := range map[string]string{"10.0.0.5": sessions[people.Administrator], "127.0.0.1": ""} {
				_, w := outcome(s, method, path, from, append(headers, "Cookie", cookie)...)
				if w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
					t.Errorf("%s with %v: %d", route, headers, w.Code)
				}
			}
		}
	}
}

// Every answer tells the browser to load nothing from elsewhere, to frame it nowhere, to
// guess no type and to tell nobody where it came from.
func TestHeaders(t *testing.T) {
	s, sessions := locked(t)
	for route := range access() {
		method, path := at(route)
		for who, cookie := range map[string]string{"a stranger": "", "an administrator": sessions[people.Administrator]} {
			_, w := outcome(s, method, path, "10.0.0.5", "Cookie", cookie)
			h := w.Header()
			for name, part := range map[string]string{
				"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private",
			} {
				if name == "Cache-Control" && strings.Contains(h.Get(name), "no-store") {
					continue
				}
				if !strings.Contains(h.Get(name), part) {
					t.Errorf("%s for %s: %s is %q", route, who, name, h.Get(name))
				}
			}
			for _, part := range []string{"frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
				if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
					t.Errorf("%s for %s: the policy %q lacks %s, or is too wide", route, who, policy, part)
				}
			}
		}
	}
}

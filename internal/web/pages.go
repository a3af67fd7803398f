package web

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/seal"
	"hotline12333/internal/web/people"
)

//go:embed templates
var templates embed.FS

// pageNames are the pages; each is a file of templates that defines "content".
func pageNames() []string {
	return []string{
		"login", "resend", "refused", "problem", "board", "history", "report", "entries", "value", "conflict", "totals", "outages",
		"closing", "sealed", "difference", "calls", "calllist",
		"lostcalls", "lostcall", "shift", "shiftone",
		"runbook",
		"morning",
	}
}

// pages are the templates of all pages in all languages.
type pages map[Lang]map[string]*template.Template

func readPages(w words, zone *time.Location) (pages, error) {
	all := pages{}
	for _, l := range languages() {
		base, err := template.New("layout.html").Funcs(helpers(w, l, zone)).ParseFS(templates, "templates/layout.html")
		if err != nil {
			return nil, fmt.Errorf("reading the layout: %w", err)
		}
		all[l] = map[string]*template.Template{}
		for _, name := range pageNames() {
			t, err := base.Clone()
			if err == nil {
				t, err = t.ParseFS(templates, "templates/"+name+".html")
			}
			if err != nil {
				return nil, fmt.Errorf("reading page %s: %w", name, err)
			}
			all[l][name] = t
		}
	}
	return all, nil
}

// helpers are what templates may call.
func helpers(w words, l Lang, zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"t":      func(key string, args ...any) string { return w.in(l, key, args...) },
		"word":   l.word,
		"of":     l.of,
		"number": group,
		"time":   func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04:05") },
		"minute": func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") },
		"millis": func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04:05.000") },
		"hour":   func(t time.Time) string { return t.In(zone).Format("15:04") },
		"until":  kpi.ClockUntil,
		"about":  kpi.About,
		"zone":   func() string { return zone.String() },
		"query":  query,
		"sealed": func(e *seal.Entry) string { return sealedName(e, l, zone) },
		"calls":  callsOf,
		"tab":    func(at string, page any) any { return struct{ At, A any }{at, page} },
		"list":   func(keys ...string) []string { return keys },
		"hours":  func(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) },
		"join":   func(list []string) string { return strings.Join(list, l.of(";", "; ")) },
		"words": func(list []kpi.Wording) string {
			said := make([]string, len(list))
			for i, w := range list {
				said[i] = l.of(w.ZH, w.EN)
			}
			return strings.Join(said, l.of(";", "; "))
		},
		"rule": func(code string) string {
			if r, ok := kpi.RuleOf(code); ok {
				return l.of(r.ZH, r.EN)
			}
			return code
		},
	}
}

// query makes an address of a path and pairs of names and values; empty ones are left out.
func query(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// sealedName is what a closed report is about, in words.
func sealedName(e *seal.Entry, l Lang, zone *time.Location) string {
	name := e.Period
	if span, err := kpi.ParsePeriod(e.Period, zone); err == nil {
		name = l.of(span.ZH, span.EN)
	}
	if e.Centre != "" {
		name += " · " + e.Centre
	}
	if e.Revision > 0 {
		name += l.of(fmt.Sprintf(" 更正版 %d", e.Revision), fmt.Sprintf(", revision %d", e.Revision))
	}
	return name
}

// group writes a count with thousands separated.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shown is what one answer shows.
type shown struct {
	page, title string // title is a word of the catalogue
	visitor     *visitor
	body        any
	keeps       *kept // a form that somebody still has to send
}

// frame is what the layout needs, with the page's own in Body.
type frame struct {
	Lang    Lang
	Theme   string // light, dark, or empty: as the browser likes it
	Title   string
	Hotline string
	Here    string // the page that the menu marks
	Path    string // of this page, with its query, for the switches
	Build   string // that made the page
	Visitor *visitor
	Menu    []entry
	Keeps   *kept // which the switches carry along, where the page keeps one
	Body    any
}

// Login is where somebody signs in who comes back to the page.
func (f frame) Login() string { return query("/login", "next", strings.TrimRight(f.Path, "?&")) }

// entry is one of the menu.
type entry struct {
	Name, Path string
	Waits      int // errands of the visitor there
}

// menu has the pages that there are and the visitor may open.
func (s *Server) menu(v *visitor) []entry {
	if v == nil {
		return nil
	}
	list := []entry{{Name: "board", Path: "/"}}
	if s.deps.Desk == nil {
		return list
	}
	own := s.hub.errands.of(v)
	for _, e := range []struct {
		act people.Act
		entry
	}{
		{people.See, entry{Name: "morning", Path: "/morning"}},
		{people.See, entry{Name: "lostcalls", Path: "/lostcalls"}},
		{people.Trace, entry{Name: "shift", Path: "/shift"}},
		{people.See, entry{Name: "history", Path: "/history"}},
		{people.See, entry{Name: "report", Path: "/report"}},
		{people.See, entry{Name: "entries", Path: "/entries"}},
		{people.See, entry{Name: "closing", Path: "/closing"}},
		{people.See, entry{Name: "sealed", Path: "/sealed"}},
		{people.Trace, entry{Name: "calls", Path: "/calls"}},
	} {
		if !v.Role.May(e.act) {
			continue
		}
		for i := range own {
			if own[i].Page != e.Name {
				continue
			}
			if e.Waits++; e.Waits == 1 { // the menu leads to the one that has waited longest
				e.Path = own[i].Path
			}
		}
		list = append(list, e.entry)
	}
	return list
}

// showMenu is the menu alone, for pages that stay open. It is no use of a session.
func (s *Server) showMenu(w http.ResponseWriter, r *http.Request) {
	v, _, _, err := s.gate.find(r)
	if err != nil {
		answer(w, http.StatusUnauthorized, "sign in first, at /login")
		return
	}
	l, _ := s.tastes(w, r)
	var out bytes.Buffer
	if err := s.pages[l]["problem"].ExecuteTemplate(&out, "menu", frame{Here: r.FormValue("here"), Menu: s.menu(v)}); err != nil {
		s.deps.Log.Error("making the menu", "err", err)
		answer(w, http.StatusInternalServerError, s.words.in(l, "broken_text"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the client may be gone
}

// show answers with a page, whole or not at all. The zero status is 200.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, v shown) {
	l, theme := s.tastes(w, r)
	f := frame{
		Lang: l, Theme: theme, Title: s.words.in(l, v.title), Hotline: l.of(s.cfg.Title, s.cfg.TitleEN), Here: v.title,
		Path: pathOf(r), Build: build(), Visitor: v.visitor, Menu: s.menu(v.visitor), Keeps: v.keeps, Body: v.body,
	}
	var out bytes.Buffer
	if err := s.pages[l][v.page].ExecuteTemplate(&out, "layout.html", f); err != nil {
		s.deps.Log.Error("making a page", "page", v.page, "err", err)
		answer(w, http.StatusInternalServerError, s.words.in(l, "broken_text"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(cmp.Or(status, http.StatusOK))
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(out.Bytes())
}

// pathOf is where a switch of language or theme leads back to. A form that was sent cannot
// be shown again: its page is, about the same thing.
func pathOf(r *http.Request) string {
	path, q := r.URL.Path, r.URL.Query()
	for _, taste := range []string{"lang", "theme"} {
		q.Del(taste)
	}
	if r.Method != http.MethodGet {
		page, ok := map[string]string{
			"/lostcalls/act": "/lostcalls", "/lostcalls/reveal": "/lostcalls/item", "/shift/hand": "/shift", "/shift/take": "/shift",
			"/closing/prepare": "/closing", "/closing/review": "/closing", "/kept": "/",
		}[path]
		if ok {
			path = page
		}
		for _, name := range []string{"period", "centre", "code", "what", "call", "next"} {
			if value := r.PostForm.Get(name); value != "" {
				q.Set(name, value)
			}
		}
	}
	if len(q) == 0 {
		return path + "?"
	}
	return path + "?" + q.Encode() + "&"
}

// tastes are language and theme: asked for in the address, which is remembered, else as
// remembered, else Chinese and the browser's.
func (s *Server) tastes(w http.ResponseWriter, r *http.Request) (Lang, string) {
	pick := func(name string, known ...string) string {
		given := r.URL.Query().Get(name)
		for _, k := range known {
			if given == k {
				http.SetCookie(w, &http.Cookie{Name: "hotline_" + name, Value: k, Path: "/", Expires: s.deps.Now().Add(farOff), SameSite: http.SameSiteLaxMode, HttpOnly: true})
				return k
			}
		}
		if c, err := r.Cookie("hotline_" + name); err == nil {
			for _, k := range known {
				if c.Value == k {
					return k
				}
			}
		}
		return ""
	}
	l := Lang(pick("lang", string(chinese), string(english)))
	if l == "" {
		l = chinese
	}
	return l, pick("theme", "light", "dark")
}

// badRequest is an error of the one who asks, with the status that says so.
type badRequest struct {
	status int
	err    error
}

func (e *badRequest) Error() string { return e.err.Error() }
func (e *badRequest) Unwrap() error { return e.err }

func refuse(status int, err error) error { return &badRequest{status, err} }

// told is what a person is told of an error in the language of their page. One that only
// the program's own people can do something about is told in English whatever the page's:
// it is what they will search for.
func (s *Server) told(l Lang, err error) string {
	if l == english {
		return err.Error()
	}
	if text, ok := refusal.Chinese(err); ok {
		return text
	}
	s.deps.Log.Warn("a refusal has no Chinese words", "err", err)
	return s.words.in(l, "refused_untold", err.Error())
}

type problemPage struct {
	Text   string // a word of the catalogue
	Detail string
	Retry  bool
}

// failed shows what went wrong. What is nobody's business stays in the log.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, v *visitor, err error) {
	var refused *badRequest
	l, _ := s.tastes(w, r)
	status, title, page := http.StatusInternalServerError, "broken", problemPage{Text: "broken_text", Retry: true}
	switch {
	case r.Context().Err() != nil && !errors.Is(err, context.DeadlineExceeded):
		return // nobody waits for an answer any more
	case errors.Is(err, ErrNotFound):
		status, title, page = http.StatusNotFound, "not_found", problemPage{Text: "not_found_text"}
		if _, more := refusal.Chinese(err); more {
			page.Detail = s.told(l, err)
		}
	case errors.Is(err, context.DeadlineExceeded):
		status, title, page = http.StatusServiceUnavailable, "too_long", problemPage{Text: "too_long_text"}
	case errors.Is(err, ErrNotAnswering):
		status, title, page = http.StatusServiceUnavailable, "unavailable", problemPage{Text: "unavailable_text", Retry: true}
		s.deps.Log.Error("a page could not be made", "path", r.URL.Path, "err", err)
	case errors.As(err, &refused):
		status, title, page = refused.status, "bad_request", problemPage{Detail: s.told(l, err)}
	default:
		s.deps.Log.Error("a page could not be made", "path", r.URL.Path, "err", err)
	}
	page.Retry = page.Retry && r.Method == http.MethodGet
	s.show(w, r, status, shown{page: "problem", title: title, visitor: v, body: page})
}

// choice is one of a list to choose from.
type choice struct {
	Value, Text string
	Chosen      bool
}

// years are how many are offered to choose a period from.
const years = 3

// periods are the named periods of the last years that have begun, the newest year first.
func (s *Server) periods(l Lang, chosen string) [][]choice {
	zone := s.deps.Desk.Zone()
	now := s.deps.Now().In(zone)
	var all [][]choice
	for year := now.Year(); year > now.Year()-years; year-- {
		var list []choice
		names := []string{fmt.Sprint(year), fmt.Sprintf("%dH1", year), fmt.Sprintf("%dH2", year)}
		for q := 1; q <= 4; q++ {
			names = append(names, fmt.Sprintf("%dQ%d", year, q))
		}
		for m := 1; m <= 12; m++ {
			names = append(names, fmt.Sprintf("%d-%02d", year, m))
		}
		if year == now.Year() {
			list = append(list, choice{"ytd", s.words.in(l, "year_to_date"), chosen == "ytd"})
		}
		for _, name := range names {
			if span, err := kpi.ParsePeriod(name, zone); err == nil && span.From.Before(now) {
				list = append(list, choice{name, l.of(span.ZH, span.EN), name == chosen})
			}
		}
		all = append(all, list)
	}
	return all
}

package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/kpi"
	"hotline12333/internal/web/people"
)

// served is a server with a board, for whom a file names.
func served(t *testing.T, change func(*Config)) (s *Server, file string) {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "people.json")
	b := &board{snapshot: snapshot(83, 17), changed: make(chan struct{}, 1)}
	return New(cfg, Deps{
		Log: slog.New(slog.DiscardHandler), Snapshots: b, People: file, Registry: prometheus.NewRegistry(), Now: time.Now,
		Ready: func(context.Context) error { return nil },
	}), file
}

// asks is a request from an address; pairs are headers.
func asks(s *Server, r *http.Request, from string, pairs ...string) *httptest.ResponseRecorder {
	r.RemoteAddr = from + ":40000"
	if r.Host == "example.com" {
		r.Host = "127.0.0.1:8333"
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

func page0(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// Who is let in without a session: this machine itself, and whom a proxy names that is
// trusted. Nothing that a client can send makes it either.
func TestWhoIsLetIn(t *testing.T) {
	s, file := served(t, func(c *Config) { c.Proxy = Proxy{Header: "X-Remote-User", From: []string{"10.0.0.0/24"}} })
	if _, _, err := people.Add(t.Context(), file, people.Person{Name: "赵敏", Role: people.Administrator, Login: "zhaomin"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	rebound := page0("/api/board")
	rebound.Host = "evil.example:8333"
	for what, tt := range map[string]struct {
		r      *http.Request
		from   string
		header []string
		want   int
	}{
		"this machine":                     {page0("/api/board"), "127.0.0.1", nil, 200},
		"this machine by IPv6":             {page0("/api/board"), "[::1]", nil, 200},
		"another machine":                  {page0("/api/board"), "10.1.0.9", nil, 401},
		"passed on by a proxy here":        {page0("/api/board"), "127.0.0.1", []string{"X-Forwarded-For", "10.1.0.9"}, 401},
		"passed on, said otherwise":        {page0("/api/board"), "127.0.0.1", []string{"Forwarded", "for=10.1.0.9"}, 401},
		"a name that was made to lead":     {rebound, "127.0.0.1", nil, 401},
		"named by the proxy":               {page0("/api/board"), "10.0.0.7", []string{"X-Remote-User", "zhaomin"}, 200},
		"named by the proxy, not known":    {page0("/api/board"), "10.0.0.7", []string{"X-Remote-User", "eve"}, 401},
		"the proxy names nobody":           {page0("/api/board"), "10.0.0.7", nil, 401},
		"the header from somebody else":    {page0("/api/board"), "10.0.1.7", []string{"X-Remote-User", "zhaomin"}, 401},
		"the header with a forged address": {page0("/api/board"), "10.0.1.7", []string{"X-Remote-User", "zhaomin", "X-Forwarded-For", "10.0.0.7"}, 401},
	} {
		if w := asks(s, tt.r, tt.from, tt.header...); w.Code != tt.want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	none, _ := served(t, func(c *Config) { c.LoopbackRole = "" })
	if w := asks(none, page0("/"), "127.0.0.1"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2F" {
		t.Errorf("nobody has a role on this machine: %d %v", w.Code, w.Header())
	}
}

func TestSigningIn(t *testing.T) {
	s, file := served(t, func(c *Config) { c.LoopbackRole = "" })
	token, _, err := people.Add(t.Context(), file, people.Person{Name: "王芳", Role: people.Preparer}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	post := func(form url.Values, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
		return asks(s, r, "10.0.0.5", append(header, "Content-Type", "application/x-www-form-urlencoded")...)
	}
	if w := post(url.Values{"token": {token}}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("sent by another site's page: %d", w.Code)
	}
	w := post(url.Values{"token": {" " + token + "\n"}, "next": {"//evil.example/"}})
	cookie := w.Header().Get("Set-Cookie")
	for _, part := range []string{"hotline_session=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || strings.Contains(cookie, token) {
		t.Errorf("signed in: %d to %q, %q", w.Code, w.Header().Get("Location"), cookie)
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("over a line that is not encrypted the cookie %q would not come back", cookie)
	}
	if w := post(url.Values{"token": {token}}, "X-Forwarded-For", "10.0.0.5", "X-Forwarded-Proto", "https"); !strings.Contains(w.Header().Get("Set-Cookie"), "Secure") {
		t.Errorf("behind a proxy that encrypts the cookie goes over other lines too: %q", w.Header().Get("Set-Cookie"))
	}
	inURL := httptest.NewRequest(http.MethodPost, "/login?token="+token, nil)
	if w := asks(s, inURL, "10.0.0.5"); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("a token in an address, which logs keep, is taken: %d", w.Code)
	}
	session, _, _ := strings.Cut(cookie, ";")
	if w := asks(s, page0("/"), "10.0.0.5", "Cookie", session); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "王芳") {
		t.Errorf("with a session: %d", w.Code)
	}
	if w := asks(s, page0("/nothing"), "10.0.0.5", "Cookie", session); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "页面不存在") {
		t.Errorf("no such page: %d %s", w.Code, w.Body)
	}
	if w := asks(s, page0("/nothing?lang=en"), "10.0.0.5", "Cookie", session); !strings.Contains(w.Body.String(), "There is no such page") || !strings.Contains(w.Header().Get("Set-Cookie"), "hotline_lang=en") {
		t.Errorf("in English: %s", w.Body)
	}
	if _, err := people.Revoke(t.Context(), file, "王芳", time.Now()); err != nil {
		t.Fatal(err)
	}
	if w := asks(s, page0("/"), "10.0.0.5", "Cookie", session); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2F&why=revoked" {
		t.Errorf("a revoked token: %d %v", w.Code, w.Header())
	}
}

// A page that asks for itself again is nobody's use of it: else whoever leaves one open would
// stay signed in for ever.
func TestSessionIsUsedByPeople(t *testing.T) {
	s, file := served(t, nil)
	_, p, err := people.Add(t.Context(), file, people.Person{Name: "王芳", Role: people.Preparer}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	old, _ := people.Session(&p, time.Now().Add(-s.cfg.Session*2/3), s.cfg.Session)
	for _, tt := range []struct {
		path, unasked string
		renews        bool
	}{{"/", "", true}, {"/", "1", false}, {"/api/board", "", false}, {"/api/events", "", false}} {
		w := asks(s, page0(tt.path), "10.0.0.5", "Cookie", sessionCookie+"="+old, unaskedHeader, tt.unasked)
		if got := w.Header().Get("Set-Cookie"); w.Code != http.StatusOK || strings.Contains(got, sessionCookie) != tt.renews {
			t.Errorf("%+v: %d, %q", tt, w.Code, got)
		}
	}
}

func TestLocal(t *testing.T) {
	for path, want := range map[string]string{
		"/report?period=2026Q1": "/report?period=2026Q1", "": "/", "report": "/", "//evil.example": "/", `/\evil.example`: "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/\x00": "/",
	} {
		if got := local(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

func TestConfigOfPeople(t *testing.T) {
	for what, tt := range map[string]struct {
		change func(*Config)
		wants  string
	}{
		"a role that is none":       {func(c *Config) { c.LoopbackRole = "boss" }, "loopback_role:"},
		"a session too short":       {func(c *Config) { c.Session = time.Second }, "session:"},
		"a header from anybody":     {func(c *Config) { c.Proxy.Header = "X-User" }, "proxy:"},
		"a proxy without a header":  {func(c *Config) { c.Proxy.From = []string{"127.0.0.1"} }, "proxy:"},
		"a proxy that is no place":  {func(c *Config) { c.Proxy = Proxy{"X-User", []string{"proxy.example"}} }, "proxy.from:"},
		"a proxy that is everybody": {func(c *Config) { c.Proxy = Proxy{"X-User", []string{"0.0.0.0/0"}} }, "proxy.from:"},
	} {
		c := DefaultConfig()
		tt.change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.wants) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Every word that a page or a handler names is in the catalogue in both languages, and
// every word there is used.
func TestCatalogue(t *testing.T) {
	w, err := readWords()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	named := regexp.MustCompile(`\bt "([a-z0-9_-]+)"|words\.in\([^,]+, "([a-z0-9_-]+)"[,)]`)
	for _, source := range []fs.FS{templates, os.DirFS(".")} {
		err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") && (!strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go")) {
				return err
			}
			b, err := fs.ReadFile(source, path)
			for _, m := range named.FindAllStringSubmatch(string(b), -1) {
				if key := m[1] + m[2]; !w.has(key) {
					t.Errorf("%s names the word %q, which is not there", path, key)
				}
			}
			all.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	made := regexp.MustCompile(`^(by_|counter_|login_|day_|without_|lost_(view|none|how|state|way|why|step|result|did)_|shift_(why|did|agent|def)_)`) // put together from a part and a name
	for key, word := range w {
		if word.ZH == "" || word.EN == "" {
			t.Errorf("%s has no word in one of the languages", key)
		}
		if strings.Count(word.ZH, "%") != strings.Count(word.EN, "%") {
			t.Errorf("%s takes other values in Chinese than in English", key)
		}
		if !made.MatchString(key) && !strings.Contains(all.String(), `"`+key+`"`) && !roleOrState(key) {
			t.Errorf("nothing uses the word %s", key)
		}
	}
}

// roleOrState are words that are named by a value of another package.
func roleOrState(key string) bool {
	_, err := people.ParseRole(key)
	return err == nil || regexp.MustCompile(`^(certain|possible|impossible|numerator|denominator|left_out|self_evaluation|monitoring)$`).MatchString(key)
}

// What a figure of tickets is made of are tickets: they are opened and responded to, and wait
// in no queue.
func TestTableOfTickets(t *testing.T) {
	s, _ := served(t, nil)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	responded := at.Add(26 * time.Hour)
	told := func(l Lang, list ...kpi.ExplainedCall) string {
		var out strings.Builder
		if err := s.pages[l]["calls"].ExecuteTemplate(&out, "calltable", list); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	ticket := func(of kpi.ExplainedTicket) kpi.ExplainedCall {
		return kpi.ExplainedCall{CallID: "c-1", ArrivedAt: at, Version: 2, Ticket: &of}
	}
	tickets := []kpi.ExplainedCall{
		ticket(kpi.ExplainedTicket{ID: "t-1", OnTheSpot: true}), ticket(kpi.ExplainedTicket{ID: "t-2", RespondedAt: &responded}), ticket(kpi.ExplainedTicket{ID: "t-3"}),
	}
	for l, want := range map[Lang][]string{
		chinese: {"受理时间", "t-1 ", "当场答复", "2026-03-03 11:00:00.000", "t-3 ", "尚未", "c-1"},
		english: {"Opened", "on the spot", "not yet"},
	} {
		got := told(l, tickets...)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", l, w, got)
			}
		}
		if strings.Contains(got, s.words.in(l, "wait")) {
			t.Errorf("%s: tickets wait in a queue", l)
		}
	}
	if got := told(chinese, kpi.ExplainedCall{CallID: "c-1", ArrivedAt: at, WaitSeconds: 7}); !strings.Contains(got, "等待(秒)") {
		t.Errorf("calls do not say how long they waited:\n%s", got)
	}
}

// A target is quoted on a Chinese page and said in English on an English one.
func TestTargetInWords(t *testing.T) {
	percent, money := kpi.Unit{Name: kpi.Wording{ZH: "%", EN: "%"}}, kpi.Unit{Name: kpi.Wording{ZH: "万元", EN: "ten thousand yuan"}}
	row := func(sign kpi.Sign, printed string, target int64, unit kpi.Unit, per kpi.Part) *kpi.Row {
		return &kpi.Row{Indicator: kpi.Indicator{Sign: sign, SignPrinted: ""}, TargetPrinted: printed, Target: kpi.Fraction{Num: target, Den: 1}, Unit: unit, Per: per}
	}
	for _, tt := range []struct {
		row    *kpi.Row
		zh, en string
	}{
		{row(kpi.AtLeast, "≥83%", 83, percent, ""), "≥83%", "≥83%"},
		{row(kpi.Equals, "100%", 100, percent, ""), "100%", "100%"},
		{row(kpi.AtMost, "2万/月", 2, money, "month"), "2万/月", "≤2 ten thousand yuan a month"},
		{row(kpi.Graded, "便捷", 0, kpi.Unit{}, ""), "便捷", "便捷"},
	} {
		if zh, en := targetOf(tt.row, chinese), targetOf(tt.row, english); zh != tt.zh || en != tt.en {
			t.Errorf("%s: %q, %q; want %q, %q", tt.row.TargetPrinted, zh, en, tt.zh, tt.en)
		}
	}
}

package web

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/web/people"
)

// hiddenFields are the fields that a form of a page sends along unseen; name is how its tag
// begins.
func hiddenFields(page, name string) url.Values {
	_, page, _ = strings.Cut(page, `<form method="post" action="`+name)
	page, _, _ = strings.Cut(page, "</form>")
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return form
}

// A form that arrives when its sender is signed in no longer is not lost: it waits in the
// page until they have signed in, and is sent as it was, by their own decision.
func TestFormOutlivesItsSession(t *testing.T) {
	for _, loopback := range []string{"", string(people.Viewer)} {
		var sent url.Values
		s, file := served(t, func(c *Config) { c.LoopbackRole = loopback })
		mux := http.NewServeMux()
		mux.HandleFunc("POST /login", s.signIn)
		mux.HandleFunc("POST /kept", s.showKept)
		mux.HandleFunc("POST /entries/value", s.guard(people.Enter, func(_ http.ResponseWriter, r *http.Request, _ *visitor) error {
			err := r.ParseForm()
			sent = r.PostForm
			return err
		}))
		s.http.Handler = mux
		token, p, err := people.Add(t.Context(), file, people.Person{Name: "刘洋", Role: people.Preparer}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		over, _ := people.Session(&p, time.Now().Add(-2*time.Hour), time.Hour)
		post := func(path string, form url.Values, cookie string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
			return asks(s, r, "127.0.0.1", "Content-Type", "application/x-www-form-urlencoded", "Cookie", cookie)
		}
		form := url.Values{"code": {"policy_awareness"}, "value": {"95.3"}, "evidence": {`问卷 "2026-1" <号>&`}, "reason": {"第一行\r\n第二行"}, "done": {"a", "b"}}
		page := post("/entries/value", form, sessionCookie+"="+over)
		if page.Code != http.StatusUnauthorized || sent != nil || !strings.Contains(page.Body.String(), "所填内容尚未保存,但还在") || !strings.Contains(page.Body.String(), "<dd>95.3</dd>") {
			t.Fatalf("loopback role %q, the session is over: %d, saved %v\n%s", loopback, page.Code, sent, page.Body)
		}
		// The switches of language and theme carry it along.
		for at, words := range map[string]string{"/kept?lang=en": "<h1>Sign in</h1>", "/kept?theme=dark": `data-theme="dark"`} {
			if !strings.Contains(page.Body.String(), `formaction="`+at+`"`) || strings.Contains(page.Body.String(), `<a href="/entries/value`) {
				t.Fatalf("no switch to %s that keeps the form\n%s", at, page.Body)
			}
			if page = post(at, hiddenFields(page.Body.String(), "/kept"), sessionCookie+"="+over); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), words) || !strings.Contains(page.Body.String(), "<dd>95.3</dd>") {
				t.Fatalf("%s: %d\n%s", at, page.Code, page.Body)
			}
			page = post("/kept?lang=zh", hiddenFields(page.Body.String(), "/kept"), sessionCookie+"="+over)
		}
		again := hiddenFields(page.Body.String(), "/login")
		again.Set("token", "hp_wrong")
		if page = post("/login", again, ""); page.Code != http.StatusForbidden {
			t.Fatalf("a wrong token: %d", page.Code)
		}
		again = hiddenFields(page.Body.String(), "/login")
		again.Set("token", token)
		if page = post("/login", again, ""); page.Code != http.StatusOK || sent != nil || !strings.Contains(page.Body.String(), "以“刘洋”的名义提交") {
			t.Fatalf("signed in: %d, saved %v\n%s", page.Code, sent, page.Body)
		}
		action := regexp.MustCompile(`<form method="post" action="([^"]+)" class="card`).FindStringSubmatch(page.Body.String())
		session, _, _ := strings.Cut(page.Header().Get("Set-Cookie"), ";")
		if page = post("/kept?lang=en", hiddenFields(page.Body.String(), "/kept"), session); page.Code != http.StatusOK || sent != nil || !strings.Contains(page.Body.String(), "Send it as 刘洋") {
			t.Fatalf("signed in, in another language: %d, saved %v\n%s", page.Code, sent, page.Body)
		}
		if action == nil || action[1] != "/entries/value" {
			t.Fatalf("it would be sent to %q", action)
		}
		if again = hiddenFields(page.Body.String(), action[1]); again.Encode() != form.Encode() {
			t.Errorf("what would be sent: %v, want %v", again, form)
		}
		if page = post(action[1], again, session); page.Code != http.StatusOK || sent.Encode() != form.Encode() {
			t.Errorf("sent again: %d, saved %v", page.Code, sent)
		}
	}
}

// What a page cannot send again is not said to be kept, and nothing leads elsewhere.
func TestFormThatCannotBeKept(t *testing.T) {
	s, file := served(t, func(c *Config) { c.LoopbackRole = "" })
	token, _, err := people.Add(t.Context(), file, people.Person{Name: "刘洋", Role: people.Preparer}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.http.Handler = func() http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /login", s.signIn)
		mux.HandleFunc("POST /kept", s.showKept)
		mux.HandleFunc("POST /", s.guard(people.Enter, func(http.ResponseWriter, *http.Request, *visitor) error { return nil }))
		return mux
	}()
	for what, contents := range map[string]string{"with a file": "日期,来电总量\n", "with an empty one": ""} {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		if err := m.WriteField("evidence", "日报"); err != nil {
			t.Fatal(err)
		}
		f, err := m.CreateFormFile("file", "totals.csv")
		if err == nil {
			_, err = f.Write([]byte(contents))
		}
		if err == nil {
			err = m.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		w := asks(s, httptest.NewRequest(http.MethodPost, "/entries/totals", &body), "10.0.0.5", "Content-Type", m.FormDataContentType())
		if kept := strings.Contains(w.Body.String(), `name="kept.evidence" value="日报"`); kept != (contents == "") || strings.Contains(w.Body.String(), "未保存。请在新窗口登录") == kept {
			t.Errorf("%s: kept %v\n%s", what, kept, w.Body)
		}
	}
	if w := asks(s, httptest.NewRequest(http.MethodPost, "/kept?lang=en", nil), "10.0.0.5"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
		t.Errorf("without a form: %d, %s", w.Code, w.Header().Get("Location"))
	}
	for what, form := range map[string]url.Values{
		"too much":  {"notes": {strings.Repeat("长", mostKept/2)}},
		"elsewhere": {"kept": {"//evil.example/take"}, "kept.value": {"1"}, "token": {token}},
	} {
		path := "/shift/hand"
		if what == "elsewhere" {
			path = "/login"
		}
		w := asks(s, httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode())), "10.0.0.5", "Content-Type", "application/x-www-form-urlencoded")
		if strings.Contains(w.Body.String(), "长长") || strings.Contains(w.Body.String(), "evil") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
}

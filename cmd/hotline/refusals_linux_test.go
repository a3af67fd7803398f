package main

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// refused is a way to be refused by a page: an address to open, or a form to send there.
type refused struct {
	what, path string
	form       url.Values // nil: opened
	file       string     // sent as control totals
	header     []string   // pairs
	allow      []string   // what is in the other language all the same: what was given, names of columns
}

// told is what the page says of it: its alerts, or all of a page that has nothing else.
func told(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	class := func(n *html.Node) []string {
		for _, a := range n.Attr {
			if a.Key == "class" {
				return strings.Fields(a.Val)
			}
		}
		return nil
	}
	var parts []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || !slices.Contains(class(n), "alert") && !(slices.Contains(class(n), "narrow") && !strings.Contains(page, `name="token"`)) {
			continue
		}
		var b strings.Builder
		if err := html.Render(&b, n); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, shownText(t, b.String()))
	}
	return strings.Join(parts, " ")
}

var (
	// englishRun is two English words in a row: a code, a name of a setting and a command are none.
	englishRun = regexp.MustCompile(`\b[A-Za-z]{2,}[,;:]? +[A-Za-z]{2,}\b`)
	chineseRun = regexp.MustCompile(`\p{Han}`)
	// commands that Chinese texts name.
	commands = regexp.MustCompile(`hotline( [a-z]+)+( --[a-z]+)*`)
)

func (r *refused) send(t *testing.T, p *person, lang string) (int, string) {
	t.Helper()
	at := p.base + withLang(r.path, lang)
	method, body, kind := http.MethodGet, &bytes.Buffer{}, ""
	switch {
	case r.file != "":
		form := multipart.NewWriter(body)
		for name, values := range r.form {
			if err := form.WriteField(name, values[0]); err != nil {
				t.Fatal(err)
			}
		}
		part, err := form.CreateFormFile("file", "totals.csv")
		if err == nil {
			_, err = part.Write([]byte(r.file))
		}
		if err == nil {
			err = form.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		method, kind = http.MethodPost, form.FormDataContentType()
	case r.form != nil:
		method, kind = http.MethodPost, "application/x-www-form-urlencoded"
		body.WriteString(r.form.Encode())
	}
	req, err := http.NewRequest(method, at, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	return p.do(req)
}

// speaks holds what is told against the language of its page.
func (r *refused) speaks(t *testing.T, p *person) {
	t.Helper()
	for lang, other := range map[string]*regexp.Regexp{"zh": englishRun, "en": chineseRun} {
		status, page := r.send(t, p, lang)
		text := told(t, page)
		switch {
		case status < 400 || status >= 500:
			t.Errorf("%s (%s): status %d: %s", r.what, lang, status, tail(shownText(t, page)))
			continue
		case text == "":
			t.Errorf("%s (%s): nothing is told in %s", r.what, lang, tail(shownText(t, page)))
			continue
		case strings.Contains(text, "%!") || strings.Contains(text, "供运维查找"):
			t.Errorf("%s (%s): %s", r.what, lang, text)
		}
		t.Logf("%s (%s): %s", r.what, lang, text)
		rest := text
		for _, allowed := range r.allow {
			rest = strings.ReplaceAll(rest, allowed, "…")
		}
		if lang == "zh" {
			rest = commands.ReplaceAllString(rest, "…")
		}
		if found := other.FindString(rest); found != "" {
			t.Errorf("%s: a page in %s says %q in: %s", r.what, lang, found, text)
		}
		if strings.Contains(page, "%!") {
			t.Errorf("%s (%s): a broken text in %s", r.what, lang, page)
		}
	}
}

// form makes one of pairs of names and values.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// TestRefusalsInBothLanguages sends every kind of bad form and opens every kind of address
// that leads nowhere: what a person is told is in the language of the page.
func TestRefusalsInBothLanguages(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("web.loopback_role=", "intake.callbacks.enabled=true", "web.reveal_roles=administrator", "rules.calendar=cn-2026")
	w.up()
	now := time.Now()
	w.lostFile(now, lostLine{id: "lost", ago: 20, outcome: "abandoned_queue", caller: numberA}, lostLine{id: "short", ago: 19, outcome: "abandoned_queue", caller: numberB, wait: 2})
	chief, viewer := w.person("赵敏", "administrator"), w.person("大屏", "viewer")
	quarter := fmt.Sprintf("%dQ%d", now.Year(), (int(now.Month())+2)/3)
	long := strings.Repeat("长", 30_000)
	value := func(pairs ...string) url.Values { return form(append([]string{"period", "2026Q1"}, pairs...)...) }
	totals := func(pairs ...string) url.Values {
		return form(append([]string{"period", "2026Q1", "counter", "pbx", "evidence", "a"}, pairs...)...)
	}
	if status, body := chief.post("/entries/totals", totals("day", "2026-01-10", "offered", "11", "answered", "8")); status != http.StatusOK {
		t.Fatalf("a day's totals: %d %s", status, tail(body))
	}
	if status, body := chief.post("/shift/hand", form("notes", "a")); status != http.StatusOK {
		t.Fatalf("handing over: %d %s", status, tail(body))
	}
	columns := "(日期, 来电总量, 人工请求量, 人工接听量)"
	for _, r := range []refused{
		{what: "no such page", path: "/nothing"},
		{what: "no such runbook", path: "/runbooks/Nothing"},
		{what: "no such hand-over", path: "/shift/one?id=x"},
		{what: "no such lost call", path: "/lostcalls/item?call=x"},
		{what: "no such closed report", path: "/sealed/difference?id=x"},
		{what: "no such part", path: "/sealed/part?id=x&part=report.zh.html"},
		{what: "no such indicator", path: "/entries/value?code=nothing"},
		{what: "no period", path: "/history?period=soon"},
		{what: "no month", path: "/history?period=2026-13"},
		{what: "no half", path: "/history?period=2026H3"},
		{what: "no quarter", path: "/history?period=2026Q5"},
		{what: "no day", path: "/history?from=2026-02-30"},
		{what: "days turned round", path: "/history?from=2026-03-02&to=2026-03-01"},
		{what: "a year without targets", path: "/entries?period=2019Q1"},
		{what: "a report of a year without targets", path: "/report?period=2019Q1"},
		{what: "a period to come", path: "/entries?period=2031Q1"},
		{what: "no format", path: "/report/download?period=2026Q1&format=pdf", allow: []string{"xlsx, docx, html, csv, json"}},
		{what: "no date of a morning", path: "/morning?date=tomorrow"},
		{what: "a morning long ago", path: "/morning?date=1800-01-01"},
		{what: "a morning far ahead", path: "/morning?date=2031-01-01"},
		{what: "no seats", path: "/morning?seats=none"},
		{what: "too many seats", path: "/morning?seats=9999999"},
		{what: "no view", path: "/lostcalls?view=nothing"},
		{what: "no day of lost calls", path: "/lostcalls?day=monday"},
		{what: "no figure", path: "/calls?figure=nothing&period=2026Q1"},
		{what: "no threshold", path: "/calls?figure=service_level_0&period=2026Q1"},
		{what: "no hour", path: "/calls?figure=offered&period=2026Q1&hour=99"},
		{what: "no offset", path: "/calls?figure=offered&period=2026Q1&hour=01%2B99"},
		{what: "no weekday", path: "/calls?figure=offered&period=2026Q1&weekday=someday"},
		{what: "nothing nameless", path: "/calls?figure=offered&period=2026Q1&nameless=centre"},
		{what: "named and nameless", path: "/calls?figure=offered&period=2026Q1&nameless=queue&queue=A"},
		{what: "no page of calls", path: "/calls/list?figure=offered&period=2026Q1&role=numerator&after=x"},
		{what: "sent by another page", path: "/shift/hand", form: form("notes", "x"), header: []string{"Sec-Fetch-Site", "cross-site"}},

		{what: "an unknown indicator", path: "/entries/value", form: value("code", "nothing", "value", "1")},
		{what: "no value", path: "/entries/value", form: value("code", "policy_awareness", "evidence", "a")},
		{what: "words for a value", path: "/entries/value", form: value("code", "policy_awareness", "value", "many", "evidence", "a")},
		{what: "a value below 0", path: "/entries/value", form: value("code", "policy_awareness", "value", "-1", "evidence", "a")},
		{what: "another unit", path: "/entries/value", form: value("code", "policy_awareness", "value", "95 km", "evidence", "a")},
		{what: "no evidence", path: "/entries/value", form: value("code", "policy_awareness", "value", "95")},
		{what: "a score of what is measured", path: "/entries/value", form: value("code", "policy_awareness", "score", "95", "evidence", "a")},
		{what: "a value of what is computed", path: "/entries/value", form: value("code", "answer_rate", "what", "value", "value", "95", "evidence", "a")},
		{what: "no score", path: "/entries/value", form: value("code", "service_continuity", "reason", "a")},
		{what: "a value of what is graded", path: "/entries/value", form: value("code", "service_continuity", "value", "9")},
		{what: "no reason of a score", path: "/entries/value", form: value("code", "service_continuity", "score", "90")},
		{what: "a score beyond 100", path: "/entries/value", form: value("code", "service_continuity", "score", "101", "reason", "a")},
		{what: "a score below 0", path: "/entries/value", form: value("code", "service_continuity", "score", "-1", "reason", "a")},
		{what: "words for a score", path: "/entries/value", form: value("code", "service_continuity", "score", "good", "reason", "a")},
		{what: "half a budget", path: "/entries/value", form: value("code", "budget_execution_13", "executed", "10", "evidence", "a"), allow: []string{"万元"}},
		{what: "no number of a budget", path: "/entries/value", form: value("code", "budget_execution_13", "executed", "ten", "adjusted", "10", "evidence", "a")},
		{what: "a budget of 0", path: "/entries/value", form: value("code", "budget_execution_13", "executed", "10", "adjusted", "0", "evidence", "a")},
		{what: "a value of a budget", path: "/entries/value", form: value("code", "budget_execution_13", "value", "10", "executed", "1", "adjusted", "2", "evidence", "a")},
		{what: "not applicable without a reason", path: "/entries/value", form: value("code", "policy_awareness", "not_applicable", "on", "agreed", "李强")},
		{what: "not applicable without a reviewer", path: "/entries/value", form: value("code", "policy_awareness", "not_applicable", "on", "reason", "a")},
		{what: "nothing to withdraw", path: "/entries/value", form: value("code", "policy_awareness", "withdraw", "on", "reason", "a")},
		{what: "a withdrawal without a reason", path: "/entries/value", form: value("code", "policy_awareness", "withdraw", "on", "replaces", "x")},
		{what: "an entry that is not there", path: "/entries/value", form: value("code", "policy_awareness", "value", "95", "evidence", "a", "replaces", "01ARZ3NDEKTSV4RRFFQ69G5FAV")},
		{what: "too long a reason", path: "/entries/value", form: value("code", "policy_awareness", "value", "95", "evidence", "a", "reason", long)},
		{what: "no cause", path: "/entries/value", form: value("code", "answer_rate", "what", "cause", "measures", "a")},
		{what: "no category", path: "/entries/value", form: value("code", "answer_rate", "what", "cause", "cause", "a", "category", "fate"), allow: []string{"经费, 制度, 人员, 硬件, 其他"}},
		{what: "no likelihood", path: "/entries/value", form: value("code", "answer_rate", "what", "cause", "cause", "a", "likelihood", "never")},

		{what: "totals without a day", path: "/entries/totals", form: totals("offered", "1")},
		{what: "totals without a count", path: "/entries/totals", form: totals("day", "2026-01-11")},
		{what: "totals that are no number", path: "/entries/totals", form: totals("day", "2026-01-11", "requested", "many")},
		{what: "totals below 0", path: "/entries/totals", form: totals("day", "2026-01-11", "requested", "-1")},
		{what: "more answered than called", path: "/entries/totals", form: totals("day", "2026-01-11", "offered", "1", "answered", "2")},
		{what: "totals without evidence", path: "/entries/totals", form: totals("day", "2026-01-11", "offered", "1", "evidence", "")},
		{what: "nobody has counted", path: "/entries/totals", form: totals("day", "2026-01-11", "offered", "1", "counter", "")},
		{what: "other totals of the day", path: "/entries/totals", form: totals("day", "2026-01-10", "offered", "12"), allow: []string{"赵敏"}},
		{what: "a file of nothing", path: "/entries/totals", form: totals(), file: "\n"},
		{what: "a file without days", path: "/entries/totals", form: totals(), file: "date,offered\n"},
		{what: "a column that is not known", path: "/entries/totals", form: totals(), file: "date,calls\n2026-01-11,1\n", allow: []string{columns}},
		{what: "a column twice", path: "/entries/totals", form: totals(), file: "date,offered,offered\n2026-01-11,1,1\n"},
		{what: "no column of days", path: "/entries/totals", form: totals(), file: "offered\n1\n"},
		{what: "a line too long", path: "/entries/totals", form: totals(), file: "date,offered\n2026-01-11,1,2,3\n"},
		{what: "an open quotation", path: "/entries/totals", form: totals(), file: "date,offered\n\"2026-01-11,1\n"},
		{what: "faulty lines", path: "/entries/totals", form: totals(), file: "date,offered\nmonday,1\n2026-01-11,many\n2026-01-12,\n2026-01-13,1\n2026-01-13,1\n"},

		{what: "no beginning", path: "/entries/outages", form: form("cause", "a", "evidence", "a")},
		{what: "a beginning that is no time", path: "/entries/outages", form: form("begins", "noon", "cause", "a", "evidence", "a")},
		{what: "an end that is no time", path: "/entries/outages", form: form("begins", "2026-03-02T09:30", "ends", "noon", "cause", "a", "evidence", "a")},
		{what: "an end before the beginning", path: "/entries/outages", form: form("begins", "2026-03-02T09:30", "ends", "2026-03-02T09:00", "cause", "a", "evidence", "a")},
		{what: "an outage to come", path: "/entries/outages", form: form("begins", "2031-03-02T09:30", "cause", "a", "evidence", "a")},
		{what: "no cause of an outage", path: "/entries/outages", form: form("begins", "2026-03-02T09:30", "evidence", "a")},
		{what: "no evidence of an outage", path: "/entries/outages", form: form("begins", "2026-03-02T09:30", "cause", "a")},
		{what: "an outage that is not there", path: "/entries/outages", form: form("id", "x", "begins", "2026-03-02T09:30", "cause", "a", "evidence", "a", "replaces", "01ARZ3NDEKTSV4RRFFQ69G5FAV")},

		{what: "closing without a head", path: "/closing/prepare", form: form("period", "2026Q1")},
		{what: "closing what is not over", path: "/closing/prepare", form: form("period", quarter, "head", "a")},
		{what: "closing in no period", path: "/closing/prepare", form: form("head", "a")},
		{what: "an answer to nothing", path: "/closing/prepare", form: form("period", "2026Q1", "head", "a", "answer_nothing", "a")},
		{what: "a revision without a reason", path: "/closing/prepare", form: form("period", "2026Q1", "head", "a", "revise", "1")},
		{what: "sealing what was not submitted", path: "/closing/review", form: form("period", "2026Q1", "decision", "seal")},

		{what: "calling back nobody", path: "/lostcalls/act", form: form("call", "x", "step", "taken")},
		{what: "no step", path: "/lostcalls/act", form: form("call", "lost", "step", "nothing")},
		{what: "no result", path: "/lostcalls/act", form: form("call", "lost", "step", "done")},
		{what: "another result", path: "/lostcalls/act", form: form("call", "lost", "step", "done", "result", "nothing")},
		{what: "not reached, not tried", path: "/lostcalls/act", form: form("call", "lost", "step", "not_reached")},
		{what: "not called back, no reason", path: "/lostcalls/act", form: form("call", "lost", "step", "done", "result", "withdrawn")},
		{what: "who hung up at once", path: "/lostcalls/act", form: form("call", "short", "step", "taken")},
		{what: "nobody's, given back", path: "/lostcalls/act", form: form("call", "lost", "step", "given_back")},
		{what: "not ended, opened again", path: "/lostcalls/act", form: form("call", "lost", "step", "reopened", "reason", "a")},
		{what: "another state was seen", path: "/lostcalls/act", form: form("call", "lost", "step", "taken", "seen", "x")},
		{what: "a number of nobody", path: "/lostcalls/reveal", form: form("call", "x", "reason", "a")},
		{what: "a number without a reason", path: "/lostcalls/reveal", form: form("call", "lost")},
		{what: "a number that was not taken", path: "/lostcalls/reveal", form: form("call", "lost", "reason", "a"), allow: []string{"赵敏"}},

		{what: "a shift that waits already", path: "/shift/hand", form: form("notes", "b", "seen", "x"), allow: []string{"赵敏"}},
		{what: "a shift to nobody", path: "/shift/take", form: form("id", "x")},
		{what: "a shift withdrawn without a reason", path: "/shift/take", form: form("id", hidden(t, chief.sees("/shift", http.StatusOK), "id"), "decision", "withdraw"), allow: []string{"赵敏"}},
		{what: "one's own shift", path: "/shift/take", form: form("id", hidden(t, chief.sees("/shift", http.StatusOK), "id")), allow: []string{"赵敏"}},
	} {
		r.speaks(t, chief)
	}
	for _, r := range []refused{
		{what: "what the role may not see", path: "/calls"},
		{what: "what the role may not do", path: "/entries/outages", form: form("cause", "a")},
	} {
		r.speaks(t, viewer)
	}
	stranger := w.stranger()
	for _, r := range []refused{
		{what: "a token that is not known", path: "/login", form: form("token", "hp_x")},
		{what: "a form of nobody", path: "/shift/hand", form: form("notes", "a")},
	} {
		r.speaks(t, stranger)
	}
	// Two who have handed over nothing yet meet the bounds of a note.
	id := hidden(t, chief.sees("/shift", http.StatusOK), "id")
	if status, body := chief.post("/shift/take", form("id", id, "decision", "withdraw", "reason", "a")); status != http.StatusOK {
		t.Fatalf("withdrawing: %d %s", status, tail(body))
	}
	seen := hidden(t, chief.sees("/shift", http.StatusOK), "seen")
	for _, r := range []refused{
		{what: "too long a note", path: "/shift/hand", form: form("notes", long, "seen", seen)},
		{what: "too many points", path: "/shift/hand", form: form("points", strings.Repeat("a\n", 61), "seen", seen)},
		{what: "too long a point", path: "/shift/hand", form: form("points", long, "seen", seen), allow: []string{strings.Repeat("长", 20)}},
	} {
		r.speaks(t, chief)
	}
}

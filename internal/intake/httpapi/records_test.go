package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

const (
	ticketJSON     = `{"ticket_id":"w-1","version":1,"kind":"callback","opened_at":"2026-03-02T09:34:00+08:00","agent":"8001"}`
	supplementJSON = `{"call_id":"c-1","version":1,"kind":"rating","rating":{"invited":true,"value":5,"scale":"5"}}`
	agentJSON      = `{"agent":"8001","version":1,"state":"free","since":"2026-03-02T08:30:00+08:00"}`
	csv            = "call_id,started_at,answered_at,ended_at,outcome,queue,agent,caller\n" +
		"n-1,2026-03-02 09:30:00,2026-03-02 09:30:31,2026-03-02 09:34:02,answered,社保卡,1001," + planted + "\n"
)

// sampleOf are a good record of each route and the topic it goes to.
func sampleOf() map[string]struct{ body, id, topic string } {
	topics := httpapi.DefaultTopics()
	return map[string]struct{ body, id, topic string }{
		"/v1/calls":       {callJSON("c-1"), "c-1", topics.Calls},
		"/v1/tickets":     {ticketJSON, "w-1", topics.Tickets},
		"/v1/supplements": {supplementJSON, "c-1", topics.Supplements},
		"/v1/agents":      {agentJSON, "8001", topics.Agents},
	}
}

// TestForms posts each kind in each form a body may have.
func TestForms(t *testing.T) {
	w := newWorld(t, options{})
	for route, sample := range sampleOf() {
		one := sample.body
		pretty := strings.ReplaceAll(one, ",", ",\n ")
		for _, p := range []struct {
			name  string
			post  posting
			n     int
			lines []int
		}{
			{"one", posting{body: one}, 1, []int{1}},
			{"one on several lines", posting{body: "\n" + pretty + "\n"}, 1, []int{2}},
			{"list", posting{body: "[" + one + ",\n" + pretty + ",\n" + one + "]"}, 3, nil},
			{"empty list", posting{body: "[ ]"}, 0, nil},
			{"lines", posting{body: one + "\n\n" + one + "\r\n", media: "application/x-ndjson"}, 2, []int{1, 3}},
			{"lines, undeclared", posting{body: one + "\n" + one, media: "-"}, 2, []int{1, 2}},
			{"lines, declared otherwise", posting{body: one + "\n" + one}, 2, []int{1, 2}},
			{"with a byte order mark", posting{body: "\ufeff" + one}, 1, []int{1}},
			{"gzip", posting{body: gzipped(t, one), header: map[string]string{"Content-Encoding": "gzip"}}, 1, []int{1}},
			{"gzip, undeclared", posting{body: gzipped(t, one+"\n"+one), media: "application/gzip"}, 2, []int{1, 2}},
			{"chunked", posting{reader: struct{ *strings.Reader }{strings.NewReader(one)}}, 1, []int{1}},
		} {
			before := len(stored(t, w.client, sample.topic))
			p.post.route = route
			a := w.want(http.StatusAccepted, p.post)
			if a.Read != p.n || a.Accepted != p.n || a.Rejected != 0 || len(a.Results) != p.n {
				t.Errorf("%s %s: %s", route, p.name, a.body)
			}
			for i, r := range a.Results {
				if r.Index != i || r.ID != sample.id || r.Status != "accepted" || p.lines != nil && r.Line != p.lines[i] {
					t.Errorf("%s %s: result %d: %+v", route, p.name, i, r)
				}
			}
			if after := len(stored(t, w.client, sample.topic)); after != before+p.n {
				t.Errorf("%s %s: %d records in %s, %d before", route, p.name, after, sample.topic, before)
			}
		}
	}
	// What arrived is what was meant, under its key.
	dec := wire.NewDecoder()
	for _, r := range stored(t, w.client, httpapi.DefaultTopics().Calls) {
		c, err := dec.Call(r.Value)
		if err != nil || string(r.Key) != c.ID || c.Queue != "社保卡" || c.Source != "http" || c.Centre != "default" {
			t.Fatalf("%s: %s, %v", r.Key, r.Value, err)
		}
		if c.CallerHash != w.kit.Pseudonym(planted) || c.CallerMasked != w.kit.Mask(planted) {
			t.Fatalf("caller %q %q", c.CallerHash, c.CallerMasked)
		}
		if origin, _ := r.Header("origin"); string(origin) != "http:all" {
			t.Fatalf("origin %s", origin)
		}
	}
	for topic, key := range map[string]string{
		httpapi.DefaultTopics().Tickets: "w-1", httpapi.DefaultTopics().Agents: "default/8001", httpapi.DefaultTopics().Supplements: "c-1",
	} {
		for _, r := range stored(t, w.client, topic) {
			if string(r.Key) != key {
				t.Errorf("%s: key %s, want %s", topic, r.Key, key)
			}
		}
	}
}

// TestPartly posts good records and bad ones together.
func TestPartly(t *testing.T) {
	w := newWorld(t, options{})
	body := strings.Join([]string{
		callJSON("p-1"),
		`{"call_id":"p-2","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"lost"}`,
		`{"call_id":"p-3","version":1,`,
		`{"call_id":"p-4","version":1,"started_at":"yesterday","outcome":"open"}`,
		`{"call_id":"p-5","version":1,"deleted":true,"attributes":{"note":"` + planted + `"}}`,
		`{"call_id":"p-6","call_id":"p-7","version":1}`,
		`{"call_id":"` + strings.Repeat("x", wire.MaxRecord) + `","version":1}`,
		`{"call_id":"p ` + planted + `","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"open"}`,
	}, "\n")
	a := w.want(http.StatusAccepted, posting{route: "/v1/calls", media: "application/x-ndjson", body: body})
	want := []string{
		"accepted p-1  ", "rejected p-2 unknown_value outcome", "rejected  not_json ", "rejected  wrong_type started_at",
		"accepted p-5  ", "rejected  duplicate_key call_id", "rejected  too_large ", "rejected p " + planted + " unknown_value call_id",
	}
	for i, r := range a.Results {
		if got := fmt.Sprintf("%s %s %s %s", r.Status, r.ID, r.Reason, r.Field); got != want[i] || r.Line != i+1 || (r.Status == "rejected") != (r.Detail != "") {
			t.Errorf("%d: %s, want %s: %+v", i, got, want[i], r)
		}
	}
	if a.Read != 8 || a.Accepted != 2 || a.Rejected != 6 {
		t.Errorf("%+v", a)
	}
	if got := stored(t, w.client, httpapi.DefaultTopics().Calls); len(got) != 2 || bytes.Contains(got[1].Value, []byte(planted)) {
		t.Errorf("%d records, the last %s", len(got), got[len(got)-1].Value)
	}
	// The syntax of a list is checked before anything of it is stored.
	a = w.want(http.StatusBadRequest, posting{route: "/v1/calls", body: "[" + callJSON("p-8") + ",\n" + callJSON("p-9") + ",\n{]"})
	if a.Code != "malformed" || a.Line != 3 {
		t.Errorf("%s", a.body)
	}
	if got := stored(t, w.client, httpapi.DefaultTopics().Calls); len(got) != 2 {
		t.Errorf("%d records after a broken list", len(got))
	}
	if got := stored(t, w.client, httpapi.DefaultTopics().Rejected); len(got) != 0 {
		t.Errorf("%d dead letters: their sender was told", len(got))
	}
}

// TestScopes holds what tokens may send against what they do.
func TestScopes(t *testing.T) {
	w := newWorld(t, options{})
	narrow := w.token(tokens.Token{
		Name: "narrow", Sources: []string{"west", "generic-csv"}, Kinds: []tokens.Kind{tokens.Calls}, Centre: "xianyang", IDPrefix: "xy-",
	})
	maker := w.token(tokens.Token{Name: "maker", Pseudonyms: true})
	call := func(members string) string {
		return `{"version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"open",` + members + `}`
	}
	for _, c := range []struct {
		name, token, body string
		code              int
		field             string
	}{
		{"its own", narrow, call(`"call_id":"xy-1"`), 202, ""},
		{"its own, named", narrow, call(`"call_id":"xy-1","centre":"xianyang","source":"generic-csv"`), 202, ""},
		{"another centre", narrow, call(`"call_id":"xy-1","centre":"baoji"`), 403, "centre"},
		{"another source", narrow, call(`"call_id":"xy-1","source":"east"`), 403, "source"},
		{"another id", narrow, call(`"call_id":"bj-1"`), 403, "call_id"},
		{"the deletion of another's call", narrow, `{"call_id":"bj-1","version":9,"deleted":true}`, 403, "call_id"},
		{"a pseudonym", narrow, call(`"call_id":"xy-1","caller_hash":"k.x"`), 403, "caller_hash"},
		{"a mask", narrow, call(`"call_id":"xy-1","caller_masked":"138****0000"`), 403, "caller_masked"},
		{"a seal", narrow, call(`"call_id":"xy-1","caller_sealed":"x"`), 403, "caller_sealed"},
		{"a pseudonym from who makes them", maker, call(`"call_id":"m-1","caller_hash":"k.x","caller_masked":"138****0000"`), 202, ""},
		{"a pseudonym and a number", maker, call(`"call_id":"m-1","caller_hash":"k.x","caller":"1"`), 400, "caller_hash"},
		{"a number that is none", narrow, call(`"call_id":"xy-1","caller":13800130000`), 400, "caller"},
		{"a number without end", narrow, call(`"call_id":"xy-1","caller":"` + strings.Repeat("1", 200) + `"`), 400, "caller"},
		{"nobody's number", narrow, call(`"call_id":"xy-2","caller":"anonymous"`), 202, ""},
	} {
		a := w.post(posting{route: "/v1/calls", token: c.token, body: c.body})
		if a.code != c.code || c.field != "" && (len(a.Results) != 1 || a.Results[0].Field != c.field) {
			t.Errorf("%s: %d %s", c.name, a.code, a.body)
		}
		if strings.Contains(a.body, planted) {
			t.Errorf("%s: the answer tells the number: %s", c.name, a.body)
		}
	}
	w.want(403, posting{route: "/v1/tickets", token: narrow, body: ticketJSON})
	w.want(403, posting{route: "/v1/sources/{name}", path: "/v1/sources/anonymous-bank", token: narrow, body: "x"})
	a := w.want(403, posting{route: "/v1/sources/{name}", path: "/v1/sources/generic-csv", token: narrow, body: csv, media: "text/csv"})
	if len(a.Results) != 1 || a.Results[0].Field != "call_id" {
		t.Error(a.body)
	}
	dec := wire.NewDecoder()
	for _, r := range stored(t, w.client, httpapi.DefaultTopics().Calls) {
		c, err := dec.Call(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(c.ID, "xy-") && (c.Centre != "xianyang" || c.Source != "west" && c.Source != "generic-csv") {
			t.Errorf("%s", r.Value)
		}
	}
}

// TestNative posts a source's own format, plain and in the forms of telephone systems.
func TestNative(t *testing.T) {
	w := newWorld(t, options{})
	p := posting{route: "/v1/sources/{name}", path: "/v1/sources/generic-csv", media: "text/csv"}
	p.body = csv + "n-2,2026-03-02 09:30:00,,,lost,社保卡,1001," + planted + "\n"
	a := w.want(http.StatusAccepted, p)
	if a.Read != 2 || a.Accepted != 1 || a.Results[0].ID != "n-1" || a.Results[1].Reason != "unknown_value" || a.Results[1].Line != 3 {
		t.Error(a.body)
	}
	for _, again := range []string{"same", "once more"} { // a system that repeats leaves one letter
		letters, err := deadletter.List(t.Context(), w.client, deadletter.Query{Topic: httpapi.DefaultTopics().Rejected})
		if err != nil || letters.Total != 1 {
			t.Fatalf("%s: %d letters, %v", again, letters.Total, err)
		}
		l, err := deadletter.Open(t.Context(), w.client, httpapi.DefaultTopics().Rejected, letters.Entries[0].ID, w.kit.Identity())
		if err != nil || l.Origin != "http:all" || l.Source != "generic-csv" || !l.Replayable || !bytes.Contains(l.Bytes, []byte(planted)) {
			t.Errorf("%+v, %v", l, err)
		}
		w.want(http.StatusAccepted, p)
	}
	for name, form := range map[string]posting{
		"form":          {media: "application/x-www-form-urlencoded", body: "cdr=" + url.QueryEscape(csv)},
		"form and more": {media: "application/x-www-form-urlencoded", body: "cdr=" + url.QueryEscape(csv) + "&uuid=1"},
		"base64":        {media: "application/x-www-form-base64-encoded", body: "cdr=" + base64.StdEncoding.EncodeToString([]byte(csv))},
		"gzip":          {media: "-", body: gzipped(t, csv)},
	} {
		form.route, form.path = p.route, p.path
		if a := w.want(http.StatusAccepted, form); a.Accepted != 1 {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for name, bad := range map[string]posting{
		"another field": {media: "application/x-www-form-urlencoded", body: "xml=1"},
		"no base64":     {media: "application/x-www-form-base64-encoded", body: "cdr=%%%"},
		"no escape":     {media: "application/x-www-form-urlencoded", body: "cdr=%zz"},
		"no header":     {media: "text/csv", body: "hello,world\n"},
		"nothing":       {media: "text/csv", body: ""},
	} {
		bad.route, bad.path = p.route, p.path
		if a := w.want(http.StatusBadRequest, bad); a.Code != "malformed" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	w.want(http.StatusNotFound, posting{route: p.route, path: "/v1/sources/unknown", body: csv})
	for query, code := range map[string]int{"zone=Asia/Tokyo&revision=7": 202, "zone=Mars/Base": 400, "revision=0.5": 400} {
		w.want(code, posting{route: p.route, path: p.path + "?" + query, media: "text/csv", body: csv})
	}
	all := stored(t, w.client, httpapi.DefaultTopics().Calls)
	c, err := wire.NewDecoder().Call(all[len(all)-1].Value)
	if err != nil || c.Version != 7 || c.StartedAt.UTC().Hour() != 0 {
		t.Errorf("%s, %v", all[len(all)-1].Value, err)
	}
}

// TestNoNumber plants a number wherever a text may stand and looks for it in everything
// the broker keeps, in answers and in the metrics.
func TestNoNumber(t *testing.T) {
	dir := t.TempDir()
	b := testkit.EmbeddedBroker(t, embedded.Config{Dir: dir})
	w := newWorld(t, options{addr: b.Addr()})
	text := `"` + "call back " + planted + `"`
	call := `{"call_id":"c-1","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered","caller":"` + planted + `",` +
		`"queue":` + text + `,"agent":` + text + `,"region":` + text + `,"source":` + text + `,"centre":` + text + `,"topics":[` + text + `],` +
		`"legs":[{"agent":` + text + `,"queue":` + text + `}],"rating":{"value":1,"scale":` + text + `},"attributes":{"a":` + text + `,` + text + `:"b"},` +
		`"unknown":` + text + `}`
	for route, body := range map[string]string{
		"/v1/calls":       call,
		"/v1/tickets":     `{"ticket_id":"w-1","version":1,"kind":"callback","opened_at":"2026-03-02T09:34:00+08:00","agent":` + text + `,"centre":` + text + `,"source":` + text + `,"topics":[` + text + `]}`,
		"/v1/supplements": `{"call_id":"c-1","version":1,"kind":"ivr","ivr_seconds":3,"ivr_path":[` + text + `],"centre":` + text + `,"source":` + text + `}`,
		"/v1/agents":      `{"agent":` + text + `,"version":1,"state":"paused","reason":` + text + `,"since":"2026-03-02T08:30:00+08:00","centre":` + text + `,"source":` + text + `}`,
	} {
		w.want(http.StatusAccepted, posting{route: route, body: body})
	}
	// Ids are joined by, so they are refused instead.
	for route, body := range map[string]string{
		"/v1/calls":       callJSON("call-" + planted),
		"/v1/tickets":     strings.Replace(ticketJSON, `"w-1"`, `"w-1","call_id":"86`+planted+`"`, 1),
		"/v1/supplements": strings.Replace(supplementJSON, "c-1", planted, 1),
	} {
		w.want(http.StatusBadRequest, posting{route: route, body: body})
	}
	w.want(http.StatusBadRequest, posting{
		route: "/v1/sources/{name}", path: "/v1/sources/generic-csv", media: "text/csv", body: strings.Replace(csv, "answered,", "lost,", 1),
	})
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	_ = w.client.Close()
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		if bytes.Contains(data, []byte(planted)) {
			t.Errorf("%s holds the number", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatal(files, err)
	}
	families, err := w.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.Contains(f.String(), planted) {
			t.Errorf("%s holds the number", f.GetName())
		}
	}
}

// TestTogether posts from many at once and finds every record.
func TestTogether(t *testing.T) {
	w := newWorld(t, options{})
	const senders, requests = 8, 15
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for j := range requests {
				var lines strings.Builder
				for k := range 1 + (i+j)%20 {
					lines.WriteString(callJSON(fmt.Sprintf("t-%d-%d-%d", i, j, k)) + "\n")
				}
				a, err := w.try(t.Context(), posting{route: "/v1/calls", media: "application/x-ndjson", body: lines.String()})
				if err != nil || a.code != http.StatusAccepted || a.Accepted != 1+(i+j)%20 {
					t.Errorf("%d %s, %v", a.code, a.body, err)
				}
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, r := range stored(t, w.client, httpapi.DefaultTopics().Calls) {
		ids[string(r.Key)] = true
	}
	want := 0
	for i := range senders {
		for j := range requests {
			want += 1 + (i+j)%20
		}
	}
	if len(ids) != want {
		t.Errorf("%d records, want %d", len(ids), want)
	}
}

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/testkit"
)

// contract is the description as it is served, and which of its answers were given.
type contract struct {
	t        *testing.T
	doc      map[string]any
	compiler *jsonschema.Compiler
	given    map[string]bool // "route status"

	away, hasty *world // without a Kafka; with no time for slow bodies
}

func served(t *testing.T, w *world) *contract {
	t.Helper()
	a := w.want(http.StatusOK, posting{method: http.MethodGet, route: "/v1/openapi.json", token: "-"})
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{t: t, compiler: jsonschema.NewCompiler(), given: map[string]bool{}}
	c.doc, _ = doc.(map[string]any)
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// at follows a path of keys, references included; it also gives the pointer it ends at.
func (c *contract) at(keys ...string) (map[string]any, string) {
	at, pointer := any(c.doc), "#"
	for _, k := range keys {
		m, _ := at.(map[string]any)
		at = m[k]
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "*", "%2A").Replace(k)
		if ref, ok := at.(map[string]any)["$ref"].(string); ok {
			var keys []string
			for k := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				keys = append(keys, k)
			}
			at, pointer = c.at(keys...)
		}
	}
	m, _ := at.(map[string]any)
	return m, pointer
}

func (c *contract) validate(what, pointer string, body []byte) {
	c.t.Helper()
	schema, err := c.compiler.Compile("openapi.json" + pointer)
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		c.t.Errorf("%s: %v: %s", what, err, body)
		return
	}
	if err := schema.Validate(value); err != nil {
		c.t.Errorf("%s: %v\n%s", what, err, body)
	}
}

func keysOf(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// see checks an answer against the description.
func (c *contract) see(route string, res *http.Response, body []byte) {
	c.t.Helper()
	method := strings.ToLower(res.Request.Method)
	status := fmt.Sprint(res.StatusCode)
	if res.StatusCode == http.StatusMethodNotAllowed || res.StatusCode == http.StatusNotFound && !strings.Contains(route, "{") {
		return // told in words
	}
	responses, _ := c.at("paths", route, method, "responses")
	if responses[status] == nil {
		c.t.Errorf("%s %s answers %s, which is not described: %s", method, route, status, body)
		return
	}
	c.given[route+" "+status] = true
	response, pointer := c.at("paths", route, method, "responses", status)
	headers, _ := response["headers"].(map[string]any)
	for name := range headers {
		if res.Header.Get(name) == "" {
			c.t.Errorf("%s %s: header %s is missing", route, status, name)
		}
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	content, _ := response["content"].(map[string]any)
	if err != nil || content[kind] == nil {
		c.t.Errorf("%s %s: Content-Type %q is not described", route, status, res.Header.Get("Content-Type"))
		return
	}
	if strings.HasSuffix(kind, "json") {
		c.validate(route+" "+status, pointer+"/content/"+strings.ReplaceAll(kind, "/", "~1")+"/schema", body)
	}
}

// TestDescription provokes every answer that is described, on every route, and no other.
func TestDescription(t *testing.T) {
	embedded := testkit.Broker(t)
	w := newWorld(t, options{addr: embedded, cfg: func(c *intake.HTTP) {
		c.MaxBodyBytes, c.MaxRecords, c.BufferBytes = 3<<20, 100, 16<<20
	}})
	c := served(t, w)
	w.seen = c.see
	c.routes()
	away := newWorld(t, options{broker: silent{}, cfg: func(c *intake.HTTP) { c.AckTimeout = 100 * time.Millisecond }})
	away.seen = c.see
	hasty := newWorld(t, options{broker: silent{}, cfg: func(c *intake.HTTP) { c.ReadTimeout = 150 * time.Millisecond }})
	hasty.seen = c.see
	c.away, c.hasty = away, hasty
	for _, route := range []string{"/healthz", "/readyz", "/v1/openapi.json"} {
		w.want(http.StatusOK, posting{method: http.MethodGet, route: route, token: "-"})
	}
	away.want(http.StatusServiceUnavailable, posting{method: http.MethodGet, route: "/readyz", token: "-"})

	poor := w.token(tokens.Token{Name: "poor", RecordsPerSecond: 1})
	other := w.token(tokens.Token{Name: "other", Sources: []string{"other"}, Centre: "other"})
	agents := w.token(tokens.Token{Name: "agents", Kinds: []tokens.Kind{tokens.Agents}})
	tickets := w.token(tokens.Token{Name: "tickets", Kinds: []tokens.Kind{tokens.Tickets}})
	for route, sample := range sampleOf() {
		without := agents
		if route == "/v1/agents" {
			without = tickets
		}
		c.each(w, eachRoute{
			posting: posting{route: route}, good: sample.body, bad: "{}", poor: poor,
			huge: `{"x":"` + strings.Repeat("x", 2<<20) + `"}`,
			scoped: map[string]string{
				other: strings.Replace(sample.body, "{", `{"centre":"another",`, 1), without: sample.body,
			},
		})
	}
	c.each(w, eachRoute{
		posting: posting{route: "/v1/sources/{name}", path: "/v1/sources/generic-csv", media: "text/csv"},
		good:    csv, bad: strings.Replace(csv, "answered,", "lost,", 1), poor: w.token(tokens.Token{Name: "poorer", RecordsPerSecond: 1}),
		huge: strings.Repeat("x", 4<<20), scoped: map[string]string{other: csv},
	})
	w.want(http.StatusNotFound, posting{route: "/v1/sources/{name}", path: "/v1/sources/none"})
	a := w.want(http.StatusMethodNotAllowed, posting{method: http.MethodGet, route: "/v1/calls"})
	if a.header.Get("Allow") != http.MethodPost {
		t.Errorf("Allow: %s", a.header.Get("Allow"))
	}
	w.want(http.StatusNotFound, posting{route: "/v2/calls"})
	c.complete()
}

type eachRoute struct {
	posting
	good, bad, huge, poor string
	scoped                map[string]string // token to body
}

// each provokes what every route has in common.
func (c *contract) each(w *world, r eachRoute) {
	c.t.Helper()
	with := func(body string, change func(*posting)) posting {
		p := r.posting
		p.body = body
		if change != nil {
			change(&p)
		}
		return p
	}
	w.want(202, with(r.good, nil))
	w.want(400, with(r.bad, nil))
	w.want(400, with("", nil))
	w.want(401, with(r.good, func(p *posting) { p.token = "-" }))
	w.want(401, with(r.good, func(p *posting) { p.token = "hl_000000000000_x" }))
	for token, body := range r.scoped {
		w.want(403, with(body, func(p *posting) { p.token = token }))
	}
	c.hasty.want(408, with("", func(p *posting) { p.reader = slow{c.t, r.good} }))
	w.want(413, with(r.huge, nil))
	w.want(413, with(gzipped(c.t, strings.Repeat(" ", 4<<20)), func(p *posting) { p.header = map[string]string{"Content-Encoding": "gzip"} }))
	w.want(415, with(r.good, func(p *posting) { p.header = map[string]string{"Content-Encoding": "br"} }))
	if r.route != "/v1/sources/{name}" {
		w.want(415, with(r.good, func(p *posting) { p.media = "application/x-www-form-urlencoded" }))
		w.want(413, with("["+strings.Repeat(r.good+",", 100)+r.good+"]", nil))
	}
	testkit.Eventually(c.t, testkit.Patience, func() error {
		if a := w.post(with(r.good, func(p *posting) { p.token = r.poor })); a.code != 429 {
			return fmt.Errorf("status %d", a.code)
		}
		return nil
	})
	c.away.want(503, with(r.good, nil))
}

// slow begins a body and does not end it in time.
type slow struct {
	t    *testing.T
	body string
}

func (s slow) Read(p []byte) (int, error) {
	select {
	case <-s.t.Context().Done():
		return 0, io.ErrUnexpectedEOF
	case <-time.After(40 * time.Millisecond):
		return copy(p, " "), nil
	}
}

// routes holds the description against the handlers.
func (c *contract) routes() {
	c.t.Helper()
	paths, _ := c.at("paths")
	if got := keysOf(paths); !slices.Equal(got, httpapi.Routes()) {
		c.t.Errorf("described %v, served %v", got, httpapi.Routes())
	}
}

// complete fails for every described answer that was not given.
func (c *contract) complete() {
	c.t.Helper()
	paths, _ := c.at("paths")
	for route, item := range paths {
		methods, _ := item.(map[string]any)
		for method := range methods {
			responses, _ := c.at("paths", route, method, "responses")
			for status := range responses {
				if !c.given[route+" "+status] {
					c.t.Errorf("%s %s: the answer %s is described and was not given", method, route, status)
				}
			}
		}
	}
}

// TestDescribedExamples holds the examples against their schemas, and posts those of requests.
func TestDescribedExamples(t *testing.T) {
	w := newWorld(t, options{})
	c := served(t, w)
	n := 0
	check := func(what, pointer string, content map[string]any, each func(value []byte)) {
		for kind, m := range content {
			mediaType, _ := m.(map[string]any)
			examples, _ := mediaType["examples"].(map[string]any)
			for name, e := range examples {
				example, _ := e.(map[string]any)
				value, err := json.Marshal(example["value"])
				if err != nil {
					t.Fatal(err)
				}
				c.validate(what+" "+name, pointer+"/content/"+strings.ReplaceAll(kind, "/", "~1")+"/schema", value)
				n++
				if each != nil {
					each(value)
				}
			}
		}
	}
	paths, _ := c.at("paths")
	for route := range paths {
		methods, _ := c.at("paths", route)
		if methods["post"] == nil {
			continue
		}
		body, pointer := c.at("paths", route, "post", "requestBody")
		content, _ := body["content"].(map[string]any)
		check(route, pointer, content, func(value []byte) {
			if a := w.want(http.StatusAccepted, posting{route: route, body: string(value)}); a.Rejected > 0 {
				t.Errorf("%s: %s", route, a.body)
			}
		})
	}
	responses, _ := c.at("components", "responses")
	for name := range responses {
		response, pointer := c.at("components", "responses", name)
		content, _ := response["content"].(map[string]any)
		check(name, pointer, content, nil)
	}
	if n < 15 {
		t.Errorf("%d examples found", n)
	}
}

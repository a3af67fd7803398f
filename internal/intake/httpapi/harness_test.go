package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// world is a server over a real broker, and somebody who posts to it.
type world struct {
	t      testing.TB
	cfg    intake.HTTP
	client *broker.Client
	kit    *keys.Keys
	reg    *prometheus.Registry
	server *httpapi.Server
	stop   func() error
	url    string
	http   *http.Client
	tokens string // the file
	all    string // a token that may do everything
	seen   func(route string, res *http.Response, body []byte)
}

// options change what a world is made with.
type options struct {
	cfg    func(*intake.HTTP)
	addr   string        // of a broker; empty: one of its own
	broker intake.Broker // nil: the client
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	w := &world{t: t, cfg: intake.DefaultHTTP(), reg: prometheus.NewRegistry(), tokens: filepath.Join(t.TempDir(), "tokens.json")}
	w.cfg.Listen = "127.0.0.1:0"
	w.cfg.RecordsPerSecond, w.cfg.BytesPerSecond = 1_000_000, 1<<30
	if o.cfg != nil {
		o.cfg(&w.cfg)
	}
	if o.broker == nil {
		if o.addr == "" {
			o.addr = testkit.Broker(t)
		}
		w.client = newClient(t, o.addr)
		o.broker = w.client
	}
	var err error
	if w.kit, err = keys.Ephemeral(); err != nil {
		t.Fatal(err)
	}
	w.all = w.token(tokens.Token{Name: "all"})
	w.server = newServer(t, w.cfg, httpapi.Deps{
		Broker: o.broker, Tokens: tokens.Watch(w.tokens), Sources: newSources(t, w.kit), Registerer: w.reg, Log: testkit.Log(t),
	}, w.kit)
	w.run()
	w.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 60 * time.Second}
	t.Cleanup(w.http.CloseIdleConnections)
	return w
}

func newServer(t testing.TB, cfg intake.HTTP, deps httpapi.Deps, kit *keys.Keys) *httpapi.Server {
	t.Helper()
	deps.Caller = func(c *hotline.Call, number string) { source.SetCaller(kit, c, number, source.KeepAll()) }
	deps.Recipient, deps.Fingerprint = kit.Recipient(), kit.Fingerprint
	s, err := httpapi.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return s
}

// run serves until the test ends, or stop is called.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	var err error
	ended := false
	w.stop = func() error {
		cancel()
		if !ended {
			err, ended = <-done, true
		}
		return err
	}
	w.url = w.server.URL()
	w.t.Cleanup(func() {
		if err := w.stop(); err != nil {
			w.t.Error(err)
		}
	})
}

func newClient(t testing.TB, addr string) *broker.Client {
	t.Helper()
	cfg := broker.DefaultConfig()
	cfg.Addresses = []string{addr}
	cfg.Compression = "none" // what must not be there is searched for as bytes
	c, err := broker.New(cfg, broker.Deps{Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ensureTopics(t, c)
	return c
}

func ensureTopics(t testing.TB, c *broker.Client) {
	t.Helper()
	names := httpapi.DefaultTopics()
	var specs []broker.TopicSpec
	for _, name := range []string{names.Calls, names.Tickets, names.Supplements, names.Agents, names.Rejected} {
		specs = append(specs, broker.TopicSpec{Name: name, Partitions: 1, Config: map[string]string{"max.message.bytes": fmt.Sprint(deadletter.MaxRecord)}})
	}
	if err := c.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
}

// sources reads native formats as the program does.
type sources struct {
	registry *source.Registry
	kit      *keys.Keys
}

func newSources(t testing.TB, kit *keys.Keys) httpapi.Sources {
	t.Helper()
	r, err := source.Load(os.DirFS("../../../pipelines/sources"), source.DefaultConfig(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &sources{r, kit}
}

func (s *sources) Known(name string) bool {
	_, err := s.registry.Lookup(name)
	return err == nil
}

func (s *sources) Read(ctx context.Context, b httpapi.Body, each func(*wire.Item) error) error {
	src, err := s.registry.Lookup(b.Source)
	if err != nil {
		return err
	}
	o := source.Options{Keys: s.kit, Centre: b.Centre, Name: "the body", Revision: b.Revision}
	if b.Zone != "" {
		if o.Zone, err = source.ParseZone(b.Zone); err != nil {
			return err
		}
	}
	return src.Read(ctx, bytes.NewReader(b.Bytes), o, each)
}

func (s *sources) Context(b httpapi.Body) map[string]string {
	return map[string]string{"centre": b.Centre}
}

// token adds one and gives its secret.
func (w *world) token(t tokens.Token) string {
	w.t.Helper()
	secret, _, err := tokens.Add(w.t.Context(), w.tokens, t, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// posting is one request.
type posting struct {
	method string // POST when empty
	route  string
	path   string // of the route, where it has a name in it
	token  string // the world's own when empty, none when "-"
	media  string // application/json when empty, none when "-"
	body   string
	reader io.Reader // in place of body
	header map[string]string
}

// answer is what it was told.
type answer struct {
	code   int
	header http.Header
	body   string

	Request  string
	Read     int
	Accepted int
	Ignored  int
	Rejected int
	Results  []struct {
		Index  int
		Line   int
		ID     string
		Status string
		Reason string
		Field  string
		Detail string
	}
	Code string
	Line int
}

func (w *world) post(p posting) answer {
	w.t.Helper()
	a, err := w.try(w.t.Context(), p)
	if err != nil {
		w.t.Fatalf("%s: %v", p.route, err)
	}
	return a
}

func (w *world) try(ctx context.Context, p posting) (answer, error) {
	if p.method == "" {
		p.method = http.MethodPost
	}
	if p.path == "" {
		p.path = p.route
	}
	if p.reader == nil {
		p.reader = strings.NewReader(p.body)
	}
	req, err := http.NewRequestWithContext(ctx, p.method, w.url+p.path, p.reader)
	if err != nil {
		return answer{}, err
	}
	switch p.media {
	case "":
		req.Header.Set("Content-Type", "application/json")
	case "-":
	default:
		req.Header.Set("Content-Type", p.media)
	}
	switch p.token {
	case "":
		req.Header.Set("Authorization", "Bearer "+w.all)
	case "-":
	default:
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for k, v := range p.header {
		req.Header.Set(k, v)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	if w.seen != nil {
		w.seen(p.route, res, body)
	}
	a := answer{code: res.StatusCode, header: res.Header, body: string(body)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(body, &a); err != nil {
			return a, fmt.Errorf("%w: %s", err, body)
		}
	}
	return a, nil
}

// want fails unless the answer has the status.
func (w *world) want(code int, p posting) answer {
	w.t.Helper()
	a := w.post(p)
	if a.code != code {
		w.t.Fatalf("%s: status %d, want %d: %s", p.route, a.code, code, a.body)
	}
	return a
}

// stored reads a topic to its end.
func stored(t testing.TB, c *broker.Client, topic string) []broker.Record {
	t.Helper()
	extents, err := c.Offsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []broker.Record
	for _, e := range extents {
		err := c.ReadRange(t.Context(), topic, e.Partition, e.First, e.Next, func(recs []broker.Record) error {
			for _, r := range recs {
				r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
				out = append(out, r)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, err := z.Write([]byte(s))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// planted is the number that must be found nowhere.
const planted = "13800130000"

func callJSON(id string) string {
	return fmt.Sprintf(`{"call_id":%q,"version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered","queue":"社保卡","caller":%q}`, id, planted)
}

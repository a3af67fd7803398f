package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/keys"
	"hotline12333/internal/wire"
)

// TestSplit cuts bodies at their edges.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		body  string
		media media
		want  string // pieces, separated by |; or ! and the line of the fault
	}{
		{`{"a":1}`, jsonMedia, `{"a":1}`},
		{"{\n\"a\":{}}\n", jsonMedia, "{\n\"a\":{}}"},
		{"{\"a\":{}}\n{}", jsonMedia, `{"a":{}}|{}`},
		{"{\"a\":{}\n,\"b\":1}", jsonMedia, "{\"a\":{}\n,\"b\":1}"},
		{"hello\n\nworld", linesMedia, "hello|world"},
		{"hello\nworld", jsonMedia, "hello\nworld"},
		{"[]", sniffed, ""},
		{" [ 1 , [2,3] ,{\"a\":\"]\"}\n]\n", sniffed, `1|[2,3]|{"a":"]"}`},
		{"[1,\n2,\n", sniffed, "!3"},
		{"[1]\n[2]", sniffed, "!2"},
		{"[1 2]", sniffed, "!1"},
		{"[{\"a\":1,\"a\":2}]", sniffed, `{"a":1,"a":2}`}, // told apart here, refused later
		{"[1,2,3,4,5,6]", sniffed, "!0"},
		{"1\n2\n3\n4\n5\n6", linesMedia, "!0"},
		{"[1]", linesMedia, "[1]"},
		{" \n\t", sniffed, "!0"},
		{"\ufeff{}", sniffed, "{}"},
	} {
		pieces, p := split([]byte(c.body), c.media, 5)
		var got []string
		for _, piece := range pieces {
			got = append(got, string(piece.raw))
		}
		text := strings.Join(got, "|")
		if p != nil {
			text = "!" + string(rune('0'+p.Line))
		}
		if text != c.want {
			t.Errorf("%q: %q, want %q", c.body, text, c.want)
		}
	}
}

// FuzzSplit holds every piece to its place in the body.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "[1,[2],\n{}]", "{}\n{}\n", "[", "\ufeff[]", "x\n\ny"} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, declared bool) {
		m := sniffed
		if declared {
			m = linesMedia
		}
		pieces, p := split(body, m, 1000)
		if p != nil && len(pieces) > 0 {
			t.Fatal("a refused body has pieces")
		}
		line, last := int64(0), 0
		whole := bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
		for _, piece := range pieces {
			at := bytes.Index(whole[last:], piece.raw)
			if at < 0 || len(piece.raw) == 0 || piece.line < line {
				t.Fatalf("piece %q at line %d, after line %d", piece.raw, piece.line, line)
			}
			last += at + len(piece.raw)
			line = piece.line
		}
	})
}

// kept remembers what is produced.
type kept struct{ records []broker.Record }

func (k *kept) Produce(_ context.Context, _ string, recs []broker.Record) error {
	k.records = append(k.records, recs...)
	return nil
}

func (*kept) Ping(context.Context) error { return nil }

// FuzzPost posts anything to every route: each record is told once, what is accepted can
// be read by those downstream, and the number is nowhere.
func FuzzPost(f *testing.F) {
	const number = "13800138000"
	call := `{"call_id":"c","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"open","caller":"` + number + `"}`
	for _, s := range []string{
		call, "[" + call + "," + call + "]", call + "\n" + call, `{"call_id":"c","version":1,"deleted":true}`,
		`{"ticket_id":"w-1","version":1,"kind":"callback","opened_at":"2026-03-02T09:34:00+08:00"}`,
		`{"call_id":"c-1","version":1,"kind":"rating","rating":{"value":5,"scale":"5"}}`,
		`{"agent":"8001","version":1,"state":"free","since":"2026-03-02T08:30:00+08:00"}`, "[{]", "\x1f\x8b\x08",
	} {
		for route := range byte(4) {
			f.Add([]byte(s), route)
		}
	}
	kit, err := keys.Ephemeral()
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "tokens.json")
	secret, _, err := tokens.Add(context.Background(), path, tokens.Token{Name: "fuzz"}, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	routes := []string{"/v1/calls", "/v1/tickets", "/v1/supplements", "/v1/agents"}
	k := &kept{}
	cfg := intake.DefaultHTTP()
	cfg.RecordsPerSecond, cfg.BytesPerSecond = 100_000_000, 1<<40
	s, err := New(cfg, Deps{
		Broker: k, Tokens: tokens.Watch(path), Recipient: kit.Recipient(), Fingerprint: kit.Fingerprint,
		Caller: func(c *hotline.Call, n string) { c.CallerHash, c.CallerMasked = kit.Pseudonym(n), kit.Mask(n) },
	})
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(s.http.Handler)
	f.Cleanup(server.Close)
	dec := wire.NewDecoder()
	f.Fuzz(func(t *testing.T, body []byte, route byte) {
		k.records = nil
		path := routes[int(route)%len(routes)]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		var a struct {
			Read, Accepted, Ignored, Rejected int
			Results                           []json.RawMessage
		}
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if res.StatusCode >= 500 || a.Read != a.Accepted+a.Ignored+a.Rejected || a.Read != len(a.Results) || a.Accepted != len(k.records) {
			t.Fatalf("%d %s, %d records", res.StatusCode, text, len(k.records))
		}
		for _, r := range k.records {
			var err error
			switch path {
			case "/v1/calls":
				var c *hotline.Call
				if c, err = dec.Call(r.Value); err == nil && c.ID != string(r.Key) {
					t.Fatalf("key %q of %s", r.Key, r.Value)
				}
			case "/v1/tickets":
				_, err = dec.Ticket(r.Value)
			case "/v1/supplements":
				_, err = dec.Supplement(r.Value)
			default:
				_, err = dec.AgentState(r.Value)
			}
			if err != nil {
				t.Fatalf("%v: %s", err, r.Value)
			}
		}
	})
}

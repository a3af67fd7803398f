package alarm

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/deploy"
)

// guarded is a proxy before a Prometheus and an Alertmanager: it has a certificate of an
// authority of its own and asks for a token. It gives that authority's file.
func guarded(t *testing.T) (address, authority string) {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339)
	alert := `"labels":{"alertname":"EngineDown","severity":"page"},"annotations":{"summary":"停","summary_en":"down"}`
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer 秘密":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/v2/alerts":
			_, _ = io.WriteString(w, `[{`+alert+`,"startsAt":"`+now+`"}]`)
		case r.URL.Path == "/api/v1/rules":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"status":"success","data":{"groups":[{"name":"g","rules":[{"type":"alerting","name":"EngineDown","query":"x","health":"ok","state":"firing","lastEvaluation":"`+now+
				`","labels":{},"annotations":{},"alerts":[{`+alert+`,"state":"firing","value":"0","activeAt":"`+now+`"}]}]}]}}`)
		default:
			http.NotFound(w, r)
		}
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of handshakes that must fail
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, authority
}

func TestAsksBehindAProxy(t *testing.T) {
	ours, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	address, authority := guarded(t)
	for _, who := range []struct {
		name string
		set  func(*Config)
	}{
		{"prometheus", func(c *Config) { c.Prometheus = address }},
		{"alertmanager", func(c *Config) { c.Alertmanager = address + "/" }},
	} {
		for _, c := range []struct{ name, token, ca, want string }{
			{"both", "秘密", authority, ""},
			{"no authority", "秘密", "", "certificate signed by unknown authority"},
			{"no token", "", authority, "401"},
			{"another token", "x", authority, "401"},
		} {
			t.Run(who.name+" "+c.name, func(t *testing.T) {
				cfg := DefaultConfig()
				who.set(&cfg)
				cfg.Token, cfg.CAFile = c.token, c.ca
				e, err := NewElsewhere(cfg, ours, slog.New(slog.DiscardHandler), nil)
				if err != nil {
					t.Fatal(err)
				}
				s, err := e.ask(t.Context())
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "秘密") {
						t.Errorf("%v, want %q", err, c.want)
					}
					return
				}
				if err != nil || len(s.Firing) != 1 || s.Firing[0].Name != "EngineDown" || s.At.IsZero() {
					t.Errorf("%+v, %v", s, err)
				}
			})
		}
	}
}

// A file of authorities that cannot be read is told at the start, not at each look.
func TestWrongAuthority(t *testing.T) {
	ours, err := LoadRules(deploy.Rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{bad, bad + ".missing"} {
		cfg := DefaultConfig()
		cfg.Prometheus, cfg.CAFile = "https://127.0.0.1:9", file
		if _, err := NewElsewhere(cfg, ours, slog.New(slog.DiscardHandler), nil); err == nil || !strings.HasPrefix(err.Error(), "alarm.ca_file: ") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Whoever an answer sends the asker to is not given the token.
func TestTokenStaysWithWhomItIsFor(t *testing.T) {
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer s.Close()
	client, err := Config{Token: "秘密"}.Client()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close() // it is empty
	if len(got) > 0 || resp.StatusCode != http.StatusFound {
		t.Errorf("the other one has seen %q", got)
	}
}

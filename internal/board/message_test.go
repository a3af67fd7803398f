package board

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// Whatever answers in place of a Grafana that takes the dashboards: one sentence that says
// what to do, and never a panic.
func TestMessages(t *testing.T) {
	write := func(code int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body)) // the client is in this process
			return true
		}
	}
	only := func(method, path string, then func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == method && strings.HasPrefix(r.URL.Path, path) && then(w, r)
		}
	}
	const page = "<html><body>\n502 Bad Gateway\n</body></html>"
	for name, tt := range map[string]struct {
		set  func(g *grafana)
		cfg  func(cfg *Config)
		want string
	}{
		"another version":    {set: func(g *grafana) { g.version = "9.2.15" }, want: "is version 9.2.15, too old: the dashboards need 9.3 or newer"},
		"a very old one":     {set: func(g *grafana) { g.version = "8.5.27" }, want: "too old"},
		"no version":         {set: func(g *grafana) { g.version = "main" }, want: `"main" is no version`},
		"a viewer's token":   {set: func(g *grafana) { g.role = "Viewer" }, want: "give its service account the role Editor"},
		"a folder so called": {set: func(g *grafana) { g.folders["other"] = DefaultConfig().Folder }, want: "choose another in grafana.folder"},
		"a dashboard so called": {set: func(g *grafana) {
			g.folders[folderUID] = "ours"
			g.dashboards["x"] = &held{content: object{"title": "12333 历史 History"}, folder: folderUID}
		}, want: `the folder holds another dashboard titled "12333 历史 History"`},
		"from a file": {set: func(g *grafana) {
			g.folders[folderUID] = "ours"
			content := object{"uid": "hotline-history", "templating": object{"list": []any{}}}
			if err := sign(content); err != nil {
				t.Error(err)
			}
			g.dashboards["hotline-history"] = &held{content: content, folder: folderUID, provisioned: true}
		}, want: "Grafana reads it from a file"},
		"no Grafana":        {set: func(g *grafana) { g.before = write(404, "text/plain", "404 page not found") }, want: "there is no Grafana at"},
		"something else":    {set: func(g *grafana) { g.before = write(200, "application/json", "{}") }, want: "is no Grafana"},
		"a page of a proxy": {set: func(g *grafana) { g.before = write(502, "text/html", page) }, want: "Grafana answered 502: <html><body> 502 Bad Gateway"},
		"a login page":      {set: func(g *grafana) { g.before = write(200, "text/html", page) }, want: "not in JSON"},
		"a list":            {set: func(g *grafana) { g.before = write(200, "application/json", "[]") }, want: "another form than expected"},
		"sent elsewhere": {set: func(g *grafana) {
			g.before = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "https://else.example/", http.StatusMovedPermanently)
				return true
			}
		}, want: "https://else.example/; give that address in grafana.url"},
		"no message": {set: func(g *grafana) {
			g.before = only(http.MethodPost, "/api/dashboards", write(500, "application/json", "{}"))
		}, want: "storing the dashboard hotline-history: Grafana answered 500 Internal Server Error"},
		"nothing at all": {set: func(g *grafana) { g.before = only(http.MethodPost, "/api/dashboards", write(500, "", "")) }, want: "Grafana answered 500"},
		"null": {set: func(g *grafana) {
			g.before = only(http.MethodPost, "/api/dashboards", write(500, "application/json", "null"))
		}, want: "Grafana answered 500"},
		"no dashboard": {set: func(g *grafana) {
			g.before = only(http.MethodGet, "/api/dashboards", write(200, "application/json", "{}"))
		}, want: "holds no dashboard"},
		"a dashboard of nought": {set: func(g *grafana) {
			g.before = only(http.MethodGet, "/api/dashboards", write(200, "application/json", `{"dashboard":null,"meta":null}`))
		}, want: "holds no dashboard"},
		"cut off": {set: func(g *grafana) {
			g.before = func(w http.ResponseWriter, _ *http.Request) bool {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
				} else {
					_ = conn.Close()
				}
				return true
			}
		}, want: "cannot be reached: is it running, and is grafana.url right?"},
		"slow": {
			set: func(g *grafana) {
				g.before = func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
			},
			cfg:  func(cfg *Config) { cfg.Timeout = 150 * time.Millisecond },
			want: "has not answered within 150ms",
		},
		"down":          {cfg: func(cfg *Config) { cfg.URL = "http://" + testkit.FreeAddress(t) }, want: "cannot be reached"},
		"no such place": {cfg: func(cfg *Config) { cfg.URL += "/elsewhere" }, want: "there is no Grafana at"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrafana(t)
			if tt.set != nil {
				tt.set(g)
			}
			c := g.client(t, func(cfg *Config) {
				if tt.cfg != nil {
					tt.cfg(cfg)
				}
			})
			_, err := c.Push(t.Context(), false)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if text := err.Error(); strings.Contains(text, "\n") || strings.Contains(text, testToken) || len(text) > 400 {
				t.Errorf("no sentence for people: %s", text)
			}
		})
	}
}

func TestWrongToken(t *testing.T) {
	g := newGrafana(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("glsa_wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := g.client(t, func(cfg *Config) { cfg.TokenFile = file })
	for what, call := range map[string]func() error{
		"push":  func() error { _, err := c.Push(t.Context(), false); return err },
		"diff":  func() error { _, err := c.Diff(t.Context()); return err },
		"check": func() error { _, err := c.Check(t.Context()); return err },
	} {
		err := call()
		if err == nil || !strings.Contains(err.Error(), "does not accept the token: make a new one") || strings.Contains(err.Error(), "glsa_wrong") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestToken(t *testing.T) {
	t.Setenv("HOTLINE_GRAFANA_TOKEN", "")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		set  func(*Config)
		want string
	}{
		"none":          {func(*Config) {}, "HOTLINE_GRAFANA_TOKEN"},
		"no name":       {func(c *Config) { c.TokenEnv = "" }, "grafana.token_env names"},
		"no file":       {func(c *Config) { c.TokenFile = "/does/not/exist" }, "no such file"},
		"an empty file": {func(c *Config) { c.TokenFile = empty }, "is empty"},
	} {
		cfg := DefaultConfig()
		tt.set(&cfg)
		if _, err := NewClient(cfg, "test"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for field, set := range map[string]func(*Config){
		"url":       func(c *Config) { c.URL = "127.0.0.1:3000" },
		"url:":      func(c *Config) { c.URL = "http://admin:secret@127.0.0.1:3000" },
		"url: ":     func(c *Config) { c.URL = "http://127.0.0.1:3000/?orgId=1" },
		"board_url": func(c *Config) { c.BoardURL = "javascript:alert(1)" },
		"folder":    func(c *Config) { c.Folder = " " },
		"timeout":   func(c *Config) { c.Timeout = 0 },
	} {
		cfg := DefaultConfig()
		set(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSpace(field)) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Should the SDK panic on what nobody has thought of, it is an error.
func TestPanicIsAnError(t *testing.T) {
	c := newGrafana(t).client(t)
	_, err := guarded(c, "asking", func() (int, error) { var message *string; return len(*message), nil })
	if err == nil || !strings.Contains(err.Error(), "asking: Grafana's answer cannot be understood") {
		t.Errorf("%v", err)
	}
}

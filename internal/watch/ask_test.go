package watch

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// once asks one address by a new watcher.
func once(t *testing.T, url string, change func(*Config)) Answer {
	t.Helper()
	cfg := DefaultConfig()
	cfg.URLs, cfg.Timeout = []string{url}, 10*time.Second
	if change != nil {
		change(&cfg)
	}
	w, err := New(cfg, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return w.Once(t.Context())[0]
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatAnswersMean(t *testing.T) {
	lost, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lost.Close() })
	go func() {
		for {
			conn, err := lost.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn)) // the asker's own
			_ = conn.Close()                               // which is what is asked about
		}
	}()
	for name, c := range map[string]struct {
		url   string
		state State
		why   string // of its English reason
	}{
		"ready": {serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ready") }), Ready, ""},
		"not ready": {serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/healthz" {
				fmt.Fprint(w, "ok")
				return
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "not ready: the engine is down")
		}), NotReady, "the engine is down"},
		"a proxy before nothing": {serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), Gone, "it answers 502 Bad Gateway"},
		"a proxy that signs in": {serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				t.Error("the redirection was followed")
			}
			http.Redirect(w, r, "/login", http.StatusFound)
		}), Gone, "it answers 302 Found"},
		"another program": {serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") }), Gone, "what answers is not this program"},
		"nothing":         {"http://" + testkit.FreeAddress(t), Gone, "connection refused"},
		"closes at once":  {"http://" + lost.Addr().String(), Gone, "the connection was lost"},
		"no host":         {"http://hotline.invalid:8333", Gone, "no such host: hotline.invalid"},
	} {
		if got := once(t, c.url, nil); got.State != c.state || got.Reason.EN != c.why || (c.state == Ready) != (got.Reason.ZH == "") {
			t.Errorf("%s: %v %q / %q, want %v %q", name, got.State, got.Reason.EN, got.Reason.ZH, c.state, c.why)
		}
	}
}

// A program that hangs in what readiness needs still answers /healthz.
func TestTimeouts(t *testing.T) {
	for state, hangs := range map[State]string{NotReady: "/readyz", Gone: "/"} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, hangs) {
				<-r.Context().Done()
				return
			}
			fmt.Fprint(w, "ok")
		})
		got := once(t, url, func(c *Config) { c.Timeout = 500 * time.Millisecond })
		if got.State != state || got.Reason.EN != "no answer within 500ms" || got.Reason.ZH != "500ms 内无应答" {
			t.Errorf("%s hangs: %+v", hangs, got)
		}
	}
}

func TestTLSAndToken(t *testing.T) {
	var sent []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.URL.Path+" "+r.Header.Get("Authorization"))
		fmt.Fprint(w, "ready")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of who does not trust it
	s.StartTLS()
	defer s.Close()
	if got := once(t, s.URL, nil); got.State != Gone || !strings.Contains(got.Reason.EN, "unknown authority") || !strings.HasPrefix(got.Reason.ZH, "证书") {
		t.Errorf("a certificate of nobody: %+v", got)
	}
	if len(sent) > 0 {
		t.Errorf("who is not trusted was asked: %q", sent)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	got := once(t, s.URL+"/hotline/", func(c *Config) { c.CAFile, c.Token = ca, "geheim" })
	if got.State != Ready || strings.Join(sent, ",") != "/hotline/readyz Bearer geheim" {
		t.Errorf("%+v, asked %q", got, sent)
	}
}

func TestMaintenanceIsRead(t *testing.T) {
	until := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"# HELP hotline_maintenance_until_timestamp_seconds x\nhotline_maintenance_until_timestamp_seconds 1.7724528e+09\n": until,
		"hotline_maintenance_until_timestamp_seconds 0\n":                                                                   {},
		"go_goroutines 12\n": {},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
		cfg := DefaultConfig()
		a, err := newAsker(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.maintenance(t.Context(), url); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	a, err := newAsker(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.maintenance(t.Context(), serve(t, http.NotFound)); err == nil {
		t.Error("a page that is not there tells of no maintenance")
	}
}

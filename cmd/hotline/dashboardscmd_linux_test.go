package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hotline12333/internal/testkit"
)

// Whatever is wrong with Grafana or its token is one sentence and an exit code.
func TestDashboardsWithoutGrafana(t *testing.T) {
	t.Parallel()
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"commit":"x","database":"ok","version":"8.5.27"}`)) // the client is waited for
	}))
	defer old.Close()
	down := "http://" + testkit.FreeAddress(t)
	for _, tt := range []struct {
		token string
		args  []string
		code  int
		want  string
	}{
		{"", []string{"push"}, 1, "there is no token for Grafana"},
		{"glsa_x", []string{"push", "--url", down}, 1, "cannot be reached"},
		{"glsa_x", []string{"diff", "--url", down}, 1, "cannot be reached"},
		{"glsa_x", []string{"check", "--url", down, "--format", "json"}, 1, "cannot be reached"},
		{"glsa_x", []string{"push", "--url", old.URL}, 1, "version 8.5.27, too old"},
		{"glsa_x", []string{"push", "--url", "grafana.example.cn"}, 1, "is no address as http://127.0.0.1:3000"},
		{"", []string{"push", "--token-file", "/does/not/exist"}, 1, "reading Grafana's token"},
		{"glsa_x", []string{"push", "--token", "glsa_x"}, exitUsage, "unknown flag: --token"},
		{"glsa_x", []string{"pull"}, exitUsage, "needs one of push, diff or check"},
		{"glsa_x", nil, exitUsage, "needs one of push, diff or check"},
		{"glsa_x", []string{"diff", "--format", "yaml"}, exitUsage, "yaml"},
	} {
		w := newWorld(t)
		w.env["HOTLINE_GRAFANA_TOKEN"] = tt.token
		code, out, stderr := w.run(append([]string{"dashboards"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || out != "" {
			t.Errorf("%q: exit code %d, %q\n%s", tt.args, code, out, stderr)
		}
		if lines := strings.Count(stderr, "\n"); lines > 2 || strings.Contains(stderr, "goroutine") {
			t.Errorf("%q is answered with %d lines:\n%s", tt.args, lines, stderr)
		}
	}
}

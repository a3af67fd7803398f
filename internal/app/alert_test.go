package app

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/config"
)

func TestAlertTestNamesTheRoutesThatFail(t *testing.T) {
	var posted []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what came is looked at
		switch r.URL.Path {
		case "/api/v2/alerts":
			posted = append(posted, string(body))
		case "/ding":
			fmt.Fprint(w, `{"errcode":0}`)
		case "/feishu":
			fmt.Fprint(w, `{"code":19021,"msg":"sign match fail"}`)
		}
	}))
	defer server.Close()
	log := slog.New(slog.DiscardHandler)
	cfg := config.DefaultRoot()
	var out bytes.Buffer
	if err := TestAlerts(t.Context(), cfg, log, &out); err == nil || !strings.Contains(err.Error(), "no route is configured") {
		t.Errorf("without a route: %v", err)
	}
	cfg.Notify.Alertmanager, cfg.Notify.DingTalk.URL = server.URL, server.URL+"/ding"
	if err := TestAlerts(t.Context(), cfg, log, &out); err != nil {
		t.Errorf("all take it: %v", err)
	}
	if len(posted) != 1 || strings.Count(posted[0], "HotlineTest") != 2 {
		t.Errorf("Alertmanager has %q", posted)
	}
	cfg.Notify.Feishu.URL, cfg.Notify.Alertmanager = server.URL+"/feishu", "http://127.0.0.1:1"
	out.Reset()
	err := TestAlerts(t.Context(), cfg, log, &out)
	if err == nil || err.Error() != "2 of 3 routes failed: alertmanager, feishu" {
		t.Errorf("two do not: %v", err)
	}
	for _, want := range []string{"dingtalk       taken", "feishu         FAILED: it says no: 19021 sign match fail", "alertmanager   FAILED: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// An Alertmanager behind a proxy is tested as it is asked: with its authority and the token.
func TestAlertTestBehindAProxy(t *testing.T) {
	var got []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.DefaultRoot()
	cfg.Notify.Alertmanager, cfg.Alarm.Token, cfg.Alarm.CAFile = server.URL, "abc", file
	if err := TestAlerts(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard); err != nil {
		t.Error(err)
	}
	if want := "/api/v2/alerts Bearer abc"; len(got) != 1 || got[0] != want {
		t.Errorf("Alertmanager has %q, want %q", got, want)
	}
}

func TestNotifierNeedsSomebodyToTell(t *testing.T) {
	cfg := config.DefaultRoot()
	log := slog.New(slog.DiscardHandler)
	if s, err := notifier(cfg, log, nil); s != nil || err != nil {
		t.Errorf("by default: %v, %v", s, err)
	}
	cfg.Notify.Listen = "127.0.0.1:0"
	if _, err := notifier(cfg, log, nil); err == nil || !strings.Contains(err.Error(), "nobody is told") {
		t.Errorf("nobody: %v", err)
	}
}

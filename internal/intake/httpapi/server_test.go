package httpapi_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
)

// TestTokens makes tokens, revokes them, lets them expire and damages their file while
// the server runs.
func TestTokens(t *testing.T) {
	w := newWorld(t, options{})
	p := posting{route: "/v1/calls", body: callJSON("t")}
	p.token = w.token(tokens.Token{Name: "short", Expires: time.Now().Add(time.Hour)})
	w.want(202, p)
	expired := posting{route: "/v1/calls", body: callJSON("t"), token: w.token(tokens.Token{Name: "past", Expires: time.Now().Add(-time.Hour)})}
	if a := w.want(401, expired); !strings.Contains(a.body, "expired") {
		t.Error(a.body)
	}
	if _, err := tokens.Revoke(t.Context(), w.tokens, "short", time.Now()); err != nil {
		t.Fatal(err)
	}
	if a := w.want(401, p); !strings.Contains(a.body, "revoked") {
		t.Error(a.body)
	}
	for name, header := range map[string]string{
		"none": "", "of another kind": "Digest x", "empty": "Bearer ", "cut": "Bearer " + w.all[:20], "longer": "Bearer " + w.all + "x",
		"another's id": "Bearer " + p.token[:16] + w.all[16:],
	} {
		a := w.post(posting{route: "/v1/calls", body: callJSON("t"), token: "-", header: map[string]string{"Authorization": header}})
		if a.code != 401 || !strings.Contains(strings.Join(a.header.Values("WWW-Authenticate"), " "), "Bearer") {
			t.Errorf("%s: %d %v", name, a.code, a.header)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/calls", strings.NewReader(callJSON("basic")))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("freeswitch", w.all)
	res, err := w.http.Do(req)
	if err != nil || res.StatusCode != 202 {
		t.Fatalf("%v, %v", res, err)
	}
	_ = res.Body.Close()

	data, err := os.ReadFile(w.tokens)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), w.all) || strings.Contains(string(data), strings.SplitN(w.all, "_", 3)[2]) {
		t.Error("the file holds a secret")
	}
	p.token = ""
	for _, damage := range []func() error{
		func() error { return os.WriteFile(w.tokens, data[:len(data)/2], 0o600) },
		func() error { return os.WriteFile(w.tokens, data, 0o600) },
		func() error { return os.Chmod(w.tokens, 0o644) },
		func() error { return os.Chmod(w.tokens, 0o600) },
		func() error { return os.Remove(w.tokens) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		a := w.post(p)
		t.Log(a.code, a.Code)
		if a.code == 401 && a.Code == "unauthorized" {
			break // the file is gone: nobody has a token
		}
		if info, err := os.Stat(w.tokens); err == nil && (info.Mode().Perm() == 0o600 && info.Size() == int64(len(data))) != (a.code == 202) {
			t.Errorf("mode %v, %d bytes: %d %s", info.Mode(), info.Size(), a.code, a.body)
		}
	}
	w.want(401, p)
}

// TestMetrics reads what a few requests leave.
func TestMetrics(t *testing.T) {
	w := newWorld(t, options{})
	w.want(202, posting{route: "/v1/calls", body: "[" + callJSON("m-1") + `,{"call_id":"m-2"},` + callJSON("m-3") + "]"})
	w.want(401, posting{route: "/v1/calls", token: "-", body: callJSON("m-1")})
	w.want(404, posting{route: "/v1/sources/{name}", path: "/v1/sources/none", body: "x"})
	err := testutil.GatherAndCompare(w.reg, strings.NewReader(`
# HELP hotline_intake_posted_records_total Posted records by token, by what became of them (accepted, ignored, rejected) and why, once Kafka has acknowledged their request.
# TYPE hotline_intake_posted_records_total counter
hotline_intake_posted_records_total{reason="",result="accepted",route="/v1/calls",token="all"} 2
hotline_intake_posted_records_total{reason="out_of_range",result="rejected",route="/v1/calls",token="all"} 1
# HELP hotline_intake_requests_total Requests that post records, by route and status of the answer.
# TYPE hotline_intake_requests_total counter
hotline_intake_requests_total{code="202",route="/v1/calls"} 1
hotline_intake_requests_total{code="401",route="/v1/calls"} 1
hotline_intake_requests_total{code="404",route="/v1/sources/{name}"} 1
# HELP hotline_intake_requests_in_flight Requests that post records and are not answered yet.
# TYPE hotline_intake_requests_in_flight gauge
hotline_intake_requests_in_flight 0
`), "hotline_intake_posted_records_total", "hotline_intake_requests_total", "hotline_intake_requests_in_flight")
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"hotline_intake_acknowledge_seconds", "hotline_intake_request_seconds", "hotline_intake_posted_bytes_total", "hotline_intake_buffered_bytes"} {
		if n, err := testutil.GatherAndCount(w.reg, name); err != nil || n == 0 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// TestListen tells a port that is taken, and refuses an address others reach.
func TestListen(t *testing.T) {
	w := newWorld(t, options{})
	cfg := intake.DefaultHTTP()
	cfg.Listen = w.server.Addr()
	s, err := httpapi.New(cfg, httpapi.Deps{Broker: silent{}, Tokens: tokens.Watch("x")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err == nil || !strings.Contains(err.Error(), "in use by another program") {
		t.Error(err)
	}
	cfg.Listen = "0.0.0.0:8334"
	if _, err := httpapi.New(cfg, httpapi.Deps{}); err == nil || !strings.Contains(err.Error(), "allow_remote") {
		t.Error(err)
	}
}

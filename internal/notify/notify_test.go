package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"

	"hotline12333/internal/testkit"
)

const (
	dingtalkSign = "0QWYb8Ux63Sm4BhHaJNL3lv5mqW1sLFoks7vu+HFFi4="
	feishuSigned = "fiWS2+gh28DOydAv7hzONH/mDn9+b1Y4Y5ivXWXy8vA="
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

var beijing = time.FixedZone("CST", 8*3600)

func dropped(status string) Alert {
	return Alert{
		Status: status, StartsAt: noon, EndsAt: noon.Add(20 * time.Minute), Fingerprint: "f1",
		Labels: map[string]string{"alertname": "AnswerRateDropped", "severity": "page"},
		Annotations: map[string]string{
			"summary": "接通率骤降:近15分钟人工接通率 50.00%", "summary_en": "Answer rate dropped: 50.00% in the last 15 minutes",
			"runbook_url": "docs/runbooks/AnswerRateDropped.md",
		},
	}
}

func group(alerts ...Alert) *Webhook {
	return &Webhook{Version: "4", GroupKey: "g", Status: alerts[0].Status, Alerts: alerts}
}

func TestText(t *testing.T) {
	w := writer{zone: beijing, runbooks: "https://intranet.example.cn/"}
	waits := dropped(firing)
	waits.Labels = map[string]string{"alertname": "LongestWait", "severity": "warning"}
	waits.Annotations = nil
	want := `【告警】接通率骤降:近15分钟人工接通率 50.00%
Answer rate dropped: 50.00% in the last 15 minutes
自 since 2026-03-02 12:00:00
处置 what to do: https://intranet.example.cn/docs/runbooks/AnswerRateDropped.md

【提醒】LongestWait
自 since 2026-03-02 12:00:00

【恢复】接通率骤降:近15分钟人工接通率 50.00%
Answer rate dropped: 50.00% in the last 15 minutes
恢复于 resolved at 2026-03-02 12:20:00`
	g := group(dropped(resolved), dropped(firing), waits)
	if diff := cmp.Diff(want, w.text(g, 1000)); diff != "" {
		t.Error(diff)
	}
	if got := w.text(g, 300); !strings.HasPrefix(got, "【告警】") || !strings.HasSuffix(got, "……另有 2 条 / 2 more") {
		t.Errorf("cut: %q", got)
	}
	if got := w.short(g, 300); got != "【恢复】接通率骤降:近15分钟人工接通率 50.00%;【告警】接通率骤降:近15分钟人工接通率 50.00%" {
		t.Errorf("short: %q", got)
	}
	if got := w.short(g, 6); got != "【恢复】接…" {
		t.Errorf("very short: %q", got)
	}
}

// No channel refuses a text because it is too long, or no text.
func TestTextFits(t *testing.T) {
	w := writer{zone: beijing}
	rapid.Check(t, func(t *rapid.T) {
		g := group(dropped(firing))
		for i := range rapid.IntRange(0, 50).Draw(t, "more") {
			a := dropped(rapid.SampledFrom([]string{firing, resolved}).Draw(t, "status"))
			a.Annotations = map[string]string{"summary": strings.Repeat("接", rapid.IntRange(0, 400).Draw(t, "long")), "summary_en": fmt.Sprint(i)}
			g.Alerts = append(g.Alerts, a)
		}
		most := rapid.IntRange(50, 4000).Draw(t, "most")
		if text := w.text(g, most); len(text) > most || !utf8.ValidString(text) || text == "" {
			t.Fatalf("%d bytes of %d: %q", len(text), most, text)
		}
		if text := w.short(g, most); utf8.RuneCountInString(text) > most || text == "" {
			t.Fatalf("short: %q", text)
		}
	})
}

// Computed apart, by openssl: printf '1700000000000\nSECsecret' | openssl dgst -sha256 -hmac SECsecret -binary | base64
func TestSignatures(t *testing.T) {
	now := time.UnixMilli(1700000000000)
	got, err := signedURL(Robot{URL: "https://oapi.example.cn/robot/send?access_token=t", Secret: "SECsecret"}, now)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"access_token": {"t"}, "timestamp": {"1700000000000"}, "sign": {dingtalkSign}}
	if diff := cmp.Diff(want, u.Query()); diff != "" {
		t.Error(diff)
	}
	if at, sign := feishuSign("secret", now); at != "1700000000" || sign != feishuSigned {
		t.Errorf("feishu: %s %s", at, sign)
	}
}

// robots is a server that answers as channels do, and remembers what came.
type robots struct {
	*httptest.Server
	mu    sync.Mutex
	got   map[string][]string
	fails map[string]int // so many more times
	says  map[string]string
}

func newRobots(t *testing.T) *robots {
	r := &robots{got: map[string][]string{}, fails: map[string]int{}, says: map[string]string{
		"/dingtalk": `{"errcode":0,"errmsg":"ok"}`, "/wecom": `{"errcode":0,"errmsg":"ok"}`, "/feishu": `{"code":0,"msg":"success"}`, "/sms": "OK",
	}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.fails[req.URL.Path] > 0 {
			r.fails[req.URL.Path]--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(req.Body) // what came is compared
		r.got[req.URL.Path] = append(r.got[req.URL.Path], string(body))
		fmt.Fprint(w, r.says[req.URL.Path])
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *robots) came() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := map[string]int{}
	for path, list := range r.got {
		n[path] = len(list)
	}
	return n
}

func (r *robots) config() Config {
	cfg := DefaultConfig()
	cfg.DingTalk = Robot{URL: r.URL + "/dingtalk?access_token=geheim", Secret: "SEC"}
	cfg.Feishu = Robot{URL: r.URL + "/feishu", Secret: "SEC"}
	cfg.WeCom.URL = r.URL + "/wecom"
	cfg.SMS.URL, cfg.SMS.Phones = r.URL+"/sms", []string{"13800000001", "13800000002"}
	return cfg
}

func newServer(t *testing.T, cfg Config, reg prometheus.Registerer) *Server {
	t.Helper()
	s, err := New(cfg, Deps{Zone: beijing, Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	s.pause = time.Millisecond
	return s
}

func hook(t *testing.T, s *Server, g *Webhook) (int, string) {
	t.Helper()
	body, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, Path, strings.NewReader(string(body))))
	return w.Code, w.Body.String()
}

func TestEveryChannelIsTold(t *testing.T) {
	r := newRobots(t)
	reg := prometheus.NewRegistry()
	s := newServer(t, r.config(), reg)
	r.fails["/feishu"] = 2 // of three attempts
	if code, body := hook(t, s, group(dropped(firing))); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if diff := cmp.Diff(map[string]int{"/dingtalk": 1, "/feishu": 1, "/wecom": 1, "/sms": 2}, r.came()); diff != "" {
		t.Error(diff)
	}
	var feishu struct {
		Timestamp, Sign string
		Type            string `json:"msg_type"`
		Content         struct{ Text string }
	}
	if err := json.Unmarshal([]byte(r.got["/feishu"][0]), &feishu); err != nil || feishu.Sign == "" || feishu.Type != "text" || !strings.HasPrefix(feishu.Content.Text, "【告警】接通率骤降") {
		t.Errorf("%v: %s", err, r.got["/feishu"][0])
	}
	form, err := url.ParseQuery(r.got["/sms"][1])
	if err != nil || form.Get("mobile") != "13800000002" || form.Get("content") != "【告警】接通率骤降:近15分钟人工接通率 50.00%" {
		t.Errorf("%v: %v", err, form)
	}
	if n := testutil.ToFloat64(s.messages.WithLabelValues(chSMS, "sent")); n != 2 {
		t.Errorf("%v sent", n)
	}
}

// Alertmanager repeats a webhook that failed: those who have been told are not told again,
// and the recovery is another message.
func TestNobodyIsToldTwice(t *testing.T) {
	r := newRobots(t)
	s := newServer(t, r.config(), nil)
	r.fails["/wecom"] = 3
	code, body := hook(t, s, group(dropped(firing)))
	if code != http.StatusBadGateway || !strings.Contains(body, "wecom: it answers 503") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := hook(t, s, group(dropped(firing))); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	if diff := cmp.Diff(map[string]int{"/dingtalk": 1, "/feishu": 1, "/wecom": 1, "/sms": 2}, r.came()); diff != "" {
		t.Error(diff)
	}
	hook(t, s, group(dropped(resolved)))
	if n := r.came()["/dingtalk"]; n != 2 {
		t.Errorf("%d messages after the recovery", n)
	}
}

// Whoever repeats a group oftener than every half hour has wanted it: that is no webhook which
// failed.
func TestRepeatedOnPurpose(t *testing.T) {
	r := newRobots(t)
	now := noon
	s, err := New(r.config(), Deps{Zone: beijing, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	g := group(dropped(firing))
	for _, step := range []struct {
		after, repeat time.Duration
		want          int
	}{
		{0, 10 * time.Minute, 1},
		{5 * time.Minute, 10 * time.Minute, 1},
		{10 * time.Minute, 10 * time.Minute, 2},
		{25 * time.Minute, 0, 2},
		{35 * time.Minute, time.Hour, 2},
		{41 * time.Minute, time.Hour, 3},
	} {
		now, g.Repeat = noon.Add(step.after), step.repeat
		if _, err := s.TellOne(t.Context(), chDingTalk, g); err != nil {
			t.Fatal(err)
		}
		if n := r.came()["/dingtalk"]; n != step.want {
			t.Errorf("after %v, repeated every %v: %d messages, want %d", step.after, step.repeat, n, step.want)
		}
	}
}

func TestWarningsAreNoShortMessages(t *testing.T) {
	r := newRobots(t)
	s := newServer(t, r.config(), nil)
	a := dropped(firing)
	a.Labels = map[string]string{"severity": "warning"}
	hook(t, s, group(a))
	if got := r.came(); got["/sms"] != 0 || got["/dingtalk"] != 1 {
		t.Errorf("%v", got)
	}
}

// What repeating does not mend is not repeated, and no address is shown.
func TestRefusals(t *testing.T) {
	r := newRobots(t)
	cfg := r.config()
	r.says["/dingtalk"] = `{"errcode":310000,"errmsg":"sign not match"}`
	r.says["/feishu"] = `<html>a proxy</html>`
	s := newServer(t, cfg, nil)
	code, body := hook(t, s, group(dropped(firing)))
	if code != http.StatusBadRequest || !strings.Contains(body, "dingtalk: it says no: 310000 sign not match") || !strings.Contains(body, "feishu: it answers what no robot does") {
		t.Errorf("%d %s", code, body)
	}
	if n := r.came()["/dingtalk"]; n != 1 {
		t.Errorf("tried %d times", n)
	}
	away := strings.NewReplacer(r.Listener.Addr().String(), testkit.FreeAddress(t))
	for _, url := range []*string{&cfg.DingTalk.URL, &cfg.Feishu.URL, &cfg.WeCom.URL, &cfg.SMS.URL} {
		*url = away.Replace(*url)
	}
	code, body = hook(t, newServer(t, cfg, nil), group(dropped(firing)))
	if code != http.StatusBadGateway || strings.Contains(body, "geheim") || strings.Contains(body, "access_token") {
		t.Errorf("away: %d %s", code, body)
	}
}

func TestNoWebhook(t *testing.T) {
	s := newServer(t, DefaultConfig(), nil)
	for _, body := range []string{"", "{}", "[]", `{"alerts":[]}`, "x"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body)))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", body, w.Code)
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"listen:":                         func(c *Config) { c.Listen = "8335" },
		"can be reached from other":       func(c *Config) { c.Listen = "0.0.0.0:8335" },
		"timeout:":                        func(c *Config) { c.Timeout = 0 },
		"attempts:":                       func(c *Config) { c.Attempts = 0 },
		"sms.phones:":                     func(c *Config) { c.SMS.URL = "http://sms.example.cn" },
		"sms.phone_field, sms.text_field": func(c *Config) { c.SMS = SMS{URL: "http://sms.example.cn", Phones: []string{"1"}} },
		"dingtalk.url:":                   func(c *Config) { c.DingTalk.URL = "geheim" },
		"feishu.url:":                     func(c *Config) { c.Feishu.URL = "ftp://geheim" },
		"wecom.url:":                      func(c *Config) { c.WeCom.URL = "geheim" },
		"alertmanager:":                   func(c *Config) { c.Alertmanager = "127.0.0.1:9093" },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

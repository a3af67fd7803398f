package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// another is a hotline on another machine that comes and goes at one address.
type another struct {
	addr  string
	ready func() string // what keeps it from being ready
	*httptest.Server
}

func newAnother(t *testing.T) *another {
	a := &another{addr: testkit.FreeAddress(t), ready: func() string { return "" }}
	a.up(t)
	t.Cleanup(func() { a.Close() })
	return a
}

func (a *another) up(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", a.addr)
	if err != nil {
		t.Fatal(err)
	}
	a.Server = &httptest.Server{Listener: l, Config: &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch missing := a.ready(); {
		case r.URL.Path == "/healthz":
			fmt.Fprintln(w, "ok")
		case r.URL.Path != "/readyz":
			http.NotFound(w, r)
		case missing != "":
			http.Error(w, "not ready: "+missing, http.StatusServiceUnavailable)
		default:
			fmt.Fprintln(w, "ready")
		}
	})}}
	a.Start()
}

// A hotline goes and comes back: a group hears of both, and the watcher can be watched.
func TestWatchTellsWhenAHotlineIsGone(t *testing.T) {
	t.Parallel()
	group, other := newRobot(t), newAnother(t)
	url := "http://" + other.addr
	address := filepath.Join(t.TempDir(), "feishu.url")
	if err := os.WriteFile(address, []byte(group.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs output
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"watch", url, "--every", "1s", "--failures", "2", "--set", "web.listen=127.0.0.1:0", "--set", "notify.feishu.url_file=" + address},
			stdio{in: strings.NewReader(""), out: io.Discard, err: &errs})
	}()
	defer stop()
	said := regexp.MustCompile(`"address":"([^"]+)"`)
	metric := func(want string) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			at := said.FindStringSubmatch(errs.String())
			if at == nil {
				return fmt.Errorf("it does not say where it listens: %s", errs.String())
			}
			if code, _, e := runInside("healthcheck", "--set", "web.listen="+at[1]); code != 0 {
				return fmt.Errorf("the watcher is not well: %s", e)
			}
			resp, err := http.Get("http://" + at[1] + "/metrics")
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }() // only read from
			text, err := io.ReadAll(resp.Body)
			if err == nil && !strings.Contains(string(text), want+"\n") {
				err = fmt.Errorf("no %s in the watcher's metrics", want)
			}
			return err
		})
	}
	metric(`hotline_watch_ready{url="` + url + `"} 1`)
	other.Close()
	group.hears(t, "【告警】程序不可达:"+url, "(拒绝连接)", "The program is gone: "+url, "(connection refused)", "自 since", "docs/runbooks/HotlineDown.md")
	metric(`hotline_watch_alarm{url="` + url + `"} 1`)
	other.up(t)
	group.hears(t, "【恢复】程序已恢复:"+url, "The program is back", "恢复于 resolved at")
	metric(`hotline_watch_alarm{url="` + url + `"} 0`)
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if strings.Contains(errs.String(), group.URL) {
		t.Error("the log shows the address of the robot")
	}
}

func TestWatchOnce(t *testing.T) {
	t.Parallel()
	ready, busy, gone := newAnother(t), newAnother(t), newAnother(t)
	busy.ready = func() string { return "3 marks are not recomputed yet" }
	gone.Close()
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"http://" + ready.addr}, 0, "OK http://" + ready.addr + ": ready\n"},
		{
			[]string{"http://" + ready.addr, "http://" + busy.addr},
			1,
			"OK http://" + ready.addr + ": ready\nWARNING http://" + busy.addr + ": not ready: 3 marks are not recomputed yet\n",
		},
		{
			[]string{"http://" + gone.addr, "http://" + busy.addr},
			2,
			"CRITICAL http://" + gone.addr + ": gone: connection refused\nWARNING http://" + busy.addr + ": not ready: 3 marks are not recomputed yet\n",
		},
		{nil, 3, ""},
		{[]string{"127.0.0.1"}, 3, ""},
	} {
		code, out, errs := runInside(append([]string{"watch", "--once"}, c.args...)...)
		if code != c.code || out != c.out || (code == 0) != (errs == "") {
			t.Errorf("%q: exit code %d, want %d; printed %q, said %q", c.args, code, c.code, out, errs)
		}
	}
	if code, _, errs := runInside("watch", "http://"+ready.addr); code != 1 || !strings.Contains(errs, "nobody is told") {
		t.Errorf("nobody to tell: %d %s", code, errs)
	}
}

// What each unit runs are commands and flags that exist, and what hotline-failed@.service
// says reaches people.
func TestUnitsRunTheProgram(t *testing.T) {
	t.Parallel()
	list, err := filepath.Glob("../../deploy/systemd/*.service")
	if err != nil || len(list) < 5 {
		t.Fatalf("%d units: %v", len(list), err)
	}
	started, word := regexp.MustCompile(`(?m)^ExecStart(?:Pre)?=/usr/local/bin/hotline (.*)$`), regexp.MustCompile(`"[^"]*"|\S+`)
	for _, unit := range list {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		lines := started.FindAllStringSubmatch(string(text), -1)
		if len(lines) == 0 {
			t.Errorf("%s starts nothing", unit)
		}
		for _, line := range lines {
			var args []string
			for _, w := range word.FindAllString(line[1], -1) {
				args = append(args, strings.Trim(w, `"`))
			}
			cmd, rest, err := (&command{}).root().Find(args)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil {
				t.Errorf("%s: %v", unit, err)
			}
			if filepath.Base(unit) == "hotline-failed@.service" {
				failedUnit(t, args)
			}
		}
	}
}

// failedUnit runs the command of hotline-failed@.service as systemd would for hotline.service.
func failedUnit(t *testing.T, args []string) {
	t.Helper()
	group := newRobot(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "alert.yaml")
	text := "notify:\n  feishu:\n    url_file: " + filepath.Join(dir, "url") + "\n"
	for path, content := range map[string]string{file: text, filepath.Join(dir, "url"): group.URL} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put := strings.NewReplacer("%i", "hotline.service", "%H", "machine1", "${MONITOR_SERVICE_RESULT}", "exit-code", "${MONITOR_EXIT_STATUS}", "1", "/etc/hotline/alert.yaml", file)
	for i := range args {
		args[i] = put.Replace(args[i])
	}
	if code, out, errs := runInside(args...); code != 0 || !strings.Contains(out, "feishu         taken") {
		t.Errorf("exit code %d, printed %q, said %q", code, out, errs)
	}
	group.hears(t, "【告警】程序停止:machine1 上的 hotline.service 已退出,且不再自动重启(exit-code 1)\n", "The program has ended: hotline.service on machine1, and is not started again (exit-code 1)")
}

func TestAlertSendSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"alert", "send"}, exitUsage, "--summary is needed"},
		{[]string{"alert", "send", "--summary", "备份失败", "--severity", "loud"}, exitUsage, `--severity "loud"`},
		{[]string{"alert", "send", "--summary", "备份失败"}, 1, "nobody is told"},
	} {
		if code, _, errs := runInside(c.args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%q: %d %s", c.args, code, errs)
		}
	}
}

package alarm

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"

	"hotline12333/deploy"
	"hotline12333/internal/testkit"
)

// mailServer takes mails and gives what was sent in each.
func mailServer(t *testing.T) (address string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it may be closed already
	taken := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveMail(c, taken)
		}
	}()
	return l.Addr().String(), taken
}

func serveMail(c net.Conn, taken chan<- string) {
	defer func() { _ = c.Close() }()
	say := func(line string) { fmt.Fprint(c, line+"\r\n") }
	say("220 ready")
	lines := bufio.NewScanner(c)
	var mail strings.Builder
	inData := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case inData && line == ".":
			inData = false
			taken <- mail.String()
			say("250 taken")
		case inData:
			mail.WriteString(line + "\n")
		case line == "DATA":
			inData = true
			say("354 go on")
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

// A receiver of the centre's own file that names mail addresses is reached by mail, from
// the program itself; the example for Alertmanager serves as it stands but for its webhook.
func TestTellsByMail(t *testing.T) {
	example, err := os.ReadFile("../../deploy/alertmanager/alertmanager.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	address, mails := mailServer(t)
	text := regexp.MustCompile(`(?m)^    webhook_configs:\n(      .*\n)+`).ReplaceAllString(string(example), "")
	text = regexp.MustCompile(`(?m)^    wechat_configs:\n(      .*\n)+`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`(?m)^  (smtp_auth|wechat).*\n`).ReplaceAllString(text, "")
	text = strings.NewReplacer("mail.example.cn:465", address, "group_wait: 30s", "group_wait: 1ms", "group_wait: 10s", "group_wait: 1ms").Replace(text)
	dir := t.TempDir()
	file := filepath.Join(dir, "routes.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	routes, err := LoadRoutes(deploy.Routes, file)
	if err != nil {
		t.Fatal(err)
	}
	inst, err := newInstruments(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDispatcher(dispatcherDeps{dir: dir, log: testkit.Log(t), inst: inst, routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	d.start()
	defer d.stop()
	fired := &alert.Alert{UpdatedAt: time.Now()}
	fired.Labels = model.LabelSet{"alertname": "EngineDown", "severity": "page"}
	fired.Annotations = model.LabelSet{"summary": "引擎停止应答", "summary_en": "The engine is down"}
	fired.StartsAt, fired.EndsAt = time.Now(), time.Now().Add(time.Hour)
	d.put([]*alert.Alert{fired})
	select {
	case mail := <-mails:
		for _, want := range []string{"To: oncall@example.cn", "The engine is down", "=E5=BC=95=E6=93=8E"} { // 引擎, quoted
			if !strings.Contains(mail, want) {
				t.Errorf("the mail lacks %q:\n%s", want, mail)
			}
		}
	case <-time.After(testkit.Patience):
		t.Fatal("no mail came")
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := testutil.ToFloat64(inst.waiting.WithLabelValues(chEmail)); n != 0 {
			return fmt.Errorf("%v groups wait", n)
		}
		return nil
	})
	result, err := routes.Test(t.Context(), map[string]string{"alertname": "HotlineTest"}, map[string]string{"summary": "x"})
	if err != nil || len(result) != 2 || result["page/email"] != nil || result["warning/email"] != nil {
		t.Errorf("the test says %v, %v", result, err)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/testkit"
)

// robot is a group's robot of Feishu that remembers what it was told.
type robot struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newRobot(t *testing.T) *robot {
	r := &robot{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var message struct{ Content struct{ Text string } }
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = json.Unmarshal(body, &message)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, message.Content.Text)
		fmt.Fprint(w, `{"code":0,"msg":"success"}`)
	}))
	t.Cleanup(r.Close)
	return r
}

// hears waits for a message that has all of the words.
func (r *robot) hears(t *testing.T, words ...string) {
	t.Helper()
	testkit.Eventually(t, 2*time.Minute, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
	messages:
		for _, text := range r.told {
			for _, w := range words {
				if !strings.Contains(text, w) {
					continue messages
				}
			}
			return nil
		}
		return fmt.Errorf("no message has %q; told was %q", words, r.told)
	})
}

// shipped is a file of deploy with its times made short.
func shipped(t *testing.T, path string, short ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/" + path)
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	for i := 0; i < len(short); i += 2 {
		r := regexp.MustCompile(short[i])
		if !r.MatchString(s) {
			t.Fatalf("deploy/%s has no %s", path, short[i])
		}
		s = r.ReplaceAllString(s, short[i+1])
	}
	return s
}

// TestCollapseIsTold goes the whole way: calls are lost, the shipped rules fire in a real
// Prometheus, a real Alertmanager groups and routes, and the robot of a group says so; then
// calls are answered, and it says that it is over.
func TestCollapseIsTold(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	r := newRobot(t)
	hook := testkit.FreeAddress(t)
	manager := testkit.RealAlertmanager(t, shipped(t, "alertmanager/alertmanager.yml",
		`group_wait: \d+s`, "group_wait: 1s", `group_interval: 5m`, "group_interval: 1s",
		`- name: page`, "- name: page\n    webhook_configs: [{url: http://"+hook+"/alertmanager, send_resolved: true}]"))
	w.settings["alarm.alertmanager"], w.settings["alarm.poll"] = "http://"+manager, "1s" // and nothing is evaluated here
	w.up()
	testkit.RealPrometheus(t, testkit.PrometheusConfig{
		Targets: []string{w.settings["web.listen"]}, Alertmanager: manager,
		Rules: shipped(t, "prometheus/rules/hotline.yml", `interval: \d+(s|m)`, "interval: 1s", `keep_firing_for: 15m`, "keep_firing_for: 1s"),
	})
	w.env["HOTLINE_NOTIFY_FEISHU_URL"] = r.URL
	w.start("alert", "serve", "--set", "web.listen="+testkit.FreeAddress(t), "--set", "notify.listen="+hook)
	w.settings["notify.alertmanager"] = "http://" + manager
	if out := w.must("alert", "test"); !strings.Contains(out, "feishu         taken") || !strings.Contains(out, "alertmanager   taken") {
		t.Errorf("alert test says %q", out)
	}
	r.hears(t, "【告警】这是 hotline alert test 发出的测试消息")

	f := newFeed(t, w)
	f.decided(12, "lost", hotline.AbandonedQueue)
	r.hears(t, "【告警】接通率骤降:全部中心,全部技能组,近15分钟人工接通率 0.00%",
		"Answer rate dropped: all centres, all queues, 0.00% of the requested answered in the last 15 minutes",
		"处置 what to do: docs/runbooks/AnswerRateDropped.md")
	w.onBoard(`"name":"AnswerRateDropped"`, "接通率骤降:全部中心,全部技能组,近15分钟人工接通率 0.00%")
	f.decided(20, "answered", hotline.Answered)
	r.hears(t, "【恢复】接通率骤降:全部中心,全部技能组", "恢复于 resolved at")

	// Announced maintenance is told, until it is called off.
	id := w.maintained()
	if list := w.must("maintenance", "list"); !strings.Contains(list, id) || !strings.Contains(list, "交换机升级") {
		t.Errorf("the list has no %s:\n%s", id, list)
	}
	w.spoken(id)
	w.refused("is longer than a week", "maintenance", "--from", "2099-03-02T10:00", "--to", "2099-03-12T10:00", "--reason", "x", "--by", "王芳")
}

// decided has calls decided at this moment, each a thousandth of a second after the one
// before: the day may just have begun.
func (f *feed) decided(n int, name string, outcome hotline.Outcome) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i := range n {
		at := now.Add(time.Duration(i-n) * time.Millisecond)
		c := &hotline.Call{
			ID: fmt.Sprintf("%s-%02d", name, i), Version: 1, Centre: "default", Source: "centre-pbx", Queue: "综合",
			Direction: hotline.Inbound, Outcome: outcome, StartedAt: at, QueuedAt: at, EndedAt: at,
		}
		if outcome == hotline.Answered {
			c.AnsweredAt = at
		}
		f.send(record(c))
	}
	f.settle()
}

// maintained announces maintenance from now on and waits until it is known; spoken calls it
// off.
func (w *world) maintained() (id string) {
	w.t.Helper()
	zone, now := shanghai(w.t), time.Now()
	said := w.must("maintenance", "--from", now.Add(-time.Minute).In(zone).Format(time.RFC3339), "--to", now.Add(time.Hour).In(zone).Format(time.RFC3339),
		"--reason", "交换机升级", "--by", "王芳")
	id, _, _ = strings.Cut(said, " ")
	w.tells("hotline_maintenance", "1")
	return id
}

func (w *world) spoken(id string) {
	w.t.Helper()
	w.must("maintenance", "end", id, "--reason", "提前完成", "--by", "王芳")
	w.tells("hotline_maintenance", "0")
}

// tells waits until a series has a value.
func (w *world) tells(series, value string) {
	w.t.Helper()
	testkit.Eventually(w.t, steps, func() error {
		page, err := get(w.t, w, "/metrics")
		if err != nil {
			return err
		}
		if got := metric(page, series); got != value {
			return fmt.Errorf("%s is %q, want %s", series, got, value)
		}
		return nil
	})
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/testkit"
)

// count is how many messages have all of the words.
func (r *robot) count(words ...string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
messages:
	for _, text := range r.told {
		for _, w := range words {
			if !strings.Contains(text, w) {
				continue messages
			}
		}
		n++
	}
	return n
}

// onBoard waits until the board is told of alerts or maintenance in these words.
func (w *world) onBoard(words ...string) {
	w.t.Helper()
	testkit.Eventually(w.t, steps, func() error {
		body, err := get(w.t, w, "/api/board")
		if err != nil {
			return err
		}
		for _, word := range words {
			if !strings.Contains(body, word) {
				return fmt.Errorf("the board is not told of %q: %.2000s", word, body)
			}
		}
		return nil
	})
}

// evaluated waits until the rules have been evaluated over what is there now.
func (w *world) evaluated() {
	w.t.Helper()
	// The values are read once a second, and evaluated once a second.
	after := time.Now().Add(3 * time.Second)
	testkit.Eventually(w.t, steps, func() error {
		page, err := get(w.t, w, "/metrics")
		if err != nil {
			return err
		}
		at, err := strconv.ParseFloat(metric(page, "hotline_alarm_evaluated_timestamp_seconds"), 64)
		if err != nil || at < float64(after.Unix()) {
			return fmt.Errorf("evaluated at %v (%v)", at, err)
		}
		return nil
	})
}

// TestUpTellsOfACollapse goes the whole way on one machine, without Prometheus and
// Alertmanager: calls are lost, the program evaluates the shipped rules, groups by the
// shipped routes, and tells people; it is killed and goes on; calls are answered, and it
// tells the end. Maintenance silences. A channel that fails is tried again and seen.
func TestUpTellsOfACollapse(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	r := newRobot(t)
	var broken atomic.Bool
	broken.Store(true)
	posted := make(chan map[string]any, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		var group map[string]any
		if err := json.NewDecoder(req.Body).Decode(&group); err != nil || broken.Load() {
			http.Error(rw, "not now", http.StatusServiceUnavailable)
			return
		}
		posted <- group
	}))
	t.Cleanup(hook.Close)
	w.env["HOTLINE_NOTIFY_FEISHU_URL"], w.env["HOTLINE_NOTIFY_WEBHOOK_URL"] = r.URL, hook.URL
	w.settings["notify.attempts"], w.settings["alarm.every"] = "1", "1s"
	w.settings["alarm.rules"] = w.write("rules.yml", shipped(t, "prometheus/rules/hotline.yml", `interval: \d+(s|m)`, "interval: 1s", `keep_firing_for: 15m`, "keep_firing_for: 1s"))
	w.settings["alarm.routes"] = w.write("routes.yml", shipped(t, "alertmanager/alertmanager.yml", `group_wait: \d+s`, "group_wait: 1s", `group_interval: 5m`, "group_interval: 1s"))
	if out := w.must("alert", "rules"); !strings.Contains(out, "keep_firing_for: 1s") {
		t.Error("the rules that hold are not printed")
	}
	p := w.up()
	f := newFeed(t, w)
	f.decided(12, "lost", hotline.AbandonedQueue)
	r.hears(t, "【告警】接通率骤降:全部中心,全部技能组,近15分钟人工接通率 0.00%",
		"Answer rate dropped: all centres, all queues, 0.00% of the requested answered in the last 15 minutes",
		"处置 what to do: docs/runbooks/AnswerRateDropped.md")
	w.tells(`hotline_alarm_firing{alertname="AnswerRateDropped",severity="page"}`, "1") // that of the queue is held back
	w.tells(`hotline_alarm_waiting_groups{channel="webhook"}`, "1")
	if code, out, _ := w.run("doctor"); code != 1 || !strings.HasPrefix(findings(t, out)["alerts"], "BAD people are still to be told of alerts, over webhook (1)") {
		t.Errorf("doctor says\n%s", out)
	}

	p.kill()
	broken.Store(false)
	w.up()
	w.evaluated()
	w.tells(`hotline_alarm_firing{alertname="AnswerRateDropped",severity="page"}`, "1")
	w.onBoard(`"name":"AnswerRateDropped"`, "接通率骤降:全部中心,全部技能组,近15分钟人工接通率 0.00%", "Answer rate dropped: all centres")
	select { // the successor tells whom its predecessor could not
	case g := <-posted:
		labels, _ := g["commonLabels"].(map[string]any)
		if g["version"] != "4" || g["status"] != "firing" || g["receiver"] != "page" || labels["alertname"] != "AnswerRateDropped" {
			t.Errorf("posted was %v", g)
		}
	case <-time.After(steps):
		t.Error("nothing was posted")
	}
	w.tells(`hotline_alarm_waiting_groups{channel="webhook"}`, "0")
	if n := r.count("【告警】接通率骤降"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	if _, out, _ := w.run("doctor"); !strings.Contains(findings(t, out)["alerts"], "1 in force") {
		t.Errorf("doctor says\n%s", out)
	}

	f = newFeed(t, w)
	f.decided(20, "answered", hotline.Answered)
	r.hears(t, "【恢复】接通率骤降:全部中心,全部技能组", "恢复于 resolved at")

	id := w.maintained()
	w.evaluated()
	w.onBoard("交换机升级", "王芳")
	f.decided(12, "again", hotline.AbandonedQueue)
	w.evaluated()
	page, err := get(t, w, "/metrics")
	if err != nil || metric(page, `hotline_alarm_firing{alertname="AnswerRateDropped",severity="page"}`) != "" {
		t.Errorf("it fires in maintenance (%v)", err)
	}
	if n := r.count("【告警】接通率骤降"); n != 1 {
		t.Errorf("it was told in maintenance: %d times", n)
	}
	w.spoken(id)
	testkit.Eventually(t, steps, func() error {
		if n := r.count("【告警】接通率骤降"); n != 2 {
			return errors.New("it is not told again after maintenance")
		}
		return nil
	})
}

// A wrong file of rules keeps up from starting, in one sentence, and so says config --check.
func TestWrongRules(t *testing.T) {
	sequential(t)
	t.Parallel()
	w := newWorld(t)
	w.settings["alarm.rules"] = w.write("mine.yml", "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up ==\n    labels: {severity: page}\n")
	for _, args := range [][]string{{"up"}, {"config", "--check"}, {"alert", "rules"}} {
		code, _, stderr := w.run(args...)
		if code != 1 || !strings.Contains(stderr, "mine.yml:5: group \"a\", rule 1, \"A\": could not parse expression") {
			t.Errorf("%v: exit code %d\n%s", args, code, stderr)
		}
	}
}

// An engine that hangs holds a scrape up for less than Prometheus waits, ten seconds: else
// the whole program would pass for gone. That it hangs is told, and that it goes on.
func TestHangingEngineHoldsUpNoScrape(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	p := w.up()
	engine := p.enginePID()
	signal := func(s syscall.Signal) {
		if err := syscall.Kill(engine, s); err != nil {
			t.Error(err)
		}
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.settings["web.listen"]+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			err = errors.Join(err, resp.Body.Close())
		}
		cancel()
		if err != nil {
			t.Error(err)
		}
	}
	told := func(up string, ready bool) {
		testkit.Eventually(t, steps, func() error {
			page, err := get(t, w, "/metrics")
			if err != nil {
				return err
			}
			_, err = get(t, w, "/readyz")
			if got := metric(page, "hotline_engine_up"); got != up || (err == nil) != ready {
				return fmt.Errorf("hotline_engine_up is %s, /readyz says %v", got, err)
			}
			return nil
		})
	}
	told("0", false)
	signal(syscall.SIGCONT)
	told("1", true)
}

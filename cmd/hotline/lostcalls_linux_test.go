package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/app"
	"hotline12333/internal/testkit"
)

// lostLine is a row of a call that arrived so many minutes ago; an outcome of answered is
// answered after 10 s, all others end after half a minute, or as wait says.
type lostLine struct {
	id      string
	version int
	ago     float64
	outcome string
	caller  string
	wait    int
}

func (l lostLine) row(now time.Time) string {
	at := now.Add(-time.Duration(l.ago * float64(time.Minute)))
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	wait, answer := orElseInt(l.wait, 30), ""
	if l.outcome == "answered" {
		wait, answer = 10, stamp(at.Add(10*time.Second))
	}
	return fmt.Sprintf("%s,%d,%s,%s,%s,%s,%s,社保卡,%s\n", l.id, orElseInt(l.version, 1), stamp(at), stamp(at), answer, stamp(at.Add(time.Duration(wait)*time.Second)), l.outcome, l.caller)
}

func orElseInt(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

// lostFile imports rows.
func (w *world) lostFile(now time.Time, lines ...lostLine) {
	w.t.Helper()
	var b strings.Builder
	b.WriteString("call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue,caller\n")
	for _, l := range lines {
		b.WriteString(l.row(now))
	}
	name := fmt.Sprintf("lost-%d.csv", time.Now().UnixNano())
	w.must("import", w.write(name, b.String()), "--source", "generic-csv")
}

// lost is the list as the command tells it.
func (w *world) lost(args ...string) app.CallbackList {
	w.t.Helper()
	var list app.CallbackList
	if err := json.Unmarshal([]byte(w.must(append([]string{"callbacks", "list", "--format", "json"}, args...)...)), &list); err != nil {
		w.t.Fatal(err)
	}
	return list
}

// stands are the items in short form, by deadline.
func stands(l app.CallbackList) []string {
	out := []string{}
	for i := range l.Items {
		x := &l.Items[i]
		text := string(x.State) + " " + strings.Join(x.Calls, "+")
		if x.Owner != "" {
			text += " " + x.Owner
		}
		if x.Overdue {
			text += " late"
		}
		if x.Result != "" && x.EndedAt != nil {
			text += " " + x.Result
		}
		out = append(out, text)
	}
	return out
}

func (w *world) wantLost(what string, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, stands(w.lost("--view", "all"))); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// shows waits until a page says something.
func (p *person) shows(path, word string) {
	p.t.Helper()
	testkit.Eventually(p.t, steps, func() error {
		if status, body := p.get(path); status != http.StatusOK || !strings.Contains(shownText(p.t, body), word) {
			return fmt.Errorf("%s: %d, no %q in %s", path, status, word, tail(shownText(p.t, body)))
		}
		return nil
	})
}

const (
	numberA = "13970431171"
	numberB = "13970431172"
	numberC = "13970431173"
	numberE = "02987654321"
	numberF = "13970431176"
)

// TestLostCalls: who is lost is on the list until somebody has called back or the caller has
// got through; corrections, moves and repetitions leave it right, two people do not call the
// same caller, and a power loss forgets nothing.
func TestLostCalls(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("intake.callbacks.enabled=true", "web.reveal_roles=supervisor", "web.loopback_role=", "rules.calendar=always")
	up := w.up()
	viewer, wang, li := w.person("大屏", "viewer"), w.person("王芳", "supervisor"), w.person("李强", "supervisor")
	wang.sees("/lostcalls", http.StatusOK, "没有待回拨的来电", "待回拨 0")
	now := time.Now()
	first := []lostLine{
		{id: "f", ago: 300, outcome: "abandoned_queue", caller: numberF},
		{id: "a", ago: 60, outcome: "abandoned_queue", caller: numberA},
		{id: "b", ago: 50, outcome: "timed_out", caller: numberB},
		{id: "a2", ago: 40, outcome: "abandoned_ringing", caller: numberA},
		{id: "c", ago: 30, outcome: "abandoned_queue", caller: numberC, wait: 4},
		{id: "d", ago: 20, outcome: "blocked"},
		{id: "e", ago: 10, outcome: "voicemail", caller: numberE},
		{id: "g", ago: 5, outcome: "answered", caller: "13970431177"},
	}
	w.lostFile(now, first...)
	all := []string{"owed f late", "owed a+a2", "owed b", "short c", "withheld d", "owed e"}
	w.wantLost("lost", all...)
	w.lostFile(now, first...)
	w.wantLost("told twice", all...)

	wang.shows("/lostcalls", "4 待回拨") // what was read before is good for a moment
	w.owedAgrees(wang)

	t.Run("roles", func(t *testing.T) {
		page := viewer.sees("/lostcalls", http.StatusOK, "4 待回拨", "1 ! 已超时", "来电人")
		if strings.Contains(page, "139****") || strings.Contains(page, "<form method=\"post\" action=\"/lostcalls/act\"") {
			t.Error("a viewer sees callers, or can act")
		}
		viewer.sees("/lostcalls/item?call=f", http.StatusForbidden, "没有权限")
		for _, path := range []string{"/lostcalls/act", "/lostcalls/reveal"} {
			status, body := viewer.post(path, url.Values{"call": {"f"}, "step": {"taken"}, "reason": {"x"}})
			says(t, path+" as a viewer", status, body, http.StatusForbidden, "没有权限")
			status, body = w.stranger().post(path, url.Values{"call": {"f"}, "step": {"taken"}, "reason": {"x"}})
			says(t, path+" signed out", status, body, http.StatusUnauthorized, "登录已失效")
		}
		far := w.person("远方", "supervisor", "--centre", "elsewhere")
		far.sees("/lostcalls", http.StatusOK, "待回拨 0")
		if board := far.sees("/", http.StatusOK, "当前排队"); strings.Contains(board, "id=\"owed\"") {
			t.Error("the board of one who sees one centre's list leads to another number")
		}
		far.sees("/lostcalls/item?call=f", http.StatusNotFound, "页面不存在")
		status, body := far.post("/lostcalls/act", url.Values{"call": {"f"}, "step": {"taken"}})
		says(t, "a caller of another centre", status, body, http.StatusNotFound, "页面不存在")
	})
	t.Run("two people", func(t *testing.T) { twoPeople(t, w, wang, li) })
	t.Run("reveal", func(t *testing.T) { revealsOne(t, w, wang, li) })
	t.Run("ends", func(t *testing.T) { endsOfLost(t, w, wang, li, now) })

	w.owedAgrees(wang)
	before := w.lost("--view", "all")
	if before.NotConnected != "" {
		t.Errorf("a source that tells of lost callers is said not to: %s", before.NotConnected)
	}
	testkit.Eventually(t, steps, func() error { // they may be as old as somebody's last scrape
		page, err := get(t, w, "/metrics")
		if err != nil {
			return err
		}
		for state, n := range map[string]int{"owed": before.Figures.Owed, "overdue": before.Figures.Overdue, "done": before.Figures.Done, "redialled": before.Figures.Redialled, "withheld": 1, "short": 1} {
			if got := metric(page, `hotline_callbacks{centre="all",state="`+state+`"}`); got != fmt.Sprint(n) {
				return fmt.Errorf("%s: %s in the metrics, %d on the list", state, got, n)
			}
		}
		return nil
	})
	up.kill() // as a power loss does
	gone(t, up.pid())
	w.up()
	if diff := cmp.Diff(before, w.lost("--view", "all")); diff != "" {
		t.Errorf("after a power loss (-before +after):\n%s", diff)
	}
}

// owedAgrees holds the callers to be called back on the board against those of the list, the
// page and the metrics, which have the same within moments.
func (w *world) owedAgrees(p *person) {
	w.t.Helper()
	testkit.Eventually(w.t, steps, func() error {
		list := w.lost().Figures
		var b struct {
			Callbacks *struct {
				Connected     bool
				Owed, Overdue int
			}
		}
		_, board := p.get("/api/board")
		if err := json.Unmarshal([]byte(board), &b); err != nil {
			return err
		}
		if b.Callbacks == nil || !b.Callbacks.Connected || b.Callbacks.Owed != list.Owed || b.Callbacks.Overdue != list.Overdue {
			return fmt.Errorf("the board has %+v, the list %+v", b.Callbacks, list)
		}
		_, page := p.get("/lostcalls")
		if want := fmt.Sprintf("%d 待回拨 %d ", list.Owed, list.Overdue); !strings.Contains(shownText(w.t, page), want) {
			return fmt.Errorf("no %q on the page: %s", want, tail(shownText(w.t, page)))
		}
		_, metrics := p.get("/metrics")
		for state, n := range map[string]int{"owed": list.Owed, "overdue": list.Overdue} {
			if got := metric(metrics, `hotline_callbacks{centre="all",state="`+state+`"}`); got != fmt.Sprint(n) {
				return fmt.Errorf("%s: %s in the metrics, %d on the list", state, got, n)
			}
		}
		return nil
	})
	p.sees("/", http.StatusOK, "待回拨")
}

func twoPeople(t *testing.T, w *world, wang, li *person) {
	page := wang.sees("/lostcalls", http.StatusOK, "下一位 139****1176", "由我回拨")
	take := url.Values{"call": {hidden(t, page, "call")}, "seen": {hidden(t, page, "seen")}, "back": {"/lostcalls"}, "step": {"taken"}}
	status, body := wang.post("/lostcalls/act", take)
	says(t, "taking", status, body, http.StatusOK, "已领取", "我正在回拨 1", "下一位 139****1171")
	status, body = li.post("/lostcalls/act", take)
	says(t, "the same a moment later", status, body, http.StatusConflict, "慢了一步:王芳", "领取")
	status, body = wang.post("/lostcalls/act", take)
	says(t, "a button pressed twice", status, body, http.StatusConflict, "您已于", "我正在回拨 1")
	code, _, stderr := w.run("callbacks", "take", "f", "--by", "李强")
	if code != 1 || !strings.Contains(stderr, "by 王芳") {
		t.Errorf("by command: %d %s", code, stderr)
	}
	li.sees("/lostcalls?view=mine", http.StatusOK, "您没有领取任何一项")
	wang.sees("/lostcalls?view=mine", http.StatusOK, "139****1176", "王芳 回拨中")
	li.sees("/lostcalls?view=overdue", http.StatusOK, "139****1176", "已超时 1")
}

func revealsOne(t *testing.T, w *world, wang, li *person) {
	form := url.Values{"call": {"f"}, "reason": {"回拨未接来电"}}
	req, err := http.NewRequest(http.MethodPost, wang.base+"/lostcalls/reveal", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := wang.client.Do(req.WithContext(bounded(t)))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // what it says is asked for below
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %q", got)
	}
	status, body := wang.post("/lostcalls/reveal", form)
	says(t, "a number", status, body, http.StatusOK, numberF, "已记入审计日志")
	for what, tt := range map[string]struct {
		who  *person
		form url.Values
		want string
	}{
		"of somebody else's item": {li, form, "请先领取"},
		"without a reason":        {wang, url.Values{"call": {"f"}}, "请填写事由"},
		"of no such call":         {wang, url.Values{"call": {"zz"}, "reason": {"x"}}, "不在清单中"},
	} {
		status, body := tt.who.post("/lostcalls/reveal", tt.form)
		if status == http.StatusOK || !strings.Contains(body, tt.want) && status != http.StatusNotFound || strings.Contains(body, numberF) {
			t.Errorf("%s: %d %s", what, status, tail(shownText(t, body)))
		}
	}
	other := w.person("赵敏", "preparer") // may call back; web.reveal_roles does not name the role
	other.sees("/lostcalls/item?call=f", http.StatusOK, "从 王芳 接手")
	status, body = other.post("/lostcalls/reveal", form)
	says(t, "a role that may not", status, body, http.StatusForbidden, "您的角色不在其中")
	log := w.must("audit", "list", "--action", "reveal")
	for _, want := range []string{"王芳 (page): 回拨未接来电", "refused: 李强 has not taken it", "refused: web.reveal_roles does not name preparer"} {
		if !strings.Contains(log, want) {
			t.Errorf("the audit log lacks %q:\n%s", want, log)
		}
	}
	for _, path := range []string{"/lostcalls", "/lostcalls?view=all", "/lostcalls/item?call=f"} {
		_, body := wang.get(path)
		for _, number := range []string{numberA, numberB, numberC, numberE, numberF} {
			if strings.Contains(body, number) {
				t.Errorf("%s shows a number that nobody asked for there", path)
			}
		}
	}
}

func endsOfLost(t *testing.T, w *world, wang, li *person, now time.Time) {
	act := func(p *person, call string, pairs ...string) (int, string) {
		_, page := p.get("/lostcalls/item?call=" + call)
		form := url.Values{"call": {call}, "back": {"/lostcalls/item?call=" + call}}
		if strings.Contains(page, `name="seen"`) {
			form.Set("seen", hidden(t, page, "seen"))
		}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return p.post("/lostcalls/act", form)
	}
	// b calls again and is answered; f is tried three times; a turns out to have been answered.
	w.lostFile(now, lostLine{id: "b2", ago: 2, outcome: "answered", caller: numberB})
	w.wantLost("a redial", "taken f 王芳 late", "owed a+a2", "redialled b", "short c", "withheld d", "owed e")
	stale := url.Values{"call": {"b"}, "seen": {""}, "step": {"taken"}}
	status, body := li.post("/lostcalls/act", stale)
	says(t, "who has got through", status, body, http.StatusConflict, "再次来电并接通")
	li.sees("/lostcalls?view=redialled", http.StatusOK, "139****1172", "已再次接通")

	for n := 1; n <= 3; n++ {
		status, body = act(wang, "f", "step", "tried")
		says(t, "an attempt", status, body, http.StatusOK, fmt.Sprintf("%d 次未接通", n))
	}
	w.wantLost("three attempts", "done f not_reached", "owed a+a2", "redialled b", "short c", "withheld d", "owed e")
	status, body = act(li, "f", "step", "reopened")
	says(t, "opening again without a reason", status, body, http.StatusUnprocessableEntity, "请填写原因")
	status, body = act(li, "f", "step", "reopened", "reason", "登记错误")
	says(t, "opening again", status, body, http.StatusOK, "已重新列入待回拨", "登记错误", "没人接")
	w.must("callbacks", "take", "f", "--by", "李强")
	w.must("callbacks", "done", "f", "--result", "reached", "--by", "李强")
	w.wantLost("reached", "done f reached", "owed a+a2", "redialled b", "short c", "withheld d", "owed e")

	w.lostFile(now, lostLine{id: "a", version: 2, ago: 60, outcome: "answered", caller: numberA}) // before a2 was lost
	w.wantLost("answered after all", "done f reached", "redialled b", "owed a2", "short c", "withheld d", "owed e")
	w.lostFile(now, lostLine{id: "e", version: 2, ago: 45, outcome: "voicemail", caller: numberE}) // it had arrived earlier
	w.wantLost("moved", "done f reached", "redialled b", "owed e", "owed a2", "short c", "withheld d")
	w.lostFile(now, lostLine{id: "e", version: 3, ago: 45, outcome: "voicemail", caller: numberA}) // and was somebody else
	w.wantLost("another caller", "done f reached", "redialled b", "owed e+a2", "short c", "withheld d")
	status, body = act(wang, "a2", "step", "done", "result", "withdrawn")
	says(t, "nothing to call back for, without a reason", status, body, http.StatusUnprocessableEntity, "请填写原因")
	status, body = act(wang, "a2", "step", "done", "result", "withdrawn", "reason", "来电人已到窗口办理")
	says(t, "nothing to call back for", status, body, http.StatusOK, "不需回拨", "来电人已到窗口办理")
	w.wantLost("withdrawn", "done f reached", "redialled b", "done e+a2 withdrawn", "short c", "withheld d")
	w.lostFile(time.Now(), lostLine{id: "f2", outcome: "abandoned_queue", caller: numberF})
	if list := stands(w.lost()); len(list) != 1 || list[0] != "owed f2" {
		t.Errorf("lost again after it was done: %v", list)
	}
}

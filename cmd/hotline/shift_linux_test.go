package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/app"
)

// TestShift hands shifts over: two persons sign, points go on until they are ticked off, what
// was signed stays as it was, and a power loss forgets nothing.
func TestShift(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("web.loopback_role=supervisor", "rules.calendar=always")
	up := w.up()
	viewer, wang, li, rev := w.person("大屏", "viewer"), w.person("王芳", "supervisor"), w.person("李强", "supervisor"), w.person("周洁", "reviewer")
	viewer.sees("/shift", http.StatusForbidden, "没有权限")
	rev.sees("/shift", http.StatusOK, "您的角色只能查看", "还没有交过班")
	status, body := rev.post("/shift/hand", url.Values{"notes": {"x"}})
	says(t, "a role that leads no shift", status, body, http.StatusForbidden, "没有权限")
	status, body = w.stranger().post("/shift/hand", url.Values{"notes": {"x"}})
	says(t, "without a name", status, body, http.StatusUnprocessableEntity, "交接班须署名")
	if !strings.Contains(body, `<a class="act" href="/login?next=%2Fshift">登录</a>`) {
		t.Error("who has to sign in is not led to where one does")
	}

	now := time.Now()
	w.lostFile(now, lostLine{id: "a", ago: 3, outcome: "abandoned_queue", caller: numberA}, lostLine{id: "b", ago: 2, outcome: "answered", caller: numberB})
	w.must("outages", "add", "--from", now.Add(-time.Minute).UTC().Format(time.RFC3339), "--cause", "线路中断", "--evidence", "故障单1", "--by", "王芳")
	want := statement(t, w.must("kpi", "--from", now.In(shanghai(t)).Format(time.DateOnly), "--format", "json"))
	wang.shows("/shift", "50.0% (1/2)")
	page := wang.sees("/shift", http.StatusOK, "交班签字:王芳", "线路中断", "没有待办事项")
	both := url.Values{"seen": {hidden(t, page, "seen")}, "notes": {"下午系统升级"}, "points": {"回访张先生\n\n  3号坐席耳机待换  "}}
	status, body = wang.post("/shift/hand", both)
	says(t, "the outgoing signature", status, body, http.StatusOK, "已交班签字", "等待接班", "回访张先生", "3号坐席耳机待换", "下午系统升级")
	// Whoever can take it over is told on every page; the others are not.
	li.sees("/history", http.StatusOK, "交接班 1 项等您处理")
	li.sees("/morning?lang=en", http.StatusOK, "Hand-over 1 waiting for you", "王芳 has handed over")
	li.sees("/morning?lang=zh", http.StatusOK, "王芳 已交班,等待接班签字")
	for _, p := range []*person{wang, rev, viewer} {
		if _, page := p.get("/history"); strings.Contains(page, "等您处理") {
			t.Error("somebody is told of a hand-over they cannot take")
		}
	}
	other := url.Values{"seen": both["seen"], "notes": {"我也要交班"}}
	status, body = li.post("/shift/hand", other)
	says(t, "a second one beside it", status, body, http.StatusConflict, "已有人交班", "我也要交班")
	id := url.Values{"id": {hidden(t, body, "id")}, "remark": {"已清点"}}
	status, body = wang.post("/shift/take", id)
	says(t, "both signatures by one", status, body, http.StatusUnprocessableEntity, "交班人不能自己接班")
	status, body = w.stranger().post("/shift/take", id)
	says(t, "the second without a name", status, body, http.StatusUnprocessableEntity, "交接班须署名")
	status, body = li.post("/shift/take", id)
	says(t, "the incoming signature", status, body, http.StatusOK, "已接班", "王芳", "李强")
	if strings.Contains(body, "等您处理") {
		t.Error("what was done still waits")
	}
	status, body = w.person("赵敏", "administrator").post("/shift/take", id)
	says(t, "a third one", status, body, http.StatusConflict, "已被接班或撤回")

	signed := w.shifts(t)
	if len(signed) != 1 || signed[0].Incoming != "李强" || signed[0].Outgoing != "王芳" || signed[0].Remark != "已清点" || len(signed[0].Points) != 2 {
		t.Fatalf("signed: %+v", signed)
	}
	s := signed[0].State
	if *s.RateNum != want.Counts.Answered || *s.RateDen != want.Counts.Requested || *s.Offered != want.Counts.Offered || *s.CallbacksOwed != 1 || len(s.Outages) != 1 || s.DataTo == nil || s.Zone != "Asia/Shanghai" {
		t.Errorf("signed with %+v, kpi says %+v", s, want.Counts)
	}
	// The lost call turns out to have been answered: the sheet says what was, and what is.
	w.lostFile(now, lostLine{id: "a", version: 2, ago: 3, outcome: "answered", caller: numberA})
	li.sees("/shift/one?id="+signed[0].ID, http.StatusOK, "50.0% (1/2)", "当日全天 100.0% (2/2)", "交班人 王芳", "接班人 李强", "人工接通率 · 口径待确认")
	li.sees("/shift/one?id=none", http.StatusNotFound, "页面不存在")
	if after := w.shifts(t)[0].State; *after.RateNum != *s.RateNum || *after.RateDen != *s.RateDen {
		t.Errorf("a correction has changed what was signed: %+v", after)
	}

	// The next hand-over ticks one point off; taken back and signed again.
	page = li.sees("/shift", http.StatusOK, "回访张先生", "3号坐席耳机待换", "交班签字:李强")
	point := signed[0].Points[0].ID
	next := url.Values{"seen": {hidden(t, page, "seen")}, "done": {point}}
	if status, body = li.post("/shift/hand", next); status != http.StatusOK {
		t.Fatalf("the next hand-over: %d %s", status, tail(body))
	}
	id = url.Values{"id": {hidden(t, body, "id")}, "decision": {"withdraw"}, "reason": {"漏写一项"}}
	status, body = wang.post("/shift/take", id)
	says(t, "taking back another's", status, body, http.StatusUnprocessableEntity, "只有交班人本人")
	status, body = li.post("/shift/take", id)
	says(t, "taking it back", status, body, http.StatusOK, "已撤回交班", "回访张先生")
	next.Set("seen", hidden(t, body, "seen"))
	_, body = li.post("/shift/hand", next)
	_, body = wang.post("/shift/take", url.Values{"id": {hidden(t, body, "id")}})
	if text := shownText(t, body); strings.Contains(text, "回访张先生") || !strings.Contains(text, "3号坐席耳机待换") {
		t.Errorf("the points that are left: %s", tail(text))
	}
	before := w.must("shift", "list")
	if strings.Count(before, "handed over") != 3 || !strings.Contains(before, "withdrawn by 李强: 漏写一项") {
		t.Errorf("listed:\n%s", before)
	}
	if out := w.must("shift", "show", signed[0].ID); !strings.Contains(out, "50.00% (1/2), definition agent, not confirmed") || !strings.Contains(out, "线路中断") {
		t.Errorf("shown:\n%s", out)
	}
	up.kill() // as a power loss does
	gone(t, up.pid())
	w.up()
	if after := w.must("shift", "list"); after != before {
		t.Errorf("after a power loss:\n%s\nbefore:\n%s", after, before)
	}
}

func (w *world) shifts(t *testing.T) []app.ShiftLine {
	t.Helper()
	var listed struct{ Shifts []app.ShiftLine }
	if err := json.Unmarshal([]byte(w.must("shift", "list", "--format", "json")), &listed); err != nil {
		t.Fatal(err)
	}
	return listed.Shifts
}

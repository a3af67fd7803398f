package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
)

// person uses the pages as a browser does, without one.
type person struct {
	t      *testing.T
	base   string
	client *http.Client
}

// person signs somebody in who was given a role.
func (w *world) person(name, role string, flags ...string) *person {
	w.t.Helper()
	token := strings.TrimSpace(w.must(append([]string{"people", "add", name, "--role", role}, flags...)...))
	p := w.stranger()
	status, body := p.post("/login", url.Values{"token": {token}, "next": {"/entries"}})
	if status != http.StatusOK || !strings.Contains(body, name) {
		w.t.Fatalf("%s cannot sign in: %d %s", name, status, tail(body))
	}
	return p
}

// stranger has not signed in.
func (w *world) stranger() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{t: w.t, base: "http://" + w.settings["web.listen"], client: &http.Client{Jar: jar}}
}

func (p *person) do(req *http.Request) (int, string) {
	p.t.Helper()
	res, err := p.client.Do(req.WithContext(bounded(p.t)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (p *person) get(path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(req)
}

func (p *person) post(path string, form url.Values) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(req)
}

// sees wants a status and words on a page.
func (p *person) sees(path string, status int, words ...string) string {
	p.t.Helper()
	got, body := p.get(path)
	says(p.t, path, got, body, status, words...)
	return body
}

func says(t *testing.T, what string, got int, body string, status int, words ...string) {
	t.Helper()
	text := shownText(t, body)
	for _, word := range words {
		if got != status || !strings.Contains(text, word) {
			t.Errorf("%s: %d, want %d and %q in:\n%s", what, got, status, word, tail(text))
		}
	}
}

// shownText is what a page says, without its markup.
func shownText(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// hidden is the value of a hidden field.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no field %s in %s", name, tail(page))
	}
	return m[1]
}

// TestPeopleAtWork enters, closes and looks back through the pages, in the roles that may,
// and tries what the others may not.
func TestPeopleAtWork(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["web.loopback_role"] = ""
	w.up()
	w.must("import", w.write("year.csv", yearOfCalls()), "--source", "generic-csv", "--zone", "Asia/Shanghai")

	nobody := w.stranger()
	nobody.sees("/report", http.StatusOK, "登录", "令牌") // led to where one signs in
	for path, want := range map[string]int{"/api/board": 401, "/api/events": 401, "/metrics": 200, "/healthz": 200, "/page/base.css": 200} {
		if status, body := nobody.get(path); status != want {
			t.Errorf("%s for a stranger: %d %s", path, status, tail(body))
		}
	}
	status, body := nobody.post("/login", url.Values{"token": {"hp_0123456789ab_x"}})
	says(t, "a wrong token", status, body, http.StatusForbidden, "令牌不对")

	viewer, wang, li := w.person("大屏", "viewer"), w.person("王芳", "preparer"), w.person("李强", "reviewer")
	chief := w.person("赵敏", "administrator")
	for _, path := range []string{"/calls?figure=offered&period=2026Q1", "/calls/list?figure=offered&period=2026Q1"} {
		viewer.sees(path, http.StatusForbidden, "没有权限", "班长", "您当前的身份是“查看”")
	}
	value := url.Values{"code": {"policy_awareness"}, "period": {"2026Q1"}, "value": {"95.3"}, "evidence": {"问卷2026-1号"}}
	for _, other := range []*person{viewer, li} {
		if status, body := other.post("/entries/value", value); status != http.StatusForbidden || !strings.Contains(body, "没有权限") {
			t.Errorf("a role that may not enter: %d", status)
		}
	}
	t.Run("entries", func(t *testing.T) { entersValues(t, w, wang, chief, value) })
	t.Run("figures", func(t *testing.T) { seesFigures(t, w, li) })
	t.Run("closing", func(t *testing.T) { closesPeriod(t, w, wang, li) })

	// Who is of one centre asks for no other's figures.
	far := w.person("远方", "preparer", "--centre", "elsewhere")
	far.sees("/history?period=2026Q1&centre=default", http.StatusOK, "合计 0 0 0 0 无数据")
	far.sees("/sealed", http.StatusOK, "还没有锁定的报告")
	far.sees("/calls?figure=offered&period=2026Q1", http.StatusOK, "来电总量 2026年第一季度 · elsewhere 0")

	w.must("people", "revoke", "王芳")
	wang.sees("/entries", http.StatusOK, "此令牌已停用")
	nobody.sees("/login?lang=en&why=expired", http.StatusOK, "Sign in", "expired")
}

func entersValues(t *testing.T, w *world, wang, chief *person, value url.Values) {
	without := url.Values{"code": value["code"], "period": value["period"], "value": value["value"]}
	status, body := wang.post("/entries/value", without)
	says(t, "a value without evidence", status, body, http.StatusUnprocessableEntity, "未保存", "请填写佐证材料")
	wrong := url.Values{"code": value["code"], "period": value["period"], "value": {"95,3"}, "evidence": value["evidence"]}
	status, body = wang.post("/entries/value", wrong)
	says(t, "a value that is no number", status, body, http.StatusUnprocessableEntity, "未保存", "“95,3”不是数字")
	status, body = wang.post("/entries/value?lang=en", without)
	says(t, "the same in English", status, body, http.StatusUnprocessableEntity, "the evidence is missing")
	wang.sees("/entries?lang=zh", http.StatusOK, "未填报")

	// Both have opened the form; one saves, the other is told and decides.
	form := wang.sees("/entries/value?code=policy_awareness&period=2026Q1", http.StatusOK, "12333政策宣传知晓率")
	value.Set("replaces", hidden(t, form, "replaces"))
	status, body = wang.post("/entries/value", value)
	says(t, "a value", status, body, http.StatusOK, "已保存:12333政策宣传知晓率", "95.3 %", "王芳", "问卷2026-1号")
	theirs := url.Values{"code": value["code"], "period": value["period"], "value": {"94.1"}, "evidence": {"问卷2026-1号复核"}, "replaces": {hidden(t, form, "replaces")}, "reason": {"复核"}}
	status, body = chief.post("/entries/value", theirs)
	says(t, "a second value at once", status, body, http.StatusConflict, "他人已更改此项", "95.3 %", "王芳", "94.1")
	theirs.Set("replaces", hidden(t, body, "replaces"))
	status, body = chief.post("/entries/value", theirs)
	says(t, "the decision", status, body, http.StatusOK, "94.1 %", "赵敏")
	chief.sees("/entries/value?code=policy_awareness&period=2026Q1", http.StatusOK, "填报历史", "95.3 %", "已被替换", "94.1 %", "现行")

	var listed struct{ Entries []app.EntryLine }
	if err := json.Unmarshal([]byte(w.must("enter", "--list", "policy_awareness", "--format", "json")), &listed); err != nil {
		t.Fatal(err)
	}
	if e := listed.Entries; len(e) != 2 || e[0].By != "王芳" || e[1].By != "赵敏" || !e[1].Holds || e[1].Replaces != e[0].ID {
		t.Errorf("the journal has %+v", e)
	}
	status, body = wang.post("/entries/value", url.Values{"code": {"answer_rate"}, "period": {"2026Q1"}, "what": {"cause"}, "cause": {"春节后请求集中"}, "measures": {"增加坐席"}, "category": {"人员"}})
	says(t, "a cause", status, body, http.StatusOK, "春节后请求集中;措施:增加坐席")
	status, body = wang.post("/entries/totals", url.Values{"day": {"2026-01-10"}, "counter": {"pbx"}, "offered": {"11"}, "answered": {"8"}, "evidence": {"日报"}, "period": {"2026Q1"}})
	says(t, "a day's totals", status, body, http.StatusOK, "新填 1 天", "2026-01-10", "日报")
	status, body = wang.post("/entries/totals", url.Values{"day": {"2026-01-10"}, "counter": {"pbx"}, "offered": {"12"}, "evidence": {"日报"}, "period": {"2026Q1"}})
	says(t, "other totals of the day", status, body, http.StatusUnprocessableEntity, "以下日期已有不同总数", "来电总量 11 人工接听量 8")
	status, body = wang.post("/entries/outages", url.Values{"begins": {"2026-03-02T09:30"}, "ends": {"2026-03-02T10:00"}, "cause": {"线路中断"}, "evidence": {"运营商通知"}})
	says(t, "an outage", status, body, http.StatusOK, "线路中断", "2026-03-02 09:30")
}

// seesFigures holds the pages' figures against the command line's.
func seesFigures(t *testing.T, w *world, p *person) {
	s := statement(t, w.must("kpi", "--from", "2026-01-01", "--to", "2026-04-01", "--format", "json"))
	ratio := kpi.Ratio{Num: s.Counts.Answered, Den: s.Counts.Requested}
	rate, _ := kpi.CutPercent(ratio, 2)
	p.sees("/history?period=2026Q1&by=day", http.StatusOK, "合计", rate, fmt.Sprint(s.Counts.Offered), "2026-01-10")
	report := p.sees("/report?period=2026Q1", http.StatusOK, rate, "项目支出绩效", "草稿")
	link := regexp.MustCompile(`<a href="(/calls\?figure=answer_rate_agent&amp;period=2026Q1)">` + regexp.QuoteMeta(rate) + `</a>`).FindStringSubmatch(report)
	if link == nil {
		t.Fatalf("the report does not lead from %s to its calls", rate)
	}
	calls := p.sees(strings.ReplaceAll(link[1], "&amp;", "&"), http.StatusOK, rate, fmt.Sprintf("%d / %d", ratio.Num, ratio.Den), "与报表计数完全一致", "year.csv:")
	next := regexp.MustCompile(`href="(/calls/list[^"]+role=denominator[^"]*)"`).FindStringSubmatch(calls)
	if next == nil {
		t.Fatalf("no list of all calls in %s", tail(calls))
	}
	list := p.sees(strings.ReplaceAll(next[1], "&amp;", "&"), http.StatusOK, "仅计入分母", "year.csv:")
	if n := int64(strings.Count(list, "<td>02-") + strings.Count(list, "<td>01-") + strings.Count(list, "<td>03-")); n != ratio.Den-ratio.Num {
		t.Errorf("%d calls are listed, want %d", n, ratio.Den-ratio.Num)
	}
	p.sees("/calls?figure=weather&period=2026Q1", http.StatusUnprocessableEntity, "没有数字“weather”")
	p.sees("/report?period=2026Q9", http.StatusBadRequest, "季度只有 Q1 至 Q4")
	for _, format := range []string{"html", "csv", "json", "xlsx", "docx"} {
		w.must("report", "--period", "2026Q1", "--table", "13", "--out", w.path("asked."+format))
		want, err := os.ReadFile(w.path("asked." + format))
		if err != nil {
			t.Fatal(err)
		}
		if status, got := p.get("/report/download?period=2026Q1&table=13&format=" + format); status != http.StatusOK || !bytes.Equal([]byte(got), want) {
			t.Errorf("%s: %d, %d bytes are not the %d of the command", format, status, len(got), len(want))
		}
	}
}

// closesPeriod goes through preparing, giving back, preparing again and sealing.
func closesPeriod(t *testing.T, w *world, wang, li *person) {
	page := wang.sees("/closing?period=2026Q1", http.StatusOK, "关账清单", "待说明")
	if text := shownText(t, page); strings.Contains(text, app.CheckValues) {
		t.Errorf("a code stands among the words: %s", tail(text))
	}
	answers := url.Values{"period": {"2026Q1"}, "replaces": {""}}
	for _, m := range regexp.MustCompile(`name="answer_([a-z_]+)"`).FindAllStringSubmatch(page, -1) {
		answers.Set("answer_"+m[1], "试点期间 "+m[1])
	}
	status, body := wang.post("/closing/prepare", answers)
	says(t, "without a head", status, body, http.StatusUnprocessableEntity, "未提交:请填写负责人", "试点期间 "+app.CheckValues)
	answers.Set("head", "赵敏")
	some := url.Values{"period": {"2026Q1"}, "head": {"赵敏"}, "answer_" + app.CheckValues: {"年底"}}
	status, body = wang.post("/closing/prepare", some)
	says(t, "a part of the answers", status, body, http.StatusOK, "王芳", "等待复核", "补全并重新提交后才能锁定")
	review := func(p *person, decision string) (int, string) {
		_, page := p.get("/closing?period=2026Q1")
		id := regexp.MustCompile(`name="replaces" value="([^"]+)"`).FindStringSubmatch(page)
		if id == nil {
			t.Fatalf("nothing is prepared: %s", tail(page))
		}
		return p.post("/closing/review", url.Values{"period": {"2026Q1"}, "replaces": {id[1]}, "decision": {decision}, "reason": {"请补全说明"}})
	}
	status, body = review(li, "seal")
	says(t, "sealing with open items", status, body, http.StatusUnprocessableEntity, "清单中仍有未说明的事项")
	status, body = review(wang, "seal")
	says(t, "sealing as a preparer", status, body, http.StatusForbidden, "没有权限")
	status, body = review(li, "back")
	says(t, "giving back", status, body, http.StatusOK, "李强", "退回:请补全说明")

	page = wang.sees("/closing?period=2026Q1", http.StatusOK, "退回:请补全说明", "关账 1 项等您处理")
	answers.Set("replaces", hidden(t, page, "replaces"))
	status, body = wang.post("/closing/prepare", answers)
	says(t, "all answers", status, body, http.StatusOK, "等待复核", "请另一位复核人登录")
	li.sees("/closing?period=2026Q1", http.StatusOK, "提交之后数字没有变化", "关账 1 项等您处理")
	li.sees("/morning", http.StatusOK, "2026年第一季度:王芳 已提交关账,等待复核")
	before, after := w.counts("2026Q1"), callLine("02-01", 2, day(2026, 2, 10), false)
	w.must("import", w.write("between.csv", "call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue\n"+after), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	changed := li.sees("/closing?period=2026Q1", http.StatusOK, "提交之后有", "提交时", fmt.Sprintf("人工接听量 %d %d -1", before.Answered, before.Answered-1))
	now := regexp.MustCompile(`<a href="(/calls\?figure=answered&amp;period=2026Q1)">(\d+)</a>`).FindStringSubmatch(changed)
	if now == nil {
		t.Fatalf("what changed does not lead to its calls: %s", tail(changed))
	}
	li.sees(strings.ReplaceAll(now[1], "&amp;", "&"), http.StatusOK, "人工接听 2026年第一季度 "+now[2])
	if out := w.must("report", "list"); !strings.Contains(out, "no report was closed") {
		t.Errorf("closed before its review: %s", out)
	}
	status, body = review(li, "seal")
	if strings.Contains(body, "等您处理") {
		t.Error("what was sealed still waits for review")
	}
	says(t, "sealing", status, body, http.StatusOK, "已锁定:2026年第一季度,链条第 1 条", "王芳", "李强", "赵敏")

	part := regexp.MustCompile(`href="(/sealed/part\?[^"]*report\.zh\.xlsx)"`).FindStringSubmatch(body)
	if part == nil {
		t.Fatalf("nothing to download: %s", tail(body))
	}
	read := regexp.MustCompile(`href="(/sealed/part\?[^"]*report\.zh\.html[^"]*read=1)"`).FindStringSubmatch(body)
	if read == nil {
		t.Fatalf("nothing to open and print: %s", tail(body))
	}
	form := strings.ReplaceAll(read[1], "&amp;", "&")
	li.sees(form, http.StatusOK, "项目支出绩效自评表")
	res, err := li.client.Get(li.base + form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if h := res.Header; h.Get("Content-Disposition") != "inline" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("what is opened to be printed may do more than look: %v", h)
	}
	want := w.sealedBytes("sealed.xlsx", "--period", "2026Q1")
	if status, got := li.get(strings.ReplaceAll(part[1], "&amp;", "&")); status != http.StatusOK || !bytes.Equal([]byte(got), want) {
		t.Errorf("%d: %d bytes are not the %d that were sealed", status, len(got), len(want))
	}
	w.must("import", w.write("late.csv", "call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue\n"+
		callLine("01-00", 2, day(2026, 1, 10), true)), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	diff := regexp.MustCompile(`href="(/sealed/difference\?[^"]*)"`).FindStringSubmatch(body)
	if page := shownText(t, li.sees(diff[1], http.StatusOK, "上报值", "现值", "人工接听量", "更正 1 通", "01-00", "v2 人工接听")); strings.Contains(page, "corrected") {
		t.Errorf("the reasons are in English too: %s", tail(page))
	}
	if page := shownText(t, li.sees(diff[1]+"&lang=en", http.StatusOK, "As submitted", "answered by agents", "corrected: 1", "v2 answered by an agent")); strings.Contains(page, "更正 1 通") {
		t.Errorf("the reasons are in Chinese too: %s", tail(page))
	}
	li.sees("/sealed?lang=en", http.StatusOK, "first quarter of 2026")
	li.sees("/sealed?lang=zh", http.StatusOK, "已锁定报告", "2026年第一季度")
	li.sees(diff[1], http.StatusOK, "上报值与现值 · 2026年第一季度")
	if out := w.must("audit", "list", "--action", "close_report"); !strings.Contains(out, "填报人 王芳 复核人 李强") {
		t.Errorf("the audit log does not say who: %s", out)
	}
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 10, 0, 0, 0, time.UTC) }

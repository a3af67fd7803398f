package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// TestPagesInBrowser goes the officer's way in a real browser: a value with its evidence, a
// quarter closed, its report downloaded. Pages neither complain nor ask anything of others.
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["web.loopback_role"] = "administrator"
	b := testkit.Chromium(t, w.settings["web.listen"])
	w.up()
	w.must("import", w.write("year.csv", yearOfCalls()), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	base := "http://" + w.settings["web.listen"]
	signIn := func(name, role string) chromedp.Action {
		token := strings.TrimSpace(w.must("people", "add", name, "--role", role))
		return chromedp.Tasks{
			chromedp.Navigate(base + "/login?next=/entries"), chromedp.SendKeys(`input[name=token]`, token),
			chromedp.Click(`form.card button.primary`), testkit.Holds(`document.querySelector('nav a[aria-current]') !== null`),
		}
	}
	var text, rate, english string
	b.Run(t, chromedp.Navigate(base+"/"), chromedp.WaitVisible(`#freshness b, #freshness:not(:empty)`), chromedp.Text(`#title`, &text))
	if text != "12333 热线" {
		t.Errorf("the board is called %q", text)
	}
	b.Run(t, signIn("王芳", "preparer"),
		chromedp.Navigate(base+"/entries/value?code=policy_awareness&period=2026Q1"),
		chromedp.SendKeys(`input[name=value]`, "95.3"), chromedp.SendKeys(`input[name=evidence]`, "问卷2026-1号"),
		chromedp.Click(`form[action="/entries/value"] button.primary`), chromedp.WaitVisible(`.alert.good`), chromedp.Text(`.alert.good`, &text))
	if !strings.Contains(text, "12333政策宣传知晓率") {
		t.Errorf("after saving: %q", text)
	}
	fill := `document.querySelectorAll('textarea[name^=answer_]').forEach(a => { a.value = '试点' })`
	b.Run(t, chromedp.Navigate(base+"/closing?period=2026Q1"), chromedp.WaitVisible(`.checks`), chromedp.Evaluate(fill, nil),
		chromedp.SendKeys(`input[name=head]`, "赵敏"), chromedp.Click(`#prepare button`), testkit.Shows(`.tag.warn`, "王芳")) // the page before has such tags too
	status, body := w.stranger().post("/closing/review", url.Values{"period": {"2026Q1"}, "decision": {"seal"}})
	says(t, "sealing without a name", status, body, http.StatusUnprocessableEntity, "关账须署名")
	b.Run(t, chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible(`input[name=token]`), signIn("李强", "reviewer"),
		chromedp.Navigate(base+"/closing?period=2026Q1"), chromedp.Click(`.review button.primary`), chromedp.WaitVisible(`.alert.good`), chromedp.Text(`.alert.good`, &text))
	if !strings.Contains(text, "已锁定:2026年第一季度,链条第 1 条") {
		t.Errorf("after sealing: %q", text)
	}
	figure := `a[href^="/calls?figure=answer_rate_agent&period=2026Q1"]`
	b.Run(t, chromedp.Navigate(base+"/report?period=2026Q1&lang=en"), chromedp.Text(`h1.screen`, &english), chromedp.Text(figure, &rate),
		chromedp.Click(figure), chromedp.WaitVisible(`.figure .large b`), chromedp.Text(`.figure .large b`, &text))
	s := statement(t, w.must("kpi", "--from", "2026-01-01", "--to", "2026-04-01", "--format", "json"))
	want, _ := kpi.CutPercent(kpi.Ratio{Num: s.Counts.Answered, Den: s.Counts.Requested}, 2)
	if rate != want || text != want || english != "Indicator report" {
		t.Errorf("%q shows %q, its calls %q, kpi %s", english, rate, text, want)
	}
	w.must("import", w.write("names.csv", longNames()), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	for i, path := range []string{
		"/history?period=2026Q1&by=queue", "/history?period=2026Q1&by=agent", "/history?period=2026Q1&by=topic", "/report?period=2026Q1", "/entries?period=2026Q1", "/entries/value?code=policy_awareness&period=2026Q1",
		"/entries/totals", "/entries/outages", "/closing?period=2026Q1", "/sealed", "/morning?date=2026-03-03", "/calls?figure=answer_rate_agent&period=2026Q1", "/runbooks/LongestWait", "/login",
	} {
		looksGood(t, b, base+path, i)
	}
	b.Quiet(t)
}

// looksGood looks at a page on a desk, at twice the size, and on a phone, in both languages and
// themes; not with the race detector, to which they are all alike.
func looksGood(t *testing.T, b *testkit.Browser, address string, odd int) {
	t.Helper()
	if testing.Short() {
		return
	}
	tastes := []string{"zh&theme=light", "en&theme=dark", "zh&theme=dark", "en&theme=light"}
	for i, size := range [][2]int64{{1366, 768}, {683, 384}, {390, 844}} {
		at := withLang(address, tastes[(i+odd)%len(tastes)])
		b.Run(t, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(at), chromedp.WaitReady(`main`))
		where := fmt.Sprint(size, " ", at)
		b.Looks(t, where)
		if i == odd%3 {
			b.Accessible(t, where)
		}
	}
}

// longNames are calls of queues, agents and topics with the longest names there may be, and
// with those that would be something else in a page.
func longNames() string {
	file := "call_id,started_at,queued_at,answered_at,ended_at,outcome,queue,agent,topics,caller\n"
	for i, name := range []string{
		strings.Repeat("城乡居民养老", 7), strings.Repeat("Unemployment", 10), `"<b>养老</b>&'q' <script>alert(1)</script>"`, "A very long name of a queue that could be broken between any two of its many words",
	} {
		for j, outcome := range []string{"answered", "abandoned_queue", "timed_out"} {
			answered := ""
			if outcome == "answered" {
				answered = "2026-03-02 09:31:00"
			}
			file += fmt.Sprintf("%s%d%d,2026-03-02 09:30:00,2026-03-02 09:30:10,%s,2026-03-02 09:34:00,%s,%s,%s,%s,1390000%d%03d\n", strings.Repeat("long-", 20), i, j, answered, outcome, name, name, name, i, j)
		}
	}
	return file
}

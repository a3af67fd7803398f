package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/testkit"
)

// tabTo moves the focus with the keyboard until it is on what the selector finds.
func tabTo(selector string) chromedp.Action {
	reached := false
	return chromedp.Tasks{chromedp.ActionFunc(func(ctx context.Context) error {
		for range 60 {
			if err := chromedp.KeyEvent(kb.Tab).Do(ctx); err != nil {
				return err
			}
			if err := chromedp.Evaluate(`document.activeElement.matches(`+"`"+selector+"`"+`)`, &reached).Do(ctx); err != nil || reached {
				return err
			}
		}
		return fmt.Errorf("the keyboard does not reach %s", selector)
	})}
}

// TestWorkPagesInBrowser goes a supervisor's way in a real browser, with the keyboard: whom
// to call back, the number, what came of it, and the shift handed over.
func TestWorkPagesInBrowser(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("web.loopback_role=", "intake.callbacks.enabled=true", "web.reveal_roles=supervisor", "rules.calendar=always")
	b := testkit.Chromium(t, w.settings["web.listen"])
	w.up()
	now := time.Now()
	w.lostFile(now, lostLine{id: "late", ago: 300, outcome: "abandoned_queue", caller: numberA}, lostLine{id: "next", ago: 9, outcome: "voicemail", caller: numberB},
		lostLine{id: "again", ago: 5, outcome: "voicemail", caller: numberB})
	base := "http://" + w.settings["web.listen"]
	signIn := func(name string) chromedp.Action {
		token := strings.TrimSpace(w.must("people", "add", name, "--role", "supervisor"))
		return chromedp.Tasks{
			chromedp.Navigate(base + "/login?next=/lostcalls"), chromedp.SendKeys(`input[name=token]`, token),
			chromedp.Click(`form.card button.primary`), testkit.Holds(`document.querySelector('nav a[aria-current]') !== null`),
		}
	}
	var text, number, live string
	b.Run(t, signIn("王芳"), chromedp.Text(`section.next`, &text),
		tabTo(`section.next button`), chromedp.KeyEvent(kb.Enter), // to the caller who waits longest
		chromedp.WaitVisible(`form.reveal`), tabTo(`form.reveal button`), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(`.number b`), chromedp.Text(`.number b`, &number),
		tabTo(`.results button.primary`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.alert.good`))
	if !strings.Contains(text, "139****1171") || !strings.Contains(text, "已超时") || number != numberA {
		t.Errorf("next: %q, its number %q", text, number)
	}
	if got := stands(w.lost("--view", "all")); len(got) != 2 || got[1] != "owed next+again" || !strings.Contains(got[0], "done late") {
		t.Errorf("after calling back: %v", got)
	}
	// The other caller gets through: the page shows it by itself, and says so once.
	b.Run(t, chromedp.Navigate(base+"/lostcalls"), chromedp.WaitVisible(`section.next`))
	w.lostFile(now, lostLine{id: "through", ago: 1, outcome: "answered", caller: numberB})
	testkit.Eventually(t, testkit.Patience, func() error {
		b.Run(t, chromedp.Evaluate(`dispatchEvent(new Event('focus')); document.getElementById('live').textContent`, &live))
		if !strings.Contains(live, "没有待回拨的来电") {
			return fmt.Errorf("the page still shows %q", live)
		}
		return nil
	})
	b.Run(t, chromedp.Navigate(base+"/shift"), tabTo(`textarea[name=points]`), chromedp.KeyEvent("回访张先生"),
		tabTo(`form.hand button.big`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.alert.good`),
		chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible(`input[name=token]`), signIn("李强"),
		chromedp.Navigate(base+"/shift"), tabTo(`form button.big`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.alert.good`), chromedp.Text(`table.list:last-of-type tbody`, &text))
	if s := w.shifts(t); len(s) != 1 || s[0].Outgoing != "王芳" || s[0].Incoming != "李强" || len(s[0].Points) != 1 {
		t.Errorf("signed: %+v", s)
	}
	one := "/shift/one?id=" + w.shifts(t)[0].ID
	// The next hand-over is told on the page that is open, without a click.
	zhou := w.person("周萍", "supervisor")
	page := zhou.sees("/shift", http.StatusOK, "交班签字:周萍")
	if status, body := zhou.post("/shift/hand", url.Values{"seen": {hidden(t, page, "seen")}}); status != http.StatusOK {
		t.Fatalf("the next hand-over: %d %s", status, tail(body))
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		b.Run(t, chromedp.Evaluate(`document.activeElement.blur(); dispatchEvent(new Event('focus')); document.getElementById('menu').textContent`, &text))
		if !strings.Contains(text, "交接班 1 项等您处理") {
			return fmt.Errorf("the menu still says %q", text)
		}
		return nil
	})
	if testing.Short() { // to the race detector the pages below are all alike
		b.Quiet(t)
		return
	}
	for _, path := range []string{"/lostcalls", "/lostcalls?view=all", "/lostcalls?view=apart", "/lostcalls/item?call=late", "/shift", one} {
		for _, lang := range []string{"zh", "en"} {
			for _, size := range [][2]int64{{1920, 1080}, {1366, 768}, {390, 844}} {
				where := fmt.Sprint(path, " in ", lang, " ", size)
				b.Run(t, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(base+withLang(path, lang)), chromedp.WaitReady(`main`))
				b.Looks(t, where)
				if (size[0] == 1366) == (lang == "en") && size[0] < 1900 {
					b.Accessible(t, where)
				}
			}
		}
	}
	b.Quiet(t)
}

func withLang(path, lang string) string {
	if strings.Contains(path, "?") {
		return path + "&lang=" + lang
	}
	return path + "?lang=" + lang
}

// TestManyLostCalls has more than a hundred thousand callers on the list, and says how long
// its pages take.
func TestManyLostCalls(t *testing.T) {
	if os.Getenv("HOTLINE_SOAK") != "1" {
		t.Skip("takes minutes: HOTLINE_SOAK=1 runs it")
	}
	needEngine(t)
	w := newWorld(t).with("web.loopback_role=supervisor", "rules.calendar=cn-2026", "callbacks.days=30")
	w.up()
	f := newFeed(t, w)
	start := time.Now().Add(-20 * 24 * time.Hour).UTC().Truncate(time.Second)
	const callers, batch = 120_000, 10_000
	for from := 0; from < callers; from += batch {
		recs := make([]broker.Record, 0, batch)
		for n := from; n < from+batch; n++ {
			at := start.Add(time.Duration(n) * 10 * time.Second)
			recs = append(recs, record(&hotline.Call{
				ID: fmt.Sprintf("m%06d", n), Version: 1, Centre: hotline.DefaultCentre, Source: "pbx", Direction: hotline.Inbound, Outcome: hotline.AbandonedQueue, Queue: fmt.Sprintf("q%d", n%5),
				StartedAt: at, QueuedAt: at, EndedAt: at.Add(time.Minute), Wait: hotline.Seconds(60), CallerHash: fmt.Sprintf("%064x", n+1), CallerMasked: "139****0000",
			}))
		}
		f.send(recs...)
	}
	f.settle()
	p := w.stranger()
	for _, path := range []string{"/lostcalls", "/lostcalls", "/lostcalls?skip=100000", "/lostcalls?queue=q3&view=overdue", "/lostcalls/item?call=m119999"} {
		began := time.Now()
		status, body := p.get(path)
		t.Logf("%s: %v", path, time.Since(began).Round(time.Millisecond))
		if status != http.StatusOK || !strings.Contains(body, "139****0000") {
			t.Errorf("%s: %d %s", path, status, tail(shownText(t, body)))
		}
	}
	if got := w.lost("--limit", "1"); got.Figures.Owed != callers || got.Total != callers {
		t.Errorf("%+v", got.Figures)
	}
}

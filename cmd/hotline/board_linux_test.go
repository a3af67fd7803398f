package main

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// TestBoardOfRunningSystem watches the board of the whole program in a browser: without a
// call, at the first one, with the figures of the command line, and while the program is
// started again.
func TestBoardOfRunningSystem(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	b := testkit.Chromium(t, w.settings["web.listen"])
	up := w.up()
	secret := strings.TrimSpace(w.must("tokens", "add", "pbx", "--pseudonyms", "--source", "centre-pbx"))
	base := "http://" + w.settings["web.listen"]
	b.Run(t, chromedp.EmulateViewport(1920, 1080), chromedp.Navigate(base+"/?lang=zh"), testkit.Shows("#rate", "无数据"), testkit.Shows("#data-to", "还没有数据"), testkit.Shows("#alarm-state", "无报警"))

	// A caller waits; the page says so, and goes on counting.
	zone := shanghai(t)
	now := time.Now().In(zone)
	waits := hotline.Call{
		ID: "first", Version: 1, Centre: hotline.DefaultCentre, Source: "centre-pbx", Direction: hotline.Inbound, Outcome: hotline.Open,
		StartedAt: now.Add(-4 * time.Second), QueuedAt: now.Add(-2 * time.Second), Queue: "养老待遇",
	}
	w.changes(b, secret, &waits, testkit.Shows("#waiting", "1"), "a call that waits")
	b.Run(t, testkit.Holds(`/^0:0[3-9]|^0:[1-9]|^[1-9]/.test(document.querySelector('#longest').textContent)`))
	taken := waits
	taken.Version, taken.Outcome, taken.AnsweredAt, taken.Agent = 2, hotline.Answered, time.Now(), "1001"
	w.changes(b, secret, &taken, testkit.Shows("#rate", "100.0%"), "its answer")
	b.Run(t, testkit.Shows("#waiting", "0"), testkit.Shows("#longest", "—"), testkit.Shows("#answered", "1"))

	f := newFeed(t, w)
	for _, c := range today(seeded(t), zone, 300) {
		f.send(record(c))
	}
	f.settle()
	day := now.Format(time.DateOnly)
	s := statement(t, w.must("kpi", "--from", day, "--format", "json"))
	b.Run(t, testkit.Shows("#offered", fmt.Sprint(s.Counts.Offered)), testkit.Shows("#answered", fmt.Sprint(s.Counts.Answered)))
	cut := func(num, den int64) string {
		text, _ := kpi.CutPercent(kpi.Ratio{Num: num, Den: den}, 1)
		return text
	}
	agent := cut(s.Counts.Answered, s.Counts.Requested)
	asa := fmt.Sprint(int64(*s.Rates.ASASeconds)) // cut
	for selector, want := range map[string]string{
		"#rate": agent, "#answered": fmt.Sprint(s.Counts.Answered), "#requested": fmt.Sprint(s.Counts.Requested), "#offered": fmt.Sprintf("%d 通", s.Counts.Offered),
		"#second-text": cut(s.Counts.Answered+s.Counts.SelfService, s.Counts.Offered), "#asa": asa + " 秒", "#year-answered": fmt.Sprint(s.Counts.Answered),
	} {
		if got := b.Text(t, selector); got != want {
			t.Errorf("%s shows %q, the command line %q", selector, got, want)
		}
	}
	b.Quiet(t)

	// Started again the page finds its server by itself, without being loaded anew.
	b.Run(t, chromedp.Evaluate(`window.mine = true`, nil))
	up.signal(syscall.SIGTERM)
	up.wait(steps)
	b.Run(t, testkit.Shows("#trouble", "连接中断"), testkit.Shows("#trouble", "不是现在的"))
	w.up()
	b.Run(t, testkit.Holds(`!document.querySelector('#trouble').checkVisibility()`), testkit.Shows("#rate", agent), testkit.Holds(`window.mine`))
	b.ForgiveLostServer("503 (Service Unavailable)") // while the figures are being read
	b.Quiet(t)
}

// changes posts a call and notes how long after its acknowledgement the page has changed.
func (w *world) changes(b *testkit.Browser, secret string, c *hotline.Call, change chromedp.Action, what string) {
	w.t.Helper()
	body := append(wire.AppendCall(nil, c), '\n')
	if code := w.postLines(http.DefaultClient, secret, "/v1/calls", body); code != http.StatusAccepted {
		w.t.Fatalf("%s is answered with %d", what, code)
	}
	began := time.Now()
	b.Run(w.t, change)
	testkit.Promised(w.t, what+", from its acknowledgement to the page", time.Since(began), 2*time.Second)
}

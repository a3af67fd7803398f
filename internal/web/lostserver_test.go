package web

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/web/people"
)

// TestBoardLosesItsServer stops the server, starts it again, and again as another build.
func TestBoardLosesItsServer(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	b := testkit.Chromium(t, w.addr)
	w.open(b, 1366, 768, "lang=zh&theme=dark")
	b.Run(t, chromedp.MouseClickXY(5, 300), testkit.Shows("#sound", "声音已开"), chromedp.Evaluate(countTones+`; window.mine = true`, nil))
	w.mu.Lock()
	w.stuck = true
	w.mu.Unlock()
	w.tell(nil)
	b.Run(t, testkit.Shows("#trouble", "▲ 数据库没有应答"), testkit.Shows("#trouble", "数字停在 14:"), testkit.Shows("#freshness", "▲"), testkit.Holds(`document.body.classList.contains('untrusted')`))
	b.Shoot(t, "stuck")
	w.mu.Lock()
	w.stuck = false
	w.mu.Unlock()
	w.tell(nil)
	b.Run(t, testkit.Holds(`!document.querySelector('#trouble').checkVisibility()`), testkit.Holds(`tones === 0`))
	b.Quiet(t)

	w.stop()
	b.Run(t, testkit.Shows("#trouble", "✕ 连接中断"), testkit.Shows("#trouble", "以下是 14:"), testkit.Shows("#announce", "连接中断"), testkit.Holds(`tones === 2`), testkit.Holds(`document.title === '✕ 连接中断'`))
	b.Shoot(t, "lost")
	var waits [2]string
	b.Run(t, chromedp.Text("#longest", &waits[0]), testkit.Holds(`/已 ([2-9]|\d\d) 秒/.test(document.querySelector('#trouble-since').textContent)`), chromedp.Text("#longest", &waits[1]))
	if waits[0] != waits[1] {
		t.Errorf("nobody knows who waits, and the wait goes on from %s to %s", waits[0], waits[1])
	}
	w.start(nil)
	b.Run(t, testkit.Holds(`!document.querySelector('#trouble').checkVisibility() && !document.body.classList.contains('untrusted')`), testkit.Holds(`tones === 4 && mine`))

	// Another build: the page loads itself anew, once.
	w.stop()
	w.start(func(s *Server) { s.hub.hello = event("hello", []byte(`"another"`)) })
	b.Run(t, testkit.Holds(`typeof mine === 'undefined' && document.querySelector('#data-to').textContent.startsWith('14:')`), chromedp.Evaluate(`window.mine = true`, nil))
	w.tell(func(s *kpi.Snapshot) { s.Waiting = map[kpi.Scope]kpi.Waiting{{}: {Count: 77, Since: s.At}} })
	b.Run(t, testkit.Shows("#waiting", "77"), testkit.Holds(`mine`))
	b.ForgiveLostServer()
	b.Quiet(t)
}

// TestStopCutsLinesInReserve: a browser opens a line before it has anything to ask. That does
// not keep the server from stopping, nor is it an error.
func TestStopCutsLinesInReserve(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	line, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	answer, err := http.Get("http://" + w.addr + "/api/board") // the line before it is accepted by then
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	w.stop() // which fails the test where serving ends with an error
}

// TestBoardOfRevokedViewer leads who is no longer let in to signing in.
func TestBoardOfRevokedViewer(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	w.stop()
	_, p, err := people.Add(t.Context(), w.people, people.Person{Name: "大屏", Role: people.Viewer}, w.now())
	if err != nil {
		t.Fatal(err)
	}
	w.start(func(s *Server) {
		s.hub.recheck = 50 * time.Millisecond
		s.gate.cfg.LoopbackRole = ""
	})
	b := testkit.Chromium(t, w.addr)
	text, _ := people.Session(&p, w.now(), time.Hour)
	b.Run(t, chromedp.ActionFunc(func(ctx context.Context) error { return setCookie(ctx, w.addr, text) }))
	w.open(b, 1366, 768, "lang=zh&theme=dark")
	if got := b.Text(w.t, "#rate"); got != "87.1%" {
		t.Errorf("the viewer sees %q", got)
	}
	if _, err := people.Revoke(t.Context(), w.people, "大屏", w.now()); err != nil {
		t.Fatal(err)
	}
	b.Run(t, testkit.Shows("main", "此令牌已停用"))
}

func setCookie(ctx context.Context, addr, text string) error {
	return network.SetCookie(sessionCookie, text).WithURL("http://" + addr + "/").Do(ctx)
}

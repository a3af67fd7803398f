package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a Chromium of its own, without a window, that notes what pages complain about
// and where they send requests.
type Browser struct {
	Context context.Context // for chromedp.Run

	mu         sync.Mutex
	complaints []string
	elsewhere  []string
}

// Chromium starts a browser that must stay on a host. Without Chromium the test is skipped,
// or fails when HOTLINE_REQUIRE contains chromium.
func Chromium(t testing.TB, host string) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		Missing(t, "chromium", "install it with `apt-get install chromium fonts-noto-cjk`")
	}
	flags := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1366, 768), chromedp.WSURLReadTimeout(Patience),
	}, func(a *chromedp.ExecAllocator) {
		for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"} {
			chromedp.Flag(flag, true)(a)
		}
	})
	// Not under the test's own context, which ends before what is cleaned up.
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), flags...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // events of newer browsers than it knows
	t.Cleanup(func() {
		// Until its processes are gone they write into the folder that is removed next.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("closing chromium: %v", err)
		}
		closeTab()
	})
	b := &Browser{Context: ctx}
	chromedp.ListenTarget(ctx, func(event any) { b.hear(host, event) })
	// It ends with the context that it is started under, so not under one with a bound.
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	b.Run(t, network.Enable(), log.Enable(), runtime.Enable())
	return b
}

func (b *Browser) hear(host string, event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			for _, arg := range e.Args {
				b.complaints = append(b.complaints, string(e.Type)+": "+string(arg.Value)+arg.Description)
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, "http://"+host+"/") && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
			b.elsewhere = append(b.elsewhere, u)
		}
	}
}

// Run does something in the browser within the patience that tests have.
func (b *Browser) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, Patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		t.Fatalf("in the browser: %v\nits console: %s", err, strings.Join(b.complaints, "\n"))
	}
}

// Shows waits until an element can be seen and says something.
func Shows(selector, text string) chromedp.Action {
	return Holds(fmt.Sprintf(`(() => { const e = document.querySelector(%q); return !!e && e.checkVisibility() && e.textContent.includes(%q) })()`, selector, text))
}

// Holds waits until an expression is true. The pages let nobody evaluate text, which is how
// chromedp itself would wait.
func Holds(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var yes bool
			// While a page gives way to another there is nothing to ask.
			if err := chromedp.Evaluate(expression, &yes).Do(ctx); err == nil && yes {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("waiting for %s: %w", expression, ctx.Err())
			case <-tick.C:
			}
		}
	})
}

// Text is what an element says.
func (b *Browser) Text(t testing.TB, selector string) string {
	t.Helper()
	var text string
	b.Run(t, chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).textContent`, selector), &text))
	return strings.Join(strings.Fields(text), " ")
}

// lostServer is what a browser says of a server that a test has stopped: depending on how far
// a request had come.
var lostServer = regexp.MustCompile(`net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)`)

// ForgiveLostServer forgets complaints of a server that was stopped, and those that hold one
// of the texts.
func (b *Browser) ForgiveLostServer(also ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = slices.DeleteFunc(b.complaints, func(c string) bool {
		return lostServer.MatchString(c) || slices.ContainsFunc(also, func(text string) bool { return strings.Contains(c, text) })
	})
}

// EnvShots in the environment names a folder into which tests put pictures of pages.
const EnvShots = "HOTLINE_SHOTS"

// Shoot keeps a picture of what the browser shows, for people to look at, where HOTLINE_SHOTS
// names a folder.
func (b *Browser) Shoot(t testing.TB, name string) {
	t.Helper()
	dir := os.Getenv(EnvShots)
	if dir == "" {
		return
	}
	var picture []byte
	b.Run(t, chromedp.CaptureScreenshot(&picture))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Quiet fails the test for what pages have complained about, and for requests that left
// the host.
func (b *Browser) Quiet(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Errorf("the browser's console: %s", c)
	}
	for _, u := range b.elsewhere {
		t.Errorf("a request left the host: %s", u)
	}
}

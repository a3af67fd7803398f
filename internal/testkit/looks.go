package testkit

import (
	_ "embed" // what is looked for
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed looks.js
var looks string

// Looks fails the test for what can be told of the page's look without eyes: wider than its
// window, text over text or out of its box, cut without a title, words that are missing.
// Under -short, which is how the race detector runs tests, it does not look.
func (b *Browser) Looks(t testing.TB, where string) {
	t.Helper()
	if testing.Short() {
		return
	}
	var flaws []string
	b.Run(t, chromedp.Evaluate(looks, &flaws))
	for _, flaw := range flaws {
		t.Errorf("%s: %s", where, flaw)
	}
}

// axeFile is axe-core as npm installs it for the pages' own tests, from the module's root.
const axeFile = "internal/web/ui/node_modules/axe-core/axe.min.js"

var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			text, e := os.ReadFile(filepath.Join(dir, filepath.FromSlash(axeFile)))
			return string(text), e
		}
	}
	return "", fmt.Errorf("no module around %s: %w", dir, os.ErrNotExist)
})

// findings runs axe-core by the rules of WCAG 2.2 AA, and says what it finds. The lines of a
// report are as high as those of the form that is handed in.
const findings = `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(r =>
  r.violations.flatMap(v => v.nodes.filter(n => v.id !== 'target-size' || !document.querySelector(n.target.join(' ')).closest('.sheets')).slice(0, 3).map(n => v.id + ': ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + n.failureSummary.replace(/\s+/g, ' '))))`

// Accessible fails the test for what axe-core finds in the page: names, contrast, order,
// roles. Without axe-core nothing is looked at, or the test fails when HOTLINE_REQUIRE
// contains npm. Under -short it does not look.
func (b *Browser) Accessible(t testing.TB, where string) {
	t.Helper()
	if testing.Short() {
		return
	}
	source, err := axe()
	if err != nil {
		for name := range strings.SplitSeq(os.Getenv("HOTLINE_REQUIRE"), ",") {
			if strings.TrimSpace(name) == "npm" {
				t.Fatalf("npm is required by HOTLINE_REQUIRE, and axe-core is missing: make ui (%v)", err)
			}
		}
		t.Logf("%s: axe-core is missing, so nothing is asked of it: make ui", where)
		return
	}
	var found []string
	await := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	b.Run(t, chromedp.Evaluate(source+";0", nil), chromedp.Evaluate(findings, &found, await))
	for _, f := range found {
		t.Errorf("%s: %s", where, f)
	}
}

package web

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hotline12333/internal/callback"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/internal/web/people"
)

func TestBoardInBrowser(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	b := testkit.Chromium(t, w.addr)
	w.open(b, 1920, 1080, "lang=zh&theme=dark")
	w.says(b, map[string]string{
		"#rate": "87.1%", "#answered": "312", "#requested": "358", "#verdict": "▲ 达标 · 目标 83%", "#second-text": "88.9%", "#second-counts": "372 / 418", "#misses": "现在还可漏接 17 通",
		"#waiting": "2", "#agents-signed_in": "7", "#agents-paused": "1", "#year-answered": "15,214", "#alarm-state": "✓ 无报警", "#definition-name": "人工接通率 v1", "#usual-name": "平常的星期一",
	})
	for selector, part := range map[string]string{
		"#recent": "12/14", "#so-far": "到 14:00 来电", "#pace-gap": "▼ 落后时序进度", "#forecast-range": "–", "#longest-note": "超过 15 秒", "#usual-text": "间 8 天同类日的平均值",
	} {
		if got := b.Text(w.t, selector); !strings.Contains(got, part) {
			t.Errorf("%s says %q, without %q", selector, got, part)
		}
	}
	if got := b.Text(w.t, "#recent .window:first-child"); !strings.Contains(got, "通数少,不足以判断 · 真实水平约在 60%–96%") {
		t.Errorf("at 14 calls the board says %q", got)
	}
	b.Shoot(t, "wall-zh-dark")
	w.part("charts", b, w.chartsTell)
	w.part("sizes", b, w.fits)
	w.part("names", b, w.isNamed)
	w.part("focus", b, w.keepsFocus)
	w.part("lost callers", b, w.tellsOwed)
	w.part("alarms", b, w.sounds)
	w.part("gaps", b, w.hasGaps)
	w.part("months", b, w.lasts)
	b.Quiet(t)
}

// part is a part of the test.
func (w *wall) part(name string, b *testkit.Browser, of func(*testkit.Browser)) {
	whole := w.t
	defer func() { w.t = whole }()
	whole.Run(name, func(t *testing.T) {
		w.t = t
		of(b)
	})
}

// tellsOwed has the lost callers on the board, and follows them.
func (w *wall) tellsOwed(b *testkit.Browser) {
	b.Run(w.t, testkit.Shows("#owed", "待回拨 12 人 ▲ 已超时 3"), testkit.Holds(`document.querySelector('#owed a').pathname === '/lostcalls' && document.querySelector('#owed').classList.contains('bad')`))
	w.mu.Lock()
	w.owed = callback.Figures{Owed: 11}
	w.mu.Unlock()
	w.tell(nil)
	b.Run(w.t, testkit.Shows("#owed", "待回拨 11 人"), testkit.Holds(`!document.querySelector('#owed').classList.contains('bad')`))
	unknown := func(s *kpi.Snapshot) {
		for _, all := range s.Windows {
			for scope, c := range all.Scopes {
				c.Knows = kpi.KnowsOnly([]kpi.Capability{kpi.CanQueueWait})
				all.Scopes[scope] = c
			}
		}
	}
	w.tell(unknown)
	b.Run(w.t, testkit.Shows("#owed", "11 人")) // who is on the list can be called back
	w.mu.Lock()
	w.owed = callback.Figures{Withheld: 4}
	w.mu.Unlock()
	w.tell(unknown)
	b.Run(w.t, testkit.Shows("#owed", "待回拨 未接入"))
	w.tell(nil)
	b.Run(w.t, testkit.Shows("#owed", "待回拨 0 人"))
}

// chartsTell holds the canvases to be drawn, and the table that says the same.
func (w *wall) chartsTell(b *testkit.Browser) {
	ink := func(box string) string {
		return fmt.Sprintf(`(() => { const c = document.querySelector('%s canvas'); if (!c) return false;
			const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0;
			return n > c.width * c.height / 100 })()`, box)
	}
	var rows int
	b.Run(w.t, testkit.Holds(ink("#curve")), testkit.Holds(ink("#course")), chromedp.Evaluate(`document.querySelectorAll('#curve-table tbody tr').length`, &rows))
	if rows != 23 {
		w.t.Errorf("the table has %d rows, want the quarter hours from 8:30 to now", rows)
	}
	if got := b.Text(w.t, "#curve-table tbody tr:nth-child(2)"); !strings.HasPrefix(got, "08:4513") {
		w.t.Errorf("its second row is %q", got)
	}
}

// fits looks at what can be seen without scrolling.
func (w *wall) fits(b *testkit.Browser) {
	w.bells.ring(trouble(1))
	for _, size := range [][2]int64{{1920, 1080}, {1366, 768}, {390, 844}} {
		for _, tastes := range []string{"lang=zh&theme=light", "lang=en&theme=dark"} {
			w.open(b, size[0], size[1], tastes)
			b.Run(w.t, testkit.Holds(`document.querySelector('#alarms').checkVisibility()`), testkit.Holds(`!!document.querySelector('#course canvas')`))
			var over, high int64
			var hidden []string
			b.Run(w.t, chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &over), chromedp.Evaluate(`document.documentElement.scrollHeight - innerHeight`, &high),
				chromedp.Evaluate(`['#alarms', '#rate', '#waiting', '#longest', '#agents', '#recent', '#curve', '#year-answered', '#pace-gap'].filter(s => document.querySelector(s).getBoundingClientRect().bottom > innerHeight)`, &hidden))
			b.Shoot(w.t, fmt.Sprintf("%dx%d-%s", size[0], size[1], strings.NewReplacer("lang=", "", "&theme=", "-").Replace(tastes)))
			b.Looks(w.t, fmt.Sprint(size, " ", tastes))
			b.Accessible(w.t, fmt.Sprint(size, " ", tastes))
			if over > 0 {
				w.t.Errorf("%v %s: wider than the window by %d", size, tastes, over)
			}
			if size[0] > 1000 && (high > 0 && size[0] > 1400 || len(hidden) > 0) {
				w.t.Errorf("%v %s: higher than the window by %d, %v is not to be seen", size, tastes, high, hidden)
			}
		}
	}
	w.bells.ring(AlarmState{At: w.now()})
	w.open(b, 1366, 768, "lang=zh&theme=light")
	var high int64
	b.Run(w.t, testkit.Shows("#alarm-state", "无报警"), testkit.Holds(`!!document.querySelector('#course canvas')`), chromedp.Evaluate(`document.documentElement.scrollHeight - innerHeight`, &high))
	b.Shoot(w.t, "1366x768-calm")
	if high > 0 {
		w.t.Errorf("a laptop must scroll %d", high)
	}
}

// isNamed asks what a screen reader is told: whatever can be reached has a name.
func (w *wall) isNamed(b *testkit.Browser) {
	var nodes []*accessibility.Node
	b.Run(w.t, accessibility.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		nodes, err = accessibility.GetFullAXTree().Do(ctx)
		return err
	}))
	roles := map[string]int{}
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := strings.Trim(string(n.Role.Value), `"`), ""
		if n.Name != nil {
			name = strings.Trim(string(n.Name.Value), `"`)
		}
		roles[role]++
		switch role {
		case "button", "link", "region", "heading", "navigation", "table":
			if name == "" {
				w.t.Errorf("a %s has no name", role)
			}
		}
	}
	if roles["region"] < 7 || roles["table"] != 2 || roles["button"] < 1 || roles["heading"] < 8 {
		w.t.Errorf("a screen reader is told of %v", roles)
	}
	// The keyboard reaches the switch of sound, and what it does is said.
	before := b.Text(w.t, "#sound")
	b.Run(w.t, chromedp.Focus("#sound"), chromedp.KeyEvent(kb.Enter), testkit.Holds(`document.querySelector('#sound').getAttribute('aria-pressed') === 'false'`),
		chromedp.KeyEvent(kb.Enter), testkit.Holds(`document.querySelector('#sound').getAttribute('aria-pressed') === 'true'`))
	if after := b.Text(w.t, "#sound"); !strings.Contains(before, "点此允许声音") || !strings.Contains(after, "声音已开") {
		w.t.Errorf("the switch said %q, then %q", before, after)
	}
}

// keepsFocus changes a figure while somebody is on it with the keyboard.
func (w *wall) keepsFocus(b *testkit.Browser) {
	if _, _, err := people.Add(w.t.Context(), w.people, people.Person{Name: "班长", Role: people.Supervisor}, w.now()); err != nil {
		w.t.Fatal(err)
	}
	list, err := people.List(w.people)
	if err != nil {
		w.t.Fatal(err)
	}
	text, _ := people.Session(&list[0], w.now(), time.Hour)
	b.Run(w.t, chromedp.ActionFunc(func(ctx context.Context) error {
		return setCookie(ctx, w.addr, text)
	}))
	w.open(b, 1366, 768, "lang=zh&theme=light")
	b.Run(w.t, testkit.Shows("#rate-text a", "87.1"), chromedp.Evaluate(`document.querySelector('#rate-text a').focus()`, nil))
	w.tell(func(s *kpi.Snapshot) {
		c := s.Windows[kpi.Today].Scopes[kpi.Scope{}]
		c.Tally.AbandonedQueue += 100
		s.Windows[kpi.Today].Scopes[kpi.Scope{}] = c
	})
	var focused bool
	b.Run(w.t, testkit.Shows("#rate-text a", "68.1"), testkit.Shows("#verdict", "▼ 未达标"), chromedp.Evaluate(`document.activeElement === document.querySelector('#rate-text a')`, &focused))
	if !focused {
		w.t.Error("a change took the figure from under the keyboard")
	}
	b.Shoot(w.t, "missed")
	w.tell(nil)
	b.Run(w.t, testkit.Shows("#verdict", "▲ 达标"))
}

// trouble is so many urgent alarms and as many warnings.
func trouble(n int) AlarmState {
	s := AlarmState{At: afternoon}
	for i := range n {
		s.Firing = append(s.Firing, Alarm{Name: fmt.Sprint("AnswerRateDropped", i), Severity: "page", Summary: kpi.Wording{ZH: "接通率骤降:全部中心,技能组 养老待遇,近15分钟人工接通率 41.17%", EN: "Answer rate dropped: all centres, queue 养老待遇, 41.17% of the requested answered in the last 15 minutes"}, Since: afternoon.Add(-4 * time.Minute), Runbook: "docs/runbooks/AnswerRateDropped.md"})
	}
	for i := range n {
		s.Firing = append(s.Firing, Alarm{Name: fmt.Sprint("LongestWait", i), Severity: "warning", Summary: kpi.Wording{ZH: "排队过久:全部中心,最长等待 372 秒", EN: "Long wait: all centres, longest wait 372 s"}, Since: afternoon.Add(-90 * time.Second), Runbook: "docs/runbooks/LongestWait.md"})
	}
	return s
}

const countTones = `window.tones = 0; { const make = AudioContext.prototype.createOscillator; AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this) } }`

// sounds sets alarms off and ends them.
func (w *wall) sounds(b *testkit.Browser) {
	w.open(b, 1366, 768, "lang=zh&theme=dark")
	b.Run(w.t, chromedp.MouseClickXY(5, 300), testkit.Shows("#sound", "声音已开"), chromedp.Evaluate(countTones, nil))
	w.bells.ring(trouble(1))
	var live string
	b.Run(w.t, testkit.Shows("#alarm-list li.urgent", "■ 紧急"), testkit.Shows("#alarm-list li.urgent .what", "近15分钟人工接通率 41.17%"), testkit.Shows("#alarm-list li.urgent .since", "14:06 起,已"), testkit.Shows("#alarm-list li.notice", "▲ 注意"),
		testkit.Holds(`tones === 3`), chromedp.Evaluate(`document.querySelector('#alarm-list').ariaLive`, &live))
	if live != "polite" {
		w.t.Error("alarms are not told to screen readers")
	}
	// The same ones again make no sound.
	w.bells.ring(trouble(1))
	planned := trouble(0)
	planned.Maintenance = &Maintenance{From: afternoon.Add(-10 * time.Minute), To: afternoon.Add(time.Hour), Reason: "更换交换机电源", By: "赵敏"}
	w.bells.ring(planned)
	b.Run(w.t, testkit.Shows("#maintenance", "计划停机"), testkit.Shows("#maintenance", "更换交换机电源 · 赵敏"), testkit.Shows("#maintenance", "14:00–15:10,期间不报警"), testkit.Holds(`!document.querySelector('#alarms').checkVisibility() && tones === 3`))
	b.Shoot(w.t, "maintenance")
	w.bells.ring(trouble(4))
	b.Run(w.t, testkit.Shows("#alarms-more", "另有 5 条报警"), testkit.Holds(`tones === 6`))
	b.Shoot(w.t, "alarms")
	b.Run(w.t, chromedp.Evaluate(`document.querySelector('#alarm-list .runbook').click()`, nil), testkit.Shows("h1", "接通率骤降"))
	// Nobody evaluates the rules: that is not an all-clear.
	w.bells.ring(AlarmState{})
	w.open(b, 1366, 768, "lang=zh&theme=dark")
	b.Run(w.t, testkit.Shows("#alarm-state", "报警规则未启用"))
	w.bells.ring(AlarmState{At: afternoon.Add(-time.Hour)})
	b.Run(w.t, testkit.Shows("#alarm-state", "▲ 报警规则停止检查"))
	w.bells.ring(AlarmState{At: w.now()})
}

// hasGaps shows what is not there: no calls, one call, a source that cannot know, no calendar.
func (w *wall) hasGaps(b *testkit.Browser) {
	all := kpi.Scope{Level: kpi.AllCentres}
	count := func(s *kpi.Snapshot, c kpi.Counted) {
		for _, window := range kpi.Windows() {
			s.Windows[window] = kpi.WindowCounts{Scopes: map[kpi.Scope]kpi.Counted{all: c}}
		}
		s.Waiting, s.Agents, s.Topics, s.Usual, s.Pace, s.Curve = nil, nil, nil, nil, nil, make([]kpi.CurvePoint, 96)
		for q := range s.Curve {
			s.Curve[q].From = time.Date(2026, 3, 2, 0, 15*q, 0, 0, s.Zone)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*kpi.Snapshot)
		want   map[string]string
	}{
		{"nothing", func(s *kpi.Snapshot) { count(s, kpi.Counted{}); s.DataTo = time.Time{} }, map[string]string{"#rate-text": "无数据", "#data-to": "还没有数据", "#so-far": "还没有任何来电记录。接入话务系统", "#year-answered": "0", "#no-usual": "同类日不足 3 天,暂无平常值", "#longest": "—", "#agents-off": "未接入:数据源不提供坐席状态"}},
		{"one-call", func(s *kpi.Snapshot) {
			count(s, kpi.Counted{Tally: kpi.Tally{Calls: 1, Answered: 1, WaitAnswered: kpi.Hist{3: 1}, WaitMillis: 3000}})
			s.Curve[56].Offered, s.Curve[56].Requested, s.Curve[56].Answered = 1, 1, 1
		}, map[string]string{"#rate": "100.0%", "#requested": "1", "#asa": "3 秒", "#recent .window .note": "≈ 通数少,不足以判断 · 真实水平约在 21%–100%"}},
		{"thousands", func(s *kpi.Snapshot) {
			count(s, kpi.Counted{Tally: kpi.Tally{Calls: 1748, Answered: 1438, AbandonedQueue: 310}})
			s.Waiting = map[kpi.Scope]kpi.Waiting{all: {Count: 36, Since: s.At.Add(-2 * time.Hour)}}
		}, map[string]string{"#rate": "82.2%", "#no-topics": "今日来电未标业务类型"}},
		{"years-ago", func(s *kpi.Snapshot) { count(s, kpi.Counted{}); s.DataTo = s.At.AddDate(-27, 0, 0) }, map[string]string{"#data-age": "27 年前", "#so-far": "今天还没有来电"}},
		{"unknown", func(s *kpi.Snapshot) {
			count(s, kpi.Counted{Tally: kpi.Tally{Calls: 9, Answered: 9}, Knows: kpi.Knows{}})
		}, map[string]string{"#timeliness": "未接入", "#asa": "未接入", "#second-text": "未接入"}},
		{"no-calendar", func(s *kpi.Snapshot) {
			c := kpi.Counted{Tally: kpi.Tally{Calls: 9, Answered: 8, AbandonedQueue: 1}}
			c.Tally.NoCalendar()
			count(s, c)
			s.ServiceOpen, s.NoCalendar = false, kpi.Wording{ZH: "工作日历 cn-2026 没有 2027 年的日子", EN: "calendar cn-2026 has no days of 2027"}
		}, map[string]string{"#rate-text": "缺少工作日历", "#service": "▲ 缺少工作日历", "#requested": "—", "#misses": "—"}},
		{"province", func(s *kpi.Snapshot) {
			count(s, kpi.Counted{Tally: kpi.Tally{Calls: 2_345_678, Answered: 2_000_001, AbandonedQueue: 345_677}})
			s.Waiting = map[kpi.Scope]kpi.Waiting{all: {Count: 1234, Since: s.At.Add(-4000 * time.Second)}}
			s.Agents = map[kpi.Scope]kpi.Agents{all: {hotline.Talking: 1100, hotline.Free: 12, hotline.Wrapup: 88, hotline.Paused: 140}}
			for q := 32; q < 57; q++ {
				s.Curve[q].Offered, s.Curve[q].Requested, s.Curve[q].Answered = 95_000, 93_000, 80_000
			}
			for i := range 5 {
				s.Topics = append(s.Topics, kpi.TopicCount{Topic: strings.Repeat("城乡居民基本养老保险待遇", 2), Calls: int64(400_000 - i)})
			}
			for i, name := range append([]string{strings.Repeat("城乡居民养老保险待遇", 6), `<b>养老</b>&"q" <script>alert(1)</script>`, strings.Repeat("Unemployment", 10)}, strings.Fields(strings.Repeat("组 ", 57))...) {
				if i > 2 {
					name += fmt.Sprint(i)
				}
				queue := kpi.Scope{Level: kpi.OneQueue, Centre: "default", Queue: name}
				s.Windows[kpi.Today].Scopes[queue] = kpi.Counted{Tally: kpi.Tally{Calls: int64(90_000 - 1000*i), Answered: int64(70_000 - 1000*i), AbandonedQueue: 20_000}}
				s.Waiting[queue] = kpi.Waiting{Count: 20}
			}
		}, map[string]string{"#rate": "85.2%", "#answered": "2,000,001", "#waiting": "1,234", "#year-share": "2000.0%", "#agents-signed_in": "1,340", "#queues-more": "另有 54 个技能组,其中排队 1,080 通"}},
	} {
		w.tell(tt.change)
		w.openAnyway(b)
		for selector, text := range tt.want {
			b.Run(w.t, testkit.Shows(selector, text))
		}
		b.Shoot(w.t, "gap-"+tt.name)
		for _, look := range []struct {
			width, height int64
			tastes        string
		}{{1920, 1080, "lang=en&theme=dark"}, {683, 384, "lang=zh&theme=light"}, {390, 844, "lang=en&theme=dark"}} {
			w.showAnyway(b, look.width, look.height, look.tastes)
			var high int64
			b.Run(w.t, testkit.Holds(`!!document.querySelector('#curve canvas')`), chromedp.Evaluate(`document.documentElement.scrollHeight - innerHeight`, &high))
			b.Shoot(w.t, fmt.Sprintf("gap-%s-%d", tt.name, look.width))
			b.Looks(w.t, fmt.Sprint(tt.name, " ", look))
			if high > 0 && look.height >= 1080 && look.width > 1000 {
				w.t.Errorf("%s %v: higher than the window by %d", tt.name, look, high)
			}
		}
	}
	w.tell(nil)
}

// openAnyway shows the board where there may be nothing to wait for but its clock.
func (w *wall) openAnyway(b *testkit.Browser) { w.showAnyway(b, 1920, 1080, "lang=zh&theme=light") }

func (w *wall) showAnyway(b *testkit.Browser, width, height int64, tastes string) {
	b.Run(w.t, chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+w.addr+"/?"+tastes), testkit.Holds(`document.querySelector('#clock').textContent.startsWith('14:')`))
}

// lasts draws the board many times: what it is made of must not grow.
func (w *wall) lasts(b *testkit.Browser) {
	w.open(b, 1366, 768, "lang=zh&theme=light")
	count := func() (nodes, listeners int64) {
		b.Run(w.t, chromedp.ActionFunc(func(ctx context.Context) error {
			if err := heapprofiler.CollectGarbage().Do(ctx); err != nil {
				return err
			}
			var err error
			_, nodes, listeners, err = memory.GetDOMCounters().Do(ctx)
			return err
		}))
		return nodes, listeners
	}
	change := func(from, to int) {
		for i := from; i < to; i++ {
			w.tell(func(s *kpi.Snapshot) {
				s.Waiting = map[kpi.Scope]kpi.Waiting{{}: {Count: i, Since: s.At}}
				s.Curve[40].Offered += int64(i)
				s.Topics = s.Topics[:1+i%5]
			})
			b.Run(w.t, testkit.Shows("#waiting", fmt.Sprint(i)))
		}
	}
	change(100, 110)
	nodes, listeners := count()
	change(110, 110+testkit.Sample(30, 10))
	// A drawing that left anything behind would leave it every time. What the last ones have
	// taken away is collected when the browser comes to it.
	testkit.Eventually(w.t, testkit.Patience, func() error {
		if after, heard := count(); after > nodes+20 || heard > listeners+5 {
			return fmt.Errorf("from %d nodes and %d listeners to %d and %d", nodes, listeners, after, heard)
		}
		return nil
	})
	w.tell(nil)
}

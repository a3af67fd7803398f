package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
	"hotline12333/pipelines"
)

const morningHeader = "call_id,version,started_at,queued_at,answered_at,ended_at,outcome,queue,wrapup_seconds\n"

// morningCalls are those of a quarter hour: every tenth gives up after 30 s, the others are
// answered after 10 s, talk for 200 and are written up for 40.
func morningCalls(from time.Time, n int) string {
	var b strings.Builder
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	for i := range n {
		at := from.Add(time.Duration(i) * 890 * time.Second / time.Duration(n))
		id := fmt.Sprintf("%s-%03d", from.UTC().Format("0102T1504"), i)
		if i%10 == 9 {
			fmt.Fprintf(&b, "%s,1,%s,%s,,%s,abandoned_queue,综合,\n", id, stamp(at), stamp(at), stamp(at.Add(30*time.Second)))
			continue
		}
		fmt.Fprintf(&b, "%s,1,%s,%s,%s,%s,answered,综合,40\n", id, stamp(at), stamp(at), stamp(at.Add(10*time.Second)), stamp(at.Add(210*time.Second)))
	}
	return b.String()
}

// mornings are four Mondays of March 2026: from 9:00 to 11:00, in quarter hour q of week k
// 10·(1 + (q+k) mod 4) calls.
func mornings(zone *time.Location) (file string, calls [8][4]int) {
	var b strings.Builder
	b.WriteString(morningHeader)
	for k := range 4 {
		for q := range 8 {
			n := 10 * (1 + (q+k)%4)
			calls[q][k] = n
			b.WriteString(morningCalls(time.Date(2026, 3, 2+7*k, 9, 15*q, 0, 0, zone), n))
		}
	}
	return b.String(), calls
}

func (w *world) morning(args ...string) *kpi.Morning {
	w.t.Helper()
	var m kpi.Morning
	if err := json.Unmarshal([]byte(w.must(append([]string{"morning", "--format", "json"}, args...)...)), &m); err != nil {
		w.t.Fatal(err)
	}
	return &m
}

// TestMorning sends known weeks through the whole chain and wants exactly them back: on the
// command line, and to the last cell the same on the page.
func TestMorning(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("rules.calendar=cn-2026", "web.loopback_role=", "sources.dir="+t.TempDir())
	up := w.up()
	viewer := w.person("大屏", "viewer")
	zone := shanghai(t)

	m := w.morning("--date", "2026-03-30")
	if m.Before != nil || m.Staff.Missing != 3 || m.DataTo != nil || m.Owed.Owed != 0 {
		t.Errorf("without data: %+v, %+v", m, m.Staff)
	}
	viewer.sees("/morning?date=2026-03-30", http.StatusOK, "此前没有任何来电记录", "有记录的 0 天,还需 3 天", "没有待回拨的来电人")

	w.must("import", w.write("one.csv", morningHeader+morningCalls(time.Date(2026, 3, 27, 9, 0, 0, 0, zone), 1)), "--source", "generic-csv")
	viewer.sees("/morning?date=2026-03-30", http.StatusOK, "2026-03-27 周五", "100.00%", "1 / 1", "达标", "口径第 1 版,待确认", "有记录的 1 天,还需 2 天", "数据可能不完整")

	file, calls := mornings(zone)
	w.must("import", w.write("weeks.csv", file), "--source", "generic-csv")
	w.must("import", w.write("agents.ndjson", morningAgents(zone)), "--source", "hotline-agents")
	seesKnownWeeks(t, w, calls)
	seesGaps(t, w, zone)
	samePageAsCommand(t, w, viewer)

	viewer.sees("/morning?date=2026-04-06", http.StatusOK, "2026-04-06 周一 · 节假日", "当日不服务(节假日)")
	viewer.sees("/morning?date=2026-04-04&lang=en", http.StatusOK, "Saturday", "No service on this day (holiday)")
	viewer.sees("/morning?date=2024-03-04&lang=zh", http.StatusOK, "没有当年日历", "cn-2024.yaml")
	viewer.sees("/morning?date=yesterday", http.StatusUnprocessableEntity, "不是日期")
	viewer.sees("/morning?date=2099-01-01", http.StatusUnprocessableEntity, "太远")
	viewer.sees("/morning?date=2026-03-30&seats=many", http.StatusBadRequest, "整数")
	if code, _, errs := w.run("morning", "--date", "2026-02-30"); code != exitUsage || !strings.Contains(errs, "is not a day") {
		t.Errorf("a day that there is not: %d %s", code, errs)
	}
	if status, body := w.stranger().get("/morning"); status != http.StatusOK || !strings.Contains(body, `name="token"`) {
		t.Errorf("who has not signed in sees %d %s", status, tail(body))
	}
	other := w.person("别处", "viewer", "--centre", "elsewhere")
	other.sees("/morning?date=2026-03-30&centre=default", http.StatusOK, "此前没有任何来电记录", "有记录的 0 天")

	// An outage makes its day one that is like no other.
	w.must("outages", "add", "--from", "2026-03-16T09:10", "--to", "2026-03-16T09:50", "--cause", "线路", "--evidence", "故障单", "--by", "王芳")
	if got := w.morning("--date", "2026-03-30").Staff.Days; !slices.Equal(got, []string{"2026-03-23", "2026-03-09", "2026-03-02"}) {
		t.Errorf("with an outage on 2026-03-16 it is made of %v", got)
	}
	up.stops(t)
}

// TestMorningWithoutWaits: a source that knows no waits tells no patience. It is assumed, and
// said.
func TestMorningWithoutWaits(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.write("sources/no-waits.yaml", strings.NewReplacer("name: generic-csv", "name: no-waits", "capabilities: [ivr, queue_wait, ring, ratings, callers]", "capabilities: [ivr]").
		Replace(builtinSource(t, "generic-csv")))
	w = w.with("rules.calendar=cn-2026", "sources.dir="+w.path("sources"), "staffing.patience=90s")
	w.up()
	file, _ := mornings(shanghai(t))
	w.must("import", w.write("weeks.csv", file), "--source", "no-waits")
	m := w.morning("--date", "2026-03-30")
	if p := m.Staff.Patience; !p.Assumed || p.Seconds == nil || *p.Seconds != 90 {
		t.Errorf("patience %+v", p)
	}
	if said := w.must("morning", "--date", "2026-03-30"); !strings.Contains(said, "按设定平均 1分30秒（staffing.patience）") {
		t.Errorf("what is assumed is not said:\n%s", said)
	}
	_, body := w.stranger().get("/morning?date=2026-03-30")
	says(t, "the page", http.StatusOK, body, http.StatusOK, "按设定平均 1分30秒（staffing.patience）", "未接入")
}

// morningAgents are five who are there on the four Mondays, one of them on a break from 10:00.
func morningAgents(zone *time.Location) string {
	var b strings.Builder
	for k := range 4 {
		for a := range 5 {
			line := func(hour int, state hotline.State) {
				at := time.Date(2026, 3, 2+7*k, hour, 0, 0, 0, zone)
				fmt.Fprintf(&b, `{"agent":"80%02d","state":"%s","since":"%s","version":%d}`+"\n", a, state, at.Format(time.RFC3339), hour)
			}
			line(8, hotline.Free)
			if a == 0 {
				line(10, hotline.Paused)
			}
			line(18, hotline.SignedOut)
		}
	}
	return b.String()
}

// seesKnownWeeks holds the command's figures against the calls that were sent.
func seesKnownWeeks(t *testing.T, w *world, calls [8][4]int) {
	t.Helper()
	m := w.morning("--date", "2026-03-30", "--seats", "7")
	s := m.Staff
	if want := []string{"2026-03-23", "2026-03-16", "2026-03-09", "2026-03-02"}; !slices.Equal(s.Days, want) || len(s.HalfHours) != 4 {
		t.Fatalf("made of %v, %d half hours", s.Days, len(s.HalfHours))
	}
	var lost, all int
	for _, q := range calls {
		for _, n := range q {
			lost, all = lost+n/10, all+n
		}
	}
	patience := float64(10*(all-lost)+30*lost) / float64(lost)
	if s.Handling.Seconds != 240 || s.Handling.Calls != int64(all-lost) || !s.Handling.WrapUp || *s.Patience.Seconds != patience || s.Patience.Abandoned != int64(lost) {
		t.Errorf("handling %+v, patience %v of %d; want 240 s of %d, %v of %d", s.Handling, *s.Patience.Seconds, s.Patience.Abandoned, all-lost, patience, lost)
	}
	for i := range s.HalfHours {
		h, sum := &s.HalfHours[i], 0
		for k := range 4 {
			sum += calls[2*i][k] + calls[2*i+1][k]
		}
		e := kpi.ErlangA{Rate: float64(sum) / 4 / 1800, Handling: 240, Patience: patience}
		seats, _ := e.SeatsNeeded(s.Goal)
		planned := 5.0
		if i >= 2 {
			planned = 4
		}
		if h.Calls.Mean != float64(sum)/4 || *h.Seats != seats || *h.Tried != e.Serve(7, 20).Answered || h.Days != 4 || *h.Planned != planned {
			t.Errorf("half hour %d: %v calls, %d seats, %v with 7, %v usually there; want %v, %d, %v, %v", i, h.Calls.Mean, *h.Seats, *h.Tried, *h.Planned, float64(sum)/4, seats, e.Serve(7, 20).Answered, planned)
		}
	}
	if m.Before == nil || m.Before.Date != "2026-03-27" || m.Before.Figures.Counts.Requested != 1 {
		t.Errorf("the day before: %+v", m.Before)
	}
	if before := w.morning("--date", "2026-03-24").Before; before.Date != "2026-03-23" || !strings.HasPrefix(before.Lost.EN, "20 not answered; the most at once: 9:00–11:00") {
		t.Errorf("the Monday before: %+v", before)
	}
}

// seesGaps has four Wednesdays, on the last of which an hour is missing. Hours in which
// nobody ever calls are no gap.
func seesGaps(t *testing.T, w *world, zone *time.Location) {
	t.Helper()
	var b strings.Builder
	b.WriteString(morningHeader)
	for k := range 4 {
		for q := range 8 {
			if k < 3 || q < 4 {
				b.WriteString(morningCalls(time.Date(2026, 3, 4+7*k, 9, 15*q, 0, 0, zone), 6))
			}
		}
	}
	w.must("import", w.write("wednesdays.csv", b.String()), "--source", "generic-csv")
	if c := w.morning("--date", "2026-03-24").Before; !c.Reached || len(c.Gaps) != 0 {
		t.Errorf("a whole Monday: reached %v, gaps %+v", c.Reached, c.Gaps)
	}
	c := w.morning("--date", "2026-03-26").Before
	if len(c.Gaps) != 1 || c.Gaps[0].Source != "generic-csv" || c.Gaps[0].From.Hour() != 10 || c.Gaps[0].To.Hour() != 11 {
		t.Errorf("a Wednesday without the hour from 10: %+v", c.Gaps)
	}
	// Left out of what is usual as well, since so many calls must be missing.
	if s := w.morning("--date", "2026-04-01").Staff; !slices.Equal(s.Days, []string{"2026-03-18", "2026-03-11", "2026-03-04"}) || !slices.Equal(s.LeftOut, []string{"2026-03-25"}) {
		t.Errorf("the Wednesday after is made of %v, without %v", s.Days, s.LeftOut)
	}
	want := statement(t, w.must("kpi", "--from", "2026-03-25", "--to", "2026-03-26", "--by", "hour", "--format", "json"))
	if diff := cmp.Diff(want.Counts, c.Figures.Counts) + cmp.Diff(want.Rates, c.Figures.Rates); diff != "" || len(want.Groups) != len(c.Figures.Groups) {
		t.Errorf("the morning's figures are not those of kpi: %s", diff)
	}
}

// cellsOf are the texts of the cells of a page's tables of a class, row by row.
func cellsOf(t *testing.T, body, class string) (rows [][]string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var text func(n *html.Node) string
	text = func(n *html.Node) (s string) {
		if n.Type == html.TextNode {
			return n.Data
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			s += text(c)
		}
		return s
	}
	var walk func(n *html.Node, inside bool)
	walk = func(n *html.Node, inside bool) {
		if n.Type == html.ElementNode && n.Data == "table" {
			inside = slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
				return a.Key == "class" && slices.Contains(strings.Fields(a.Val), class)
			})
		}
		if inside && n.Type == html.ElementNode && n.Data == "tr" && n.Parent.Data == "tbody" {
			var cells []string
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if c.Type == html.ElementNode {
					cells = append(cells, strings.Join(strings.Fields(text(c)), " "))
				}
			}
			rows = append(rows, cells)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, inside)
		}
	}
	walk(doc, false)
	return rows
}

func samePageAsCommand(t *testing.T, w *world, viewer *person) {
	t.Helper()
	m := w.morning("--date", "2026-03-30", "--seats", "7")
	body := viewer.sees("/morning?date=2026-03-30&seats=7", http.StatusOK, "建议在岗坐席", "7 席时接通率", "通常在岗不够的时段：09:00–09:30（5，需", "通常在岗", "处理时长：平均 4分0秒",
		kpi.About(m.Staff.Calls.Mean), m.Staff.Calls.Bounds(), kpi.CutShare(*m.Staff.Tried))
	share := func(x float64) string {
		if x >= m.Staff.Goal.Answered {
			return "▲ " + kpi.CutShare(x)
		}
		return "▼ " + kpi.CutShare(x)
	}
	rows := cellsOf(t, body, "staff")
	if len(rows) != len(m.Staff.HalfHours) {
		t.Fatalf("%d rows on the page, %d half hours", len(rows), len(m.Staff.HalfHours))
	}
	for i := range rows {
		h := &m.Staff.HalfHours[i]
		name := h.From.In(shanghai(t)).Format("15:04") + "–" + h.To.In(shanghai(t)).Format("15:04")
		if i == m.Staff.Peak {
			name += " 最忙"
		}
		want := []string{
			name, fmt.Sprint(*h.Seats), kpi.About(h.Calls.Mean), h.Calls.Bounds(), kpi.CutShare(*h.Answered), kpi.CutShare(*h.Busy),
			fmt.Sprint(*h.SeatsHigh), kpi.MeanAgents(*h.Planned), share(*h.AnsweredPlanned), share(*h.Tried),
		}
		if !slices.Equal(rows[i], want) {
			t.Errorf("the page has %q, the command %q", rows[i], want)
		}
	}
}

// TestMorningInBrowser: the page by keyboard, in both languages and three sizes, on one sheet
// of paper. It neither complains nor asks anything of others.
func TestMorningInBrowser(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	b := testkit.Chromium(t, w.settings["web.listen"])
	w.up()
	zone := shanghai(t)
	file, _ := mornings(zone)
	var nights strings.Builder // four Tuesdays round the clock: a long table has to go on the sheet too
	for k := range 4 {
		for q := range 96 {
			nights.WriteString(morningCalls(time.Date(2026, 3, 3+7*k, 0, 15*q, 0, 0, zone), 2))
		}
	}
	w.must("import", w.write("weeks.csv", file+nights.String()), "--source", "generic-csv")
	w.must("import", w.write("agents.ndjson", morningAgents(zone)), "--source", "hotline-agents")
	base := "http://" + w.settings["web.listen"] + "/morning"
	m := w.morning("--date", "2026-03-30", "--seats", "9")

	var tried string
	b.Run(t, chromedp.Navigate(base+"?date=2026-03-30"), chromedp.WaitVisible(`.staffing`), chromedp.Focus(`input[name=seats]`),
		chromedp.KeyEvent("9\r"), chromedp.WaitVisible(`.ahead .tried dd`), chromedp.Text(`.ahead .tried dd`, &tried))
	if want := kpi.CutShare(*m.Staff.Tried); !strings.HasSuffix(tried, want) {
		t.Errorf("9 seats by keyboard: %q, want %s", tried, want)
	}
	// What a screen reader is told of what has no text of its own.
	var unnamed []string
	b.Run(t, chromedp.Evaluate(`[...document.querySelectorAll('main input, main select, main svg[role=img], main table')].filter(e =>
		!(e.type === 'hidden' || e.labels?.length || e.getAttribute('aria-label') || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent || e.caption?.textContent)).map(e => e.outerHTML.slice(0, 80))`, &unnamed))
	if len(unnamed) > 0 {
		t.Errorf("without a name: %q", unnamed)
	}
	for _, lang := range []string{"zh", "en"} {
		for _, size := range [][2]int64{{1920, 1080}, {1366, 768}, {390, 844}} {
			var wide bool
			b.Run(t, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(base+"?date=2026-03-30&seats=7&lang="+lang), chromedp.WaitVisible(`.staffing`),
				chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth + 1`, &wide))
			if wide {
				t.Errorf("%s: wider than a window of %d", lang, size[0])
			}
		}
		for _, date := range []string{"2026-03-30", "2026-03-31"} {
			var sheet []byte
			var rows int
			b.Run(t, chromedp.Navigate(base+"?date="+date+"&seats=7&lang="+lang), chromedp.WaitVisible(`.staffing`),
				chromedp.Evaluate(`document.querySelectorAll('.staff tbody tr').length`, &rows),
				chromedp.ActionFunc(func(ctx context.Context) (err error) {
					sheet, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
					return err
				}))
			if n := strings.Count(string(sheet), "/Type /Page\n"); n != 1 || rows < 4 {
				t.Errorf("%s, %s: %d half hours print on %d sheets", date, lang, rows, n)
			}
		}
	}
	b.Quiet(t)
}

// builtinSource is the description of a source that the program brings along.
func builtinSource(t *testing.T, name string) string {
	t.Helper()
	b, err := fs.ReadFile(pipelines.Sources, "sources/"+name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

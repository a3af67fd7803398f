package simulate

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
)

var updateAlerts = flag.Bool("update-alerts", false, "with HOTLINE_SOAK=1: write what was measured into docs/alerts.md")

// opening is the decisions of one day, in order, and how many of them were decided before
// the fault that the day has.
type opening struct {
	calls  []kpi.Decision
	before int
}

// rule says after each decision of an opening whether it fires.
type rule interface {
	reset()
	fires(d *kpi.Decision) bool
}

// known is what sources tell beside the fate of a call.
type known struct{ waits, agents bool }

// sequential is the tests of one name together, as the alert has them.
type sequential struct {
	known known
	tests []kpi.AnswerTest
	at    []kpi.TestState
}

func testsNamed(name string, k known) *sequential {
	s := &sequential{known: k}
	for _, t := range kpi.AnswerTests() {
		if t.Name == name {
			s.tests, s.at = append(s.tests, t), append(s.at, kpi.TestState{})
		}
	}
	return s
}

func (s *sequential) reset() { clear(s.at) }

func (s *sequential) fires(told *kpi.Decision) (fired bool) {
	d := *told
	if !s.known.waits {
		d.Fate = kpi.FateOf(d.Fate.Answered(), false, false, 0)
	}
	if !s.known.agents {
		d.Overload = 0
	}
	for i := range s.tests {
		s.at[i] = s.tests[i].Next(s.at[i], &d)
		fired = fired || s.at[i].Statistic >= s.tests[i].Threshold
	}
	return fired
}

// naive is `answer rate over 15 minutes < 83%`.
type naive struct{ window []kpi.Decision }

func (n *naive) reset() { n.window = n.window[:0] }

func (n *naive) fires(d *kpi.Decision) bool {
	n.window = append(n.window, *d)
	for !n.window[0].At.After(d.At.Add(-15 * time.Minute)) {
		n.window = n.window[1:]
	}
	r := kpi.Ratio{Den: int64(len(n.window))}
	for i := range n.window {
		if n.window[i].Fate.Answered() {
			r.Num++
		}
	}
	return !kpi.AnswerRateTarget.MetBy(r)
}

// keep is how long an alert is kept after its expression was last true (keep_firing_for).
const keep = 15 * time.Minute

// pages counts how often a rule begins to fire.
func pages(days []opening, r rule) (n int) {
	for _, day := range days {
		r.reset()
		until := time.Time{}
		for i := range day.calls {
			if d := &day.calls[i]; r.fires(d) {
				if d.At.After(until) {
					n++
				}
				until = d.At.Add(keep)
			}
		}
	}
	return n
}

// never is the delay of a fault that was not seen on its day.
const never = 1 << 30

// delays are the calls decided from the fault to the page, sorted; firing already when it
// comes counts as early and is left out.
func delays(days []opening, r rule) (list []int, early int) {
	for _, day := range days {
		r.reset()
		at, was := never, false
		for i := range day.calls {
			if now := r.fires(&day.calls[i]); i < day.before {
				was = now
			} else if now {
				at = i - day.before + 1
				break
			}
		}
		if was {
			early++
		} else {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list, early
}

func quantile(sorted []int, q float64) int {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// spread is median and 95 % of delays.
func spread(sorted []int) string {
	text := func(q float64) string {
		if v := quantile(sorted, q); v != never {
			return fmt.Sprint(v)
		}
		return "–"
	}
	return text(0.5) + ", " + text(0.95)
}

// measured is a line of the table.
type measured struct {
	what, goal      string
	sequential, old string
	met             bool
	reported        bool // no goal, or one that no test can reach: the page says why
}

// extent is how much is simulated.
type extent struct{ coinRuns, coinTrials, queueRuns, queueDays, queueTrials, teamDays, teamTrials int }

// days60 is the time in which there may be one false page.
const days60 = 60

func coinQuality(x extent) (lines []measured) {
	r := rand.New(rand.NewPCG(12333, 1))
	perRun := func(n int) float64 { return float64(n) / float64(x.coinRuns) }
	collapse, decline, old := testsNamed(kpi.CollapseTest, known{waits: true}), testsNamed(kpi.DeclineTest, known{waits: true}), &naive{}
	for _, rate := range []float64{0.92, 0.86} {
		days := coins(r, days60*x.coinRuns, 24, steady(rate))
		c, d, n := pages(days, collapse), pages(days, decline), pages(days, old)
		lines = append(lines, measured{
			what: fmt.Sprintf("steady %.0f%%: false pages in 60 days", rate*100), goal: "≤ 1",
			sequential: fmt.Sprintf("%.2f collapse, %.2f decline", perRun(c), perRun(d)), old: fmt.Sprintf("%.0f", perRun(n)),
			met: perRun(c) <= 1 && perRun(d) <= 1,
		})
	}
	for _, from := range []float64{10, 14} {
		days := coins(r, x.coinTrials, from, func(h float64) float64 {
			if h < from {
				return 0.90
			}
			return 0.50
		})
		got, early := delays(days, collapse)
		before, oldEarly := delays(days, old)
		med, late := quantile(got, 0.5), quantile(got, 0.95)
		lines = append(lines, measured{
			what: fmt.Sprintf("collapse from 90%% to 50%% at %.0f:00: calls until the page, median and 95%%", from), goal: "≤ 22, ≤ 45",
			sequential: fmt.Sprintf("%d, %d", med, late), old: fmt.Sprintf("%s (firing already on %d of %d days)", spread(before), oldEarly, x.coinTrials),
			met: med <= 22 && late <= 45 && early*100 <= x.coinTrials,
		})
	}
	held := coins(r, x.coinTrials, 24, steady(0.86))
	for _, from := range []float64{9, 13} {
		rate := func(h float64) float64 { return 0.90 - 0.15*min(max(h-from, 0), 2)/2 }
		days := coins(r, x.coinTrials, from, rate)
		got, _ := delays(days, decline)
		lines = append(lines, measured{
			what: fmt.Sprintf("decline from 90%% to 75%% over two hours from %.0f:00: seen the same day; median calls", from), goal: "the same day",
			sequential: fmt.Sprintf("%.1f%% (of a test that knows when and how it declines: %.1f%%); %s", 100*seenShare(got), 100*bestSeen(held, days, from, rate), spread(got)[:strings.Index(spread(got), ",")]),
			met:        seenShare(got) >= 0.95, reported: from == 13,
		})
	}
	return lines
}

// bestSeen is the share of days on which the likelihood-ratio test sees a decline of which
// it knows the hour and the course, and looks for no other, at one false page in 60 days:
// no test that has to look for it all day sees more.
func bestSeen(held, declined []opening, from float64, rate func(float64) float64) float64 {
	best := func(o *opening) float64 {
		sum, most := 0.0, 0.0
		for i := range o.calls {
			d := &o.calls[i]
			h := float64(d.At.Sub(d.At.Truncate(24*time.Hour))) / float64(time.Hour)
			switch p := rate(h); {
			case h < from:
			case d.Fate.Answered():
				sum += math.Log(p / 0.86)
			default:
				sum += math.Log((1 - p) / (1 - 0.86))
			}
			most = max(most, sum)
		}
		return most
	}
	var usual []float64
	for i := range held {
		usual = append(usual, best(&held[i]))
	}
	slices.Sort(usual)
	limit, seen := usual[len(usual)-1-len(usual)/days60], 0
	for i := range declined {
		if best(&declined[i]) > limit {
			seen++
		}
	}
	return float64(seen) / float64(len(declined))
}

// seenShare is the share of faults that were seen on their day.
func seenShare(delays []int) float64 {
	seen := 0
	for _, n := range delays {
		if n != never {
			seen++
		}
	}
	return float64(seen) / float64(len(delays))
}

func part(days []opening, after bool) []opening {
	out := make([]opening, len(days))
	for i, d := range days {
		if out[i].calls = d.calls[:d.before]; after {
			out[i].calls = d.calls[d.before:]
		}
	}
	return out
}

func answeredShare(days []opening) float64 {
	answered, all := 0, 0
	for _, d := range days {
		for i := range d.calls {
			all++
			if d.calls[i].Fate.Answered() {
				answered++
			}
		}
	}
	return float64(answered) / float64(all)
}

func table(lines []measured) string {
	var b strings.Builder
	b.WriteString("| stream | goal | sequential tests | `answer rate over 15 minutes < 83%` |\n|---|---|---|---|\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s | %s | %s%s | %s |\n", l.what, l.goal, l.sequential, missed(l.met), l.old)
	}
	return b.String()
}

func missed(met bool) string {
	if met {
		return ""
	}
	return " **missed**"
}

const (
	alertsPage   = "../../docs/alerts.md"
	tableBegins  = "<!-- measured: begin -->\n"
	tableEnds    = "<!-- measured: end -->\n"
	alertsRemake = "make alert-quality"
)

// TestAlertQuality runs the tests as they are set on hotlines that do not exist. The long
// run makes the tables of docs/alerts.md; the short one, of the same seeds each time, sees to
// it that the goals are still met, and that the page tells the thresholds in force.
func TestAlertQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates some thousand days, one after the other")
	}
	x := extent{coinRuns: 6, coinTrials: 400, queueRuns: 1, queueDays: 60, queueTrials: 60, teamDays: 12, teamTrials: 6}
	if os.Getenv("HOTLINE_SOAK") == "1" {
		x = extent{coinRuns: 60, coinTrials: 3000, queueRuns: 4, queueDays: 360, queueTrials: 300, teamDays: 120, teamTrials: 40}
	}
	page, parts := "", 0
	part := func(name, title string, measure func(t *testing.T) string) {
		t.Run(name, func(t *testing.T) {
			measured := measure(t)
			t.Logf("\n%s", measured)
			page += title + ":\n\n" + measured + "\n"
			parts++
		})
	}
	check := func(t *testing.T, lines []measured) string {
		t.Helper()
		for _, l := range lines {
			if !l.met && !l.reported {
				t.Errorf("%s: %s, which should be %s", l.what, l.sequential, l.goal)
			}
		}
		return table(lines)
	}
	part("coins", "Calls whose fate a coin decides, one stream", func(t *testing.T) string { return check(t, coinQuality(x)) })
	part("queues", "Simulated queues, by what their sources tell", func(t *testing.T) string { return queueQuality(t, x) })
	part("teams", "Other hotlines of one queue, with calls in proportion to the agents on duty at each hour", func(t *testing.T) string { return teamQuality(t, x) })
	part("silence", "Silence", func(t *testing.T) string { return check(t, silenceQuality(t)) })
	if parts < 4 {
		return // a part alone
	}
	page += thresholds()
	old, err := os.ReadFile(alertsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(old), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !ok || !ends {
		t.Fatalf("%s has no place for the table", alertsPage)
	}
	if *updateAlerts {
		if err := os.WriteFile(alertsPage, []byte(before+tableBegins+page+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !strings.Contains(rest, thresholds()) {
		t.Errorf("%s is of other thresholds: run %s", alertsPage, alertsRemake)
	}
}

// thresholds is the settings that the tables were measured with.
func thresholds() string {
	var b strings.Builder
	b.WriteString("The settings:\n\n| test | losses | held against fallen | threshold | at most | full weight up to |\n|---|---|---|---|---|---|\n")
	for _, t := range kpi.AnswerTests() {
		pair := fmt.Sprintf("%.0f%% against %.0f%%", t.Held*100, t.Fallen*100)
		if t.Held == 0 {
			pair = "chain of states"
		}
		if t.Overload > 0 {
			pair += fmt.Sprintf(", of losses while calls need %g times those on duty", t.Overload)
		}
		full := "any number"
		if t.FullWeight > 0 {
			full = fmt.Sprintf("%d calls in half an hour", t.FullWeight)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %g | %g | %s |\n", t.Name, t.Losses, pair, t.Threshold, t.Threshold+t.Headroom, full)
	}
	return b.String()
}

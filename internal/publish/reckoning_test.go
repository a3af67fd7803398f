package publish

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// A history that is imported during the day says what is usual the same day.
func TestUsualIsLearntWhenHistoryArrives(t *testing.T) {
	c := &calendarOf{office(t)}
	r := opened(t, "Asia/Shanghai", "2026-03-12T02:00:00Z", c.Calendar, new(bytes.Buffer))
	for minute := 30; minute < 120; minute += 3 {
		r.store.put(r.call("today", time.Date(2026, 3, 12, 0, minute, 0, 0, time.UTC), true))
	}
	r.look()
	if got := r.exported("hotline_silence_expected_calls"); len(got) != 0 {
		t.Fatalf("with nothing usual: %q", got)
	}
	for day := 2; day < 12; day++ {
		var list []hotline.Call
		for minute := 30; minute < 9*60; minute += 3 {
			list = append(list, r.call("usual", time.Date(2026, 3, day, 0, minute, 0, 0, time.UTC), true))
		}
		r.store.put(list...)
		r.look() // a day at a time, as an import brings them
	}
	r.clock.set(at(t, "2026-03-12T02:12:00Z"))
	r.look()
	if got := r.exported(`hotline_silence_expected_calls{centre="all"}`); len(got) != 1 || !strings.Contains(got[0], "} 5") {
		t.Errorf("after the import: %q", got)
	}
	reads := r.store.reads
	for range 3 {
		r.clock.set(r.clock.now().Add(time.Hour))
		r.look()
	}
	if r.store.reads != reads {
		t.Errorf("%d readings although nothing has changed", r.store.reads-reads)
	}
}

// staffed is alerting with agents who answer all morning, one call a minute, of whom all but
// one leave at 10:30; from then on two of three callers are lost after two minutes.
func staffed(t *testing.T, agents int) *rig {
	t.Helper()
	r, _ := alerting(t, "2026-03-12T02:30:00Z")
	state := func(agent int, s hotline.State, since time.Time) {
		r.store.agents = append(r.store.agents, hotline.AgentState{Centre: "xy", Agent: fmt.Sprint("a", agent), State: s, Since: since})
	}
	opening, leaving := at(t, "2026-03-12T00:30:00Z"), at(t, "2026-03-12T02:30:00Z")
	for a := range agents {
		state(a, hotline.Free, opening)
	}
	for a := 1; a < agents; a++ {
		state(a, hotline.SignedOut, leaving)
	}
	for m := range 160 {
		c := r.call("today", opening.Add(time.Duration(m)*time.Minute), true)
		c.Agent = fmt.Sprint("a", m%max(agents, 1))
		if m >= 120 && m%3 > 0 {
			c = lost(c.ID, c.StartedAt, 2*time.Minute)
		}
		r.store.put(c)
	}
	return r
}

func (r *rig) collapse(losses kpi.Losses, queue string) float64 {
	r.t.Helper()
	s, ok := r.Alerts(r.clock.now())
	if !ok {
		r.t.Fatal("no state")
	}
	scope := kpi.Scope{}
	if queue != "" {
		scope = kpi.Scope{Level: kpi.OneQueue, Centre: "xy", Queue: queue}
	}
	for i, test := range kpi.AnswerTests() {
		if test.Name == kpi.CollapseTest && test.Losses == losses {
			return s.Statistics[scope][i]
		}
	}
	r.t.Fatalf("no test of %s losses", losses)
	return 0
}

func TestUnderstaffedIsTold(t *testing.T) {
	r := staffed(t, 4)
	r.look()
	for _, queue := range []string{"", "general"} {
		if got := r.collapse(kpi.UnderstaffedLosses, queue); got != 0 {
			t.Errorf("%q at 10:30: %v", queue, got)
		}
	}
	r.clock.set(at(t, "2026-03-12T03:15:00Z"))
	r.look()
	for _, queue := range []string{"", "general"} {
		if got := r.collapse(kpi.UnderstaffedLosses, queue); got < 8 {
			t.Errorf("%q after 40 minutes with one of four: %v", queue, got)
		}
	}
	if got := r.exported(`losses="understaffed"`); len(got) < 3 {
		t.Errorf("exported: %q", got)
	}
}

// Agents of whom nothing is told, or by another name, make no empty room.
func TestUnderstaffedNeedsThoseWhoAnswer(t *testing.T) {
	for name, change := range map[string]func(a *hotline.AgentState) bool{
		"half of them":  func(a *hotline.AgentState) bool { return a.Agent == "a0" || a.Agent == "a1" },
		"another name":  func(a *hotline.AgentState) bool { a.Agent = "SIP/" + a.Agent; return true },
		"other centres": func(a *hotline.AgentState) bool { a.Centre = "yl"; return true },
	} {
		r := staffed(t, 4)
		var told []hotline.AgentState
		for _, a := range r.store.agents {
			if change(&a) {
				told = append(told, a)
			}
		}
		r.store.agents = told
		r.clock.set(at(t, "2026-03-12T03:15:00Z"))
		r.look()
		for _, queue := range []string{"", "general"} {
			if got := r.collapse(kpi.UnderstaffedLosses, queue); !math.IsNaN(got) {
				t.Errorf("%s, %q: %v", name, queue, got)
			}
		}
	}
}

// Where no source tells of agents there is no such statistic, rather than one of 0.
func TestUnderstaffedNeedsAgents(t *testing.T) {
	r := staffed(t, 0)
	r.clock.set(at(t, "2026-03-12T03:15:00Z"))
	r.look()
	if got := r.collapse(kpi.UnderstaffedLosses, ""); !math.IsNaN(got) {
		t.Errorf("without agents: %v", got)
	}
	for _, line := range r.exported("hotline_answer_rate_test_statistic{") {
		if strings.Contains(line, "understaffed") {
			t.Error(line)
		}
	}
}

// What is kept between scrapes is what would be computed anew, whatever happens meanwhile:
// calls of clocks that run ahead, callers who wait for hours, the next opening.
func TestAlertsAreThoseOfNow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, _ := alerting(t, "2026-03-12T00:00:00Z")
		seconds := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(rt, name)) * time.Second
		}
		day := at(t, "2026-03-12T00:00:00Z")
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			r.clock.set(r.clock.now().Add(seconds("later", 3*3600)))
			if !r.clock.now().Before(day.Add(12 * time.Hour)) {
				break
			}
			if rapid.Bool().Draw(rt, "a call") {
				id, start := fmt.Sprint(i), day.Add(seconds("start", 10*3600))
				c := []hotline.Call{
					answered(id, start, seconds("wait", 600)), lost(id, start, seconds("wait", 600)), open(id, start),
				}[rapid.IntRange(0, 2).Draw(rt, "what")]
				r.store.put(c)
				r.look()
			}
			got, ok := r.Alerts(r.clock.now())
			r.openings.reckoned = nil
			want, okWant := r.Alerts(r.clock.now())
			if ok != okWant || ok && !alike(got, want) {
				rt.Fatalf("at %s: kept %+v, anew %+v", r.clock.now(), got, want)
			}
		}
	})
}

// alike compares states; statistics that are no numbers are alike.
func alike(a, b *AlertState) bool {
	same := func(x, y []float64) bool {
		return slices.EqualFunc(x, y, func(v, w float64) bool { return v == w || math.IsNaN(v) && math.IsNaN(w) })
	}
	return a.Opening.Equal(b.Opening) && maps.EqualFunc(a.Statistics, b.Statistics, same) &&
		maps.Equal(a.Silent, b.Silent) && maps.Equal(a.SilentSources, b.SilentSources)
}

// busyDay is a day of 100,000 calls, a third of them lost.
func busyDay(tb testing.TB) (*Follower, time.Time) {
	tb.Helper()
	r := newRig(tb, "UTC", "2026-03-12T23:00:00Z")
	r.look()
	day := time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	list := make([]store.Live, 100_000)
	for i := range list {
		at := day.Add(time.Duration(i) * 800 * time.Millisecond)
		list[i] = store.Live{
			Mark:   store.LiveMark{Bucket: hotline.BucketOf(at).Unix(), Call: uint64(i)},
			CallID: fmt.Sprint(i), Centre: "xy", Source: "pbx", Queue: fmt.Sprint("q", i%5), Outcome: hotline.Answered,
			StartedAt: at, QueuedAt: at, DecidedAt: at.Add(time.Minute), WaitMillis: 60_000, Queued: true,
		}
		if i%3 == 0 {
			list[i].Outcome = hotline.AbandonedQueue
		}
	}
	r.openings.change(nil, list, day)
	return r.Follower, r.clock.now()
}

// A scrape of a day that has not changed costs next to nothing.
func TestAlertsAreReckonedOnce(t *testing.T) {
	f, now := busyDay(t)
	once := func(now time.Time) time.Duration {
		began := time.Now()
		if s, ok := f.Alerts(now); !ok || len(s.Statistics) != 7 {
			t.Fatalf("%v, %+v", ok, s)
		}
		return time.Since(began)
	}
	first, again := once(now), time.Hour
	for i := range 20 {
		again = min(again, once(now.Add(time.Duration(i)*time.Second)))
	}
	t.Logf("%.0f times faster", float64(first)/float64(again))
	if first < 20*again {
		t.Errorf("the first time took %v, and %v again", first, again)
	}
}

func BenchmarkAlerts(b *testing.B) {
	f, now := busyDay(b)
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			f.openings.changed()
			f.Alerts(now)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			f.Alerts(now)
		}
	})
}

// Calls come in while the day is looked at; what is kept in the end is of all of them.
func TestAlertsWhileCallsComeIn(t *testing.T) {
	r, _ := alerting(t, "2026-03-12T03:00:00Z")
	r.look()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			if _, ok := r.Alerts(r.clock.now()); !ok {
				t.Error("no state")
			}
		}
	}()
	for i := range 50 {
		r.store.put(r.call("today", at(t, "2026-03-12T01:00:00Z").Add(time.Duration(i)*time.Minute), i%2 == 0))
		r.look()
	}
	<-done
	got, _ := r.Alerts(r.clock.now())
	r.openings.changed()
	if want, _ := r.Alerts(r.clock.now()); !alike(got, want) {
		t.Errorf("kept %+v, anew %+v", got, want)
	}
}

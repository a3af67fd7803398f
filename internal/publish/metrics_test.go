package publish

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// exposition is what a scrape would read, without the help texts.
func exposition(t testing.TB, c prometheus.Collector) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func lines(text, having string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, having) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// The golden vector of the domain, as of today: 100 requested, 83 answered, 70 of them
// within 20 s; 17 abandoned, 5 below 5 s, 5 more within 20 s, 7 later.
func TestMetricsText(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	now := r.clock.now()
	morning := at(t, "2026-11-23T00:00:00Z")
	var calls []hotline.Call
	for i := range 83 {
		wait := 20 * time.Second
		if i >= 70 {
			wait = 21 * time.Second
		}
		calls = append(calls, answered(fmt.Sprint("a", i), morning.Add(time.Duration(i)*time.Second), wait))
	}
	for i := range 17 {
		wait := 4900 * time.Millisecond
		if i >= 5 {
			wait = 5 * time.Second
		}
		if i >= 10 {
			wait = 40 * time.Second
		}
		calls = append(calls, lost(fmt.Sprint("l", i), morning.Add(time.Duration(i)*time.Second), wait))
	}
	calls = append(calls, open("waits", now.Add(-90*time.Second)), open("stale", now.Add(-5*time.Hour)))
	r.store.put(calls...)
	r.look()
	testkit.Golden{Name: "metrics.prom", Got: exposition(t, NewMetrics(r.cfg, r, r.clock.now, nil)), Update: *update}.Check(t)
}

func TestNoSnapshotNoFigures(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	m := NewMetrics(r.cfg, r, r.clock.now, nil)
	for _, line := range lines(exposition(t, m), "hotline_") {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "hotline_target_") {
			t.Errorf("exported before anything was read: %s", line)
		}
	}
	// An empty hotline: counts are zero, ratios and ages absent.
	r.look()
	text := exposition(t, m)
	for _, absent := range []string{"_ratio{", "hotline_data_age", "hotline_data_to", "hotline_longest_wait_seconds{", "NaN"} {
		for _, line := range lines(text, absent) {
			if !strings.HasPrefix(line, "hotline_target_ratio") {
				t.Errorf("exported without a call: %s", line)
			}
		}
	}
	if got := lines(text, `hotline_calls_waiting{centre="all",queue="all"} 0`); len(got) != 1 {
		t.Errorf("no zero of waiting calls in:\n%s", text)
	}
}

// What a source cannot know is absent, not a number of something narrower.
func TestMetricsOfASourceThatCannotKnow(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z", func(d *Deps) {
		d.Knows = func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests}) }
	})
	r.store.put(answered("a", r.clock.now().Add(-time.Minute), time.Second))
	r.look()
	text := exposition(t, NewMetrics(r.cfg, r, r.clock.now, nil))
	for _, absent := range []string{
		`definition="composite",queue`, `hotline_service_level`, `hotline_response_timeliness_ratio{`,
		`hotline_answer_wait_mean_seconds{`, `hotline_wait_max_seconds{`, `outcome="self_service"`, `outcome="abandoned_ivr"`,
	} {
		if got := lines(text, absent); len(got) > 0 {
			t.Errorf("exported although nothing knows it: %s", got[0])
		}
	}
	if got := lines(text, `hotline_answer_rate_ratio{centre="all",definition="agent",queue="all",window="today"} 1`); len(got) != 1 {
		t.Error("the agent answer rate, which can be known, is missing")
	}
}

// A source that cannot tell who asked for an agent has no answer rate of 100%, and is not
// watched for a drop of it.
func TestMetricsWithoutRequests(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z", func(d *Deps) {
		d.Knows = func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanIVR}) }
	})
	r.store.put(answered("a", r.clock.now().Add(-time.Minute), time.Second))
	r.look()
	text := exposition(t, NewMetrics(r.cfg, r, r.clock.now, nil))
	for _, absent := range []string{
		`hotline_answer_rate_ratio{centre="all",definition="agent`, `hotline_abandonment_rate`, `population="requested"`, `population="asked"`, `population="after_hours"`, `population="short`,
		`hotline_calls_waiting{`,
	} {
		if got := lines(text, absent); len(got) > 0 {
			t.Errorf("exported although nothing knows it: %s", got[0])
		}
	}
	for _, want := range []string{`definition="composite",queue="all",window="today"} 1`, `population="offered",queue="all",window="today"} 1`, `outcome="answered",queue="all",window="today"} 1`} {
		if len(lines(text, want)) == 0 {
			t.Errorf("missing: %s in\n%s", want, text)
		}
	}
	state, ok := r.Alerts(r.clock.now())
	if !ok {
		t.Fatal("no state of the alerts")
	}
	for scope, statistics := range state.Statistics {
		for i, v := range statistics {
			if v > 0 {
				t.Errorf("test %d of %v looks at calls of which nobody knows whether they were requested: %v", i, scope, v)
			}
		}
	}
}

func TestQueuesAreBounded(t *testing.T) {
	var logged bytes.Buffer
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	r.cfg.MaxQueues = 2
	var calls []hotline.Call
	for q := range 5 {
		for n := range q + 1 { // q4 has the most calls
			c := answered(fmt.Sprint(q, "/", n), r.clock.now().Add(-time.Minute), time.Second)
			c.Queue = fmt.Sprint("q", q)
			calls = append(calls, c)
		}
	}
	r.store.put(calls...)
	r.look()
	m := NewMetrics(r.cfg, r, r.clock.now, slog.New(slog.NewTextHandler(&logged, nil)))
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, line := range lines(exposition(t, m), `hotline_calls{`) {
			if strings.Contains(line, `centre="xy",outcome="answered"`) && strings.Contains(line, `window="today"`) {
				_, line, _ = strings.Cut(line, `outcome="answered",`)
				got = append(got, strings.Replace(line, `,window="today"`, "", 1))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check(`queue="all"} 15`, `queue="other"} 6`, `queue="q3"} 4`, `queue="q4"} 5`)
	if n := strings.Count(logged.String(), "too many queues"); n != 1 {
		t.Errorf("logged %d times: %s", n, logged.String())
	}
	// A queue that overtakes does not end another's series, and nothing is logged again.
	for n := range 30 {
		c := answered(fmt.Sprint("more", n), r.clock.now().Add(-time.Minute), time.Second)
		c.Queue = "q0"
		r.store.put(c)
	}
	r.look()
	check(`queue="all"} 45`, `queue="other"} 36`, `queue="q3"} 4`, `queue="q4"} 5`)
	if n := strings.Count(logged.String(), "too many queues"); n != 1 {
		t.Errorf("logged %d times: %s", n, logged.String())
	}
}

// A queue may be called what the metrics call a sum.
func TestReservedNames(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	for i, queue := range []string{"all", "other", "none", ""} {
		c := answered(fmt.Sprint(i), r.clock.now().Add(-time.Minute), time.Second)
		c.Queue = queue
		if queue == "all" {
			c.Centre = "all"
		}
		r.store.put(c)
	}
	r.look()
	var got []string
	for _, line := range lines(exposition(t, NewMetrics(r.cfg, r, r.clock.now, nil)), `hotline_calls_population{`) {
		if strings.Contains(line, `population="offered"`) && strings.Contains(line, `window="1h"`) {
			got = append(got, line)
		}
	}
	want := []string{}
	for _, s := range []struct {
		centre, queue string
		n             int
	}{{"=all", "=all", 1}, {"=all", "all", 1}, {"all", "all", 4}, {"xy", "=none", 1}, {"xy", "=other", 1}, {"xy", "all", 3}, {"xy", "none", 1}} {
		want = append(want, fmt.Sprintf(`hotline_calls_population{centre="%s",population="offered",queue="%s",window="1h"} %d`, s.centre, s.queue, s.n))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMetricsLint(t *testing.T) {
	r := newRig(t, "Asia/Shanghai", "2026-11-23T02:10:00Z")
	r.store.put(answered("a", r.clock.now().Add(-time.Minute), time.Second), open("b", r.clock.now()))
	r.look()
	problems, err := testutil.CollectAndLint(NewMetrics(r.cfg, r, r.clock.now, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

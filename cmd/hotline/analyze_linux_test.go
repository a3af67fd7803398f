package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files again")

// fits checks that a table can be read on a terminal of 80 columns.
func fits(t *testing.T, table string) {
	t.Helper()
	for line := range strings.Lines(table) {
		if line = strings.TrimRight(line, "\n"); runewidth.StringWidth(line) > 80 {
			t.Errorf("%d columns: %s", runewidth.StringWidth(line), line)
		}
	}
}

func TestAnalyzeTable(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	path, err := filepath.Abs(filepath.Join("testdata", "calls.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for by, name := range map[string]string{"": "total", "day": "day", "hour": "hour", "queue": "queue", "agent": "agent", "topic": "topic"} {
		p := w.start("analyze", path, "--source", "generic-csv", "--by", by)
		if code := p.wait(steps); code != 0 || p.err.String() != "" {
			t.Fatalf("exit code %d\n%s", code, p.err.String())
		}
		fits(t, p.out.String())
		testkit.Golden{Name: "analyze-" + name + ".txt", Got: p.out.String(), Update: *update}.Check(t)
	}
	if left := entries(t, w.path("tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, dir := range []string{"data", "state", "etc"} {
		if left := entries(t, w.path(dir)); len(left) > 0 {
			t.Errorf("an analysis has written %v", left)
		}
	}
}

// TestAnalyzeBank holds a real month of a real call centre against what is known of it by
// other means.
func TestAnalyzeBank(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	path := bank(t)
	w := newWorld(t)
	quickest := time.Hour
	run := func(args ...string) string {
		began := time.Now()
		out := w.must(append([]string{"analyze", path, "--source", "anonymous-bank", "--zone", "Asia/Jerusalem"}, args...)...)
		quickest = min(quickest, time.Since(began))
		return out
	}
	s := statement(t, run("--format", "json", "--by", "day"))
	bankFigures(t, s)
	balanced(t, s.Pipeline)
	if p := s.Pipeline; p.Read != 33_344 || p.Stored != 33_344 || p.New != 33_344 || len(p.Rejected) != 0 || len(p.Ignored) != 0 {
		t.Errorf("pipeline %+v", *p)
	}
	addsUp(t, s)
	byHour := statement(t, run("--format", "json", "--by", "hour"))
	addsUp(t, byHour)
	byHour.Groups = s.Groups
	if err := alike(s, byHour); err != nil {
		t.Error(err)
	}
	fits(t, run("--by", "hour"))
	testkit.Promised(t, "an analysis of a month", quickest, 20*time.Second)
}

// bank is the file of the real month.
func bank(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../../shared/data/anonymous-bank/february.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		testkit.Missing(t, "shared", "the real month of calls is not there: "+err.Error())
	}
	return path
}

// bankFigures holds a statement of the real month against its truth.
func bankFigures(t *testing.T, s *kpi.Statement) {
	t.Helper()
	c := s.Counts
	for name, n := range map[string][2]int64{
		"offered":         {c.Offered, 33_066},
		"phantom":         {c.Excluded["phantom"], 278},
		"answered":        {c.Answered, 27_162},
		"abandoned_queue": {c.AbandonedQueue, 3_963},
		"abandoned_ivr":   {c.AbandonedIVR, 1_941},
		"requested":       {c.Requested, 31_125},
		"talk in ms":      {int64(c.TalkSecondsSum), 4_790_100_000},
		"clock skew":      {c.ClockSkew, 25},
		"calls":           {c.Calls, 33_344},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d, want %d", name, n[0], n[1])
		}
	}
	r := s.Rates
	for name, v := range map[string]struct {
		got  *float64
		want float64
	}{
		"agent":     {r.AnswerRateAgent, 27_162.0 / 31_125},
		"composite": {r.AnswerRateComposite, 27_162.0 / 33_066},
	} {
		if v.got == nil || *v.got != v.want {
			t.Errorf("%s: %v, want %v", name, v.got, v.want)
		}
	}
	for name, v := range map[string]struct {
		got  *float64
		want string
	}{
		"service_level_of_answered(20)": {r.ServiceLevelOfAnswered["20"], "0.5968"},
		"service_level(20)":             {r.ServiceLevel["20"], "0.5208"},
		"asa":                           {r.ASASeconds, "40.7700"},
		"talk":                          {r.TalkMeanSeconds, "176.3500"},
	} {
		rounded := "none"
		if v.got != nil && *v.got < 1 {
			rounded = fmt.Sprintf("%.4f", *v.got)
		} else if v.got != nil {
			rounded = fmt.Sprintf("%.4f", math.Round(*v.got*100)/100)
		}
		if rounded != v.want {
			t.Errorf("%s: %s, want %s", name, rounded, v.want)
		}
	}
}

// addsUp checks that the groups of a statement sum to its total, in every count that can
// be added.
func addsUp(t *testing.T, s *kpi.Statement) {
	t.Helper()
	if len(s.Groups) < 2 {
		t.Fatalf("%d groups", len(s.Groups))
	}
	sums := map[string]int64{}
	for _, g := range s.Groups {
		for name, n := range numbers(t, g.Counts) {
			if name == "wait_seconds_max" {
				sums[name] = max(sums[name], n)
			} else {
				sums[name] += n
			}
		}
	}
	if diff := cmp.Diff(numbers(t, s.Counts), sums); diff != "" {
		t.Errorf("by %s the groups do not add up (-total +sum):\n%s", s.Groups[0].By, diff)
	}
}

// numbers flattens counts; times are in milliseconds.
func numbers(t *testing.T, c kpi.Counts) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		switch f := v.Field(i); f.Kind() {
		case reflect.Int64:
			out[name] = f.Int()
		case reflect.Map:
			for _, key := range f.MapKeys() {
				out[name+"."+key.String()] = f.MapIndex(key).Int()
			}
		default:
			t.Fatalf("%s is a %s", name, f.Kind())
		}
	}
	return out
}

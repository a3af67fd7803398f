package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// fates is a call answered and three lost, all beginning in one quarter hour: one short,
// one not, one blocked.
func fates(day, clock string) string {
	var b strings.Builder
	for i, row := range []string{"answered,10", "abandoned_queue,3", "abandoned_queue,40", "blocked,"} {
		fmt.Fprintf(&b, "%s-%s-%d,%sT%s,社保卡,%s\n", day, clock, i, day, clock, row)
	}
	return b.String()
}

const fateColumns = "call_id,started_at,queue,outcome,wait_seconds\n"

// figuresOf asks a running system under some settings for the figures of a period.
func (w *world) figuresOf(from, to string, more ...string) *kpi.Statement {
	w.t.Helper()
	var s kpi.Statement
	args := append([]string{"kpi", "--from", from, "--to", to, "--format", "json"}, more...)
	if err := json.Unmarshal([]byte(w.must(args...)), &s); err != nil {
		w.t.Fatal(err)
	}
	return &s
}

// placedOn is what a day's calls must come to, by whether each was in service hours.
func placedOn(t *testing.T, about string, s *kpi.Statement, in, out int64) {
	t.Helper()
	c, r := s.Counts, s.Rates
	all := in + out
	got := [...]int64{c.Offered, c.Asked, c.Requested, c.AfterHours, c.ShortAbandoned, c.RequestedAbandoned, c.RequestedShortAbandoned}
	want := [...]int64{4 * all, 4 * all, 4*in + out, 3 * out, all, 2 * in, in}
	if got != want {
		t.Errorf("%s: offered, asked, requested, after hours, short, abandoned and short of the requested are %v, want %v", about, got, want)
	}
	requested := float64(4*in + out)
	for name, rate := range map[string]struct {
		got  *float64
		want float64
	}{
		"agent rate":      {r.AnswerRateAgent, float64(all) / requested},
		"excluding short": {r.AnswerRateAgentExclShort, float64(all) / (requested - float64(in))},
		"abandonment":     {r.AbandonmentRate, float64(2*in) / requested},
		"service level":   {r.ServiceLevel["15"], float64(all) / requested},
		"composite":       {r.AnswerRateComposite, 0.25}, // knows no hours
	} {
		if rate.got == nil || *rate.got != rate.want {
			t.Errorf("%s: %s %v, want %v", about, name, rate.got, rate.want)
		}
	}
}

// Calls on a worked Saturday and on a Monday off fall on the right side of every rule; when
// the hours are changed from a day on, the past stays, and nothing is recomputed.
func TestCalendarThroughThePipeline(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["rules.calendar"] = "cn-2026"
	w.up()
	file := w.write("calls.csv", fateColumns+
		fates("2026-02-14", "10:00:00+08:00")+ // a worked Saturday
		fates("2026-02-16", "10:00:00+08:00")+ // a Monday off
		fates("2026-03-02", "12:15:00+08:00")+ // a Monday's break
		fates("2026-03-09", "12:15:00+08:00")+
		fates("2026-03-29", "00:45:00Z")+ // Berlin: 01:45, and 03:15 an hour and a half on
		fates("2026-03-29", "01:15:00Z")+
		fates("2026-10-25", "00:15:00Z")+ // Berlin: 02:15
		fates("2026-10-25", "01:15:00Z")) // and 02:15 again
	w.must("import", file, "--source", "generic-csv")
	day := func(at *world, about, from, to string, in, out int64, more ...string) {
		t.Helper()
		placedOn(t, about, at.figuresOf(from, to, more...), in, out)
	}
	day(w, "a worked Saturday", "2026-02-14", "2026-02-15", 1, 0)
	day(w, "a Monday off", "2026-02-16", "2026-02-17", 0, 1)
	day(w, "the break", "2026-03-02", "2026-03-03", 0, 1)
	day(w, "both", "2026-02-01", "2026-03-01", 1, 1)
	for _, g := range w.figuresOf("2026-02-01", "2026-03-01", "--by", "day").Groups {
		in, out := int64(1), int64(0)
		if g.Key == "2026-02-16" {
			in, out = 0, 1
		}
		placedOn(t, "by day: "+g.Key, &kpi.Statement{Counts: g.Counts, Rates: g.Rates}, in, out)
	}

	// Since 3 March service goes through.
	recomputed := func() string {
		t.Helper()
		out, err := testkit.Query(bounded(t), w.root().Store, "SELECT count(), max(version) FROM hotline.tallies")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := recomputed()
	w.write("rules/calendar/mine.yaml", `name: mine
extends: cn-2026
hours:
  - week: {mon-fri: ["08:30-12:00", "14:00-17:30"]}
  - since: 2026-03-03
    week: {mon-fri: ["08:30-17:30"]}
`)
	mine := w.with("rules.dir="+w.path("rules"), "rules.calendar=mine")
	day(mine, "the break as it was", "2026-03-02", "2026-03-03", 0, 1)
	day(mine, "the break that is gone", "2026-03-09", "2026-03-10", 1, 0)
	if after := recomputed(); after != before {
		t.Errorf("tallies were recomputed for other service hours: %s, before %s", after, before)
	}

	// Service where the clocks change.
	w.write("rules/calendar/berlin.yaml", `name: berlin
zone: Europe/Berlin
any_year: true
hours: [{week: {mon-sun: ["02:00-02:45"]}}]
`)
	berlin := w.with("rules.dir="+w.path("rules"), "rules.calendar=berlin")
	day(berlin, "an hour that is left out", "2026-03-29", "2026-03-30", 0, 2, "--zone", "Europe/Berlin")
	day(berlin, "an hour that happens twice", "2026-10-25", "2026-10-26", 2, 0, "--zone", "Europe/Berlin")
}

// Figures of a year without days are refused, and the file that helps is named; what is
// imported is stored.
func TestYearWithoutCalendarThroughThePipeline(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["rules.calendar"] = "cn-2026"
	w.settings["rules.dir"] = w.path("rules")
	w.write("rules/calendar/.keep", "")
	w.up()
	file := w.write("calls.csv", fateColumns+fates("2024-03-04", "10:00:00+08:00"))
	code, _, stderr := w.run("import", file, "--source", "generic-csv")
	if code == 0 || !strings.Contains(stderr, "the records are stored (read 4, accepted 4)") || !strings.Contains(stderr, "calendar/cn-2024.yaml") {
		t.Errorf("import: exit code %d: %s", code, stderr)
	}
	code, out, stderr := w.run("kpi", "--from", "2024-01-01", "--to", "2025-01-01")
	if code == 0 || out != "" || !strings.Contains(stderr, "calendar/cn-2024.yaml") {
		t.Errorf("kpi: exit code %d, printed %q: %s", code, out, stderr)
	}
	for _, args := range [][]string{
		{"explain", "answer_rate", "--period", "2024"},
		{"report", "--period", "2024", "--format", "json", "--out", w.path("2024.json")},
	} {
		code, _, stderr = w.run(args...)
		if code == 0 || !strings.Contains(stderr, "calendar/cn-2024.yaml") {
			t.Errorf("%s: exit code %d: %s", args[0], code, stderr)
		}
	}
	// A period without calls needs no calendar.
	if s := w.figuresOf("2023-01-01", "2024-01-01"); s.Counts.Calls != 0 {
		t.Errorf("2023 has %d calls", s.Counts.Calls)
	}
	w.write("rules/calendar/cn-2024.yaml", "name: cn-2024\nadds_to: cn-2026\nyears: {2024: {off: [2024-01-01]}}\n")
	placedOn(t, "with the file", w.figuresOf("2024-01-01", "2025-01-01"), 1, 0)
}

// What config --check and doctor say of calendars depends on the day they are asked.
func TestCalendarsAreChecked(t *testing.T) {
	sequential(t)
	t.Parallel()
	w := newWorld(t)
	w.settings["rules.dir"] = w.path("rules")
	w.settings["rules.calendar"] = "mine"
	year := time.Now().In(shanghai(t)).Year()
	write := func(years ...int) {
		text := "name: mine\nzone: Asia/Shanghai\nhours: [{week: {mon-fri: [\"09:00-17:00\"]}}]\nyears:\n"
		for _, y := range years {
			text += fmt.Sprintf("  %d: {off: []}\n", y)
		}
		w.write("rules/calendar/mine.yaml", text)
	}
	write(1999)
	code, out, stderr := w.run("config", "--check")
	if code != 1 || out != "" || !strings.Contains(stderr, fmt.Sprintf("calendar mine has no days of %d: add the file calendar/mine-%d.yaml", year, year)) {
		t.Errorf("without this year: exit code %d, %q, %s", code, out, stderr)
	}
	_, out, _ = w.run("doctor")
	if found := findings(t, out)["calendar"]; !strings.HasPrefix(found, "BAD calendar mine has no days of") {
		t.Errorf("doctor without this year: %s", found)
	}
	write(year, year+1)
	code, out, stderr = w.run("config", "--check")
	if code != 0 || !strings.Contains(out, "is valid") || stderr != "" {
		t.Errorf("with both years: exit code %d, %q, %s", code, out, stderr)
	}
	_, out, _ = w.run("doctor")
	if found := findings(t, out)["calendar"]; found != fmt.Sprintf("ok mine: days of %d, %d", year, year+1) {
		t.Errorf("doctor with both years: %s", found)
	}
	w.write("rules/calendar/mine.yaml", "name: mine\nhuors: []\n")
	code, _, stderr = w.run("config", "--check")
	if code != 1 || !strings.Contains(stderr, `mine.yaml:2:1: unknown key "huors", did you mean hours?`) {
		t.Errorf("with a fault: exit code %d, %s", code, stderr)
	}
	w.settings["rules.calendar"] = "cn-2062"
	w.write("rules/calendar/mine.yaml", "name: mine\nextends: cn-2026\n")
	code, _, stderr = w.run("config", "--check")
	if code != 1 || !strings.Contains(stderr, `rules.calendar: calendar "cn-2062" is not known, did you mean cn-2026?; known: always, cn-2025, cn-2026, mine`) {
		t.Errorf("with an unknown name: exit code %d, %s", code, stderr)
	}
}

package ruleset_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

// rules loads the built-in rules and a centre's own calendars, by the names of their files.
func rules(t *testing.T, centre string, own map[string]string) (*ruleset.Rules, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "calendar"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range own {
		if err := os.WriteFile(filepath.Join(dir, "calendar", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ruleset.Load(pipelines.Rules, ruleset.Config{Dir: dir, Calendar: centre}, shanghai(t))
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func mustCalendar(t *testing.T, centre string, own map[string]string) calendar.Calendar {
	t.Helper()
	r, err := rules(t, centre, own)
	if err != nil {
		t.Fatal(err)
	}
	return r.Calendars.Centre()
}

// The working days of 2026 as the planning of the field counts them.
func TestWorkingDaysOf2026(t *testing.T) {
	c := mustCalendar(t, "cn-2026", nil)
	want := []int{21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23}
	sum := 0
	for m, n := range want {
		from := time.Date(2026, time.Month(m+1), 1, 0, 0, 0, 0, c.Zone())
		got, err := c.WorkingDays(from, from.AddDate(0, 1, 0))
		if err != nil || got != n {
			t.Errorf("%s has %d working days (%v), want %d", from.Month(), got, err, n)
		}
		sum += got
	}
	if sum != 248 {
		t.Errorf("the year has %d working days, want 248", sum)
	}
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, c.Zone())
	for months, n := range map[int]int{3: 59, 6: 120, 12: 248} {
		if got, err := c.WorkingDays(year, year.AddDate(0, months, 0)); err != nil || got != n {
			t.Errorf("%d months have %d working days (%v), want %d", months, got, err, n)
		}
	}
}

func TestTermOverTheNationalDay(t *testing.T) {
	for mode, want := range map[string]string{
		"close_of_service": "2026-10-09T17:30:00+08:00",
		"end_of_day":       "2026-10-10T00:00:00+08:00",
		"same_time":        "2026-10-09T16:00:00+08:00",
	} {
		c := mustCalendar(t, "mine", map[string]string{"mine.yaml": "name: mine\nextends: cn-2026\ndeadline: " + mode + "\n"})
		got, err := c.AddWorkingDays(time.Date(2026, 9, 30, 16, 0, 0, 0, c.Zone()), 2)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %s (%v), want %s", mode, got.Format(time.RFC3339), err, want)
		}
	}
}

func TestMissingYearNamesItsFile(t *testing.T) {
	c := mustCalendar(t, "mine", map[string]string{"mine.yaml": "name: mine\nextends: cn-2026\n"})
	_, err := c.AddWorkingDays(time.Date(2026, 12, 31, 10, 0, 0, 0, c.Zone()), 1)
	if err == nil || !strings.Contains(err.Error(), "calendar mine has no days of 2027: add the file calendar/cn-2027.yaml") {
		t.Errorf("%v", err)
	}
}

// The next year is a file beside the others, and every calendar built on it knows it.
func TestNextYearIsOneFile(t *testing.T) {
	own := map[string]string{
		"cn-2027.yaml": "name: cn-2027\nadds_to: cn-2026\nyears: {2027: {off: [2027-01-01]}}\n",
		"mine.yaml":    "name: mine\nextends: cn-2026\nhours: [{week: {mon-fri: [\"09:00-17:00\"]}}]\n",
	}
	for _, name := range []string{"cn-2026", "cn-2027", "mine"} {
		c := mustCalendar(t, name, own)
		at := time.Date(2026, 12, 31, 10, 0, 0, 0, c.Zone())
		got, err := c.AddWorkingDays(at, 1)
		if err != nil || got.In(c.Zone()).Format(time.DateOnly) != "2027-01-04" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if end, ok := c.End(at); !ok || end.Format(time.DateOnly) != "2028-01-01" {
			t.Errorf("%s knows its days up to %v", name, end)
		}
	}
}

func TestFaultsOfCalendars(t *testing.T) {
	const head = "name: x\nzone: Asia/Shanghai\n"
	const hours = "hours: [{week: {mon-fri: [\"08:30-12:00\"]}}]\n"
	const years = "years: {2026: {off: []}}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":        {head + hours + "yaers: {}\n", `x.yaml:4:1: unknown key "yaers", did you mean years?`},
		"no name":            {"zone: UTC\n" + hours + years, "x.yaml:1:5: name is missing"},
		"always":             {"name: always\n", "x.yaml:1:7: name: always is built in and stays what it is"},
		"no years":           {head + hours, "years is missing: which days are off"},
		"no hours":           {head + years, "hours is missing"},
		"no zone":            {"name: x\n" + hours + years, "zone is missing"},
		"off quarter hours":  {head + years + "hours:\n  - week:\n      mon: [\"08:40-12:00\"]\n", "x.yaml:6:12: hours[0].week.mon: 08:40-12:00 does not begin and end on quarter hours"},
		"overlapping hours":  {head + years + "hours: [{week: {mon: [\"08:30-12:00\", \"11:45-13:00\"]}}]\n", "11:45-13:00 begins before 08:30-12:00 has ended"},
		"empty hours":        {head + years + "hours: [{week: {mon: [\"08:30-08:30\"]}}]\n", "08:30-08:30 is no part of a day"},
		"weekday":            {head + years + "hours: [{week: {moon: []}}]\n", `"moon" is no day of the week such as mon, nor a range such as mon-fri`},
		"weekday twice":      {head + years + "hours: [{week: {mon-fri: [], wed: []}}]\n", "the hours of Wednesday are given twice"},
		"first since":        {head + years + "hours: [{since: 2026-01-01, week: {mon: []}}]\n", "the first hours hold from the beginning"},
		"no since":           {head + years + "hours: [{week: {mon: []}}, {week: {mon: []}}]\n", "since is missing"},
		"since backwards":    {head + years + "hours: [{week: {mon: []}}, {since: 2026-05-01, week: {}}, {since: 2026-04-01, week: {}}]\n", "2026-04-01 is not after 2026-05-01"},
		"seasons overlap":    {head + years + "hours: [{week: {mon: []}, seasons: [{days: 11-01..02-15, week: {}}, {days: 02-10..03-01, week: {}}]}]\n", "has days in common with another season"},
		"season":             {head + years + "hours: [{week: {mon: []}, seasons: [{days: 6-1..9-30, week: {}}]}]\n", `"6-1" is no day of a year such as 06-01`},
		"make-up undecided":  {head + years + "hours: [{week: {mon: [\"08:00-12:00\"], tue-fri: []}}]\n", "makeup is missing"},
		"date":               {head + hours + "years: {2026: {off: [2026-02-30]}}\n", `"2026-02-30" is not a date`},
		"other year":         {head + hours + "years: {2026: {off: [2027-01-01]}}\n", "2027-01-01 is not a day of 2026"},
		"twice":              {head + hours + "years: {2026: {off: [2026-01-01..2026-01-03], working: [2026-01-03]}}\n", "2026-01-03 is listed twice"},
		"worked anyway":      {head + hours + "years: {2026: {off: [], working: [2026-01-05]}}\n", "2026-01-05 is a Monday, which is worked anyway"},
		"no off":             {head + hours + "years: {2026: {working: []}}\n", "off is missing"},
		"any year and years": {head + hours + years + "any_year: true\n", "years are given"},
		"deadline":           {head + hours + years + "deadline: noon\n", `"noon" is none of close_of_service, end_of_day, same_time`},
		"unknown base":       {"name: x\nextends: cn-2062\n", `x.yaml:2:10: extends: calendar "cn-2062" is not known, did you mean cn-2026?`},
		"circle":             {"name: x\nextends: x\n", "x.yaml:2:10: extends: the calendars build on one another in a circle"},
		"adds to itself":     {"name: x\nadds_to: x\n" + years, "x.yaml:2:10: adds_to: the calendars build on one another in a circle"},
		"adds and more":      {"name: x\nadds_to: cn-2026\nyears: {2027: {off: []}}\n" + hours, "adds_to is for years and nothing else"},
		"year given again":   {"name: x\nadds_to: y\n" + years, "2026 is given in"},
		"builds on always":   {"name: x\nextends: always\n", "always has neither hours nor years to build on"},
		"nobody works":       {head + hours + years + "working_week: []\n", "no day of the week is worked"},
		"not YAML":           {"name: [", "x.yaml:1:7:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rules(t, "always", map[string]string{
				"x.yaml": tc.text, "y.yaml": "name: y\nzone: UTC\n" + hours + years,
			})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
		})
	}
}

// The examples of the documentation are calendars, and mean what stands beside them.
func TestExamplesOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/calendar.md")
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]string{}
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		own[fmt.Sprintf("%d.yaml", len(own))] = text
	}
	if len(own) != 2 {
		t.Fatalf("%d examples", len(own))
	}
	c := mustCalendar(t, "xianyang", own)
	for when, want := range map[string]bool{
		"2026-05-29T14:15:00+08:00": true,
		"2026-05-30T09:00:00+08:00": true,  // a Saturday
		"2026-02-14T14:00:00+08:00": true,  // a worked one
		"2026-02-16T09:00:00+08:00": false, // a Monday off
		"2026-06-01T14:15:00+08:00": false, // summer
		"2026-09-01T12:15:00+08:00": true,  // since that day
		"2026-02-13T14:15:00+08:00": false, // special
		"2026-11-17T09:00:00+08:00": false,
		"2027-10-09T17:45:00+08:00": true, // a Saturday of the added year
	} {
		at, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.InService(at); got != want || !c.Covers(at) {
			t.Errorf("%s: in service %v", when, got)
		}
	}
	if works, err := c.IsWorkingDay(time.Date(2026, 5, 30, 12, 0, 0, 0, c.Zone())); err != nil || works {
		t.Errorf("a served Saturday is a working day (%v)", err)
	}
}

// A directory that is none is told once.
func TestDirectoryOfRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		file:           "rules.dir: " + file + " is no directory",
		file + "/none": "rules.dir: stat " + file + "/none: not a directory",
	} {
		if _, err := ruleset.Load(pipelines.Rules, ruleset.Config{Dir: dir, Calendar: "always"}, time.UTC); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Every file behind a calendar is there as evidence, as it was read.
func TestFilesOfCalendars(t *testing.T) {
	text := "name: mine\nextends: cn-2026\n"
	r, err := rules(t, "mine", map[string]string{"mine.yaml": text})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.Calendars.Files("mine") {
		sum := sha256.Sum256(f.Data)
		if f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: SHA-256 %s is not that of its data", f.Path, f.SHA256)
		}
		names = append(names, fmt.Sprint(filepath.Base(f.Path), f.Own))
	}
	if got := strings.Join(names, " "); got != "mine.yamltrue cn-2026.yamlfalse cn-2025.yamlfalse" {
		t.Errorf("files %s", got)
	}
	if files := r.Calendars.Files("always"); files != nil {
		t.Errorf("always has files: %v", files)
	}
}

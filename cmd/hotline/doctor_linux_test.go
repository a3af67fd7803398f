package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestConfigRoundTrip(t *testing.T) {
	sequential(t)
	t.Parallel()
	w := newWorld(t)
	w.write("a/none", "") // no descriptions in either
	w.write("b/none", "")
	w.settings["sources.dir"] = `["` + w.path("a") + `", "` + w.path("b") + `"]`
	w.env["HOTLINE_LOG_LEVEL"] = "debug"
	dumped := w.must("config", "--dump")
	file := w.write("hotline.yaml", dumped)
	for _, want := range []string{w.settings["web.listen"], "level: debug", "[flag --set web.listen"} {
		if !strings.Contains(dumped, want) {
			t.Errorf("the dump does not hold %q:\n%s", want, dumped)
		}
	}
	// The file alone says all that settings and environment said.
	w.settings, w.env["HOTLINE_LOG_LEVEL"] = nil, ""
	if out := w.must("config", "--check", "--config", file); !strings.Contains(out, "is valid") {
		t.Errorf("--check said %q", out)
	}
	again := w.must("config", "--dump", "--config", file)
	origin := regexp.MustCompile(` \[[^]]*\]\n`)
	if a, b := origin.ReplaceAllString(dumped, "\n"), origin.ReplaceAllString(again, "\n"); a != b {
		t.Errorf("dumped once:\n%s\nand again:\n%s", a, b)
	}

	bad := w.write("bad.yaml", "web:\n  listen: here\nload:\n  batch_rows: -1\n")
	code, out, stderr := w.run("config", "--check", "--config", bad)
	if code != 1 || out != "" {
		t.Errorf("exit code %d, printed %q", code, out)
	}
	for _, want := range []string{"bad.yaml:2", "web.listen", "bad.yaml:4", "load.batch_rows"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("--check does not say %q:\n%s", want, stderr)
		}
	}
	// What is wrong can still be printed.
	if out := w.must("config", "--dump", "--config", bad); !strings.Contains(out, "batch_rows: -1") {
		t.Errorf("the dump of a wrong configuration:\n%s", out)
	}
}

// findings are the lines of doctor by what they are about.
func findings(t *testing.T, out string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(out) {
		parts := regexp.MustCompile(`^(ok|BAD|note) +(.+?)  +(.*)\n$`).FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("not a finding: %q", line)
			continue
		}
		found[parts[2]] = parts[1] + " " + parts[3]
	}
	return found
}

func TestDoctor(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	code, out, stderr := w.run("doctor")
	if code != 1 {
		t.Errorf("exit code %d with nothing running", code)
	}
	sentence(t, stderr, "needs attention")
	well, unwell := "ok ", "BAD "
	check := func(out string, want map[string]string) {
		t.Helper()
		got := findings(t, out)
		for what, beginning := range want {
			if !strings.HasPrefix(got[what], beginning) {
				t.Errorf("%s: %q, want %q", what, got[what], beginning)
			}
		}
		for what, found := range got {
			if _, wanted := want[what]; !wanted && strings.HasPrefix(found, unwell) {
				t.Errorf("%s: %q", what, found)
			}
		}
	}
	check(out, map[string]string{
		"engine library": well, "data directory": well, "keys": well, "sources": well, "calendar": well + "always: any year",
		"broker": unwell + "Kafka at " + w.settings["broker.addresses"],
		"store":  unwell + "ClickHouse at " + w.settings["store.address"], "pages": unwell,
	})
	for _, dir := range []string{"data", "state", "etc"} {
		if left := entries(t, w.path(dir)); len(left) > 0 {
			t.Errorf("doctor has written %v", left)
		}
	}

	w.up()
	f := newFixture(t, 50, 1)
	w.must("import", w.write("calls.csv", f.csv), "--source", "generic-csv")
	code, out, stderr = w.run("doctor")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, said %q", code, stderr)
	}
	check(out, map[string]string{
		"engine library": well, "data directory": well + w.settings["data.dir"], "keys": well + w.path("etc"), "sources": well,
		"broker": well, "topics": well, "store": well, "lag": well + "0 records to load, 0 marks", "pages": well + "http://" + w.settings["web.listen"],
	})
}

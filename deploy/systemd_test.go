package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hotline12333/internal/config"
)

func units(t *testing.T) []string { return files(t, "systemd/*.service") }

func TestServiceUnitSetsKnownVariables(t *testing.T) {
	known, err := config.EnvNames[config.Root]()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range config.FixedVariables() {
		known = append(known, v.Name)
	}
	for _, name := range units(t) {
		unit, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, m := range regexp.MustCompile(`(?m)^Environment=(\w+)=`).FindAllStringSubmatch(string(unit), -1) {
			found++
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s sets %s, which the program does not know", name, m[1])
			}
		}
		if found == 0 {
			t.Errorf("%s sets no variable: has its form changed?", name)
		}
	}
}

// systemd itself reads every unit; what it would run is another program here.
func TestServiceUnitsAreValid(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: it comes with systemd")
	}
	dir := t.TempDir()
	var names []string
	for _, unit := range units(t) {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.Base(unit))
		names = append(names, name)
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/hotline", "/bin/true")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--man=no", "--recursive-errors=one"}, names...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// A unit that is named and does not exist is a line in a log that nobody reads.
func TestFailuresAreTold(t *testing.T) {
	text, err := os.ReadFile("systemd/hotline.service")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^OnFailure=(.+@)%n(\.service)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("hotline.service tells nobody of its failure")
	}
	failed, err := os.ReadFile("systemd/" + string(m[1]) + string(m[2]))
	if err != nil {
		t.Fatal(err)
	}
	// What hotline.service may have failed of must not silence the message.
	for _, shared := range []string{"/etc/hotline/hotline.yaml", "/etc/hotline/hotline.env"} {
		for line := range strings.Lines(string(failed)) {
			if !strings.HasPrefix(line, "#") && strings.Contains(line, shared) {
				t.Errorf("it reads %s as well", shared)
			}
		}
	}
}

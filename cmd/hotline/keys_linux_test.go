package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeysCommands: a key's life on the command line, and its trace in the audit log.
func TestKeysCommands(t *testing.T) {
	sequential(t)
	t.Parallel()
	w := newWorld(t)
	code, _, stderr := w.run("keys", "list")
	if code != 1 || !strings.Contains(stderr, "hotline keys init makes one") {
		t.Errorf("list without a file: exit code %d, %s", code, stderr)
	}
	said := w.must("keys", "init")
	file := filepath.Join(w.env["XDG_CONFIG_HOME"], "hotline", "keys.json")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(said, file) {
		t.Fatalf("%v %v %s", info, err, said)
	}
	if code, _, stderr = w.run("keys", "init"); code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("a second init: exit code %d, %s", code, stderr)
	}
	inside := w.with("keys.file=" + filepath.Join(w.settings["data.dir"], "keys.json"))
	if code, _, stderr = inside.run("keys", "init"); code != 1 || !strings.Contains(stderr, "inside the data directory") {
		t.Errorf("a key file inside the data: exit code %d, %s", code, stderr)
	}
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"keys"}, exitUsage, "init, list, rotate or retire"},
		{[]string{"keys", "rotate", "--from", "tomorrow"}, exitUsage, "--from"},
		{[]string{"keys", "rotate", "--overlap", "1h"}, 1, "48h"},
		{[]string{"keys", "retire", "x"}, exitUsage, "--yes"},
		{[]string{"keys", "retire", "x", "--yes"}, 1, "hotline keys list"},
	} {
		if code, _, stderr := w.run(tc.args...); code != tc.code || !strings.Contains(stderr, tc.want) {
			t.Errorf("%v: exit code %d, want %d with %q: %s", tc.args, code, tc.code, tc.want, stderr)
		}
	}
	rotated := w.must("keys", "rotate", "--from", "2099-01-01T00:00:00+08:00")
	listed := w.must("keys", "list")
	ids := regexp.MustCompile(`(?m)^[0-9a-f]{8}\b`).FindAllString(listed, -1)
	if len(ids) != 2 || !strings.Contains(listed, "2098-12-31T16:00:00Z") || !strings.Contains(rotated, ids[1]) {
		t.Fatalf("listed:\n%s\nrotated: %s", listed, rotated)
	}
	if code, _, stderr = w.run("keys", "retire", ids[0], "--yes"); code != 1 || !strings.Contains(stderr, "is needed until") {
		t.Errorf("retired within the overlap: exit code %d, %s", code, stderr)
	}
	secrets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range regexp.MustCompile(`AGE-SECRET-KEY-\w+|[A-Za-z0-9+/]{43}=`).FindAllString(string(secrets), -1) {
		if strings.Contains(listed+rotated, secret) {
			t.Error("a secret is shown")
		}
	}
	if log := w.must("audit", "list"); strings.Count(log, "rotate_keys") != 1 || !strings.Contains(log, ids[1]) {
		t.Errorf("audit log:\n%s", log)
	}
	if said := w.must("audit", "verify"); !strings.Contains(said, "1 lines, none changed") {
		t.Errorf("verify: %s", said)
	}
	if code, _, stderr = w.run("audit", "verify", "--seen", strings.Repeat("0", 64)); code != 1 || !strings.Contains(stderr, "written anew") {
		t.Errorf("verify of a hash that is not there: exit code %d, %s", code, stderr)
	}
}

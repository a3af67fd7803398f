package internal_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxLines is where a file is too long to be read as one topic; the tables of
// a test may be longer.
func maxLines(name string) int {
	if strings.HasSuffix(name, "_test.go") {
		return 600
	}
	return 450
}

var generated = regexp.MustCompile(`(?m)^(// |<!-- )Code generated .* DO NOT EDIT\.( -->)?$`)

// files calls visit for each file of the project that is under version control
// or could be: ignored ones are left out.
func files(t *testing.T, visit func(name string, content []byte)) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no git repository to list the files of: %v", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join("..", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(name, content)
	}
}

func TestFilesAreShort(t *testing.T) {
	files(t, func(name string, content []byte) {
		if lines := bytes.Count(content, []byte("\n")); strings.HasSuffix(name, ".go") && lines > maxLines(name) && !generated.Match(content) {
			t.Errorf("%s has %d lines, more than %d: split it by topic", name, lines, maxLines(name))
		}
	})
}

// A lock file with addresses would tie every build to one registry or mirror.
func TestNoRegistryAddress(t *testing.T) {
	hosts := regexp.MustCompile(`(?i)\b(registry\.[a-z0-9-]+\.(org|com|net|cn|io)|proxy\.golang\.org|goproxy\.[a-z]+|sum\.golang\.org|repo1?\.maven\.(apache\.)?org|registry-1\.docker\.io|npmmirror\.com)`)
	files(t, func(name string, content []byte) {
		if name == "internal/files_test.go" || bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			return
		}
		if at := hosts.FindIndex(content); at != nil {
			t.Errorf("%s:%d names the registry %s", name, 1+bytes.Count(content[:at[0]], []byte("\n")), content[at[0]:at[1]])
		}
		if strings.HasSuffix(name, "package-lock.json") {
			if bytes.Contains(content, []byte(`"resolved"`)) {
				t.Errorf("%s has resolved addresses: write it with npm install --omit-lockfile-registry-resolved", name)
			}
			if bytes.Count(content, []byte(`"integrity"`)) == 0 {
				t.Errorf("%s pins no integrity", name)
			}
		}
	})
}

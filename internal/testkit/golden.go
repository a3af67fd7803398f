package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Golden holds what a test got against a file of the package's testdata, which -update of
// the package writes before.
type Golden struct {
	Name, Got string
	Update    bool
}

// Check fails the test where the two differ, line by line.
func (g Golden) Check(t testing.TB) {
	t.Helper()
	path := filepath.Join("testdata", g.Name)
	if g.Update {
		if err := os.WriteFile(path, []byte(g.Got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(g.Got, "\n")); diff != "" {
		t.Errorf("%s (-want +got); if it is right, go test -update:\n%s", path, diff)
	}
}

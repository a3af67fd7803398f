package deploy_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What the program is built from reaches the build of the image: a folder that
// .dockerignore leaves out is missing there and nowhere else.
func TestImageIsBuiltFromAllFolders(t *testing.T) {
	const module = "hotline12333/"
	text, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	taken := strings.Fields(string(text))
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/hotline")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, p := range strings.Fields(string(out)) {
		if rest, ours := strings.CutPrefix(p, module); ours {
			folder, _, _ := strings.Cut(rest, "/")
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	if folders = slices.Compact(folders); len(folders) < 4 {
		t.Fatalf("the program is built from %v alone", folders)
	}
	for _, f := range folders {
		if !slices.Contains(taken, "!"+f) {
			t.Errorf("%s is part of the program, and .dockerignore leaves it out", f)
		}
	}
}

package write_test

import (
	"os"
	"strings"
	"testing"

	"hotline12333/internal/simulate"
	"hotline12333/internal/simulate/write"
)

// The page about the simulation says of every format what it cannot tell, in the words the
// files themselves come with, and names every scenario.
func TestTheDocumentationIsComplete(t *testing.T) {
	data, err := os.ReadFile("../../../docs/simulation.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, f := range write.Formats() {
		if !strings.Contains(page, "`"+f.Name+"`") {
			t.Errorf("no word of the format %s", f.Name)
		}
		for _, sentence := range f.Cannot {
			if !strings.Contains(page, sentence) {
				t.Errorf("%s: not said: %s", f.Name, sentence)
			}
		}
	}
	for _, name := range simulate.Builtin() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("no word of the scenario %s", name)
		}
	}
}

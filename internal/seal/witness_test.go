package seal

import (
	"fmt"
	"strings"
	"testing"
)

// TestCompare holds a chain of three entries, the second closed elsewhere, against logs.
func TestCompare(t *testing.T) {
	entry := func(n uint64, actor string) *Entry {
		return &Entry{Manifest: Manifest{Sequence: n, Actor: actor}, Hash: fmt.Sprint("hash", n)}
	}
	chain := []*Entry{entry(1, "me@here"), entry(2, "you@there"), entry(3, "me@here")}
	first, third := Line{7, 1, "hash1"}, Line{9, 3, "hash3"}
	for name, tc := range map[string]struct {
		entries  []*Entry
		lines    []Line
		faults   string // a part of each
		missing  uint64 // 0: none
		explicit string // what no crash explains
	}{
		"as it was written":       {chain, []Line{first, third}, "", 0, ""},
		"a crash after the third": {chain, []Line{first}, "", 3, ""},
		"the newest cut off":      {chain[:2], []Line{first, third}, "entry 3: line 9 of the audit log tells of it", 0, ""},
		"all cut off":             {nil, []Line{first}, "entry 1: line 7", 0, ""},
		"written anew":            {chain, []Line{first, {9, 3, "other"}}, "entry 3: line 9 of the audit log tells of other", 3, ""},
		"a line removed":          {chain, []Line{third}, "", 1, "entry 1: the audit log has no line"},
	} {
		c := Compare(tc.entries, tc.lines, "me@here")
		if len(c.Faults) > 1 || len(c.Faults) == 1 != (tc.faults != "") || tc.faults != "" && !strings.Contains(c.Faults[0].String(), tc.faults) {
			t.Errorf("%s: %v", name, c.Faults)
		}
		if len(c.Missing) > 1 || len(c.Missing) == 1 != (tc.missing > 0) || tc.missing > 0 && c.Missing[0].Sequence != tc.missing {
			t.Errorf("%s: missing %v", name, c.Missing)
		}
		if got := c.Unexplained(tc.entries, "me@here"); len(got) > 1 || len(got) == 1 != (tc.explicit != "") || tc.explicit != "" && !strings.Contains(got[0].String(), tc.explicit) {
			t.Errorf("%s: %v", name, got)
		}
		if len(tc.entries) == 3 && (len(c.Others) != 1 || c.Others[0].Sequence != 2) {
			t.Errorf("%s: closed elsewhere %v", name, c.Others)
		}
	}
}

package source

import (
	"strings"
	"testing"
	"testing/fstest"

	"hotline12333/internal/kpi"
)

// TestWhoTellsRequests: a description need not say that it tells who asked for an agent. One
// by whose rules nobody is ever lost after asking does not, whatever it says.
func TestWhoTellsRequests(t *testing.T) {
	for name, c := range map[string]struct {
		outcome, more string
		tells         bool
	}{
		"the outcome stands in a column": {"  - {column: result}\n", "", true},
		"lost in the queue":              {"  - {when: {result: A}, outcome: answered}\n  - {outcome: abandoned_queue}\n", "", true},
		"declared":                       {"  - {column: result}\n", "cannot: [requests]\n", false},
		"answered alone":                 {"  - {outcome: answered}\n", "", false},
		"lost in the announcement": {
			"  - {when: {result: A}, outcome: answered}\n  - {when: {result: S}, outcome: self_service}\n  - {outcome: abandoned_ivr}\n", "", false,
		},
		"the lost are tests": {
			"  - {when: {result: A}, outcome: answered}\n  - {outcome: abandoned_queue, excluded: test}\n", "", false,
		},
		"a busy line": {"  - {when: {result: A}, outcome: answered}\n  - {outcome: blocked}\n", "", true},
	} {
		text := strings.Replace(small, "  - {column: result}\n", c.outcome, 1) + c.more
		reg, err := Load(fstest.MapFS{"small.yaml": {Data: []byte(text)}}, DefaultConfig(), nil, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if knows := reg.Knows("small"); knows[kpi.CanRequests] != c.tells {
			t.Errorf("%s: tells requests %v, want %v", name, knows[kpi.CanRequests], c.tells)
		}
	}
	_, err := Load(fstest.MapFS{"small.yaml": {Data: []byte(small + "cannot: [ivr]\n")}}, DefaultConfig(), nil, nil)
	if err == nil || !strings.Contains(err.Error(), `small.yaml`) || !strings.Contains(err.Error(), "requests") {
		t.Errorf("what need not be said is refused with what can: %v", err)
	}
}

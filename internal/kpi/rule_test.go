package kpi

import (
	"testing"

	"hotline12333/internal/hotline"
)

// TestRuleOf: whatever is said of a call in a list of what changed has words.
func TestRuleOf(t *testing.T) {
	seen := []Seen{{Part: true}, {Outcome: hotline.Voicemail}, {Outcome: hotline.Voicemail, Queued: true}}
	for _, o := range append(hotline.FinalOutcomes(), hotline.Open) {
		seen = append(seen, Seen{Outcome: o}, Seen{Outcome: o, OutsideService: true})
	}
	for _, x := range hotline.Exclusions() {
		seen = append(seen, Seen{Outcome: hotline.Answered, Excluded: x})
	}
	for i := range seen {
		for _, r := range []Rule{seen[i].became(), seen[i].asked(), seen[i].inHours()} {
			if got, ok := RuleOf(r.Code); !ok || got != r {
				t.Errorf("%+v: the rule %q is %+v", seen[i], r.Code, got)
			}
		}
	}
	if _, ok := RuleOf("to_come"); ok {
		t.Error("a rule nobody has")
	}
}

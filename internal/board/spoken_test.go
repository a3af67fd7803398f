package board

import (
	"slices"
	"testing"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// TestEveryValueIsSpoken holds the words to the values there are: one that is added to the
// program without its word would stand on the dashboard as a code.
func TestEveryValueIsSpoken(t *testing.T) {
	check := func(what string, names []said, values ...string) {
		t.Helper()
		for _, s := range names {
			if s.shown.ZH == "" || s.shown.EN == "" {
				t.Errorf("%s %s is not said in both languages", what, s.value)
			}
		}
		for _, v := range values {
			if !slices.ContainsFunc(names, func(s said) bool { return s.value == v }) {
				t.Errorf("%s %s has no words", what, v)
			}
		}
	}
	check("the outcome", outcomeNames(), append(texted(hotline.FinalOutcomes()), string(hotline.Open))...)
	check("the exclusion", exclusionNames(), texted(hotline.Exclusions())...)
	check("the agents' state", agentNames(), texted(slices.DeleteFunc(hotline.States(), func(s hotline.State) bool { return s == hotline.SignedOut }))...)
	check("the window", windowNames(), texted(slices.DeleteFunc(kpi.Windows(), kpi.Window.Sliding))...)
	check("the indicator's state", stateNames(), texted(kpi.States())...)
	check("the rate", rateNames(), append(kpi.AnswerRates(), kpi.ResponseWait, kpi.ResponseItems)...)
	check("the test", testNames())
}

func texted[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

package personal

import "testing"

func TestMentions(t *testing.T) {
	t.Parallel()
	const mobile, fixed = "13812345678", "02933213321"
	for text, want := range map[string]bool{
		"call 13812345678 back":        true,
		"138-1234 5678":                true,
		"+86 138 1234 5678":            true,
		"008613812345678,x":            true,
		"回电１３８１２３４５６７８。":               true,
		"013812345678":                 true,
		"id 7,13812345678":             true,
		"113812345678":                 false,
		"138123456789":                 false,
		"13812345679":                  false,
		"1381234, 5678":                false,
		"":                             false,
		"2026-03-02 13812345678 09:30": true,
	} {
		if got := Mentions(text, mobile); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for text, want := range map[string]bool{"029-3321 3321": true, "+86 29 33213321": true, "(029)33213321": true, "33213321": false} {
		if got := Mentions(text, fixed); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if Mentions("anything", "") {
		t.Error("no number is mentioned")
	}
}

package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

func TestParseHist(t *testing.T) {
	for text, want := range map[string]kpi.Hist{
		"":                          nil,
		"{}":                        nil,
		"{}{}":                      nil,
		"{0:1}":                     {0: 1},
		"{1:2,65535:9007199254740}": {1: 2, 65535: 9007199254740},
		"{1:2}{1:3,2:1}{}":          {1: 5, 2: 1},
	} {
		got, err := store.ParseHist(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"{", "}", "{1}", "{1:}", "{:1}", "{1:2", "{1:2,}", "{,1:2}", "{65536:1}", "{1:2 }", "1:2", "{1:2}x", "{-1:2}", "{1:1234567890123456789012}"} {
		if got, err := store.ParseHist(text); err == nil {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestParseCounts(t *testing.T) {
	for text, want := range map[string]map[string]int64{
		"":                         nil,
		"{}":                       nil,
		"{'a':1}{'a':2,'b':3}":     {"a": 3, "b": 3},
		`{'it\'s':1,'\\':2,'':3}`:  {"it's": 1, `\`: 2, "": 3},
		`{'满意\t,\n:\0\r\b\f\x':1}`: {"满意\t,\n:\x00\r\b\fx": 1},
	} {
		got, err := store.ParseCounts(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"{'a}", "{'a'}", "{'a':}", `{'a\`, "{a:1}", "{'a':1", "{'a':1}'"} {
		if got, err := store.ParseCounts(text); err == nil {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func FuzzParseMaps(f *testing.F) {
	f.Add("{1:2}{3:4,5:6}")
	f.Add(`{'a\'b':1}`)
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = store.ParseHist(text)
		_, _ = store.ParseCounts(text)
	})
}

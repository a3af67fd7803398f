package wire

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

func TestAppendInstantWritesAsPackageTimeDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(hotline.Earliest.UnixMilli(), hotline.Latest.UnixMilli()-1).Draw(t, "ms")).UTC()
		if got, want := string(appendInstant(nil, at)), at.Format("2006-01-02T15:04:05.000Z07:00"); got != want {
			t.Fatalf("%s, not %s", got, want)
		}
	})
}

func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	w := words{}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got := w.get([]byte(s)); got != s {
			t.Fatalf("%q became %q", s, got)
		}
	})
	for i := range 3 * maxWords {
		w.get([]byte{byte(i), byte(i >> 8), 'x'})
	}
	if len(w) > maxWords {
		t.Errorf("%d words kept", len(w))
	}
}

package source

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/wire"
)

func recordSource(t testing.TB, kind string) *Source {
	t.Helper()
	reg, err := Load(fstest.MapFS{"r.yaml": {Data: []byte("name: r\nnative: hotline-record\nsettings: {kind: " + kind + "}\n")}},
		DefaultConfig(), Natives{"hotline-record": Records{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reg.Lookup("r")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecords(t *testing.T) {
	calls := "\xef\xbb\xbf" + `{"call_id":"a","version":3,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered","caller_masked":"13812345678","attributes":{"note":"打 13812345678"},"source":"pbx"}` + "\r\n" +
		"\n" + `{"call_id":"b","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"lost"}` + "\n" +
		`{"call_id":"c","version":1` + "\n" +
		`{"call_id":"d","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered","caller_hash":"138-1234 5678"}` + "\n" +
		`{"call_id":"e","call_id":"f"}` + "\n" + `{"call_id":"g","version":2,"deleted":true}`
	for _, tc := range []struct {
		kind, in string
		want     []string
	}{
		{"call", calls, []string{
			"1: a 2026-03-02T01:30:00Z answered *11*78",
			`3: outcome: unknown_value: "lost" is not an outcome`,
			"4: not_json: not JSON at byte 26",
			"5: caller_hash: unknown_value: a number in clear: it must be a keyed hash, or left out",
			"6: call_id: duplicate_key: the key stands twice",
			"7: g 0001-01-01T00:00:00Z ",
		}},
		{"supplement", `{"call_id":"a","version":1,"kind":"topics","topics":["社保"]}`, []string{
			`1: {"call_id":"a","version":1,"kind":"topics","centre":"default","source":"r","topics":["社保"]}`,
		}},
		{"agent_state", `{"agent":"1003","version":1,"state":"free","since":"2026-03-02T09:30:00+08:00"}`, []string{
			`1: {"agent":"1003","centre":"default","since":"2026-03-02T01:30:00.000Z","version":1,"state":"free","source":"r"}`,
		}},
		{"ticket", `{"ticket_id":"t","version":1}`, []string{"1: kind: missing_field: voicemail, callback, consultation or complaint is needed"}},
	} {
		var got []string
		var places []wire.Position
		s := recordSource(t, tc.kind)
		read := func(from wire.Position) (out []string) {
			err := s.Read(t.Context(), strings.NewReader(tc.in), Options{Keys: maskOnly{}, From: from}, func(it *wire.Item) error {
				if it.Call != nil && strings.Contains(fmt.Sprint(it.Call.Attributes), "13812345678") {
					t.Error("a number in clear")
				}
				out, places = append(out, tell(it)), append(places, it.Next)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got = read(wire.Position{}); cmp.Diff(tc.want, got) != "" {
			t.Errorf("%s (-want +got):\n%s", tc.kind, cmp.Diff(tc.want, got))
		}
		for i := range got {
			if rest := read(places[i]); strings.Join(rest, "\n") != strings.Join(got[i+1:], "\n") {
				t.Errorf("going on after %d: %q", i, rest)
			}
		}
	}
}

func TestNativeDescription(t *testing.T) {
	natives := Natives{"hotline-record": Records{}}
	for name, tc := range map[string]struct{ text, want string }{
		"unknown":    {"name: r\nnative: hotline-recrd\n", `"hotline-recrd" is no native format, did you mean hotline-record?; known: hotline-record`},
		"setting":    {"name: r\nnative: hotline-record\nsettings: {knd: call}\n", `"knd" is no setting of the records`},
		"value":      {"name: r\nnative: hotline-record\nsettings: {kind: calls}\n", "none of call, supplement"},
		"with parts": {"name: r\nnative: hotline-record\nformat: {type: xlsx}\n", "a native format maps itself: format does not go with native"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse("x.yaml", []byte(tc.text), natives, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
	// A program without natives leaves the built-in ones out, and refuses the centre's own.
	reg, err := Load(fstest.MapFS{"r.yaml": {Data: []byte("name: r\nnative: x\n")}, "s.yaml": {Data: []byte(small)}}, DefaultConfig(), nil, nil)
	if err != nil || cmp.Diff([]string{"small"}, reg.Names()) != "" {
		t.Errorf("%v, %v", reg, err)
	}
	s := recordSource(t, "call")
	if err := s.Read(t.Context(), strings.NewReader(""), Options{}, nil); err == nil || !strings.Contains(err.Error(), "a key for their pseudonyms") {
		t.Errorf("without keys: %v", err)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(`{"call_id":"a","version":3,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered"}`)
	f.Add("{}\n\xff\n[\n")
	f.Fuzz(func(t *testing.T, in string) {
		last := int64(0)
		err := recordSource(t, "call").Read(t.Context(), strings.NewReader(in), Options{Keys: maskOnly{}}, func(it *wire.Item) error {
			if it.Next.Offset <= last || (it.Call == nil) == (it.Rejected == nil) {
				t.Fatalf("%+v", it)
			}
			last = it.Next.Offset
			return nil
		})
		if err != nil && last > 0 {
			t.Fatal(err)
		}
	})
}

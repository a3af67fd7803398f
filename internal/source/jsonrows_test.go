package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/wire"
)

func pieces(t testing.TB, in string, path ...string) (out []string) {
	t.Helper()
	j := NewJSONPieces(t.Context(), strings.NewReader(in), path...)
	for {
		p, err := j.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, err.Error())
		}
		s := fmt.Sprintf("%d: %s", p.Line, p.Raw)
		if p.Fault != nil {
			s += " !" + p.Fault.Detail
		}
		out = append(out, s)
	}
}

func TestJSONPieces(t *testing.T) {
	ends := " !the record ends in the middle"
	for name, tc := range map[string]struct {
		in   string
		path []string
		want []string
	}{
		"nothing":      {in: " \n"},
		"one":          {in: "\xef\xbb\xbf{\"a\":\"}{\"}", want: []string{`1: {"a":"}{"}`}},
		"lines":        {in: "{\"a\":1}\r\n\n{\"b\":\"\\\"\"}", want: []string{`1: {"a":1}`, `3: {"b":"\""}`}},
		"joined":       {in: `{"a":1}{"b":[{}]}`, want: []string{`1: {"a":1}`, `1: {"b":[{}]}`}},
		"list":         {in: "[\n{\"a\":1},\n{}\n]\n[{}]", want: []string{`2: {"a":1}`, `3: {}`, `5: {}`}},
		"cut":          {in: `{"a":{"b":1}`, want: []string{`1: {"a":{"b":1}` + ends}},
		"cut line":     {in: "{\"a\":1\n{\"b\":2}\n", want: []string{"1: {\"a\":1\n" + ends, `2: {"b":2}`}},
		"cut in text":  {in: "{\"a\":\"x\n{\"b\":2}\n", want: []string{"1: {\"a\":\"x\n" + ends, `2: {"b":2}`}},
		"cut at comma": {in: "{\"a\":1,\n{\"b\":[\n{\"c\":2},\n{}]}", want: []string{"1: {\"a\":1,\n" + ends, "2: {\"b\":[\n{\"c\":2},\n{}]}"}},
		"garbage":      {in: "x y\n{}\n7,{}", want: []string{"1: x y !an object is needed where this stands", "2: {}", "3: 7, !an object is needed where this stands", "3: {}"}},
		"path": {
			in: `{"code":0,"rows":[9],"data":{"x":{"rows":[{"n":1}]},"rows":[{"n":2}, {"rows":[{}]}],"more":[{}]},"rows":[]}`, path: []string{"data", "rows"},
			want: []string{`1: {"n":2}`, `1: {"rows":[{}]}`},
		},
		"no path":  {in: `{"data":[]}`, path: []string{"rows"}, want: []string{`the document has no list at "rows"`}},
		"UTF-16":   {in: "\xff\xfe{\x00", want: []string{"the input is in utf-16, not JSON in UTF-8"}},
		"workbook": {in: "PK\x03\x04", want: []string{"the input is zip (a workbook?), not JSON in UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, pieces(t, tc.in, tc.path...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHugeJSON: an object larger than what is kept costs itself.
func TestHugeJSON(t *testing.T) {
	huge := io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(endless('x'), keepBytes+1<<20), strings.NewReader(`"}{"b":1}`))
	j := NewJSONPieces(t.Context(), huge)
	p, err := j.Next()
	if err != nil || p.Fault == nil || p.Length != keepBytes+1<<20+8 || len(p.Raw) != keepBytes || p.Sum == [32]byte{} {
		t.Fatalf("%d bytes, %v", p.Length, err)
	}
	if p, err = j.Next(); err != nil || string(p.Raw) != `{"b":1}` {
		t.Errorf("%v", err)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

const jsonText = `name: j
format: {type: jsonl}
columns:
  id: {path: call.id}
  at: {path: call.times.start_epoch, type: datetime, format: epoch}
  agent: {path: ["legs[-1].agent", "agent name"]}
  topics: {path: "tags[].name", join: "、"}
  wait: {path: wait, type: duration, unit: ms}
  odd: {path: '"a.b"[1]'}
identity: [id]
outcome:
  - {when: {wait: {above: 1}}, outcome: abandoned_queue}
  - {outcome: answered}
fields:
  started_at: at
  agent: agent
  wait: wait
  topics: {column: topics, split: "、"}
attributes: {odd: odd}
`

func TestJSONRows(t *testing.T) {
	lines := `{"call":{"id":"a","times":{"start_epoch":"1772415000"}},"legs":[{"agent":"x"},{"agent":"y"}],"tags":[{"name":"社保"},{},{"name":"养老"}],"wait":1.5e3,"a.b":[1,true]}
{"call":{"id":7,"times":{"start_epoch":1.772415E+9}},"legs":[],"agent name":"z","wait":null}

{"call":{"id":{"x":1}}}
{"call":{"id":"a","id":"b"}}
{"call":
[1]
`
	want := []string{
		`1: a abandoned_queue y [社保 养老] map[odd:true]`,
		`2: 7 answered z [] map[]`,
		`4: call.id: wrong_type: an object stands where a single value is needed`,
		`5: duplicate_key: a key stands twice at byte 18`,
		`6: not_json: not JSON at byte 8`,
		`7: wrong_type: an object is needed`,
	}
	read := func(text, in string, opts Options) (out []string) {
		s, err := parse("x.yaml", []byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(t.Context(), strings.NewReader(in), opts, func(it *wire.Item) error {
			switch c := it.Call; {
			case c != nil:
				out = append(out, fmt.Sprintf("%d: %s %s %s %v %v", it.Line, c.ID, c.Outcome, c.Agent, c.Topics, c.Attributes))
			default:
				out = append(out, tell(it))
				if string(it.Raw) == "" {
					t.Error("rejected without its bytes")
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if diff := cmp.Diff(want, read(jsonText, lines, Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	document := strings.NewReplacer("type: jsonl", "type: json, records: data.rows").Replace(jsonText)
	whole := `{"code":200,"data":{"total":2,"rows":[` + strings.Join(strings.Split(lines, "\n")[:2], ",\n") + `]}}`
	if diff := cmp.Diff(want[:2], read(document, whole, Options{})); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	gb := strings.Replace(jsonText, "type: jsonl", "type: jsonl, encoding: gb18030", 1)
	if got := read(gb, "{\"call\":{\"id\":\"\xc9\xe7\",\"times\":{\"start_epoch\":1}}}\n", Options{}); len(got) != 1 || !strings.Contains(got[0], "year 1970") {
		t.Errorf("%q", got)
	}
}

func TestParsePath(t *testing.T) {
	for text, want := range map[string]string{
		"": "from 1 to", ".a": "begins with a dot", "a..b": "a key is empty", "a[": "is written as", "[0]": "is written as",
		"a[x]": "no place in a list", `"a`: "not closed", `"a"b`: "a dot is missing", strings.Repeat("a.", 17) + "a": "from 1 to",
	} {
		if _, err := parsePath(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePath(%q): %v", text, err)
		}
	}
}

// FuzzJSONPieces: every byte that is no space, comma or bracket between records is in
// exactly one piece, places rise, and going on at any place gives the same rest.
func FuzzJSONPieces(f *testing.F) {
	for _, s := range []string{
		`{"a":1}{"b":[{}]}`, "{\"a\":\"x\n{\"b\":2}\n", "[\n{\"a\":1},\n{}\n]", `{"data":{"rows":[{"n":2},7]},"rows":[]}`, "x{\"\\\"}", "\xef\xbb\xbf{}", "{{{", "]}{[",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, in string, nested bool) {
		var path []string
		if nested {
			path = []string{"data", "rows"}
		}
		read := func(from wire.Position) (out []string, ends []wire.Position) {
			j := NewJSONPieces(context.Background(), struct{ io.Reader }{strings.NewReader(in)}, path...)
			if from.Offset > 0 {
				if err := j.Jump(from); err != nil {
					t.Fatal(err)
				}
			}
			last := from
			for {
				p, err := j.Next()
				if err != nil {
					return out, ends
				}
				if p.Next.Offset <= last.Offset || p.Next.Offset > int64(len(in)) || p.Next.Line < last.Line {
					t.Fatalf("%+v after %+v", p.Next, last)
				}
				if !strings.Contains(in[last.Offset:p.Next.Offset], string(p.Raw)) {
					t.Fatalf("%q is not at its place", p.Raw)
				}
				last = p.Next
				out = append(out, fmt.Sprintf("%q %v %v", p.Raw, p.Fault, p.Next))
				ends = append(ends, p.Next)
				v, _ := ParseJSON(p.Raw, nested)
				v.Get("a").Text()
			}
		}
		all, ends := read(wire.Position{})
		for i := 0; i < len(ends); i += 1 + len(ends)/8 {
			if rest, _ := read(ends[i]); strings.Join(all[i+1:], "\n") != strings.Join(rest, "\n") {
				t.Fatalf("from %+v: %q, not %q", ends[i], rest, all[i+1:])
			}
		}
	})
}

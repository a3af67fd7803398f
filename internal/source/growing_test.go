package source_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/source/freeswitch"
	"hotline12333/internal/wire"
)

// TestGrowing: a file that is read as it grows, whichever lines are there each time, tells
// what it tells when it is read at once.
func TestGrowing(t *testing.T) {
	kit, err := keys.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	delimited := "zone: Asia/Shanghai\nformat: {type: delimited, header_rows: 2, skip_lines: 1}\n" +
		"columns:\n  id: {header: a/id, required: true}\n  at: {header: a/at, type: datetime, format: \"yyyy-MM-dd HH:mm:ss\"}\n  q: {header: b/q}\n" +
		"identity: {columns: [id]}\noutcome: [{outcome: answered}]\nfields: {started_at: at, queue: q}\n"
	rows := "title\na,,b\nid,at,q\n"
	lines, leg := "", strings.Builder{}
	for i := range 12 {
		queue := []string{"plain", "\"two\nlines\"", "\"quote\"\"d\n\nthree\""}[i%3]
		rows += fmt.Sprintf("%d,2026-03-02 09:00:%02d,%s\n", i, i, queue)
		lines += fmt.Sprintf(`{"variables":{"uuid":"u%d","start_epoch":"17724420%02d","end_epoch":"17724420%02d"},%s"more":{}}`, i, i, i+5, []string{"", "\n"}[i%2]) + "\n"
		for _, side := range []string{"a", "b"} {
			other, number := "", "b"
			if side == "a" {
				other, number = fmt.Sprintf("b%d", i), "a"
			}
			fmt.Fprintf(&leg, `"","1380000%04d","100%s","x","2026-03-02 09:%02d:00","2026-03-02 09:%02d:05","2026-03-02 09:%02d:30","30","25","NORMAL_CLEARING","%s%d","%s",""`+"\n",
				i, number, 3*i, 3*i, 3*i, side, i, other)
		}
	}
	natives := source.Natives{}
	for name, n := range freeswitch.Natives() {
		natives[name] = n
	}
	for name, tc := range map[string]struct{ description, data string }{
		"delimited":   {delimited, rows},
		"json pieces": {"native: freeswitch-json-cdr\n", lines},
		"legs":        {"native: freeswitch-cdr-csv\nzone: Asia/Shanghai\n", leg.String()},
	} {
		t.Run(name, func(t *testing.T) {
			reg, err := source.Load(fstest.MapFS{"x.yaml": {Data: []byte("name: x\n" + tc.description)}}, source.DefaultConfig(), natives, nil)
			if err != nil {
				t.Fatal(err)
			}
			src, err := reg.Lookup("x")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := src.Followed(); err != nil {
				t.Fatal(err)
			}
			opts := source.Options{Keys: kit}
			read := func(s source.Session, data string, from wire.Position, growing bool) (told []string, at wire.Position) {
				o := opts
				o.From, o.Growing = from, growing
				at = from
				err := s.Read(context.Background(), bytes.NewReader([]byte(data)), o, func(it *wire.Item) error {
					text := it.Ignored
					if it.Call != nil {
						text = string(wire.AppendCall(nil, it.Call))
					} else if it.Rejected != nil {
						text = it.Rejected.Error()
					}
					told, at = append(told, fmt.Sprintf("%d %s", it.Line, text)), it.Next
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return told, at
			}
			open := func() source.Session {
				s, err := src.Session(opts)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			want, _ := read(open(), tc.data, wire.Position{}, false)
			if len(want) < 12 {
				t.Fatal(want)
			}
			all := strings.SplitAfter(tc.data, "\n")
			rapid.Check(t, func(rt *rapid.T) {
				s, at := open(), wire.Position{}
				var got []string
				for n := 0; n < len(all); {
					n = min(n+rapid.IntRange(1, 9).Draw(rt, "lines"), len(all))
					if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
						s = open()
					}
					var more []string
					more, at = read(s, strings.Join(all[:n], ""), at, n < len(all))
					got = append(got, more...)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("(-at once +grown)\n%s", diff)
				}
			})
		})
	}
}

// TestNotFollowed: what is one whole says so.
func TestNotFollowed(t *testing.T) {
	for kind, want := range map[string]string{"xlsx": "workbook", "json": "jsonl can be followed"} {
		columns := "columns: {id: {header: id}, at: {header: at, type: datetime, format: 'yyyy-MM-dd HH:mm:ss'}}\n"
		if kind == "json" {
			columns = "columns: {id: {path: id}, at: {path: at, type: datetime, format: 'yyyy-MM-dd HH:mm:ss'}}\n"
		}
		text := "name: x\nzone: UTC\nformat: {type: " + kind + "}\n" + columns + "identity: {columns: [id]}\noutcome: [{outcome: answered}]\nfields: {started_at: at}\n"
		reg, err := source.Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}}, source.DefaultConfig(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		src, err := reg.Lookup("x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := src.Followed(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", kind, err, want)
		}
	}
}

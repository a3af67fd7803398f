package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

func csv() *format {
	return &format{headerRows: 1, delimiter: ",", quote: '"', encoding: encUTF8}
}

// rowsIn tells every row of an input as "line-end:fields" or its fault.
func rowsIn(t testing.TB, in string, form *format) (out []string) {
	t.Helper()
	d, err := newDelimited(context.Background(), strings.NewReader(in), form, false)
	if err != nil {
		return []string{err.Error()}
	}
	for {
		r, err := d.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.err != nil {
			out = append(out, fmt.Sprintf("%d-%d %s", r.line, r.next.Line, r.err.Detail))
			continue
		}
		s := fmt.Sprintf("%d-%d:%s", r.line, r.next.Line, strings.Join(r.fields, "|"))
		if r.footer {
			s += " footer"
		}
		out = append(out, s)
	}
}

func TestRows(t *testing.T) {
	long := strings.Repeat("x", maxRowBytes)
	for name, tc := range map[string]struct {
		in   string
		form func(*format)
		want []string
	}{
		"plain":         {in: "a,b\r\nc,d\r\n", want: []string{"1-1:a|b", "2-2:c|d"}},
		"no line end":   {in: "a,b\nc,d", want: []string{"1-1:a|b", "2-2:c|d"}},
		"blank lines":   {in: "\n\r\na,b\n \t\n", want: []string{"3-3:a|b"}},
		"empty fields":  {in: ",,\n", want: []string{"1-1:||"}},
		"quotes":        {in: `"a,b","c""d","",e` + "\n", want: []string{`1-1:a,b|c"d||e`}},
		"quote inside":  {in: "5\" pipe,b\n", want: []string{`1-1:5" pipe|b`}},
		"multi-line":    {in: "\"a\nb\",c\nd,e\n", want: []string{"1-2:a\nb|c", "3-3:d|e"}},
		"after a quote": {in: "\"a\"b,c\nd,e\n", want: []string{"1-1 field 1: something follows the closing quote", "2-2:d|e"}},
		"never closed":  {in: "x,\"a\nb,c\nd,e\n", want: []string{"1-1 field 2: its quote is not closed before the end of the input", "2-2:b|c", "3-3:d|e"}},
		"closed too late": {
			in: "\"a\nb\"x,c\nd,e\n",
			want: []string{
				"1-1 field 1: something follows the closing quote",
				`2-2:b"x|c`, "3-3:d|e",
			},
		},
		"many lines": {
			in:   "\"a\n" + strings.Repeat("b\n", maxQuoteLines) + "\"\n",
			want: append(append([]string{"1-1 field 1: its quote is not closed within 200 lines or 1048576 bytes"}, lines1("b", maxQuoteLines)...), "202-202 field 1: its quote is not closed before the end of the input"),
		},
		"long line": {in: "a,b\n" + long + "\nc,d\n", want: []string{
			"1-1:a|b", fmt.Sprintf("2-2 a line of %d bytes, at most %d", maxRowBytes+1, maxRowBytes), "3-3:c|d",
		}},
		"quote before a long line": {in: "\"a\n" + long + "\"\nc,d\n", want: []string{
			"1-1 field 1: its quote is not closed within 200 lines or 1048576 bytes",
			fmt.Sprintf("2-2 a line of %d bytes, at most %d", maxRowBytes+2, maxRowBytes), "3-3:c|d",
		}},
		"not UTF-8":    {in: "a,b\n\xff,d\ne,f\n", want: []string{"1-1:a|b", "2-2 the line is not text in utf-8", "3-3:e|f"}},
		"mark":         {in: "\xef\xbb\xbfa,b\n", want: []string{"1-1:a|b"}},
		"UTF-16":       {in: "\xff\xfea\x00,\x00>y\r\x00\n\x00b\x00", want: []string{"1-1:a|社", "2-2:b"}},
		"UTF-16 BE":    {in: "\xfe\xff\x00a\xd8\x3d\xde\x00\x00\n", want: []string{"1-1:a😀"}},
		"no mark":      {in: "a\x00", form: func(f *format) { f.encoding = encUTF16 }, want: []string{"the input has no byte order mark, which UTF-16 needs: is it in another encoding?"}},
		"auto UTF-8":   {in: "社,a\n保\n\xc9\xe7\n", form: func(f *format) { f.encoding = encAuto }, want: []string{"1-1:社|a", "2-2:保", "3-3 the line is not text in utf-8"}},
		"auto GB18030": {in: "\xc9\xe7\xb1\xa3,a\n", form: func(f *format) { f.encoding = encAuto }, want: []string{"1-1:社保|a"}},
		"auto Latin-1": {in: "caf\xe9,\xe9t\xe9\n", form: func(f *format) { f.encoding = encAuto }, want: []string{"1-1:café|été"}},
		"auto from ASCII": {
			in: strings.Repeat("x\n", detectBytes) + "\xc9\xe7\n社\n\xff\n", form: func(f *format) { f.encoding, f.comment = encAuto, "x" },
			want: []string{"65537-65537:社", "65538-65538:社", "65539-65539 the line is not text in utf-8 or gb18030"},
		},
		"two header rows": {in: "a,,b\n1,2,\n3,4,5\n", form: func(f *format) { f.header, f.headerRows = true, 2 }, want: []string{"3-3:3|4|5"}},
		"no quoting":      {in: "\"a,b\"\n", form: func(f *format) { f.quote = 0 }, want: []string{`1-1:"a|b"`}},
		"tabs":            {in: "a\tb,c\n", form: func(f *format) { f.delimiter = "\t" }, want: []string{"1-1:a|b,c"}},
		"wide delimiter":  {in: "a｜b｜\n", form: func(f *format) { f.delimiter = "｜" }, want: []string{"1-1:a|b|"}},
		"comments":        {in: "#x\na,b\n#y\n", form: func(f *format) { f.comment = "#" }, want: []string{"2-2:a|b"}},
		"titles":          {in: "x\ny,z\na,b\n", form: func(f *format) { f.skip = 2 }, want: []string{"3-3:a|b"}},
		"only titles":     {in: "x\n", form: func(f *format) { f.skip = 2 }},
		"footer":          {in: "a,b\n,合计：2\n", form: func(f *format) { f.footer = []string{"合计"} }, want: []string{"1-1:a|b", "2-2:|合计：2 footer"}},
		"header": {
			in: " a ,b\n1,2\n1\n1,2,3\n", form: func(f *format) { f.header = true },
			want: []string{"2-2:1|2", "3-3 1 fields where 2 columns are", "4-4 3 fields where 2 columns are"},
		},
		"ragged": {
			in: "a,b,c\n1\n1,2,3,4\n", form: func(f *format) { f.header, f.ragged = true, true },
			want: []string{"2-2:1||", "3-3 4 fields where 3 columns are"},
		},
		"positions": {in: "a\na,b\na,b,c\n", form: func(f *format) { f.atLeast = 2 }, want: []string{
			"1-1 1 fields where 2 columns are", "2-2:a|b", "3-3:a|b|c",
		}},
		"latin-1": {in: "\xe9,\x80\n", form: func(f *format) { f.encoding = encLatin1 }, want: []string{"1-1:é|€"}},
		"gb18030": {
			in: "\xc9\xe7,\x81\x30\x81\x30\n\xff,a\n\xc9\n\x84\x31\xa4\x37,b\n", form: func(f *format) { f.encoding = encGB18030 },
			want: []string{"1-1:社|\u0080", "2-2 the line is not text in gb18030", "3-3 the line is not text in gb18030", "4-4:\uFFFD|b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			form := csv()
			if tc.form != nil {
				tc.form(form)
			}
			if diff := cmp.Diff(tc.want, rowsIn(t, tc.in, form)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func lines1(s string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("%d-%d:%s", i+2, i+2, s))
	}
	return out
}

// TestHugeLine is longer than what is kept: the hash is that of the whole.
func TestHugeLine(t *testing.T) {
	huge := bytes.Repeat([]byte("0123456789abcdef"), (keepBytes+3<<20)/16)
	huge = append(huge, '\n')
	d, err := newDelimited(context.Background(), io.MultiReader(bytes.NewReader(huge), strings.NewReader("a,b\n")), csv(), false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.next()
	if err != nil {
		t.Fatal(err)
	}
	if r.err == nil || r.err.Reason != hotline.TooLarge || r.length != int64(len(huge)) || len(r.raw) != keepBytes || r.sum != sha256.Sum256(huge) {
		t.Errorf("%v: %d bytes, %d kept", r.err, r.length, len(r.raw))
	}
	if r, err = d.next(); err != nil || r.err != nil || r.line != 2 || r.next.Offset != int64(len(huge)+4) {
		t.Errorf("the next row: %+v, %v", r, err)
	}
}

// FuzzRows: whatever the bytes, every one that is no blank line, comment or title is in
// exactly one row, places rise, and reading from any place gives the same rest.
func FuzzRows(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\"a\n", "\"a\nb\"c\n\"\n", "x\r\n\r\n\"\"\"\",\n", "\xff\n\xc9\xe7,\"\n", "#c\na\n合计,1\n", "\xef\xbb\xbfa\n", "\xff\xfea\x00\n\x00\"\x00\n\x00\n\x00b\x00\"\x00\n\x00", "\xfe\xff\xd8\x00\x00\n\xd8\x3d\xde\x00", "a,\"b\nc\",d\n\"e\n",
	} {
		f.Add(s, byte(0))
		f.Add(s, byte(255))
	}
	f.Fuzz(func(t *testing.T, in string, choices byte) {
		form := csv()
		form.encoding = []string{encUTF8, encGB18030, encLatin1, encAuto}[choices&3]
		form.header = choices&4 != 0
		form.ragged = choices&8 != 0
		if choices&16 != 0 {
			form.quote = 0
		}
		if choices&32 != 0 {
			form.comment, form.footer = "#", []string{"合计"}
		}
		read := func(from wire.Position) (rows []string, ends []wire.Position, size int64) {
			d, err := newDelimited(t.Context(), struct{ io.Reader }{strings.NewReader(in)}, form, false)
			if err != nil {
				return nil, nil, 0
			}
			if from.Offset > 0 {
				if err := d.jump(from); err != nil {
					t.Fatal(err)
				}
			}
			last := d.position()
			for {
				r, err := d.next()
				if errors.Is(err, io.EOF) {
					return rows, ends, size
				}
				if err != nil {
					t.Fatal(err)
				}
				start := r.next.Offset - r.length
				if d.lines.coded != nil {
					start = last.Offset
				}
				if start < last.Offset || r.line <= last.Line || r.next.Line < r.line || r.next.Offset > int64(len(in)) {
					t.Fatalf("row %+v after %+v", r, last)
				}
				if d.lines.coded != nil { // the bytes are those of the text in UTF-8
					last = r.next
					rows, ends = append(rows, fmt.Sprintf("%q %v %v", r.fields, r.err, r.next)), append(ends, r.next)
					continue
				}
				if string(r.raw) != in[start:r.next.Offset] {
					t.Fatalf("row %q is not at its place", r.raw)
				}
				for _, between := range strings.Split(in[last.Offset:start], "\n") {
					if b := []byte(strings.TrimSuffix(between, "\r")); !d.nothing(b) {
						t.Fatalf("lost: %q", between)
					}
				}
				last = r.next
				size += r.length
				rows = append(rows, fmt.Sprintf("%q %v %v", r.fields, r.err, r.next))
				ends = append(ends, r.next)
			}
		}
		rows, ends, _ := read(wire.Position{})
		for i := 0; i < len(ends); i += 1 + len(ends)/8 {
			rest, _, _ := read(ends[i])
			if diff := cmp.Diff(rows[i+1:], rest, cmp.Transformer("nil", func(s []string) int { return len(s) })); diff != "" {
				t.Fatal(diff)
			}
			if strings.Join(rows[i+1:], "\n") != strings.Join(rest, "\n") {
				t.Fatalf("from %+v: %q, not %q", ends[i], rest, rows[i+1:])
			}
		}
	})
}

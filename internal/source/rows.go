package source

import (
	"context"
	"io"
	"slices"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// row is one record of an input, as its format found it.
type row struct {
	fields []string
	raw    []byte // its bytes, the beginning when length is larger
	length int64
	sum    [32]byte
	line   int64 // of its first byte
	next   wire.Position
	err    *hotline.RejectError // it has not the declared shape; fields may be missing
	footer bool
	book   *workbook // where the row is of one: its numbers may be dates, and raw is made when it is wanted
}

// rows is what a format gives: one row after the other, io.EOF after the last. A row
// holds until the next call.
type rows interface {
	next() (*row, error)
	// names are the columns' names where the input tells them, else nil.
	names() []string
	// jump goes on at a position that was told in an earlier reading.
	jump(to wire.Position) error
}

// openRows reads the input up to its first row. A growing one ends before a row that is
// not complete.
func openRows(ctx context.Context, in io.Reader, form *format, growing bool) (rows, error) {
	switch form.kind {
	case formXLSX:
		return newXLSX(ctx, in, form)
	case formJSONLines, formJSON:
		return newJSONRows(ctx, in, form)
	}
	return newDelimited(ctx, in, form, growing)
}

// rowAgain reads one row that stood below a header elsewhere.
func rowAgain(ctx context.Context, raw []byte, header []string, form *format) (rows, error) {
	switch form.kind {
	case formXLSX:
		return xlsxRow(raw, header, form)
	case formJSONLines, formJSON:
		return jsonRow(ctx, raw, form)
	}
	return rowsOf(ctx, raw, header, form), nil
}

// isFooter knows a line of totals by the beginning of its first field that has any.
func isFooter(fields, footers []string) bool {
	for _, f := range fields {
		if f = strings.TrimSpace(f); f != "" {
			return slices.ContainsFunc(footers, func(p string) bool { return strings.HasPrefix(f, p) })
		}
	}
	return false
}

// joinHeader makes the names of the columns. In a header of several rows a name is what
// stands above one another, joined by /; an upper cell that is merged over several columns
// counts for all of them, which is why an empty one takes the text to its left, as long as
// there is something below it.
func joinHeader(header [][]string) []string {
	if len(header) == 0 {
		return nil
	}
	width := 0
	for _, h := range header {
		width = max(width, len(h))
	}
	out := make([]string, width)
	cell := func(i, col int) string {
		if col < len(header[i]) {
			return strings.Join(strings.Fields(header[i][col]), " ")
		}
		return ""
	}
	below := func(i, col int) bool {
		for k := i + 1; k < len(header); k++ {
			if cell(k, col) != "" {
				return true
			}
		}
		return false
	}
	for i := range header {
		last := ""
		for col := range width {
			v := cell(i, col)
			if v != "" {
				last = v
			} else if below(i, col) {
				v = last
			}
			switch {
			case v == "":
			case out[col] == "":
				out[col] = v
			default:
				out[col] += "/" + v
			}
		}
	}
	return out
}

// jsonRows reads records of JSON; the columns are what stands at their paths.
type jsonRows struct {
	form   *format
	pull   func() (*Piece, error)
	seek   func(wire.Position) error
	fields []string
	row    row
}

func newJSONRows(ctx context.Context, in io.Reader, form *format) (*jsonRows, error) {
	j := &jsonRows{form: form}
	if form.kind == formJSON {
		p := NewJSONPieces(ctx, in, form.records...)
		j.pull, j.seek = p.Next, p.Jump
		return j, nil
	}
	l := newLines(ctx, in)
	dec, enc, err := l.begin(form.encoding)
	if err != nil {
		return nil, err
	}
	p := &linePieces{lines: l, dec: dec, encoding: enc}
	j.pull = p.next
	j.seek = func(to wire.Position) error { return l.jump(in, to.Offset, to.Line) }
	return j, nil
}

func jsonRow(ctx context.Context, raw []byte, form *format) (*jsonRows, error) {
	whole := *form
	whole.records = nil
	return newJSONRows(ctx, strings.NewReader(string(raw)), &whole)
}

func (j *jsonRows) names() []string             { return nil }
func (j *jsonRows) jump(to wire.Position) error { return j.seek(to) }

func (j *jsonRows) next() (*row, error) {
	p, err := j.pull()
	if err != nil {
		return nil, err
	}
	r := &j.row
	*r = row{fields: j.fields[:0], raw: p.Raw, length: p.Length, sum: p.Sum, line: p.Line, next: p.Next, err: p.Fault}
	if r.err != nil {
		return r, nil
	}
	v, fault := ParseJSON(p.text(), false)
	if fault != nil {
		r.err = fault
		return r, nil
	}
	for _, c := range j.form.columns {
		text := ""
		for _, path := range c.paths {
			one, ok := v.at(path, c.join)
			if !ok {
				r.err = hotline.Reject(hotline.WrongType, c.label(), "an object stands where a single value is needed")
				return r, nil
			}
			if text = one; text != "" {
				break
			}
		}
		r.fields = append(r.fields, text)
	}
	j.fields = r.fields
	return r, nil
}

// linePieces takes each line for one record.
type linePieces struct {
	lines    *lines
	dec      *decoder
	encoding string
	piece    Piece
}

func (l *linePieces) next() (*Piece, error) {
	for {
		one, err := l.lines.next()
		if err != nil {
			return nil, err
		}
		body := trimLineEnd(one.raw)
		if len(strings.TrimSpace(string(body))) == 0 {
			continue
		}
		p := &l.piece
		*p = Piece{
			Raw: one.raw, Length: one.length, Sum: one.sum, Line: l.lines.number,
			Next: wire.Position{Offset: l.lines.offset, Line: l.lines.number},
		}
		if one.length > maxRowBytes {
			p.Fault = hotline.Reject(hotline.TooLarge, "", "a line of %d bytes, at most %d", one.length, maxRowBytes)
			return p, nil
		}
		text, ok := l.dec.text(body)
		if !ok {
			p.Fault = hotline.Reject(hotline.InvalidUTF8, "", "the line is not text in %s", l.encoding)
			return p, nil
		}
		p.decoded = text
		return p, nil
	}
}

package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

const (
	maxRowBytes   = wire.MaxRecord // a row larger than a record cannot become one
	maxQuoteLines = 200            // physical lines one row may take; more is a forgotten quote
)

// delimited reads text whose rows are lines and whose fields are cut by a character.
type delimited struct {
	form   *format
	in     io.Reader
	lines  *lines
	dec    *decoder
	split  splitter
	header []string
	width  int // fields a row must have; 0 where neither header nor description says
	row    row
	multi  []byte

	encoding string // as declared or found
	growing  bool   // see Options
}

var _ rows = (*delimited)(nil)

// rowsOf reads rows that stood below a header elsewhere.
func rowsOf(ctx context.Context, raw []byte, header []string, form *format) *delimited {
	d := open(ctx, bytes.NewReader(raw), form)
	if form.header {
		d.header, d.width = header, len(header)
	}
	return d
}

func open(ctx context.Context, in io.Reader, form *format) *delimited {
	return &delimited{
		form: form, in: in, lines: newLines(ctx, in), dec: newDecoder(form.encoding), encoding: form.encoding,
		split: splitter{delimiter: form.delimiter, quote: form.quote}, width: form.width,
	}
}

// newDelimited reads up to the first row: mark, title lines and header.
func newDelimited(ctx context.Context, in io.Reader, form *format, growing bool) (*delimited, error) {
	d := open(ctx, in, form)
	d.growing = growing
	if err := d.mark(); err != nil {
		return nil, err
	}
	for range form.skip {
		if _, err := d.lines.next(); errors.Is(err, io.EOF) {
			return d, nil
		} else if err != nil {
			return nil, err
		}
	}
	if !form.header {
		return d, nil
	}
	// The header is a row like others; its names are wanted without spaces around them.
	var names [][]string
	for len(names) < form.headerRows {
		r, err := d.next()
		if errors.Is(err, io.EOF) {
			if growing {
				return d, nil // the rest of the header is still to come, and rows after it
			}
			break // an empty input has no rows: nothing is wrong with it
		}
		if err != nil {
			return nil, err
		}
		if r.err != nil {
			return nil, fmt.Errorf("line %d, which should name the columns: %s", r.line, r.err.Detail)
		}
		names = append(names, slices.Clone(r.fields))
	}
	d.header = joinHeader(names)
	d.width = len(d.header)
	return d, nil
}

func (d *delimited) mark() (err error) {
	d.dec, d.encoding, err = d.lines.begin(d.form.encoding)
	return err
}

func (d *delimited) names() []string { return d.header }

func (d *delimited) jump(to wire.Position) error {
	if to.Offset < d.lines.offset {
		return fmt.Errorf("going on at byte %d, before the first row at %d", to.Offset, d.lines.offset)
	}
	return d.lines.jump(d.in, to.Offset, to.Line)
}

// next returns the next row that is no blank line and no comment.
func (d *delimited) next() (*row, error) {
	for {
		l, err := d.lines.next()
		if err != nil {
			return nil, err
		}
		body := trimLineEnd(l.raw)
		if d.nothing(body) {
			continue
		}
		r := &d.row
		*r = row{
			fields: r.fields[:0], raw: l.raw, length: l.length, sum: l.sum,
			line: d.lines.number, next: d.position(),
		}
		if l.length > maxRowBytes {
			r.err = hotline.Reject(hotline.TooLarge, "", "a line of %d bytes, at most %d", l.length, maxRowBytes)
			return r, nil
		}
		if err := d.parse(r, body); err != nil {
			return nil, err
		}
		return r, nil
	}
}

func (d *delimited) position() wire.Position {
	return wire.Position{Offset: d.lines.offset, Line: d.lines.number}
}

func (d *delimited) nothing(body []byte) bool {
	if c := d.form.comment; c != "" && bytes.HasPrefix(body, []byte(c)) {
		return true
	}
	return len(bytes.TrimSpace(body)) == 0
}

func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'})
}

func (d *delimited) parse(r *row, body []byte) error {
	text, ok := d.dec.text(body)
	if !ok {
		r.err = hotline.Reject(hotline.InvalidUTF8, "", "the line is not text in %s", d.encoding)
		return nil
	}
	fields, v, column := d.split.split(r.fields, text)
	switch v {
	case unclosed:
		return d.continued(r, column)
	case bad:
		r.fields, r.err = fields, badQuote(d, column)
		return nil
	}
	r.fields = fields
	d.shape(r)
	return nil
}

func badQuote(d *delimited, column int) *hotline.RejectError {
	return hotline.Reject(hotline.BadRow, d.column(column-1), "field %d: something follows the closing quote", column)
}

func (d *delimited) column(i int) string {
	if i >= 0 && i < len(d.header) {
		return d.header[i]
	}
	return ""
}

// continued reads on while a quoted field is open. Where that leads nowhere, only the
// first line is rejected and the others are read again as rows of their own: a forgotten
// quote must not swallow the rest of the file.
func (d *delimited) continued(r *row, column int) error {
	d.multi = append(d.multi[:0], r.raw...)
	first := len(d.multi)
	count := int64(0)
	fault := ""
	for {
		l, err := d.lines.next()
		if errors.Is(err, io.EOF) && d.growing {
			return io.EOF // the rest of the row may come
		}
		if errors.Is(err, io.EOF) {
			fault = "its quote is not closed before the end of the input"
			break
		}
		if err != nil {
			return err
		}
		if len(d.multi)+int(l.length) > maxRowBytes || count == maxQuoteLines {
			d.lines.hold(l)
			fault = fmt.Sprintf("its quote is not closed within %d lines or %d bytes", maxQuoteLines, maxRowBytes)
			break
		}
		count++
		d.multi = append(d.multi, l.raw...)
		// Only a line with a quote in it can end the field.
		if bytes.IndexByte(l.raw, d.form.quote) < 0 {
			continue
		}
		text, ok := d.dec.text(trimLineEnd(d.multi))
		if !ok {
			fault = "its quoted lines are not text in " + d.encoding
			break
		}
		fields, v, at := d.split.split(r.fields[:0], text)
		column = at
		if v == unclosed {
			continue
		}
		if v == bad {
			fault = "something follows the closing quote"
			break
		}
		r.fields, r.raw, r.length, r.next = fields, d.multi, int64(len(d.multi)), d.position()
		d.shape(r)
		return nil
	}
	rest := d.multi[first:]
	d.lines.unread(slices.Clone(rest), count)
	r.raw, r.length, r.next = d.multi[:first], int64(first), d.position()
	r.fields = r.fields[:0]
	r.err = hotline.Reject(hotline.BadRow, d.column(column-1), "field %d: %s", column, fault)
	return nil
}

// shape checks the number of fields, and knows footers, which often have fewer.
func (d *delimited) shape(r *row) {
	r.footer = isFooter(r.fields, d.form.footer)
	if d.form.header && d.header == nil {
		return // this is the header
	}
	switch have := len(r.fields); {
	case r.footer || have == d.width:
	case d.width == 0 && have >= d.form.atLeast:
	case have < d.width && d.form.ragged:
		for len(r.fields) < d.width {
			r.fields = append(r.fields, "")
		}
	default:
		r.err = hotline.Reject(hotline.BadRow, "", "%d fields where %d columns are", have, max(d.width, d.form.atLeast))
	}
}

package source

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"hotline12333/internal/wire"
)

// What follows is for natives: the readers and clocks of this package.

// Times reads the local times of one log.
type Times struct {
	clock    clock
	patterns []*pattern
}

// NewTimes reads times in a zone by formats as descriptions write them, the first that
// fits.
func NewTimes(zone *time.Location, formats ...string) (*Times, error) {
	t := &Times{clock: clock{zone: zone}}
	for _, f := range formats {
		p, err := compilePattern(f)
		if err != nil {
			return nil, err
		}
		if !p.hasDate || !p.hasTime {
			return nil, fmt.Errorf("format %q is not of date and time", f)
		}
		t.patterns = append(t.patterns, p)
	}
	return t, nil
}

// Parse reads one time; of a local time that happened twice it takes the first that is
// not before earliest, which may be zero.
func (t *Times) Parse(s string, earliest time.Time) (time.Time, bool) {
	for _, p := range t.patterns {
		if w, ok := p.parse(s); ok && w.year >= 1000 {
			return t.clock.instant(w, earliest).Truncate(time.Millisecond), true
		}
	}
	return time.Time{}, false
}

// TextRow is one row of delimited text.
type TextRow struct {
	Piece
	Fields []string // valid until the next row is read
}

// TextRows reads comma-separated text with double quotes and without a header.
type TextRows struct {
	d   *delimited
	row TextRow
}

// NewTextRows reads in an encoding as descriptions name it, from the place and in the way
// that the options say.
func NewTextRows(ctx context.Context, in io.Reader, encoding string, opts Options) (*TextRows, error) {
	form := &format{kind: formDelimited, delimiter: ",", quote: '"', encoding: encoding}
	d, err := newDelimited(ctx, in, form, opts.Growing)
	if err != nil {
		return nil, err
	}
	if opts.From.Offset > 0 {
		if err := d.jump(opts.From); err != nil {
			return nil, err
		}
	}
	return &TextRows{d: d}, nil
}

// Next returns the next row, io.EOF after the last.
func (t *TextRows) Next() (*TextRow, error) {
	r, err := t.d.next()
	if err != nil {
		return nil, err
	}
	t.row = TextRow{
		Piece:  Piece{Raw: r.raw, Length: r.length, Sum: r.sum, Line: r.line, Next: r.next, Fault: r.err},
		Fields: r.fields,
	}
	return &t.row, nil
}

// Clone keeps the piece beyond the next one. Of an overlong one the beginning is kept.
func (p *Piece) Clone() Piece {
	c := *p
	c.Raw = slices.Clone(p.Raw)
	return c
}

// Name is an agent, a queue or an extension as a log names it: where it is as long as a
// telephone number it is masked like one, for it may be one.
func Name(s string, keys Pseudonyms) string {
	digits := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits >= 7 && digits*2 > len(s) {
		return keys.Mask(s)
	}
	return s
}

// Window tells items in the order of the input, but not before the ones after them have
// been seen that may say more of them. It holds at most a number of items and of bytes.
type Window[T any] struct {
	Rows  int                        // at most so many are held
	Bytes int64                      // at most so many bytes of pieces are held
	Ready func(first, newest T) bool // nothing that comes can say more of first
	Done  func(T) (wire.Item, error) // what became of it
	Tell  func(*wire.Item) error     // where it goes
	held  []windowed[T]
	bytes int64
}

type windowed[T any] struct {
	v    T
	size int64
}

// Add takes one more and tells those that are done waiting.
func (w *Window[T]) Add(v T, size int64) error {
	w.held = append(w.held, windowed[T]{v, size})
	w.bytes += size
	for len(w.held) > 1 && (len(w.held) > w.Rows || w.bytes > w.Bytes || w.Ready(w.held[0].v, v)) {
		if err := w.first(); err != nil {
			return err
		}
	}
	return nil
}

// Flush tells all that are held.
func (w *Window[T]) Flush() error {
	for len(w.held) > 0 {
		if err := w.first(); err != nil {
			return err
		}
	}
	return nil
}

func (w *Window[T]) first() error {
	one := w.held[0]
	w.held[0] = windowed[T]{}
	w.held = w.held[1:]
	w.bytes -= one.size
	item, err := w.Done(one.v)
	if err != nil {
		return err
	}
	return w.Tell(&item)
}

package asterisk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

const (
	maxLine   = 64 << 10 // bytes; a line of these logs is some hundred
	checkEach = 512      // lines between two looks at the context
)

// line is one line of an input.
type line struct {
	raw    []byte // with its line end; the beginning where it is longer than maxLine
	length int64
	sum    [32]byte // of the whole line, where raw is cut
	number int64    // from 1
	start  int64    // offset of its first byte
	end    int64
	last   bool // nothing comes after it
}

// body is the line without its end.
func (l *line) body() []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(l.raw, []byte{'\n'}), []byte{'\r'})
}

type lineReader struct {
	in     *bufio.Reader
	buf    []byte
	offset int64
	number int64
	cur    line
}

func newLineReader(in io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, maxLine)}
}

// skip goes on at a place that was reached before.
func (r *lineReader) skip(ctx context.Context, in io.Reader, offset, number int64) error {
	if s, ok := in.(io.Seeker); ok {
		if _, err := s.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		r.in.Reset(in)
	} else {
		for left := offset; left > 0; {
			n, err := r.in.Discard(int(min(left, 1<<20)))
			left -= int64(n)
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	r.offset, r.number = offset, number
	return nil
}

// mark skips a byte order mark at the start of an input.
func (r *lineReader) mark() {
	if head, _ := r.in.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		n, _ := r.in.Discard(3) // they have just been seen
		r.offset = int64(n)
	}
}

// next returns the next line, io.EOF after the last. It holds until the next call.
func (r *lineReader) next(ctx context.Context) (*line, error) {
	if r.number%checkEach == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	l := &r.cur
	*l = line{number: r.number + 1, start: r.offset}
	part, err := r.in.ReadSlice('\n')
	l.raw, l.length = part, int64(len(part))
	if errors.Is(err, bufio.ErrBufferFull) {
		err = r.long(ctx, l)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if l.length == 0 {
		return nil, io.EOF
	}
	r.number, r.offset = l.number, l.start+l.length
	l.end = r.offset
	if r.in.Buffered() == 0 { // looking on moves what is in the buffer
		if l.length == int64(len(l.raw)) {
			r.buf = append(r.buf[:0], l.raw...)
			l.raw = r.buf
		}
		_, err = r.in.Peek(1)
		l.last = err != nil
	}
	return l, nil
}

// long passes over the rest of a line that is longer than the buffer.
func (r *lineReader) long(ctx context.Context, l *line) error {
	r.buf = append(r.buf[:0], l.raw...)
	l.raw = r.buf
	var sum hash.Hash = sha256.New()
	sum.Write(r.buf)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := r.in.ReadSlice('\n')
		l.length += int64(len(part))
		sum.Write(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			sum.Sum(l.sum[:0])
			return err
		}
	}
}

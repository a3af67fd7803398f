package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
)

// keepBytes is how much of an overlong line is kept: a dead letter holds no more.
const keepBytes = 8 << 20

// line is one physical line of an input, its line end included.
type line struct {
	raw    []byte // valid until the next call of next; the beginning when length is larger
	length int64
	size   int64    // of the line in the input, which is length but for UTF-16
	sum    [32]byte // of the whole line, where raw is cut
}

// lines cuts an input at line feeds, which mean the same in every encoding that is read,
// and knows where it is. Lines of any length cost bounded memory.
type lines struct {
	ctx    context.Context
	in     *bufio.Reader
	coded  *utf16Reader // what in reads from where the input is UTF-16
	pushed []byte       // whole lines to be read again, before held and in
	held   *line        // an overlong line to be read again
	buf    []byte
	offset int64 // after the last line that was returned
	number int64 // of the last line that was returned, from 1
}

func newLines(ctx context.Context, in io.Reader) *lines {
	return &lines{ctx: ctx, in: bufio.NewReaderSize(in, 256<<10)}
}

// wide reads on as UTF-16. It must come before the first line.
func (l *lines) wide(big bool) {
	l.coded = &utf16Reader{in: l.in, big: big}
	l.in = bufio.NewReaderSize(l.coded, 256<<10)
}

// size is what a part of a line takes in the input.
func (l *lines) size(part []byte) int64 {
	if l.coded != nil {
		return utf16Size(part)
	}
	return int64(len(part))
}

// next returns the next line, io.EOF after the last.
func (l *lines) next() (line, error) {
	if len(l.pushed) > 0 {
		end := bytes.IndexByte(l.pushed, '\n') + 1
		if end == 0 {
			end = len(l.pushed)
		}
		raw := l.pushed[:end:end]
		l.pushed = l.pushed[end:]
		return l.step(line{raw: raw, length: int64(end), size: l.size(raw)}), nil
	}
	if held := l.held; held != nil {
		l.held = nil
		return l.step(*held), nil
	}
	if l.number%256 == 0 { // cheap enough, and prompt enough
		if err := l.ctx.Err(); err != nil {
			return line{}, err
		}
	}
	part, err := l.in.ReadSlice('\n')
	if err == nil {
		return l.step(line{raw: part, length: int64(len(part)), size: l.size(part)}), nil
	}
	return l.long(part, err)
}

// long gathers a line that is longer than the buffer, or the last one without a line end.
func (l *lines) long(part []byte, err error) (line, error) {
	out := line{}
	var sum hash.Hash
	l.buf = l.buf[:0]
	for {
		out.length += int64(len(part))
		out.size += l.size(part)
		switch {
		case sum != nil:
			sum.Write(part)
		case len(l.buf)+len(part) <= keepBytes:
			l.buf = append(l.buf, part...)
		default:
			sum = sha256.New()
			sum.Write(l.buf)
			sum.Write(part)
			l.buf = append(l.buf, part[:keepBytes-len(l.buf)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		if err := l.ctx.Err(); err != nil {
			return line{}, err
		}
		part, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, err
	}
	if out.length == 0 {
		return line{}, io.EOF
	}
	out.raw = l.buf
	if sum != nil {
		sum.Sum(out.sum[:0])
	}
	return l.step(out), nil
}

func (l *lines) step(out line) line {
	l.offset += out.size
	l.number++
	return out
}

// unread puts whole lines back, which must be the last ones that were read.
func (l *lines) unread(raw []byte, count int64) {
	l.pushed = slices.Concat(raw, l.pushed)
	l.offset -= l.size(raw)
	l.number -= count
}

// hold puts an overlong line back, which must be the last one that was read.
func (l *lines) hold(last line) {
	l.held = &last
	l.offset -= last.size
	l.number--
}

// jump goes on at a place that was reached before. It must come before any unread.
func (l *lines) jump(in io.Reader, offset, number int64) error {
	if _, seeks := in.(io.Seeker); !seeks {
		for l.offset < offset {
			if _, err := l.next(); errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			} else if err != nil {
				return err
			}
		}
		return nil
	}
	raw := l.in
	if l.coded != nil {
		raw = l.coded.in
	}
	if err := skipTo(l.ctx, in, raw, offset); err != nil {
		return err
	}
	if l.coded != nil {
		l.in = raw
		l.wide(l.coded.big)
	}
	l.offset, l.number = offset, number
	return nil
}

package source

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Reader turns UTF-16 into UTF-8. What is no character becomes U+FFFD.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	rest []byte // of a character that did not fit into the last buffer
	tmp  [utf8.UTFMax]byte
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; n > 0 {
		return n, nil
	}
	for len(p)-n >= utf8.UTFMax {
		c, err := r.char()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		n += utf8.EncodeRune(p[n:], c)
		if r.in.Buffered() == 0 && n > 0 {
			return n, nil
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	c, err := r.char()
	if err != nil {
		return 0, err
	}
	r.rest = r.tmp[:utf8.EncodeRune(r.tmp[:], c)]
	n = copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *utf16Reader) char() (rune, error) {
	u, err := r.unit()
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(u) {
		return u, nil
	}
	next, err := r.in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if len(next) == 2 {
		if c := utf16.DecodeRune(u, r.value(next)); c != utf8.RuneError {
			_, err := r.in.Discard(2)
			return c, err
		}
	}
	return utf8.RuneError, nil
}

func (r *utf16Reader) unit() (rune, error) {
	b, err := r.in.Peek(2)
	if len(b) == 2 {
		u := r.value(b)
		_, err := r.in.Discard(2)
		return u, err
	}
	return 0, err // half a character at the end is none
}

func (r *utf16Reader) value(b []byte) rune {
	if r.big {
		return rune(b[0])<<8 | rune(b[1])
	}
	return rune(b[1])<<8 | rune(b[0])
}

// utf16Size is the bytes that text in UTF-8, or any part of it, had in UTF-16.
func utf16Size(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		switch {
		case c >= 0xf0:
			n += 4
		case c < 0x80 || c >= 0xc0:
			n += 2
		}
	}
	return n
}

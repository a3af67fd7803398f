package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A file is read in pieces of chunkBytes, which are taken into memory before the source
// sees them: so what is read can be held against what was read before, and a file that is
// truncated in that moment does no harm. A row that is longer gets a larger piece.
const (
	chunkBytes = 1 << 20
	maxChunk   = 32 << 20
)

// ending is what becomes of the end of a file.
type ending int

const (
	growing ending = iota // what is not complete is left
	still                 // a line without its end is left
	final                 // nothing is left
)

// errReplaced says that a file does not go on with what was read of it.
var errReplaced = errors.New("the file is another one than before")

// pass reads what is new in the file; more says that there is more of it.
func (t *tail) pass(ctx context.Context, info fs.FileInfo, end ending) (more bool, err error) {
	g := t.state.Now
	size := info.Size()
	if size < g.At.Offset {
		return false, errReplaced
	}
	c, err := t.file.piece(g, min(size-g.At.Offset, t.chunk))
	if err != nil {
		return false, err
	}
	all, most := c.end() >= size, t.chunk >= maxChunk
	if !all || end != final {
		c.cut()
	}
	in := Input{Reader: c, Name: t.name, From: g.At, Growing: end == growing || !all && !most}
	switch {
	case len(c.data) > 0:
	case all:
		t.left = false
		return false, nil // nothing new, or a line without its end
	case most: // a line that is longer than any that counts: it is rejected in parts
		c.data = c.data[:c.size]
		in.Growing = false
	default:
		t.chunk *= 2
		return true, nil
	}
	rows, err := t.flow(ctx, in)
	if err != nil {
		return false, err
	}
	switch {
	case rows > 0 || all:
		t.chunk = chunkBytes
	case most: // comments and blank lines, and a great many: they need not be read again
		g.At.Offset, g.At.Line = c.end(), g.At.Line+int64(bytes.Count(c.data, []byte{'\n'}))
		t.dirty = true
	default:
		t.chunk *= 2
	}
	t.left = in.Growing && all && g.At.Offset < c.end()
	g.HeadLen = min(g.At.Offset, int64(len(c.head)))
	g.Head = digest(c.head[:g.HeadLen])
	g.Tail = digest(c.before(g.At.Offset))
	return !all, nil
}

// piece is some bytes of a file from a place on, with what is needed to read from there: a
// reader of the whole content up to its end, of which the source reads the header and goes
// on at the place.
type piece struct {
	file io.ReaderAt
	head []byte // the beginning of the file
	tail []byte // the bytes before from
	from int64
	data []byte // from there on
	size int64  // of data, before it was cut
	pos  int64
}

// piece reads n bytes after those that were read, and makes sure that it is the same file.
func (s *source) piece(g *generation, n int64) (*piece, error) {
	c := &piece{file: s.File, from: g.At.Offset, size: n}
	low := max(0, c.from-tailBytes)
	all := make([]byte, c.from-low+n)
	if err := readAt(s.File, all, low); err != nil {
		return nil, err
	}
	c.tail, c.data = all[:c.from-low], all[c.from-low:]
	// What was truncated while it was read shows now: all of it is looked at once more.
	c.head = make([]byte, min(c.from+n, headBytes))
	again := make([]byte, min(int64(len(all)), 2*tailBytes))
	if err := errors.Join(readAt(s.File, c.head, 0), readAt(s.File, again, low)); err != nil {
		return nil, err
	}
	if !bytes.Equal(again, all[:len(again)]) || c.from > 0 && (digest(c.tail) != g.Tail || digest(c.head[:g.HeadLen]) != g.Head) {
		return nil, errReplaced
	}
	return c, nil
}

// readAt fills p; a file that is shorter is another one.
func readAt(f io.ReaderAt, p []byte, at int64) error {
	n, err := f.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return errReplaced
	}
	return fmt.Errorf("reading byte %d: %w", at, err)
}

func (c *piece) end() int64 { return c.from + int64(len(c.data)) }

// cut takes off a last line that has no end yet.
func (c *piece) cut() {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(c.head, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(c.head, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		c.data = c.data[:bytes.LastIndexByte(c.data, '\n')+1]
		return
	}
	// UTF-16: a line feed is two bytes, at an even place.
	end := int64(len(c.data)) - c.end()%2
	for ; end >= 2; end -= 2 {
		if order.Uint16(c.data[end-2:]) == '\n' {
			break
		}
	}
	c.data = c.data[:max(end, 0)]
}

// before is the end of what lies before a place at or after from.
func (c *piece) before(at int64) []byte {
	n := at - c.from
	if n >= tailBytes {
		return c.data[n-tailBytes : n]
	}
	all := append(bytes.Clone(c.tail), c.data[:n]...)
	return all[max(0, len(all)-tailBytes):]
}

var _ io.ReadSeeker = (*piece)(nil)

func (c *piece) Read(p []byte) (int, error) {
	var from []byte
	switch {
	case c.pos >= c.end():
		return 0, io.EOF
	case c.pos >= c.from:
		from = c.data[c.pos-c.from:]
	case c.pos < int64(len(c.head)):
		from = c.head[c.pos:min(int64(len(c.head)), c.from)]
	default: // a header that is longer than the head, or a state that is built again
		p = p[:min(int64(len(p)), c.from-c.pos)]
		n, err := c.file.ReadAt(p, c.pos)
		c.pos += int64(n)
		if n > 0 {
			err = nil
		}
		return n, err
	}
	n := copy(p, from)
	c.pos += int64(n)
	return n, nil
}

func (c *piece) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.end()
	}
	if offset < 0 {
		return c.pos, errors.New("seeking before the start")
	}
	c.pos = offset
	return offset, nil
}

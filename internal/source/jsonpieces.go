package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// Piece is the bytes of one record in an input.
type Piece struct {
	Raw    []byte // valid until the next one is read; the beginning when Length is larger
	Length int64
	Sum    [32]byte // of the whole piece, where Raw is cut
	Line   int64    // of its first byte, from 1
	Next   wire.Position
	Fault  *hotline.RejectError // why it can be no record; nil when it looks like one

	decoded string // its text, where Raw is in another encoding
}

func (p *Piece) text() []byte {
	if p.decoded != "" {
		return []byte(p.decoded)
	}
	return p.Raw
}

// Item is the piece on its way to a record.
func (p *Piece) Item() wire.Item {
	return wire.Item{Raw: p.Raw, Length: p.Length, SHA256: p.Sum, Line: p.Line, Next: p.Next, Rejected: p.Fault}
}

// JSONPieces cuts a JSON document into its objects: one, several with or without anything
// between them, or the elements of a list. It looks at braces and quotes only, so that a
// broken record costs itself and not the rest of the input. Memory is bounded.
type JSONPieces struct {
	// Growing leaves an object that the input ends in: the rest of it may come.
	Growing bool

	ctx    context.Context
	src    io.Reader
	in     *bufio.Reader
	path   []string // to the list of records; empty: the document itself
	open   []level  // objects and lists around the records
	inside bool     // among the records
	found  bool     // the list was there
	offset int64
	line   int64  // line feeds before offset
	nested []byte // brackets that are open in the record being read
	buf    []byte
	piece  Piece
	err    error
}

// maxNesting is how deep a record may be; the decoder allows no more.
const maxNesting = 10_000

type level struct {
	object bool
	key    string
	value  bool // after the colon
}

// NewJSONPieces reads the objects of a document; path are the keys that lead to the list
// that holds them, none where they are the document itself.
func NewJSONPieces(ctx context.Context, in io.Reader, path ...string) *JSONPieces {
	return &JSONPieces{ctx: ctx, src: in, in: bufio.NewReaderSize(in, 256<<10), path: path, inside: len(path) == 0, found: len(path) == 0}
}

// Jump goes on at a place told in an earlier reading, before anything is read.
func (j *JSONPieces) Jump(to wire.Position) error {
	if err := skipTo(j.ctx, j.src, j.in, to.Offset); err != nil {
		return err
	}
	j.offset, j.line, j.inside, j.found = to.Offset, to.Line, true, true
	j.open = j.open[:0]
	for _, k := range j.path {
		j.open = append(j.open, level{object: true, key: k, value: true})
	}
	return nil
}

// skipTo moves to a place in the content: sought where the input can be, else read.
func skipTo(ctx context.Context, src io.Reader, in *bufio.Reader, offset int64) error {
	if s, ok := src.(io.Seeker); ok {
		if _, err := s.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		in.Reset(src)
		return nil
	}
	for at := int64(0); at < offset; {
		n, err := in.Discard(int(min(offset-at, 1<<20)))
		at += int64(n)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// byte takes one byte; ok is false at the end and after an error.
func (j *JSONPieces) byte() (c byte, ok bool) {
	if j.err != nil {
		return 0, false
	}
	if j.offset&0xffff == 0 {
		if j.err = j.ctx.Err(); j.err != nil {
			return 0, false
		}
	}
	c, j.err = j.in.ReadByte()
	if j.err != nil {
		return 0, false
	}
	j.offset++
	if c == '\n' {
		j.line++
	}
	return c, true
}

func (j *JSONPieces) back(c byte) {
	j.err = errors.Join(j.err, j.in.UnreadByte())
	j.offset--
	if c == '\n' {
		j.line--
	}
}

// Next returns the next object, or the bytes between two that are none; io.EOF after the
// last. The piece holds until the next call.
func (j *JSONPieces) Next() (*Piece, error) {
	if j.offset == 0 {
		if err := j.mark(); err != nil {
			return nil, err
		}
	}
	for {
		c, ok := j.byte()
		if !ok {
			return nil, j.end()
		}
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case !j.inside:
			j.seek(c)
		case c == ',' || c == '[' && len(j.path) == 0:
		case c == ']':
			j.inside = len(j.path) == 0
		case c == '{':
			return j.object()
		default:
			return j.garbage(c)
		}
	}
}

func (j *JSONPieces) mark() error {
	head, err := j.in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	n, enc, foreign := byteOrderMark(head)
	switch {
	case foreign != "":
		return fmt.Errorf("the input is %s, not JSON in UTF-8", foreign)
	case enc != "" && enc != encUTF8:
		return fmt.Errorf("the input is in %s, not JSON in UTF-8", enc)
	}
	_, err = j.in.Discard(n)
	j.offset = int64(n)
	return err
}

func (j *JSONPieces) end() error {
	if errors.Is(j.err, io.EOF) && !j.found && j.offset > 0 {
		return fmt.Errorf("the document has no list at %s", quoteAll([]string{joinKeys(j.path)}))
	}
	return j.err
}

func joinKeys(keys []string) string {
	var b bytes.Buffer
	for i, k := range keys {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(k)
	}
	return b.String()
}

// seek takes a byte of what stands around the list of records.
func (j *JSONPieces) seek(c byte) {
	top := len(j.open) - 1
	switch c {
	case '{':
		j.open = append(j.open, level{object: true})
	case '[':
		if j.arrived() {
			j.inside, j.found = true, true
			return
		}
		j.open = append(j.open, level{})
	case '}', ']':
		if top >= 0 {
			j.open = j.open[:top]
		}
	case ':':
		if top >= 0 {
			j.open[top].value = true
		}
	case ',':
		if top >= 0 {
			j.open[top].value = false
		}
	case '"':
		text := j.quoted()
		if top >= 0 && j.open[top].object && !j.open[top].value {
			j.open[top].key = text
		}
	}
	if len(j.open) > 1000 {
		j.err = errors.New("the document is nested more than 1000 deep")
	}
}

// arrived says whether the value that begins here is the list of records.
func (j *JSONPieces) arrived() bool {
	return slices.EqualFunc(j.open, j.path, func(l level, key string) bool { return l.object && l.value && l.key == key })
}

// quoted reads to the end of a text and returns its beginning, as it is written.
func (j *JSONPieces) quoted() string {
	const most = 256
	j.buf = j.buf[:0]
	for {
		c, ok := j.byte()
		if !ok || c == '"' {
			return string(j.buf)
		}
		if len(j.buf) < most {
			j.buf = append(j.buf, c)
		}
		if c == '\\' {
			if _, ok := j.byte(); !ok {
				return ""
			}
		}
	}
}

// object reads the rest of an object. One that breaks off, so that another begins where
// none can, ends there.
func (j *JSONPieces) object() (*Piece, error) {
	p := &j.piece
	*p = Piece{Line: j.line + 1}
	g := gather{buf: j.buf[:0]}
	defer func() { j.buf = g.buf }()
	g.add('{')
	last, text, broken := byte('{'), false, false
	for open := append(j.nested[:0], '{'); len(open) > 0; j.nested = open {
		c, ok := j.byte()
		if !ok {
			if !errors.Is(j.err, io.EOF) || j.Growing {
				return nil, j.err
			}
			broken = true
			break
		}
		if text {
			switch c {
			case '\\':
				g.add(c)
				if c, ok = j.byte(); !ok {
					continue
				}
			case '"':
				text = false
			case '\n': // no text has one: the record broke off in it
				text, broken = false, true
			}
			g.add(c)
			continue
		}
		switch c {
		case '{', '[':
			inObject := open[len(open)-1] == '{'
			if len(open) == maxNesting || c == '{' && (inObject && last != ':' || !inObject && last != '[' && last != ',') {
				j.back(c)
				return j.finish(&g, true)
			}
			open = append(open, c)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			text = true
		}
		if c > ' ' {
			last = c
		}
		g.add(c)
	}
	return j.finish(&g, broken)
}

// garbage reads what is no object, to the end of its line or to the next object.
func (j *JSONPieces) garbage(c byte) (*Piece, error) {
	j.piece = Piece{Line: j.line + 1}
	g := gather{buf: j.buf[:0]}
	defer func() { j.buf = g.buf }()
	g.add(c)
	for {
		c, ok := j.byte()
		if !ok || c == '\n' {
			break
		}
		if c == '{' || c == ']' {
			j.back(c)
			break
		}
		g.add(c)
	}
	if j.err != nil && !errors.Is(j.err, io.EOF) {
		return nil, j.err
	}
	p, err := j.finish(&g, false)
	p.Fault = hotline.Reject(hotline.NotJSON, "", "an object is needed where this stands")
	return p, err
}

func (j *JSONPieces) finish(g *gather, broken bool) (*Piece, error) {
	p := &j.piece
	p.Raw, p.Length, p.Sum = g.buf, g.length, g.sum()
	p.Next = wire.Position{Offset: j.offset, Line: j.line}
	switch {
	case broken:
		p.Fault = hotline.Reject(hotline.NotJSON, "", "the record ends in the middle")
	case p.Length > maxRowBytes:
		p.Fault = hotline.Reject(hotline.TooLarge, "", "a record of %d bytes, at most %d", p.Length, maxRowBytes)
	}
	return p, nil
}

// gather keeps the beginning of a piece, and the hash of all of it where it is longer.
type gather struct {
	buf    []byte
	length int64
	over   []byte
	hash   hash.Hash
}

func (g *gather) add(c byte) {
	g.length++
	if len(g.buf) < keepBytes {
		g.buf = append(g.buf, c)
		return
	}
	if g.hash == nil {
		g.hash = sha256.New()
		g.hash.Write(g.buf)
	}
	if g.over = append(g.over, c); len(g.over) == 64<<10 {
		g.hash.Write(g.over)
		g.over = g.over[:0]
	}
}

func (g *gather) sum() (sum [32]byte) {
	if g.hash != nil {
		g.hash.Write(g.over)
		g.hash.Sum(sum[:0])
	}
	return sum
}

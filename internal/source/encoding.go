package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// The encodings a format may name. In each of them, UTF-16 apart, the bytes of line ends,
// tabs, commas, semicolons and quotes stand for themselves only, so lines can be cut
// before decoding; UTF-16 is turned into UTF-8 on the way in.
const (
	encUTF8    = "utf-8"
	encGB18030 = "gb18030" // a superset of GBK and GB2312
	encLatin1  = "latin-1" // as browsers read it: Windows-1252
	encUTF16   = "utf-16"  // with a byte order mark
	encAuto    = "auto"    // by the rule of detect
	encMixed   = "utf-8 or gb18030"
)

func encodings() []string { return []string{encUTF8, encGB18030, encLatin1, encUTF16, encAuto} }

// detectBytes is how much of an input is looked at to tell its encoding.
const detectBytes = 64 << 10

// detect tells the encoding of a text from its beginning, by its lines that are not all
// ASCII: UTF-8 when most of them are valid in it; else GB18030 when most of them are, and
// most of their characters are of the GB2312 that every Chinese text is written with; else
// Latin-1. Where all is ASCII nothing is known: then every line is UTF-8 or, where that is
// not valid, GB18030.
func detect(head []byte) string {
	if len(head) == detectBytes {
		if i := bytes.LastIndexByte(head, '\n'); i > 0 { // no half characters
			head = head[:i]
		}
	}
	gb := newDecoder(encGB18030)
	lines, unicode, chinese, common := 0, 0, 0, 0
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		if ascii(line) {
			continue
		}
		lines++
		if utf8.Valid(line) {
			unicode++
		}
		if _, ok := gb.text(line); ok {
			chinese++
		}
		common += commonChinese(line)
	}
	switch {
	case lines == 0:
		return encMixed
	case 2*unicode > lines:
		return encUTF8
	case 2*chinese > lines && common > 0:
		return encGB18030
	}
	return encLatin1
}

// commonChinese counts pairs of bytes that are GB2312, less those that are not.
func commonChinese(b []byte) (n int) {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] < utf8.RuneSelf:
			continue
		case i+1 < len(b) && b[i] >= 0xa1 && b[i] <= 0xf7 && b[i+1] >= 0xa1:
			n++
		default:
			n--
		}
		i++
	}
	return n
}

// decoder turns the bytes of whole lines into text.
type decoder struct {
	enc   *encoding.Decoder // nil for UTF-8
	dst   []byte
	mixed bool // enc is for what is not UTF-8
}

func newDecoder(name string) *decoder {
	switch name {
	case encGB18030:
		return &decoder{enc: simplifiedchinese.GB18030.NewDecoder()}
	case encLatin1:
		return &decoder{enc: charmap.Windows1252.NewDecoder()}
	case encMixed, encAuto:
		return &decoder{enc: simplifiedchinese.GB18030.NewDecoder(), mixed: true}
	}
	return &decoder{}
}

// text decodes raw; ok is false when it holds bytes that mean nothing in the encoding.
func (d *decoder) text(raw []byte) (s string, ok bool) {
	if d.enc == nil {
		return string(raw), utf8.Valid(raw)
	}
	if ascii(raw) || d.mixed && utf8.Valid(raw) {
		return string(raw), true
	}
	d.enc.Reset()
	dst, _, err := transform.Append(d.enc, d.dst[:0], raw)
	d.dst = dst
	if err != nil {
		return string(raw), false
	}
	s = string(dst)
	// The decoders write U+FFFD for what they do not understand. GB18030 can spell that
	// character as well: then it was meant.
	const gbReplacement = "\x84\x31\xa4\x37"
	return s, strings.Count(s, "\uFFFD") == bytes.Count(raw, []byte(gbReplacement))
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// byteOrderMark returns the length of the mark at the start of an input with the encoding
// it tells, or what the input is where it is no text.
func byteOrderMark(head []byte) (length int, encoding, foreign string) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return 3, encUTF8, ""
	case bytes.HasPrefix(head, []byte("\x84\x31\x95\x33")):
		return 4, encGB18030, ""
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 2, encUTF16, ""
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return 0, "", "zip (a workbook?)"
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return 0, "", "an old Office document, or one with a password"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return 0, "", "gzip"
	}
	return 0, "", ""
}

// begin takes the mark off the start of an input and tells how its text is to be read.
func (l *lines) begin(declared string) (*decoder, string, error) {
	head, err := l.in.Peek(detectBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	n, enc, foreign := byteOrderMark(head)
	switch {
	case foreign != "":
		return nil, "", fmt.Errorf("the input is %s, not text in %s: save it as CSV first", foreign, declared)
	case enc == "" && declared == encUTF16:
		return nil, "", errors.New("the input has no byte order mark, which UTF-16 needs: is it in another encoding?")
	case enc == "" && declared == encAuto:
		enc = detect(head)
	case enc == "":
		enc = declared
	}
	big := n == 2 && head[0] == 0xfe
	if _, err := l.in.Discard(n); err != nil {
		return nil, "", err
	}
	if l.offset = int64(n); enc == encUTF16 {
		l.wide(big)
	}
	return newDecoder(enc), enc, nil
}

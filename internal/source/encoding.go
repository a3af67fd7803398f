package source

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// The encodings a format may name. In each of them the bytes of line ends, tabs, commas,
// semicolons and quotes stand for themselves only, so lines can be cut before decoding.
const (
	encUTF8    = "utf-8"
	encGB18030 = "gb18030" // a superset of GBK and GB2312
	encLatin1  = "latin-1" // as browsers read it: Windows-1252
)

func encodings() []string { return []string{encUTF8, encGB18030, encLatin1} }

// decoder turns the bytes of whole lines into text.
type decoder struct {
	enc *encoding.Decoder // nil for UTF-8
	dst []byte
}

func newDecoder(name string) *decoder {
	switch name {
	case encGB18030:
		return &decoder{enc: simplifiedchinese.GB18030.NewDecoder()}
	case encLatin1:
		return &decoder{enc: charmap.Windows1252.NewDecoder()}
	}
	return &decoder{}
}

// text decodes raw; ok is false when it holds bytes that mean nothing in the encoding.
func (d *decoder) text(raw []byte) (s string, ok bool) {
	if d.enc == nil {
		return string(raw), utf8.Valid(raw)
	}
	if ascii(raw) {
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

// byteOrderMark returns the length of the mark at the start of an input, or the name of
// an encoding that is not read.
func byteOrderMark(head []byte) (length int, foreign string) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return 3, ""
	case bytes.HasPrefix(head, []byte("\x84\x31\x95\x33")):
		return 4, ""
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, "UTF-16"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return 0, "zip (a workbook?)"
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return 0, "an old Office document"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return 0, "gzip"
	}
	return 0, ""
}

package personal

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Readable is bytes as text in which numbers can be found: bytes that are no UTF-8 are
// taken for GB18030, and the zeros of UTF-16, which would hold the digits apart, are left out.
func Readable(b []byte) string {
	b = bytes.ReplaceAll(b, []byte{0}, nil)
	if !utf8.Valid(b) {
		if text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b); err == nil {
			b = text
		}
	}
	return string(b)
}

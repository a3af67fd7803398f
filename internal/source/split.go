package source

import "strings"

// splitter cuts the text of a row at a delimiter.
type splitter struct {
	delimiter string // one character
	quote     byte   // 0 where the format quotes nothing
}

// verdict of a splitter.
type verdict int

const (
	whole    verdict = iota
	unclosed         // the text ends inside a quoted field
	bad              // something follows a closing quote
)

// split appends the fields of text to dst. In bad rows column is the number of the field
// at fault, from 1.
func (s splitter) split(dst []string, text string) (fields []string, v verdict, column int) {
	if s.quote == 0 || strings.IndexByte(text, s.quote) < 0 {
		for {
			i := strings.Index(text, s.delimiter)
			if i < 0 {
				return append(dst, text), whole, 0
			}
			dst = append(dst, text[:i])
			text = text[i+len(s.delimiter):]
		}
	}
	for {
		var field string
		if text != "" && text[0] == s.quote {
			field, text, v = s.quoted(text[1:])
			if v != whole {
				return dst, v, len(dst) + 1
			}
			dst = append(dst, field)
			if text == "" {
				return dst, whole, 0
			}
			if !strings.HasPrefix(text, s.delimiter) {
				return dst, bad, len(dst)
			}
			text = text[len(s.delimiter):]
			continue
		}
		i := strings.Index(text, s.delimiter)
		if i < 0 {
			return append(dst, text), whole, 0
		}
		dst = append(dst, text[:i])
		text = text[i+len(s.delimiter):]
	}
}

// quoted reads to the closing quote; two quotes stand for one.
func (s splitter) quoted(text string) (field, rest string, v verdict) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, s.quote)
		if i < 0 {
			return "", "", unclosed
		}
		if i+1 < len(text) && text[i+1] == s.quote {
			b.WriteString(text[:i+1])
			text = text[i+2:]
			continue
		}
		if b.Len() == 0 {
			return text[:i], text[i+1:], whole
		}
		b.WriteString(text[:i])
		return b.String(), text[i+1:], whole
	}
}

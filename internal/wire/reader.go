package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/hotline"
)

// reader pulls typed values off a JSON stream. The first error sticks and ends all
// reading, so the callers need not check after every field. A null is an absent field.
type reader struct {
	dec   *jsontext.Decoder
	words words
	err   *hotline.RejectError
}

func (r *reader) fail(reason hotline.Reason, field, format string, args ...any) {
	if r.err == nil {
		r.err = hotline.Reject(reason, bounded(field), format, args...)
	}
}

// maxField bounds the name of a field at fault: keys come from outside and may be as long
// as the record.
const maxField = 160

func bounded(field string) string {
	if len(field) <= maxField {
		return field
	}
	return strings.ToValidUTF8(field[:maxField], "") + "…"
}

// syntax sorts the decoder's errors into reasons.
func (r *reader) syntax(field string, err error) {
	var at *jsontext.SyntacticError
	if !errors.As(err, &at) {
		r.fail(hotline.NotJSON, field, "the record ends in the middle")
		return
	}
	if where := path(at.JSONPointer); where != "" {
		field = where
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		r.fail(hotline.DuplicateKey, field, "the key stands twice")
	case strings.Contains(at.Error(), "UTF-8"):
		r.fail(hotline.InvalidUTF8, field, "byte %d is not UTF-8", at.ByteOffset)
	default:
		r.fail(hotline.NotJSON, field, "not JSON at byte %d", at.ByteOffset)
	}
}

// path writes a pointer as the contract writes fields: legs[2].agent.
func path(p jsontext.Pointer) string {
	if len(p) > 4*maxField {
		p = p[:4*maxField] // deep nesting makes it long; what is shown is shorter still
	}
	var out strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil && out.Len() > 0 && out.String() != "attributes" {
			fmt.Fprintf(&out, "[%s]", token)
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('.')
		}
		out.WriteString(token)
	}
	return out.String()
}

func (r *reader) token(field string) (t jsontext.Token, ok bool) {
	if r.err != nil {
		return t, false
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		r.syntax(field, err)
		return t, false
	}
	return t, true
}

func (r *reader) skip() {
	if r.err == nil {
		if err := r.dec.SkipValue(); err != nil {
			r.syntax("", err)
		}
	}
}

// begin reads the token that opens a list or an object; a null gives false without an error.
func (r *reader) begin(field string, kind jsontext.Kind, want string) bool {
	if !r.expect(field, kind, want) {
		return false
	}
	t, ok := r.token(field)
	return ok && t.Kind() != 'n'
}

func (r *reader) expect(field string, kind jsontext.Kind, want string) bool {
	if r.err != nil {
		return false
	}
	// What cannot begin any value is a fault of the syntax, to be told as such.
	switch have := r.dec.PeekKind(); have {
	case 0, kind, 'n':
		return true
	default:
		r.fail(hotline.WrongType, field, "%s where %s is needed", kindName(have), want)
		return false
	}
}

// scalar reads one value of the kind and gives its bytes, a text without its quotes. They
// hold until the next read. A null gives ok false without an error.
func (r *reader) scalar(field string, kind jsontext.Kind, want string) (b []byte, ok bool) {
	if !r.expect(field, kind, want) {
		return nil, false
	}
	v, err := r.dec.ReadValue()
	if err != nil {
		r.syntax(field, err)
		return nil, false
	}
	if v.Kind() == 'n' {
		return nil, false
	}
	return unquoted(v), true
}

// unquoted gives the text of a JSON string that has been checked, and any other value as
// it is.
func unquoted(v jsontext.Value) []byte {
	if len(v) < 2 || v[0] != '"' {
		return v
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	b, _ := jsontext.AppendUnquote(nil, v) // it was checked
	return b
}

func (r *reader) text(field string) string {
	b, _ := r.scalar(field, '"', "a text")
	return string(b)
}

// word is a text of which there are few.
func (r *reader) word(field string) string {
	b, _ := r.scalar(field, '"', "a text")
	return r.words.get(b)
}

func (r *reader) boolean(field string) bool {
	if r.err != nil {
		return false
	}
	if k := r.dec.PeekKind(); k != 't' && k != 'f' && k != 'n' && k != 0 {
		r.fail(hotline.WrongType, field, "%s where true or false is needed", kindName(k))
		return false
	}
	t, ok := r.token(field)
	return ok && t.Kind() == 't'
}

// integer reads a number without fraction or exponent, from 0 to most.
func (r *reader) integer(field string, most uint64) uint64 {
	b, ok := r.scalar(field, '0', "a whole number")
	if !ok {
		return 0
	}
	s := string(b)
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && n > most:
		r.fail(hotline.OutOfRange, field, "larger than %d", most)
		return 0
	case err != nil && strings.HasPrefix(s, "-"):
		r.fail(hotline.OutOfRange, field, "a negative number")
		return 0
	case err != nil:
		r.fail(hotline.WrongType, field, "%s where a whole number is needed", shorten(s))
		return 0
	}
	return n
}

// span reads seconds and rounds them to the millisecond.
func (r *reader) span(field string) hotline.Span {
	b, ok := r.scalar(field, '0', "a number of seconds")
	if !ok {
		return hotline.Span{}
	}
	seconds, err := strconv.ParseFloat(string(b), 64)
	if ms := seconds * 1000; err == nil && ms >= -2*hotline.MaxSpan && ms <= 2*hotline.MaxSpan {
		if ms < 0 {
			return hotline.Millis(int64(ms - 0.5))
		}
		return hotline.Millis(int64(ms + 0.5))
	}
	r.fail(hotline.OutOfRange, field, "longer than a week")
	return hotline.Span{}
}

func (r *reader) instant(field string) time.Time {
	b, ok := r.scalar(field, '"', "a time")
	if !ok {
		return time.Time{}
	}
	at, err := parseInstant(field, b)
	if err != nil && r.err == nil {
		r.err = err
	}
	return at
}

func (r *reader) texts(field string) []string {
	var list []string
	r.array(field, func(at string) { list = append(list, r.word(at)) })
	return list
}

func (r *reader) object(field string, each func(name string)) {
	if !r.begin(field, '{', "an object") {
		if field == "" && r.err == nil {
			r.fail(hotline.WrongType, "", "null where an object is needed")
		}
		return
	}
	for r.err == nil {
		if r.dec.PeekKind() != '"' { // the end, or a fault
			r.token(field)
			return
		}
		name, err := r.dec.ReadValue()
		if err != nil {
			r.syntax(field, err)
			return
		}
		each(r.words.get(unquoted(name)))
	}
}

// maxElements bounds what a hostile array can cost; every list of the contract is shorter.
const maxElements = 1000

func (r *reader) array(field string, each func(at string)) {
	if !r.begin(field, '[', "a list") {
		return
	}
	for i := 0; r.err == nil; i++ {
		if r.dec.PeekKind() == ']' {
			r.token(field)
			return
		}
		if i == maxElements {
			r.fail(hotline.TooLong, field, "more than %d elements", maxElements)
			return
		}
		each(fmt.Sprintf("%s[%d]", field, i))
	}
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a text"
	case '0':
		return "a number"
	case 't', 'f':
		return "true or false"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	}
	return "something else"
}

func shorten(s string) string {
	if len(s) > 24 && utf8.ValidString(s) {
		return s[:24] + "…"
	}
	return s
}

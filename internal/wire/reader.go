package wire

import (
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
	dec *jsontext.Decoder
	err *hotline.RejectError
}

func (r *reader) fail(reason hotline.Reason, field, format string, args ...any) {
	if r.err == nil {
		r.err = hotline.Reject(reason, field, format, args...)
	}
}

// syntax sorts the decoder's errors into reasons.
func (r *reader) syntax(field string, err error) {
	var at *jsontext.SyntacticError
	if !errors.As(err, &at) {
		r.fail(hotline.NotJSON, field, "the record ends in the middle")
		return
	}
	where := strings.ReplaceAll(strings.TrimPrefix(string(at.JSONPointer), "/"), "/", ".")
	if where != "" {
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

// scalar reads one token of the kind; a null gives ok false without an error.
func (r *reader) scalar(field string, kind jsontext.Kind, want string) (t jsontext.Token, ok bool) {
	if r.err != nil {
		return t, false
	}
	// What cannot begin any value is a fault of the syntax, to be told as such.
	switch have := r.dec.PeekKind(); have {
	case 0, kind, 'n':
	default:
		r.fail(hotline.WrongType, field, "%s where %s is needed", kindName(have), want)
		return t, false
	}
	t, ok = r.token(field)
	return t, ok && t.Kind() != 'n'
}

func (r *reader) text(field string) string {
	t, ok := r.scalar(field, '"', "a text")
	if !ok {
		return ""
	}
	return t.String()
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
	t, ok := r.scalar(field, '0', "a whole number")
	if !ok {
		return 0
	}
	s := t.String()
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
	t, ok := r.scalar(field, '0', "a number of seconds")
	if !ok {
		return hotline.Span{}
	}
	seconds, err := strconv.ParseFloat(t.String(), 64)
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
	t, ok := r.scalar(field, '"', "a time")
	if !ok {
		return time.Time{}
	}
	at, err := parseInstant(field, t.String())
	if err != nil && r.err == nil {
		r.err = err
	}
	return at
}

func (r *reader) texts(field string) []string {
	var list []string
	r.array(field, func(at string) { list = append(list, r.text(at)) })
	return list
}

func (r *reader) object(field string, each func(name string)) {
	if _, ok := r.scalar(field, '{', "an object"); !ok {
		if field == "" && r.err == nil {
			r.fail(hotline.WrongType, "", "null where an object is needed")
		}
		return
	}
	for r.err == nil {
		t, ok := r.token(field)
		if !ok || t.Kind() == '}' {
			return
		}
		name := t.String()
		each(name)
	}
}

// maxElements bounds what a hostile array can cost; every list of the contract is shorter.
const maxElements = 1000

func (r *reader) array(field string, each func(at string)) {
	if _, ok := r.scalar(field, '[', "a list"); !ok {
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

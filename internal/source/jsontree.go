package source

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/hotline"
)

// Value is a JSON value. The zero value is null, which is the same as an absent one.
type Value struct {
	kind   byte // as in JSON: n t f " 0 { [
	text   string
	list   []Value
	fields map[string][]Value // several where a key stands more than once
}

// ParseJSON reads one object. Keys that stand more than once are a fault, but where
// repeated is true: some old programs write lists so.
func ParseJSON(raw []byte, repeated bool) (Value, *hotline.RejectError) {
	if len(raw) > maxRowBytes {
		return Value{}, hotline.Reject(hotline.TooLarge, "", "%d bytes, at most %d", len(raw), maxRowBytes)
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(repeated))
	v, err := readValue(dec)
	if err == nil {
		if _, after := dec.ReadToken(); !errors.Is(after, io.EOF) {
			return Value{}, hotline.Reject(hotline.NotJSON, "", "something follows the record")
		}
		if v.kind != '{' {
			return Value{}, hotline.Reject(hotline.WrongType, "", "an object is needed")
		}
		return v, nil
	}
	var at *jsontext.SyntacticError
	switch {
	case !errors.As(err, &at):
		return Value{}, hotline.Reject(hotline.NotJSON, "", "the record ends in the middle")
	case errors.Is(err, jsontext.ErrDuplicateName):
		return Value{}, hotline.Reject(hotline.DuplicateKey, "", "a key stands twice at byte %d", at.ByteOffset)
	case strings.Contains(at.Error(), "UTF-8"):
		return Value{}, hotline.Reject(hotline.InvalidUTF8, "", "byte %d is not UTF-8", at.ByteOffset)
	}
	return Value{}, hotline.Reject(hotline.NotJSON, "", "not JSON at byte %d", at.ByteOffset)
}

func readValue(dec *jsontext.Decoder) (v Value, err error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return v, err
	}
	v.kind = byte(tok.Kind())
	switch v.kind {
	case '"':
		v.text = tok.String()
	case '0':
		v.text = plainNumber(tok.String())
	case 't':
		v.text = "true"
	case 'f':
		v.text = "false"
	case '{':
		v.fields = make(map[string][]Value)
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return v, err
			}
			key := name.String()
			one, err := readValue(dec)
			if err != nil {
				return v, err
			}
			v.fields[key] = append(v.fields[key], one)
		}
		_, err = dec.ReadToken()
	case '[':
		for dec.PeekKind() != ']' {
			one, err := readValue(dec)
			if err != nil {
				return v, err
			}
			v.list = append(v.list, one)
		}
		_, err = dec.ReadToken()
	}
	return v, err
}

// Get goes down by keys; where a key stands more than once, the last one counts.
func (v Value) Get(keys ...string) Value {
	for _, k := range keys {
		all := v.fields[k]
		if len(all) == 0 {
			return Value{}
		}
		v = all[len(all)-1]
	}
	return v
}

// All are the elements of the list of that key, or of the key repeated.
func (v Value) All(key string) []Value {
	var out []Value
	for _, one := range v.fields[key] {
		if one.kind == '[' {
			out = append(out, one.list...)
		} else {
			out = append(out, one)
		}
	}
	return out
}

// Text is a text, a number or a truth as it is written; empty for all else.
func (v Value) Text() string { return v.text }

// IsObject says whether the value has keys.
func (v Value) IsObject() bool { return v.kind == '{' }

// at returns the single value at the end of a path, the elements of lists joined. ok is
// false where a list or an object stands there.
func (v Value) at(path []step, join string) (text string, ok bool) {
	for i, s := range path {
		switch s.kind {
		case stepKey:
			v = v.Get(s.key)
		case stepIndex:
			n := s.index
			if n < 0 {
				n += len(v.list)
			}
			if n < 0 || n >= len(v.list) {
				return "", true
			}
			v = v.list[n]
		case stepEach:
			return v.each(path[i+1:], join)
		}
	}
	if v.kind == '[' {
		return v.each(nil, join)
	}
	return v.text, v.kind != '{'
}

func (v Value) each(rest []step, join string) (string, bool) {
	var parts []string
	for _, one := range v.list {
		s, ok := one.at(rest, join)
		if !ok {
			return "", false
		}
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, join), true
}

// scientific says whether a program has written a number so: 1.0E5 or 1E+05. 1E5 may be
// the name of an extension.
func scientific(s string) bool {
	i := strings.IndexAny(s, "eE")
	if i < 1 {
		return false
	}
	mantissa, exponent := s[:i], s[i+1:]
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	digits := strings.TrimLeft(exponent, "+-")
	return len(whole) == 1 && strings.Trim(whole+fraction+digits, "0123456789") == "" &&
		digits != "" && len(exponent)-len(digits) <= 1 && (dotted && fraction != "" || len(exponent) > len(digits))
}

// plainNumber writes a number that stands in scientific notation with plain digits, as
// long as that shows all of it: beyond 15 digits programs have rounded it.
func plainNumber(s string) string {
	if !scientific(s) {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f >= 1e15 || f <= -1e15 {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// shortened says whether the digits of an id or a telephone number are lost: what is still
// in scientific notation where it is read was rounded, by its size or by its display.
func shortened(s string) bool { return scientific(s) }

package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// piece is one record as it stands in a body.
type piece struct {
	raw  []byte
	line int64 // of its first byte, from 1
}

const space = " \t\r\n" // of JSON

// split cuts a body into records without reading them: a list's elements, lines, or the
// one object. A list whose syntax is broken is refused as a whole: what follows the fault
// cannot be told apart, and half a list is not what its sender meant.
func split(body []byte, m media, most int) ([]piece, *problem) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	start := len(body) - len(bytes.TrimLeft(body, space))
	if start == len(body) {
		return nil, refuse(http.StatusBadRequest, codeMalformed, "the body is empty")
	}
	switch {
	case m == linesMedia || body[start] == '{' && areLines(body[start:]):
		return lines(body, most)
	case body[start] == '[':
		return elements(body, most)
	}
	return []piece{{raw: bytes.Trim(body, space), line: 1 + newlines(body[:start])}}, nil
}

// areLines tells lines of objects from one object on several lines. In one object no '}'
// is ever followed by a '{'.
func areLines(body []byte) bool {
	first, rest, ok := bytes.Cut(body, []byte{'\n'})
	return ok && bytes.HasSuffix(bytes.TrimRight(first, space), []byte{'}'}) && bytes.HasPrefix(bytes.TrimLeft(rest, space), []byte{'{'})
}

func newlines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }

func tooManyRecords(most int) *problem {
	return refuse(http.StatusRequestEntityTooLarge, codeLarge, fmt.Sprintf("more than %d records in one request: send fewer at once", most))
}

func lines(body []byte, most int) ([]piece, *problem) {
	out := make([]piece, 0, min(int(newlines(body))+1, most))
	for n := int64(1); len(body) > 0; n++ {
		var line []byte
		line, body, _ = bytes.Cut(body, []byte{'\n'})
		if line = bytes.Trim(line, space); len(line) == 0 {
			continue
		}
		if len(out) == most {
			return nil, tooManyRecords(most)
		}
		out = append(out, piece{raw: line, line: n})
	}
	return out, nil
}

// elements cuts a list. Its elements are checked later, one by one: here they need only be
// told apart.
func elements(body []byte, most int) ([]piece, *problem) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var out []piece
	line, told := int64(1), 0
	at := func(offset int64) int64 {
		line += newlines(body[told:offset])
		told = int(offset)
		return line
	}
	broken := func(err error) *problem {
		p := refuse(http.StatusBadRequest, codeMalformed, fmt.Sprintf("the list is not JSON after its element %d: nothing of it is accepted", len(out)))
		where := dec.InputOffset()
		if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			where = e.ByteOffset
		}
		p.Line = at(min(max(where, int64(told)), int64(len(body))))
		return p
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, broken(err)
	}
	for dec.PeekKind() != ']' {
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, broken(err)
		}
		if len(out) == most {
			return nil, tooManyRecords(most)
		}
		end := dec.InputOffset()
		begin := end - int64(len(raw))
		out = append(out, piece{raw: body[begin:end], line: at(begin)})
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, broken(err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, broken(err)
	}
	return out, nil
}

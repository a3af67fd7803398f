package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFileSize keeps a mistaken path (a data file) from being read whole.
const maxFileSize = 1 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("configuration %s is larger than %s: is it the right file?", path, formatBytes(maxFileSize))
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("configuration %s is not UTF-8 text", path)
	}
	// Windows editors put a byte order mark in front.
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// decoder walks a parsed file along the struct. It keeps going after an error,
// so that one run shows all of them.
type decoder struct {
	name string // of the file, for messages
	set  func(path, where string)
	errs []error
}

func (d *decoder) decode(data []byte, root *field, v reflect.Value) error {
	// Duplicate keys are let through here and refused in mapping, where the
	// path is known.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return d.syntax(err)
	}
	docs := 0
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if docs++; docs > 1 {
			d.fail(doc.Body, "", "a second document: a configuration is one YAML document")
			break
		}
		d.section(doc.Body, root, v)
	}
	return errors.Join(d.errs...)
}

func (d *decoder) syntax(err error) error {
	var se *yaml.SyntaxError
	if errors.As(err, &se) && se.GetToken() != nil {
		return fmt.Errorf("%s: %s", d.where(se.GetToken()), se.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s: %s", d.name, first)
}

func (d *decoder) where(t *token.Token) string {
	if t == nil || t.Position == nil {
		return d.name
	}
	return fmt.Sprintf("%s:%d:%d", d.name, t.Position.Line, t.Position.Column)
}

func (d *decoder) fail(n ast.Node, path, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	d.errs = append(d.errs, fmt.Errorf("%s: %s", d.where(n.GetToken()), msg))
}

// entry is one key of a mapping whose key was read as text.
type entry struct {
	key   string
	node  ast.Node // the key, for positions
	value ast.Node
}

// mapping reads the entries of a mapping and refuses duplicates.
func (d *decoder) mapping(n ast.Node, path string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil, true
	default:
		d.fail(n, path, "want a mapping of keys to values, found %s", describe(n))
		return nil, false
	}
	entries := make([]entry, 0, len(values))
	first := map[string]*token.Token{}
	for _, mv := range values {
		key, ok := scalarText(mv.Key)
		if !ok {
			d.fail(mv.Key, path, "want a plain key, found %s", describe(mv.Key))
			continue
		}
		if earlier := first[key]; earlier != nil {
			d.fail(mv.Key, join(path, key), "given twice, first at line %d", earlier.Position.Line)
			continue
		}
		first[key] = mv.Key.GetToken()
		entries = append(entries, entry{key: key, node: mv.Key, value: mv.Value})
	}
	return entries, true
}

func (d *decoder) section(n ast.Node, f *field, v reflect.Value) {
	entries, _ := d.mapping(n, f.path)
	for _, e := range entries {
		path := join(f.path, e.key)
		c := f.child(e.key)
		switch {
		case c == nil:
			d.fail(e.node, path, "unknown key%s", meant(e.key, f.keys()))
		case c.section:
			d.section(e.value, c, fieldOf(v, f, c))
		case c.secret:
			d.fail(e.node, path, "a secret is not written into a configuration: set %s%s or %s", path, secretFileSuffix, c.env())
		default:
			before := len(d.errs)
			d.value(e.value, fieldOf(v, f, c), leaf{path: path, unit: c.unit})
			if d.set != nil && len(d.errs) == before {
				d.set(c.path, d.where(e.node.GetToken()))
			}
		}
	}
}

// fieldOf returns the value of child c inside v, the value of parent f.
func fieldOf(v reflect.Value, f, c *field) reflect.Value {
	return v.FieldByIndex(c.index[len(f.index):])
}

type leaf struct{ path, unit string }

func (d *decoder) value(n ast.Node, v reflect.Value, l leaf) {
	t := v.Type()
	switch {
	case isText(t) || isDuration(t):
		d.scalar(n, v, l)
	case t.Kind() == reflect.Slice:
		d.list(n, v, l)
	case t.Kind() == reflect.Map:
		d.table(n, v, l)
	case t.Kind() == reflect.Struct:
		inner, err := elementSchema(t)
		if err != nil {
			d.fail(n, l.path, "%v", err)
			return
		}
		d.element(n, inner, v, l.path)
	default:
		d.scalar(n, v, l)
	}
}

// element decodes a struct inside a list or map: its paths carry the position
// and no origin of their own.
func (d *decoder) element(n ast.Node, inner *field, v reflect.Value, path string) {
	sub := &decoder{name: d.name}
	prefixed := *inner
	prefixed.path = path
	sub.section(n, &prefixed, v)
	d.errs = append(d.errs, sub.errs...)
}

func (d *decoder) list(n ast.Node, v reflect.Value, l leaf) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fail(n, l.path, "want a list, found %s", describe(n))
		return
	}
	// A fresh slice: the defaults must not be written through.
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		d.value(item, out.Index(i), leaf{path: fmt.Sprintf("%s[%d]", l.path, i), unit: l.unit})
	}
	v.Set(out)
}

func (d *decoder) table(n ast.Node, v reflect.Value, l leaf) {
	entries, ok := d.mapping(n, l.path)
	if !ok {
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(entries))
	for _, e := range entries {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.value, item, leaf{path: join(l.path, e.key), unit: l.unit})
		out.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, l leaf) {
	text, ok := scalarText(n)
	if !ok {
		d.fail(n, l.path, "want %s, found %s", wanted(v.Type(), l.unit), describe(n))
		return
	}
	quoted := n.Type() == ast.StringType || n.Type() == ast.LiteralType
	if v.Kind() == reflect.String && !isText(v.Type()) && !quoted {
		d.fail(n, l.path, "want text, found %s: write it in quotes, \"%s\"", describe(n), text)
		return
	}
	if quoted && !isText(v.Type()) && v.Kind() != reflect.String && isQuoted(n) && !isDuration(v.Type()) && l.unit == "" {
		d.fail(n, l.path, "want %s, found text in quotes", wanted(v.Type(), l.unit))
		return
	}
	if err := parseText(v, text, l.unit); err != nil {
		d.fail(n, l.path, "%v", err)
	}
}

func isQuoted(n ast.Node) bool {
	t := n.GetToken()
	return t != nil && (t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType)
}

// scalarText returns the text of a scalar as it was written.
func scalarText(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return s.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func wanted(t reflect.Type, unit string) string {
	switch {
	case isDuration(t):
		return "a duration"
	case unit == "bytes":
		return "a size in bytes"
	case isInteger(t):
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "a number"
	}
	return "text"
}

func describe(n ast.Node) string {
	switch n.Type() {
	case ast.NullType:
		return "nothing"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.BoolType:
		return "true or false"
	case ast.StringType, ast.LiteralType:
		return "text"
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		return "an anchor or alias, which are not supported"
	case ast.TagType:
		return "a tag, which is not supported"
	}
	return "a " + n.Type().String()
}

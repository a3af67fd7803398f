// Package strictyaml reads the YAML files that people write for this program: sources,
// calendars, definitions. Of one file every fault is told, with file, line and column:
// unknown keys (with the one that was meant), keys given twice, values of another kind.
// A text is read as it is written, so that no, 1.10 and 08:30 stay what they are.
//
// It will not follow anchors, aliases and tags, will not merge documents, and will not
// fill structs by reflection: what a key means is said by the code that reads it.
package strictyaml

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document collects the faults of one file, so that one run shows them all.
type document struct {
	name string // of the file
	errs []error
}

// Node is a place in a file. Reading a wrong thing from it notes the fault with file, line
// and column and gives a zero value, so that callers read on; Faults has them all in the
// end. The zero Node is no place.
type Node struct {
	doc  *document
	path string // as columns.date.format
	ast  ast.Node
}

// Parse returns the root of the one document in data; name is the file's, for messages.
func Parse(name string, data []byte) (Node, error) {
	if !utf8.Valid(data) {
		return Node{}, fmt.Errorf("%s: not UTF-8 text", name)
	}
	d := &document{name: name}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var se *yaml.SyntaxError
		if errors.As(err, &se) && se.GetToken() != nil {
			return Node{}, fmt.Errorf("%s: %s", d.at(se.GetToken()), se.GetMessage())
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		return Node{}, fmt.Errorf("%s: %s", name, first)
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) != 1 {
		return Node{}, fmt.Errorf("%s: want one YAML document, found %d", name, len(bodies))
	}
	return Node{doc: d, ast: bodies[0]}, nil
}

func (d *document) at(t *token.Token) string {
	if t == nil || t.Position == nil {
		return d.name
	}
	return fmt.Sprintf("%s:%d:%d", d.name, t.Position.Line, t.Position.Column)
}

// Where is file:line:column of the node.
func (n Node) Where() string {
	if n.ast == nil {
		return n.doc.name
	}
	return n.doc.at(n.ast.GetToken())
}

// Path is the keys that lead to the node, as columns.date.format.
func (n Node) Path() string { return n.path }

// IsZero says whether the node is no place in any file.
func (n Node) IsZero() bool { return n.doc == nil }

// Faults are those of the whole file so far, in the order they were found.
func (n Node) Faults() []error { return n.doc.errs }

// Fail notes a fault at the node.
func (n Node) Fail(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if n.path != "" {
		msg = n.path + ": " + msg
	}
	n.doc.errs = append(n.doc.errs, fmt.Errorf("%s: %s", n.Where(), msg))
}

// Pair is one entry of a mapping.
type Pair struct {
	Name string
	Key  Node // for positions
	Node      // the value
}

// Pairs reads a mapping in its order; keys given twice are faults.
func (n Node) Pairs() []Pair {
	var values []*ast.MappingValueNode
	switch m := n.ast.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		n.Fail("want a mapping of keys to values, found %s", describe(n.ast))
		return nil
	}
	seen := make(map[string]bool, len(values))
	out := make([]Pair, 0, len(values))
	for _, v := range values {
		key := Node{doc: n.doc, path: n.path, ast: v.Key}
		name, ok := scalar(v.Key)
		if !ok {
			key.Fail("want a plain key, found %s", describe(v.Key))
			continue
		}
		key.path = join(n.path, name)
		if seen[name] {
			key.Fail("given twice")
			continue
		}
		seen[name] = true
		out = append(out, Pair{Name: name, Key: key, Node: Node{doc: n.doc, path: key.path, ast: v.Value}})
	}
	return out
}

// Object hands every entry to the reader of its key and refuses unknown keys.
func (n Node) Object(readers map[string]func(Node)) {
	for _, p := range n.Pairs() {
		read, known := readers[p.Name]
		if !known {
			keys := slices.Sorted(maps.Keys(readers))
			p.Key.path = n.path
			p.Key.Fail("unknown key %q%s; known: %s", p.Name, Meant(p.Name, keys), strings.Join(keys, ", "))
			continue
		}
		read(p.Node)
	}
}

// IsMapping says whether the node is a mapping of keys to values.
func (n Node) IsMapping() bool {
	t := n.ast.Type()
	return t == ast.MappingType || t == ast.MappingValueType
}

// IsList says whether the node is a list.
func (n Node) IsList() bool { return n.ast.Type() == ast.SequenceType }

// Items reads a list.
func (n Node) Items() []Node {
	seq, ok := n.ast.(*ast.SequenceNode)
	if !ok {
		n.Fail("want a list, found %s", describe(n.ast))
		return nil
	}
	out := make([]Node, len(seq.Values))
	for i, v := range seq.Values {
		out[i] = Node{doc: n.doc, path: fmt.Sprintf("%s[%d]", n.path, i), ast: v}
	}
	return out
}

// Scalar is a single value as it is written; ok is false when the node is none.
func (n Node) Scalar() (text string, ok bool) { return scalar(n.ast) }

// Kind says in words what the node is.
func (n Node) Kind() string { return describe(n.ast) }

// Text reads a scalar as it is written.
func (n Node) Text() string {
	s, ok := scalar(n.ast)
	if !ok {
		hint := ""
		if n.IsMapping() {
			hint = "; a text with : in it needs quotes"
		}
		n.Fail("want a text, found %s%s", describe(n.ast), hint)
	}
	return s
}

// Texts reads one scalar or a list of them.
func (n Node) Texts() []string {
	if !n.IsList() {
		return []string{n.Text()}
	}
	items := n.Items()
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.Text()
	}
	return out
}

// Choice reads one of a few words; of another the first is given.
func (n Node) Choice(words ...string) string {
	s, ok := scalar(n.ast)
	if !ok || !slices.Contains(words, s) {
		n.Fail("%q is none of %s%s", s, strings.Join(words, ", "), Meant(s, words))
		return words[0]
	}
	return s
}

// Boolean reads true or false.
func (n Node) Boolean() bool { return n.Choice("false", "true") == "true" }

// Integer reads a whole number within bounds.
func (n Node) Integer(least, most int) int {
	s := n.Text()
	v, err := strconv.Atoi(s)
	if err != nil || v < least || v > most {
		n.Fail("%q is not a whole number from %d to %d", s, least, most)
		return least
	}
	return v
}

// Table reads a mapping of texts to texts.
func (n Node) Table() map[string]string {
	out := make(map[string]string)
	for _, p := range n.Pairs() {
		out[p.Name] = p.Text()
	}
	return out
}

// OneLine writes a part of a description on one line.
func (n Node) OneLine() string {
	var parts []string
	switch {
	case n.IsMapping():
		for _, p := range n.Pairs() {
			parts = append(parts, p.Name+": "+p.OneLine())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n.IsList():
		for _, it := range n.Items() {
			parts = append(parts, it.OneLine())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	s, _ := scalar(n.ast)
	return s
}

// scalar returns the text of a scalar as it was written.
func scalar(n ast.Node) (string, bool) {
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

func describe(n ast.Node) string {
	if n == nil {
		return "nothing"
	}
	switch n.Type() {
	case ast.NullType:
		return "nothing"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		return "an anchor or alias, which are not supported"
	case ast.TagType:
		return "a tag, which is not supported"
	}
	return "a single value"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

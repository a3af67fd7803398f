package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document collects the faults of one description, so that one run shows them all.
type document struct {
	name string // of the file
	errs []error
}

// node is a place in a description. Reading a wrong thing from it notes the fault with
// file, line and column and gives a zero value, so that callers read on.
type node struct {
	doc  *document
	path string // as columns.date.format
	ast  ast.Node
}

// parseDocument returns the root of the one document in data.
func parseDocument(name string, data []byte) (node, error) {
	d := &document{name: name}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var se *yaml.SyntaxError
		if errors.As(err, &se) && se.GetToken() != nil {
			return node{}, fmt.Errorf("%s: %s", d.at(se.GetToken()), se.GetMessage())
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		return node{}, fmt.Errorf("%s: %s", name, first)
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) != 1 {
		return node{}, fmt.Errorf("%s: want one YAML document, found %d", name, len(bodies))
	}
	return node{doc: d, ast: bodies[0]}, nil
}

func (d *document) at(t *token.Token) string {
	if t == nil || t.Position == nil {
		return d.name
	}
	return fmt.Sprintf("%s:%d:%d", d.name, t.Position.Line, t.Position.Column)
}

// where is file:line:column of the node.
func (n node) where() string {
	if n.ast == nil {
		return n.doc.name
	}
	return n.doc.at(n.ast.GetToken())
}

func (n node) fail(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if n.path != "" {
		msg = n.path + ": " + msg
	}
	n.doc.errs = append(n.doc.errs, fmt.Errorf("%s: %s", n.where(), msg))
}

// pair is one entry of a mapping.
type pair struct {
	name string
	key  node // for positions
	node      // the value
}

// pairs reads a mapping in its order; keys given twice are faults.
func (n node) pairs() []pair {
	var values []*ast.MappingValueNode
	switch m := n.ast.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		n.fail("want a mapping of keys to values, found %s", describe(n.ast))
		return nil
	}
	seen := make(map[string]bool, len(values))
	out := make([]pair, 0, len(values))
	for _, v := range values {
		key := node{doc: n.doc, path: n.path, ast: v.Key}
		name, ok := scalar(v.Key)
		if !ok {
			key.fail("want a plain key, found %s", describe(v.Key))
			continue
		}
		key.path = join(n.path, name)
		if seen[name] {
			key.fail("given twice")
			continue
		}
		seen[name] = true
		out = append(out, pair{name: name, key: key, node: node{doc: n.doc, path: key.path, ast: v.Value}})
	}
	return out
}

// object hands every entry to the reader of its key and refuses unknown keys.
func (n node) object(readers map[string]func(node)) {
	for _, p := range n.pairs() {
		read, known := readers[p.name]
		if !known {
			keys := slices.Sorted(maps.Keys(readers))
			p.key.path = n.path
			p.key.fail("unknown key %q%s; known: %s", p.name, meant(p.name, keys), strings.Join(keys, ", "))
			continue
		}
		read(p.node)
	}
}

func (n node) isMapping() bool {
	t := n.ast.Type()
	return t == ast.MappingType || t == ast.MappingValueType
}

func (n node) isList() bool { return n.ast.Type() == ast.SequenceType }

// items reads a list.
func (n node) items() []node {
	seq, ok := n.ast.(*ast.SequenceNode)
	if !ok {
		n.fail("want a list, found %s", describe(n.ast))
		return nil
	}
	out := make([]node, len(seq.Values))
	for i, v := range seq.Values {
		out[i] = node{doc: n.doc, path: fmt.Sprintf("%s[%d]", n.path, i), ast: v}
	}
	return out
}

// text reads a scalar as it is written.
func (n node) text() string {
	s, ok := scalar(n.ast)
	if !ok {
		hint := ""
		if n.isMapping() {
			hint = "; a text with : in it needs quotes"
		}
		n.fail("want a text, found %s%s", describe(n.ast), hint)
	}
	return s
}

// texts reads one scalar or a list of them.
func (n node) texts() []string {
	if !n.isList() {
		return []string{n.text()}
	}
	items := n.items()
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.text()
	}
	return out
}

// choice reads one of a few words.
func (n node) choice(words ...string) string {
	s, ok := scalar(n.ast)
	if !ok || !slices.Contains(words, s) {
		n.fail("%q is none of %s%s", s, strings.Join(words, ", "), meant(s, words))
		return words[0]
	}
	return s
}

func (n node) boolean() bool { return n.choice("false", "true") == "true" }

func (n node) integer(least, most int) int {
	s := n.text()
	v, err := strconv.Atoi(s)
	if err != nil || v < least || v > most {
		n.fail("%q is not a whole number from %d to %d", s, least, most)
		return least
	}
	return v
}

// table reads a mapping of texts to texts.
func (n node) table() map[string]string {
	out := make(map[string]string)
	for _, p := range n.pairs() {
		out[p.name] = p.text()
	}
	return out
}

// oneLine writes a part of a description on one line.
func (n node) oneLine() string {
	var parts []string
	switch {
	case n.isMapping():
		for _, p := range n.pairs() {
			parts = append(parts, p.name+": "+p.oneLine())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n.isList():
		for _, it := range n.items() {
			parts = append(parts, it.oneLine())
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

package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// EnvPrefix starts the name of every environment variable that sets a value.
const EnvPrefix = "HOTLINE_"

const secretFileSuffix = "_file"

// field is one key of the configuration: a section, which has children, or a
// leaf, which has a value.
type field struct {
	path     string // "store.max_block"
	key      string // "max_block"
	doc      string
	unit     string
	secret   bool
	index    []int // from the root struct, for reflect.Value.FieldByIndex
	typ      reflect.Type
	section  bool
	children []*field
}

// env is the environment variable that sets the field.
func (f *field) env() string { return envName(f.path) }

func envName(path string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// leaves calls visit for every leaf below f, in the order of the struct.
func (f *field) leaves(visit func(*field)) {
	for _, c := range f.children {
		if c.section {
			c.leaves(visit)
			continue
		}
		visit(c)
	}
}

// find returns the field at a path, or nil.
func (f *field) find(path string) *field {
	at := f
	for key := range strings.SplitSeq(path, ".") {
		if at = at.child(key); at == nil {
			return nil
		}
	}
	return at
}

func (f *field) child(key string) *field {
	for _, c := range f.children {
		if c.key == key {
			return c
		}
	}
	return nil
}

func (f *field) keys() []string {
	keys := make([]string, 0, len(f.children))
	for _, c := range f.children {
		keys = append(keys, c.key)
	}
	return keys
}

// schemaOf reads the fields off a struct type. Mistakes in the tags of the
// struct are errors: they would otherwise switch a setting off unseen.
func schemaOf(t reflect.Type) (*field, error) {
	root, err := elementSchema(t)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkNames(root)...); err != nil {
		return nil, fmt.Errorf("configuration struct %s: %w", t, err)
	}
	return root, nil
}

// elementSchema is schemaOf for a struct inside a list or map, whose fields
// have no environment variables that could clash.
func elementSchema(t reflect.Type) (*field, error) {
	root := &field{typ: t, section: true}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("configuration root is a %s, want a struct", t)
	}
	if err := errors.Join(fill(root)...); err != nil {
		return nil, fmt.Errorf("configuration struct %s: %w", t, err)
	}
	return root, nil
}

func fill(parent *field) []error {
	var errs []error
	seen := map[string]bool{}
	for sf := range parent.typ.Fields() {
		key, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if key == "-" || !sf.IsExported() {
			continue
		}
		f := &field{
			key: key, path: join(parent.path, key), doc: sf.Tag.Get("doc"),
			unit: sf.Tag.Get("unit"), secret: sf.Tag.Get("secret") == "true",
			index: append(append([]int(nil), parent.index...), sf.Index...), typ: sf.Type,
		}
		if f.unit == "" && isInteger(sf.Type) && strings.HasSuffix("_"+key, "_bytes") {
			f.unit = "bytes"
		}
		f.section = isSection(sf.Type)
		if err := checkField(f, sf); err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[key] {
			errs = append(errs, fmt.Errorf("%s: two fields have this yaml name", f.path))
			continue
		}
		seen[key] = true
		if f.section {
			errs = append(errs, fill(f)...)
		}
		parent.children = append(parent.children, f)
	}
	for _, c := range parent.children {
		if c.secret {
			errs = append(errs, checkSecret(parent, c)...)
		}
	}
	return errs
}

func checkField(f *field, sf reflect.StructField) error {
	switch {
	case f.key == "" || strings.ToLower(f.key) != f.key || strings.ContainsAny(f.key, ". -"):
		return fmt.Errorf("field %s needs a yaml tag in snake_case, has %q", sf.Name, sf.Tag.Get("yaml"))
	case f.doc == "":
		return fmt.Errorf("%s: field needs a doc tag", f.path)
	case f.unit != "" && (f.unit != "bytes" || !isInteger(f.typ)):
		return fmt.Errorf("%s: unit %q on a %s: only bytes on an integer is known", f.path, f.unit, f.typ)
	case !f.section && !supported(f.typ, 0):
		return fmt.Errorf("%s: type %s cannot be configured", f.path, f.typ)
	case !f.secret && looksSecret(f.key):
		return fmt.Errorf("%s: sounds like a secret: tag it secret:\"true\" and add %s%s", f.path, f.key, secretFileSuffix)
	}
	return nil
}

func checkSecret(parent, f *field) []error {
	if f.typ.Kind() != reflect.String {
		return []error{fmt.Errorf("%s: a secret is a string, not a %s", f.path, f.typ)}
	}
	if file := parent.child(f.key + secretFileSuffix); file == nil || file.typ.Kind() != reflect.String {
		return []error{fmt.Errorf("%s: a secret needs a string field %s%s beside it", f.path, f.key, secretFileSuffix)}
	}
	return nil
}

// looksSecret keeps a component from shipping a password that would be dumped.
func looksSecret(key string) bool {
	for _, word := range []string{"password", "passphrase", "secret", "token"} {
		if key == word || strings.HasSuffix(key, "_"+word) {
			return true
		}
	}
	return false
}

// checkNames makes sure that no two fields share an environment variable
// (a.b_c and a_b.c would), nor one of the fixed names.
func checkNames(root *field) []error {
	var errs []error
	owner := map[string]string{}
	for _, v := range FixedVariables() {
		owner[v.Name] = "the fixed variables"
	}
	root.leaves(func(f *field) {
		if other, taken := owner[f.env()]; taken {
			errs = append(errs, fmt.Errorf("%s: variable %s belongs to %s already", f.path, f.env(), other))
			return
		}
		owner[f.env()] = f.path
	})
	return errs
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// isSection tells a nested struct from a value that happens to be a struct.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isText(t)
}

// isText reports whether the type reads and writes itself as text.
func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) &&
		t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func isDuration(t reflect.Type) bool { return t == reflect.TypeFor[time.Duration]() }

func isInteger(t reflect.Type) bool {
	return !isDuration(t) && (t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64)
}

// supported reports whether the machinery can read and write a leaf type:
// scalars, text types, lists, maps with string keys, and structs inside those.
func supported(t reflect.Type, depth int) bool {
	if depth > 4 {
		return false
	}
	if isText(t) || isDuration(t) || isInteger(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64:
		return true
	case reflect.Slice:
		return supported(t.Elem(), depth+1)
	case reflect.Map:
		return t.Key().Kind() == reflect.String && supported(t.Elem(), depth+1)
	case reflect.Struct:
		// Only inside lists and maps: a struct of its own is a section. Secrets
		// in there would have no variable to come from.
		inner, err := elementSchema(t)
		if err != nil {
			return false
		}
		ok := len(inner.children) > 0
		inner.leaves(func(f *field) { ok = ok && !f.secret })
		return ok
	}
	return false
}

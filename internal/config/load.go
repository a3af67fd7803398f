package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/parser"
)

// Kind names the layer a value came from.
type Kind string

// The layers, weakest first. FromSecretFile is the content of a …_file.
const (
	FromDefault    Kind = "default"
	FromFile       Kind = "file"
	FromEnv        Kind = "env"
	FromFlag       Kind = "flag"
	FromSecretFile Kind = "secret file"
)

// Origin says where a value came from. Where is file:line:column, the name of
// the variable, the name of the flag, or the path of the secret's file.
type Origin struct {
	Kind  Kind
	Where string
}

// String is the form printed in dumps and errors.
func (o Origin) String() string {
	if o.Where == "" {
		return string(o.Kind)
	}
	return string(o.Kind) + " " + o.Where
}

// Setting is one value given as a command-line flag.
type Setting struct {
	Path  string // of the key, as "web.listen"
	Value string
	Flag  string // as the user wrote it, for messages: "--listen"
}

// Layers is what is put over the defaults, weakest first.
type Layers struct {
	// File is the path of the YAML file. Empty: HOTLINE_CONFIG of Environ, and
	// without that no file.
	File string
	// Environ is os.Environ(), or nil for none.
	Environ []string
	// Flags are applied in order.
	Flags []Setting
}

// Loaded is a configuration with the origin of each of its values.
type Loaded[T any] struct {
	// Value is complete once Load or Set has returned without an error.
	Value T

	root     *field
	file     string
	origins  map[string]Origin
	unknown  []string // variables of the environment that are no settings
	warnings []string
}

// Load puts the layers over the defaults. It reports everything that is wrong
// in one error; it does not call Validate, see Check.
func Load[T any](defaults T, in Layers) (*Loaded[T], error) {
	root, err := schemaOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	l := &Loaded[T]{Value: defaults, root: root, origins: map[string]Origin{}, file: in.File}
	if l.file == "" {
		l.file = lookup(in.Environ, "HOTLINE_CONFIG")
	}
	var errs []error
	if l.file != "" {
		errs = append(errs, l.applyFile())
	}
	errs = append(errs, l.applyEnv(in.Environ)...)
	for _, s := range in.Flags {
		errs = append(errs, l.applyFlag(s))
	}
	errs = append(errs, l.checkUnknown())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := l.readSecrets(); err != nil {
		return nil, err
	}
	return l, nil
}

// Set gives one value the precedence of a flag.
func (l *Loaded[T]) Set(path, value string) error {
	if err := l.applyFlag(Setting{Path: path, Value: value}); err != nil {
		return err
	}
	return l.readSecrets()
}

// File is the path of the file that was read, or "".
func (l *Loaded[T]) File() string { return l.file }

// Warnings are sentences about environment variables that set nothing.
func (l *Loaded[T]) Warnings() []string { return slices.Clone(l.warnings) }

// Origin tells where the value at a path came from.
func (l *Loaded[T]) Origin(path string) Origin {
	if o, ok := l.origins[path]; ok {
		return o
	}
	return Origin{Kind: FromDefault}
}

func (l *Loaded[T]) applyFile() error {
	data, err := readFile(l.file)
	if err != nil {
		return err
	}
	d := &decoder{name: l.file, set: func(path, where string) {
		l.origins[path] = Origin{Kind: FromFile, Where: where}
	}}
	return d.decode(data, l.root, reflect.ValueOf(&l.Value).Elem())
}

func (l *Loaded[T]) applyFlag(s Setting) error {
	from := Origin{Kind: FromFlag, Where: s.Flag}
	label := "flag " + s.Flag
	if s.Flag == "" {
		label = "setting " + s.Path
	}
	f := l.root.find(s.Path)
	switch {
	case f == nil || f.section:
		var paths []string
		l.root.leaves(func(f *field) { paths = append(paths, f.path) })
		return fmt.Errorf("%s: unknown key %s%s", label, s.Path, meant(s.Path, paths))
	case f.secret:
		return fmt.Errorf("%s: a secret is not given on the command line, where others can see it: set %s%s or %s", label, f.path, secretFileSuffix, f.env())
	}
	if err := l.assign(f, s.Value, from); err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	return nil
}

// assign sets a leaf from text and notes the origin.
func (l *Loaded[T]) assign(f *field, text string, from Origin) error {
	v := reflect.ValueOf(&l.Value).Elem().FieldByIndex(f.index)
	// Into a copy first: a failed list must not leave half of itself behind.
	fresh := reflect.New(f.typ).Elem()
	if err := parseLeaf(fresh, text, f); err != nil {
		return err
	}
	v.Set(fresh)
	l.origins[f.path] = from
	return nil
}

// parseLeaf reads a leaf from one line of text. Lists are comma-separated or
// YAML flow lists, maps YAML flow mappings.
func parseLeaf(v reflect.Value, text string, f *field) error {
	kind := f.typ.Kind()
	if isText(f.typ) || kind != reflect.Slice && kind != reflect.Map {
		return parseText(v, text, f.unit)
	}
	if kind == reflect.Slice && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return parseList(v, text, f.unit)
	}
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	d := &decoder{name: f.path}
	if err != nil {
		return d.syntax(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return fmt.Errorf("%q is not one YAML value", text)
	}
	d.value(file.Docs[0].Body, v, leaf{path: f.path, unit: f.unit})
	return errors.Join(d.errs...)
}

func parseList(v reflect.Value, text, unit string) error {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	if elem := v.Type().Elem(); !isText(elem) && (elem.Kind() == reflect.Slice || elem.Kind() == reflect.Map || elem.Kind() == reflect.Struct) {
		return fmt.Errorf("%q is not a list: write it as YAML, [ … ]", text)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := parseText(v.Index(i), item, unit); err != nil {
			return err
		}
	}
	return nil
}

// readSecrets fills each secret from the file named beside it. A secret that
// came from such a file is read again, so that Set can name another one.
func (l *Loaded[T]) readSecrets() error {
	var errs []error
	root := reflect.ValueOf(&l.Value).Elem()
	l.root.leaves(func(f *field) {
		if !f.secret {
			return
		}
		filePath := f.path + secretFileSuffix
		file := root.FieldByIndex(l.root.find(filePath).index).String()
		if file == "" {
			return
		}
		if l.Origin(f.path).Kind == FromEnv {
			errs = append(errs, fmt.Errorf("%s: set by %s and by %s at once: leave one out", f.path, f.env(), filePath))
			return
		}
		secret, err := readSecret(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s (%s): %w", filePath, l.Origin(filePath), err))
			return
		}
		root.FieldByIndex(f.index).SetString(secret)
		l.origins[f.path] = Origin{Kind: FromSecretFile, Where: file}
	})
	return errors.Join(errs...)
}

// readSecret reads one line; editors end it with a newline that is not meant.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("opening the secret: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	const limit = 64 << 10
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", fmt.Errorf("reading the secret: %w", err)
	}
	if len(data) > limit {
		return "", fmt.Errorf("secret %s is larger than %s", path, formatBytes(limit))
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("secret %s is empty", path)
	}
	return secret, nil
}

func lookup(environ []string, name string) string {
	value := ""
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

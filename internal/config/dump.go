package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Dump writes the configuration in force as a YAML file that can be loaded
// again. Each value has its description above it and says in brackets where it
// came from. Secrets are left out.
func (l *Loaded[T]) Dump(w io.Writer) error {
	d := &dumper{out: &bytes.Buffer{}, origin: l.Origin}
	if err := d.section(l.root, reflect.ValueOf(&l.Value).Elem(), ""); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	_, err := w.Write(d.out.Bytes())
	return err
}

type dumper struct {
	out    *bytes.Buffer
	origin func(path string) Origin
}

func (d *dumper) section(f *field, v reflect.Value, indent string) error {
	for i, c := range f.children {
		if i > 0 && f.path == "" {
			d.out.WriteByte('\n')
		}
		note := ""
		if !c.section {
			note = " [" + d.origin(c.path).String() + "]"
		}
		fmt.Fprintf(d.out, "%s# %s\n", indent, oneLine(c.doc+note))
		value := fieldOf(v, f, c)
		switch {
		case c.secret:
			fmt.Fprintf(d.out, "%s# %s: not shown; set %s%s or %s\n", indent, c.key, c.key, secretFileSuffix, c.env())
		case c.section:
			fmt.Fprintf(d.out, "%s%s:\n", indent, c.key)
			if err := d.section(c, value, indent+"  "); err != nil {
				return err
			}
		default:
			text, err := flow(value, c.unit)
			if err != nil {
				return fmt.Errorf("%s: %w", c.path, err)
			}
			fmt.Fprintf(d.out, "%s%s: %s\n", indent, c.key, text)
		}
	}
	return nil
}

// flow writes a value on one line, in YAML's flow style.
func flow(v reflect.Value, unit string) (string, error) {
	t := v.Type()
	if isText(t) || isDuration(t) || unit == "bytes" && isInteger(t) {
		text, err := formatText(v, unit)
		return quote(text), err
	}
	switch t.Kind() {
	case reflect.String:
		return quote(v.String()), nil
	case reflect.Slice:
		items := make([]string, 0, v.Len())
		for i := range v.Len() {
			item, err := flow(v.Index(i), unit)
			if err != nil {
				return "", err
			}
			items = append(items, item)
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	case reflect.Map:
		return flowMap(v, unit)
	case reflect.Struct:
		return flowStruct(v)
	}
	return formatText(v, unit)
}

func flowMap(v reflect.Value, unit string) (string, error) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	items := make([]string, 0, len(keys))
	for _, k := range keys {
		item, err := flow(v.MapIndex(k), unit)
		if err != nil {
			return "", err
		}
		items = append(items, quote(k.String())+": "+item)
	}
	return "{" + strings.Join(items, ", ") + "}", nil
}

func flowStruct(v reflect.Value) (string, error) {
	inner, err := elementSchema(v.Type())
	if err != nil {
		return "", err
	}
	var items []string
	for _, c := range inner.children {
		item, err := flow(v.FieldByIndex(c.index), c.unit)
		if err != nil {
			return "", err
		}
		items = append(items, c.key+": "+item)
	}
	return "{" + strings.Join(items, ", ") + "}", nil
}

// quote leaves plain words alone and writes everything else as a JSON string,
// which is a YAML string too.
func quote(s string) string {
	if plainWord(s) {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Sprintf("%q", s) // cannot happen for a string
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func plainWord(s string) bool {
	ok, err := regexp.MatchString(`^([a-z][a-z0-9_.-]*|(0|[1-9][0-9]*)(\.[0-9]+)?(ns|us|ms|s|m|h|d|k?B|[MGTPE]B|[KMGTPE]iB))$`, s)
	return err == nil && ok && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

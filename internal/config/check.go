package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Validator is what a section implements. Its errors start with the yaml name
// of the field they are about; several are joined with errors.Join.
type Validator interface{ Validate() error }

// Check calls Validate of every section and joins the errors, each with the
// yaml path of its field in front and the place that set it behind.
func (l *Loaded[T]) Check() error {
	var errs []error
	l.check(l.root, reflect.ValueOf(&l.Value).Elem(), &errs)
	return errors.Join(errs...)
}

// check descends until a struct validates itself; what is below is its own.
func (l *Loaded[T]) check(f *field, v reflect.Value, errs *[]error) {
	if val, ok := v.Addr().Interface().(Validator); ok {
		for _, err := range flatten(val.Validate()) {
			*errs = append(*errs, l.locate(f, err))
		}
		return
	}
	for _, c := range f.children {
		if c.section {
			l.check(c, fieldOf(v, f, c), errs)
		}
	}
}

// located puts a path before and an origin behind an error.
type located struct {
	path   string
	origin Origin
	text   string
	err    error
}

func (e *located) Error() string {
	msg := e.text
	if e.path != "" {
		msg = e.path + e.text
	}
	if e.origin.Kind != "" && e.origin.Kind != FromDefault {
		msg += fmt.Sprintf(" (set by %s)", e.origin)
	}
	return msg
}

func (e *located) Unwrap() error { return e.err }

// locate turns "batch_rows must be positive" of section load into
// "load.batch_rows must be positive (set by env HOTLINE_LOAD_BATCH_ROWS)".
func (l *Loaded[T]) locate(f *field, err error) error {
	text := err.Error()
	name := text
	if i := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}); i >= 0 {
		name = text[:i]
	}
	at, known := f, strings.TrimRight(name, ".")
	for known != "" {
		if at = f.find(known); at != nil {
			break
		}
		known = known[:max(strings.LastIndexByte(known, '.'), 0)]
	}
	if at == nil || known == "" {
		if f.path == "" {
			return err
		}
		return &located{path: f.path, text: ": " + text, err: err}
	}
	e := &located{path: at.path, text: text[len(known):], err: err}
	if !at.section {
		e.origin = l.Origin(at.path)
	}
	return e
}

// flatten takes joined errors apart, so that each gets its own path. An error
// that wraps several in a sentence of its own stays whole.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	parts := joined.Unwrap()
	texts := make([]string, 0, len(parts))
	var all []error
	for _, e := range parts {
		texts = append(texts, e.Error())
		all = append(all, flatten(e)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	return all
}

package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Variable is an environment variable that is read by the program or its tests
// without being a setting of its own.
type Variable struct {
	Name string
	Doc  string
}

// FixedVariables lists them in the order of the reference page.
func FixedVariables() []Variable {
	return []Variable{
		{"HOTLINE_CONFIG", "Path of the configuration file, where no --config is given."},
		{"HOTLINE_LIBCHDB", "Path of libchdb.so, searched before the places where the program and `make setup` put it."},
		{"HOTLINE_KAFKA_HOME", "Directory whose `libs` holds the jars of a real Kafka, for the tests that start one."},
		{"HOTLINE_REQUIRE", "Comma-separated things whose absence fails a test instead of skipping it: libchdb, kafka, chromium, prometheus, shared."},
	}
}

// applyEnv sets the fields whose variables are in the environment and notes
// the ones that set nothing. An empty variable counts as not set: that is what
// a compose file passes on for a variable nobody defined.
func (l *Loaded[T]) applyEnv(environ []string) []error {
	byName := map[string]*field{}
	l.root.leaves(func(f *field) { byName[f.env()] = f })
	fixed := map[string]bool{}
	for _, v := range FixedVariables() {
		fixed[v.Name] = true
	}
	var errs []error
	// A later entry of the environment wins, as in os/exec: keep the last.
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, EnvPrefix) {
			values[name] = value
		}
	}
	for _, name := range sortedKeys(values) {
		value, f := values[name], byName[name]
		switch {
		case fixed[name] || isServiceLink(name, value):
		case f == nil:
			l.unknown = append(l.unknown, name)
		case value == "":
		default:
			if err := l.assign(f, value, Origin{Kind: FromEnv, Where: name}); err != nil {
				errs = append(errs, fmt.Errorf("environment variable %s: %w", name, err))
			}
		}
	}
	return errs
}

// checkUnknown looks at the variables that set nothing. It is an error where
// the name can only be a mistyped setting, and a warning where it may be
// somebody else's. A variable that a setting ending in _env names is ours.
func (l *Loaded[T]) checkUnknown() error {
	named := map[string]bool{}
	known := make([]string, 0, 64)
	root := reflect.ValueOf(&l.Value).Elem()
	l.root.leaves(func(f *field) {
		known = append(known, strings.TrimPrefix(f.env(), EnvPrefix))
		if f.typ.Kind() == reflect.String && strings.HasSuffix(f.key, "_env") {
			named[root.FieldByIndex(f.index).String()] = true
		}
	})
	for _, v := range FixedVariables() {
		known = append(known, strings.TrimPrefix(v.Name, EnvPrefix))
	}
	var errs []error
	for _, name := range l.unknown {
		if named[name] {
			continue
		}
		short := strings.TrimPrefix(name, EnvPrefix)
		near := nearest(short, known)
		text := fmt.Sprintf("environment variable %s sets nothing", name)
		if near != "" {
			text += ", did you mean " + EnvPrefix + near + "?"
		}
		inSection := slices.ContainsFunc(l.root.children, func(c *field) bool {
			return strings.HasPrefix(name, c.env()+"_")
		})
		if near != "" && (inSection || distance(short, near) <= 2) {
			errs = append(errs, errors.New(text))
			continue
		}
		l.warnings = append(l.warnings, text)
	}
	return errors.Join(errs...)
}

// isServiceLink recognises the variables Kubernetes and old container links
// add for a service that is called hotline or hotline-something.
func isServiceLink(name, value string) bool {
	return strings.HasSuffix(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") ||
		strings.Contains(name, "_PORT_") && (strings.Contains(name, "_TCP") || strings.Contains(name, "_UDP")) ||
		strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"hotline12333/pipelines"
)

// Names of the scenarios the program brings along.
const (
	NormalYear = "normal-year" // weekdays 08:30-12:00 and 14:00-17:30, holidays of 2026
	Demo       = "demo"        // as many calls in a year, and open round the clock, in any year
)

// Builtin lists the names of the scenarios the program brings along.
func Builtin() []string {
	files, _ := fs.Glob(pipelines.Simulation, "simulation/*.yaml") // the only error is a bad pattern
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	return files
}

// Named loads a scenario the program brings along.
func Named(name string) (*Scenario, error) {
	data, err := builtin(name)
	if err != nil {
		return nil, err
	}
	return Parse(name+".yaml", data)
}

func builtin(name string) ([]byte, error) {
	data, err := fs.ReadFile(pipelines.Simulation, "simulation/"+name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("scenario %q is not known; known: %s, or the path of a .yaml file",
			name, strings.Join(Builtin(), ", "))
	}
	return data, nil
}

// Parse reads a scenario from YAML. Errors say file, line and column. A scenario that
// extends another starts from its values; lists and mappings it gives replace those of
// the other whole.
func Parse(file string, data []byte) (*Scenario, error) {
	var head struct {
		Extends string `yaml:"extends"`
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return nil, located(file, err)
	}
	sources := []source{{file, data}}
	s := new(Scenario)
	if head.Extends != "" {
		base, err := builtin(head.Extends)
		if err != nil {
			return nil, fmt.Errorf("%s: extends: %w", file, err)
		}
		if err := strict(head.Extends+".yaml", base, s); err != nil {
			return nil, err
		}
		if s.Extends != "" {
			return nil, fmt.Errorf("%s: extends: %s itself extends %s, one step is allowed", file, head.Extends, s.Extends)
		}
		sources = append(sources, source{head.Extends + ".yaml", base})
	}
	if err := strict(file, data, s); err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range s.problems() {
		errs = append(errs, fmt.Errorf("%s: %s: %s", where(sources, p.path), strings.TrimPrefix(p.path, "$."), p.text))
	}
	return s, errors.Join(errs...)
}

type source struct {
	file string
	data []byte
}

func strict(file string, data []byte, s *Scenario) error {
	if err := yaml.UnmarshalWithOptions(data, s, yaml.Strict()); err != nil {
		return located(file, err)
	}
	return nil
}

func located(file string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return fmt.Errorf("%s: %s", position(file, at.GetToken()), at.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s: %s", file, first)
}

func position(file string, t *token.Token) string {
	return fmt.Sprintf("%s:%d:%d", file, t.Position.Line, t.Position.Column)
}

// where finds the place of a value: in the file itself, else in the one it extends, else
// that of the nearest thing around it.
func where(sources []source, at string) string {
	for at != "$" && at != "" {
		for _, s := range sources {
			if t := find(s.data, at); t != nil {
				return position(s.file, t)
			}
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	return sources[0].file
}

func find(data []byte, at string) *token.Token {
	p, err := yaml.PathString(at)
	if err != nil {
		return nil
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil
	}
	node, err := p.FilterFile(file)
	if err != nil || node == nil {
		return nil
	}
	// A mapping's own token is its first colon; its first key is where it begins.
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

// Package internal_test holds the rules that no single package can keep: who
// may import whom, and what files may look like.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "hotline12333"

// layer orders the packages; an import goes to a lower layer, or stays within
// the tree of one package (store/engine is part of store). A new package is
// entered here first: that is the moment to think about its place.
func layer(tree string) (int, bool) {
	order := [][]string{
		{"pipelines", "dashboards", "docs", "deploy"},                                                                       // embedded files
		{"internal/strictyaml", "internal/wholefile", "internal/refusal"},                                                   // how files of people are read, and people told no
		{"internal/hotline", "internal/calendar", "internal/journal", "internal/seal", "internal/personal"},                 // the pure core …
		{"internal/wire", "internal/kpi", "internal/callback"},                                                              // … which stands on its own lower half
		{"internal/broker", "internal/store", "internal/keys", "internal/audit", "internal/credential", "internal/ruleset"}, // adapters
		{"internal/deadletter"}, // an envelope that two components share
		{
			"internal/source", "internal/intake", "internal/load", "internal/aggregate", "internal/publish",
			"internal/web", "internal/report", "internal/board", "internal/simulate", "internal/retention", "internal/subject",
			"internal/notify", "internal/watch", "internal/alarm",
		},
		{"internal/config"},
		{"internal/app"},
		{"cmd/hotline"},
	}
	for i, trees := range order {
		if slices.Contains(trees, tree) {
			return i, true
		}
	}
	return 0, false
}

func core() []string {
	return []string{"internal/refusal", "internal/hotline", "internal/calendar", "internal/journal", "internal/seal", "internal/wire", "internal/kpi", "internal/callback"}
}

// embedded are the servers of the one-machine mode: only those who wire know
// that there are any.
func embedded() []string { return []string{"internal/broker/embedded", "internal/store/engine"} }

// pkg is what `go list -json` says about a package.
type pkg struct {
	Dir, ImportPath, Name, Doc                   string
	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
	Imports                                      []string
	Standard                                     bool
	Error                                        *struct{ Err string }
}

// rel is the path of the package inside the module.
func (p pkg) rel() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

// tree is the package a subpackage belongs to: internal/store for
// internal/store/engine.
func tree(rel string) string {
	parts := strings.SplitN(rel, "/", 3)
	if parts[0] != "internal" && parts[0] != "cmd" || len(parts) < 2 {
		return parts[0]
	}
	return parts[0] + "/" + parts[1]
}

func within(rel, tree string) bool { return rel == tree || strings.HasPrefix(rel, tree+"/") }

// packages lists the module's packages as they are on linux, which is what is
// shipped.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=Dir,ImportPath,Name,Doc,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports,Standard,Error", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Error != nil {
			t.Fatalf("%s: %s", p.ImportPath, p.Error.Err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		if p.rel() == "internal/testkit" || within(p.rel(), "internal/testkit") || p.Name == "internal_test" || p.rel() == "internal" {
			continue
		}
		from, ok := layer(tree(p.rel()))
		if !ok {
			t.Errorf("%s has no layer: give it one in this test", p.rel())
			continue
		}
		for _, imported := range p.Imports {
			rel, ours := strings.CutPrefix(imported, module+"/")
			if !ours || tree(rel) == tree(p.rel()) {
				continue
			}
			to, ok := layer(tree(rel))
			switch {
			case within(rel, "internal/testkit"):
				t.Errorf("%s imports the test kit outside of its tests", p.rel())
			case !ok:
				t.Errorf("%s imports %s, which has no layer", p.rel(), rel)
			case to >= from:
				t.Errorf("%s imports %s: imports only point down", p.rel(), rel)
			}
			if slices.ContainsFunc(embedded(), func(e string) bool { return within(rel, e) }) && from < mustLayer(t, "internal/config") {
				t.Errorf("%s imports %s: only what wires the program knows the embedded servers", p.rel(), rel)
			}
		}
	}
}

func mustLayer(t *testing.T, tree string) int {
	t.Helper()
	l, ok := layer(tree)
	if !ok {
		t.Fatalf("%s has no layer", tree)
	}
	return l
}

func TestCoreIsPure(t *testing.T) {
	allowed := map[string][]string{
		"internal/wire": {"github.com/go-json-experiment/json/jsontext"},
	}
	// No I/O, no clock, no goroutines on their own account.
	forbidden := []string{"os", "os/exec", "net", "net/http", "log", "log/slog", "database/sql", "io/fs", "path/filepath", "sync", "math/rand", "math/rand/v2", "crypto/rand", "syscall", "unsafe"}
	for _, p := range packages(t) {
		if !slices.Contains(core(), p.rel()) {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			switch {
			case within(imported, module) || slices.Contains(allowed[p.rel()], imported):
			case strings.Contains(first, "."):
				t.Errorf("%s imports %s: the core knows the standard library alone", p.rel(), imported)
			case slices.Contains(forbidden, imported):
				t.Errorf("%s imports %s: the core does no I/O", p.rel(), imported)
			}
		}
		for _, call := range clockCalls(t, p) {
			t.Errorf("%s: the core knows no clock, time is an argument", call)
		}
	}
}

// clockCalls finds uses of the wall clock in the package's own files.
func clockCalls(t *testing.T, p pkg) []string {
	t.Helper()
	clock := []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}
	var found []string
	files := token.NewFileSet()
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		alias := importName(file, "time")
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || alias == "" {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == alias && slices.Contains(clock, sel.Sel.Name) {
				found = append(found, files.Position(sel.Pos()).String()+": time."+sel.Sel.Name)
			}
			return true
		})
	}
	return found
}

// importName is the name a file uses for an imported package, or "".
func importName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue
		}
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment", p.rel())
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo: the program is built without", p.rel())
		}
		if slices.Contains([]string{"util", "utils", "common", "helpers", "helper", "types", "misc", "kafka", "clickhouse"}, p.Name) {
			t.Errorf("%s: %s says nothing about what the package is for", p.rel(), p.Name)
		}
	}
}

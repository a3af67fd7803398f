package strictyaml_test

import (
	"errors"
	"strings"
	"testing"

	"hotline12333/internal/strictyaml"
)

// Every fault of a file is told at once, each where it stands.
func TestFaultsHavePlaces(t *testing.T) {
	root, err := strictyaml.Parse("x.yaml", []byte(`name: demo
nmae: again
name: twice
list: one
flag: perhaps
count: 12
zone: Asia/Shanghia
nested: {on: [a, b], anchor: &x y}
`))
	if err != nil {
		t.Fatal(err)
	}
	var name string
	root.Object(map[string]func(strictyaml.Node){
		"name":  func(n strictyaml.Node) { name = n.Text() },
		"list":  func(n strictyaml.Node) { n.Items() },
		"flag":  func(n strictyaml.Node) { n.Boolean() },
		"count": func(n strictyaml.Node) { n.Integer(1, 10) },
		"zone":  func(n strictyaml.Node) { n.Zone() },
		"nested": func(n strictyaml.Node) {
			n.Object(map[string]func(strictyaml.Node){
				"on":     func(n strictyaml.Node) { n.Text() },
				"anchor": func(n strictyaml.Node) { n.Text() },
			})
		},
	})
	if name != "demo" {
		t.Errorf("name %q", name)
	}
	want := []string{
		`x.yaml:3:1: name: given twice`,
		`x.yaml:2:1: unknown key "nmae", did you mean name?; known: count, flag, list, name, nested, zone`,
		`x.yaml:4:7: list: want a list, found a single value`,
		`x.yaml:5:7: flag: "perhaps" is none of false, true`,
		`x.yaml:6:8: count: "12" is not a whole number from 1 to 10`,
		`x.yaml:7:7: zone: time zone "Asia/Shanghia" is not known, did you mean Asia/Shanghai?: it is written as Asia/Shanghai`,
		`x.yaml:8:14: nested.on: want a text, found a list`,
		`x.yaml:8:30: nested.anchor: want a text, found an anchor or alias, which are not supported`,
	}
	if got := errors.Join(root.Faults()...).Error(); got != strings.Join(want, "\n") {
		t.Errorf("faults\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestOneReadableDocument(t *testing.T) {
	for name, tc := range map[string]struct{ data, want string }{
		"empty":     {"# nothing\n", "x.yaml: want one YAML document, found 0"},
		"two":       {"a: 1\n---\nb: 2\n", "x.yaml: want one YAML document, found 2"},
		"not UTF-8": {"a: \xff\n", "x.yaml: not UTF-8 text"},
		"no YAML":   {"a: [1\n", "x.yaml:1:4: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictyaml.Parse("x.yaml", []byte(tc.data))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// What people write means what they see: no number, date or truth is guessed.
func TestTextsStayAsWritten(t *testing.T) {
	root, err := strictyaml.Parse("x.yaml", []byte("- no\n- 1.10\n- 08:30\n- 2026-01-01\n- 0x1F\n- \"quoted\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(root.Texts(), " "); got != "no 1.10 08:30 2026-01-01 0x1F quoted" || len(root.Faults()) > 0 {
		t.Errorf("%q, %v", got, root.Faults())
	}
}

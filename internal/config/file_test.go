package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func compare() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
		cmpopts.IgnoreFields(sampleStore{}, "Runtime"),
	}
}

func TestFileOverDefaults(t *testing.T) {
	file := write(t, `# a comment
name: "42"
store:
  addresses: [a:1, "b:2"]
  timeout: 200ms
  block: 8MiB
  cache_bytes: 512
  rows: 7
  ratio: 1
  verify: false
  limits: {北区: 3, "b c": 4}
  quota:
    - centre: y
      every: 30d
web:
  listen: "[::1]:80"
  page:
    title: 接通率 # trailing
`)
	got, err := Load(defaultSample(), Layers{File: file})
	if err != nil {
		t.Fatal(err)
	}
	want := defaultSample()
	want.Name = "42"
	want.Store = sampleStore{
		Addresses: []string{"a:1", "b:2"}, Timeout: 200 * time.Millisecond, Block: 8 << 20, CacheBytes: 512,
		Rows: 7, Ratio: 1, Verify: false, Limits: map[string]int{"北区": 3, "b c": 4}, User: "hotline",
		Quota: []sampleQuota{{Centre: "y", Every: 30 * 24 * time.Hour}},
	}
	want.Web.Listen = netip.MustParseAddrPort("[::1]:80")
	want.Web.Page.Title = "接通率"
	if diff := cmp.Diff(want, got.Value, compare()); diff != "" {
		t.Error(diff)
	}
	if o := got.Origin("store.rows").String(); o != "file hotline.yaml:8:3" {
		t.Errorf("origin of store.rows: %s", o)
	}
	if o := got.Origin("web.page.refresh").String(); o != "default" {
		t.Errorf("origin of web.page.refresh: %s", o)
	}
}

func TestEmptyFilesAreDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "store:\nweb:\n", "\ufeffname: centre\n", "name: centre\r\nstore:\r\n  rows: 1000\r\n"} {
		got, err := Load(defaultSample(), Layers{File: write(t, text)})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(defaultSample(), got.Value, compare()); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestFileErrors(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"unknown key", "store:\n  row: 1\n", "hotline.yaml:2:3: store.row: unknown key, did you mean rows?"},
		{"swapped letters", "store:\n  tiemout: 1s\n", "did you mean timeout?"},
		{"unknown section", "stroe:\n  rows: 1\n", "hotline.yaml:1:1: stroe: unknown key, did you mean store?"},
		{"nothing near", "store:\n  frobnicate: 1\n", "hotline.yaml:2:3: store.frobnicate: unknown key"},
		{"duplicate key", "store:\n  rows: 1\n  rows: 2\n", "hotline.yaml:3:3: store.rows: given twice, first at line 2"},
		{"duplicate section", "name: a\nstore: {}\nname: b\n", "hotline.yaml:3:1: name: given twice, first at line 1"},
		{"duplicate in a map", "store:\n  limits: {a: 1, a: 2}\n", "hotline.yaml:2:18: store.limits.a: given twice"},
		{"text for a number", "store:\n  rows: ten\n", `hotline.yaml:2:9: store.rows: "ten" is not a whole number`},
		{"quoted number", "store:\n  rows: \"10\"\n", "hotline.yaml:2:9: store.rows: want a whole number, found text in quotes"},
		{"fraction", "store:\n  rows: 1.5\n", `store.rows: "1.5" is not a whole number`},
		{"out of range", "web:\n  page:\n    refresh: 256\n", "hotline.yaml:3:14: web.page.refresh: \"256\" is out of range, want a whole number between 0 and 255"},
		{"negative unsigned", "web: {page: {refresh: -1}}\n", "web.page.refresh"},
		{"number for text", "name: 42\n", "hotline.yaml:1:7: name: want text, found a number: write it in quotes, \"42\""},
		{"bool for text", "name: true\n", "name: want text, found true or false"},
		{"no value", "name:\n", "name: want text, found nothing"},
		{"duration without unit", "store:\n  timeout: 5\n", `store.timeout: "5" is not a duration`},
		{"size with a wrong unit", "store:\n  block: 5 apples\n", `store.block: "5 apples" is not a size`},
		{"negative size", "store:\n  block: -1\n", `store.block: "-1" is not a size`},
		{"size out of range", "store:\n  cache_bytes: 4GiB\n", `store.cache_bytes: "4GiB" is out of range`},
		{"wrong bool", "store:\n  verify: ja\n", `store.verify: "ja" is neither true nor false`},
		{"not a number", "store:\n  ratio: .nan\n", "store.ratio"},
		{"text type", "web:\n  listen: localhost\n", "hotline.yaml:2:11: web.listen:"},
		{"scalar for a section", "store: 5\n", "hotline.yaml:1:8: store: want a mapping of keys to values, found a number"},
		{"scalar for a list", "store:\n  addresses: a\n", "store.addresses: want a list, found text"},
		{"wrong list item", "store:\n  addresses: [a, 5]\n", "hotline.yaml:2:18: store.addresses[1]: want text, found a number"},
		{"unknown key in a list", "store:\n  quota:\n    - center: x\n", "hotline.yaml:3:7: store.quota[0].center: unknown key, did you mean centre?"},
		{"wrong map value", "store:\n  limits:\n    a: x\n", "hotline.yaml:3:8: store.limits.a: \"x\" is not a whole number"},
		{"secret", "store:\n  password: abc\n", "hotline.yaml:2:3: store.password: a secret is not written into a configuration: set store.password_file or HOTLINE_STORE_PASSWORD"},
		{"anchor", "name: &a x\n", "anchor"},
		{"tag", "name: !!str 5\n", "tag"},
		{"merge key", "store:\n  <<: {rows: 1}\n", "hotline.yaml:2:3: store: want a plain key"},
		{"two documents", "name: a\n---\nname: b\n", "one YAML document"},
		{"list at the top", "- a\n", "hotline.yaml:1:1: want a mapping of keys to values, found a list"},
		{"syntax", "name: [a\n", "hotline.yaml:1:"},
		{"bad indent", "store:\n  rows: 1\n   ratio: 2\n", "hotline.yaml:"},
		{"not UTF-8", "name: \xff\n", "is not UTF-8 text"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(defaultSample(), Layers{File: write(t, c.text)})
			wantError(t, err, c.want)
			if err != nil && strings.Contains(err.Error(), "abc") {
				t.Errorf("error shows the secret: %v", err)
			}
		})
	}
}

func TestAllFileErrorsAtOnce(t *testing.T) {
	_, err := Load(defaultSample(), Layers{
		File:    write(t, "nmae: x\nstore:\n  rows: a\n  ratio: b\n"),
		Environ: []string{"HOTLINE_STORE_VERIFY=perhaps"},
		Flags:   []Setting{{Path: "web.listn", Value: "x", Flag: "--listen"}},
	})
	wantError(t, err, "hotline.yaml:1:1", "hotline.yaml:3:9", "hotline.yaml:4:10", "HOTLINE_STORE_VERIFY", "flag --listen: unknown key web.listn, did you mean web.listen?")
}

func TestFileThatCannotBeRead(t *testing.T) {
	_, err := Load(defaultSample(), Layers{File: "/nonexistent/hotline.yaml"})
	wantError(t, err, "opening the configuration", "/nonexistent/hotline.yaml")
	_, err = Load(defaultSample(), Layers{File: t.TempDir()})
	wantError(t, err, "reading the configuration")
	_, err = Load(defaultSample(), Layers{File: write(t, strings.Repeat("# filler\n", 1<<17))})
	wantError(t, err, "larger than 1MiB")
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{"name: a\n", "store: {rows: 1}\n", "store:\n  quota:\n    - centre: y\n", "a: &x [*x]\n", "? [a]\n: b\n", "<<: {}\n", "--- |\n x\n", "\"\\ud800\": 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := defaultSample()
		root, err := schemaOf(reflectType[sample]())
		if err != nil {
			t.Fatal(err)
		}
		d := &decoder{name: "f"}
		_ = d.decode([]byte(text), root, reflectValue(&v)) // must not panic
	})
}

package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func reflectType[T any]() reflect.Type       { return reflect.TypeFor[T]() }
func reflectValue[T any](p *T) reflect.Value { return reflect.ValueOf(p).Elem() }

func TestPrecedence(t *testing.T) {
	file := write(t, "store:\n  rows: 2\n  timeout: 2s\n  ratio: 0.2\n")
	l, err := Load(defaultSample(), Layers{
		File:    file,
		Environ: []string{"PATH=/bin", "HOTLINE_STORE_ROWS=3", "HOTLINE_STORE_TIMEOUT=3s", "HOTLINE_NAME=", "HOTLINE_STORE_ROWS=33"},
		Flags:   []Setting{{Path: "store.timeout", Value: "4s", Flag: "--timeout"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set("web.page.title", "set"); err != nil {
		t.Fatal(err)
	}
	got := l.Value
	if got.Store.Ratio != 0.2 || got.Store.Rows != 33 || got.Store.Timeout != 4*time.Second || got.Web.Page.Title != "set" || got.Name != "centre" {
		t.Errorf("wrong layer won: %+v", got)
	}
	for path, want := range map[string]string{
		"store.ratio": "file hotline.yaml:4:3", "store.rows": "env HOTLINE_STORE_ROWS", "store.timeout": "flag --timeout",
		"web.page.title": "flag", "name": "default",
	} {
		if o := l.Origin(path).String(); o != want {
			t.Errorf("origin of %s is %q, want %q", path, o, want)
		}
	}
}

func TestEnvironmentValues(t *testing.T) {
	l, err := Load(defaultSample(), Layers{Environ: []string{
		"HOTLINE_STORE_ADDRESSES=a:1, b:2,", "HOTLINE_STORE_BLOCK=1.5KiB", "HOTLINE_STORE_VERIFY=false", "HOTLINE_NAME=12333",
		"HOTLINE_STORE_LIMITS={a: 5}", "HOTLINE_STORE_QUOTA=[{centre: z, every: 1h}]", "HOTLINE_WEB_LISTEN=127.0.0.1:1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := l.Value.Store
	if diff := cmp.Diff([]string{"a:1", "b:2"}, s.Addresses); diff != "" {
		t.Error(diff)
	}
	if s.Block != 1536 || s.Verify || l.Value.Name != "12333" || s.Limits["a"] != 5 || s.Quota[0].Centre != "z" || l.Value.Web.Listen.Port() != 1 {
		t.Errorf("got %+v", l.Value)
	}
	if diff := cmp.Diff([]string{"127.0.0.1:9000"}, defaultSample().Store.Addresses); diff != "" {
		t.Error("defaults were written through: ", diff)
	}
}

func TestEnvironmentErrors(t *testing.T) {
	cases := []struct{ env, want string }{
		{"HOTLINE_STORE_ROWS=x", `environment variable HOTLINE_STORE_ROWS: "x" is not a whole number`},
		{"HOTLINE_STORE_ROW=1", "environment variable HOTLINE_STORE_ROW sets nothing, did you mean HOTLINE_STORE_ROWS?"},
		{"HOTLINE_WEB_PAGE_TITEL=1", "did you mean HOTLINE_WEB_PAGE_TITLE?"},
		{"HOTLINE_LIBCHDBB=1", "did you mean HOTLINE_LIBCHDB?"},
		{"HOTLINE_STORE_LIMITS={a: 5", "HOTLINE_STORE_LIMITS"},
		{"HOTLINE_STORE_LIMITS={a: 5, a: 6}", "store.limits.a: given twice"},
		{"HOTLINE_STORE_QUOTA=a,b", "is not a list: write it as YAML"},
		{"HOTLINE_STORE_QUOTA=[{center: a}]", "did you mean centre?"},
	}
	for _, c := range cases {
		_, err := Load(defaultSample(), Layers{Environ: []string{c.env}})
		wantError(t, err, c.want)
	}
}

func TestForeignVariablesAreLeftAlone(t *testing.T) {
	l, err := Load(defaultSample(), Layers{Environ: []string{
		"HOTLINE_LIBCHDB=/x", "HOTLINE_REQUIRE=kafka", "HOTLINE_KAFKA_HOME=/k",
		"HOTLINE_WEB_SERVICE_HOST=10.0.0.1", "HOTLINE_WEB_SERVICE_PORT_HTTP=80", "HOTLINE_WEB_PORT=tcp://10.0.0.1:80",
		"HOTLINE_WEB_PORT_80_TCP_ADDR=10.0.0.1", "HOTLINE_SOMETHING_ELSE_ENTIRELY=1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := l.Warnings()
	if len(w) != 1 || !strings.Contains(w[0], "HOTLINE_SOMETHING_ELSE_ENTIRELY sets nothing") {
		t.Errorf("warnings: %q", w)
	}
}

func TestVariableNamedBySettingIsKnown(t *testing.T) {
	type sample struct {
		Store struct {
			PasswordEnv string `yaml:"password_env" doc:"Variable with the password."`
		} `yaml:"store" doc:"Store."`
	}
	environ := []string{"HOTLINE_STORE_PASSWORD=s3cret"}
	_, err := Load(sample{}, Layers{Environ: environ})
	wantError(t, err, "HOTLINE_STORE_PASSWORD sets nothing, did you mean HOTLINE_STORE_PASSWORD_ENV?")
	l, err := Load(sample{}, Layers{Environ: append(environ, "HOTLINE_STORE_PASSWORD_ENV=HOTLINE_STORE_PASSWORD")})
	if err != nil || len(l.Warnings()) > 0 {
		t.Errorf("%v, %q", err, l.Warnings())
	}
}

func TestFileFromEnvironment(t *testing.T) {
	file := write(t, "name: from-file\n")
	l, err := Load(defaultSample(), Layers{Environ: []string{"HOTLINE_CONFIG=" + file}})
	if err != nil {
		t.Fatal(err)
	}
	if l.Value.Name != "from-file" || l.File() != file {
		t.Errorf("name %q from %q", l.Value.Name, l.File())
	}
}

func TestSecrets(t *testing.T) {
	file := write(t, "store:\n  password_file: pw\n")
	put(t, "pw", "s3cret\n")
	put(t, "pw2", "other\r\n")
	put(t, "empty", "\n")
	put(t, "huge", strings.Repeat("x", 1<<17))

	l, err := Load(defaultSample(), Layers{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if l.Value.Store.Password != "s3cret" || l.Origin("store.password").String() != "secret file pw" {
		t.Errorf("password %q from %s", l.Value.Store.Password, l.Origin("store.password"))
	}
	if err := l.Set("store.password_file", "pw2"); err != nil {
		t.Fatal(err)
	}
	if l.Value.Store.Password != "other" {
		t.Errorf("password %q after another file was named", l.Value.Store.Password)
	}
	l, err = Load(defaultSample(), Layers{Environ: []string{"HOTLINE_STORE_PASSWORD= env "}})
	if err != nil || l.Value.Store.Password != " env " {
		t.Errorf("password %q, %v", l.Value.Store.Password, err)
	}

	_, err = Load(defaultSample(), Layers{File: file, Environ: []string{"HOTLINE_STORE_PASSWORD=s3cret"}})
	wantError(t, err, "set by HOTLINE_STORE_PASSWORD and by store.password_file at once")
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error shows the secret: %v", err)
	}
	for name, want := range map[string]string{"none": "opening the secret", "empty": "is empty", "huge": "larger than 64KiB"} {
		_, err = Load(defaultSample(), Layers{Environ: []string{"HOTLINE_STORE_PASSWORD_FILE=" + name}})
		wantError(t, err, "store.password_file (env HOTLINE_STORE_PASSWORD_FILE)", want)
	}
	_, err = Load(defaultSample(), Layers{Flags: []Setting{{Path: "store.password", Value: "abc", Flag: "--password"}}})
	wantError(t, err, "a secret is not given on the command line")
}

func TestFlagErrors(t *testing.T) {
	l, err := Load(defaultSample(), Layers{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, l.Set("store", "x"), "setting store: unknown key store")
	wantError(t, l.Set("store.rows", "x"), `setting store.rows: "x" is not a whole number`)
	wantError(t, l.Set("stor.rows", "1"), "did you mean store.rows?")
	if l.Value.Store.Rows != 1000 {
		t.Errorf("a failed Set changed the value to %d", l.Value.Store.Rows)
	}
}

func TestStructMistakes(t *testing.T) {
	type nofile struct {
		Password string `yaml:"password" doc:"P." secret:"true"`
	}
	type notag struct{ A int }
	type nodoc struct {
		A int `yaml:"a"`
	}
	type chans struct {
		A chan int `yaml:"a" doc:"A."`
	}
	type pointer struct {
		A *int `yaml:"a" doc:"A."`
	}
	type unit struct {
		A string `yaml:"a" doc:"A." unit:"bytes"`
	}
	type plainSecret struct {
		A string `yaml:"api_token" doc:"A."`
	}
	type twice struct {
		A int `yaml:"a" doc:"A."`
		B int `yaml:"a" doc:"B."`
	}
	type inner struct {
		C int `yaml:"c" doc:"C."`
	}
	type clash struct {
		A inner `yaml:"a_b" doc:"A."`
		B struct {
			C int `yaml:"b_c" doc:"C."`
		} `yaml:"a" doc:"B."`
	}
	type fixed struct {
		A string `yaml:"libchdb" doc:"A."`
	}
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflectType[nofile](), "password: a secret needs a string field password_file"},
		{reflectType[notag](), "field A needs a yaml tag"},
		{reflectType[nodoc](), "a: field needs a doc tag"},
		{reflectType[chans](), "a: type chan int cannot be configured"},
		{reflectType[pointer](), "a: type *int cannot be configured"},
		{reflectType[unit](), `unit "bytes" on a string`},
		{reflectType[plainSecret](), "api_token: sounds like a secret"},
		{reflectType[twice](), "a: two fields have this yaml name"},
		{reflectType[clash](), "HOTLINE_A_B_C belongs to a_b.c already"},
		{reflectType[fixed](), "HOTLINE_LIBCHDB belongs to the fixed variables"},
		{reflectType[int](), "want a struct"},
	} {
		_, err := schemaOf(c.typ)
		wantError(t, err, c.want)
	}
}

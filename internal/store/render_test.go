package store

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// TestRenderGolden shows every statement in both forms: what a reviewer of a migration
// must look at, since the cluster's form is not run here.
func TestRenderGolden(t *testing.T) {
	for name, f := range map[string]form{
		"single":  {Database: "hotline"},
		"cluster": {Database: "hotline", Cluster: "province"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := f.migrations()
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, m := range list {
				fmt.Fprintf(&b, "-- %s\n\n", m.Name)
				for _, s := range m.Statements {
					fmt.Fprintf(&b, "%s;\n\n", s)
				}
			}
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("run go test -run Golden -update after checking that applied migrations did not change:\n%s", diff)
			}
		})
	}
}

// TestClusterIsReplicated looks for statements that would make a table on one server of
// a cluster only, or one that is not replicated.
func TestClusterIsReplicated(t *testing.T) {
	list, err := form{Database: "hotline", Cluster: "province"}.migrations()
	if err != nil {
		t.Fatal(err)
	}
	single, err := form{Database: "hotline"}.migrations()
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for i, m := range list {
		if m.Checksum != single[i].Checksum {
			t.Errorf("%s: the checksum depends on the form", m.Name)
		}
		for _, s := range m.Statements {
			if !strings.Contains(s, "ON CLUSTER `province`") {
				t.Errorf("%s: not on the cluster:\n%s", m.Name, s)
			}
			if strings.Contains(s, "CREATE TABLE") && !strings.Contains(s, "ENGINE = Replicated") && !strings.Contains(s, "ENGINE = Distributed") {
				t.Errorf("%s: neither replicated nor distributed:\n%s", m.Name, s)
			}
			if _, rest, ok := strings.Cut(s, "ReplicatedReplacingMergeTree("); ok {
				path, _, _ := strings.Cut(rest, ",")
				if paths[path] {
					t.Errorf("%s: path %s is used twice", m.Name, path)
				}
				paths[path] = true
			}
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"twice":      {fstest.MapFS{"clickhouse/0000_a.sql": file("SELECT 1;"), "clickhouse/0002_b.sql": file("SELECT 1;"), "clickhouse/0002_c.sql": file("SELECT 1;")}, "0002_c.sql: its number is that of 0002_b.sql"},
		"no first":   {fstest.MapFS{"clickhouse/0001_a.sql": file("SELECT 1;"), "clickhouse/0002_b.sql": file("SELECT 1;")}, "0001_a.sql: number 0"},
		"name":       {fstest.MapFS{"clickhouse/first.sql": file("SELECT 1;")}, "must look like"},
		"template":   {fstest.MapFS{"clickhouse/0000_a.sql": file("SELECT {{.Nothing}};")}, "0000_a.sql"},
		"none":       {fstest.MapFS{"clickhouse/0000_a.sql": file("SELECT 1;")}, "1 migrations found"},
		"unfinished": {fstest.MapFS{"clickhouse/0000_a.sql": file("SELECT {{onCluster;")}, "0000_a.sql"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := form{Database: "d"}.render(test.files)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	got := statements("-- a comment; with a semicolon\nCREATE a\n(\n    x String DEFAULT ';',\n    -- inside\n    y Int8\n) ;\n\n\nDROP b;\nLAST")
	want := []string{"CREATE a\n(\n    x String DEFAULT ';',\n    y Int8\n)", "DROP b", "LAST"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/store/engine/chdb"
)

func TestParseStatement(t *testing.T) {
	type result struct {
		Insert       bool
		Head, Format string
		Data         string
		Whole        bool
		Code         int
	}
	for text, want := range map[string]result{
		"SELECT 1":             {},
		"SELECT 1 FORMAT JSON": {Format: "JSON"},
		"select 1 format tsv settings max_threads=1;":    {Format: "tsv"},
		"SELECT format('{}', 'x') AS format":             {},
		"SELECT 'FORMAT CSV'":                            {},
		"SELECT * FROM (SELECT 1 FORMAT CSV)":            {},
		"SELECT 1 -- FORMAT CSV":                         {},
		"SELECT 1 /* FORMAT CSV /* ; */ */":              {},
		"SELECT k, sum(v) FROM t GROUP BY k WITH TOTALS": {Whole: true},
		"SELECT 1;":          {},
		"SELECT 1; ":         {},
		"SELECT 1; SELECT 2": {Code: codeSyntaxError},
		"SELECT ';', `;`, \";\", $$;$$, $x$ ; $$ ; $x$": {},
		"SELECT 'it''s; \\'ok'; ":                       {},
		"":                                              {Code: codeSyntaxError},
		" ;; ":                                          {Code: codeSyntaxError},
		"/* only */ -- this":                            {Code: codeSyntaxError},
		"SELECT 1 INTO OUTFILE 'x'":                     {Code: codeIntoOutfile},
		"INSERT INTO t FORMAT CSV\n1,2":                 {Insert: true, Head: "INSERT INTO t ", Format: "CSV", Data: "1,2"},
		"INSERT INTO t FORMAT CSV \r\n\n1,2":            {Insert: true, Head: "INSERT INTO t ", Format: "CSV", Data: "\n1,2"},
		"insert into t (a, b) format Native\n\x00\x01;'":   {Insert: true, Head: "insert into t (a, b) ", Format: "Native", Data: "\x00\x01;'"},
		"INSERT INTO d.`t;1` (`FORMAT`) VALUES (1), (';')": {Insert: true, Head: "INSERT INTO d.`t;1` (`FORMAT`) ", Format: "Values", Data: " (1), (';')"},
		"INSERT INTO format VALUES (1)":                    {Insert: true, Head: "INSERT INTO format ", Format: "Values", Data: " (1)"},
		"INSERT INTO d.values FORMAT TSV 1":                {Insert: true, Head: "INSERT INTO d.values ", Format: "TSV", Data: "1"},
		"INSERT INTO TABLE select FORMAT TSV 1":            {Insert: true, Head: "INSERT INTO TABLE select ", Format: "TSV", Data: "1"},
		"INSERT INTO t SETTINGS x = 'FORMAT' FORMAT TSV 1": {Insert: true, Head: "INSERT INTO t SETTINGS x = 'FORMAT' ", Format: "TSV", Data: "1"},
		"INSERT INTO FUNCTION null('a Int8') FORMAT TSV 1": {Insert: true, Head: "INSERT INTO FUNCTION null('a Int8') ", Format: "TSV", Data: "1"},
		"INSERT INTO t FORMAT Values (1)":                  {Insert: true, Head: "INSERT INTO t ", Format: "Values", Data: " (1)"},
		"INSERT INTO t":                                    {Insert: true, Head: "INSERT INTO t", Format: "Values"},
		"INSERT INTO t SELECT 1":                           {},
		"INSERT INTO t (a) WITH 1 AS x SELECT x":           {},
		"INSERT INTO t (a) (SELECT 1)":                     {},
		"INSERT INTO t SELECT 1; SELECT 2":                 {Code: codeSyntaxError},
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":         {Code: codeUnknownQueryType},
		"INSERT INTO t FORMAT":                             {Code: codeSyntaxError},
	} {
		st, err := parseStatement(text)
		got := result{Insert: st.insertData, Head: st.head, Format: st.format, Whole: st.whole}
		if st.insertData {
			got.Data = text[st.dataStart:]
		}
		if e, ok := errors.AsType[*chdb.Error](err); ok {
			got = result{Code: e.Code}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestRewriteKill(t *testing.T) {
	for text, want := range map[string]string{
		"KILL QUERY WHERE query_id = 'a' SYNC":              "KILL QUERY WHERE " + ownQueryID + " = 'a' SYNC",
		"kill query where query_id IN ('query_id') TEST":    "kill query where " + ownQueryID + " IN ('query_id') TEST",
		"KILL MUTATION WHERE query_id = 'a'":                "KILL MUTATION WHERE query_id = 'a'",
		"SELECT query_id FROM system.processes":             "SELECT query_id FROM system.processes",
		"KILL QUERY WHERE user = 'default' OR `query_id`=1": "KILL QUERY WHERE user = 'default' OR `query_id`=1",
	} {
		if got := rewriteKill(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	for _, seed := range []string{"SELECT 1; SELECT 2", "INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t (a) VALUES ('x')", "/* /* */ */ $a$ $a$", "'\\", "KILL QUERY WHERE query_id = ''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := parseStatement(text)
		if err == nil && st.insertData {
			if !strings.HasPrefix(text, st.head) || st.dataStart < len(st.head) || st.dataStart > len(text) {
				t.Errorf("head %q, rows from %d", st.head, st.dataStart)
			}
		}
		_ = rewriteKill(text)
	})
}

func TestConfigValidates(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("the defaults do not validate: %v", err)
	}
	for field, break_ := range map[string]func(*Config){
		"dir":                func(c *Config) { c.Dir = "" },
		"listen":             func(c *Config) { c.Listen = "0.0.0.0:18123" },
		"memory_limit_bytes": func(c *Config) { c.MemoryLimitBytes = 1 },
		"threads":            func(c *Config) { c.Threads = -1 },
		"max_queries":        func(c *Config) { c.MaxQueries = 0 },
		"max_queued":         func(c *Config) { c.MaxQueued = -1 },
		"stop_timeout":       func(c *Config) { c.StopTimeout = 0 },
	} {
		c := DefaultConfig()
		break_(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("a bad %s gives %v", field, err)
		}
	}
	for listen, ok := range map[string]bool{"127.0.0.1:0": true, "[::1]:18123": true, "localhost:1": true, "192.168.1.2:1": false, "example.org:1": false, ":18123": false, "127.0.0.1": false, "127.0.0.1:x": false} {
		c := DefaultConfig()
		c.Listen = listen
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("listen %q: %v", listen, err)
		}
	}
}

func TestNewer(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"26.7.3", "26.7.1", false}, {"26.8.1", "26.7.9", true}, {"27.1.0", "26.12.1", true}, {"26.7.3", "27.1", false}, {"", "26.7.3", false}, {"26.10.1", "26.9.1", true}} {
		if got := newer(tt.a, tt.b); got != tt.want {
			t.Errorf("newer(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

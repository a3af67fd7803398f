package main

import (
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/testkit"
)

// TestWrongCommands are mistakes that are told before anything is contacted or made.
func TestWrongCommands(t *testing.T) {
	sequential(t)
	t.Parallel()
	w := newWorld(t)
	file := w.write("calls.csv", newFixture(t, 10, 1).csv)
	w.write("wrong/sources/pbx.yaml", `name: pbx
title: a description with a slip
zone: Asia/Shanghai
format: {type: delimited, delimiter: comma, header: true}
columns:
  id: text
  begin: {type: datetime}
  result: text
identity: [id]
outcome:
  - {column: resutl}
fields:
  started_at: begin
`)
	w.write("wrong.yaml", "web:\n  lisen: 127.0.0.1:1\n")
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		words []string
	}{
		// Before anything has made some.
		{"no keys", []string{"load"}, 1, []string{"keys.json", "copy the key file", "keys.file"}},
		{"no keys to open", []string{"rejected", "show", "0-1"}, 1, []string{"keys.json", "copy the key file", "keys.file"}},
		{"unknown command", []string{"imprt"}, exitUsage, []string{`"imprt" is not a command`, "did you mean import?"}},
		{"unknown command with flags", []string{"imprt", file, "--source", "generic-csv"}, exitUsage, []string{`"imprt" is not a command`, "did you mean import?"}},
		{"unknown subcommand", []string{"rejected", "lst"}, exitUsage, []string{"lst", "list, show or replay"}},
		{"unknown flag", []string{"import", file, "--sorce", "generic-csv"}, exitUsage, []string{"--sorce", "hotline import --help"}},
		{"flag without a value", []string{"import", file, "--source"}, exitUsage, []string{"--source", "needs an argument"}},
		{"no file", []string{"import", "--source", "generic-csv"}, exitUsage, []string{"at least one file"}},
		{"no source", []string{"import", file}, exitUsage, []string{"--source is needed", "hotline source list"}},
		{"wrong format", []string{"import", file, "--source", "generic-csv", "--format", "xml"}, exitUsage, []string{`"xml"`, "json"}},
		{"wrong division", []string{"kpi", "--by", "year"}, exitUsage, []string{`"year"`, "day, hour, queue, agent or topic"}},
		{"wrong day", []string{"kpi", "--from", "2026-02-30"}, exitUsage, []string{"--from", `"2026-02-30"`}},
		{"wrong zone", []string{"kpi", "--zone", "Mars/Olympus"}, exitUsage, []string{"Mars/Olympus", "Asia/Shanghai"}},
		{"period backwards", []string{"kpi", "--from", "2026-03-02", "--to", "2026-03-01"}, exitUsage, []string{"2026-03-02", "is not before"}},
		{"an argument too much", []string{"up", "here"}, exitUsage, []string{`"here"`, "takes no argument"}},
		{"wrong zone of files", []string{"import", file, "--source", "generic-csv", "--zone", "Beijing"}, 0, []string{"Beijing", "Asia/Shanghai"}},
		{"wrong source", []string{"import", file, "--source", "anonymus-bank"}, 1, []string{`"anonymus-bank"`, "anonymous-bank"}},
		{"wrong source of an analysis", []string{"analyze", file, "--source", "generic-cvs"}, 1, []string{`"generic-cvs"`, "generic-csv"}},
		{"wrong column in a description", []string{"import", file, "--source", "pbx", "--set", "sources.dir=" + w.path("wrong", "sources")}, 1, []string{"pbx.yaml:11:14", `"resutl"`, "did you mean result"}},
		{"wrong setting", []string{"doctor", "--set", "web.lisen=1"}, 1, []string{"web.lisen", "web.listen"}},
		{"wrong value", []string{"up", "--set", "load.batch_rows=0"}, 1, []string{"load.batch_rows", "between 1 and"}},
		{"not a setting", []string{"up", "--set", "web.listen"}, exitUsage, []string{"KEY=VALUE"}},
		{"wrong key in the file", []string{"up", "--config", w.path("wrong.yaml")}, 1, []string{"wrong.yaml:2:3", "lisen", "listen"}},
		{"no such file of settings", []string{"up", "--config", w.path("none.yaml")}, 1, []string{"none.yaml", "no such file"}},
		{"a board for everybody", []string{"up", "--set", "web.listen=0.0.0.0:8333"}, 1, []string{"web.listen", "allow_remote"}},
		{"missing file", []string{"import", w.path("none.csv"), "--source", "generic-csv"}, 1, []string{"none.csv", "does not exist"}},
		{"a directory", []string{"import", w.path("wrong"), "--source", "generic-csv"}, 1, []string{"wrong", "directory"}},
		{"missing file of an analysis", []string{"analyze", w.path("none.csv"), "--source", "generic-csv"}, 1, []string{"none.csv", "does not exist"}},
		{"nothing runs", []string{"kpi"}, 1, []string{w.settings["store.address"], "is hotline up running?", "connection refused)"}},
		{"nothing runs to list", []string{"rejected", "list"}, 1, []string{w.settings["broker.addresses"], "is hotline up running?", "connection refused)"}},
		{"wrong reason", []string{"rejected", "list", "--reason", "missing"}, 1, []string{`"missing"`, "missing_field"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The settings of the case stand last and win.
			p := w.on(t).start(c.args...)
			code := p.wait(steps)
			if code == 0 || c.code != 0 && code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if p.out.String() != "" {
				t.Errorf("printed %q", p.out.String())
			}
			sentence(t, p.err.String(), c.words...)
			for _, dir := range []string{"data", "tmp"} {
				if left := entries(t, w.path(dir)); len(left) > 0 {
					t.Errorf("left behind in %s: %v", dir, left)
				}
			}
		})
	}
}

// on is the same world for a subtest.
func (w *world) on(t *testing.T) *world {
	other := w.with()
	other.t = t
	return other
}

// entries lists everything below a directory, which need not be there.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != dir {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("embedded_broker.start_wait=200ms")
	for _, setting := range []string{"embedded_broker.listen", "engine.listen", "web.listen"} {
		t.Run(setting, func(t *testing.T) {
			l, err := net.Listen("tcp", w.settings[setting])
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			p := w.on(t).with("log.level=error").start("up")
			if code := p.wait(steps); code != 1 {
				t.Errorf("exit code %d", code)
			}
			sentence(t, p.err.String(), setting, w.settings[setting], "in use")
		})
	}
	w.up().stops(t) // none of them did harm
}

func TestDataDirectory(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("log.level=error")
	up := w.up()
	t.Run("locked", func(t *testing.T) {
		other := newWorld(t).with("data.dir="+w.settings["data.dir"], "log.level=error")
		p := other.start("up")
		if code := p.wait(steps); code != 1 {
			t.Errorf("exit code %d", code)
		}
		sentence(t, p.err.String(), w.settings["data.dir"], "in use by another hotline", "--data DIR")
		w.on(t).must("kpi")
	})
	t.Run("newer tables", func(t *testing.T) {
		w := w.on(t)
		cfg := w.root().Store
		if err := testkit.Exec(bounded(t), cfg, "INSERT INTO "+cfg.Database+".schema_migrations (id, name, checksum) VALUES (4711, '4711_future.sql', 'x')"); err != nil {
			t.Fatal(err)
		}
		up.stops(t)
		p := w.start("up")
		if code := p.wait(steps); code != 1 {
			t.Errorf("exit code %d", code)
		}
		sentence(t, p.err.String(), "4711", "newer")
	})
	t.Run("newer layout", func(t *testing.T) {
		w := w.on(t)
		w.write("data/LAYOUT", "99\n")
		before := entries(t, w.path("data"))
		p := w.start("up")
		if code := p.wait(steps); code != 1 {
			t.Errorf("exit code %d", code)
		}
		sentence(t, p.err.String(), w.settings["data.dir"], "newer hotline", "99")
		if after := entries(t, w.path("data")); strings.Join(before, "\n") != strings.Join(after, "\n") {
			t.Errorf("the directory has changed:\n%v\n%v", before, after)
		}
	})
	t.Run("somebody's files", func(t *testing.T) {
		w := newWorld(t).with("log.level=error")
		w.write("data/thesis.doc", "precious")
		p := w.start("up")
		if code := p.wait(steps); code != 1 {
			t.Errorf("exit code %d", code)
		}
		sentence(t, p.err.String(), w.settings["data.dir"], "thesis.doc", "not empty")
		if left := entries(t, w.path("data")); len(left) != 1 {
			t.Errorf("the directory holds %v", left)
		}
	})
	t.Run("not writable", func(t *testing.T) {
		w := newWorld(t)
		file := w.write("file", "")
		p := w.with("data.dir="+filepath.Join(file, "data"), "log.level=error").start("up")
		if code := p.wait(steps); code != 1 {
			t.Errorf("exit code %d", code)
		}
		sentence(t, p.err.String(), "data.dir", file)
	})
}

func TestMissingLibrary(t *testing.T) {
	sequential(t)
	t.Parallel()
	for _, args := range [][]string{{"up"}, {"analyze", "calls.csv", "--source", "generic-csv"}} {
		t.Run(args[0], func(t *testing.T) {
			w := newWorld(t).with("log.level=error")
			w.write("calls.csv", newFixture(t, 10, 1).csv)
			w.env["HOTLINE_LIBCHDB"] = w.path("nowhere", "libchdb.so")
			p := w.start(args...)
			if code := p.wait(steps); code != 1 {
				t.Errorf("exit code %d", code)
			}
			sentence(t, p.err.String(), "HOTLINE_LIBCHDB", w.env["HOTLINE_LIBCHDB"], "make setup")
			if left := entries(t, w.path("tmp")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

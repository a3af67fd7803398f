package app

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/config"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/web/people"
)

// peopleHome is a user's home, with what may stand in a configuration.
func peopleHome(t *testing.T) (etc string, of func(data string) config.Root) {
	t.Helper()
	home := t.TempDir()
	etc = filepath.Join(home, "etc", "hotline")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "etc"))
	t.Setenv("XDG_DATA_HOME", filepath.Join(home, "share"))
	return etc, func(data string) config.Root {
		cfg := config.DefaultRoot()
		if data != "" {
			cfg.Data.Dir = filepath.Join(home, data)
		}
		return cfg
	}
}

func addViewer(t *testing.T, cfg config.Root, name string) {
	t.Helper()
	if err := AddPerson(t.Context(), cfg, io.Discard, io.Discard, people.Person{Name: name, Role: people.Viewer}); err != nil {
		t.Fatal(err)
	}
}

func wantPeople(t *testing.T, what string, cfg config.Root, names ...string) {
	t.Helper()
	var out bytes.Buffer
	if err := ListPeople(cfg, &out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"王芳", "李强", "赵敏"} {
		in := strings.Contains(out.String(), name)
		if want := strings.Contains(strings.Join(names, " "), name); in != want {
			t.Errorf("%s: %s is listed %v, want %v:\n%s", what, name, in, want, out.String())
		}
	}
}

// Whoever is let into a trial is not let into the hotline beside it, nor the other way round.
func TestPeopleFollowTheDataDirectory(t *testing.T) {
	etc, of := peopleHome(t)
	addViewer(t, of(""), "王芳")
	if _, err := os.Stat(filepath.Join(etc, "people.json")); err != nil {
		t.Errorf("those of the usual data directory are not where they were: %v", err)
	}
	trial := of("demo")
	if err := peopleOf(trial).start(t.Context()); err != nil { // as up does in a new directory
		t.Fatal(err)
	}
	wantPeople(t, "a new trial", trial)
	addViewer(t, trial, "李强")
	if err := peopleOf(trial).start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantPeople(t, "the trial", trial, "李强")
	wantPeople(t, "the hotline beside it", of(""), "王芳")
	wantPeople(t, "the same directory by another spelling", of("x/../demo/"), "李强")
	if _, err := os.Stat(trial.Data.Dir); !os.IsNotExist(err) {
		t.Errorf("a copy of the data would hold what sessions are signed with: %v", err)
	}
}

// So it is with what may post records.
func TestTokensFollowTheDataDirectory(t *testing.T) {
	etc, of := peopleHome(t)
	usual, trial := of(""), of("demo")
	add := func(cfg config.Root, name string) {
		t.Helper()
		if err := AddToken(t.Context(), cfg, io.Discard, io.Discard, tokens.Token{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	has := func(cfg config.Root, want string) {
		t.Helper()
		var out bytes.Buffer
		if err := ListTokens(cfg, &out); err != nil || strings.Contains(out.String(), "pbx") != strings.Contains(want, "pbx") || strings.Contains(out.String(), "test") != strings.Contains(want, "test") {
			t.Errorf("%v, want %q in\n%s", err, want, out.String())
		}
	}
	add(usual, "pbx")
	if _, err := os.Stat(filepath.Join(etc, "tokens.json")); err != nil {
		t.Error(err)
	}
	has(trial, "pbx") // an older program has kept them there
	if err := tokensOf(trial).start(t.Context()); err != nil {
		t.Fatal(err)
	}
	has(trial, "")
	add(trial, "test")
	has(trial, "test")
	has(usual, "pbx")
}

// A directory that is new has people of its own whatever becomes of the first start; one of
// before keeps those it had.
func TestTakeDir(t *testing.T) {
	etc, of := peopleHome(t)
	addViewer(t, of(""), "王芳")
	before := of("before")
	if err := claimDir(before.Data.Dir); err != nil { // as an older program did
		t.Fatal(err)
	}
	for cfg, names := range map[*config.Root]string{&before: "王芳", new(of("new")): ""} {
		for range 2 {
			if err := takeDir(t.Context(), *cfg); err != nil {
				t.Fatal(err)
			}
			wantPeople(t, cfg.Data.Dir, *cfg, names)
		}
	}
	taken := of("taken")
	if err := os.MkdirAll(filepath.Join(taken.Data.Dir, "photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	own, _, err := peopleOf(taken).places()
	if err != nil {
		t.Fatal(err)
	}
	if err := takeDir(t.Context(), taken); err == nil {
		t.Error("a directory of something else is taken")
	}
	if _, err := os.Stat(own); !os.IsNotExist(err) {
		t.Errorf("for a directory that is refused there is %s in %s", own, etc)
	}
}

// What an older program kept beside the key file is found, and goes on being used.
func TestPeopleOfBefore(t *testing.T) {
	etc, of := peopleHome(t)
	before := of("")
	before.Web.PeopleFile = filepath.Join(etc, "people.json")
	addViewer(t, before, "王芳")
	own := of("srv")
	wantPeople(t, "after the upgrade", own, "王芳")
	addViewer(t, own, "李强")
	wantPeople(t, "and one more", own, "王芳", "李强")
	if _, err := os.Stat(filepath.Join(etc, "people.json")); err != nil {
		t.Error(err)
	}
}

// Whoever names a place has chosen it.
func TestPeopleWhereTheyAreWanted(t *testing.T) {
	_, of := peopleHome(t)
	dir := t.TempDir()
	byKeys, byFile := of("srv"), of("srv")
	byKeys.Keys.File = filepath.Join(dir, "keys.json")
	byFile.Web.PeopleFile = filepath.Join(dir, "who.json")
	for cfg, want := range map[*config.Root]string{&byKeys: filepath.Join(dir, "people.json"), &byFile: byFile.Web.PeopleFile} {
		if err := peopleOf(*cfg).start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := peopleOf(*cfg).path(); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		addViewer(t, *cfg, "赵敏")
		if _, err := os.Stat(want); err != nil {
			t.Error(err)
		}
		if strings.Contains(peopleOf(*cfg).command("add NAME"), "--data") {
			t.Errorf("who is told to give --data needs not: %s", peopleOf(*cfg).command("add NAME"))
		}
	}
	if own := of("srv"); !strings.HasSuffix(peopleOf(own).command("add NAME"), "--data "+own.Data.Dir) {
		t.Errorf("the command misses the directory: %s", peopleOf(own).command("add NAME"))
	}
}

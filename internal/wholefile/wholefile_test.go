package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func want(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != content {
		t.Errorf("%s holds %q, %v; want %q", path, text, err, content)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, mode)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside it: %v, %v", left, err)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, c := range []struct {
		how  How
		text string
		mode fs.FileMode
	}{
		{How{New: true}, "first", 0o600},
		{How{Mode: 0o644}, "for all", 0o644},
		{How{}, "", 0o600},
		{How{Mode: 0o640, ToOwner: true}, "again", 0o640},
	} {
		if err := c.how.Write(path, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		want(t, path, c.text, c.mode)
	}
	if err := (How{New: true}).Write(path, []byte("over it")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	want(t, path, "again", 0o640)
}

// What cannot be put at its place leaves nothing.
func TestNothingIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := Replace(filepath.Join(path, "none", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}

func TestToOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root writes for others")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 12333, 12334); err != nil {
		t.Fatal(err)
	}
	for how, uid := range map[How]uint32{{ToOwner: true}: 12333, {}: 0} {
		path := filepath.Join(dir, "file")
		if err := how.Write(path, nil); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if of := info.Sys().(*syscall.Stat_t); of.Uid != uid {
			t.Errorf("%+v: it belongs to %d, want %d", how, of.Uid, uid)
		}
	}
}

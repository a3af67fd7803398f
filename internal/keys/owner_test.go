package keys

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Root rotates the keys of a service that is not root: it must be able to read them still.
func TestKeysStayTheServices(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root writes for others")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 12333, 12334); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "keys.json")
	belongs := func(when string) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if of := info.Sys().(*syscall.Stat_t); of.Uid != 12333 || of.Gid != 12334 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: it belongs to %d:%d, %v", when, of.Uid, of.Gid, info.Mode())
		}
	}
	if _, err := Init(path, start); err != nil {
		t.Fatal(err)
	}
	belongs("made")
	if _, err := Rotate(path, Rotation{Now: start.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	belongs("rotated")
}

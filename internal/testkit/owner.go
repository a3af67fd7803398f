package testkit

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// StaysTheServices runs what writes a file, one after another as root, in a directory that
// belongs to another user. After each the file must be that user's and closed to everybody
// else: the service that runs as them reads and writes it on. The test is skipped where it
// does not run as root, who alone writes for others.
func StaysTheServices(t *testing.T, name string, writes ...func(path string) error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root writes for others")
	}
	const uid, gid = 12333, 12334
	dir := t.TempDir()
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	for i, write := range writes {
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if of := info.Sys().(*syscall.Stat_t); of.Uid != uid || of.Gid != gid || info.Mode().Perm() != 0o600 {
			t.Errorf("after write %d of %d it belongs to %d:%d, %v", i+1, len(writes), of.Uid, of.Gid, info.Mode())
		}
	}
}

package audit

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Whoever writes first is often root, who rotates the keys: the service, which may show no
// number without a line here, must be able to write the second.
func TestLogIsTheServices(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root writes for others")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 12333, 12334); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.jsonl")
	if _, err := Append(path, time.Now(), Entry{Action: RotateKeys, Subject: "k1"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if of := info.Sys().(*syscall.Stat_t); of.Uid != 12333 || info.Mode().Perm() != 0o600 {
		t.Errorf("it belongs to %d, %v", of.Uid, info.Mode())
	}
}

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"hotline12333/internal/wholefile"
)

// layoutVersion rises when this program can no longer read an older layout, or
// an older program could not read what this one writes.
const layoutVersion = 1

// dirLock keeps other processes out of the directory. The kernel releases it
// with the process, however that ends.
type dirLock struct {
	flock *flock.Flock
}

func lockDir(ctx context.Context, dir string) (*dirLock, error) {
	path := filepath.Join(dir, "LOCK")
	f := flock.New(path)
	ok, err := f.TryLockContext(ctx, 50*time.Millisecond)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("locking its data directory %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("the data directory %s is in use by another hotline%s; stop that one or choose another directory", dir, holder(path))
	}
	// For the sentence above only.
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o640); err != nil {
		return nil, errors.Join(fmt.Errorf("locking its data directory %s: %w", dir, err), f.Unlock())
	}
	return &dirLock{flock: f}, nil
}

func holder(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
		return fmt.Sprintf(" (process %d)", pid)
	}
	return ""
}

func (l *dirLock) release() error {
	if err := l.flock.Unlock(); err != nil {
		return fmt.Errorf("embedded broker: releasing its data directory: %w", err)
	}
	return nil
}

// checkLayout refuses a directory of a newer program and marks a new one.
func checkLayout(dir string) error {
	path := filepath.Join(dir, "VERSION")
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return writeSynced(path, []byte(strconv.Itoa(layoutVersion)+"\n"))
	case err != nil:
		return fmt.Errorf("reading the version of its data directory: %w", err)
	}
	v, err := strconv.Atoi(strings.TrimSpace(string(b)))
	switch {
	case err != nil || v < 1:
		return fmt.Errorf("%s does not hold a version; is %s a data directory of hotline?", path, dir)
	case v > layoutVersion:
		return fmt.Errorf("the data directory %s was written by a newer hotline (layout %d, this program knows %d); use that program", dir, v, layoutVersion)
	}
	return nil
}

// writeSynced replaces a file so that after a crash there is the old or the new.
func writeSynced(path string, content []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = wholefile.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const (
	filePerm = 0o600
	dirPerm  = 0o700
	maxFile  = 1 << 20
)

// LoadOrCreate reads the key file, or writes a new one where there is none. Of several
// processes that do so at once, all get the same keys. A file that others may read is
// refused.
func LoadOrCreate(path string) (*Keys, error) {
	k, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = Init(path, time.Now()); errors.Is(err, fs.ErrExist) {
		return Load(path)
	}
	return k, err
}

// Load reads the key file; the error is [fs.ErrNotExist] when there is none.
func Load(path string) (*Keys, error) {
	f, err := read(path)
	if err != nil {
		return nil, err
	}
	k, err := f.keys()
	if err != nil {
		return nil, fmt.Errorf("the key file %s: %w: restore it from a copy", path, err)
	}
	k.path = path
	return k, nil
}

func read(path string) (*file, error) {
	h, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	defer func() { _ = h.Close() }() // only read from
	info, err := h.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, fmt.Errorf("the key file %s is no regular file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is too large to be a key file", path)
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0:
		return nil, fmt.Errorf("the key file %s may be read by others (mode %04o): run chmod 600 %s", path, mode.Perm(), path)
	}
	var f file
	if err := json.NewDecoder(h).Decode(&f); err != nil {
		// The decoder's own message could quote a part of a secret.
		return nil, fmt.Errorf("the key file %s is damaged: restore it from a copy; a new one would make every caller another", path)
	}
	return &f, nil
}

// create writes the file whole or not at all, and never over another.
func create(path string, data []byte) error { return write(path, data, os.Link) }

// replace writes the file whole or not at all, over the one that is there.
func replace(path string, data []byte) error { return write(path, data, os.Rename) }

func write(path string, data []byte, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, dirPerm); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".keys-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(filePerm), tmp.Sync())
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := place(tmp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

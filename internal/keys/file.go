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

	"hotline12333/internal/wholefile"
)

const (
	dirPerm = 0o700
	maxFile = 1 << 20
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

// write writes the file whole or not at all, in a directory that is made where missing.
func write(path string, data []byte, how wholefile.How) error {
	if err := os.MkdirAll(filepath.Dir(path), dirPerm); err != nil {
		return err
	}
	return how.Write(path, data)
}

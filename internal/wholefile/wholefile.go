// Package wholefile writes files whole or not at all.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// How a file is written; the zero value puts one that is its owner's alone at the place of
// what is there.
type How struct {
	Mode    fs.FileMode // whatever the umask; 0: 0600
	New     bool        // never over another: the error is [fs.ErrExist] then
	ToOwner bool        // what root writes belongs to whom the directory belongs to
}

// Write puts data at the path, durably: whoever opens it, also after a crash, finds the old
// content or the new.
func (h How) Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, h.dress(tmp, dir), tmp.Sync())
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = h.place(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return SyncDir(dir)
}

func (h How) dress(tmp *os.File, dir string) error {
	if h.Mode != 0 {
		if err := tmp.Chmod(h.Mode); err != nil {
			return err
		}
	}
	if h.ToOwner {
		return GiveToOwner(tmp.Name(), dir)
	}
	return nil
}

func (h How) place(tmp, path string) error {
	if !h.New {
		return os.Rename(tmp, path)
	}
	if err := os.Link(tmp, path); err != nil {
		return err
	}
	return os.Remove(tmp)
}

// Replace writes the zero value of How.
func Replace(path string, data []byte) error { return How{}.Write(path, data) }

// SyncDir makes durable which files a directory holds.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// GiveToOwner lets a service read what root writes for it: the file goes to whom its
// directory belongs to.
func GiveToOwner(name, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(name, int(of.Uid), int(of.Gid))
}

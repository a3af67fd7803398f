package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// largest keeps a data file from being read as rules.
const largest = 1 << 20

// File is one file of rules as it was read.
type File struct {
	Path   string // of a built-in one, inside the program: calendar/cn-2026.yaml
	Own    bool   // the centre's
	SHA256 string // of Data, in hex
	Data   []byte
}

// read gives the files *.yaml of a folder, the built-in ones first, each kind in order.
func read(builtin fs.FS, dir, folder string) ([]File, error) {
	files, err := readDir(builtin, folder, folder)
	if err != nil {
		return nil, fmt.Errorf("reading the built-in rules: %w", err)
	}
	if dir == "" {
		return files, nil
	}
	own, err := readDir(os.DirFS(dir), folder, filepath.Join(dir, folder))
	if err != nil {
		return nil, fmt.Errorf("reading the centre's rules (rules.dir): %w", err)
	}
	for i := range own {
		own[i].Own = true
	}
	return append(files, own...), nil
}

// checkDir is nil when the centre's directory is one, or none is named.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("rules.dir: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("rules.dir: %s is no directory", dir)
	}
	return nil
}

// readDir reads a folder that may be missing; shown is its name in messages.
func readDir(from fs.FS, folder, shown string) ([]File, error) {
	entries, err := fs.ReadDir(from, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		data, err := readFile(from, path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, newFile(path.Join(shown, e.Name()), data))
	}
	return files, nil
}

func newFile(name string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{Path: name, SHA256: hex.EncodeToString(sum[:]), Data: slices.Clip(data)}
}

func readFile(from fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(from, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > largest {
		return nil, fmt.Errorf("%s is larger than %d bytes: is it a file of rules?", name, largest)
	}
	return fs.ReadFile(from, name)
}

// Name is what evidence keeps the file under: built-in files and the centre's do not meet.
func (f *File) Name() string {
	if f.Own {
		return "own/" + filepath.ToSlash(f.Path)
	}
	return f.Path
}

// Files are all files of rules, the built-in ones and the centre's own, in order of their
// paths: what a report that is handed in keeps as evidence. Paths of the centre's are
// those inside of its directory.
func Files(builtin fs.FS, cfg Config) ([]File, error) {
	files, err := tree(builtin)
	if err != nil {
		return nil, fmt.Errorf("reading the built-in rules: %w", err)
	}
	if cfg.Dir == "" {
		return files, nil
	}
	own, err := tree(os.DirFS(cfg.Dir))
	if err != nil {
		return nil, fmt.Errorf("reading the centre's rules (rules.dir): %w", err)
	}
	for i := range own {
		own[i].Own = true
	}
	return append(files, own...), nil
}

func tree(from fs.FS) (files []File, err error) {
	err = fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		data, err := readFile(from, name)
		if err == nil {
			files = append(files, newFile(name, data))
		}
		return err
	})
	return files, err
}

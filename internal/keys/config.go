package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Config says where the keys are.
type Config struct {
	File string `yaml:"file" doc:"File with the keys of pseudonyms and seals, created when missing; it must lie outside of the data directory. Empty: hotline/keys.json in the user's configuration directory."`
}

// DefaultConfig keeps the file in the user's configuration directory.
func DefaultConfig() Config { return Config{} }

// Validate accepts any path; what is there shows when it is read.
func (c Config) Validate() error { return nil }

// Path is where the file is.
func (c Config) Path() (string, error) {
	if c.File != "" {
		return filepath.Abs(c.File)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for the keys: %w: name a file in keys.file", err)
	}
	return filepath.Join(dir, "hotline", "keys.json"), nil
}

// Outside refuses a key file inside the data directory: a copy of the data would carry
// the key to it.
func Outside(path, dataDir string) error {
	file, err := resolve(path)
	if err != nil {
		return err
	}
	dir, err := resolve(dataDir)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(dir, file); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return fmt.Errorf("the key file %s lies inside the data directory %s: set keys.file to a place outside, so that a copy of the data does not carry its key", path, dataDir)
	}
	return nil
}

// resolve follows links as far as the path exists.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for at, rest := abs, ""; ; at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest), nil
		}
		if at == filepath.Dir(at) {
			return abs, nil
		}
	}
}

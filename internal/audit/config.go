package audit

import (
	"fmt"
	"os"
	"path/filepath"
)

// Config says where the log is.
type Config struct {
	File string `yaml:"file" doc:"Audit log of every reveal, opened dead letter, export, erasure and removal; it only grows. Empty: hotline/audit.jsonl in the user's state directory."`
}

// DefaultConfig keeps the log in the user's state directory, outside of the data: what is
// removed or restored with the data must not take its history along.
func DefaultConfig() Config { return Config{} }

// Validate accepts any path; what is there shows when it is written.
func (c Config) Validate() error { return nil }

// Path is where the file is.
func (c Config) Path() (string, error) {
	if c.File != "" {
		return filepath.Abs(c.File)
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hotline", "audit.jsonl"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for the audit log: %w: name a file in audit.file", err)
	}
	return filepath.Join(home, ".local", "state", "hotline", "audit.jsonl"), nil
}

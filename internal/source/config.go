package source

import (
	"errors"
	"fmt"
	"strings"
)

// Config says where a centre keeps descriptions of its own.
type Config struct {
	Dir []string `yaml:"dir" doc:"Directories (every *.yaml in them) or single files with source descriptions, beside the built-in ones; one of the same name replaces the built-in."`
}

// DefaultConfig has the built-in descriptions only.
func DefaultConfig() Config { return Config{} }

// Validate refuses empty paths.
func (c Config) Validate() error {
	for i, d := range c.Dir {
		if strings.TrimSpace(d) == "" {
			return fmt.Errorf("dir: entry %d is empty", i+1)
		}
	}
	return nil
}

var errNoSources = errors.New("no source descriptions are built in")

package intake

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Config of the intake.
type Config struct {
	StateDir     string        `yaml:"state_dir" doc:"Directory where imports remember how far they are; empty: hotline/imports in the user's state directory."`
	BatchRecords int           `yaml:"batch_records" doc:"Records that are handed to Kafka at once."`
	BatchBytes   int           `yaml:"batch_bytes" doc:"Bytes of records that are handed to Kafka at once." unit:"bytes"`
	GiveUp       time.Duration `yaml:"give_up" doc:"Time without any answer from Kafka after which an import ends; it can be resumed."`
	Stall        time.Duration `yaml:"stall" doc:"Time in which Kafka answers and yet acknowledges nothing (its disk is full, say) after which an import ends; it can be resumed."`
	Callbacks    Callbacks     `yaml:"callbacks" doc:"Numbers kept to call back."`
	HTTP         HTTP          `yaml:"http" doc:"Records posted over HTTP."`
}

// DefaultConfig suits one machine.
func DefaultConfig() Config {
	return Config{
		BatchRecords: 5000,
		BatchBytes:   2 << 20,
		GiveUp:       15 * time.Second,
		Stall:        time.Minute,
		HTTP:         DefaultHTTP(),
	}
}

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	switch {
	case c.BatchRecords < 1 || c.BatchRecords > 1_000_000:
		return fmt.Errorf("batch_records: %d is not from 1 to 1000000", c.BatchRecords)
	case c.BatchBytes < 1024 || c.BatchBytes > 256<<20:
		return fmt.Errorf("batch_bytes: %d is not from 1024 to %d", c.BatchBytes, 256<<20)
	case c.GiveUp < time.Second:
		return fmt.Errorf("give_up: %v is below 1s", c.GiveUp)
	case c.Stall < c.GiveUp:
		return fmt.Errorf("stall: %v is below give_up %v", c.Stall, c.GiveUp)
	}
	if err := c.Callbacks.Validate(); err != nil {
		return fmt.Errorf("callbacks.%w", err)
	}
	if err := c.HTTP.Validate(); err != nil {
		return fmt.Errorf("http.%w", err)
	}
	return nil
}

// stateDir is where imports remember how far they are.
func (c Config) stateDir() (string, error) {
	if c.StateDir != "" {
		return c.StateDir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hotline", "imports"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding a place to remember the import: %w: name a directory in intake.state_dir", err)
	}
	return filepath.Join(home, ".local", "state", "hotline", "imports"), nil
}

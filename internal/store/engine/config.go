package engine

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Config says where the engine keeps its data and how much of the machine it
// may use.
type Config struct {
	Dir              string        `yaml:"dir" doc:"Directory of the engine's data; created when missing, used by one process at a time."`
	Listen           string        `yaml:"listen" doc:"Address of the ClickHouse HTTP interface; loopback, because it asks for no password. Port 0 picks a free one."`
	Library          string        `yaml:"library" doc:"File of libchdb; empty looks in HOTLINE_LIBCHDB, beside the program and in the user's cache."`
	MemoryLimitBytes int64         `yaml:"memory_limit_bytes" doc:"Most memory the engine may use, in bytes; queries beyond it fail. 0 means half of the machine's memory."`
	Threads          int           `yaml:"threads" doc:"Most threads one query may use; 0 means one per core."`
	MaxQueries       int           `yaml:"max_queries" doc:"Statements that run at the same time; further ones wait."`
	MaxQueued        int           `yaml:"max_queued" doc:"Statements that may wait for a place; further ones are refused with code 202."`
	StopTimeout      time.Duration `yaml:"stop_timeout" doc:"Time running statements get to finish when the engine is stopped, before they are cancelled."`
}

// DefaultConfig returns settings for one machine; Dir is relative to the
// working directory.
func DefaultConfig() Config {
	return Config{
		Dir:         "data/engine",
		Listen:      "127.0.0.1:18123",
		MaxQueries:  24,
		MaxQueued:   200,
		StopTimeout: 3 * time.Second,
	}
}

// minMemory is what the engine needs to start and answer small queries.
const minMemory = 512 << 20

// Validate checks the values; an error names the field.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: must not be empty"))
	}
	if err := checkListen(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf("listen: %w", err))
	}
	if c.MemoryLimitBytes != 0 && c.MemoryLimitBytes < minMemory {
		errs = append(errs, fmt.Errorf("memory_limit_bytes: %d is below %d, with which the engine cannot work", c.MemoryLimitBytes, minMemory))
	}
	if c.Threads < 0 {
		errs = append(errs, fmt.Errorf("threads: %d is negative", c.Threads))
	}
	if c.MaxQueries < 1 {
		errs = append(errs, fmt.Errorf("max_queries: %d is below 1", c.MaxQueries))
	}
	if c.MaxQueued < 0 {
		errs = append(errs, fmt.Errorf("max_queued: %d is negative", c.MaxQueued))
	}
	if c.StopTimeout <= 0 {
		errs = append(errs, fmt.Errorf("stop_timeout: %s is not positive", c.StopTimeout))
	}
	return errors.Join(errs...)
}

// checkListen demands a loopback address: whoever reaches the port owns the
// data.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not host:port", address)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%q has no valid port", address)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%q is not a loopback address (127.0.0.1, ::1 or localhost)", address)
	}
	return nil
}

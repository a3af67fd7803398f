package load

import (
	"errors"
	"fmt"
	"time"
)

// Config says how records are taken into the store.
type Config struct {
	Group          string        `yaml:"group" doc:"Kafka consumer group of the loaders; all loaders of one database share it."`
	BatchRows      int           `yaml:"batch_rows" doc:"Number of records at which a batch is cut."`
	BatchBytes     int           `yaml:"batch_bytes" doc:"Size of the records in bytes at which a batch is cut."`
	BatchWait      time.Duration `yaml:"batch_wait" doc:"Time after a batch's first record at which it is cut however small it is."`
	FetchBytes     int           `yaml:"fetch_bytes" doc:"Bytes asked of the broker at once, as they travel."`
	RetryMin       time.Duration `yaml:"retry_min" doc:"First pause before a failed step is repeated; it grows up to retry_max."`
	RetryMax       time.Duration `yaml:"retry_max" doc:"Longest pause before a failed step is repeated."`
	PauseRetry     time.Duration `yaml:"pause_retry" doc:"Interval at which a worker paused by a fault of the database's schema tries again."`
	ShutdownGrace  time.Duration `yaml:"shutdown_grace" doc:"Time a batch gets to finish when the program ends or the partition is taken away; after it the batch is abandoned and read again later."`
	ReconcileEvery time.Duration `yaml:"reconcile_every" doc:"Interval at which the ledger in the database is compared with the offsets read."`
}

// DefaultConfig suits one machine as well as a cluster.
func DefaultConfig() Config {
	return Config{
		Group:          "hotline-load",
		BatchRows:      50_000,
		BatchBytes:     32 << 20,
		BatchWait:      200 * time.Millisecond,
		FetchBytes:     4 << 20,
		RetryMin:       100 * time.Millisecond,
		RetryMax:       5 * time.Second,
		PauseRetry:     10 * time.Second,
		ShutdownGrace:  3 * time.Second,
		ReconcileEvery: 5 * time.Minute,
	}
}

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	if c.Group == "" {
		return errors.New("group: must not be empty")
	}
	if c.BatchRows < 1 || c.BatchRows > 1_000_000 {
		return fmt.Errorf("batch_rows: %d is not between 1 and 1000000", c.BatchRows)
	}
	if c.BatchBytes < 1<<10 || c.BatchBytes > 1<<30 {
		return fmt.Errorf("batch_bytes: %d is not between 1024 and %d", c.BatchBytes, 1<<30)
	}
	if c.FetchBytes < 1<<10 || c.FetchBytes > 64<<20 {
		return fmt.Errorf("fetch_bytes: %d is not between 1024 and %d", c.FetchBytes, 64<<20)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"batch_wait", c.BatchWait},
		{"retry_min", c.RetryMin},
		{"pause_retry", c.PauseRetry},
		{"reconcile_every", c.ReconcileEvery},
	} {
		if d.value <= 0 {
			return fmt.Errorf("%s: %v must be above zero", d.name, d.value)
		}
	}
	if c.RetryMax < c.RetryMin {
		return fmt.Errorf("retry_max: %v is below retry_min %v", c.RetryMax, c.RetryMin)
	}
	if c.ShutdownGrace < 0 {
		return fmt.Errorf("shutdown_grace: %v is negative", c.ShutdownGrace)
	}
	return nil
}

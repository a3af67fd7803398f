package aggregate

import (
	"errors"
	"fmt"
	"time"
)

// Config says how marks are gathered and recomputed.
type Config struct {
	Group        string        `yaml:"group" doc:"Consumer group that follows the touched buckets."`
	ChunkBuckets int           `yaml:"chunk_buckets" doc:"Number of quarter hours recomputed by one statement."`
	BulkBuckets  int           `yaml:"bulk_buckets" doc:"Number of marked quarter hours above which a backfill is assumed and further marks are waited for."`
	BulkWait     time.Duration `yaml:"bulk_wait" doc:"Longest time a backfill's marks are gathered before they are recomputed."`
	Coalesce     time.Duration `yaml:"coalesce" doc:"Shortest silence that ends the gathering of a backfill's marks; a few marks are never waited with."`
	MaxBuckets   int           `yaml:"max_buckets" doc:"Number of marked quarter hours at which gathering ends in any case."`
	RetryMin     time.Duration `yaml:"retry_min" doc:"First pause before a failed recomputation is repeated; it grows up to retry_max."`
	RetryMax     time.Duration `yaml:"retry_max" doc:"Longest pause before a failed recomputation is repeated, and the pause after an error that needs somebody's hand."`

	// Topic of the marks, hotline.touched when empty; the program names its topics in one place. Its number of
	// partitions must never change: a bucket would move to another partition, whose
	// offsets say nothing about what is newer.
	Topic string `yaml:"-"`
}

// DefaultConfig follows hotline.touched.
func DefaultConfig() Config {
	return Config{
		Group:        "hotline-aggregate",
		ChunkBuckets: 1000,
		BulkBuckets:  96,
		BulkWait:     2 * time.Second,
		Coalesce:     50 * time.Millisecond,
		MaxBuckets:   50_000,
		RetryMin:     100 * time.Millisecond,
		RetryMax:     10 * time.Second,
	}
}

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	switch {
	case c.Group == "":
		return errors.New("group: must not be empty")
	case c.ChunkBuckets < 1 || c.ChunkBuckets > 10_000:
		return fmt.Errorf("chunk_buckets: %d is not between 1 and 10000", c.ChunkBuckets)
	case c.BulkBuckets < 1:
		return fmt.Errorf("bulk_buckets: %d is below 1", c.BulkBuckets)
	case c.MaxBuckets < c.BulkBuckets:
		return fmt.Errorf("max_buckets: %d is below bulk_buckets %d", c.MaxBuckets, c.BulkBuckets)
	case c.Coalesce < time.Millisecond:
		return fmt.Errorf("coalesce: %v is below 1ms", c.Coalesce)
	case c.BulkWait < c.Coalesce:
		return fmt.Errorf("bulk_wait: %v is below coalesce %v", c.BulkWait, c.Coalesce)
	case c.RetryMin <= 0:
		return fmt.Errorf("retry_min: %v must be above zero", c.RetryMin)
	case c.RetryMax < c.RetryMin:
		return fmt.Errorf("retry_max: %v is below retry_min %v", c.RetryMax, c.RetryMin)
	}
	return nil
}

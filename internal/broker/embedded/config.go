package embedded

import (
	"fmt"
	"net"
	"strconv"
	"time"
)

// Config says where the embedded broker keeps its data and listens.
type Config struct {
	Dir               string        `yaml:"dir" doc:"Directory of the embedded broker's data; no other process may use it."`
	Listen            string        `yaml:"listen" doc:"Address the embedded broker listens on as host:port; it is also what it tells clients, so a concrete host is needed."`
	SyncWrites        bool          `yaml:"sync_writes" doc:"Whether each batch is on the disk before it is acknowledged; false risks the newest records on power loss."`
	SegmentBytes      int64         `yaml:"segment_bytes" doc:"Size in bytes at which a partition's file is closed and the next begun; retention deletes whole files, never the newest."`
	ReserveBytes      int64         `yaml:"reserve_bytes" doc:"Free disk space in bytes below which produce is refused until there is room again; commits go on down to a quarter of it."`
	RetentionInterval time.Duration `yaml:"retention_interval" doc:"How often the topics' retention.ms and retention.bytes are applied."`
	StartWait         time.Duration `yaml:"start_wait" doc:"How long to wait for the directory and the port of a predecessor that is just dying."`
}

// DefaultConfig is durable and keeps to loopback. Dir is left to the caller.
func DefaultConfig() Config {
	return Config{
		Listen:            "127.0.0.1:19092",
		SyncWrites:        true,
		SegmentBytes:      64 << 20,
		ReserveBytes:      256 << 20,
		RetentionInterval: time.Minute,
		StartWait:         3 * time.Second,
	}
}

// Validate names the first field that cannot work. Dir is checked by Start.
func (c Config) Validate() error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %q is not host:port", c.Listen)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("listen: port %q is not a number from 0 to 65535", port)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("listen: %q names no host that clients could connect to; use one address, as 127.0.0.1:%s", c.Listen, port)
	}
	if c.SegmentBytes < 1<<10 {
		return fmt.Errorf("segment_bytes: %d is below 1024", c.SegmentBytes)
	}
	if c.ReserveBytes < 0 {
		return fmt.Errorf("reserve_bytes: %d is negative", c.ReserveBytes)
	}
	if c.RetentionInterval <= 0 {
		return fmt.Errorf("retention_interval: %v must be above zero", c.RetentionInterval)
	}
	if c.StartWait < 0 {
		return fmt.Errorf("start_wait: %v is negative", c.StartWait)
	}
	return nil
}

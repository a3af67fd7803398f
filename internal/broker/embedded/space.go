package embedded

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"
)

// freeBytes is what is free on the file system of a directory.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// guardSpace refuses, with an error clients repeat, what would fill the disk.
// kfake itself refuses a batch that cannot be written, but acknowledges commits
// and topics it could not store: they must never meet a disk without room.
func (b *Broker) guardSpace() {
	below := func(limit int64) func(kmsg.Request) bool {
		return func(kmsg.Request) bool {
			free, err := freeBytes(b.cfg.Dir)
			if err != nil || free >= limit {
				return false
			}
			if b.metrics.refuse() {
				b.log.Error("disk is nearly full, writes are refused until there is room",
					"dir", b.cfg.Dir, "free_bytes", free, "reserve_bytes", b.cfg.ReserveBytes)
			}
			return true
		}
	}
	b.cluster.Fault(
		kfake.Fault{
			Keys:  []kmsg.Key{kmsg.Produce, kmsg.CreateTopics, kmsg.CreatePartitions},
			Err:   kerr.KafkaStorageError,
			Count: -1,
			When:  below(b.cfg.ReserveBytes),
		},
		kfake.Fault{
			Keys:  []kmsg.Key{kmsg.OffsetCommit, kmsg.TxnOffsetCommit},
			Err:   kerr.KafkaStorageError,
			Count: -1,
			When:  below(b.cfg.ReserveBytes / 4),
		},
	)
}

package embedded

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestTrimmedPartitionGoesOn: a partition may be cut anywhere but at its end; stopped or
// killed after that, it goes on with the offset it had.
func TestTrimmedPartitionGoesOn(t *testing.T) {
	cfg := testConfig(t)
	b := start(t, cfg)
	c := client(b)
	createTopic(t, c, "calls")
	next := int64(0)
	for range 30 {
		next = mustProduce(t, c, "calls", make([]byte, 500)) + 1
	}
	for _, tc := range []struct {
		before int64
		empty  bool
	}{{next, true}, {-1, true}, {next + 5, true}, {next - 1, false}, {7, false}} {
		req := kmsg.NewPtrDeleteRecordsRequest()
		topic := kmsg.NewDeleteRecordsRequestTopic()
		topic.Topic = "calls"
		topic.Partitions = []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 0, Offset: tc.before}}
		req.Topics = append(req.Topics, topic)
		if got := b.empties(req); got != tc.empty {
			t.Errorf("before %d of %d: empties %v", tc.before, next, got)
		}
	}
	if err := b.cluster.DeleteRecords("calls", 0, next-1); err != nil && !errors.Is(err, kerr.OffsetOutOfRange) {
		t.Fatal(err)
	}
	for range 2 {
		stop(t, b)
		b = start(t, cfg)
		c = client(b)
		if offset := mustProduce(t, c, "calls", []byte("x")); offset != next {
			t.Fatalf("the next record has offset %d, want %d", offset, next)
		}
		next++
	}
}

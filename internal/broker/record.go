package broker

import "time"

// Header is one header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Record is one Kafka record. Produce reads Key, Value, Headers and Time (now
// when zero); reading fills all. Times are in UTC with milliseconds.
// A nil Value is Kafka's tombstone and stays distinct from an empty one.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Time      time.Time
	Key       []byte
	Value     []byte
	Headers   []Header
}

// Header gives the value of the first header of that key.
func (r *Record) Header(key string) ([]byte, bool) {
	for i := range r.Headers {
		if r.Headers[i].Key == key {
			return r.Headers[i].Value, true
		}
	}
	return nil, false
}

// TopicSpec is a topic as it should be.
type TopicSpec struct {
	Name              string
	Partitions        int
	ReplicationFactor int               // 1 when zero
	Config            map[string]string // Kafka's topic settings, as retention.ms
}

// OffsetRange is the extent of one partition: First is the oldest offset still
// there, Next the one the next record will get. Next − First bounds the number
// of records.
type OffsetRange struct {
	Partition int
	First     int64
	Next      int64
}

// Lag is the number of offsets between a committed position and the end.
func (r OffsetRange) Lag(committed int64) int64 { return max(r.Next-max(committed, r.First), 0) }

package broker

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/segmentio/kafka-go"
)

// Errors a caller acts on. They are wrapped: compare with errors.Is.
var (
	// ErrTooLarge marks a record that the topic's max.message.bytes, or the
	// client's own max_record_bytes, does not admit. Retrying is useless.
	ErrTooLarge = errors.New("record too large")

	// ErrFenced marks a commit by a member whose generation is over: its
	// partition may already belong to another, so nothing was committed.
	ErrFenced = errors.New("generation is over, the partition may belong to another member")

	// ErrUnknownTopic marks a topic the cluster does not have.
	ErrUnknownTopic = errors.New("unknown topic")

	// ErrBeyondEnd marks a position past the end of a partition: the topic was
	// deleted and created again, or the cluster lost its newest records.
	ErrBeyondEnd = errors.New("position is beyond the end of the partition")

	// ErrRecreated marks a topic that was deleted and created again while it was
	// read: positions in the old one mean nothing in the new one.
	ErrRecreated = errors.New("topic was deleted and created again")

	// ErrFewerPartitions marks an existing topic with fewer partitions than
	// asked for. It is never altered: keys would move between partitions.
	ErrFewerPartitions = errors.New("topic has fewer partitions than configured")

	// ErrClosed marks a call on a closed client.
	ErrClosed = errors.New("broker client is closed")
)

// RecordError tells why one record of a Produce call is not acknowledged.
type RecordError struct {
	Index int // of the record in the slice given to Produce
	Err   error
}

func (e RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index, e.Err) }

func (e RecordError) Unwrap() error { return e.Err }

// PartialError lists, by ascending index, the records of a Produce call that
// are not acknowledged; all others are. A record in it may still have reached
// the broker when its error is a transport error or the end of the context.
// errors.Is sees through to every record's error.
type PartialError struct {
	Topic  string
	Total  int // records given to Produce
	Failed []RecordError
}

func (e *PartialError) Error() string {
	if len(e.Failed) == 0 {
		return fmt.Sprintf("producing to %s: no record failed", e.Topic)
	}
	return fmt.Sprintf("producing to %s: %d of %d records not acknowledged, first %v",
		e.Topic, len(e.Failed), e.Total, e.Failed[0])
}

// Unwrap gives the distinct errors of the failed records.
func (e *PartialError) Unwrap() []error {
	var errs []error
	for _, f := range e.Failed {
		if n := len(errs); n == 0 || errs[n-1] != f.Err {
			errs = append(errs, f.Err)
		}
	}
	return errs
}

// transient tells whether a request that failed with err can succeed when it
// is repeated unchanged.
func transient(err error) bool {
	if err == nil {
		return false
	}
	if code, ok := errors.AsType[kafka.Error](err); ok {
		// LeaderNotAvailable and friends are marked temporary by kafka-go; the
		// two below are not, but pass: a topic just created is not yet known
		// everywhere, and a full disk gets room again.
		return code.Temporary() || code.Timeout() ||
			code == kafka.UnknownTopicOrPartition || code == kafka.KafkaStorageError ||
			code == kafka.BrokerNotAvailable
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.ErrClosedPipe) {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}

// reason is the bounded metric label of an error.
func reason(err error) string {
	switch code, ok := errors.AsType[kafka.Error](err); {
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	case errors.Is(err, ErrFenced):
		return "fenced"
	case errors.Is(err, ErrUnknownTopic):
		return "unknown_topic"
	case ok && code == kafka.KafkaStorageError:
		return "storage"
	case ok && code.Timeout():
		return "timeout"
	case ok:
		return "refused"
	case transient(err):
		return "network"
	default:
		return "other"
	}
}

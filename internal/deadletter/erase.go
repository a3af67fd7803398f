package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"

	"hotline12333/internal/broker"
)

// headerErased marks a record that takes the letters of its key before it away for good:
// they are neither listed nor opened nor replayed. Their sealed bytes go when the topic
// forgets them.
const headerErased = "erased"

// errErased is why a letter that is still there is not opened.
var errErased = errors.New("it was erased on a caller's request")

// Erase takes letters of a listing away for good.
func Erase(ctx context.Context, p Producer, topic string, entries []Entry, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	marks := make([]broker.Record, len(entries))
	for i, e := range entries {
		marks[i] = mark([]byte(e.key), headerErased, now)
	}
	if err := p.Produce(ctx, topic, marks); err != nil {
		return fmt.Errorf("erasing %d dead letters: %w", len(entries), err)
	}
	return nil
}

// Opened fetches and opens a letter of a listing, which holds none that was erased.
func (e *Entry) Opened(ctx context.Context, r Reader, topic string, identity age.Identity) (Letter, error) {
	rec, err := at(ctx, r, topic, e.partition, e.offset)
	if err != nil {
		return Letter{}, err
	}
	return Decode(rec, identity)
}

// mark says that the letters of a key before it are settled.
func mark(key []byte, header string, now time.Time) broker.Record {
	return broker.Record{
		Key: key, Value: []byte{},
		Headers: []broker.Header{{Key: header, Value: []byte(now.UTC().Format(time.RFC3339))}},
	}
}

func settles(rec *broker.Record) bool {
	_, replayed := rec.Header(headerReplayed)
	_, erased := rec.Header(headerErased)
	return replayed || erased
}

// notErased looks at what came after a letter.
func notErased(ctx context.Context, r Reader, topic string, rec broker.Record) error {
	extents, err := r.Offsets(ctx, topic)
	if err != nil {
		return err
	}
	for _, e := range extents {
		if e.Partition != rec.Partition {
			continue
		}
		return r.ReadRange(ctx, topic, e.Partition, rec.Offset+1, e.Next, func(recs []broker.Record) error {
			for i := range recs {
				if _, erased := recs[i].Header(headerErased); erased && bytes.Equal(recs[i].Key, rec.Key) {
					return errErased
				}
			}
			return nil
		})
	}
	return nil
}

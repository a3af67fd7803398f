package deadletter

import (
	"context"
	"fmt"
	"time"

	"filippo.io/age"

	"hotline12333/internal/broker"
)

// headerReplayed marks a record that takes the letters of its key before it off the
// list. Its value is the time of the replay.
const headerReplayed = "replayed"

// Producer writes records and returns when they are acknowledged.
type Producer interface {
	Produce(ctx context.Context, topic string, recs []broker.Record) error
}

var _ Producer = (*broker.Client)(nil)

// Replayer sends rejected records again.
type Replayer struct {
	Reader   Reader
	Producer Producer
	Identity age.Identity
	Topic    string // of the dead letters

	// Row takes a letter that never was in Kafka through the mapping of its source
	// once more. Nil: such letters are left where they are.
	Row func(ctx context.Context, l Letter) error

	// Now gives the time the marks carry; time.Now when nil.
	Now func() time.Time
}

// Replayed is what became of the letters given to Replay.
type Replayed struct {
	Sent int
	Kept []Kept
}

// Kept is a letter that was not replayed, and why.
type Kept struct {
	ID  string
	Why string
}

// Replay sends the letters of a listing again, those from Kafka to their topic with the
// key and the headers they had, and takes them off the list. A letter is marked after
// its record is acknowledged: an interruption between the two replays it twice, which
// changes no figure. The error is one of the broker or of ctx; what cannot be replayed
// is in Kept.
func (r Replayer) Replay(ctx context.Context, entries []Entry) (Replayed, error) {
	var out Replayed
	for _, e := range entries {
		why, err := r.one(ctx, e)
		if err != nil {
			return out, fmt.Errorf("replaying dead letter %s: %w", e.ID, err)
		}
		if why != "" {
			out.Kept = append(out.Kept, Kept{e.ID, why})
			continue
		}
		out.Sent++
	}
	return out, nil
}

func (r Replayer) one(ctx context.Context, e Entry) (why string, err error) {
	if !e.Letter.Replayable {
		return "it holds only a part of the record", nil
	}
	rec, err := at(ctx, r.Reader, r.Topic, e.partition, e.offset)
	if err != nil {
		return "", err
	}
	l, err := Decode(rec, r.Identity)
	if err != nil {
		return err.Error(), nil
	}
	switch {
	case l.Topic != "":
		again := broker.Record{Key: l.Key, Value: l.Bytes, Headers: l.Headers}
		if err := r.Producer.Produce(ctx, l.Topic, []broker.Record{again}); err != nil {
			return "", err
		}
	case r.Row == nil:
		return "it is a row of a file or a source: import it again", nil
	default:
		if err := r.Row(ctx, l); err != nil {
			if ctx.Err() != nil {
				return "", err
			}
			return err.Error(), nil
		}
	}
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	return "", r.Producer.Produce(ctx, r.Topic, []broker.Record{mark(rec.Key, headerReplayed, now())})
}

package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"hotline12333/internal/broker"
)

// How far a file was read says something of the Kafka that it was read into, and of no
// other: of a trial's, say, or of one whose data have been begun anew. They are told apart by
// the id of the topic of calls. What is not known yet may be read on: a record that comes
// twice counts once.

// whichWithin is how long it is asked which one it is, and whichEvery how often while it
// does not say.
const (
	whichWithin = 2 * time.Second
	whichEvery  = 5 * time.Second
)

// which tells the Kafka from others; empty: it does not say, or is not there.
func (im *Importer) which(ctx context.Context, within time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	id, err := im.broker.TopicID(ctx, im.topics.Calls)
	if err != nil {
		return "", fmt.Errorf("asking which Kafka it is: %w", err)
	}
	return id, nil
}

// know makes sure that what is remembered is of this Kafka, once it answers; of another one
// it is forgotten.
func (t *tail) know(ctx context.Context) error {
	if now := time.Now(); t.known || now.Before(t.nextAsk) {
		return nil
	}
	id, err := t.im.which(ctx, whichWithin)
	if err != nil {
		t.nextAsk = time.Now().Add(whichEvery)
		return nil // it is away, which is told where a record is sent
	}
	t.known = true
	switch t.state.Kafka {
	case id:
		return nil
	case "": // it is the first, or an older program has not noted it
	default:
		t.log.Warn("what was read of the file went to another Kafka, or its topics were made anew: the file is read from its start; import those before it once more")
		if err := os.Remove(t.statePath); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forgetting how far the file is: %w", err)
		}
		if err := t.resume(); err != nil {
			return err
		}
	}
	t.state.Kafka, t.dirty = id, true
	return t.save(true)
}

// know is the same of an import: one that was interrupted goes on in its own Kafka alone.
func (r *Run) know(ctx context.Context) error {
	id, err := r.im.which(ctx, r.im.cfg.GiveUp)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && r.resumed && r.state.Kafka != "" && !errors.Is(err, broker.ErrUnknownTopic):
		return fmt.Errorf("%w: it has not said within %v whether it is the one that the import was begun in; the same import, started again, goes on where it was: %w", ErrNoBroker, r.im.cfg.GiveUp, err)
	case err != nil || id == r.state.Kafka:
		return nil
	case r.state.Kafka != "":
		r.im.log.Warn("the interrupted import went to another Kafka, or its topics were made anew: the files are read from the start, as a new run")
		paths := make([]string, len(r.state.Files))
		for i := range paths {
			paths[i] = r.state.Files[i].Path
		}
		if r.state, err = newState(r.job, paths, time.Now()); err != nil {
			return err
		}
		r.resumed = false
	}
	r.state.Kafka = id
	return r.save()
}

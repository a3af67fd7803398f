package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hotline12333/internal/broker"
)

// deliver writes a batch and returns when Kafka has all of it. The dead letters go
// first: a row is never told to be accepted or rejected before it is safe.
func (im *Importer) deliver(ctx context.Context, b *batch) error {
	if len(b.letters) > 0 {
		letters := make([]broker.Record, len(b.letters))
		for i := range b.letters {
			var err error
			if letters[i], err = im.sealer.Encode(b.letters[i]); err != nil {
				return err
			}
		}
		err := im.produce(ctx, im.topics.Rejected, letters)
		if errors.Is(err, broker.ErrTooLarge) {
			err = im.shorten(ctx, b, letters, err)
		}
		if err != nil {
			return err
		}
	}
	for _, r := range b.records {
		if len(r.list) == 0 {
			continue
		}
		topic := im.topics.of(r.kind)
		err := im.produce(ctx, topic, r.list)
		if errors.Is(err, broker.ErrTooLarge) {
			err = fmt.Errorf("%w: raise max.message.bytes of topic %s, or batch_bytes and max_record_bytes of the broker section", err, topic)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shorten sends the letters a topic does not admit once more, with their beginnings only.
func (im *Importer) shorten(ctx context.Context, b *batch, letters []broker.Record, cause error) error {
	var partial *broker.PartialError
	if !errors.As(cause, &partial) {
		return cause
	}
	var again []broker.Record
	for _, f := range partial.Failed {
		if !errors.Is(f.Err, broker.ErrTooLarge) {
			return cause
		}
		im.log.Warn("dead letter shortened, the topic admits none of its size; raise its max.message.bytes",
			"topic", im.topics.Rejected, "origin", b.letters[f.Index].Origin, "bytes", len(letters[f.Index].Value))
		short, err := im.sealer.EncodeShort(b.letters[f.Index])
		if err != nil {
			return err
		}
		again = append(again, short)
	}
	return im.produce(ctx, im.topics.Rejected, again)
}

// pingEvery is how often Kafka is asked whether it is there while it is silent.
const pingEvery = time.Second

// produce waits for the acknowledgement, but not for ever: the client itself would try
// until ctx ends. It asks Kafka meanwhile, so that a slow one is not taken for a dead one.
func (im *Importer) produce(ctx context.Context, topic string, recs []broker.Record) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched, told := make(chan struct{}), false
	go func() {
		defer close(watched)
		if im.waiter != nil {
			told = im.outlast(inner)
		} else {
			im.watch(inner, cancel)
		}
	}()
	err := im.broker.Produce(inner, topic, recs)
	gaveUp := context.Cause(inner)
	cancel(nil)
	<-watched
	switch {
	case err == nil:
		if told {
			im.waiter.back()
		}
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(gaveUp, ErrNoBroker):
		// The records' own error tells the last attempt too, a full disk perhaps.
		var partial *broker.PartialError
		if errors.As(err, &partial) && len(partial.Failed) > 0 && errors.Is(partial.Failed[0].Err, ErrNoBroker) {
			gaveUp = partial.Failed[0].Err
		}
		return fmt.Errorf("%w; the same import, started again, goes on where it was", gaveUp)
	}
	return err
}

// watch ends a produce that gets no answer.
func (im *Importer) watch(ctx context.Context, giveUp context.CancelCauseFunc) {
	began := time.Now()
	seen := began
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ping, cancel := context.WithTimeout(ctx, 2*pingEvery)
		err := im.broker.Ping(ping)
		cancel()
		now := time.Now()
		switch {
		case err == nil && now.Sub(began) >= im.cfg.Stall:
			giveUp(fmt.Errorf("%w: it answers, but has acknowledged nothing for %v: is its disk full?", ErrNoBroker, im.cfg.Stall))
			return
		case err == nil:
			seen = now
		case now.Sub(seen) >= im.cfg.GiveUp:
			giveUp(fmt.Errorf("%w: it has not answered for %v", ErrNoBroker, im.cfg.GiveUp))
			return
		}
	}
}

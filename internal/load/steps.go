package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// The steps of a batch, as in the metrics, and what is asked before the first.
const (
	stepOpen     = "open"
	stepAnnounce = "announce"
	stepReject   = "reject"
	stepGuard    = "guard" // what is sealed, and who was erased
	stepLookup   = "lookup"
	stepCalls    = "calls"
	stepCallers  = "callers"
	stepVersions = "versions"
	stepRecords  = "records" // of topics that hold neither calls nor tickets
	stepTickets  = "tickets"
	stepAround   = "around" // which other buckets a batch touches
	stepLedger   = "ledger"
	stepMark     = "mark"
	stepCommit   = "commit"
)

func steps() []string {
	return []string{stepOpen, stepAnnounce, stepReject, stepGuard, stepLookup, stepCalls, stepCallers, stepVersions, stepRecords, stepTickets, stepAround, stepLedger, stepMark, stepCommit}
}

// announce writes ahead which range is being loaded: whoever holds the partition after
// this process died repeats exactly it, so that its inserts carry the same tokens.
func (w *worker) announce(ctx context.Context, b *batch) error {
	p := w.pos
	p.last, p.announced, p.closed, p.guarded = b.last, true, toUnix(b.guard.Closed), true
	return w.timed(stepAnnounce, func() error { return w.part.Commit(ctx, b.first, p.String()) })
}

func (w *worker) commit(ctx context.Context, b *batch) error {
	p := w.pos
	p.gaps += b.gaps()
	p.last, p.announced, p.closed, p.guarded = 0, false, 0, false
	err := w.timed(stepCommit, func() error { return w.part.Commit(ctx, b.last+1, p.String()) })
	if err == nil {
		w.pos = p
	}
	return err
}

// letterBytes is how much of the dead letters is sealed and sent at once.
const letterBytes = 8 << 20

// reject sends records to the topic of dead letters. On a replay they are sent again,
// under the same keys.
func (w *worker) reject(ctx context.Context, b *batch, rejected []rejection) error {
	if len(rejected) == 0 {
		return nil
	}
	return w.timed(stepReject, func() error {
		var letters []broker.Record
		var from []rejection
		size := 0
		for i, r := range rejected {
			rec, err := w.sealer.Encode(w.letter(b, r))
			if err != nil {
				return fmt.Errorf("rejecting offset %d: %w", b.records[r.index].Offset, err)
			}
			letters, from = append(letters, rec), append(from, r)
			if size += len(rec.Value); size < letterBytes && i < len(rejected)-1 {
				continue
			}
			if err := w.send(ctx, b, letters, from); err != nil {
				return err
			}
			letters, from, size = letters[:0], from[:0], 0
		}
		return nil
	})
}

// send produces dead letters. One that the topic does not admit is sent shortened: a
// topic set up too small must not stop the calls.
func (w *worker) send(ctx context.Context, b *batch, letters []broker.Record, from []rejection) error {
	return w.try(ctx, stepReject, func(ctx context.Context) error {
		err := w.broker.Produce(ctx, w.topics.Rejected, letters)
		partial, ok := errors.AsType[*broker.PartialError](err)
		if !ok || !errors.Is(err, broker.ErrTooLarge) {
			return err
		}
		for _, f := range partial.Failed {
			if !errors.Is(f.Err, broker.ErrTooLarge) {
				continue
			}
			w.log.Error("dead letter shortened, the topic admits none of its size; raise its max.message.bytes",
				"to", w.topics.Rejected, "bytes", len(letters[f.Index].Value), "offset", b.records[from[f.Index].index].Offset)
			short, err := w.sealer.EncodeShort(w.letter(b, from[f.Index]))
			if err != nil {
				return err
			}
			letters[f.Index] = short
		}
		return err // tried again with the short ones
	})
}

func (w *worker) letter(b *batch, r rejection) deadletter.Letter {
	rec := &b.records[r.index]
	return deadletter.Letter{
		Reason: r.err.Reason, Field: r.err.Field, Detail: r.err.Detail,
		Origin: headerText(header(rec, "origin"), maxOrigin), Run: headerText(header(rec, "run"), maxRun),
		Topic: w.topic, Partition: w.id, Offset: rec.Offset, Fingerprint: w.topicID,
		Key: rec.Key, Headers: rec.Headers, Bytes: rec.Value, Replayable: true,
	}
}

func (b *batch) rejectedRuns() []string {
	runs := make([]string, len(b.rejected))
	for i, r := range b.rejected {
		runs[i] = headerText(header(&b.records[r.index], "run"), maxRun)
	}
	return runs
}

func (w *worker) insertLedger(ctx context.Context, id store.Batch, lines []store.Ledger) error {
	if len(lines) == 0 {
		lines = []store.Ledger{{}} // nothing but gaps: leave a trace of the range
	}
	return w.timed(stepLedger, func() error {
		return w.try(ctx, stepLedger, func(ctx context.Context) error {
			return w.store.InsertLedger(ctx, id, lines)
		})
	})
}

// mark tells the aggregator which buckets to recompute, after all is stored that it
// should see.
func (w *worker) mark(ctx context.Context, buckets []time.Time) error {
	if len(buckets) == 0 {
		return nil
	}
	marks := make([]broker.Record, len(buckets))
	for i, at := range buckets {
		marks[i] = broker.Record{Key: strconv.AppendInt(nil, at.Unix(), 10), Value: []byte{}}
	}
	return w.timed(stepMark, func() error {
		return w.try(ctx, stepMark, func(ctx context.Context) error {
			return w.broker.Produce(ctx, w.topics.Touched, marks)
		})
	})
}

func (w *worker) timed(step string, do func() error) error {
	started := time.Now()
	err := do()
	w.metrics.stepSeconds.WithLabelValues(step).Observe(time.Since(started).Seconds())
	return err
}

// asRefused is why a record the store refuses is rejected. The store's text may quote the
// value, so it goes to the log and not into the letter.
func asRefused() *hotline.RejectError {
	return hotline.Reject(hotline.Refused, "", "the store does not take this record")
}

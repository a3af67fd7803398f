package load

import (
	"context"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// partition is what load needs of a [broker.Partition]. Commit is called while another
// goroutine is in Fetch.
type partition interface {
	Fetch(ctx context.Context, cfg broker.FetchConfig) ([]broker.Record, error)
	Commit(ctx context.Context, next int64, metadata string) error
	SeekTo(offset int64)
	Position() int64
	HighWatermark() int64
}

var _ partition = (*broker.Partition)(nil)

// batch is a contiguous range of offsets, decoded.
type batch struct {
	first, last int64
	announced   bool // its range is committed already
	records     []broker.Record
	bytes       int
	accepted    []record
	rejected    []rejection
	known       map[string][]store.Version // the registered versions of its calls
	guard       store.Guard
	sealed      map[string]struct{}              // those of its calls, or tickets, that sealed tallies count
	tickets     map[string][]store.TicketVersion // as known, where the guard needs it
}

// rejection is a record that cannot be counted.
type rejection struct {
	index int // in the batch's records
	err   *hotline.RejectError
}

// recycle empties the batch to be filled again. Much more memory than it has used is
// given back.
func (b *batch) recycle() *batch {
	if cap(b.records) > oversize(len(b.records)) {
		return &batch{}
	}
	clear(b.records)
	clear(b.accepted)
	clear(b.rejected)
	return &batch{records: b.records[:0], accepted: b.accepted[:0], rejected: b.rejected[:0]}
}

// gaps is the number of offsets in the range that hold no record.
func (b *batch) gaps() int64 { return b.last - b.first + 1 - int64(len(b.records)) }

// reader cuts batches off a partition. One goroutine uses it.
type reader struct {
	part    partition
	cfg     Config
	decoder *wire.Decoder
	kind    decodeFunc
	runs    interner
	used    chan *batch     // batches to fill again
	next    int64           // first offset of the next batch
	pending []broker.Record // fetched and not yet in a batch
	arrived time.Time       // of pending
}

func newReader(part partition, cfg Config, first int64, kind decodeFunc) *reader {
	return &reader{part: part, cfg: cfg, decoder: wire.NewDecoder(), kind: kind, used: make(chan *batch, 2), next: first}
}

// idleWait is how long an idle fetch lasts; the end of the context cuts it short.
const idleWait = 5 * time.Second

// busyWait is how often a reader that waits for the loader looks for more to add.
const busyWait = 20 * time.Millisecond

// run cuts batches and hands them over until ctx ends or the partition cannot be read.
// A batch is handed over when it is full, and Config.BatchWait after its first record;
// while nobody takes it, it grows until it is full, and then nothing more is read.
func (r *reader) run(ctx context.Context, out chan<- *batch) error {
	for {
		b := r.batch()
		if err := r.await(ctx); err != nil {
			return err
		}
		deadline := r.arrived.Add(r.cfg.BatchWait)
		for !r.fill(b) {
			if wait := time.Until(deadline); wait > 0 {
				if err := r.fetch(ctx, wait); err != nil {
					return err
				}
				continue
			}
			sent, err := offer(ctx, out, b)
			if err != nil {
				return err
			}
			if sent {
				b = nil
				break
			}
			if err := r.fetch(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		if b == nil {
			continue
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *reader) batch() *batch {
	b := &batch{}
	select {
	case b = <-r.used:
	default:
	}
	b.first = r.next
	return b
}

// done takes back a batch that nobody needs any more.
func (r *reader) done(b *batch) {
	select {
	case r.used <- b.recycle():
	default:
	}
}

func offer(ctx context.Context, out chan<- *batch, b *batch) (bool, error) {
	t := time.NewTimer(busyWait)
	defer t.Stop()
	select {
	case out <- b:
		return true, nil
	case <-t.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// await returns when at least one record is pending.
func (r *reader) await(ctx context.Context) error {
	for len(r.pending) == 0 {
		if err := r.fetch(ctx, idleWait); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) fetch(ctx context.Context, wait time.Duration) error {
	if len(r.pending) > 0 {
		return nil
	}
	recs, err := r.part.Fetch(ctx, broker.FetchConfig{MaxBytes: r.cfg.FetchBytes, MinBytes: 1, MaxWait: wait})
	if err != nil {
		return err
	}
	r.pending, r.arrived = recs, time.Now()
	return nil
}

// fill takes pending records into the batch, decoded; true when the batch is full.
func (r *reader) fill(b *batch) bool {
	full := false
	n := 0
	for n < len(r.pending) && !full {
		size := sizeOf(&r.pending[n])
		if len(b.records)+n > 0 && b.bytes+size > r.cfg.BatchBytes {
			full = true
			break
		}
		b.bytes += size
		n++
		full = len(b.records)+n >= r.cfg.BatchRows
	}
	r.take(b, n)
	return full
}

// exactly cuts the range from the reader's position to last, whatever its size.
func (r *reader) exactly(ctx context.Context, last int64) (*batch, error) {
	b := &batch{first: r.next, announced: true}
	for {
		n := 0
		for n < len(r.pending) && r.pending[n].Offset <= last {
			b.bytes += sizeOf(&r.pending[n])
			n++
		}
		r.take(b, n)
		if len(r.pending) > 0 || r.part.Position() > last {
			break
		}
		if err := r.fetch(ctx, idleWait); err != nil {
			return nil, err
		}
	}
	b.last, r.next = last, last+1
	return b, nil
}

func sizeOf(rec *broker.Record) int {
	size := len(rec.Key) + len(rec.Value)
	for i := range rec.Headers {
		size += len(rec.Headers[i].Key) + len(rec.Headers[i].Value)
	}
	return size
}

// take moves the first n pending records into the batch and decodes them.
func (r *reader) take(b *batch, n int) {
	if n == 0 {
		return
	}
	at := len(b.records)
	b.records = append(b.records, r.pending[:n]...)
	r.pending = r.pending[n:]
	for i := at; i < len(b.records); i++ {
		r.decode(b, i)
	}
	b.last = b.records[len(b.records)-1].Offset
	r.next = b.last + 1
}

func (r *reader) decode(b *batch, i int) {
	rec := &b.records[i]
	out, key, field, err := r.kind(r.decoder, rec.Value)
	if err == nil && string(rec.Key) != key {
		err = hotline.Reject(hotline.KeyMismatch, field, "the record's Kafka key is not its %s", field)
	}
	if err != nil {
		b.rejected = append(b.rejected, rejection{index: i, err: asReject(err)})
		return
	}
	out.index = i
	out.run, out.origin = r.runs.text(header(rec, "run"), maxRun), headerText(header(rec, "origin"), maxOrigin)
	b.accepted = append(b.accepted, out)
}

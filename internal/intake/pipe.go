package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/personal"
	"hotline12333/internal/wire"
)

// batch is some rows of one file on their way to Kafka.
type batch struct {
	records []records // of every kind, in the order in which they are written
	count   int       // of all of them
	letters []deadletter.Letter
	arena   []byte          // of keys, values and origins
	headers []broker.Header // of the records
	size    int

	end    *wire.Position // after the last row, nil when there was none
	bytes  int64          // of the file on the disk before end
	counts Counts         // of the run, up to end
}

func newBatch() *batch {
	b := new(batch)
	for _, k := range Kinds() {
		b.records = append(b.records, records{kind: k})
	}
	return b
}

func (b *batch) reset() {
	for i := range b.records {
		b.records[i].list = b.records[i].list[:0]
	}
	*b = batch{records: b.records, letters: b.letters[:0], arena: b.arena[:0], headers: b.headers[:0]}
}

// pipe takes items from a source to Kafka: one goroutine reads, another sends, so that
// both the processor and the disk of the broker have something to do.
type pipe struct {
	im     *Importer
	name   string // of the file, as it was given
	place  Place  // of rejected rows
	origin string // the file, as records name it
	runID  []byte
	onDisk func(wire.Position) int64 // bytes of the file before a place; it may be nil
	acked  func(*batch) error        // told of each batch once Kafka has it, in order

	filled chan *batch
	free   chan *batch
	cur    *batch
	counts Counts // of the run
}

const batches = 3 // being read, waiting, being sent

func (im *Importer) newPipe(name string, place Place) *pipe {
	p := &pipe{
		im: im, name: name, place: place, origin: personal.Scrub(filepath.ToSlash(filepath.Clean(name))), runID: []byte(place.Run),
		free: make(chan *batch, batches),
	}
	p.place.Fingerprint = im.fingerprint
	for range batches {
		p.free <- newBatch()
	}
	return p
}

// flow takes what read tells to Kafka; it returns when Kafka has all of it.
func (p *pipe) flow(ctx context.Context, counts Counts, read func(context.Context, func(*wire.Item) error) error) error {
	p.counts, p.filled = counts, make(chan *batch, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.read(ctx, read) })
	g.Go(func() error { return p.send(ctx) })
	return g.Wait()
}

func (p *pipe) read(ctx context.Context, read func(context.Context, func(*wire.Item) error) error) error {
	defer close(p.filled)
	p.cur = <-p.free
	if err := read(ctx, func(it *wire.Item) error { return p.add(ctx, it) }); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	b := p.cur
	p.cur = nil
	return p.push(ctx, b)
}

// add takes over one item; what it holds is copied. A batch ends where the place after its
// last item is another one than after the next: several items of one place are told again
// or not together.
func (p *pipe) add(ctx context.Context, it *wire.Item) error {
	if b := p.cur; p.full(b) && it.Next != *b.end {
		if err := p.push(ctx, b); err != nil {
			return err
		}
		select {
		case p.cur = <-p.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	b := p.cur
	p.counts.Read++
	switch kind := kindOf(it); {
	case kind != "":
		p.counts.accept(kind)
		p.accept(b, kind, it)
	case it.Rejected != nil:
		p.counts.Rejected[string(it.Rejected.Reason)]++
		b.letters = append(b.letters, p.letter(it))
		b.size += len(it.Raw)
	default:
		p.counts.Ignored[it.Ignored]++
	}
	b.end = &wire.Position{Offset: it.Next.Offset, Line: it.Next.Line}
	return nil
}

func (p *pipe) full(b *batch) bool {
	return b.count+len(b.letters) >= p.im.cfg.BatchRecords || b.size+len(b.arena) >= p.im.cfg.BatchBytes
}

// The sealed headers of a row: what is needed, beside its bytes, to read it again.
const (
	headerColumns = "columns"
	headerContext = "context"
)

func (p *pipe) letter(it *wire.Item) deadletter.Letter {
	at := p.place
	at.Origin = p.origin + ":" + strconv.FormatInt(it.Line, 10)
	return NewLetter(it, at)
}

// push hands a batch to the sender.
func (p *pipe) push(ctx context.Context, b *batch) error {
	b.counts = p.counts.clone()
	if b.end != nil && p.onDisk != nil {
		b.bytes = p.onDisk(*b.end)
	}
	select {
	case p.filled <- b:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (p *pipe) send(ctx context.Context) error {
	for b := range p.filled {
		if b.end != nil {
			started := time.Now()
			if err := p.im.deliver(ctx, b); err != nil {
				return fmt.Errorf("importing %s: %w", p.name, err)
			}
			p.im.metrics.batches.Observe(time.Since(started).Seconds())
			if err := p.acked(b); err != nil {
				return err
			}
		}
		b.reset()
		p.free <- b
	}
	return nil
}

// columnsOf and contextOf read the sealed headers of a row back.
func columnsOf(l *deadletter.Letter) (columns []string, err error) {
	err = sealedHeader(l, headerColumns, &columns)
	return columns, err
}

func contextOf(l *deadletter.Letter) (c map[string]string, err error) {
	err = sealedHeader(l, headerContext, &c)
	return c, err
}

func sealedHeader(l *deadletter.Letter, key string, into any) error {
	for _, h := range l.Headers {
		if h.Key == key {
			if err := json.NewDecoder(bytes.NewReader(h.Value)).Decode(into); err != nil {
				return fmt.Errorf("the dead letter's %s: %w", key, err)
			}
		}
	}
	return nil
}

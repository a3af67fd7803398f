package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

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

// pipe takes one file from its source to Kafka: one goroutine reads, another sends, so
// that both the processor and the disk of the broker have something to do.
type pipe struct {
	run    *Run
	file   *inFile
	st     *fileState
	origin string // the file, as records name it
	runID  []byte
	filled chan *batch
	free   chan *batch
	cur    *batch
	counts Counts
}

const batches = 3 // being read, waiting, being sent

func newPipe(r *Run, f *inFile, st *fileState) *pipe {
	p := &pipe{
		run: r, file: f, st: st, origin: personal.Scrub(filepath.ToSlash(filepath.Clean(f.name))), runID: []byte(r.state.Run),
		filled: make(chan *batch, 1), free: make(chan *batch, batches), counts: r.Counts(),
	}
	for range batches {
		p.free <- newBatch()
	}
	return p
}

func (p *pipe) read(ctx context.Context) error {
	defer close(p.filled)
	in, err := p.file.reader(ctx)
	if err != nil {
		return err
	}
	p.cur = <-p.free
	input := Input{Reader: in, Name: p.file.name}
	if p.st.At != nil {
		input.From = *p.st.At
	}
	if err := p.run.job.Read(ctx, input, func(it *wire.Item) error { return p.add(ctx, it) }); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return p.push(ctx)
}

// add takes over one item; what it holds is copied. A batch ends where the place after its
// last item is another one than after the next: several items of one place are told again
// or not together.
func (p *pipe) add(ctx context.Context, it *wire.Item) error {
	if b := p.cur; p.full(b) && it.Next != *b.end {
		if err := p.push(ctx); err != nil {
			return err
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
	return b.count+len(b.letters) >= p.run.im.cfg.BatchRecords || b.size+len(b.arena) >= p.run.im.cfg.BatchBytes
}

// The sealed headers of a row: what is needed, beside its bytes, to read it again.
const (
	headerColumns = "columns"
	headerContext = "context"
)

func (p *pipe) letter(it *wire.Item) deadletter.Letter {
	return NewLetter(it, Place{
		Source: p.run.job.Source, Origin: p.origin + ":" + strconv.FormatInt(it.Line, 10), Run: p.run.state.Run,
		Context: p.run.job.Context, Fingerprint: p.run.im.fingerprint,
	})
}

// push hands the current batch to the sender and takes an empty one.
func (p *pipe) push(ctx context.Context) error {
	b := p.cur
	b.counts = p.counts.clone()
	if b.end != nil {
		b.bytes = p.file.consumed(*b.end)
	}
	select {
	case p.filled <- b:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case p.cur = <-p.free:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (p *pipe) send(ctx context.Context, progress func(Progress)) error {
	r := p.run
	for b := range p.filled {
		if b.end != nil {
			started := time.Now()
			if err := r.im.deliver(ctx, b); err != nil {
				return fmt.Errorf("importing %s: %w", p.file.name, err)
			}
			r.im.metrics.batches.Observe(time.Since(started).Seconds())
			r.im.metrics.add(r.job.Source, &r.state.Counts, &b.counts)
			end, id := *b.end, p.file.id
			r.state.Counts, p.st.At, p.st.ID = b.counts, &end, &id
			if time.Since(r.saved) >= saveEvery {
				if err := r.checkpoint(p.file, p.st); err != nil {
					return err
				}
			}
			progress(Progress{File: p.file.name, Bytes: r.done + b.bytes, Total: r.total, Rows: b.counts.Read})
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

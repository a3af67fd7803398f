package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
)

// assignment is the partition a worker was given, and where its group stands in it.
type assignment struct {
	id       int
	start    int64
	metadata string
	topicID  string
}

// worker loads one partition for as long as it holds it.
type worker struct {
	*Loader
	assignment
	part    partition
	log     *slog.Logger
	label   string // the partition, as in the metrics
	gauges  partitionGauges
	leaving <-chan struct{} // closed when the worker should end

	pos   position // as last committed, without the announcement
	epoch uint16
	books books
}

func (l *Loader) worker(a assignment, part partition) *worker {
	label := strconv.Itoa(a.id)
	return &worker{
		Loader: l, assignment: a, part: part, label: label,
		log:    l.log.With("topic", l.topics.Calls, "partition", a.id),
		gauges: l.metrics.partition(label),
	}
}

// errLeaving ends a step that would otherwise be repeated.
var errLeaving = errors.New("the partition is being given up")

// run returns nil when the partition was given up, else why it cannot be loaded.
func (w *worker) run(ctx context.Context) error {
	defer w.metrics.forget(w.label)
	w.leaving = ctx.Done()
	work, stop := outlive(ctx, w.cfg.ShutdownGrace)
	defer stop()

	first, err := w.begin(work)
	for err == nil {
		err = w.session(ctx, work, first)
		if !errors.Is(err, broker.ErrBeyondEnd) {
			break
		}
		first, err = 0, w.startOver(work, fmt.Sprintf("offset %d is beyond the end of the partition", w.part.Position()))
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, broker.ErrFenced):
		// Someone else holds the partition. Its records are read again there, so there
		// is nothing to do but to wait until this side has noticed too.
		w.log.Warn("the partition was taken by another loader, batch dropped", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(fencedWait):
		}
	}
	return err
}

// fencedWait bounds the wait for the end of a generation that is known to be over.
const fencedWait = time.Minute

// outlive returns a context that ends grace after ctx, so that what has been begun can be
// finished.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-work.Done():
		}
	})
	return work, func() {
		unhook()
		cancel()
	}
}

// begin finds where to read: at the commit, with the range announced there first.
func (w *worker) begin(ctx context.Context) (first int64, err error) {
	w.pos = parsePosition(w.metadata)
	switch {
	case w.pos.topic == "":
		w.pos = position{topic: w.topicID}
	case !w.pos.of(w.topicID):
		return 0, w.startOver(ctx, "the topic was deleted and created again")
	case w.pos.announced && w.pos.last >= w.part.HighWatermark():
		return 0, w.startOver(ctx, fmt.Sprintf("offset %d was read before and is beyond the end now", w.pos.last))
	}
	return w.start, w.open(ctx)
}

// startOver reads the whole partition again, under an epoch of its own, because the
// offsets read so far mean nothing in it. That changes no figure: every record says
// itself which call and version it is.
func (w *worker) startOver(ctx context.Context, why string) error {
	id := w.topicID
	if w.pos.of(id) { // the same topic, whose end has been lost
		id += "@" + strconv.FormatInt(w.part.HighWatermark(), 10)
	}
	w.log.Error("reading the partition again from its beginning", "reason", why)
	w.pos = position{topic: id}
	w.part.SeekTo(0)
	return w.open(ctx)
}

// open registers the topic's incarnation and opens the books on it.
func (w *worker) open(ctx context.Context) error {
	err := w.try(ctx, "open", func(ctx context.Context) (err error) {
		w.epoch, err = w.store.TopicEpoch(ctx, w.topics.Calls, w.pos.topic)
		return err
	})
	if err != nil {
		return fmt.Errorf("registering topic %s: %w", w.topics.Calls, err)
	}
	w.books = books{gaps: w.pos.gaps}
	return nil
}

// session reads and loads from first on. One goroutine cuts and decodes the next batch
// while the other loads the one before.
func (w *worker) session(ctx, work context.Context, first int64) error {
	r := newReader(w.part, w.cfg, first)
	if w.pos.announced {
		b, err := r.exactly(ctx, w.pos.last)
		if err == nil {
			err = w.load(work, b)
		}
		if err != nil {
			return err
		}
	}
	reading, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	defer done.Wait()
	defer stop()
	batches := make(chan *batch)
	failed := make(chan error, 1)
	done.Go(func() { failed <- r.run(reading, batches) })

	reconcile := time.NewTicker(w.cfg.ReconcileEvery)
	defer reconcile.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		case <-reconcile.C:
			w.reconcile(work)
		case b := <-batches:
			if err := w.load(work, b); err != nil {
				return err
			}
			w.gauges.lag.Set(float64(max(w.part.HighWatermark()-b.last-1, 0)))
		}
	}
}

// load takes a batch through its steps. Dying between any two of them is harmless:
// nothing is committed before all is written, and the next to hold the partition repeats
// the same range.
func (w *worker) load(ctx context.Context, b *batch) error {
	started := time.Now()
	id := store.Batch{Topic: w.topics.Calls, Epoch: w.epoch, Partition: w.id, First: b.first, Last: b.last}
	if !b.announced {
		if err := w.announce(ctx, b); err != nil { // step 1
			return err
		}
	}
	if err := w.reject(ctx, b, b.rejected); err != nil { // step 2
		return err
	}
	p, err := w.insertCalls(ctx, b, id) // steps 3 and 4
	if err != nil {
		return err
	}
	if err := w.insertVersions(ctx, id, p.versions); err != nil { // step 5
		return err
	}
	if err := w.insertLedger(ctx, id, p.ledger); err != nil { // step 6
		return err
	}
	if err := w.mark(ctx, p.marks); err != nil { // step 7
		return err
	}
	if err := w.commit(ctx, b); err != nil { // step 8
		return err
	}
	w.metrics.loaded(b, p, time.Since(started))
	w.books.loaded(b)
	return nil
}

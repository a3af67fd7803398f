package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

	pos     position // as last committed, without the announcement
	epoch   uint16
	books   books
	planner *planner
	latest  []store.Version // registered by the batch before, which the look-up may not have seen
}

func (l *Loader) worker(a assignment, part partition) *worker {
	label := strconv.Itoa(a.id)
	return &worker{
		Loader: l, assignment: a, part: part, label: label,
		log:    l.log.With("topic", l.topic, "partition", a.id),
		gauges: l.metrics.partition(label), planner: newPlanner(),
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
		return w.start, w.account(ctx, w.start)
	case !w.pos.of(w.topicID):
		return 0, w.startOver(ctx, "the topic was deleted and created again")
	case w.pos.announced && w.pos.last >= w.part.HighWatermark():
		return 0, w.startOver(ctx, fmt.Sprintf("offset %d was read before and is beyond the end now", w.pos.last))
	}
	w.epoch, err = w.register(ctx, w.pos.topic)
	w.books = books{from: w.pos.from, gaps: w.pos.gaps}
	return w.start, err
}

// startOver reads the whole partition again, because the offsets read so far mean nothing
// in it. That changes no figure: every record says itself which call and version it is.
func (w *worker) startOver(ctx context.Context, why string) error {
	w.log.Error("reading the partition again from its beginning", "reason", why)
	w.part.SeekTo(0)
	return w.account(ctx, 0)
}

// account opens a new account of offsets, from one on, under an epoch in which nothing is
// booked yet: a partition that is read again, after someone has set the group's offsets
// or the cluster has forgotten them, is cut into other batches, and neither the tokens
// nor the ledger's lines of the first time may meet those of the second.
func (w *worker) account(ctx context.Context, from int64) error {
	for n := 0; ; n++ {
		id := w.topicID
		if n > 0 {
			id += "@" + strconv.Itoa(n)
		}
		epoch, err := w.register(ctx, id)
		if err != nil {
			return err
		}
		var first int64
		err = w.try(ctx, stepOpen, func(ctx context.Context) (err error) {
			_, first, _, err = w.store.LedgerSum(ctx, w.topic, epoch, w.id)
			return err
		})
		if err != nil {
			return fmt.Errorf("reading the ledger of partition %d: %w", w.id, err)
		}
		if first < 0 {
			w.pos, w.epoch, w.books = position{topic: id, from: from}, epoch, books{from: from}
			return nil
		}
	}
}

func (w *worker) register(ctx context.Context, id string) (epoch uint16, err error) {
	err = w.try(ctx, stepOpen, func(ctx context.Context) (err error) {
		epoch, err = w.store.TopicEpoch(ctx, w.topic, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("registering topic %s: %w", w.topic, err)
	}
	return epoch, nil
}

// session reads and loads from first on, in three stages that work on a batch each: one
// cuts and decodes, one looks its calls up, one writes.
func (w *worker) session(ctx, work context.Context, first int64) error {
	w.gauges.lag.Set(float64(max(w.part.HighWatermark()-first, 0)))
	w.latest = nil
	r := newReader(w.part, w.cfg, first, w.kind.decode)
	if w.pos.announced {
		b, err := r.exactly(ctx, w.pos.last)
		if err == nil {
			err = w.lookup(work, b)
		}
		if err == nil {
			err = w.load(work, b)
		}
		if err != nil {
			return err
		}
	}
	stages, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	defer done.Wait()
	defer stop()
	decoded, batches, failed := make(chan *batch), make(chan *batch), make(chan error, 2)
	done.Go(func() { failed <- r.run(stages, decoded) })
	done.Go(func() { failed <- w.lookAhead(stages, decoded, batches) })

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
			r.done(b)
		}
	}
}

// lookup brings what the batch needs to know before it is written.
func (w *worker) lookup(ctx context.Context, b *batch) error {
	err := w.timed(stepGuard, func() error {
		return w.try(ctx, stepGuard, func(ctx context.Context) (err error) {
			b.guard, err = w.store.Guard(ctx, w.kind.seals())
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("asking what is sealed: %w", err)
	}
	if b.announced && w.pos.guarded { // as it was when the range was begun
		b.guard.Closed = fromUnix(w.pos.closed)
	}
	return w.kind.lookup(ctx, w, b)
}

// lookAhead looks up the records of a batch while the one before is being written. A batch
// is taken to be written only after the one before it is done, so what a look-up may miss
// are the versions of exactly one batch, see merge.
func (w *worker) lookAhead(ctx context.Context, in <-chan *batch, out chan<- *batch) error {
	for {
		select {
		case b := <-in:
			if err := w.lookup(ctx, b); err != nil {
				return err
			}
			select {
			case out <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// merge adds what the batch before has registered since the look-up, or during it.
func (w *worker) merge(b *batch) {
	if len(w.latest) == 0 || len(b.accepted) == 0 {
		return
	}
	here := make(map[string]struct{}, len(b.accepted))
	for i := range b.accepted {
		here[b.accepted[i].call.ID] = struct{}{}
	}
	for _, v := range w.latest {
		if _, ok := here[v.CallID]; ok {
			if b.known == nil {
				b.known = map[string][]store.Version{}
			}
			b.known[v.CallID] = append(b.known[v.CallID], v)
		}
	}
}

// load takes a batch, looked up before, through its steps. Dying between any two of them is harmless:
// nothing is committed before all is written, and the next to hold the partition repeats
// the same range.
func (w *worker) load(ctx context.Context, b *batch) error {
	started := time.Now()
	id := store.Batch{Topic: w.topic, Epoch: w.epoch, Partition: w.id, First: b.first, Last: b.last}
	if !b.announced {
		if err := w.announce(ctx, b); err != nil { // step 1
			return err
		}
	}
	w.kind.guard(w, b)
	if err := w.reject(ctx, b, b.rejected); err != nil { // step 2
		return err
	}
	p, err := w.kind.write(ctx, w, b, id) // steps 4 and 5; step 3 is lookAhead
	if err != nil {
		return err
	}
	if err := w.insertLedger(ctx, id, p.ledger); err != nil { // step 6
		return err
	}
	// What was counted in a closed quarter hour stays, whoever calls again after it.
	p.marks = slices.DeleteFunc(p.marks, func(at time.Time) bool { return at.Before(b.guard.Closed) })
	if err := w.mark(ctx, p.marks); err != nil { // step 7
		return err
	}
	if err := w.commit(ctx, b); err != nil { // step 8
		return err
	}
	w.metrics.loaded(b, p, time.Since(started))
	w.books.loaded(b)
	w.latest = p.versions // the planner keeps them until its next plan, which is after merge
	return nil
}

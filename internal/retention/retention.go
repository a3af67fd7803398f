package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/broker"
	"hotline12333/internal/store"
)

// Store is what retention needs of ClickHouse; *store.Store has it.
type Store interface {
	Horizons(ctx context.Context, of store.Sealed) (store.Horizons, error)
	RaiseHorizon(ctx context.Context, of store.Sealed, step store.HorizonStep, horizon time.Time) error
	FirstTally(ctx context.Context, of store.Sealed) (time.Time, error)
	FirstOpenTicket(ctx context.Context) (time.Time, error)
	SealTallies(ctx context.Context, of store.Sealed, from, to time.Time) error
	RememberSealed(ctx context.Context, of store.Sealed, before time.Time) error
	Removable(ctx context.Context, of store.Sealed, before time.Time) (store.Removed, error)
	RemoveSealed(ctx context.Context, of store.Sealed, before time.Time) (store.Removed, error)
	Expired(ctx context.Context, what store.Expiry, before time.Time) (uint64, error)
	Expire(ctx context.Context, what store.Expiry, before time.Time) (uint64, error)
}

// Broker is what retention needs of Kafka; *broker.Client has it.
type Broker interface {
	Offsets(ctx context.Context, topic string) ([]broker.OffsetRange, error)
	OffsetsAt(ctx context.Context, topic string, at time.Time) ([]int64, error)
	Committed(ctx context.Context, group, topic string) (map[int]int64, error)
	DeleteBefore(ctx context.Context, topic string, partition int, before int64) error
}

var (
	_ Store  = (*store.Store)(nil)
	_ Broker = (*broker.Client)(nil)
)

// Deps is what a Worker needs from its surroundings.
type Deps struct {
	Store  Store
	Broker Broker

	// Loaded are the topics whose records are in the store, with the group that brings them.
	Loaded   map[string]string
	Rejected string // the topic of dead letters

	// Settled returns when every record that was on Kafka when it was called is loaded and
	// counted, or with the error of its context.
	Settled func(ctx context.Context) error

	// AddWorkingDays is the end of a term of n working days that began at t.
	AddWorkingDays func(t time.Time, n int) (time.Time, error)

	// Record writes down that something is about to be removed. What it refuses stays.
	Record func(what string) error

	// Again does what is to be done again to what was brought since: who was erased stays so.
	Again func(ctx context.Context) error // may be nil

	Log        *slog.Logger          // nil: nothing is logged
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported
}

// Worker removes what has been kept long enough.
type Worker struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	metrics *metrics
}

// New returns a worker at rest.
func New(cfg Config, deps Deps) (*Worker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("retention: registering metrics: %w", err)
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Worker{cfg: cfg, deps: deps, log: deps.Log, metrics: m}, nil
}

// Kind is a kind of data that is kept for a time of its own.
type Kind string

// The kinds.
const (
	Calls         Kind = "calls"
	Tickets       Kind = "tickets"
	SealedNumbers Kind = "sealed_numbers"
	Supplements   Kind = "supplements"
	AgentStates   Kind = "agent_states"
	Rejected      Kind = "rejected"
	Topics        Kind = "topics"
)

// Kinds are all of them, in the order in which they are removed.
func Kinds() []Kind {
	return []Kind{Calls, Tickets, SealedNumbers, Supplements, AgentStates, Rejected, Topics}
}

// Item is what a run finds, or does, of one kind.
type Item struct {
	Kind   Kind
	Keep   string    // how long, in words
	Before time.Time // what is older goes; zero: nothing does
	Rows   uint64    // that are older, or were removed
	Sealed time.Time // of calls and tickets: the quarter hours before are sealed
	Waits  string    // why what is old enough is still there; empty where nothing is
}

// Run looks for what has been kept long enough until ctx ends. What fails is reported and
// tried again the next time.
func (w *Worker) Run(ctx context.Context) error {
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		if _, err := w.Apply(ctx, time.Now()); err != nil && ctx.Err() == nil {
			w.log.Error("removing what has been kept long enough failed, trying again later", "error", err, "next_try", w.cfg.Every)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Plan says what a run at the time would remove.
func (w *Worker) Plan(ctx context.Context, now time.Time) ([]Item, error) {
	return w.each(now, func(k kind, item *Item) error { return k.plan(ctx, w, item) })
}

// Apply removes what at the time has been kept long enough, and says what that was. A kind
// that fails does not keep the others.
func (w *Worker) Apply(ctx context.Context, now time.Time) ([]Item, error) {
	items, err := w.each(now, func(k kind, item *Item) error {
		err := k.apply(ctx, w, item)
		w.metrics.removed.WithLabelValues(string(item.Kind)).Add(float64(item.Rows))
		if item.Waits != "" {
			w.log.Warn("something that has been kept long enough has to wait", "kind", string(item.Kind), "waits", item.Waits)
		}
		if item.Rows > 0 {
			w.log.Info("removed what had been kept long enough", "kind", string(item.Kind), "before", item.Before, "rows", item.Rows)
		}
		return err
	})
	if w.deps.Again != nil {
		err = errors.Join(err, w.deps.Again(ctx))
	}
	w.metrics.ran(now, items, err)
	return items, err
}

// kind is how one kind of data is looked at and removed. Nothing is done of one whose
// item has no time.
type kind struct {
	name   Kind
	keep   time.Duration // zero: for ever
	before func(now time.Time) (at time.Time, waits string, err error)
	plan   func(ctx context.Context, w *Worker, item *Item) error
	apply  func(ctx context.Context, w *Worker, item *Item) error
}

func (w *Worker) each(now time.Time, do func(k kind, item *Item) error) ([]Item, error) {
	var items []Item
	var errs []error
	for _, k := range w.kinds() {
		item := Item{Kind: k.name, Keep: w.keepOf(k)}
		var err error
		if item.Before, item.Waits, err = k.before(now); err == nil {
			err = do(k, &item)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k.name, err))
		}
		items = append(items, item)
	}
	return items, errors.Join(errs...)
}

func (w *Worker) keepOf(k kind) string {
	switch {
	case k.name == SealedNumbers && w.cfg.SealedNumbers > 0:
		return fmt.Sprintf("%d working days", w.cfg.SealedNumbers)
	case k.name == SealedNumbers:
		return "as long as the call"
	case k.keep == 0:
		return "for ever"
	case k.keep%(24*time.Hour) == 0:
		return fmt.Sprintf("%d days", k.keep/(24*time.Hour))
	}
	return k.keep.String()
}

// KeptFor says how long each kind of data is kept, in words.
func (w *Worker) KeptFor() map[string]string {
	out := map[string]string{}
	for _, k := range w.kinds() {
		out[string(k.name)] = w.keepOf(k)
	}
	return out
}

func (w *Worker) kinds() []kind {
	after := func(keep time.Duration) func(time.Time) (time.Time, string, error) {
		return func(now time.Time) (time.Time, string, error) {
			if keep == 0 {
				return time.Time{}, "", nil
			}
			return now.Add(-keep).UTC(), "", nil
		}
	}
	expiry := func(name Kind, keep time.Duration, what store.Expiry) kind {
		return kind{name: name, keep: keep, before: after(keep), plan: planExpiry(what), apply: applyExpiry(what)}
	}
	trim := func(name Kind, keep time.Duration, topics map[string]string) kind {
		return kind{name: name, keep: keep, before: after(keep), plan: planTopics(topics), apply: applyTopics(topics)}
	}
	numbers := expiry(SealedNumbers, 0, store.ExpireNumbers)
	numbers.before = w.numbersBefore
	return []kind{
		{name: Calls, keep: w.cfg.Calls, before: w.callsBefore, plan: planSealed(store.SealedCall), apply: applySealed(store.SealedCall)},
		{name: Tickets, keep: w.cfg.Calls, before: w.callsBefore, plan: planSealed(store.SealedTicket), apply: applySealed(store.SealedTicket)},
		numbers,
		expiry(Supplements, w.cfg.Supplements, store.ExpireSupplements),
		expiry(AgentStates, w.cfg.AgentStates, store.ExpireAgents),
		trim(Rejected, w.cfg.Rejected, map[string]string{w.deps.Rejected: ""}),
		trim(Topics, w.cfg.Topics, w.deps.Loaded),
	}
}

// record writes down what is about to go.
func (w *Worker) record(item *Item, what string) error {
	if err := w.deps.Record(fmt.Sprintf("%s before %s: %s", item.Kind, item.Before.Format(time.RFC3339), what)); err != nil {
		return fmt.Errorf("nothing is removed: %w", err)
	}
	return nil
}

package web

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/seal"
	"hotline12333/internal/web/people"
)

// Awaiting tells what waits for people.
type Awaiting interface {
	// Owed are the lost callers of all centres, as the list of lost calls and
	// hotline_callbacks have them.
	Owed(context.Context) (callback.Figures, error)
	// PendingShifts are the hand-overs that nobody has taken yet, by centre; the empty one
	// is the whole system.
	PendingShifts(context.Context) (map[string]*journal.SignedHandover, error)
}

// errand is something that waits for a person.
type errand struct {
	Page   string // its entry of the menu
	Act    people.Act
	Centre string
	Path   string
	By     string      // who has done their part: nobody does the other's, too
	Word   string      // what waits, a word of the catalogue
	What   kpi.Wording // what it is about
	At     time.Time
}

// For says whether the errand is a visitor's.
func (e *errand) For(v *visitor) bool {
	return v.Role.May(e.Act) && v.Name != e.By && (v.Centre == "" || v.Centre == e.Centre)
}

// The lost callers are counted when figures change, and now and then: they become overdue
// without any record. What else waits is read now and then, since other machines write into
// the same journal.
const (
	owedAfter    = time.Second // for so long the list of lost callers is good enough
	owedRest     = 20          // and for so many times as long as it took: it must not keep the store busy
	errandsEvery = time.Minute
	errandsBound = 10 * time.Second
)

// errands keeps what waits for people in memory, so that no page has to ask for it.
type errands struct {
	desk    Desk
	log     *slog.Logger
	now     func() time.Time
	figures chan struct{} // they have changed
	told    chan struct{} // there is something else to show

	reading sync.Mutex // so that what was read first is not shown last

	mu   sync.Mutex
	owed *callback.Figures // nil: not read yet
	list []errand
}

func newErrands(deps Deps) *errands {
	if deps.Desk == nil {
		return nil
	}
	return &errands{desk: deps.Desk, log: deps.Log, now: deps.Now, figures: make(chan struct{}, 1), told: make(chan struct{}, 1)}
}

// run keeps them until ctx ends.
func (e *errands) run(ctx context.Context) {
	all, calls := time.NewTicker(errandsEvery), time.NewTicker(drift)
	defer all.Stop()
	defer calls.Stop()
	took := e.count(ctx)
	e.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-all.C:
			e.look(ctx)
		case <-calls.C:
			took = e.count(ctx)
		case <-e.figures:
			select {
			case <-ctx.Done():
				return
			case <-time.After(max(owedAfter, owedRest*took)):
			}
			took = e.count(ctx)
		}
	}
}

// changed says that figures have changed.
func (e *errands) changed() {
	if e != nil {
		signal(e.figures)
	}
}

// tells receives when there is something else to show.
func (e *errands) tells() <-chan struct{} {
	if e == nil {
		return nil
	}
	return e.told
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// look reads what waits; whoever has just done an errand looks, too, so that the next page
// knows. What cannot be read stays as it was.
func (e *errands) look(ctx context.Context) {
	if e == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, errandsBound)
	defer cancel()
	e.reading.Lock()
	defer e.reading.Unlock()
	list, err := e.read(ctx)
	if err != nil {
		e.failed(ctx, err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = list
}

func (e *errands) failed(ctx context.Context, err error) {
	if ctx.Err() == nil || context.Cause(ctx) == context.DeadlineExceeded {
		e.log.Warn("what waits for people cannot be read: pages show what was read last", "err", err)
	}
}

// count reads who is to be called back, and says how long that took.
func (e *errands) count(ctx context.Context) time.Duration {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, errandsBound)
	defer cancel()
	owed, err := e.desk.Owed(ctx)
	took := time.Since(began)
	if err != nil {
		e.failed(ctx, err)
		return took
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owed == nil || e.owed.Owed != owed.Owed || e.owed.Overdue != owed.Overdue {
		signal(e.told)
	}
	e.owed = &owed
	return took
}

func (e *errands) read(ctx context.Context) ([]errand, error) {
	var list []errand
	shifts, err := e.desk.PendingShifts(ctx)
	if err != nil {
		return nil, err
	}
	for centre, h := range shifts {
		list = append(list, errand{
			Page: "shift", Act: people.Lead, Centre: centre, Path: query("/shift", "centre", centre), By: h.Outgoing, At: h.HandedAt, Word: "waits_shift",
		})
	}
	sealed, _, err := e.desk.Sealed(ctx)
	if err != nil {
		return nil, err
	}
	closings, err := e.desk.Entries(ctx, []journal.Kind{journal.KindClosing}, journal.ClosingSubject)
	if err != nil {
		return nil, err
	}
	for i := range closings {
		h := &closings[i]
		n := h.Newest()
		span, err := e.desk.Span(n.Period)
		if err != nil || settled(n, seal.Of(sealed, n.Centre, n.Period)) {
			continue
		}
		one := errand{
			Page: "closing", Act: people.Review, Centre: n.Centre, Path: query("/closing", "period", n.Period, "centre", n.Centre), By: n.By, At: n.At,
			Word: "waits_review", What: kpi.Wording{ZH: span.ZH, EN: span.EN},
		}
		if n.Withdrawn {
			one.Act, one.Word = people.Enter, "waits_again"
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b errand) int { // what has waited longest comes first
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Centre, b.Centre), cmp.Compare(a.Path, b.Path))
	})
	return list, nil
}

// settled says whether the period of a closing was sealed after it was handed in.
func settled(e *journal.Entry, sealed []*seal.Entry) bool {
	return len(sealed) > 0 && !sealed[0].ClosedAt.Before(e.At.Truncate(time.Second))
}

// of are the errands of a visitor.
func (e *errands) of(v *visitor) []errand {
	if e == nil || v == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var own []errand
	for i := range e.list {
		if e.list[i].For(v) {
			own = append(own, e.list[i])
		}
	}
	return own
}

// callbacks are the lost callers to be called back, as the board gets them.
type callbacks struct {
	// Connected is false where nobody is known that is to be called back, and a source does
	// not tell who called, or who asked for an agent in vain.
	Connected bool `json:"connected"`
	Owed      int  `json:"owed"`
	Overdue   int  `json:"overdue"`
}

// callbacks is nil until they have been read.
func (e *errands) callbacks(s *kpi.Snapshot) *callbacks {
	if e == nil {
		return &callbacks{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owed == nil {
		return nil
	}
	known := s.KnowsLostCallers(kpi.Scope{Level: kpi.AllCentres}, e.owed.Owed)
	return &callbacks{Connected: known, Owed: e.owed.Owed, Overdue: e.owed.Overdue}
}

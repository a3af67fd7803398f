package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// Store is what the follower reads; *store.Store has it.
type Store interface {
	Log(ctx context.Context, after map[int]uint64) ([]store.LogEntry, error)
	LogHead(ctx context.Context) (map[int]uint64, error)
	Tallies(ctx context.Context, q store.TallyQuery) ([]store.Tally, error)
	LiveCalls(ctx context.Context, q store.LiveQuery) ([]store.Live, error)
	LiveMarks(ctx context.Context, q store.LiveQuery) ([]store.LiveMark, error)
	DataTo(ctx context.Context, now time.Time) (time.Time, error)
	TicketTallies(ctx context.Context, q store.TicketQuery) ([]kpi.TicketEntry, error)
	TicketCentres(ctx context.Context) ([]string, error)
	Agents(ctx context.Context, from, to time.Time) (list []hotline.AgentState, ever bool, err error)
	Duty(ctx context.Context, from, to time.Time) ([]kpi.DutyChange, error)
	Confirmed(ctx context.Context) ([]kpi.Confirmed, error)
	NoteSourceGaps(ctx context.Context, cannot map[string][]kpi.Capability) error
}

// Deps is what a Follower needs from its surroundings.
type Deps struct {
	Store      Store
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported

	// Definitions are what is chosen among; nil: kpi.DefaultDefinitions, whatever is
	// confirmed.
	Definitions []kpi.Definition

	// Now is the clock that decides which days are held; time.Now when nil.
	Now func() time.Time
	// Knows tells what a source can know; nil: every source knows everything.
	Knows func(source string) kpi.Knows
	// Cannot is what the sources that are described cannot tell. It is noted in the store
	// at the start, for dashboards that ask the tables themselves.
	Cannot map[string][]kpi.Capability
	// Calendar is the calendar of a source, that of the centre itself for the empty
	// name; nil: always in service.
	Calendar func(source string) calendar.Calendar
	// Unusual reads which days show nothing usual, as those of an outage; nil: none.
	Unusual func(context.Context) (func(day time.Time) bool, error)
}

// Follower keeps the published state in memory and up to date.
type Follower struct {
	cfg   Config
	deps  Deps
	log   *slog.Logger
	zone  *time.Location
	rules rules
	inst  *instruments
	kick  chan struct{}

	looked chan struct{} // receives after each reading, for who learns

	// Of the goroutine in Run alone.
	after   map[int]uint64         // what has been read of the log
	touched map[time.Time]struct{} // to be read anew, kept over failures
	held    *held                  // which calls are in recent and openings
	audited time.Time              // when the log's heads were last compared
	warned  date                   // the day on which the calendar was last looked at
	noted   bool                   // the store has what the sources cannot tell
	noting  time.Time              // when it was last tried

	askedAgents    time.Time // when the store was last asked what agents do
	askedDuty      time.Time // and who was on duty today
	askedConfirmed time.Time // and for confirmations of definitions

	alerting sync.Mutex // held while Alerts is at work; taken before mu

	mu          sync.Mutex
	cache       *cache // nil until the first reading
	tickets     *ticketBook
	recent      *recent
	openings    *openings
	yardstick   yardstick
	pasts       uint64    // how often days before today have changed
	elsewhere   time.Time // the latest instant of all data, asked when the held days tell of none
	checked     time.Time
	agents      []hotline.AgentState // the newest of each
	agentsTold  bool                 // some source tells of agents
	confirmed   []kpi.Confirmed
	subscribers map[chan struct{}]struct{}
}

const (
	// liveReach is how long before the oldest waiting call recent calls are kept: long
	// enough that a call decided in the last hour is among them.
	liveReach = time.Hour
	// auditEvery is how often the log's heads are compared with what has been read.
	auditEvery = time.Minute
	// rereadAfter is the failure after which everything is read anew: the log of
	// recomputations is kept for days, but not for ever.
	rereadAfter = 24 * time.Hour
	// maxPause bounds the pause after a slow reading or a failure.
	maxPause = 5 * time.Second
)

// New checks its arguments; it reads nothing.
func New(cfg Config, deps Deps) (*Follower, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	if deps.Store == nil {
		return nil, errors.New("publish: a store is needed")
	}
	zone, err := cfg.location()
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	inst, err := newInstruments(deps.Registerer)
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Knows == nil {
		deps.Knows = func(string) kpi.Knows { return nil }
	}
	if deps.Calendar == nil {
		always := calendar.AlwaysIn(zone)
		deps.Calendar = func(string) calendar.Calendar { return always }
	}
	r := rules{knows: deps.Knows, calendar: deps.Calendar}
	return &Follower{
		cfg: cfg, deps: deps, log: deps.Log, zone: zone, inst: inst,
		rules: r, held: newHeld(), recent: newRecent(r), openings: newOpenings(r),
		kick: make(chan struct{}, 1), looked: make(chan struct{}, 1),
		touched:     make(map[time.Time]struct{}),
		subscribers: make(map[chan struct{}]struct{}),
	}, nil
}

// Kick makes the follower look at once. It does not block.
func (f *Follower) Kick() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Subscribe gives a channel that receives whenever what is published has changed;
// several changes may be told as one. cancel ends it.
func (f *Follower) Subscribe() (changes <-chan struct{}, cancel func()) {
	ch := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscribers[ch] = struct{}{}
	f.inst.subscribers.Set(float64(len(f.subscribers)))
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subscribers, ch)
		f.inst.subscribers.Set(float64(len(f.subscribers)))
	}
}

// tell wakes the subscribers. f.mu is held.
func (f *Follower) tell() {
	for ch := range f.subscribers {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last change
		}
	}
}

// Run follows the store until ctx ends; then it returns nil. Failures are logged,
// counted and tried again.
func (f *Follower) Run(ctx context.Context) error {
	var learner sync.WaitGroup
	defer learner.Wait()
	learner.Go(func() { f.learn(ctx) })
	for failures := 0; ; {
		started := time.Now()
		err := f.poll(ctx)
		took := time.Since(started)
		if ctx.Err() != nil {
			return nil
		}
		// A reading is given as long a rest as it took, kicked or not, so that a
		// backfill does not keep the store busy with answering.
		rest, kick := min(took, maxPause), f.kick
		wait := max(f.cfg.Poll, rest)
		if err != nil {
			f.inst.failures.Inc()
			if failures%16 == 0 {
				f.log.Warn("reading what to publish failed, trying again", "error", err)
			}
			failures++
			wait = min(f.cfg.Poll<<min(failures, 10), maxPause)
			kick = nil
		} else {
			if failures > 0 {
				f.log.Info("reading what to publish works again", "failures", failures)
			}
			failures = 0
			f.hasLooked()
		}
		if !f.rest(ctx, wait, rest, kick) {
			return nil
		}
	}
}

// rest waits, a kick ending it once the least has passed; false when ctx has ended.
func (f *Follower) rest(ctx context.Context, wait, least time.Duration, kick <-chan struct{}) bool {
	began := time.Now()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-kick:
	}
	timer.Reset(max(least-time.Since(began), 0))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

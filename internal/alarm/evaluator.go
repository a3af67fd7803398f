package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// What Prometheus has for its flags of the same names.
const (
	outageTolerance = time.Hour
	forGracePeriod  = 10 * time.Minute
	resendDelay     = time.Minute
	ruleInterval    = time.Minute // of a group that names none
	queryTimeout    = 30 * time.Second
	mostSamples     = 5_000_000
)

// settleWithin is how long after an alert was told by the rules it is known whether another
// one holds it back.
const settleWithin = 200 * time.Millisecond

// lookEvery is how soon it is seen that an alert has ended of which the rules say nothing.
const lookEvery = 15 * time.Second

// Deps is what an Evaluator needs.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // of its own metrics; nil: not exported
	Gatherer   prometheus.Gatherer   // what the rules are about
	Instance   string                // host:port, the label instance of the series
	Dir        string                // of its files; made when missing
	Rules      *Rules
	Routes     *Routes
	Channels   []string // that reach people
	Tell       Tell
}

// Evaluator runs the rules over the program's own metrics and tells people what fires.
type Evaluator struct {
	Subscribers
	cfg  Config
	deps Deps
	log  *slog.Logger
	inst *instruments

	mu         sync.Mutex
	evaluated  time.Time
	failing    map[string]int // rules by group
	dispatcher *dispatcher    // nil until it runs
	changed    chan struct{}
}

// New makes an evaluator; nothing is opened.
func New(cfg Config, deps Deps) (*Evaluator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("alarm: %w", err)
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	inst, err := newInstruments(deps.Registerer)
	if err != nil {
		return nil, err
	}
	return &Evaluator{cfg: cfg, deps: deps, log: slog.New(graver{deps.Log.Handler()}), inst: inst, changed: make(chan struct{}, 1), failing: make(map[string]int)}, nil
}

// State says which alerts are in force.
func (e *Evaluator) State() State {
	e.mu.Lock()
	d, at := e.dispatcher, e.evaluated
	e.mu.Unlock()
	if d == nil {
		return State{}
	}
	return State{At: at, Firing: d.firing(time.Now())}
}

// Run evaluates until ctx ends. It gives no error: a hotline goes on without its alerts
// when their files cannot be written, and says so.
func (e *Evaluator) Run(ctx context.Context) error {
	if err := e.run(ctx); err != nil {
		e.deps.Log.Error("alerts are not evaluated: mend the cause and start again", "dir", e.deps.Dir, "err", err)
	}
	return nil
}

func (e *Evaluator) run(ctx context.Context) (err error) {
	if err := os.MkdirAll(e.deps.Dir, 0o750); err != nil {
		return err
	}
	db, err := openStore(filepath.Join(e.deps.Dir, "metrics"), e.cfg.Retention, e.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	d, err := newDispatcher(dispatcherDeps{
		dir: e.deps.Dir, log: e.log, inst: e.inst, routes: e.deps.Routes, channels: e.deps.Channels, tell: e.deps.Tell,
	})
	if err != nil {
		return err
	}
	s, err := newScraper(e.cfg.Every, scraperDeps{
		log: e.log, gatherer: e.deps.Gatherer, instance: e.deps.Instance, store: scraped{db}, rules: e.deps.Rules,
	})
	if err != nil {
		return err
	}
	manager := e.manager(context.WithoutCancel(ctx), db, func(list []*alert.Alert) {
		d.put(list)
		select {
		case e.changed <- struct{}{}:
		default:
		}
	})
	if err := manager.Update(ruleInterval, e.deps.Rules.files, labels.EmptyLabels(), "", func(ctx context.Context, g *rules.Group, at time.Time) {
		rules.DefaultEvalIterationFunc(ctx, g, at)
		e.noteEvaluation(g, db, at)
	}); err != nil {
		return err
	}
	d.start()
	e.changed <- struct{}{} // alerts of before are in force again
	e.mu.Lock()
	e.dispatcher = d
	e.mu.Unlock()
	var parts sync.WaitGroup
	parts.Go(func() { s.run(ctx) })
	parts.Go(manager.Run)
	parts.Go(func() { e.follow(ctx) })
	<-ctx.Done()
	manager.Stop()
	parts.Wait()
	d.stop()
	return nil
}

// manager is Prometheus's own; fired takes the alerts that Alertmanager would be sent.
func (e *Evaluator) manager(ctx context.Context, db *store, fired func([]*alert.Alert)) *rules.Manager {
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: e.log, MaxSamples: mostSamples, Timeout: queryTimeout, Parser: e.deps.Rules.parser,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return ruleInterval.Milliseconds() },
	})
	return rules.NewManager(&rules.ManagerOptions{
		Context: ctx, Logger: e.log, ExternalURL: &url.URL{}, Parser: e.deps.Rules.parser, GroupLoader: e.deps.Rules,
		QueryFunc: rules.EngineQueryFunc(engine, db), Queryable: db, AppendableV2: db,
		OutageTolerance: outageTolerance, ForGracePeriod: forGracePeriod, ResendDelay: resendDelay,
		NotifyFunc: func(_ context.Context, _ string, list ...*rules.Alert) { fired(sent(list)) },
	})
}

// sent are alerts of the rules in Alertmanager's form.
func sent(list []*rules.Alert) []*alert.Alert {
	out := make([]*alert.Alert, 0, len(list))
	for _, r := range list {
		a := &alert.Alert{
			Alert:     model.Alert{Labels: labelSet(r.Labels), Annotations: labelSet(r.Annotations), StartsAt: r.FiredAt, EndsAt: r.ValidUntil},
			UpdatedAt: time.Now(), Timeout: true,
		}
		if !r.ResolvedAt.IsZero() {
			a.EndsAt, a.Timeout = r.ResolvedAt, false
		}
		out = append(out, a)
	}
	return out
}

func labelSet(ls labels.Labels) model.LabelSet {
	set := make(model.LabelSet, ls.Len())
	ls.Range(func(l labels.Label) { set[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	return set
}

// noteEvaluation notes that rules were evaluated, over values that are fresh: a store that takes
// nothing any more must not look like a hotline at which nothing happens.
func (e *Evaluator) noteEvaluation(g *rules.Group, db *store, at time.Time) {
	failing := 0
	for _, r := range g.Rules() {
		if r.LastError() != nil {
			failing++
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failing[rules.GroupKey(g.File(), g.Name())] = failing
	all := 0
	for _, n := range e.failing {
		all += n
	}
	e.inst.failing.Set(float64(all))
	if read := time.UnixMilli(db.written.Load()); at.Sub(read) < 4*e.cfg.Every && at.After(e.evaluated) {
		e.evaluated = at
		e.inst.evaluated.Set(float64(at.UnixMilli()) / 1000)
	}
}

// follow tells the subscribers of changes.
func (e *Evaluator) follow(ctx context.Context) {
	var known []Alarm
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C: // what nobody speaks of any more has ended
			e.dispatcher.look(time.Now())
		case <-e.changed:
			select {
			case <-ctx.Done():
				return
			case <-time.After(settleWithin):
			}
		}
		s := e.State()
		e.inst.tell(s)
		if !slices.EqualFunc(known, s.Firing, same) {
			known = s.Firing
			e.Tell()
		}
	}
}

func same(a, b Alarm) bool {
	return a.Name == b.Name && a.Severity == b.Severity && a.Summary == b.Summary && a.Since.Equal(b.Since)
}

// graver lets through what Prometheus's and Alertmanager's parts say in earnest: of each
// start and each tidying up they tell at length.
type graver struct{ slog.Handler }

func (g graver) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && g.Handler.Enabled(ctx, l)
}
func (g graver) WithAttrs(a []slog.Attr) slog.Handler { return graver{g.Handler.WithAttrs(a)} }
func (g graver) WithGroup(n string) slog.Handler      { return graver{g.Handler.WithGroup(n)} }

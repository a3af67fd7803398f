package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maintenanceEvery is how often a hotline is asked whether it is being worked on: whoever
	// announces it waits so long before stopping the program. Prometheus asks as often.
	maintenanceEvery = 15 * time.Second
	// overdue is how long after a check was due the watcher calls itself not ready. It leaves
	// room for the attempts of telling people.
	overdue = 5 * time.Minute
)

// Deps is what a Watcher needs.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: not exported
	// Tell tells people. It says whether it has reached anybody; an error names those it has
	// not, and the same event comes again.
	Tell func(context.Context, Event) (anybody bool, err error)
}

// Watcher asks hotlines until it is stopped.
type Watcher struct {
	cfg         Config
	deps        Deps
	ask         func(ctx context.Context, url string) Answer
	maintenance func(ctx context.Context, url string) (time.Time, error)

	checks  *prometheus.CounterVec
	up      *prometheus.GaugeVec
	ready   *prometheus.GaugeVec
	alarm   *prometheus.GaugeVec
	checked *prometheus.GaugeVec

	mu      sync.Mutex
	last    map[string]time.Time // check of each address
	failing map[string]error     // what could not be told
}

// New makes a watcher; nothing is asked yet.
func New(cfg Config, deps Deps) (*Watcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("watch.%w", err)
	}
	if len(cfg.URLs) == 0 {
		return nil, errors.New("nothing is watched: name the address of a hotline, as http://10.0.0.5:8333")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	a, err := newAsker(cfg)
	if err != nil {
		return nil, fmt.Errorf("watch.%w", err)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"url"})
	}
	w := &Watcher{
		cfg: cfg, deps: deps, ask: a.ask, maintenance: a.maintenance, last: map[string]time.Time{}, failing: map[string]error{},
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_watch_checks_total",
			Help: "Checks of a hotline by what they found: ready, not_ready or gone.",
		}, []string{"url", "result"}),
		up:      gauge("hotline_watch_up", "1 when the last check of a hotline was answered, ready or not; 0 when it was not."),
		ready:   gauge("hotline_watch_ready", "1 when the last check found a hotline ready, else 0."),
		alarm:   gauge("hotline_watch_alarm", "1 while an alarm about a hotline is in force, else 0."),
		checked: gauge("hotline_watch_last_check_timestamp_seconds", "When a hotline was last asked, in unix seconds."),
	}
	if deps.Registerer != nil {
		for _, c := range []prometheus.Collector{w.checks, w.up, w.ready, w.alarm, w.checked} {
			if err := deps.Registerer.Register(c); err != nil {
				return nil, fmt.Errorf("watch: %w", err)
			}
		}
	}
	return w, nil
}

// Once asks each address once, all at the same time, and gives the answers in their order.
func (w *Watcher) Once(ctx context.Context) []Answer {
	answers := make([]Answer, len(w.cfg.URLs))
	var all sync.WaitGroup
	for i, url := range w.cfg.URLs {
		all.Go(func() { answers[i] = w.ask(ctx, url) })
	}
	all.Wait()
	return answers
}

// Run asks until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	began := time.Now()
	w.mu.Lock()
	for _, url := range w.cfg.URLs {
		w.last[url] = began
	}
	w.mu.Unlock()
	var all sync.WaitGroup
	for _, url := range w.cfg.URLs {
		all.Go(func() { w.follow(ctx, url) })
	}
	all.Wait()
	return nil
}

// follow asks one address. Telling people delays only its own checks.
func (w *Watcher) follow(ctx context.Context, url string) {
	c := &course{cfg: w.cfg, url: url}
	w.alarm.WithLabelValues(url).Set(0)
	var asked time.Time // about maintenance
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		answer := w.ask(ctx, url)
		if ctx.Err() != nil {
			return // what was under way was broken off by us
		}
		now := time.Now()
		w.note(url, now, answer)
		if answer.State != Gone && now.Sub(asked) >= maintenanceEvery {
			asked = now
			w.noteMaintenance(ctx, c)
		}
		before := c.since.IsZero()
		event, due := c.step(now, answer)
		if before && !c.since.IsZero() {
			w.deps.Log.Info("a check failed", "url", url, "found", answer.State.String(), "reason", answer.Reason.EN)
		}
		if due {
			w.tell(ctx, c, event)
		}
		w.alarm.WithLabelValues(url).Set(one(c.alarm != Ready))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *Watcher) note(url string, now time.Time, a Answer) {
	w.checks.WithLabelValues(url, a.State.String()).Inc()
	w.up.WithLabelValues(url).Set(one(a.State != Gone))
	w.ready.WithLabelValues(url).Set(one(a.State == Ready))
	w.checked.WithLabelValues(url).Set(float64(now.UnixMilli()) / 1000)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[url] = now
}

// noteMaintenance takes what a hotline tells of maintenance; what it told last holds while
// it cannot be asked.
func (w *Watcher) noteMaintenance(ctx context.Context, c *course) {
	until, err := w.maintenance(ctx, c.url)
	if err != nil {
		w.deps.Log.Debug("asking about maintenance", "url", c.url, "error", err)
		return
	}
	c.quiet = until
}

func (w *Watcher) tell(ctx context.Context, c *course, e Event) {
	log := w.deps.Log.With("url", e.URL, "state", e.State.String(), "since", e.Since, "message", e.Number)
	anybody, err := w.deps.Tell(ctx, e)
	switch {
	case err != nil:
		log.Error("people could not all be told", "reason", e.Reason.EN, "error", err)
	case e.State == Ready:
		log.Info("people were told that a hotline is back")
	default:
		log.Warn("people were told of a hotline", "reason", e.Reason.EN)
	}
	c.told(time.Now(), anybody, err == nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failing[e.URL] = err
	} else {
		delete(w.failing, e.URL)
	}
}

// Ready says what keeps the watcher from its work, nil when nothing does.
func (w *Watcher) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, url := range w.cfg.URLs {
		if err := w.failing[url]; err != nil {
			return fmt.Errorf("people could not all be told of %s: %w", url, err)
		}
		if late := time.Since(w.last[url]); !w.last[url].IsZero() && late > w.cfg.Every+overdue {
			return fmt.Errorf("%s has not been asked for %v", url, late.Round(time.Second))
		}
	}
	return nil
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

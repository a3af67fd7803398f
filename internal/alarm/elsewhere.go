package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	promapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
)

// The longest that an answer may take and be.
const (
	askWithin  = 10 * time.Second
	mostAnswer = 16 << 20
)

// Elsewhere asks the Prometheus or the Alertmanager that has a hotline's alerts.
type Elsewhere struct {
	Subscribers
	cfg  Config
	log  *slog.Logger
	inst *instruments
	ask  func(context.Context) (State, error)

	mu    sync.Mutex
	state State
}

// NewElsewhere makes one; nothing is contacted. Of the alerts there those of the rules count:
// a Prometheus may watch much else.
func NewElsewhere(cfg Config, rules *Rules, log *slog.Logger, reg prometheus.Registerer) (*Elsewhere, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("alarm: %w", err)
	}
	inst, err := newInstruments(reg)
	if err != nil {
		return nil, err
	}
	e := &Elsewhere{cfg: cfg, log: log, inst: inst}
	names := rules.Names()
	client, err := cfg.Client()
	if err != nil {
		return nil, err
	}
	if cfg.Alertmanager != "" {
		am := alertmanager{client, strings.TrimRight(cfg.Alertmanager, "/")}
		e.ask = func(ctx context.Context) (State, error) { return am.ask(ctx, names) }
		return e, nil
	}
	asked, err := api.NewClient(api.Config{Address: cfg.Prometheus, Client: client})
	if err != nil {
		return nil, fmt.Errorf("alarm.prometheus: %w", err)
	}
	prom := promapi.NewAPI(asked)
	e.ask = func(ctx context.Context) (State, error) { return askPrometheus(ctx, prom, names) }
	return e, nil
}

// State says which alerts were in force when it was last asked.
func (e *Elsewhere) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// Run asks until ctx ends; then it returns nil. What was told last holds while nobody
// answers: its age says so.
func (e *Elsewhere) Run(ctx context.Context) error {
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	silent := false
	for {
		attempt, cancel := context.WithTimeout(ctx, min(askWithin, e.cfg.Poll))
		s, err := e.ask(attempt)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			if silent {
				e.log.Info("alerts can be read again")
			}
			e.keep(s)
		case !silent:
			e.log.Warn("alerts cannot be read, what was read last holds", "prometheus", redacted(e.cfg.Prometheus), "alertmanager", redacted(e.cfg.Alertmanager), "err", err)
		}
		silent = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// redacted is an address without the password that it may hold.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "" // no configuration that is valid has one
	}
	return u.Redacted()
}

func (e *Elsewhere) keep(s State) {
	sortAlarms(s.Firing)
	e.mu.Lock()
	changed := !slices.EqualFunc(e.state.Firing, s.Firing, same) || e.state.At.IsZero() != s.At.IsZero()
	e.state = s
	e.mu.Unlock()
	e.inst.tell(s)
	if changed {
		e.Tell()
	}
}

// askPrometheus asks for the rules and what fires of them. One that has none of ours
// evaluates nothing for us.
func askPrometheus(ctx context.Context, prom promapi.API, names []string) (State, error) {
	answer, err := prom.Rules(ctx, nil)
	if err != nil {
		return State{}, err
	}
	var s State
	for _, group := range answer.Groups {
		for _, rule := range group.Rules {
			r, ok := rule.(promapi.AlertingRule)
			if !ok || !slices.Contains(names, r.Name) {
				continue
			}
			if r.LastEvaluation.After(s.At) {
				s.At = r.LastEvaluation
			}
			for _, a := range r.Alerts {
				if a.State == promapi.AlertStateFiring {
					s.Firing = append(s.Firing, newAlarm(plain(a.Labels), plain(a.Annotations), a.ActiveAt))
				}
			}
		}
	}
	return s, nil
}

// alertmanager is one that is asked.
type alertmanager struct {
	client  *http.Client
	address string
}

// ask asks for the alerts that are neither held back nor silenced. It does not know when the
// rules were evaluated: that it answers must do.
func (a alertmanager) ask(ctx context.Context, names []string) (State, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address+"/api/v2/alerts?active=true&silenced=false&inhibited=false", nil)
	if err != nil {
		return State{}, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return State{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return State{}, fmt.Errorf("it answers %s", resp.Status)
	}
	var list []struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostAnswer)).Decode(&list); err != nil {
		return State{}, errors.Join(errors.New("what it answers are no alerts"), err)
	}
	s := State{At: time.Now()}
	for _, a := range list {
		if slices.Contains(names, a.Labels[model.AlertNameLabel]) {
			s.Firing = append(s.Firing, newAlarm(a.Labels, a.Annotations, a.StartsAt))
		}
	}
	return s, nil
}

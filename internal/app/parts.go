package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/load"
	"hotline12333/internal/publish"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	amazon "hotline12333/internal/source/connect"
	"hotline12333/internal/source/freeswitch"
	"hotline12333/internal/web"
	"hotline12333/pipelines"
)

// openKeys reads the key file; create makes it where there is none.
func openKeys(cfg config.Root, create bool) (*keys.Keys, error) {
	path, err := keyPath(cfg)
	if err != nil {
		return nil, err
	}
	if create {
		return keys.LoadOrCreate(path)
	}
	kit, err := keys.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: copy the key file of the machine that imports to this place, or name it in keys.file", err)
	}
	return kit, err
}

// natives are the formats of telephone systems that no mapping of columns describes, by
// the name a source's description gives.
func natives() source.Natives {
	all := source.Natives{"hotline-record": source.Records{}}
	for _, some := range []source.Natives{asterisk.Natives(), freeswitch.Natives(), amazon.Natives()} {
		maps.Copy(all, some)
	}
	return all
}

// openRules reads what the centre has chosen: its working calendars.
func openRules(cfg config.Root) (*ruleset.Rules, error) {
	zone, err := source.ParseZone(cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return ruleset.Load(pipelines.Rules, cfg.Rules, zone)
}

// openSources reads the descriptions of sources, built in and of the centre. Faulty ones of
// the centre stop nobody but who would use them.
func openSources(cfg config.Root) (*source.Registry, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	return source.Open(pipelines.Sources, cfg.Sources, natives(), rules.Calendars.Lookup)
}

// sourceOf finds the one source that a command uses.
func sourceOf(cfg config.Root, name string) (*source.Source, error) {
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	return sources.Lookup(name)
}

// sayFaults tells of them in a command that prints figures, whose log is quiet.
func sayFaults(sources *source.Registry, log *slog.Logger) {
	for _, f := range sources.Faults() {
		log.Error("a source description is faulty: its service hours and capabilities may be missing from what is printed", "path", f.Path, "err", f.Err)
	}
}

// tellFaults logs and counts the descriptions that a role goes on without.
func tellFaults(sources *source.Registry, log *slog.Logger, reg prometheus.Registerer) error {
	for _, f := range sources.Faults() {
		log.Warn("a source description is faulty and left out: what it says of capabilities and service hours may be missing",
			"path", f.Path, "err", f.Err)
	}
	faulty := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "hotline_source_descriptions_faulty",
		Help: "Source descriptions of the centre's own (sources.dir) that were faulty at the start and are left out. The log and hotline doctor say why.",
	})
	faulty.Set(float64(len(sources.Faults())))
	return reg.Register(faulty)
}

// knowsOf says what a source can know. Records of a source that has no description, sent
// by a program of the centre's own, are taken to know what they carry.
func knowsOf(sources *source.Registry) func(string) kpi.Knows {
	undescribed := kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanIVR, kpi.CanQueueWait, kpi.CanRing, kpi.CanRatings, kpi.CanCallers})
	return func(name string) kpi.Knows {
		if k := sources.Knows(name); k != nil {
			return k
		}
		return undescribed
	}
}

// workingDaysOf adds working days by the calendar of a source.
func workingDaysOf(sources *source.Registry) kpi.WorkingDays {
	return func(name string, t time.Time, days int) (time.Time, error) {
		return sources.Calendar(name).AddWorkingDays(t, days)
	}
}

func loadTopics(t config.Topics) load.Topics {
	return load.Topics{
		Calls: t.Calls, Supplements: t.Supplements, Agents: t.Agents, Tickets: t.Tickets, Touched: t.Touched, Rejected: t.Rejected,
	}
}

func (s *system) loader(sealer *deadletter.Sealer) (*load.Loader, error) {
	return load.New(s.cfg.Load, load.Deps{
		Broker: s.broker, Store: s.store, Sealer: sealer, Registerer: s.reg, Log: s.log.With("part", "load"),
		Topics: loadTopics(s.cfg.Topics),
	})
}

// aggregator recomputes; kick, when set, is told that tallies have changed.
func (s *system) aggregator(kick func()) (*aggregate.Aggregator, error) {
	deps := aggregate.Deps{Broker: s.broker, Store: s.store, Registerer: s.reg, Log: s.log.With("part", "aggregate")}
	if kick != nil {
		deps.OnRecomputed = func([]time.Time) { kick() }
	}
	cfg := s.cfg.Aggregate
	cfg.Topic = s.cfg.Topics.Touched
	return aggregate.New(cfg, deps)
}

func (s *system) follower(sources *source.Registry) (*publish.Follower, error) {
	rules, err := s.rules()
	if err != nil {
		return nil, err
	}
	zone, err := source.ParseZone(s.cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return publish.New(s.cfg.Publish, publish.Deps{
		Store: s.store, Log: s.log.With("part", "publish"), Registerer: s.reg, Now: time.Now,
		Definitions: rules.Definitions.List, Knows: knowsOf(sources), Cannot: sources.Cannot(), Calendar: sources.Calendar,
		Unusual: func(ctx context.Context) (func(time.Time) bool, error) { return s.unusual(ctx, sources, zone) },
	})
}

// pagesOf is what the pages are made of.
type pagesOf struct {
	follower *publish.Follower
	sources  *source.Registry
	engineUp func() bool // nil where there is no engine of ours
	program  string      // the version of the program
	alarms   *alarms
}

// pages serves what the follower knows, and what people do with it.
func (s *system) pages(of pagesOf) (*web.Server, error) {
	f, sources := of.follower, of.sources
	calls, err := s.callDesk(sources)
	if err != nil {
		return nil, err
	}
	of.alarms.planned = publish.NewMaintenance(s.maintenances, time.Now, s.log.With("part", "maintenance"))
	if err := errJoin(
		s.reg.Register(publish.NewMetrics(s.cfg.Publish, f, time.Now, s.log.With("part", "metrics"))),
		s.reg.Register(publish.NewAlertMetrics(s.cfg.Publish, f, time.Now)),
		s.reg.Register(of.alarms.planned),
		s.reg.Register(publish.NewCalendarMetrics(calendarsInUse(sources), time.Now)),
		s.reg.Register(publish.NewCallbacks(f, calls.figures, time.Now, s.log.With("part", "callbacks"))),
	); err != nil {
		return nil, fmt.Errorf("registering the figures: %w", err)
	}
	standing, err := s.standing(f)
	if err != nil {
		return nil, err
	}
	if err := s.reg.Register(publish.NewTargets(standing.tables, s.log.With("part", "targets"))); err != nil {
		return nil, fmt.Errorf("registering the indicators: %w", err)
	}
	office, err := s.office(of, calls)
	if err != nil {
		return nil, err
	}
	people, err := peopleOf(s.cfg).path()
	if err != nil {
		return nil, err
	}
	return web.New(s.cfg.Web, web.Deps{
		Log: s.log.With("part", "web"), Snapshots: f, Desk: office, Alarms: of.alarms, People: people, Registry: s.reg, Now: time.Now,
		Ready: func(ctx context.Context) error { return s.ready(ctx, f, of.engineUp) },
	}), nil
}

// health serves the metrics and checks of a role without a board.
func (s *system) health() *web.Server {
	return web.New(s.cfg.Web, web.Deps{
		Log: s.log.With("part", "web"), Registry: s.reg, Now: time.Now, Ready: s.answering,
	})
}

// answering is nil when broker and store answer.
func (s *system) answering(ctx context.Context) error {
	if err := s.broker.Ping(ctx); err != nil {
		return fmt.Errorf("the broker does not answer: %w", err)
	}
	if err := s.store.Ping(ctx); err != nil {
		return fmt.Errorf("the store does not answer: %w", err)
	}
	return nil
}

// ready is nil when broker and store answer, every record on the broker is loaded and
// every mark recomputed.
func (s *system) ready(ctx context.Context, f *publish.Follower, engineUp func() bool) error {
	if engineUp != nil && !engineUp() {
		return errors.New("the engine is down")
	}
	if err := s.answering(ctx); err != nil {
		return err
	}
	marks, err := aggregate.Pending(ctx, s.broker, s.cfg.Aggregate.Group, s.cfg.Topics.Touched)
	if err != nil {
		return err
	}
	if marks > 0 {
		return fmt.Errorf("%d marks are not recomputed yet", marks)
	}
	if _, ok := f.Snapshot(time.Now()); !ok {
		return errors.New("the figures have not been read yet")
	}
	return nil
}

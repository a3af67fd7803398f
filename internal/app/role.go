package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/source"
	"hotline12333/internal/web"
)

// Role names one part of the distributed form.
type Role string

// The roles.
const (
	RoleIntake    Role = "intake"
	RoleLoad      Role = "load"
	RoleAggregate Role = "aggregate"
	RoleWeb       Role = "web"
)

// RoleOptions say which role runs.
type RoleOptions struct {
	Role    Role
	Program string // the version of the program
}

// RunRole runs one role against a broker and a store elsewhere, until ctx ends. Every role
// serves /metrics, /healthz and /readyz at web.listen; only the role web has the board and
// the figures, so that no figure is scraped twice.
func RunRole(ctx context.Context, cfg config.Root, log *slog.Logger, opts RoleOptions) (err error) {
	role := opts.Role
	log = log.With("role", string(role))
	if role == RoleIntake {
		return runIntake(ctx, cfg, log)
	}
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	if err := tellFaults(sources, log, sys.reg); err != nil {
		return err
	}
	parts := newCrew(ctx)
	down.add("parts", 10*time.Second, parts.stop)
	pages, run, err := sys.role(opts, sources)
	if err != nil {
		return err
	}
	if err := pages.Listen(); err != nil {
		return err
	}
	if err := sys.prepare(ctx); err != nil {
		return err
	}
	parts.start(string(role), run)
	parts.start("pages", pages.Run)
	log.Info("started", "address", pages.Addr())
	return parts.wait()
}

// role makes the part of a role and what it serves.
func (s *system) role(opts RoleOptions, sources *source.Registry) (*web.Server, func(context.Context) error, error) {
	switch opts.Role {
	case RoleLoad:
		kit, err := openKeys(s.cfg, false)
		if err != nil {
			return nil, nil, err
		}
		loader, err := s.loader(deadletter.NewSealer(kit.Recipient()))
		if err != nil {
			return nil, nil, err
		}
		run := func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return loader.Run(ctx) })
			g.Go(func() error { return kit.Follow(ctx, s.log.With("part", "keys")) })
			return g.Wait()
		}
		return s.health(), run, nil
	case RoleAggregate:
		aggregator, err := s.aggregator(nil)
		if err != nil {
			return nil, nil, err
		}
		keeper, err := s.retention()
		if err != nil {
			return nil, nil, err
		}
		run := func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return aggregator.Run(ctx) })
			g.Go(func() error { return keeper.Run(ctx) }) // several replicas at once do no harm
			return g.Wait()
		}
		return s.health(), run, nil
	case RoleWeb:
		follower, err := s.follower(sources)
		if err != nil {
			return nil, nil, err
		}
		files, err := openAlarmFiles(s.cfg)
		if err != nil {
			return nil, nil, err
		}
		alerts, err := s.alarmsElsewhere(files)
		if err != nil {
			return nil, nil, err
		}
		pages, err := s.pages(pagesOf{follower, sources, nil, opts.Program, alerts})
		run := func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return follower.Run(ctx) })
			g.Go(func() error { return alerts.Run(ctx) })
			return g.Wait()
		}
		return pages, run, err
	}
	return nil, nil, fmt.Errorf("role %q is not known", opts.Role)
}

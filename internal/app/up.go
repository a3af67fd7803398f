package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
)

// UpOptions say what `up` does beyond running.
type UpOptions struct {
	Simulate bool   // feed it with a hotline that does not exist
	Seed     uint64 // of the simulation
	Program  string // the version of the program
	Out      io.Writer
}

// Up runs everything on one machine until ctx ends.
func Up(ctx context.Context, cfg config.Root, log *slog.Logger, opts UpOptions) (err error) {
	began := time.Now()
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	files, err := openAlarmFiles(cfg)
	if err != nil {
		return err
	}
	reg := newRegistry()
	if err := takeDir(ctx, cfg); err != nil {
		return err
	}
	m, cfg, err := startMachine(ctx, cfg, log, reg, down)
	if err != nil {
		return err
	}
	kit, err := openKeys(cfg, true)
	if err != nil {
		return err
	}
	sys, err := connect(ctx, cfg, log, reg)
	if err != nil {
		return err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	if err := tellFaults(sources, log, reg); err != nil {
		return err
	}
	if err := sys.prepare(ctx); err != nil {
		return err
	}
	follower, err := sys.follower(sources)
	if err != nil {
		return err
	}
	people, err := newNotifier(cfg, log, reg)
	if err != nil {
		return err
	}
	alerts, err := sys.alarms(files, people)
	if err != nil {
		return err
	}
	pages, err := sys.pages(pagesOf{follower, sources, m.engine.Up, opts.Program, alerts})
	if err != nil {
		return err
	}
	loader, err := sys.loader(deadletter.NewSealer(kit.Recipient()))
	if err != nil {
		return err
	}
	aggregator, err := sys.aggregator(follower.Kick)
	if err != nil {
		return err
	}
	keeper, err := sys.retention()
	if err != nil {
		return err
	}
	posts, err := sys.posts(sources, kit)
	if err != nil {
		return err
	}
	if err := pages.Listen(); err != nil {
		return err
	}
	if posts != nil {
		if err := posts.Listen(); err != nil {
			return err
		}
	}
	if cfg.Notify.Listen != "" {
		if err := takeAlerts(people, log); err != nil {
			return err
		}
	}
	parts := newCrew(ctx)
	down.add("parts", 4*time.Second, parts.stop)
	parts.start("keys", func(ctx context.Context) error { return kit.Follow(ctx, log.With("part", "keys")) })
	parts.start("load", loader.Run)
	parts.start("aggregate", aggregator.Run)
	parts.start("retention", keeper.Run)
	parts.start("publish", follower.Run)
	parts.start("web", pages.Run)
	if posts != nil {
		parts.start("intake", posts.Run)
	}
	if cfg.Notify.Listen != "" {
		parts.start("notify", people.Run)
	}
	parts.start("alarm", alerts.Run)
	if opts.Simulate {
		parts.start("simulate", func(ctx context.Context) error { return sys.simulate(ctx, opts, kit) })
	}
	parts.start("announce", func(ctx context.Context) error {
		if err := untilReady(ctx, func(ctx context.Context) error { return sys.ready(ctx, follower, m.engine.Up) }); err != nil {
			return nil // it ended before it was ready; whatever ended it says why
		}
		log.Info("ready", "took", time.Since(began).Round(time.Millisecond), "data", cfg.Data.Dir)
		_, err := fmt.Fprintf(opts.Out, "The board is at http://%s  (metrics at /metrics; Kafka %s, ClickHouse http://%s; Ctrl-C stops)\n",
			pages.Addr(), m.broker.Addr(), m.engine.Addr())
		if err == nil {
			_, err = fmt.Fprintf(opts.Out, "Who enters values, closes periods or comes from another machine signs in  (%s lets somebody)\n", peopleOf(cfg).command("add NAME --role ROLE"))
		}
		if posts != nil && err == nil {
			_, err = fmt.Fprintf(opts.Out, "Records are posted to %s  (%s lets somebody)\n", posts.URL(), tokensOf(cfg).command("add NAME"))
		}
		return err
	})
	return parts.wait()
}

// untilReady polls until ready is nil or ctx ends.
func untilReady(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		attempt, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

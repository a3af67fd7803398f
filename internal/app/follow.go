package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/web"
	"hotline12333/internal/wire"
)

// FollowOptions say what to follow.
type FollowOptions struct {
	ImportOptions
	Metrics string                // address of /metrics and the checks; empty: they are not served
	Tell    func(intake.Followed) // how each file stands; may be nil
}

// Follow sends what is written to files into a running system, until ctx ends. Like the
// role intake it needs no ClickHouse, and starts without a Kafka.
func Follow(ctx context.Context, cfg config.Root, log *slog.Logger, opts FollowOptions) (err error) {
	src, err := sourceOf(cfg, opts.Source)
	if err != nil {
		return err
	}
	patience, err := src.Followed()
	if err != nil {
		return err
	}
	kit, err := openKeys(cfg, true)
	if err != nil {
		return err
	}
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	job, err := sys.followJob(importJob{src: src, kit: kit, opts: opts.ImportOptions})
	if err != nil {
		return err
	}
	job.Patience, job.Tell = patience, opts.Tell
	importer, err := sys.importer(kit)
	if err != nil {
		return err
	}
	parts := newCrew(ctx)
	down.add("parts", 5*time.Second, parts.stop)
	if err := sys.serveChecks(parts, opts.Metrics); err != nil {
		return err
	}
	parts.start("keys", func(ctx context.Context) error { return kit.Follow(ctx, log.With("part", "keys")) })
	parts.start("topics", sys.topicsWhenUp)
	log.Info("following", "files", opts.Files, "source", src.Name())
	// Its end is the end of all: it returns when ctx ends, or when it cannot go on.
	if err := importer.Follow(parts.ctx, job); err != nil {
		return err
	}
	return parts.failure()
}

// serveChecks serves /metrics, /healthz and /readyz where an address is given.
func (s *system) serveChecks(parts *crew, address string) error {
	if address == "" {
		return nil
	}
	cfg := s.cfg.Web
	cfg.Listen = address
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	pages := web.New(cfg, web.Deps{Log: s.log.With("part", "web"), Registry: s.reg, Now: time.Now, Ready: s.broker.Ping})
	if err := pages.Listen(); err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	parts.start("checks", pages.Run)
	return nil
}

// followJob is how the files of an import are followed.
func (s *system) followJob(job importJob) (intake.FollowJob, error) {
	zone, err := job.zone()
	if err != nil {
		return intake.FollowJob{}, err
	}
	how := source.Options{Zone: zone, Revision: job.opts.Revision, Centre: job.opts.Centre, Keys: sourceKeys(s.cfg, job.kit)}
	if _, err := job.src.Session(how); err != nil { // what is wrong with the options is told at once
		return intake.FollowJob{}, err
	}
	return intake.FollowJob{
		Files: job.opts.Files, Source: job.src.Name(), Context: contextOf(how, job.kit), Way: wayOf(how, job.kit),
		Session: func() (intake.Session, error) {
			session, err := job.src.Session(how)
			return following{session, how}, err
		},
	}, nil
}

// wayOf is what of the context decides how rows are read. The key is not of it: under a
// new one the same row becomes the same record.
func wayOf(how source.Options, kit *keys.Keys) map[string]string {
	way := contextOf(how, kit)
	delete(way, contextKey)
	return way
}

// following is a session of a source as intake uses it.
type following struct {
	source.Session
	how source.Options
}

var _ intake.Session = following{}

func (f following) Read(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
	o := f.how
	o.Name, o.From, o.Growing = in.Name, in.From, in.Growing
	return f.Session.Read(ctx, in.Reader, o, each)
}

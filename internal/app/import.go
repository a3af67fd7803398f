package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// ImportOptions say what to import and how to tell of it.
type ImportOptions struct {
	Files    []string  // "-" is standard input
	Stdin    io.Reader // for it
	Source   string
	Zone     string // of local times; empty: the source's
	Revision uint64 // version of records whose source has none
	Centre   string
	By       kpi.By

	Definitions map[string]int // versions of definitions asked for, whatever is in force
	Texts       bool           // with what the definitions say

	Report  func(*report.Report) error // given the report of the time they cover; nil: none is made
	Program string                     // the version of the program, for it

	Notice   func(string)          // a sentence for people
	Progress func(intake.Progress) // after each acknowledged batch
	Waiting  func(toLoad, toTally int64)
}

// Import sends files to a running system and returns the figures of the time they cover,
// once every record is loaded and tallied. An interrupted import goes on where it was.
func Import(ctx context.Context, cfg config.Root, log *slog.Logger, opts ImportOptions) (*kpi.Statement, error) {
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	// Before anything is created or contacted: a wrong name is told at once.
	src, err := sources.Lookup(opts.Source)
	if err != nil {
		return nil, err
	}
	kit, err := openKeys(cfg, true)
	if err != nil {
		return nil, err
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return nil, err
	}
	s, err := sys.importFiles(ctx, importJob{sources: sources, src: src, kit: kit, opts: opts, live: true})
	return s, errJoin(err, sys.close())
}

type importJob struct {
	sources *source.Registry
	src     *source.Source
	kit     *keys.Keys
	opts    ImportOptions
	live    bool // into a running system: the files end no later than now
}

// span is the time that the rows of an import cover.
type span struct{ first, last time.Time }

func (s *span) add(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}

// record adds what a record covers: a ticket the time from its opening to what was last
// done about it.
func (s *span) record(it *wire.Item) {
	switch {
	case it.Call != nil:
		s.add(it.Call.StartedAt)
	case it.Ticket != nil && !it.Ticket.Deleted:
		f := it.Ticket.Facts()
		s.add(it.Ticket.OpenedAt)
		s.add(f.LastEvent)
	}
}

func (s *system) importFiles(ctx context.Context, job importJob) (*kpi.Statement, error) {
	zone, err := job.zone()
	if err != nil {
		return nil, err
	}
	importer, err := s.importer(job.kit)
	if err != nil {
		return nil, err
	}
	var covered span
	how := source.Options{Zone: zone, Revision: job.opts.Revision, Centre: job.opts.Centre, Keys: sourceKeys(s.cfg, job.kit)}
	session, err := job.src.Session(how) // one for all files: a call may go on in the next
	if err != nil {
		return nil, err
	}
	run, err := importer.Open(ctx, intake.Job{
		Files: job.opts.Files, Stdin: job.opts.Stdin, Source: job.src.Name(), Context: contextOf(how, job.kit),
		Read: func(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
			o := how
			o.Name, o.From = in.Name, in.From
			return session.Read(ctx, in.Reader, o, func(it *wire.Item) error {
				covered.record(it)
				return each(it)
			})
		},
	})
	if err != nil {
		return nil, err
	}
	statement, err := s.follow(ctx, job, run, &covered)
	return statement, errJoin(err, run.Close())
}

// follow runs the import to its end and waits until it shows in the figures.
func (s *system) follow(ctx context.Context, job importJob, run *intake.Run, covered *span) (*kpi.Statement, error) {
	if n := run.Notice(); n != "" && job.opts.Notice != nil {
		job.opts.Notice(n)
	}
	if run.Resumed() && job.opts.Notice != nil {
		job.opts.Notice("going on with the interrupted import " + run.ID())
	}
	if err := run.Import(ctx, job.opts.Progress); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, job.waiting()); err != nil {
		return nil, err
	}
	// An engine that has just crashed is back in a moment.
	if err := s.await(ctx, "ClickHouse at "+s.cfg.Store.Address, "store.address", s.store.Ping); err != nil {
		return nil, err
	}
	pipeline, err := s.account(ctx, run, covered)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(job.displayZone(s.cfg))
	if err != nil {
		return nil, err
	}
	q := FigureQuery{
		Zone: zone, By: job.opts.By, Centre: job.opts.Centre, Definitions: job.opts.Definitions, Texts: job.opts.Texts,
	}
	if job.live {
		q.Now = time.Now()
	}
	if !covered.first.IsZero() {
		q.From = hotline.BucketOf(covered.first)
		q.To = hotline.BucketOf(covered.last).Add(hotline.BucketLength)
	}
	statement, err := s.statement(ctx, job.sources, q)
	if missing := new(calendar.MissingYear); errors.As(err, &missing) {
		// The records are stored; reading them again would not help.
		err = fmt.Errorf("the records are stored (read %d, accepted %d), but not all of their figures can be given: %w", pipeline.Read, pipeline.Accepted, err)
		return nil, errJoin(err, run.Finish())
	}
	if err != nil {
		return nil, err
	}
	statement.Pipeline = pipeline
	if err := s.reportOn(ctx, job, statement, covered); err != nil {
		return nil, err
	}
	return statement, run.Finish()
}

// idleNotice is how long nothing may move before somebody is told that nobody loads.
const idleNotice = 10 * time.Second

// waiting shows progress, and says once when there is none.
func (j *importJob) waiting() func(toLoad, toTally int64) {
	moved, told := time.Now(), false
	var last [2]int64
	return func(toLoad, toTally int64) {
		if j.opts.Waiting != nil {
			j.opts.Waiting(toLoad, toTally)
		}
		if now := [2]int64{toLoad, toTally}; now != last {
			last, moved = now, time.Now()
		}
		if !told && j.opts.Notice != nil && time.Since(moved) > idleNotice {
			told = true
			j.opts.Notice(fmt.Sprintf("all records are with Kafka, but %d wait to be loaded and %d quarter hours to be tallied, and nothing moves: is hotline up (or load and aggregate) running, and ClickHouse?", toLoad, toTally))
		}
	}
}

// account says what became of a run's records, from intake to ClickHouse.
func (s *system) account(ctx context.Context, run *intake.Run, covered *span) (*kpi.Pipeline, error) {
	counts := run.Counts()
	loaded, err := s.store.RunCounts(ctx, run.ID())
	if err != nil {
		return nil, err
	}
	stored, err := s.store.StoredOf(ctx, run.ID())
	if err != nil {
		return nil, err
	}
	// What an interruption left behind is not among the rows this process read.
	covered.add(loaded.First)
	covered.add(loaded.Last)
	p := &kpi.Pipeline{
		Read: counts.Read, Accepted: counts.Accepted - loaded.Rejected,
		Ignored: counts.Ignored, Rejected: counts.Rejected,
		New: loaded.New, Conflicts: loaded.Conflicts,
	}
	if err := s.rejectedByLoader(ctx, run.ID(), loaded.Rejected, p.Rejected); err != nil {
		return nil, err
	}
	// After an interruption the ledger knows some records twice; what is missing is missing once.
	p.Stored = p.Accepted - (loaded.Accepted - stored)
	p.Duplicates = p.Accepted - p.New
	return p, nil
}

// rejectedByLoader adds what the loader rejected of a run, by reason. Intake checks by the
// same rules, so besides what is sealed it is a fault worth seeing.
func (s *system) rejectedByLoader(ctx context.Context, run string, n int64, by map[string]int64) error {
	if n == 0 {
		return nil
	}
	list, err := deadletter.List(ctx, s.broker, deadletter.Query{Topic: s.cfg.Topics.Rejected, Run: run, Reason: hotline.SealedPeriod})
	if err != nil {
		return err
	}
	if sealed := min(int64(list.Total), n); sealed > 0 {
		by[string(hotline.SealedPeriod)] += sealed
		n -= sealed
	}
	if n > 0 {
		by[string(hotline.Refused)] += n
	}
	return nil
}

func (s *system) importer(kit *keys.Keys) (*intake.Importer, error) {
	return intake.New(s.cfg.Intake, intake.Deps{
		Broker: s.broker, Recipient: kit.Recipient(), Fingerprint: kit.Fingerprint,
		Topics: intake.Topics{
			Calls: s.cfg.Topics.Calls, Supplements: s.cfg.Topics.Supplements, Agents: s.cfg.Topics.Agents,
			Tickets: s.cfg.Topics.Tickets, Rejected: s.cfg.Topics.Rejected,
		},
		Registerer: s.reg, Log: s.log.With("part", "intake"),
	})
}

// zone of local times, or nil where the source's own holds.
func (j *importJob) zone() (*time.Location, error) {
	if j.opts.Zone == "" {
		return nil, nil
	}
	return source.ParseZone(j.opts.Zone)
}

// displayZone is that of the files, else the centre's.
func (j *importJob) displayZone(cfg config.Root) string {
	if j.opts.Zone != "" {
		return j.opts.Zone
	}
	if z := j.src.Zone(); z != nil {
		return z.String()
	}
	return cfg.Publish.Zone
}

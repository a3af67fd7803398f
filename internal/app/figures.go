package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
)

// FigureQuery asks for the figures of calls that arrived in [From, To).
type FigureQuery struct {
	From, To time.Time // zero: from the first, to the last
	Zone     *time.Location
	By       kpi.By
	Centre   string // empty: all

	// Now is the present, see kpi.Build. Zero: every record is believed, as files are that
	// may tell of a time to come.
	Now time.Time

	Definitions map[string]int // versions asked for, whatever is in force
	Texts       bool           // with what the definitions say
}

// Figures reads the figures of a running system.
func Figures(ctx context.Context, cfg config.Root, log *slog.Logger, q FigureQuery) (*kpi.Statement, error) {
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	sayFaults(sources, log)
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return nil, err
	}
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	s, err := sys.running(ctx, sources, q)
	return s, errJoin(err, sys.close())
}

// running answers from a system that should be running, and says so when it is not.
func (s *system) running(ctx context.Context, sources *source.Registry, q FigureQuery) (*kpi.Statement, error) {
	if err := s.storeAnswers(ctx); err != nil {
		return nil, err
	}
	return s.statement(ctx, sources, q)
}

// buildOf is how tallies become figures.
func buildOf(sources *source.Registry, zone *time.Location, d kpi.Definitions) kpi.Build {
	return kpi.Build{
		Zone:        zone,
		Definitions: d,
		Knows:       knowsOf(sources),
		InService: func(name string, bucket time.Time) bool {
			return sources.Calendar(name).InService(bucket)
		},
		Covers: func(name string, bucket time.Time) bool { return sources.Calendar(name).Covers(bucket) },
	}
}

func (s *system) statement(ctx context.Context, sources *source.Registry, q FigureQuery) (*kpi.Statement, error) {
	statement, err := s.computed(ctx, sources, q)
	if err == nil && q.Texts {
		statement.Texts = kpi.Texts(statement.Definitions)
	}
	return statement, err
}

func (s *system) computed(ctx context.Context, sources *source.Registry, q FigureQuery) (*kpi.Statement, error) {
	defined, err := s.definitions(ctx, definitionQuery{From: q.From, To: q.To, Now: time.Now(), Asked: q.Definitions})
	if err != nil {
		return nil, err
	}
	build := buildOf(sources, q.Zone, defined)
	build.Now = q.Now
	period := kpi.Period{Zone: q.Zone.String()}
	tq := store.TallyQuery{From: hotline.Earliest, To: hotline.Latest, Dimension: kpi.ByQueue, Centre: q.Centre}
	if !q.From.IsZero() {
		from := q.From.In(q.Zone)
		period.From, tq.From = &from, q.From
	}
	if !q.To.IsZero() {
		to := q.To.In(q.Zone)
		period.To, tq.To = &to, q.To
	}
	if err := s.knowTickets(ctx, sources, &build); err != nil {
		return nil, err
	}
	if build.DataTo, err = s.store.DataTo(ctx, q.Now); err != nil {
		return nil, fmt.Errorf("reading how far the data reach: %w", err)
	}
	tq.Names = q.By == kpi.Queue
	totals, err := s.entries(ctx, tq)
	if err != nil {
		return nil, err
	}
	if err := placed(sources, totals); err != nil {
		return nil, err
	}
	ticketTotals, err := s.tickets(ctx, &build, sources, period, store.TicketQuery{From: tq.From, To: tq.To, Dimension: kpi.ByKind, Centre: q.Centre})
	if err != nil {
		return nil, err
	}
	if q.By == kpi.Queue { // no ticket is of a queue
		return build.Statement(period, slices.Concat(totals, ticketTotals), q.By, totals), nil
	}
	totals = append(totals, ticketTotals...)
	divided := totals
	if d := q.By.Dimension(); d != kpi.ByQueue {
		tq.Dimension, tq.Names = d, true
		if divided, err = s.entries(ctx, tq); err != nil {
			return nil, err
		}
		more, err := s.tickets(ctx, &build, sources, period, store.TicketQuery{From: tq.From, To: tq.To, Dimension: d, Centre: q.Centre})
		if err != nil {
			return nil, err
		}
		divided = append(divided, more...)
	}
	return build.Statement(period, totals, q.By, divided), nil
}

// knowTickets tells the build which centres have tickets.
func (s *system) knowTickets(ctx context.Context, sources *source.Registry, build *kpi.Build) error {
	centres, err := s.store.TicketCentres(ctx)
	if err != nil {
		return fmt.Errorf("asking which centres have tickets: %w", err)
	}
	build.Tickets = func(centre string) bool { return slices.Contains(centres, centre) }
	build.WorkingDays = workingDaysOf(sources)
	return nil
}

// tickets are the entries of a period's tickets. They are read from before it: what was
// opened there may fall due in it.
func (s *system) tickets(ctx context.Context, build *kpi.Build, sources *source.Registry, period kpi.Period, q store.TicketQuery) ([]kpi.Entry, error) {
	lines, err := s.ticketLines(ctx, build, sources, period, q)
	return build.Settled(period, lines), err
}

// ticketLines are the tallies of tickets that have a part in a period, as they are stored.
func (s *system) ticketLines(ctx context.Context, build *kpi.Build, sources *source.Registry, period kpi.Period, q store.TicketQuery) ([]kpi.TicketEntry, error) {
	if period.From != nil {
		// By the centre's calendar too, which holds for sources without a description.
		q.From = build.Settling(period).Reach(append(sources.Names(), ""), q.From)
	}
	lines, err := s.store.TicketTallies(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("reading the tallies of tickets: %w", err)
	}
	return lines, nil
}

func (s *system) entries(ctx context.Context, q store.TallyQuery) ([]kpi.Entry, error) {
	lines, err := s.store.Tallies(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("reading the tallies: %w", err)
	}
	entries := make([]kpi.Entry, len(lines))
	for i, l := range lines {
		entries[i] = kpi.Entry(l)
	}
	return entries, nil
}

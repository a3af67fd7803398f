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
	totals, err := s.entries(ctx, tq)
	if err != nil {
		return nil, err
	}
	if err := placed(sources, totals); err != nil {
		return nil, err
	}
	tickets := store.TicketQuery{From: tq.From, To: tq.To, Dimension: kpi.ByKind, Centre: q.Centre}
	ticketTotals, err := s.tickets(ctx, &build, sources, period, tickets)
	if err != nil {
		return nil, err
	}
	whole := slices.Concat(totals, ticketTotals)
	switch q.By {
	case kpi.Queue, kpi.Agent, kpi.Topic:
	default:
		return build.Statement(period, whole, q.By, whole), nil
	}
	tq.Dimension, tq.Names = q.By.Dimension(), true
	divided, err := s.sums(ctx, store.SumQuery{TallyQuery: tq, Outside: outsideAmong(sources, totals, tq)})
	if err != nil {
		return nil, err
	}
	if q.By != kpi.Queue { // no ticket is of a queue
		tickets.Dimension = tq.Dimension
		more, err := s.tickets(ctx, &build, sources, period, tickets)
		if err != nil {
			return nil, err
		}
		divided = append(divided, more...)
	}
	return build.Statement(period, whole, q.By, divided), nil
}

// outsideAmong are the stretches outside service hours, by source, of the time that entries
// lie in, which come in the order of time: all of the query's where it is bounded.
func outsideAmong(sources *source.Registry, entries []kpi.Entry, q store.TallyQuery) map[string][]store.Stretch {
	if len(entries) == 0 {
		return nil
	}
	of := kpi.Span{From: q.From, To: q.To}
	if first := entries[0].Key.Bucket; of.From.Equal(hotline.Earliest) {
		of.From = first
	}
	if last := entries[len(entries)-1].Key.Bucket; of.To.Equal(hotline.Latest) {
		of.To = last.Add(hotline.BucketLength)
	}
	outside := map[string][]store.Stretch{}
	for i := range entries {
		name := entries[i].Key.Source
		if _, known := outside[name]; !known {
			outside[name] = outsideOf(sources.Calendar(name), of)
		}
	}
	return outside
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
	return entriesOf(s.store.Tallies(ctx, q))
}

// sums are entries of a whole time, as store.TallySums has them.
func (s *system) sums(ctx context.Context, q store.SumQuery) ([]kpi.Entry, error) {
	return entriesOf(s.store.TallySums(ctx, q))
}

func entriesOf(lines []store.Tally, err error) ([]kpi.Entry, error) {
	if err != nil {
		return nil, fmt.Errorf("reading the tallies: %w", err)
	}
	entries := make([]kpi.Entry, len(lines))
	for i, l := range lines {
		entries[i] = kpi.Entry(l)
	}
	return entries, nil
}

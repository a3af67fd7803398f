package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/report"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/wholefile"
)

// ReportQuery asks for a report.
type ReportQuery struct {
	Period  string // as kpi.ParsePeriod reads it, or ytd
	Zone    *time.Location
	Centre  string // empty: all
	Now     time.Time
	Program string // the version of the program

	Definitions map[string]int // versions asked for, whatever is in force
}

// YearToDate is the name of the period from the beginning of this year to today.
const YearToDate = "ytd"

// span reads the query's period.
func (q *ReportQuery) span() (kpi.Span, error) {
	if strings.EqualFold(q.Period, YearToDate) {
		now := q.Now.In(q.Zone)
		return kpi.SpanBetween(
			kpi.DayStart(now.Year(), time.January, 1, q.Zone),
			kpi.DayStart(now.Year(), now.Month(), now.Day()+1, q.Zone), q.Zone), nil
	}
	s, err := kpi.ParsePeriod(q.Period, q.Zone)
	if err != nil {
		return kpi.Span{}, refusal.Errorf("%v", "%v, nor %s", err, YearToDate)
	}
	return s, nil
}

// Report gathers a report from a running system.
func Report(ctx context.Context, cfg config.Root, log *slog.Logger, q ReportQuery) (r *report.Report, err error) {
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	g, err := newGathering(cfg, q, span)
	if err != nil {
		return nil, err
	}
	sayFaults(g.sources, log)
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return nil, err
	}
	defer func() { err = errJoin(err, sys.close()) }()
	if err := sys.storeAnswers(ctx); err != nil {
		return nil, err
	}
	g.sys = sys
	return g.report(ctx)
}

// reportOn gathers the report that an import is asked for: of the month, quarter, half-year
// or year that its calls lie in.
func (s *system) reportOn(ctx context.Context, job importJob, statement *kpi.Statement, covered *span) error {
	if job.opts.Report == nil {
		return nil
	}
	if covered.first.IsZero() {
		return errors.New("the files hold no calls: there is no period to report about")
	}
	zone, err := time.LoadLocation(statement.Period.Zone)
	if err != nil {
		return err
	}
	of := spanOf(covered.first, covered.last, zone)
	g, err := newGathering(s.cfg, ReportQuery{Zone: zone, Centre: job.opts.Centre, Now: of.To, Program: job.opts.Program, Definitions: job.opts.Definitions}, of)
	if err != nil {
		return err
	}
	g.sys = s
	g.in.Quality.Pipeline = statement.Pipeline
	r, err := g.report(ctx)
	if err != nil {
		return err
	}
	return job.opts.Report(r)
}

// gathering collects what a report is built from.
type gathering struct {
	sys     *system
	sources *source.Registry
	rules   *ruleset.Rules
	centre  calendar.Calendar // of the hotline itself: its working days
	q       ReportQuery
	span    kpi.Span
	in      report.Input
	outside map[string][]store.Stretch // of the span, by source
	entered entered
	first   time.Time // quarter hour of the year with calls; zero without any
}

func newGathering(cfg config.Root, q ReportQuery, span kpi.Span) (*gathering, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	centre, err := rules.Calendars.Lookup("")
	if err != nil {
		return nil, err
	}
	return &gathering{sources: sources, rules: rules, centre: centre, q: q, span: span}, nil
}

func (g *gathering) report(ctx context.Context) (*report.Report, error) {
	g.in.Program, g.in.Centre, g.in.Span, g.in.Until = g.q.Program, g.q.Centre, g.span, earlier(g.q.Now, g.span.To)
	defined, err := g.sys.definitions(ctx, definitionQuery{From: g.span.From, To: g.span.To, Now: g.q.Now, Asked: g.q.Definitions})
	if err != nil {
		return nil, err
	}
	g.in.Count = buildOf(g.sources, g.q.Zone, defined)
	for _, step := range []func(context.Context) error{
		g.reach, g.year, g.defined, g.named, g.compared, g.lost, g.rejected, g.sealedBefore, g.journal, g.targets,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return report.Build(g.in)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (g *gathering) reach(ctx context.Context) error {
	reached, err := g.sys.store.DataTo(ctx, g.q.Now)
	if err != nil {
		return fmt.Errorf("reading how far the data reach: %w", err)
	}
	g.in.Count.DataTo, g.in.Count.Now = reached, g.q.Now
	return g.sys.knowTickets(ctx, g.sources, &g.in.Count)
}

// defined says how the figures are counted. Which form of response timeliness leads depends
// on what the sources of the period's calls know: the figure itself decides it.
func (g *gathering) defined(context.Context) (err error) {
	var own []kpi.Entry
	for i := range g.in.Year {
		if b := g.in.Year[i].Key.Bucket; !b.Before(g.span.From) && b.Before(g.span.To) {
			own = append(own, g.in.Year[i])
		}
	}
	t, knows := g.in.Count.Sum(own)
	f := kpi.Compute(&t, knows, g.in.Count.Definitions)
	g.in.Definitions, err = definitionsOf(g.rules.Definitions, &g.in.Count.Definitions, f.ResponseLeads == kpi.ResponseItems)
	return err
}

func (g *gathering) query(s kpi.Span) store.TallyQuery {
	return store.TallyQuery{From: s.From, To: s.To, Dimension: kpi.ByQueue, Centre: g.q.Centre}
}

// yearStart is the beginning of the year that the span ends in.
func (g *gathering) yearStart() time.Time {
	last := g.span.To.Add(-time.Nanosecond).In(g.q.Zone)
	return kpi.DayStart(last.Year(), time.January, 1, g.q.Zone)
}

// year reads every quarter hour from the beginning of the year, or of the span where that
// is earlier, and finds when each source was out of service.
func (g *gathering) year(ctx context.Context) (err error) {
	whole := g.span
	whole.From = earlier(whole.From, g.yearStart())
	if g.in.Year, err = g.sys.entries(ctx, g.query(whole)); err != nil {
		return err
	}
	if len(g.in.Year) > 0 { // in the order of time
		g.first = g.in.Year[0].Key.Bucket
	}
	seen := map[string]bool{}
	for i := range g.in.Year {
		seen[g.in.Year[i].Key.Source] = true
	}
	for name := range seen {
		if err := g.sources.Calendar(name).Check(whole.From, whole.To); err != nil {
			return fmt.Errorf("service hours of source %s: %w", name, err)
		}
	}
	g.outside = map[string][]store.Stretch{}
	for name := range seen {
		g.outside[name] = outsideOf(g.sources.Calendar(name), g.span)
	}
	return g.tickets(ctx, whole, kpi.ByKind, &g.in.Year)
}

// tickets adds the tickets of a span to entries.
func (g *gathering) tickets(ctx context.Context, s kpi.Span, d kpi.Dimension, to *[]kpi.Entry) error {
	period := kpi.Period{From: &s.From, To: &s.To, Zone: g.q.Zone.String()}
	list, err := g.sys.tickets(ctx, &g.in.Count, g.sources, period, store.TicketQuery{From: s.From, To: s.To, Dimension: d, Centre: g.q.Centre})
	*to = append(*to, list...)
	return err
}

// outsideOf are the stretches of a span outside of a calendar's service hours.
func outsideOf(c calendar.Calendar, s kpi.Span) []store.Stretch {
	return stretchesWhere(s.From, s.To, func(at time.Time) bool { return !c.InService(at) })
}

// stretchesWhere are the quarter hours from one time to another of which holds is true, as
// few stretches as they make. Without any there are none, which is not nil.
func stretchesWhere(from, to time.Time, holds func(time.Time) bool) []store.Stretch {
	list := []store.Stretch{}
	for at := hotline.BucketOf(from); at.Before(to); at = at.Add(hotline.BucketLength) {
		if !holds(at) {
			continue
		}
		if n := len(list); n > 0 && list[n-1].To.Equal(at) {
			list[n-1].To = at.Add(hotline.BucketLength)
			continue
		}
		list = append(list, store.Stretch{From: at, To: at.Add(hotline.BucketLength)})
	}
	return list
}

// named reads what queues, agents and topics have in the span.
func (g *gathering) named(ctx context.Context) error {
	for _, d := range []struct {
		dimension kpi.Dimension
		into      *[]kpi.Entry
	}{{kpi.ByQueue, &g.in.Queues}, {kpi.ByAgent, &g.in.Agents}, {kpi.ByTopic, &g.in.Topics}} {
		q := g.query(g.span)
		q.Dimension, q.Names = d.dimension, true
		var err error
		if *d.into, err = g.sys.sums(ctx, store.SumQuery{TallyQuery: q, Outside: g.outside}); err != nil {
			return err
		}
		if d.dimension == kpi.ByQueue { // no ticket is of a queue
			continue
		}
		if err := g.tickets(ctx, g.span, d.dimension, d.into); err != nil {
			return err
		}
	}
	return nil
}

// compared reads the period before and that of the year before. Of a period that has not
// ended it is as many days: a part is not held against a whole.
func (g *gathering) compared(ctx context.Context) error {
	for _, c := range []struct {
		kind report.ComparisonKind
		span kpi.Span
	}{{report.PeriodOnPeriod, g.span.Before(g.q.Zone)}, {report.YearOnYear, g.span.YearBefore(g.q.Zone)}} {
		if g.in.Until.Before(g.span.To) {
			over := kpi.Span{From: g.span.From, To: g.in.Until}
			c.span = c.span.First(max(over.Days(g.q.Zone), 1), g.q.Zone)
		}
		outside, known := map[string][]store.Stretch{}, true
		for name := range g.outside {
			known = known && g.sources.Calendar(name).Check(c.span.From, c.span.To) == nil
			outside[name] = outsideOf(g.sources.Calendar(name), c.span)
		}
		entries, err := g.sys.sums(ctx, store.SumQuery{TallyQuery: g.query(c.span), Outside: outside})
		if err != nil {
			return err
		}
		if err := g.tickets(ctx, c.span, kpi.ByKind, &entries); err != nil {
			return err
		}
		if !known && len(entries) > 0 {
			for i := range entries {
				entries[i].Tally.NoCalendar()
			}
			g.in.Notices = append(g.in.Notices, kpi.Wording{
				ZH: c.span.ZH + "没有工作日历：与服务时间有关的比率无法计算，人工请求量含非服务时间来电。", EN: "There is no calendar of " + c.span.EN + ": rates that need service hours are not available, and its requested hold calls after hours.",
			})
		}
		g.in.Compared = append(g.in.Compared, report.Compared{Kind: c.kind, Span: c.span, Entries: entries})
	}
	return nil
}

func (g *gathering) lost(ctx context.Context) error {
	list, err := g.sys.store.LostCalls(ctx, g.query(g.span), report.MostLost)
	if err != nil {
		return fmt.Errorf("reading the lost calls: %w", err)
	}
	for _, l := range list {
		g.in.Lost = append(g.in.Lost, report.LostCall{
			At: l.StartedAt.In(g.q.Zone), Queue: l.Queue, Outcome: string(l.Outcome), WaitMillis: l.WaitMillis,
			Caller: l.CallerMasked, Region: l.Region,
			AfterHours: !g.sources.Calendar(l.Source).InService(hotline.BucketOf(l.StartedAt)),
		})
	}
	return nil
}

// rejected counts the dead letters that wait. A broker that does not answer is no reason to
// give no report: the report says that it does not know.
func (g *gathering) rejected(ctx context.Context) error {
	if err := g.sys.brokerAnswers(ctx); err != nil {
		g.sys.log.Warn("the report does not say what is rejected", "err", err)
		return ctx.Err()
	}
	list, err := deadletter.List(ctx, g.sys.broker, deadletter.Query{Topic: g.sys.cfg.Topics.Rejected, Limit: 1})
	if err != nil {
		return fmt.Errorf("reading %s: %w", g.sys.cfg.Topics.Rejected, err)
	}
	g.in.Quality.RejectedKnown, g.in.Quality.Rejected = true, map[string]int64{}
	for reason, n := range list.ByReason {
		g.in.Quality.Rejected[string(reason)] = int64(n)
	}
	return nil
}

// WriteReport prints a report into a file, which is there whole or not at all.
func WriteReport(path string, r *report.Report, o report.Options) error {
	var out bytes.Buffer
	if err := report.Render(&out, r, o); err != nil {
		return err
	}
	return writeWhole(path, out.Bytes())
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, data []byte) error {
	if err := (wholefile.How{Mode: 0o644}).Write(path, data); err != nil {
		return fmt.Errorf("writing the report %s: %w", path, err)
	}
	return nil
}

// spanOf is the shortest named period that holds all of a time: a month, quarter, half-year
// or year, else its days.
func spanOf(first, last time.Time, zone *time.Location) kpi.Span {
	a, b := first.In(zone), last.In(zone)
	names := []string{a.Format("2006-01"), fmt.Sprintf("%dQ%d", a.Year(), (int(a.Month())+2)/3), fmt.Sprintf("%dH%d", a.Year(), (int(a.Month())+5)/6), fmt.Sprint(a.Year())}
	spans := make([]kpi.Span, 0, len(names))
	for _, name := range names {
		if s, err := kpi.ParsePeriod(name, zone); err == nil {
			spans = append(spans, s)
		}
	}
	if i := slices.IndexFunc(spans, func(s kpi.Span) bool { return !last.Before(s.From) && last.Before(s.To) }); i >= 0 {
		return spans[i]
	}
	return kpi.SpanBetween(kpi.DayStart(a.Year(), a.Month(), a.Day(), zone), kpi.DayStart(b.Year(), b.Month(), b.Day()+1, zone), zone)
}

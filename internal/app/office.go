package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/publish"
	"hotline12333/internal/report"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/web"
)

// office does for the pages what the commands do, on the connections of the running
// program. Reports read the files of rules anew, as each run of a command does.
type office struct {
	sys       *system
	sources   *source.Registry
	snapshots publish.Source
	zone      *time.Location
	program   string
	calls     *callDesk
}

var _ web.Desk = (*office)(nil)

func (s *system) office(of pagesOf, calls *callDesk) (*office, error) {
	zone, err := source.ParseZone(s.cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return &office{sys: s, sources: of.sources, snapshots: of.follower, zone: zone, program: of.program, calls: calls}, nil
}

// told marks the errors that are nobody's who uses a page.
func told(err error) error {
	var silent *silentError
	if err != nil && (errors.As(err, &silent) || isStore(err)) {
		return fmt.Errorf("%w: %w", web.ErrNotAnswering, err)
	}
	return err
}

func isStore(err error) bool {
	var e *store.Error
	return errors.As(err, &e)
}

func (o *office) Zone() *time.Location { return o.zone }

func (o *office) Centres(ctx context.Context) ([]string, error) {
	names, err := o.sys.store.TicketCentres(ctx)
	if err != nil {
		return nil, told(err)
	}
	if s, ok := o.snapshots.Snapshot(time.Now()); ok {
		for scope := range s.Windows[kpi.ThisYear].Scopes {
			if scope.Level == kpi.OneCentre {
				names = append(names, scope.Centre)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (o *office) query(period, centre string) ReportQuery {
	return ReportQuery{Period: period, Zone: o.zone, Centre: centre, Now: time.Now(), Program: o.program}
}

func (o *office) Span(period string) (kpi.Span, error) {
	q := o.query(period, "")
	return q.span()
}

func authorOf(a web.Author) Author {
	return Author{By: a.By, Reason: a.Reason, Evidence: a.Evidence, Replaces: a.Replaces, Withdraw: a.Withdraw}
}

func (o *office) Indicators(period string) (*kpi.Indicators, kpi.Span, error) {
	rules, err := openRules(o.sys.cfg)
	if err != nil {
		return nil, kpi.Span{}, err
	}
	return indicatorsOf(o.sys.cfg, rules, period)
}

func (o *office) Entries(ctx context.Context, kinds []journal.Kind, subject string) ([]journal.History, error) {
	var all []journal.History
	for _, kind := range kinds {
		list, err := o.sys.store.Entries(ctx, store.EntryQuery{Kind: kind, Subject: subject})
		if err != nil {
			return nil, told(err)
		}
		all = append(all, journal.Histories(list)...)
	}
	return all, nil
}

// keep writes an entry into the journal.
func (o *office) keep(ctx context.Context, e journal.Entry, err error) (journal.Entry, error) {
	if err != nil {
		return e, err
	}
	kept, err := o.sys.enter(ctx, e)
	return kept, told(err)
}

func (o *office) Enter(ctx context.Context, v web.Entered) (journal.Entry, error) {
	rules, err := openRules(o.sys.cfg)
	if err != nil {
		return journal.Entry{}, err
	}
	entered := EnteredValue{
		Code: v.Code, Period: v.Period, Centre: v.Centre, Value: v.Value, Score: v.Score, Band: v.Band,
		Executed: v.Executed, Adjusted: v.Adjusted, NotApplicable: v.NotApplicable, Reviewer: v.Reviewer, Author: authorOf(v.Author),
	}
	e, err := entered.entry(o.sys.cfg, rules)
	return o.keep(ctx, e, err)
}

func (o *office) Explain(ctx context.Context, d web.Explained) (journal.Entry, error) {
	rules, err := openRules(o.sys.cfg)
	if err != nil {
		return journal.Entry{}, err
	}
	entered := EnteredDeviation{Code: d.Code, Period: d.Period, Centre: d.Centre, Deviation: d.Deviation, Author: authorOf(d.Author)}
	e, err := entered.entry(o.sys.cfg, rules)
	return o.keep(ctx, e, err)
}

func (o *office) EnterTotals(ctx context.Context, t web.Totals) (done web.TotalsDone, err error) {
	c := ControlTotals{Counter: t.Counter, Centre: t.Centre, Replace: t.Replace, Author: authorOf(t.Author)}
	switch {
	case t.File != nil:
		if c.Days, err = readControlTotals(t.File, t.FileName); err != nil {
			return done, err
		}
	default:
		day, err := CheckDay(t.Day)
		if err != nil {
			return done, err
		}
		c.Days = []ControlDay{{Day: day, ControlTotal: t.ControlTotal}}
	}
	if err := c.validate(); err != nil {
		return done, err
	}
	var r ControlResult
	err = o.sys.enterControlTotals(ctx, c, &r)
	return web.TotalsDone(r), told(err)
}

func (o *office) EnterOutage(ctx context.Context, x web.Outage) (journal.Entry, error) {
	entered := EnteredOutage{ID: x.ID, Centre: x.Centre, Outage: x.Outage, Author: authorOf(x.Author)}
	e, err := entered.entry()
	return o.keep(ctx, e, err)
}

// gathered reads what a report is built from, and builds it.
func (o *office) gathered(ctx context.Context, q ReportQuery) (*gathering, *report.Report, error) {
	span, err := q.span()
	if err != nil {
		return nil, nil, err
	}
	g, err := newGathering(o.sys.cfg, q, span)
	if err != nil {
		return nil, nil, err
	}
	g.sys = o.sys
	r, err := g.report(ctx)
	return g, r, told(err)
}

func printedAs(q web.ReportQuery) report.Options {
	return report.Options{Lang: report.Lang(q.Lang), Table: q.Table, Form: kpi.FormKind(q.Form)}
}

func (o *office) Report(ctx context.Context, q web.ReportQuery, link func(web.Trace) string) (*web.ReportPage, error) {
	g, r, err := o.gathered(ctx, o.query(q.Period, q.Centre))
	if err != nil {
		return nil, err
	}
	p := &web.ReportPage{Span: g.span, Draft: r.Draft, DataTo: r.DataTo}
	for i := range r.Tables {
		if n := r.Tables[i].Number; !slices.Contains(p.Tables, n) {
			p.Tables = append(p.Tables, n)
		}
	}
	var out strings.Builder
	err = report.WriteSheets(&out, r, printedAs(q), func(t report.Trace) string {
		if _, err := kpi.LookupExplained(t.Figure, r.Choices); err != nil {
			return "" // it is of no calls
		}
		return link(web.Trace(t))
	})
	p.Sheets = []byte(out.String())
	return p, err
}

func (o *office) Print(ctx context.Context, q web.ReportQuery, format string, w io.Writer) error {
	_, r, err := o.gathered(ctx, o.query(q.Period, q.Centre))
	if err != nil {
		return err
	}
	options := printedAs(q)
	options.Format = report.Format(format)
	return report.Render(w, r, options)
}

func (o *office) Style() []byte { return report.CSS() }

func (o *office) Figures(ctx context.Context, from, to time.Time, by kpi.By, centre string) (*kpi.Statement, error) {
	s, err := o.sys.statement(ctx, o.sources, FigureQuery{From: from, To: to, Zone: o.zone, By: by, Centre: centre, Now: time.Now()})
	return s, told(err)
}

func (o *office) Traceable() []kpi.Explained {
	d := kpi.DefaultDefinitions()
	var list []kpi.Explained
	for _, name := range kpi.ExplainedNames(d) {
		if f, err := kpi.LookupExplained(name, d); err == nil {
			list = append(list, f)
		}
	}
	return list
}

func (o *office) traced(t web.Trace) (ExplainQuery, error) {
	span, err := o.Span(t.Period)
	return ExplainQuery{Figure: t.Figure, Span: span, Zone: o.zone, Place: t.Place}, err
}

func (o *office) Explanation(ctx context.Context, t web.Trace, sample kpi.Sample) (*kpi.Explanation, error) {
	q, err := o.traced(t)
	if err != nil {
		return nil, err
	}
	q.Sample = sample
	e, err := o.sys.explain(ctx, o.sources, q)
	return e, told(err)
}

func (o *office) Calls(ctx context.Context, t web.Trace, role kpi.Role, after string, limit int) ([]kpi.ExplainedCall, string, error) {
	q, err := o.traced(t)
	if err != nil {
		return nil, "", err
	}
	calls, next, err := o.sys.explainedCalls(ctx, o.sources, CallsQuery{ExplainQuery: q, Role: role, After: after, Limit: limit})
	return calls, next, told(err)
}

package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
)

// ExplainQuery asks for the calls behind a figure of calls that arrived in the span.
type ExplainQuery struct {
	Figure string // as kpi.LookupExplained knows it
	Span   kpi.Span
	Zone   *time.Location
	Place  kpi.Place
	Sample kpi.Sample // of size 0: only how many calls stand where

	Definitions map[string]int // versions asked for, whatever is in force
}

// CallsQuery asks for a page of the calls behind a figure, in order of arrival.
type CallsQuery struct {
	ExplainQuery

	Role  kpi.Role // empty: all
	After string   // where the page begins: Next of the one before
	Limit int
}

// Explain leads a figure of a running system back to its calls.
func Explain(ctx context.Context, cfg config.Root, log *slog.Logger, q ExplainQuery) (*kpi.Explanation, error) {
	var e *kpi.Explanation
	err := withSources(ctx, cfg, log, func(s *system, sources *source.Registry) (err error) {
		e, err = s.explain(ctx, sources, q)
		return err
	})
	return e, err
}

// ExplainAll leads a figure back to all of its calls: begin gets how many stand where,
// each the calls in order of arrival. Memory does not grow with their number.
func ExplainAll(ctx context.Context, cfg config.Root, log *slog.Logger, q ExplainQuery, begin func(*kpi.Explanation) error, each func(*kpi.ExplainedCall) error) error {
	return withSources(ctx, cfg, log, func(s *system, sources *source.Registry) error {
		e, err := s.explain(ctx, sources, q)
		if err != nil {
			return err
		}
		if err := begin(e); err != nil {
			return err
		}
		told := int64(0)
		page := CallsQuery{ExplainQuery: q, Limit: pageOfAll}
		for {
			calls, next, err := s.explainedCalls(ctx, sources, page)
			if err != nil {
				return err
			}
			for i := range calls {
				if err := each(&calls[i]); err != nil {
					return err
				}
			}
			told += int64(len(calls))
			if page.After = next; next == "" {
				break
			}
		}
		counted := int64(0)
		for _, r := range e.Roles {
			counted += r.Calls
		}
		if told != counted {
			return refusal.Errorf("读取期间数据有变化(计 %d 通,列出 %d 通):请重试", "the data changed while the calls were read: %d were counted, %d are told; run it again", counted, told)
		}
		return nil
	})
}

// pageOfAll is how many calls are held at a time when all are told.
const pageOfAll = 20_000

// withSources does something with the store of a running system and the sources.
func withSources(ctx context.Context, cfg config.Root, log *slog.Logger, do func(*system, *source.Registry) error) error {
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	sayFaults(sources, log)
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	if err := sys.storeAnswers(ctx); err != nil {
		return errJoin(err, sys.close())
	}
	return errJoin(do(sys, sources), sys.close())
}

// explainer reads the calls of a figure piece by piece.
type explainer struct {
	sys         *system
	sources     *source.Registry
	build       kpi.Build
	figure      kpi.Explained
	q           ExplainQuery
	checked     bool // there are tallies to compare with
	tallies     store.TallyQuery
	ticketsKept time.Time                      // before it retention has removed tickets, and sealed what was counted of them
	kindsOf     map[kpi.Role]map[kpi.Seen]bool // of calls, as far as they have been read
	knows       kpi.Knows                      // of a figure of tickets: what the sources of the period's calls know, and of tickets
}

func (s *system) explainer(ctx context.Context, sources *source.Registry, q ExplainQuery) (*explainer, error) {
	if err := q.Place.Check(); err != nil {
		return nil, err
	}
	now := time.Now()
	defined, err := s.definitions(ctx, definitionQuery{From: q.Span.From, To: q.Span.To, Now: now, Asked: q.Definitions})
	if err != nil {
		return nil, err
	}
	x := &explainer{sys: s, sources: sources, build: buildOf(sources, q.Zone, defined), q: q, kindsOf: map[kpi.Role]map[kpi.Seen]bool{}}
	x.build.Now = now
	if x.figure, err = kpi.LookupExplained(q.Figure, x.build.Definitions); err != nil {
		return nil, err
	}
	if x.figure.OfTickets() || q.Figure == kpi.DefResponse {
		if err := x.ticketsToo(ctx); err != nil {
			return nil, err
		}
	}
	d, named, ok := q.Place.Dimension()
	x.checked = ok
	x.tallies = store.TallyQuery{Dimension: d, Centre: q.Place.Centre, Names: named}
	return x, nil
}

// explain counts the calls behind a figure, draws the sample, and holds the sum against
// the tallies. That they differ is told in the explanation and is no error of this
// function.
func (s *system) explain(ctx context.Context, sources *source.Registry, q ExplainQuery) (*kpi.Explanation, error) {
	x, err := s.explainer(ctx, sources, q)
	if err != nil {
		return nil, err
	}
	if x.figure.OfTickets() {
		return x.explainTickets(ctx)
	}
	from, to := q.Span.From.In(q.Zone), q.Span.To.In(q.Zone)
	e := &kpi.Explanation{
		Figure: x.figure, Name: q.Span.Name, Period: kpi.Period{From: &from, To: &to, Zone: q.Zone.String()}, Place: q.Place,
		Definitions: x.build.Definitions.States(false), Checked: kpi.Checked{Equal: true},
	}
	if q.Sample.Size > 0 {
		e.Sample = &q.Sample
	}
	if !x.checked {
		e.Checked = kpi.Checked{Without: "no tally counts two of queue, agent and topic together"}
	}
	gone, err := s.goneBefore(ctx, q.Span)
	if err != nil {
		return nil, err
	}
	all, sampler := kpi.Standings{}, kpi.NewSampler(q.Sample)
	var knows kpi.Knows
	var dataTo time.Time
	err = x.each(ctx, gone, func(p *stretch) {
		if p.gone { // what was counted of them stays; they themselves are gone
			x.remember(e, p)
		} else {
			all.Merge(p.standings)
			sampler.Merge(p.sampler)
			x.compare(e, p)
		}
		if p.tally.Calls > 0 || p.tally.Legs > 0 {
			knows = knows.And(p.knows)
		}
		if p.tally.DataTo.After(dataTo) {
			dataTo = p.tally.DataTo
		}
	})
	if err != nil {
		return nil, err
	}
	if e.Calls, err = x.drawn(ctx, x.remaining(gone), all, sampler); err != nil {
		return nil, err
	}
	sum := all.Sum()
	if e.Removed != nil {
		sum.Num, sum.Den = sum.Num+e.Removed.Numerator, sum.Den+e.Removed.Denominator
	}
	e.Numerator, e.Denominator, e.Roles = sum.Num, sum.Den, all.Totals()
	e.NotConnected, e.Value = x.figure.Value(sum, knows)
	if !dataTo.IsZero() {
		dataTo = dataTo.In(q.Zone)
		e.DataTo = &dataTo
	}
	return e, nil
}

// goneBefore is the end of the part of a span whose calls have reached their retention.
func (s *system) goneBefore(ctx context.Context, span kpi.Span) (time.Time, error) {
	h, err := s.store.Horizons(ctx, store.SealedCall)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading how long calls are kept: %w", err)
	}
	return minTime(h.Sealed, span.To), nil
}

// remember adds what the tallies say of calls that are gone. Where none count the place,
// nothing is known of them.
func (x *explainer) remember(e *kpi.Explanation, p *stretch) {
	if e.Removed == nil {
		e.Removed = &kpi.Removed{}
	}
	e.Removed.Before = p.to.In(x.q.Zone)
	if !x.checked {
		return
	}
	t := x.figure.Of(&p.tally, nil)
	e.Removed.Numerator += t.Num
	e.Removed.Denominator += t.Den
	e.Checked.Numerator += t.Num
	e.Checked.Denominator += t.Den
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (x *explainer) terms(p *stretch) (calls, tallies kpi.Terms) {
	c, t := p.standings.Sum(), x.figure.Of(&p.tally, nil)
	return kpi.Terms{Numerator: c.Num, Denominator: c.Den}, kpi.Terms{Numerator: t.Num, Denominator: t.Den}
}

func (x *explainer) compare(e *kpi.Explanation, p *stretch) {
	if !x.checked {
		return
	}
	calls, tallies := x.terms(p)
	e.Checked.Numerator += tallies.Numerator
	e.Checked.Denominator += tallies.Denominator
	if calls != tallies {
		e.Checked.Equal = false
		e.Checked.Differences = append(e.Checked.Differences, kpi.Mismatch{From: p.from.In(x.q.Zone), To: p.to.In(x.q.Zone), Calls: calls, Tallies: tallies})
	}
}

func (x *explainer) seen(from, to time.Time) store.SeenQuery {
	at := x.q.Place
	return store.SeenQuery{
		From: from, To: to, Within: stretchesOf(at, from, to, x.q.Zone),
		Centre: at.Centre, Source: at.Source, Queue: at.Queue, Agent: at.Agent, Topic: at.Topic, Nameless: at.Nameless,
	}
}

// stretchesOf are the parts of a stretch that lie in a place's hours and weekdays; nil: all of
// it does. The store knows no zone, so it is told which quarter hours these are.
func stretchesOf(at kpi.Place, from, to time.Time, zone *time.Location) []store.Stretch {
	if at.AnyTime() {
		return nil
	}
	return stretchesWhere(from, to, func(bucket time.Time) bool { return at.At(bucket, zone) })
}

func (x *explainer) stand(e *kpi.Explainer, c *store.SeenCall) kpi.Standing {
	c.Seen.OutsideService = !x.build.InService(c.Source, c.Bucket)
	return e.Stand(c.Seen)
}

func (x *explainer) told(c *store.SeenCall, at kpi.Standing) kpi.ExplainedCall {
	return kpi.ExplainedCall{
		Role: at.Role, Rule: at.Rule, CallID: c.CallID, Version: c.Rank.Version, ArrivedAt: c.StartedAt.In(x.q.Zone),
		Centre: c.Centre, Queue: c.Queue, Agent: c.Agent, Outcome: c.Seen.Outcome, Excluded: c.Seen.Excluded,
		WaitSeconds: kpi.Millis(c.Seen.Wait), Caller: c.CallerMasked, Source: c.Source, Origin: c.Origin, Run: c.Run,
	}
}

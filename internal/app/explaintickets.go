package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// ticketsToo reads what a figure of tickets needs to know, and which form of response
// timeliness leads: that which the figure itself would take.
func (x *explainer) ticketsToo(ctx context.Context) (err error) {
	if x.build.DataTo, err = x.sys.store.DataTo(ctx, x.build.Now); err != nil {
		return fmt.Errorf("reading how far the data reach: %w", err)
	}
	h, err := x.sys.store.Horizons(ctx, store.SealedTicket)
	if err != nil {
		return fmt.Errorf("reading how long tickets are kept: %w", err)
	}
	x.ticketsKept = h.Sealed
	if err := x.sys.knowTickets(ctx, x.sources, &x.build); err != nil {
		return err
	}
	p := stretch{from: x.q.Span.From, to: x.q.Span.To}
	if err := x.readTallies(ctx, &p); err != nil {
		return err
	}
	told, gone, err := x.ticketTallies(ctx)
	if err != nil {
		return err
	}
	p.tally.Merge(&told)
	p.tally.Merge(&gone)
	x.knows = p.knows
	if x.q.Place.Queue != "" || x.q.Place.Nameless == kpi.ByQueue { // no ticket is of a queue
		x.knows = x.knows.With(kpi.CanTickets, false)
	}
	leads := kpi.Compute(&p.tally, x.knows, x.build.Definitions).ResponseLeads
	if x.q.Figure == kpi.DefResponse && leads == kpi.ResponseItems {
		x.figure = x.figure.Items()
	}
	return nil
}

func (x *explainer) period() kpi.Period {
	from, to := x.q.Span.From.In(x.q.Zone), x.q.Span.To.In(x.q.Zone)
	return kpi.Period{From: &from, To: &to, Zone: x.q.Zone.String()}
}

// ticketTallies is what the tallies say of the place's tickets, and apart from it of those
// that retention has removed; nothing where none count the place.
func (x *explainer) ticketTallies(ctx context.Context) (told, gone kpi.Tally, err error) {
	d, _, _ := x.q.Place.Dimension()
	switch {
	case x.ticketsUncounted() != "":
		return told, gone, nil
	case d == kpi.ByQueue:
		d = kpi.ByKind
	}
	lines, err := x.sys.ticketLines(ctx, &x.build, x.sources, x.period(), store.TicketQuery{
		From: x.q.Span.From, To: x.q.Span.To, Dimension: d, Centre: x.q.Place.Centre,
	})
	if err != nil {
		return told, gone, err
	}
	for i := range lines {
		sum := &told
		if lines[i].Key.Bucket.Before(x.ticketsKept) {
			sum = &gone
		}
		for _, e := range x.build.Settled(x.period(), lines[i:i+1]) {
			if x.q.Place.Counts(&e.Key, x.q.Zone) {
				sum.Merge(&e.Tally)
			}
		}
	}
	return told, gone, nil
}

// eachTicket tells the tickets that have a part in the figure, in the order of opening.
func (x *explainer) eachTicket(ctx context.Context, begin func(), each func(*store.SeenTicket, kpi.Standing) error) error {
	period, at := x.period(), x.q.Place
	q := store.TicketQuery{From: x.build.Settling(period).Reach(append(x.sources.Names(), ""), x.q.Span.From), To: x.q.Span.To, Centre: at.Centre}
	view := &kpi.TicketView{Build: &x.build, Period: period, Place: at, Kept: x.ticketsKept}
	err := x.sys.store.SeenTickets(ctx, q, begin, func(t *store.SeenTicket) error {
		if at.Source != "" && t.Source != at.Source || at.Agent != "" && t.Agent != at.Agent || at.Topic != "" && !slices.Contains(t.Topics, at.Topic) ||
			at.Queue != "" || at.Nameless != "" && !namelessTicket(at.Nameless, &t.Ticket) {
			return nil
		}
		stands, here := x.figure.StandTicket(view, &t.Ticket)
		if !here {
			return nil
		}
		return each(t, stands)
	})
	if err != nil {
		return fmt.Errorf("reading the tickets: %w", err)
	}
	return nil
}

// explainTickets is explain of a figure that is made of tickets. They are few beside calls,
// so the period is one piece.
func (x *explainer) explainTickets(ctx context.Context) (*kpi.Explanation, error) {
	e := &kpi.Explanation{
		Figure: x.figure, Name: x.q.Span.Name, Period: x.period(), Place: x.q.Place,
		Definitions: x.build.Definitions.States(true),
	}
	if x.q.Sample.Size > 0 {
		e.Sample = &x.q.Sample
	}
	deadline := time.Now().Add(settling)
	for last := false; ; {
		standings, sampler := kpi.Standings{}, kpi.NewSampler(x.q.Sample)
		begin := func() { standings, sampler = kpi.Standings{}, kpi.NewSampler(x.q.Sample) }
		tallies, gone, err := x.ticketTallies(ctx)
		if err != nil {
			return nil, err
		}
		err = x.eachTicket(ctx, begin, func(t *store.SeenTicket, at kpi.Standing) error {
			standings.Add(at)
			sampler.Offer(at.Role, t.ID, func() kpi.ExplainedCall { return x.toldTicket(t, at) })
			return nil
		})
		if err != nil {
			return nil, err
		}
		sum, want := standings.Sum(), x.figure.Of(&tallies, nil)
		x.checkTickets(e, sum, want)
		sum = x.rememberTickets(e, sum, &gone)
		e.Numerator, e.Denominator, e.Roles, e.Calls = sum.Num, sum.Den, standings.Totals(), sampler.Calls()
		if e.Checked.Equal || e.Checked.Without != "" || last || time.Now().After(deadline) {
			break
		}
		// What is loaded this moment is tallied the next: one more look once nothing waits.
		marks, err := aggregate.Pending(ctx, x.sys.broker, x.sys.cfg.Aggregate.Group, x.sys.cfg.Topics.Touched)
		if err != nil {
			return nil, fmt.Errorf("tickets and tallies differ; asking what is still to be recomputed: %w", err)
		}
		if last = marks == 0; last {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	e.NotConnected, e.Value = x.figure.Value(kpi.Ratio{Num: e.Numerator, Den: e.Denominator}, x.knows)
	if asOf := x.build.Settling(x.period()).AsOf; !asOf.IsZero() {
		asOf = asOf.In(x.q.Zone)
		e.TicketsAsOf, e.DataTo = &asOf, &asOf
	}
	return e, nil
}

// namelessTicket says whether a ticket has no name in the dimension. Tickets have no queue.
func namelessTicket(d kpi.Dimension, t *hotline.Ticket) bool {
	return d == kpi.ByQueue || d == kpi.ByAgent && t.Agent == "" || d == kpi.ByTopic && len(t.Topics) == 0
}

// ticketsUncounted says why no tally counts the tickets of the place; empty: one does.
func (x *explainer) ticketsUncounted() string {
	switch _, _, ok := x.q.Place.Dimension(); {
	case !ok:
		return "no tally counts two of queue, agent and topic together"
	case x.q.Place.Queue != "":
		return "tickets are of no queue"
	case x.q.Place.Nameless != "":
		return "no tally counts tickets without a name apart"
	}
	return ""
}

// rememberTickets adds what sealed tallies say of tickets that are gone, where the period or
// what is due in it reaches back to them.
func (x *explainer) rememberTickets(e *kpi.Explanation, sum kpi.Ratio, gone *kpi.Tally) kpi.Ratio {
	if e.Removed = nil; x.ticketsKept.IsZero() {
		return sum
	}
	n := x.figure.Of(gone, nil)
	if n.Num == 0 && n.Den == 0 && !x.q.Span.From.Before(x.ticketsKept) {
		return sum
	}
	e.Removed = &kpi.Removed{Before: x.ticketsKept.In(x.q.Zone), Terms: kpi.Terms{Numerator: n.Num, Denominator: n.Den}}
	e.Checked.Numerator, e.Checked.Denominator = e.Checked.Numerator+n.Num, e.Checked.Denominator+n.Den
	sum.Num, sum.Den = sum.Num+n.Num, sum.Den+n.Den
	return sum
}

// checkTickets holds what the tickets add up to against the tallies.
func (x *explainer) checkTickets(e *kpi.Explanation, sum, tallies kpi.Ratio) {
	if why := x.ticketsUncounted(); why != "" {
		e.Checked = kpi.Checked{Without: why}
		return
	}
	told, counted := kpi.Terms{Numerator: sum.Num, Denominator: sum.Den}, kpi.Terms{Numerator: tallies.Num, Denominator: tallies.Den}
	e.Checked = kpi.Checked{Equal: told == counted, Numerator: counted.Numerator, Denominator: counted.Denominator}
	if told != counted {
		e.Checked.Differences = []kpi.Mismatch{{From: *e.Period.From, To: *e.Period.To, Calls: told, Tallies: counted}}
	}
}

// ticketPage is a page of the tickets behind a figure, in order of opening.
func (x *explainer) ticketPage(ctx context.Context, q CallsQuery, after store.SeenPlace) (list []kpi.ExplainedCall, next string, err error) {
	var last store.SeenPlace
	more := false
	err = x.eachTicket(ctx, func() { list, more = nil, false }, func(t *store.SeenTicket, at kpi.Standing) error {
		place := store.SeenPlace{Bucket: hotline.BucketOf(t.OpenedAt), CallID: t.ID}
		if c := place.Bucket.Compare(after.Bucket); c < 0 || c == 0 && place.CallID <= after.CallID || q.Role != "" && q.Role != at.Role {
			return nil
		}
		if len(list) == q.Limit {
			more = true
			return nil
		}
		list, last = append(list, x.toldTicket(t, at)), place
		return nil
	})
	if err == nil && more {
		next = afterPlace(last)
	}
	return list, next, err
}

func (x *explainer) toldTicket(t *store.SeenTicket, at kpi.Standing) kpi.ExplainedCall {
	when := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.In(x.q.Zone)
		return &t
	}
	return kpi.ExplainedCall{
		Role: at.Role, Rule: at.Rule, CallID: t.CallID, Version: t.Rank.Version, ArrivedAt: t.OpenedAt.In(x.q.Zone),
		Centre: t.Centre, Agent: t.Agent, Source: t.Source, Origin: t.Origin, Run: t.Run,
		Ticket: &kpi.ExplainedTicket{
			ID: t.ID, Kind: t.Kind, OnTheSpot: t.OnTheSpot, RespondBy: when(t.RespondBy), RespondedAt: when(t.RespondedAt),
		},
	}
}

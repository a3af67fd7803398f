package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/web"
)

// callDesk has the list of lost callers. Calls are read anew when those it holds are old;
// what people have entered is read every time, so that nobody works on what another one has
// just taken.
type callDesk struct {
	sys     *system
	sources *source.Registry
	zone    *time.Location

	// one has a value while somebody reads or builds. It is no mutex, since who waits has a
	// deadline: a scrape, a page that nobody looks at any more.
	one   chan struct{}
	facts callback.Facts // of the days listed, without entries
	rules callback.Rules
	from  time.Time
	good  time.Time // until when they are good enough
	built *callback.List
	basis basis // of which entries it was built; zero after calls were read
}

// basis tells sets of entries apart: they are only ever added.
type basis struct {
	count  int
	newest string
}

func basisOf(list []journal.Entry) basis {
	e := basis{count: len(list) + 1} // no set is the zero one
	for i := range list {
		e.newest = max(e.newest, list[i].ID)
	}
	return e
}

const (
	// callsAge is how long calls are good enough for a page, and callsRest how much longer
	// than their reading took: many who look at a long list must not keep the store busy.
	callsAge  = time.Second
	callsRest = 5
	// entriesBefore is how long before the days listed what was entered may lie: a call can
	// be corrected to a later arrival.
	entriesBefore = 48 * time.Hour
)

func (s *system) callDesk(sources *source.Registry) (*callDesk, error) {
	zone, err := source.ParseZone(s.cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return &callDesk{sys: s, sources: sources, zone: zone, one: make(chan struct{}, 1)}, nil
}

// since is the beginning of the days listed.
func (d *callDesk) since(now time.Time) time.Time {
	y, m, day := now.In(d.zone).Date()
	return kpi.DayStart(y, m, day-d.sys.cfg.Callbacks.Days+1, d.zone)
}

// list makes the list of the days listed; fresh: of calls that are read now.
func (d *callDesk) list(ctx context.Context, fresh bool) (*callback.List, error) {
	select {
	case d.one <- struct{}{}:
		defer func() { <-d.one }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := time.Now()
	if from := d.since(began); fresh || began.After(d.good) || !from.Equal(d.from) {
		facts, rules, err := d.read(ctx, from, hotline.Latest)
		if err != nil {
			return nil, err
		}
		d.facts, d.rules, d.from, d.basis = facts, rules, from, basis{}
		d.good = time.Now().Add(max(callsAge, callsRest*time.Since(began)))
	}
	entries, err := d.entries(ctx, d.from)
	if err != nil {
		return nil, err
	}
	if now := basisOf(entries); now != d.basis {
		f := d.facts
		f.Entries = journal.Histories(entries)
		if d.built, err = callback.Build(f, d.rules); err != nil {
			return nil, err
		}
		d.basis = now
	}
	return d.built, nil
}

// of makes the list of other days.
func (d *callDesk) of(ctx context.Context, from, to time.Time) (*callback.List, error) {
	facts, rules, err := d.read(ctx, from, to)
	if err != nil {
		return nil, err
	}
	entries, err := d.entries(ctx, from)
	if err != nil {
		return nil, err
	}
	facts.Entries = journal.Histories(entries)
	return callback.Build(facts, rules)
}

func (d *callDesk) entries(ctx context.Context, from time.Time) ([]journal.Entry, error) {
	entries, err := d.sys.store.CallbackEntries(ctx, from.Add(-entriesBefore))
	if err != nil {
		return nil, fmt.Errorf("reading what was done about lost calls: %w", err)
	}
	return entries, nil
}

func (d *callDesk) read(ctx context.Context, from, to time.Time) (f callback.Facts, r callback.Rules, err error) {
	now := time.Now()
	defined, err := d.sys.definitions(ctx, definitionQuery{Now: now})
	if err != nil {
		return f, r, err
	}
	r = callback.Rules{
		Short:     time.Duration(defined.ShortAbandon) * time.Second,
		Deadline:  callback.Deadlines(d.sources.Calendar, d.sys.cfg.Callbacks.Within),
		InService: callback.InService(d.sources.Calendar),
	}
	if f.Calls, err = d.sys.store.CallbackCalls(ctx, from, to, ""); err != nil {
		return f, r, fmt.Errorf("reading the lost calls: %w", err)
	}
	err = d.sys.store.SeenTickets(ctx, store.TicketQuery{From: from, To: now}, func() { f.Tickets = nil }, func(t *store.SeenTicket) error {
		if t.CallID != "" {
			f.Tickets = append(f.Tickets, t.Ticket)
		}
		return nil
	})
	if err != nil {
		return f, r, fmt.Errorf("reading the tickets of lost calls: %w", err)
	}
	return f, r, nil
}

// act does something about the item of a lost call. seen is the entry that its author has
// seen; nil: what holds now, unless another person has it in hand.
func (d *callDesk) act(ctx context.Context, callID string, a callback.Act, seen *string) (journal.Entry, error) {
	if err := (&Author{By: a.By}).check(false); err != nil {
		return journal.Entry{}, err
	}
	list, err := d.list(ctx, true)
	if err != nil {
		return journal.Entry{}, err
	}
	item := list.Find(callID)
	if item == nil {
		return journal.Entry{}, refusal.Errorf("来电 %[1]s 不在近 %[2]d 日的未接来电中:更正后为已接听,或已不在,或更早(callbacks.days)",
			"call %[1]s is not among the lost calls of the last %[2]d days: it was answered after all, or is gone, or older (callbacks.days): %[3]v",
			callID, d.sys.cfg.Callbacks.Days, web.ErrNotFound)
	}
	e := journal.Entry{Slot: journal.Slot{Kind: journal.KindLostCall, Centre: item.Centre, Subject: item.ID}, By: a.By, Reason: a.Reason}
	if item.Entry != nil {
		e.Replaces = item.Entry.ID
	}
	theirs := item.State == callback.Taken && item.Owner != a.By
	if seen == nil && theirs || seen != nil && *seen != e.Replaces {
		refused := &journal.Conflict{Slot: e.Slot, Newest: d.inZone(item.Entry)}
		if seen != nil {
			refused.Replaces = *seen
		}
		return journal.Entry{}, refused
	}
	body, err := item.Next(a, d.sys.cfg.Callbacks.Attempts)
	if err != nil {
		if refused := (*callback.Refused)(nil); errors.As(err, &refused) {
			refused.Item.EndedAt = refused.Item.EndedAt.In(d.zone)
		}
		return journal.Entry{}, err
	}
	e.Body = journal.Encode(body)
	return d.sys.enter(ctx, e)
}

func (d *callDesk) inZone(e *journal.Entry) *journal.Entry {
	if e == nil {
		return nil
	}
	seen := *e
	seen.At = seen.At.In(d.zone)
	return &seen
}

// figures are those of all centres, under the empty name, and of each.
func (d *callDesk) figures(ctx context.Context) (map[string]callback.Figures, error) {
	list, err := d.list(ctx, false)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	all := map[string]callback.Figures{"": list.Figures("", now, time.Time{})}
	for _, centre := range list.Centres() {
		all[centre] = list.Figures(centre, now, time.Time{})
	}
	return all, nil
}

// withCallDesk does something with the list of a running system.
func withCallDesk(ctx context.Context, cfg config.Root, log *slog.Logger, do func(*callDesk) error) error {
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	return withJournal(ctx, cfg, log, func(s *system) error {
		d, err := s.callDesk(sources)
		if err != nil {
			return err
		}
		return do(d)
	})
}

// owed are the callers to be called back, of all centres or one.
func (d *callDesk) owed(ctx context.Context, centre string) (callback.Figures, error) {
	list, err := d.list(ctx, false)
	if err != nil {
		return callback.Figures{}, err
	}
	return list.Figures(centre, time.Now(), time.Time{}), nil
}

// notConnected is what a source of this year's calls would have to know for its lost callers
// to be on the list; empty: nothing.
func (d *callDesk) notConnected(ctx context.Context, now time.Time, centre string) (kpi.Capability, error) {
	from := kpi.DayStart(now.In(d.zone).Year(), time.January, 1, d.zone)
	names, err := d.sys.store.TallySources(ctx, from, hotline.Latest, centre)
	if err != nil {
		return "", fmt.Errorf("asking which sources have calls: %w", err)
	}
	var all kpi.Knows
	for _, name := range names {
		all = all.And(knowsOf(d.sources)(name))
	}
	return all.MissingFor("requested", 0), nil
}

// CallbackAct is something that is done about a lost call.
type CallbackAct struct {
	callback.Act
	CallID   string
	Replaces string // entry of another person that is to be replaced; empty: none
}

// CallBack does something about a lost call.
func CallBack(ctx context.Context, cfg config.Root, log *slog.Logger, a CallbackAct) (kept journal.Entry, err error) {
	err = withCallDesk(ctx, cfg, log, func(d *callDesk) error {
		var seen *string
		if a.Replaces != "" {
			seen = &a.Replaces
		}
		kept, err = d.act(ctx, a.CallID, a.Act, seen)
		return err
	})
	return kept, err
}

// CallbackQuery asks for a page of the list.
type CallbackQuery struct {
	callback.Filter
	Day         time.Time // that day alone; zero: the days of callbacks.days
	Skip, Limit int
}

// Callbacks lists lost callers.
func Callbacks(ctx context.Context, cfg config.Root, log *slog.Logger, q CallbackQuery) (list *CallbackList, err error) {
	err = withCallDesk(ctx, cfg, log, func(d *callDesk) error {
		list, err = d.page(ctx, q)
		return err
	})
	return list, err
}

func (d *callDesk) page(ctx context.Context, q CallbackQuery) (*CallbackList, error) {
	now, read := time.Now(), func() (*callback.List, error) { return d.list(ctx, false) }
	if !q.Day.IsZero() {
		y, m, day := q.Day.In(d.zone).Date()
		q.From, q.To = kpi.DayStart(y, m, day, d.zone), kpi.DayStart(y, m, day+1, d.zone)
		if q.From.Before(d.since(now)) {
			read = func() (*callback.List, error) { return d.of(ctx, q.From, q.To) }
		}
	}
	all, err := read()
	if err != nil {
		return nil, err
	}
	items, total := all.Select(q.Filter, now, q.Skip, q.Limit)
	out := &CallbackList{Figures: all.Figures(q.Centre, now, time.Time{}), Total: total, Days: d.sys.cfg.Callbacks.Days, Items: []CallbackLine{}}
	if out.NotConnected, err = d.notConnected(ctx, now, q.Centre); err != nil {
		return nil, err
	}
	for _, i := range items {
		out.Items = append(out.Items, d.line(i, now))
	}
	return out, nil
}

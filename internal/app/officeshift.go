package app

import (
	"context"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/personal"
	"hotline12333/internal/store"
	"hotline12333/internal/web"
)

// shiftsShown is how many months of hand-overs are read, the current one included.
const shiftsShown = 13

// shifts reads the hand-overs of a centre; empty: those of the whole system.
func (s *system) shifts(ctx context.Context, centre string, zone *time.Location) (*journal.Shifts, error) {
	all, err := s.shiftNotes(ctx, centre, shiftsShown, zone)
	if err != nil {
		return nil, err
	}
	return journal.ReadShifts(all[centre])
}

// shiftNotes reads what was signed in the last months, by centre; without one: of each.
func (s *system) shiftNotes(ctx context.Context, centre string, months int, zone *time.Location) (map[string][]journal.Entry, error) {
	y, m, _ := time.Now().In(zone).Date()
	since := kpi.DayStart(y, m-time.Month(months)+1, 1, zone)
	list, err := s.store.Entries(ctx, store.EntryQuery{Kind: journal.KindShiftNote, Centre: centre, Subject: journal.ShiftSubject, Since: since})
	if err != nil {
		return nil, fmt.Errorf("reading the hand-overs: %w", err)
	}
	all := map[string][]journal.Entry{}
	for i := range list {
		// What was signed at the end of a month may be taken over in the next: of the month
		// before the oldest only half would be there.
		if list[i].Period >= monthOf(since, zone) {
			all[list[i].Centre] = append(all[list[i].Centre], list[i])
		}
	}
	return all, nil
}

func monthOf(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01") }

func (o *office) Shifts(ctx context.Context, centre string) (*journal.Shifts, error) {
	s, err := o.sys.shifts(ctx, centre, o.zone)
	return s, told(err)
}

// pendingMonths is how many months back a hand-over is looked for that nobody has taken.
const pendingMonths = 2

func (o *office) PendingShifts(ctx context.Context) (map[string]*journal.SignedHandover, error) {
	all, err := o.sys.shiftNotes(ctx, "", pendingMonths, o.zone)
	if err != nil {
		return nil, told(err)
	}
	pending := map[string]*journal.SignedHandover{}
	for centre, entries := range all {
		s, err := journal.ReadShifts(entries)
		if err != nil {
			return nil, err
		}
		if s.Pending != nil {
			pending[centre] = s.Pending
		}
	}
	return pending, nil
}

func (o *office) ShiftState(ctx context.Context, centre string) (journal.ShiftState, error) {
	now := time.Now()
	state := journal.ShiftState{At: now.UTC().Truncate(time.Second), Zone: o.zone.String()}
	scope := kpi.Scope{}
	if centre != "" {
		scope = kpi.Scope{Level: kpi.OneCentre, Centre: centre}
	}
	if s, ok := o.snapshots.Snapshot(now); ok {
		stateOf(&state, s, scope)
	}
	list, err := o.calls.list(ctx, true) // what is signed is not what somebody was shown before
	if err != nil {
		return state, told(err)
	}
	owed := list.Figures(centre, now, time.Time{})
	if s, ok := o.snapshots.Snapshot(now); !ok || s.KnowsLostCallers(scope, owed.Owed) {
		state.CallbacksOwed, state.CallbacksOverdue = &owed.Owed, &owed.Overdue
	}
	state.Outages, err = o.outagesOf(ctx, now, centre)
	return state, told(err)
}

// stateOf takes what a snapshot tells.
func stateOf(state *journal.ShiftState, s *kpi.Snapshot, scope kpi.Scope) {
	if !s.DataTo.IsZero() {
		to := s.DataTo.UTC().Truncate(time.Second)
		state.DataTo = &to
	}
	state.Definition, state.Confirmed = s.Definitions.AnswerRate, s.Definitions.Confirmed(kpi.DefAnswerRate)
	counted := s.Windows[kpi.Today].Scopes[scope]
	t := &counted.Tally
	offered, answered := t.Offered(), t.Answered
	state.Offered, state.Answered = &offered, &answered
	figures := counted.Figures(s.Definitions)
	if figures.AnswerRateAgent.NotConnected == "" {
		requested := t.Requested()
		state.Requested = &requested
	}
	if r := figures.AnswerRate; r.NotConnected == "" {
		state.RateNum, state.RateDen = &r.Num, &r.Den
	}
	w := s.Waiting[scope]
	if ofYear := s.Windows[kpi.ThisYear].Scopes[scope]; ofYear.Knows.MissingFor("waiting", int64(w.Count)) == "" {
		state.Waiting = &w.Count
	}
	if !w.Since.IsZero() {
		state.LongestWait = max(int(s.At.Sub(w.Since)/time.Second), 0)
	}
	if agents, told := s.Agents[scope]; told {
		state.Agents = map[string]int{}
		for _, a := range hotline.States() {
			if a != hotline.SignedOut {
				state.Agents[string(a)] = agents[a]
			}
		}
	}
	if s.Tickets == nil {
		return
	}
	var open, overdue int64
	for _, waiting := range s.Tickets[scope] {
		open += waiting.Open
		overdue += waiting.Overdue
	}
	state.TicketsOpen, state.TicketsOverdue = &open, &overdue
}

// outagesOf are those registered that lie within the day, up to now.
func (o *office) outagesOf(ctx context.Context, now time.Time, centre string) ([]journal.Outage, error) {
	list, err := o.sys.store.Entries(ctx, store.EntryQuery{Kind: journal.KindOutage})
	if err != nil {
		return nil, fmt.Errorf("reading the outages: %w", err)
	}
	from, _ := kpi.Today.Bounds(now, o.zone)
	var all []journal.Outage
	for _, h := range journal.Histories(list) {
		e := h.Holds()
		if e == nil || centre != "" && e.Centre != "" && e.Centre != centre {
			continue
		}
		out, err := journal.Decode[journal.Outage](e)
		if err != nil {
			return nil, err
		}
		if out.From.Before(now) && (out.To == nil || out.To.After(from)) {
			all = append(all, out)
		}
	}
	return all, nil
}

func (o *office) AnswerRateOf(ctx context.Context, day time.Time, centre string) (kpi.Ratio, error) {
	from, to := kpi.Today.Bounds(day, o.zone)
	s, err := o.sys.statement(ctx, o.sources, FigureQuery{From: from, To: to, Zone: o.zone, Centre: centre, Now: time.Now()})
	if err != nil {
		return kpi.Ratio{}, told(err)
	}
	return s.Exact.AnswerRate, nil
}

// sign writes what makes an entry of the hand-overs as they are now.
func (o *office) sign(ctx context.Context, centre, by string, entry func(*journal.Shifts) (journal.Entry, error)) (journal.Entry, error) {
	if err := (&Author{By: by}).check(false); err != nil {
		return journal.Entry{}, err
	}
	s, err := o.sys.shifts(ctx, centre, o.zone)
	if err != nil {
		return journal.Entry{}, told(err)
	}
	e, err := entry(s)
	return o.keep(ctx, e, err)
}

func (o *office) HandOver(ctx context.Context, h web.HandedOver) (journal.Entry, error) {
	by, now := personal.Scrub(h.By), time.Now().UTC().Truncate(time.Second) // no fraction that looks like a number
	return o.sign(ctx, h.Centre, by, func(s *journal.Shifts) (journal.Entry, error) {
		if len(s.List) > 0 && s.List[0].Entry != h.Seen || len(s.List) == 0 && h.Seen != "" {
			if s.Pending != nil {
				return journal.Entry{}, journal.ShiftPending
			}
			return journal.Entry{}, journal.ShiftNotPending
		}
		handed := journal.Handover{State: h.State, Notes: h.Notes, Points: s.Points, Outgoing: by, HandedAt: now}
		for i := range handed.Points {
			for _, id := range h.Done {
				handed.Points[i].Done = handed.Points[i].Done || handed.Points[i].ID == id
			}
		}
		for _, text := range h.New {
			handed.Points = append(handed.Points, journal.OpenPoint{ID: ulid.Make().String(), Text: text, By: by, Since: now})
		}
		slot := journal.Slot{Kind: journal.KindShiftNote, Centre: h.Centre, Subject: journal.ShiftSubject, Period: monthOf(now, o.zone)}
		return s.Hand(slot, handed)
	})
}

func (o *office) TakeOver(ctx context.Context, centre, id, by, remark string) (journal.Entry, error) {
	by = personal.Scrub(by)
	return o.sign(ctx, centre, by, func(s *journal.Shifts) (journal.Entry, error) { return s.Accept(id, by, remark) })
}

func (o *office) WithdrawShift(ctx context.Context, centre, id, by, reason string) (journal.Entry, error) {
	by = personal.Scrub(by)
	return o.sign(ctx, centre, by, func(s *journal.Shifts) (journal.Entry, error) { return s.Withdraw(id, by, reason) })
}

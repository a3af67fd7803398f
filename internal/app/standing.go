package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/publish"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
)

// givenFor is how long what people have entered is taken to be the same.
const givenFor = 30 * time.Second

// standing evaluates the performance tables of the current year as they stand.
type standing struct {
	sys       *system
	snapshots publish.Source
	rules     *ruleset.Rules
	zone      *time.Location
	now       func() time.Time

	mu    sync.Mutex
	read  time.Time
	year  int
	given givenValues
}

func (s *system) standing(f publish.Source) (*standing, error) {
	rules, err := openRules(s.cfg)
	if err != nil {
		return nil, err
	}
	zone, err := source.ParseZone(s.cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return &standing{sys: s, snapshots: f, rules: rules, zone: zone, now: time.Now}, nil
}

// tables evaluates every table of the year to date; none before there are figures.
func (s *standing) tables(ctx context.Context) ([]*kpi.Evaluated, error) {
	now := s.now()
	snapshot, ok := s.snapshots.Snapshot(now)
	if !ok {
		return nil, nil
	}
	y, m, d := now.In(s.zone).Date()
	set, err := s.rules.Indicators.Of(y)
	if err != nil {
		return nil, err
	}
	from, today := kpi.DayStart(y, time.January, 1, s.zone), kpi.DayStart(y, m, d, s.zone)
	working, err := workingOf(s.rules.Calendars.Centre(), from, kpi.DayStart(y+1, time.January, 1, s.zone))
	if err != nil {
		return nil, err
	}
	given, err := s.enteredIn(ctx, y, now)
	if err != nil {
		return nil, err
	}
	counted := snapshot.Windows[kpi.ThisYear].Scopes[kpi.Scope{Level: kpi.AllCentres}]
	figures, draft := kpi.IndicatorCounts(counted.Figures(snapshot.Definitions), snapshot.Definitions)
	var list []*kpi.Evaluated
	for i := range set.Tables {
		t := &set.Tables[i]
		form, err := s.rules.Forms.Lookup(kpi.SelfEvaluation, t.Number)
		if err != nil {
			return nil, err
		}
		e, err := kpi.Evaluate(kpi.Evaluation{
			Table: t, Year: y, Form: form, Zone: s.zone,
			Span:    kpi.Span{Name: fmt.Sprintf("%d-01-01..%s", y, today.Format(time.DateOnly)), From: from, To: kpi.DayStart(y, m, d+1, s.zone)},
			Working: working(today), Running: working, // today is not over: what it asks for is not due
			Figures: figures, Draft: draft, Entered: given.values, Execution: given.execution[t.ExecutionCode()].Execution,
		})
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Number, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// workingOf counts the working days from the beginning of a year to an instant of it, of
// all its working days.
func workingOf(c calendar.Calendar, from, end time.Time) (func(to time.Time) kpi.Progress, error) {
	all, err := c.WorkingDays(from, end)
	if err != nil {
		return nil, err
	}
	return func(to time.Time) kpi.Progress {
		if to.After(end) {
			to = end
		}
		done, err := c.WorkingDays(from, to)
		if err != nil {
			done = 0 // of a year that is known there is no error
		}
		return kpi.Progress{Done: done, All: all}
	}, nil
}

// enteredIn reads what has been entered for a year, not more often than need be.
func (s *standing) enteredIn(ctx context.Context, year int, now time.Time) (givenValues, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.year == year && now.Sub(s.read) < givenFor && !now.Before(s.read) {
		return s.given, nil
	}
	entries, err := s.sys.store.Entries(ctx, store.EntryQuery{Kind: journal.KindValue})
	if err != nil {
		return givenValues{}, fmt.Errorf("reading what was entered: %w", err)
	}
	of := kpi.Span{From: kpi.DayStart(year, time.January, 1, s.zone), To: kpi.DayStart(year+1, time.January, 1, s.zone)}
	var given givenValues
	for _, e := range holding(entries) {
		if !concerns(e.Kind, e.Centre, "") {
			continue
		}
		if _, _, err := given.take(e, of, s.zone); err != nil {
			return givenValues{}, fmt.Errorf("entry %s (%s): %w", e.ID, e.Slot, err)
		}
	}
	s.given, s.year, s.read = given, year, now
	return given, nil
}

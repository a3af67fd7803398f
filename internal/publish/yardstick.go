package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// While the past is changing, what today and the year are held against is kept for at least
// a while, and for many times of what it takes to make it: an import of years must not have
// it made anew at each look. While no day like today is known, as on a first start whose
// history is still coming in, somebody waits for it.
const (
	yardstickRest  = 10 * time.Second
	yardstickTimes = 50
	unknownTimes   = 10

	fewOff = 50 // calls, by which a figure of the year may be behind
)

// yardstick is what today and the year are held against. It changes with the day, and when
// the past does. What it points to is replaced, never changed.
type yardstick struct {
	day     date
	counted string // by which definition calls are counted as answered
	stale   bool   // the past has changed since
	at      time.Time
	took    time.Duration

	usual *kpi.UsualDay
	pace  *kpi.YearPace
}

// outdated says whether it must be made anew.
func (y *yardstick) outdated(today date, counted string, now time.Time) bool {
	if y.day != today || y.counted != counted {
		return true
	}
	times := time.Duration(yardstickTimes)
	if y.usual == nil {
		times = unknownTimes
	}
	since := now.Sub(y.at)
	return y.stale && (since < 0 || since >= max(yardstickRest, times*y.took))
}

// outrun says whether so many calls of past days have come since, or have gone, that what
// today and the year are held against would be wrong for all to see: while a year is being
// imported the board says nothing of it rather than that the year is lost. A correction
// here and there is let pass until it is made anew.
func (y *yardstick) outrun(s *kpi.Snapshot) bool {
	if !y.stale || y.pace == nil {
		return false
	}
	answered := func(w kpi.Window) int64 {
		counted := s.Windows[w].Scopes[kpi.Scope{Level: kpi.AllCentres}]
		return counted.Figures(s.Definitions).AnsweredCalls.Num
	}
	off := answered(kpi.ThisYear) - answered(kpi.Today) - y.pace.ToDate
	return max(off, -off) > max(fewOff, y.pace.ToDate/100)
}

// readYardstick makes it anew where need be. What a calendar does not know is left out: the
// board says why (Snapshot.NoCalendar).
func (f *Follower) readYardstick(ctx context.Context, now time.Time) error {
	today := dateOf(now, f.zone)
	f.mu.Lock()
	definitions := f.definitionsAt(now)
	due, pasts := f.cache != nil && f.yardstick.outdated(today, definitions.AnsweredCalls, now), f.pasts
	f.mu.Unlock()
	if !due {
		return nil
	}
	started := time.Now()
	fresh := yardstick{day: today, counted: definitions.AnsweredCalls, at: now}
	var err error
	if fresh.usual, err = f.readUsualDay(ctx, today); err != nil {
		return err
	}
	if fresh.pace, err = f.readPace(ctx, definitions, now); err != nil {
		return err
	}
	fresh.took = time.Since(started)
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.yardstick
	fresh.stale = f.pasts != pasts // it has changed meanwhile
	f.yardstick = fresh
	// A board looks often enough for what moves a little. What was not there, or is no more,
	// it is told of.
	if (old.usual == nil) != (fresh.usual == nil) || (old.pace == nil) != (fresh.pace == nil) {
		f.tell()
	}
	return nil
}

// pastChanged notes that calls before today were recomputed.
func (f *Follower) pastChanged(today date) {
	start := today.start(f.zone)
	for b := range f.touched {
		if b.Before(start) {
			f.outdate()
			return
		}
	}
}

// outdate notes that what has been learnt of the past may hold no longer. f.mu is held.
func (f *Follower) outdate() {
	f.pasts++
	f.yardstick.stale, f.openings.stale = true, true
}

// known makes of an error that a year is not known none.
func known(err error) error {
	var missing *calendar.MissingYear
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

// readUsualDay reads the days that are like today. Of a quarter hour no more is asked than
// what came in it, so queues are not told apart.
func (f *Follower) readUsualDay(ctx context.Context, today date) (*kpi.UsualDay, error) {
	day := today.start(f.zone)
	centre := f.rules.calendar("")
	sort, err := centre.Sort(day)
	if err != nil {
		return nil, known(err)
	}
	from := kpi.UsualSince(day, sort, f.zone)
	entries, err := f.entries(ctx, from, day)
	if err != nil {
		return nil, fmt.Errorf("reading what days like today brought: %w", err)
	}
	q := kpi.UsualQuery{Day: day, Zone: f.zone, Sort: centre.Sort, Entries: entries}
	if f.deps.Unusual != nil {
		if q.Skip, err = f.deps.Unusual(ctx); err != nil {
			return nil, fmt.Errorf("reading which days were like no other: %w", err)
		}
	}
	usual, err := kpi.UsualDayOf(q)
	if err != nil || len(usual.Days) < kpi.FewestUsualDays {
		return nil, known(err)
	}
	return usual, nil
}

// entries are the tallies of a period with the part outside service hours marked, a month
// at a time: what one query brings into memory is bounded.
func (f *Follower) entries(ctx context.Context, from, to time.Time) ([]kpi.Entry, error) {
	var entries []kpi.Entry
	for at := from; at.Before(to); {
		y, m, d := at.In(f.zone).Date()
		end := earlier(kpi.DayStart(y, m, d+maxSpanDays, f.zone), to)
		lines, err := f.deps.Store.Tallies(ctx, store.TallyQuery{From: at.UTC(), To: end.UTC(), Dimension: kpi.ByQueue})
		if err != nil {
			return nil, err
		}
		for i := range lines {
			entries = append(entries, kpi.Entry{Key: lines[i].Key, Tally: f.rules.counted(&lines[i]).Tally})
		}
		at = end
	}
	return entries, nil
}

// readPace holds the days of the year that are over against the target. The year before,
// where there are data of it, gives the season. It is nil before the first record.
func (f *Follower) readPace(ctx context.Context, definitions kpi.Definitions, now time.Time) (*kpi.YearPace, error) {
	working := f.rules.calendar("").IsWorkingDay
	year := dateOf(now, f.zone).year
	days, err := kpi.YearDays(year, f.zone, working)
	if err != nil {
		return nil, known(err)
	}
	answered := func(t *kpi.Tally) int64 { return kpi.Compute(t, nil, definitions).AnsweredCalls.Num }
	past, err := f.pastYear(ctx, year-1, answered)
	if err != nil {
		return nil, err
	}
	over := kpi.Over(days, now)
	begun := past != nil
	f.mu.Lock()
	c := f.cache
	until := c.dataTo(now)
	for i := range days[:over] {
		d := &days[i]
		held := c.days[dateOf(d.Date, f.zone)]
		if held != nil {
			for _, counted := range held.queues {
				d.Count += answered(&counted.Tally)
				begun = begun || counted.Tally.Calls > 0
			}
		}
		// Before the first record, and after what the last one tells of, nothing is known.
		d.Known = begun && !d.Date.After(until)
	}
	f.mu.Unlock()
	if over > 0 && !begun {
		return nil, nil // a hotline of which nothing is recorded yet is not behind
	}
	pace := kpi.PaceOf(days, over, past, kpi.AnsweredCallsTarget.Num)
	return &kpi.YearPace{Pace: pace, Over: over, Course: kpi.Course(days, over, kpi.AnsweredCallsTarget.Num)}, nil
}

// pastYear counts the days of the year before; nil without data or without a calendar of it.
func (f *Follower) pastYear(ctx context.Context, year int, answered func(*kpi.Tally) int64) ([]kpi.DayCount, error) {
	days, err := kpi.YearDays(year, f.zone, f.rules.calendar("").IsWorkingDay)
	if err != nil {
		return nil, known(err)
	}
	end := kpi.DayStart(year+1, time.January, 1, f.zone)
	entries, err := f.entries(ctx, kpi.DayStart(year, time.January, 1, f.zone), end)
	if err != nil {
		return nil, fmt.Errorf("reading the year before: %w", err)
	}
	if len(entries) == 0 {
		return nil, nil
	}
	kpi.FillDays(days, entries, end, nil, func(t *kpi.Tally) kpi.Ratio { return kpi.Ratio{Num: answered(t)} })
	return days, nil
}

package publish

import (
	"context"
	"fmt"
	"maps"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// poll looks once for changes and reads what they touched. After an error what was
// touched is still remembered.
func (f *Follower) poll(ctx context.Context) error {
	now := f.deps.Now()
	f.warnOfCalendar(now)
	f.noteGaps(ctx, now)
	if err := f.readAgents(ctx, now); err != nil {
		return err
	}
	if err := f.readConfirmed(ctx, now); err != nil {
		return err
	}
	f.mu.Lock()
	c, checked := f.cache, f.checked
	f.mu.Unlock()
	if c == nil || now.Sub(checked) > rereadAfter {
		return f.readAll(ctx, now)
	}
	if sound, err := f.audit(ctx, now); err != nil || !sound {
		if err != nil {
			return err
		}
		return f.readAll(ctx, now)
	}
	entries, err := f.deps.Store.Log(ctx, f.after)
	if err != nil {
		return fmt.Errorf("following the log of recomputations: %w", err)
	}
	for _, e := range entries {
		for _, b := range e.Buckets {
			f.touched[b.UTC()] = struct{}{}
		}
		f.after[e.Partition] = max(f.after[e.Partition], e.Version)
	}
	f.mu.Lock()
	today := dateOf(now, f.zone)
	rolled := today != c.today
	if rolled && today.year != c.today.year { // tickets are held by the year
		f.mu.Unlock()
		return f.readAll(ctx, now)
	}
	if rolled {
		missing, ok := c.roll(today)
		if !ok {
			f.mu.Unlock()
			f.log.Warn("clock went back to another day, reading everything anew", "now", now)
			return f.readAll(ctx, now)
		}
		for b := missing.from; b.Before(missing.to); b = b.Add(hotline.BucketLength) {
			f.touched[b.UTC()] = struct{}{}
		}
	}
	f.mu.Unlock()
	if len(f.touched) > 0 {
		if err := f.readTouched(ctx, c, now); err != nil {
			return err
		}
	}
	f.succeeded(now)
	return nil
}

// audit compares the log with what has been read of it, now and then: a store that was
// restored from a backup is behind.
func (f *Follower) audit(ctx context.Context, now time.Time) (sound bool, err error) {
	if since := now.Sub(f.audited); since >= 0 && since < auditEvery {
		return true, nil
	}
	head, err := f.deps.Store.LogHead(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the heads of the log of recomputations: %w", err)
	}
	for partition, read := range f.after {
		if has, ok := head[partition]; ok && has < read {
			f.log.Warn("log of recomputations went back, reading everything anew", "partition", partition)
			return false, nil
		}
	}
	f.audited = now
	return true, nil
}

// readAll fills a new cache and takes the place of the old one when it is whole.
func (f *Follower) readAll(ctx context.Context, now time.Time) error {
	// The head before the tallies: what is recomputed meanwhile is read twice.
	head, err := f.deps.Store.LogHead(ctx)
	if err != nil {
		return fmt.Errorf("reading the heads of the log of recomputations: %w", err)
	}
	c := newCache(f.zone, f.rules)
	c.today = dateOf(now, f.zone)
	c.first, c.end = reach(c.today)
	for _, s := range c.allSpans() {
		r, err := f.read(ctx, c, s)
		if err != nil {
			return err
		}
		c.put(r, now)
	}
	calls, err := f.readCalls(ctx, store.LiveQuery{From: f.callsFrom(now)})
	if err != nil {
		return err
	}
	elsewhere, err := f.readElsewhere(ctx, c, now)
	if err != nil {
		return err
	}
	book, err := f.readAllTickets(ctx, c.today)
	if err != nil {
		return err
	}
	f.inst.reads.WithLabelValues(readAll).Inc()
	if head == nil {
		head = make(map[int]uint64)
	}
	f.after, f.audited = head, now
	clear(f.touched)
	f.held = newHeld()
	f.mu.Lock()
	f.cache, f.tickets, f.elsewhere = c, book, elsewhere
	f.recent = newRecent(f.rules)
	f.openings.clear()
	f.changeCalls(now, nil, calls)
	f.outdate()
	f.tell()
	f.mu.Unlock()
	f.succeeded(now)
	return nil
}

// readTouched reads what was touched.
func (f *Follower) readTouched(ctx context.Context, c *cache, now time.Time) error {
	started := time.Now()
	held := maps.Clone(f.touched)
	maps.DeleteFunc(held, func(b time.Time, _ struct{}) bool { return !c.holds(b) })
	var readings []*reading
	for _, s := range readPlan(held, f.zone, c.recent) {
		r, err := f.read(ctx, c, s)
		if err != nil {
			return err
		}
		f.inst.reads.WithLabelValues(readTallies).Inc()
		readings = append(readings, r)
	}
	gone, fresh, err := f.readTouchedCalls(ctx, now)
	if err != nil {
		return err
	}
	elsewhere, err := f.readElsewhere(ctx, c, now)
	if err != nil {
		return err
	}
	told, err := f.readTouchedTickets(ctx, f.tickets)
	if err != nil {
		return err
	}
	f.mu.Lock()
	for _, r := range readings {
		c.put(r, now)
	}
	for _, r := range told {
		f.tickets.put(r)
	}
	f.elsewhere = elsewhere
	f.changeCalls(now, gone, fresh)
	f.pastChanged(c.today)
	f.tell()
	f.mu.Unlock()
	clear(f.touched)
	f.inst.seconds.Observe(time.Since(started).Seconds())
	f.succeeded(now)
	return nil
}

// read brings the tallies of a span, those of topics for recent days only.
func (f *Follower) read(ctx context.Context, c *cache, s span) (*reading, error) {
	r := &reading{span: s}
	var err error
	q := store.TallyQuery{From: s.from.UTC(), To: s.to.UTC(), Dimension: kpi.ByQueue, Names: true}
	if r.queues, err = f.deps.Store.Tallies(ctx, q); err != nil {
		return nil, fmt.Errorf("reading tallies: %w", err)
	}
	recent := c.today.add(-1).start(f.zone)
	if !s.to.After(recent) {
		return r, nil
	}
	q.From, q.Dimension = later(s.from, recent).UTC(), kpi.ByTopic
	if r.topics, err = f.deps.Store.Tallies(ctx, q); err != nil {
		return nil, fmt.Errorf("reading tallies by topic: %w", err)
	}
	return r, nil
}

func (f *Follower) liveFrom(now time.Time) time.Time { return now.Add(-f.cfg.OpenMax - liveReach) }

// callsFrom is since when calls are read one by one: alerts need those of the whole day.
func (f *Follower) callsFrom(now time.Time) time.Time {
	return earlier(f.liveFrom(now), dateOf(now, f.zone).start(f.zone))
}

// readTouchedCalls brings what has changed of the calls of the touched buckets: those that
// are gone, and others as they are now.
func (f *Follower) readTouchedCalls(ctx context.Context, now time.Time) (gone []uint64, fresh []store.Live, err error) {
	q := store.LiveQuery{From: f.callsFrom(now)}
	for b := range f.touched {
		if !b.Before(hotline.BucketOf(q.From)) {
			q.Buckets = append(q.Buckets, b)
		}
	}
	if len(q.Buckets) == 0 {
		return nil, nil, nil
	}
	marks, err := f.deps.Store.LiveMarks(ctx, q)
	if err != nil {
		return nil, nil, fmt.Errorf("reading which recent calls have changed: %w", err)
	}
	changed, gone := f.held.difference(q.Buckets, marks)
	if len(changed) == 0 {
		return gone, nil, nil
	}
	if q.Calls = changed; len(changed) > maxPicked {
		q.Calls = nil
	}
	fresh, err = f.readCalls(ctx, q)
	// What has left its quarter hour since its mark was read is not among the fresh ones.
	return append(gone, changed...), fresh, err
}

// maxPicked is how many calls are asked for one by one; more are read with all of their
// quarter hours.
const maxPicked = 10_000

// changeCalls replaces calls and forgets those that are recent no more. f.mu is held.
func (f *Follower) changeCalls(now time.Time, gone []uint64, fresh []store.Live) {
	f.held.change(gone, fresh)
	f.held.forget(f.callsFrom(now))
	f.recent.change(gone, fresh, f.liveFrom(now))
	f.openings.change(gone, fresh, dateOf(now, f.zone).start(f.zone))
}

// readCalls brings recent calls.
func (f *Follower) readCalls(ctx context.Context, q store.LiveQuery) ([]store.Live, error) {
	calls, err := f.deps.Store.LiveCalls(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("reading recent calls: %w", err)
	}
	f.inst.reads.WithLabelValues(readCalls).Inc()
	return calls, nil
}

// readElsewhere asks for the latest instant of all data while the held days are empty,
// so that a year that has just begun does not look as if there never were any.
func (f *Follower) readElsewhere(ctx context.Context, c *cache, now time.Time) (time.Time, error) {
	if !c.dataTo(now).IsZero() {
		return time.Time{}, nil
	}
	t, err := f.deps.Store.DataTo(ctx, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the latest instant of the data: %w", err)
	}
	return t, nil
}

func (f *Follower) succeeded(now time.Time) {
	f.inst.checked.Set(float64(now.UnixMilli()) / 1000)
	f.mu.Lock()
	f.checked = now
	f.mu.Unlock()
}

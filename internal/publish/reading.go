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
	if err := f.readUsual(ctx, now); err != nil {
		return err
	}
	if len(f.touched) > 0 {
		if err := f.readTouched(ctx, c, now); err != nil {
			return err
		}
	}
	if err := f.readYardstick(ctx, c, now); err != nil {
		return err
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
	calls, err := f.readCalls(ctx, now, nil)
	if err != nil {
		return err
	}
	if err := f.readUsual(ctx, now); err != nil {
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
	f.mu.Lock()
	f.cache, f.tickets, f.elsewhere = c, book, elsewhere
	f.calls = nil // all are read anew
	f.calls = f.replaceCalls(now, nil, calls)
	f.openings.put(nil, calls, c.today.start(f.zone))
	f.yardstick.stale, f.openings.stale = true, true
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
	var live []time.Time
	for b := range f.touched {
		if !b.Before(hotline.BucketOf(f.callsFrom(now))) {
			live = append(live, b)
		}
	}
	calls := f.calls // changed here alone, so it may be read without the lock
	var fresh []store.Live
	if len(live) > 0 {
		var err error
		if fresh, err = f.readCalls(ctx, now, live); err != nil {
			return err
		}
		calls = f.replaceCalls(now, live, fresh)
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
	f.calls, f.elsewhere = calls, elsewhere
	if len(live) > 0 {
		f.openings.put(live, fresh, dateOf(now, f.zone).start(f.zone))
	}
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

// replaceCalls is the recent calls with those of some buckets as they are now, and without
// those that are recent no more.
func (f *Follower) replaceCalls(now time.Time, buckets []time.Time, fresh []store.Live) []store.Live {
	read := make(map[int64]struct{}, len(buckets))
	for _, b := range buckets {
		read[b.Unix()] = struct{}{}
	}
	// A call that was corrected into one of the buckets may still be held in another, whose
	// turn comes later.
	moved := make(map[string]struct{}, len(fresh))
	for i := range fresh {
		moved[fresh[i].CallID] = struct{}{}
	}
	first := hotline.BucketOf(f.liveFrom(now))
	calls := make([]store.Live, 0, len(f.calls)+len(fresh))
	for i := range f.calls {
		b := hotline.BucketOf(f.calls[i].StartedAt)
		_, again := read[b.Unix()]
		if _, elsewhere := moved[f.calls[i].CallID]; !again && !elsewhere && !b.Before(first) {
			calls = append(calls, f.calls[i])
		}
	}
	for i := range fresh {
		if !hotline.BucketOf(fresh[i].StartedAt).Before(first) {
			calls = append(calls, fresh[i])
		}
	}
	return calls
}

// readCalls brings the recent calls, of some buckets only where any are named.
func (f *Follower) readCalls(ctx context.Context, now time.Time, only []time.Time) ([]store.Live, error) {
	calls, err := f.deps.Store.LiveCalls(ctx, f.callsFrom(now), only)
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

package publish

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// cache holds the days of the windows. It is not safe for concurrent use.
type cache struct {
	zone  *time.Location
	rules rules

	first, end date // days [first, end) are held; those without calls are missing
	today      date
	days       map[date]*day

	// Sums of the days that are not recent, by window: they seldom change.
	bases map[kpi.Window]base
	// The windows as last asked for, until something changes.
	windows map[kpi.Window]kpi.WindowCounts
	asOf    date
}

type base struct {
	from   time.Time
	counts counts
}

func newCache(zone *time.Location, r rules) *cache {
	return &cache{zone: zone, rules: r, days: make(map[date]*day), bases: make(map[kpi.Window]base)}
}

// reach are the days to hold on a day: its year, and at least the day before and after,
// so that a snapshot across midnight finds what it needs.
func reach(today date) (first, end date) {
	first = date{today.year, time.January, 1}
	if y := today.add(-1); y.compare(first) < 0 {
		first = y
	}
	return first, today.add(2)
}

// recent says whether the quarter hours of a day are kept.
func (c *cache) recent(d date) bool {
	return d.compare(c.today.add(-1)) >= 0 && d.compare(c.today.add(1)) <= 0
}

// span is the buckets held.
func (c *cache) span() span { return span{c.first.start(c.zone), c.end.start(c.zone)} }

// allSpans cuts the days held into queries.
func (c *cache) allSpans() []span {
	var out []span
	for d := c.first; d.compare(c.end) < 0; {
		next := d.add(maxSpanDays)
		if next.compare(c.end) > 0 {
			next = c.end
		}
		out = append(out, span{d.start(c.zone), next.start(c.zone)})
		d = next
	}
	return out
}

func (c *cache) holds(bucket time.Time) bool {
	s := c.span()
	return !bucket.Before(s.from) && bucket.Before(s.to)
}

// roll makes today the current day and gives the buckets that must be read for it; ok is
// false when it goes back in time, where only reading everything helps.
func (c *cache) roll(today date) (missing span, ok bool) {
	if today.compare(c.today) < 0 {
		return span{}, false
	}
	first, end := reach(today)
	missing = span{c.end.start(c.zone), end.start(c.zone)}
	if first.compare(c.end) > 0 {
		missing.from = first.start(c.zone) // away for more than a year's rest
	}
	c.today, c.first, c.end = today, first, end
	for d, held := range c.days {
		if d.compare(first) < 0 {
			delete(c.days, d)
		} else if !c.recent(d) {
			held.quarters = nil
		}
	}
	c.bases = make(map[kpi.Window]base)
	c.windows = nil
	return missing, true
}

// reading is what one query brought.
type reading struct {
	span   span
	queues []store.Tally
	topics []store.Tally // of recent days only
}

// put replaces what is held of the reading's span, which holds whole days except in
// recent ones.
func (c *cache) put(r *reading, now time.Time) {
	c.windows = nil
	cold := false
	for d := dateOf(r.span.from, c.zone); d.start(c.zone).Before(r.span.to); d = d.add(1) {
		held := c.days[d]
		switch {
		case !c.recent(d):
			delete(c.days, d)
			cold = true
		case held == nil || held.quarters == nil:
			c.days[d] = &day{start: d.start(c.zone), quarters: make(map[time.Time]*quarter)}
		default:
			for b := range held.quarters {
				if !b.Before(r.span.from) && b.Before(r.span.to) {
					delete(held.quarters, b)
				}
			}
		}
	}
	if cold {
		c.bases = make(map[kpi.Window]base)
	}
	for i := range r.queues {
		c.putQueue(&r.queues[i], now)
	}
	for i := range r.topics {
		c.putTopic(&r.topics[i])
	}
	for d := dateOf(r.span.from, c.zone); d.start(c.zone).Before(r.span.to); d = d.add(1) {
		if held := c.days[d]; held != nil && held.quarters != nil {
			held.queues, held.told = make(counts), told{}
			for _, q := range held.quarters {
				held.queues.merge(q.queues)
				held.told.merge(&q.told)
			}
		}
	}
}

func (c *cache) putQueue(line *store.Tally, now time.Time) {
	d := dateOf(line.Key.Bucket, c.zone)
	held := c.days[d]
	if held == nil {
		held = &day{start: d.start(c.zone), queues: make(counts)}
		c.days[d] = held
	}
	to, told := held.queues, &held.told
	if held.quarters != nil {
		q := held.quarter(line.Key.Bucket)
		to, told = q.queues, &q.told
	}
	told.add(line, now)
	to.at(kpi.Scope{Level: kpi.OneQueue, Centre: line.Key.Centre, Queue: line.Key.Name}).Merge(c.rules.counted(line))
}

func (c *cache) putTopic(line *store.Tally) {
	held := c.days[dateOf(line.Key.Bucket, c.zone)]
	if n := line.Tally.Offered(); n != 0 && held != nil && held.quarters != nil {
		held.quarter(line.Key.Bucket).topics[line.Key.Name] += n
	}
}

func (d *day) quarter(bucket time.Time) *quarter {
	q := d.quarters[bucket]
	if q == nil {
		q = &quarter{queues: make(counts), topics: make(map[string]int64)}
		d.quarters[bucket] = q
	}
	return q
}

// windowsAt gives the windows that count by arrival. They are shared and not changed.
func (c *cache) windowsAt(now time.Time) map[kpi.Window]kpi.WindowCounts {
	today := dateOf(now, c.zone)
	if c.windows != nil && c.asOf == today {
		return c.windows
	}
	if c.asOf != today {
		c.bases = make(map[kpi.Window]base)
	}
	c.windows, c.asOf = make(map[kpi.Window]kpi.WindowCounts), today
	for _, w := range kpi.Windows() {
		if w.Sliding() {
			continue
		}
		from, to := w.Bounds(now, c.zone)
		sum := make(counts)
		sum.merge(c.base(w, from, to))
		for d, held := range c.days {
			if c.recent(d) && !held.start.Before(from) && held.start.Before(to) {
				sum.merge(held.queues)
			}
		}
		c.windows[w] = kpi.WindowCounts{From: from, To: to, Scopes: sum.widen()}
	}
	return c.windows
}

// base sums the days of a window that are not recent.
func (c *cache) base(w kpi.Window, from, to time.Time) counts {
	if b, ok := c.bases[w]; ok && b.from.Equal(from) {
		return b.counts
	}
	sum := make(counts)
	for d, held := range c.days {
		if !c.recent(d) && !held.start.Before(from) && held.start.Before(to) {
			sum.merge(held.queues)
		}
	}
	c.bases[w] = base{from: from, counts: sum}
	return sum
}

// stale counts the open calls of buckets that ended by the cutoff, by queue.
func (c *cache) stale(cutoff time.Time) map[kpi.Scope]int64 {
	out := make(map[kpi.Scope]int64)
	add := func(from counts) {
		for scope, counted := range from {
			if n := counted.Tally.Open; n != 0 {
				out[scope] += n
			}
		}
	}
	for _, held := range c.days {
		if held.quarters == nil {
			add(held.queues)
			continue
		}
		for b, q := range held.quarters {
			if !b.Add(hotline.BucketLength).After(cutoff) {
				add(q.queues)
			}
		}
	}
	return out
}

// dataTo is the latest instant that a held day tells of and that is believed at now.
func (c *cache) dataTo(now time.Time) time.Time {
	var t time.Time
	for _, held := range c.days {
		t = later(t, held.told.at(now))
	}
	return t
}

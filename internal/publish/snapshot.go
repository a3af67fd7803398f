package publish

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Snapshot is the state at now. ok is false until the store has been read for the first
// time, and for an instant whose year is not held: there is no figure to show then, not
// even zero.
func (f *Follower) Snapshot(now time.Time) (s *kpi.Snapshot, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.cache
	if c == nil {
		return nil, false
	}
	year, _ := kpi.ThisYear.Bounds(now, f.zone)
	if _, tonight := kpi.Today.Bounds(now, f.zone); year.Before(c.span().from) || tonight.After(c.span().to) {
		return nil, false
	}
	centre, quarter := f.rules.calendar(""), hotline.BucketOf(now)
	s = &kpi.Snapshot{
		At:          now,
		CheckedAt:   f.checked,
		DataTo:      f.dataTo(now),
		Zone:        f.zone,
		ServiceOpen: centre.InService(quarter),
		Definitions: f.definitionsAt(now),
		Windows:     maps.Clone(c.windowsAt(now)),
		Waiting:     waiting(f.recent.open, c.stale(now.Add(-f.cfg.OpenMax)), now, f.cfg.OpenMax),
		Agents:      agentsAt(f.agents, f.agentsTold, now),
	}
	if err := centre.Check(quarter, quarter.Add(hotline.BucketLength)); err != nil {
		s.ServiceOpen, s.NoCalendar = false, kpi.WordingOf(err)
	}
	t := f.tickets.stateAt(&s.Definitions, f.tallied(now), now)
	s.Tickets, s.TicketsAsOf = t.now, t.asOf
	for _, w := range kpi.Windows() {
		if w.Sliding() {
			from, to := w.Bounds(now, f.zone)
			s.Windows[w] = f.recent.sliding(from, to)
			continue
		}
		s.Windows[w] = f.tickets.with(s.Windows[w], t.windows[w])
	}
	s.Curve, s.Topics = c.curve(now), c.topics(now)
	if f.yardstick.day == dateOf(now, f.zone) && !f.yardstick.outrun(s) {
		s.Usual, s.Pace = f.yardstick.usual, f.yardstick.pace
	}
	return s, true
}

// dataTo is the latest instant that is known of: to the call where calls are held.
func (f *Follower) dataTo(now time.Time) time.Time {
	return later(f.recent.latest(now), f.tallied(now))
}

// tallied is how far the tallies reach. Tickets are judged by it, as they are where nothing
// but tallies is read.
func (f *Follower) tallied(now time.Time) time.Time {
	t := f.cache.dataTo(now)
	if t.After(now) { // asked about an instant before the last reading
		t = time.Time{}
	}
	if t.IsZero() && !f.elsewhere.After(now) {
		t = f.elsewhere
	}
	return t
}

// curve has a point for each quarter hour of the day.
func (c *cache) curve(now time.Time) []kpi.CurvePoint {
	from, to := kpi.Today.Bounds(now, c.zone)
	held := c.days[dateOf(now, c.zone)]
	points := make([]kpi.CurvePoint, 0, 100)
	for b := from; b.Before(to); b = b.Add(hotline.BucketLength) {
		p := kpi.CurvePoint{From: b}
		if held != nil {
			if q := held.quarters[b.UTC()]; q != nil {
				for _, counted := range q.queues {
					p.Offered += counted.Tally.Offered()
					p.Requested += counted.Tally.Requested()
					p.Answered += counted.Tally.Answered
				}
			}
		}
		points = append(points, p)
	}
	return points
}

func (c *cache) topics(now time.Time) []kpi.TopicCount {
	held := c.days[dateOf(now, c.zone)]
	if held == nil {
		return nil
	}
	sum := make(map[string]int64)
	for _, q := range held.quarters {
		for topic, n := range q.topics {
			sum[topic] += n
		}
	}
	list := make([]kpi.TopicCount, 0, len(sum))
	for topic, n := range sum {
		list = append(list, kpi.TopicCount{Topic: topic, Calls: n})
	}
	slices.SortFunc(list, func(a, b kpi.TopicCount) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Topic, b.Topic))
	})
	return list
}

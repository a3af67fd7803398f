package publish

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// callOf makes of a recent call what counting needs. Talk, hold and the rest are not
// known here.
func callOf(l *store.Live) hotline.Call {
	c := hotline.Call{
		ID: l.CallID, Version: 1, Centre: l.Centre, Source: l.Source, Queue: l.Queue,
		Direction: hotline.Inbound, Outcome: l.Outcome, Excluded: l.Excluded,
		StartedAt: l.StartedAt, QueuedAt: l.QueuedAt, Wait: hotline.Millis(l.WaitMillis),
	}
	if l.Queued && c.QueuedAt.IsZero() {
		c.QueuedAt = c.StartedAt
	}
	return c
}

// waiting counts who waits at now, of the open calls. stale holds the open calls of buckets
// that ended by now less openMax; of younger buckets the calls themselves decide.
func waiting(open map[uint64]*store.Live, stale map[kpi.Scope]int64, now time.Time, openMax time.Duration) map[kpi.Scope]kpi.Waiting {
	out := make(map[kpi.Scope]kpi.Waiting)
	add := func(scope kpi.Scope, w kpi.Waiting) {
		for _, s := range kpi.Scopes(scope.Centre, scope.Queue) {
			sum := out[s]
			sum.Count += w.Count
			sum.Stale += w.Stale
			if sum.Since.IsZero() || (!w.Since.IsZero() && w.Since.Before(sum.Since)) {
				sum.Since = w.Since
			}
			out[s] = sum
		}
	}
	for scope, n := range stale {
		add(scope, kpi.Waiting{Stale: n})
	}
	cutoff := now.Add(-openMax)
	for _, l := range open {
		if l.Excluded != hotline.NotExcluded {
			continue
		}
		scope := kpi.Scope{Level: kpi.OneQueue, Centre: l.Centre, Queue: l.Queue}
		switch {
		case l.StartedAt.After(cutoff):
			if l.Queued {
				add(scope, kpi.Waiting{Count: 1, Since: waitsSince(l, now)})
			}
		case hotline.BucketOf(l.StartedAt).Add(hotline.BucketLength).After(cutoff):
			add(scope, kpi.Waiting{Stale: 1})
		}
	}
	return out
}

// waitsSince is when the caller began to wait; a clock that runs ahead makes no one wait
// a negative time.
func waitsSince(l *store.Live, now time.Time) time.Time {
	since := l.QueuedAt
	if since.IsZero() {
		since = l.StartedAt
	}
	return earlier(since, now)
}

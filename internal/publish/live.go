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

// sliding counts the calls decided after from and up to to.
func sliding(calls []store.Live, from, to time.Time, r rules) kpi.WindowCounts {
	// A busy hour has thousands of calls and is counted at every scrape, so what depends
	// on the source and the quarter hour alone is asked once for all calls of both.
	type group struct {
		centre, queue, source string
		bucket                int64
	}
	groups := make(map[group]*store.Tally)
	for i := range calls {
		l := &calls[i]
		if l.DecidedAt.IsZero() || !l.DecidedAt.After(from) || l.DecidedAt.After(to) {
			continue
		}
		bucket := hotline.BucketOf(l.StartedAt)
		g := group{l.Centre, l.Queue, l.Source, bucket.Unix()}
		line := groups[g]
		if line == nil {
			line = &store.Tally{Key: kpi.Key{Bucket: bucket, Source: l.Source}}
			groups[g] = line
		}
		call := callOf(l)
		one := kpi.One(&call)
		line.Tally.Merge(&one)
	}
	sum := make(counts)
	for g, line := range groups {
		sum.at(kpi.Scope{Level: kpi.OneQueue, Centre: g.centre, Queue: g.queue}).Merge(r.counted(line))
	}
	return kpi.WindowCounts{From: from, To: to, Scopes: sum.widen()}
}

// waiting counts who waits at now. stale holds the open calls of buckets that ended by
// now less openMax; of younger buckets the calls themselves decide.
func waiting(calls []store.Live, stale map[kpi.Scope]int64, now time.Time, openMax time.Duration) map[kpi.Scope]kpi.Waiting {
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
	for i := range calls {
		l := &calls[i]
		if l.Outcome != hotline.Open || l.Excluded != hotline.NotExcluded {
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

// latestLive is the latest instant up to now that a recent call tells of.
func latestLive(calls []store.Live, now time.Time) time.Time {
	var t time.Time
	for i := range calls {
		for _, at := range []time.Time{calls[i].StartedAt, calls[i].QueuedAt, calls[i].DecidedAt, calls[i].EndedAt} {
			if at.After(t) && !at.After(now) {
				t = at
			}
		}
	}
	return t
}

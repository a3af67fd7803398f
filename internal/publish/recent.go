package publish

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// recent holds the calls of the last hours: who waits, and what was decided when. It is not
// safe for concurrent use.
//
// A window slides with every look, and a busy hour has hundreds of thousands of decisions, so
// these are counted by slice of time, each when it has changed: a look counts one by one only
// those of the slices at both ends of its window.
type recent struct {
	rules   rules
	calls   map[uint64]*store.Live // by the hash of its id
	open    map[uint64]*store.Live // of these: not decided yet
	buckets map[int64]*arrivals    // of these: by quarter hour of the arrival
	slices  map[int64]*slice       // by the time of the decision

	// Sums of all slices between two, as they were last asked for.
	between map[[2]int64]counts
}

// arrivals are the calls of a quarter hour.
type arrivals struct {
	calls  map[uint64]*store.Live
	latest time.Time // the latest instant one of them tells of; zero when it has to be looked for
}

// slice is the calls decided within a sliceLength.
type slice struct {
	calls map[uint64]*store.Live
	sum   counts // nil when it has to be counted
}

// sliceLength is short enough that few calls have to be counted one by one, and long enough
// that an hour has not more slices than can be added up for each change.
const sliceLength = 2 * time.Second

func newRecent(r rules) *recent {
	return &recent{
		rules: r, calls: make(map[uint64]*store.Live), open: make(map[uint64]*store.Live),
		buckets: make(map[int64]*arrivals), slices: make(map[int64]*slice), between: make(map[[2]int64]counts),
	}
}

func sliceOf(t time.Time) int64 {
	n := t.UnixMilli() / sliceLength.Milliseconds()
	if t.UnixMilli()%sliceLength.Milliseconds() < 0 {
		n--
	}
	return n
}

// change replaces calls: without those that are gone, and with others as they are now. What
// arrived before the quarter hour of an instant is dropped.
func (r *recent) change(gone []uint64, fresh []store.Live, since time.Time) {
	clear(r.between)
	first := hotline.BucketOf(since).Unix()
	for b, in := range r.buckets {
		if b < first {
			for call := range in.calls {
				r.remove(call)
			}
		}
	}
	for _, call := range gone {
		r.remove(call)
	}
	for i := range fresh {
		// Wherever it was: a call that was corrected into another quarter hour may still be
		// held in the one it was in, whose turn comes later.
		r.remove(fresh[i].Mark.Call)
		if fresh[i].Mark.Bucket >= first {
			l := fresh[i] // of its own: one call must not keep all that were read with it
			r.add(&l)
		}
	}
}

func (r *recent) add(l *store.Live) {
	r.calls[l.Mark.Call] = l
	in := r.buckets[l.Mark.Bucket]
	if in == nil {
		in = &arrivals{calls: make(map[uint64]*store.Live)}
		r.buckets[l.Mark.Bucket] = in
	}
	if len(in.calls) == 0 || !in.latest.IsZero() {
		in.latest = later(in.latest, latestOf(l, time.Time{}))
	}
	in.calls[l.Mark.Call] = l
	if l.Outcome == hotline.Open {
		r.open[l.Mark.Call] = l
	}
	if !l.DecidedAt.IsZero() {
		s := r.slices[sliceOf(l.DecidedAt)]
		if s == nil {
			s = &slice{calls: make(map[uint64]*store.Live)}
			r.slices[sliceOf(l.DecidedAt)] = s
		}
		s.calls[l.Mark.Call], s.sum = l, nil
	}
}

func (r *recent) remove(call uint64) {
	l := r.calls[call]
	if l == nil {
		return
	}
	delete(r.calls, call)
	delete(r.open, call)
	in := r.buckets[l.Mark.Bucket]
	delete(in.calls, call)
	if len(in.calls) == 0 {
		delete(r.buckets, l.Mark.Bucket)
	} else if !in.latest.After(latestOf(l, time.Time{})) {
		in.latest = time.Time{}
	}
	if s := r.slices[sliceOf(l.DecidedAt)]; s != nil && !l.DecidedAt.IsZero() {
		delete(s.calls, call)
		if s.sum = nil; len(s.calls) == 0 {
			delete(r.slices, sliceOf(l.DecidedAt))
		}
	}
}

// sliding counts the calls decided after from and up to to.
func (r *recent) sliding(from, to time.Time) kpi.WindowCounts {
	sum, first, last := make(counts), sliceOf(from), sliceOf(to)
	within := func(l *store.Live) bool { return l.DecidedAt.After(from) && !l.DecidedAt.After(to) }
	if s := r.slices[first]; s != nil {
		sum.merge(r.rules.count(s.calls, within))
	}
	if s := r.slices[last]; s != nil && last != first {
		sum.merge(r.rules.count(s.calls, within))
	}
	sum.merge(r.sumBetween(first, last))
	return kpi.WindowCounts{From: from, To: to, Scopes: sum.widen()}
}

// sumBetween adds up the slices between two.
func (r *recent) sumBetween(first, last int64) counts {
	key := [2]int64{first, last}
	if sum, ok := r.between[key]; ok {
		return sum
	}
	if len(r.between) > 2*len(kpi.Windows()) { // of moments long past
		clear(r.between)
	}
	sum := make(counts)
	for n := first + 1; n < last; n++ {
		if s := r.slices[n]; s != nil {
			if s.sum == nil {
				s.sum = r.rules.count(s.calls, nil)
			}
			sum.merge(s.sum)
		}
	}
	r.between[key] = sum
	return sum
}

// count counts calls by queue; nil is all of them.
func (r rules) count(calls map[uint64]*store.Live, within func(*store.Live) bool) counts {
	// What depends on the source and the quarter hour alone is asked once for all calls of both.
	type group struct {
		centre, queue, source string
		bucket                int64
	}
	groups := make(map[group]*store.Tally)
	for _, l := range calls {
		if within != nil && !within(l) {
			continue
		}
		g := group{l.Centre, l.Queue, l.Source, l.Mark.Bucket}
		line := groups[g]
		if line == nil {
			line = &store.Tally{Key: kpi.Key{Bucket: hotline.BucketOf(l.StartedAt), Source: l.Source}}
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
	return sum
}

// latest is the latest instant up to now that a call tells of.
func (r *recent) latest(now time.Time) time.Time {
	var t time.Time
	for _, in := range r.buckets {
		if in.latest.IsZero() {
			for _, l := range in.calls {
				in.latest = later(in.latest, latestOf(l, time.Time{}))
			}
		}
		switch {
		case !in.latest.After(t):
		case !in.latest.After(now):
			t = in.latest
		default: // a clock runs ahead, or one asks about an instant that is past
			for _, l := range in.calls {
				t = later(t, latestOf(l, now))
			}
		}
	}
	return t
}

// latestOf is the latest instant up to now that a call tells of; a zero now is no limit.
func latestOf(l *store.Live, now time.Time) time.Time {
	var t time.Time
	for _, at := range []time.Time{l.StartedAt, l.QueuedAt, l.DecidedAt, l.EndedAt} {
		if at.After(t) && (now.IsZero() || !at.After(now)) {
			t = at
		}
	}
	return t
}

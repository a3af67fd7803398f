package publish

import (
	"maps"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// dayCall is a call of today as far as alerts need it.
type dayCall struct {
	centre, queue, source string
	agent                 string // who answered it
	started               time.Time
	requested             bool // it asked for an agent within service hours, and is decided
	decision              kpi.Decision
}

// openings holds what alerts are computed from: today's calls, by the quarter hour of
// their arrival, who was on duty, and what is usual. It is not safe for concurrent use.
type openings struct {
	rules rules
	calls map[int64][]dayCall
	duty  []kpi.DutyChange
	learnt

	// What was computed of the calls last. A scrape comes more often than a call does in
	// most hotlines, and a day of a large one has more than a hundred thousand of them.
	reckoned *reckoning
	changes  uint64 // of what it is computed from
}

func newOpenings(r rules) *openings { return &openings{rules: r, calls: make(map[int64][]dayCall)} }

// put replaces the calls of some quarter hours; of all where none are named.
func (o *openings) put(buckets []time.Time, calls []store.Live, since time.Time) {
	o.changed()
	if buckets == nil {
		clear(o.calls)
	}
	for b := range o.calls {
		if b < hotline.BucketOf(since).Unix() {
			delete(o.calls, b)
		}
	}
	for _, b := range buckets {
		delete(o.calls, b.Unix())
	}
	// A call that was corrected into one of the buckets may still be held in another.
	fresh := make(map[string]struct{}, len(calls))
	for i := range calls {
		fresh[calls[i].CallID] = struct{}{}
	}
	for b, held := range o.calls {
		for i := range held {
			if _, moved := fresh[held[i].decision.ID]; moved {
				o.calls[b] = without(held, fresh)
				break
			}
		}
	}
	for i := range calls {
		l := &calls[i]
		if b := hotline.BucketOf(l.StartedAt).Unix(); b >= hotline.BucketOf(since).Unix() {
			o.calls[b] = append(o.calls[b], o.dayCall(l))
		}
	}
}

func without(list []dayCall, ids map[string]struct{}) []dayCall {
	var out []dayCall
	for _, c := range list {
		if _, ok := ids[c.decision.ID]; !ok {
			out = append(out, c)
		}
	}
	return out
}

func (o *openings) dayCall(l *store.Live) dayCall {
	c := dayCall{centre: l.Centre, queue: l.Queue, source: l.Source, agent: l.Agent, started: l.StartedAt}
	c.decision = kpi.Decision{At: l.DecidedAt, ID: l.CallID, Wait: time.Duration(l.WaitMillis) * time.Millisecond}
	if l.DecidedAt.IsZero() {
		return c
	}
	// Whether it was requested is what its tally says, as for the figures.
	call := callOf(l)
	line := store.Tally{Key: kpi.Key{Bucket: hotline.BucketOf(l.StartedAt), Source: l.Source}, Tally: kpi.One(&call)}
	counted := o.rules.counted(&line)
	requested := counted.Tally.Requested()
	c.requested = counted.Tally.Placed() && requested == 1 && counted.Knows.MissingFor("requested", requested) == ""
	waits := counted.Knows == nil || counted.Knows[kpi.CanQueueWait]
	c.decision.Fate = kpi.FateOf(l.Outcome == hotline.Answered, l.Outcome == hotline.Blocked, waits, c.decision.Wait)
	return c
}

// held is what a reckoning needs, as it is now: what is in it is replaced, never changed.
func (o *openings) held() *openings {
	return &openings{rules: o.rules, calls: maps.Clone(o.calls), duty: o.duty, learnt: o.learnt}
}

// changed notes that what was computed holds no longer.
func (o *openings) changed() {
	o.reckoned = nil
	o.changes++
}

// opening is when the service hours began that hold an instant, or the last of its day
// before it; zero before the first, and where no calendar knows.
func (o *openings) opening(source string, now time.Time, zone *time.Location) time.Time {
	spans, err := o.rules.calendar(source).ServiceSpans(dateOf(now, zone).start(zone), dateOf(now, zone).add(1).start(zone))
	if err != nil {
		return time.Time{}
	}
	var opened time.Time
	for _, span := range spans {
		if !span.From.After(now) {
			opened = span.From
		}
	}
	return opened
}

// Alerts is what the alerts look at; ok as for Snapshot. What it holds is shared and not
// changed.
func (f *Follower) Alerts(now time.Time) (*AlertState, bool) {
	f.alerting.Lock()
	defer f.alerting.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cache == nil || dateOf(now, f.zone) != f.cache.today {
		return nil, false
	}
	s := &AlertState{At: now, Opening: f.openings.opening("", now, f.zone), Statistics: make(map[kpi.Scope][]float64)}
	if s.Opening.IsZero() {
		return s, true
	}
	r := f.openings.reckoned
	if !r.holds(s.Opening, now) {
		r = f.reckon(s.Opening, now)
	}
	s.Statistics = r.statistics
	s.Silent, s.SilentSources = f.openings.silence(r, now, f.zone)
	return s, true
}

// reckon looks at all calls of the day, which takes a while where there are many: f.mu is
// held, and given back meanwhile, so that no board waits.
func (f *Follower) reckon(opening, now time.Time) *reckoning {
	o := f.openings.held()
	changes := f.openings.changes
	waiting, until := f.waiters(now)
	f.mu.Unlock()
	r := o.reckon(opening, now, waiting, until)
	f.mu.Lock()
	if f.openings.changes == changes {
		f.openings.reckoned = r
	}
	return r
}

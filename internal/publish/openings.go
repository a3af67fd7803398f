package publish

import (
	"maps"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// dayCall is a call of today as far as alerts need it.
type dayCall struct {
	call                  uint64 // hash of its id
	centre, queue, source string
	agent                 string // who answered it
	started               time.Time
	requested             bool // it asked for an agent within service hours, and is decided
	decision              kpi.Decision
}

// openings holds what alerts are computed from: today's calls, by the slice of time of their
// arrival, who was on duty, and what is usual. It is not safe for concurrent use.
type openings struct {
	rules rules
	calls map[int64][]dayCall // a list is replaced, never changed: see frozen
	at    map[uint64]int64    // the slice of each, by the hash of its id
	since time.Time           // what arrived before is dropped
	duty  []kpi.DutyChange
	learnt

	// What was computed of the calls last. A scrape comes more often than a call does in
	// most hotlines, and a day of a large one has more than a hundred thousand of them.
	reckoned *reckoning
	changes  uint64 // of what it is computed from
}

func newOpenings(r rules) *openings {
	return &openings{rules: r, calls: make(map[int64][]dayCall), at: make(map[uint64]int64)}
}

// change replaces calls: without those that are gone, and with others as they are now. What
// arrived before the quarter hour of an instant is dropped.
func (o *openings) change(gone []uint64, fresh []store.Live, since time.Time) {
	since = hotline.BucketOf(since)
	if len(gone)+len(fresh) == 0 && since.Equal(o.since) {
		return
	}
	o.changed()
	o.since = since
	for n, list := range o.calls {
		if n < sliceOf(since) {
			for i := range list {
				delete(o.at, list[i].call)
			}
			delete(o.calls, n)
		}
	}
	dropped, added := make(map[int64]map[uint64]struct{}), make(map[int64][]dayCall)
	drop := func(call uint64) {
		if n, ok := o.at[call]; ok {
			if dropped[n] == nil {
				dropped[n] = make(map[uint64]struct{})
			}
			dropped[n][call] = struct{}{}
			delete(o.at, call)
		}
	}
	for _, call := range gone {
		drop(call)
	}
	for i := range fresh {
		l := &fresh[i]
		drop(l.Mark.Call) // wherever it was, as of recent calls
		if !l.StartedAt.Before(since) {
			n := sliceOf(l.StartedAt)
			added[n] = append(added[n], o.dayCall(l))
			o.at[l.Mark.Call] = n
		}
	}
	for n, calls := range dropped {
		if list := without(o.calls[n], calls); len(list) > 0 {
			o.calls[n] = list
		} else {
			delete(o.calls, n)
		}
	}
	for n, list := range added {
		o.calls[n] = append(slices.Clip(o.calls[n]), list...)
	}
}

// clear drops all calls.
func (o *openings) clear() {
	o.changed()
	clear(o.calls)
	clear(o.at)
}

func without(list []dayCall, calls map[uint64]struct{}) []dayCall {
	var out []dayCall
	for i := range list {
		if _, ok := calls[list[i].call]; !ok {
			out = append(out, list[i])
		}
	}
	return out
}

func (o *openings) dayCall(l *store.Live) dayCall {
	c := dayCall{call: l.Mark.Call, centre: l.Centre, queue: l.Queue, source: l.Source, agent: l.Agent, started: l.StartedAt}
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

// frozen is what a reckoning needs, as it is now: what is in it is replaced, never changed.
func (o *openings) frozen() *openings {
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
	o := f.openings.frozen()
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

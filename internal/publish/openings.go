package publish

import (
	"context"
	"fmt"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// usualDays is how many days before today say what is usual at a time of day, and
// fewestDays how many of them must be known for it.
const (
	usualDays  = 28
	fewestDays = 5
)

// dayCall is a call of today as far as alerts need it.
type dayCall struct {
	centre, queue, source string
	started               time.Time
	requested             bool // it asked for an agent within service hours, and is decided
	decision              kpi.Decision
}

// feed is what usually comes of one source in one centre.
type feed struct{ centre, source string }

// openings holds what alerts are computed from: today's calls, by the quarter hour of
// their arrival, and what is usual. It is not safe for concurrent use.
type openings struct {
	rules rules
	calls map[int64][]dayCall
	usual map[feed]kpi.Usual
	day   date // the day of usual
}

func newOpenings(r rules) *openings { return &openings{rules: r, calls: make(map[int64][]dayCall)} }

// put replaces the calls of some quarter hours; of all where none are named.
func (o *openings) put(buckets []time.Time, calls []store.Live, since time.Time) {
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
	c := dayCall{centre: l.Centre, queue: l.Queue, source: l.Source, started: l.StartedAt}
	c.decision = kpi.Decision{At: l.DecidedAt, ID: l.CallID, Wait: time.Duration(l.WaitMillis) * time.Millisecond}
	if l.DecidedAt.IsZero() {
		return c
	}
	// Whether it was requested is what its tally says, as for the figures.
	call := callOf(l)
	line := store.Tally{Key: kpi.Key{Bucket: hotline.BucketOf(l.StartedAt), Source: l.Source}, Tally: kpi.One(&call)}
	counted := o.rules.counted(&line)
	c.requested = counted.Tally.Placed() && counted.Tally.Requested() == 1
	waits := counted.Knows == nil || counted.Knows[kpi.CanQueueWait]
	c.decision.Fate = kpi.FateOf(l.Outcome == hotline.Answered, l.Outcome == hotline.Blocked, waits, c.decision.Wait)
	return c
}

// readUsual asks what is usual, once a day.
func (f *Follower) readUsual(ctx context.Context, today date) error {
	if f.openings.day == today {
		return nil
	}
	q := store.TallyQuery{From: today.add(-usualDays).start(f.zone).UTC(), To: today.start(f.zone).UTC(), Dimension: kpi.ByQueue}
	list, err := f.deps.Store.Tallies(ctx, q)
	if err != nil {
		return fmt.Errorf("reading what is usual at a time of day: %w", err)
	}
	usual := usualOf(list, f.rules, f.zone, q.To)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.openings.usual, f.openings.day = usual, today
	return nil
}

// usualOf is the mean of each quarter hour of the day over the days on which it was open,
// from the first day of a source on.
func usualOf(list []store.Tally, r rules, zone *time.Location, end time.Time) map[feed]kpi.Usual {
	sums, first := make(map[feed]*kpi.Usual), make(map[feed]time.Time)
	place := func(t time.Time) int { l := t.In(zone); return l.Hour()*4 + l.Minute()/15 }
	for i := range list {
		k := feed{list[i].Key.Centre, list[i].Key.Source}
		if sums[k] == nil {
			sums[k] = new(kpi.Usual)
		}
		if from, ok := first[k]; !ok || list[i].Key.Bucket.Before(from) {
			first[k] = list[i].Key.Bucket
		}
		if r.calendar(k.source).InService(list[i].Key.Bucket) {
			sums[k][place(list[i].Key.Bucket)] += float64(list[i].Tally.Calls)
		}
	}
	out := make(map[feed]kpi.Usual)
	for k, sum := range sums {
		days, most := kpi.Usual{}, 0.0
		cal := r.calendar(k.source)
		for b := dateOf(first[k], zone).start(zone).UTC(); b.Before(end); b = b.Add(hotline.BucketLength) {
			if cal.Covers(b) && cal.InService(b) {
				days[place(b)]++
				most = max(most, days[place(b)])
			}
		}
		if most < fewestDays {
			continue
		}
		for q := range sum {
			if days[q] > 0 {
				sum[q] /= days[q]
			}
		}
		out[k] = *sum
	}
	return out
}

// alertsAt is what the alerts look at, at an instant of the day held.
func (o *openings) alertsAt(now time.Time, zone *time.Location, waiting []dayCall) *AlertState {
	s := &AlertState{At: now, Statistics: make(map[kpi.Scope][]float64)}
	s.Opening = o.opening("", now, zone)
	if s.Opening.IsZero() {
		return s
	}
	s.Silent, s.SilentSources = o.silence(s.Opening, now, zone)
	decided, since := make(map[kpi.Scope][]kpi.Decision), make(map[kpi.Scope][]time.Time)
	for i := range waiting {
		for _, scope := range kpi.Scopes(waiting[i].centre, waiting[i].queue) {
			since[scope] = append(since[scope], waiting[i].started)
		}
	}
	decided[kpi.Scope{}] = nil
	for _, list := range o.calls {
		for i := range list {
			c := &list[i]
			for _, scope := range kpi.Scopes(c.centre, c.queue) {
				if c.requested && !c.decision.At.Before(s.Opening) && !c.decision.At.After(now) {
					decided[scope] = append(decided[scope], c.decision)
				} else if decided[scope] == nil {
					decided[scope] = []kpi.Decision{} // a queue of today: 0, not absent
				}
			}
		}
	}
	tests := kpi.AnswerTests()
	for scope, list := range decided {
		kpi.Order(list, since[scope])
		for i := range tests {
			s.Statistics[scope] = append(s.Statistics[scope], tests[i].Run(list))
		}
	}
	return s
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

// silence counts the calls that were to be expected since the last, of all and of each
// centre, and of each source. Those of whom nothing usual is known are missing.
func (o *openings) silence(opening, now time.Time, zone *time.Location) (map[kpi.Scope]float64, map[string]float64) {
	type seen struct {
		last  time.Time
		today int64
	}
	scopes, sources := make(map[kpi.Scope]seen), make(map[string]seen)
	note := func(s seen, c *dayCall) seen {
		if c.started.After(now) {
			return s
		}
		if !c.started.Before(opening) {
			s.today++
		}
		s.last = later(s.last, c.started)
		return s
	}
	for _, list := range o.calls {
		for i := range list {
			c := &list[i]
			one := kpi.Scope{Level: kpi.OneCentre, Centre: c.centre}
			scopes[kpi.Scope{}], scopes[one] = note(scopes[kpi.Scope{}], c), note(scopes[one], c)
			sources[c.source] = note(sources[c.source], c)
		}
	}
	sums, bySource := make(map[kpi.Scope]*kpi.Usual), make(map[string]*kpi.Usual)
	for k, u := range o.usual {
		for _, scope := range []kpi.Scope{{}, {Level: kpi.OneCentre, Centre: k.centre}} {
			if sums[scope] == nil {
				sums[scope] = new(kpi.Usual)
			}
			add(sums[scope], &u)
		}
		if bySource[k.source] == nil {
			bySource[k.source] = new(kpi.Usual)
		}
		add(bySource[k.source], &u)
	}
	silent, silentSources := make(map[kpi.Scope]float64), make(map[string]float64)
	for scope, u := range sums {
		q := kpi.Silence{Usual: *u, Zone: zone, Open: o.rules.calendar("").InService, Today: scopes[scope].today}
		silent[scope] = q.Expected(opening, scopes[scope].last, now)
	}
	for source, u := range bySource {
		opened := o.opening(source, now, zone)
		if opened.IsZero() {
			continue
		}
		q := kpi.Silence{Usual: *u, Zone: zone, Open: o.rules.calendar(source).InService, Today: sources[source].today}
		silentSources[source] = q.Expected(opened, sources[source].last, now)
	}
	return silent, silentSources
}

func add(to, u *kpi.Usual) {
	for q := range u {
		to[q] += u[q]
	}
}

// Alerts is what the alerts look at; ok as for Snapshot.
func (f *Follower) Alerts(now time.Time) (*AlertState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cache == nil || dateOf(now, f.zone) != f.cache.today {
		return nil, false
	}
	var waiting []dayCall
	for i := range f.calls {
		l := &f.calls[i]
		if l.Outcome == hotline.Open && l.Excluded == hotline.NotExcluded && l.Queued && l.StartedAt.After(now.Add(-f.cfg.OpenMax)) {
			waiting = append(waiting, dayCall{centre: l.Centre, queue: l.Queue, started: waitsSince(l, now)})
		}
	}
	return f.openings.alertsAt(now, f.zone, waiting), true
}

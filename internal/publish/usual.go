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
// fewestDays how many of them must be known for it. fewestHandled is how many answered
// calls say how long one usually takes.
const (
	usualDays     = 28
	fewestDays    = 5
	fewestHandled = 100
)

// feed is what usually comes of one source in one centre.
type feed struct{ centre, source string }

// learnt is what the days before today say is usual. It is learnt once a day, and anew when
// they change, as when a history is imported: see yardstickRest.
type learnt struct {
	usual    map[feed]kpi.Usual
	handling map[kpi.Scope]time.Duration // of a call by an agent, wrap-up included

	day   date
	stale bool // days before today have changed since
	at    time.Time
	took  time.Duration
}

// outdated says whether it must be learnt anew.
func (l *learnt) outdated(today date, now time.Time) bool {
	if l.day != today {
		return true
	}
	since := now.Sub(l.at)
	return l.stale && (since < 0 || since >= max(yardstickRest, yardstickTimes*l.took))
}

// readUsual learns what is usual where need be.
func (f *Follower) readUsual(ctx context.Context, now time.Time) error {
	today := dateOf(now, f.zone)
	f.mu.Lock()
	due, pasts := f.openings.outdated(today, now), f.pasts
	f.mu.Unlock()
	if !due {
		return nil
	}
	started := time.Now()
	q := store.TallyQuery{From: today.add(-usualDays).start(f.zone).UTC(), To: today.start(f.zone).UTC(), Dimension: kpi.ByQueue, Names: true}
	list, err := f.deps.Store.Tallies(ctx, q)
	if err != nil {
		return fmt.Errorf("reading what is usual at a time of day: %w", err)
	}
	fresh := learnt{usual: usualOf(list, f.rules, f.zone, q.To), handling: handlingOf(list), day: today, at: now, took: time.Since(started)}
	f.mu.Lock()
	defer f.mu.Unlock()
	fresh.stale = f.pasts != pasts // the days have changed meanwhile
	f.openings.learnt = fresh
	f.openings.changed()
	return nil
}

// handlingOf is the mean handling time by scope, where enough calls are known.
func handlingOf(list []store.Tally) map[kpi.Scope]time.Duration {
	sums := make(map[kpi.Scope]kpi.Ratio)
	for i := range list {
		t := &list[i].Tally
		for _, scope := range kpi.Scopes(list[i].Key.Centre, list[i].Key.Name) {
			sum := sums[scope]
			sum.Num += t.TalkMillis + t.HoldMillis + t.WrapupMillis
			sum.Den += t.Answered
			sums[scope] = sum
		}
	}
	out := make(map[kpi.Scope]time.Duration)
	for scope, sum := range sums {
		if sum.Den >= fewestHandled {
			out[scope] = time.Duration(sum.Num) * time.Millisecond / time.Duration(sum.Den)
		}
	}
	return out
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

// silence counts the calls that were to be expected since the last, of all and of each
// centre, and of each source. Those of whom nothing usual is known are missing.
func (o *openings) silence(r *reckoning, now time.Time, zone *time.Location) (map[kpi.Scope]float64, map[string]float64) {
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
		q := kpi.Silence{Usual: *u, Zone: zone, Open: o.rules.calendar("").InService, Today: r.scopes[scope].today}
		silent[scope] = q.Expected(r.opening, r.scopes[scope].last, now)
	}
	for source, u := range bySource {
		opened := o.opening(source, now, zone)
		if opened.IsZero() {
			continue
		}
		q := kpi.Silence{Usual: *u, Zone: zone, Open: o.rules.calendar(source).InService, Today: r.sources[source].today}
		silentSources[source] = q.Expected(opened, r.sources[source].last, now)
	}
	return silent, silentSources
}

func add(to, u *kpi.Usual) {
	for q := range u {
		to[q] += u[q]
	}
}

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// before is how the last day of service before went. What was lost tells the queues, so it
// is read anew, with names.
func (d *dawn) before(ctx context.Context) (*kpi.Closed, error) {
	day, found := d.lastDay()
	if !found {
		return nil, nil
	}
	end := d.end(day)
	c := &kpi.Closed{Date: day.Format(time.DateOnly), Reached: d.reached(day, end)}
	c.Outages, _ = d.outagesOf(day)
	var err error
	if c.Rejected, err = d.rejected(ctx); err != nil {
		return nil, err
	}
	c.Figures, err = d.sys.computed(ctx, d.sources, FigureQuery{From: day, To: end, Zone: d.q.Zone, By: kpi.Hour, Centre: d.q.Centre, Now: d.q.Now})
	var missing *calendar.MissingYear
	if errors.As(err, &missing) {
		c.Figures, c.Refused, c.Why, c.Target = nil, err.Error(), kpi.WordingOf(err), kpi.Verdict{State: kpi.NoData}
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	c.Target = kpi.Judge(c.Figures.Exact.AnswerRate, kpi.AnswerRateTarget)
	entries, err := d.sys.entries(ctx, store.TallyQuery{From: day, To: end, Dimension: kpi.ByQueue, Centre: d.q.Centre, Names: true})
	if err != nil {
		return nil, err
	}
	if c.Figures.Exact.AnswerRate.NotConnected == "" {
		c.Lost = d.build.LostOn(kpi.AnswerRateTarget, entries)
	}
	c.Gaps, err = d.gaps(day, entries)
	return c, err
}

// seldomSilent is how many calls must usually come in a gap for it to be worth a look: once in
// twenty times so many do not come by chance.
const seldomSilent = 3

// lately is since when before a day a source must have had calls to be missed on it.
const lately = 14 * 24 * time.Hour

// gaps are the hours of a day's service in which a source has no record although calls usually
// come then. Where nothing usual is known every gap is one.
func (d *dawn) gaps(day time.Time, entries []kpi.Entry) ([]kpi.SourceGap, error) {
	of := make(map[string][]kpi.Entry)
	for i := range d.entries {
		e := &d.entries[i]
		of[e.Key.Source] = append(of[e.Key.Source], *e)
	}
	expected := slices.DeleteFunc(slices.Clone(d.seen), func(source string) bool {
		return !slices.ContainsFunc(of[source], func(e kpi.Entry) bool {
			return e.Tally.Calls > 0 && !e.Key.Bucket.Before(day.Add(-lately)) && e.Key.Bucket.Before(d.end(day))
		})
	})
	list := []kpi.SourceGap{}
	for _, c := range d.build.Completeness(day, earlier(d.end(day), d.q.Now), entries, expected) {
		usual, err := kpi.UsualDayOf(kpi.UsualQuery{Day: day, Zone: d.q.Zone, Sort: d.sort, Entries: of[c.Source]})
		var missing *calendar.MissingYear
		if err != nil && !errors.As(err, &missing) {
			return nil, err
		}
		known := usual != nil && len(usual.Days) >= kpi.FewestUsualDays
		for _, g := range c.Gaps {
			from, to := g.From, g.To
			for known && from.Before(to) && usual.Expects(from, from.Add(time.Hour), d.q.Zone) == 0 {
				from = from.Add(time.Hour)
			}
			for known && from.Before(to) && usual.Expects(to.Add(-time.Hour), to, d.q.Zone) == 0 {
				to = to.Add(-time.Hour)
			}
			if !known || usual.Expects(from, to, d.q.Zone) >= seldomSilent {
				list = append(list, kpi.SourceGap{Source: c.Source, From: from, To: to})
			}
		}
	}
	return list, nil
}

// lastDay is the latest day before that was in service and is over, or on which calls came.
func (d *dawn) lastDay() (day time.Time, found bool) {
	if len(d.entries) == 0 {
		return day, false
	}
	first := d.entries[0].Key.Bucket // in the order of time
	y, m, n := d.day.Date()
	for back := 1; ; back++ {
		day = kpi.DayStart(y, m, n-back, d.q.Zone)
		end := d.end(day)
		if !end.After(first) {
			return day, false
		}
		if end.After(d.q.Now) {
			continue
		}
		sort, err := d.sort(day)
		if err != nil || sort == calendar.Worked || sort == calendar.MadeUp {
			return day, true
		}
	}
}

// reached says whether the data go on behind the last quarter hour of a day's service.
func (d *dawn) reached(day, end time.Time) bool {
	last := day
	for b := hotline.BucketOf(day); b.Before(end); b = b.Add(hotline.BucketLength) {
		if d.open(b) {
			last = b
		}
	}
	return !d.build.DataTo.Before(last)
}

// rejected counts the dead letters that wait; nil where the broker does not answer.
func (d *dawn) rejected(ctx context.Context) (*int64, error) {
	if err := d.sys.brokerAnswers(ctx); err != nil {
		d.sys.log.Warn("the morning does not say what is rejected", "err", err)
		return nil, ctx.Err()
	}
	list, err := deadletter.List(ctx, d.sys.broker, deadletter.Query{Topic: d.sys.cfg.Topics.Rejected, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", d.sys.cfg.Topics.Rejected, err)
	}
	n := int64(list.Total)
	return &n, nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/web"
)

// MorningQuery asks what a day is expected to need, and how the last one before it closed.
type MorningQuery struct {
	Date   string // 2026-03-02; empty: today
	Centre string // empty: all
	Seats  int    // to be tried; 0: none
	Zone   *time.Location
	Now    time.Time
}

// mostAhead is how far a day may lie ahead: what is expected comes from the last weeks.
const mostAhead = 31

// day is the day asked about.
func (q *MorningQuery) day() (time.Time, error) {
	y, m, d := q.Now.In(q.Zone).Date()
	latest := kpi.DayStart(y, m, d+mostAhead, q.Zone)
	day := kpi.DayStart(y, m, d, q.Zone)
	if q.Date != "" {
		t, err := time.Parse(time.DateOnly, q.Date)
		if err != nil {
			return day, refusal.Errorf("“%s”不是日期:请写成 2026-03-02", "%q is not a day such as 2026-03-02", q.Date)
		}
		y, m, d = t.Date()
		day = kpi.DayStart(y, m, d, q.Zone)
	}
	switch {
	case day.Before(hotline.Earliest):
		return day, refusal.Errorf("%s 早于任何记录", "%s is before there were any records", q.Date)
	case day.After(latest):
		return day, refusal.Errorf("%s 太远:预计来自最近几周,最远可看到 %s", "%s is too far ahead: what is expected comes from the last weeks, so ask for a day up to %s", q.Date, latest.Format(time.DateOnly))
	case q.Seats < 0 || q.Seats > kpi.MostSeats:
		return day, refusal.Errorf("试算坐席数 %d:请填 1 至 %d", "%d seats: try 1 to %d", q.Seats, kpi.MostSeats)
	}
	return day, nil
}

// Check says what is wrong with the query.
func (q *MorningQuery) Check() error {
	_, err := q.day()
	return err
}

// Morning reads a morning from a running system.
func Morning(ctx context.Context, cfg config.Root, log *slog.Logger, q MorningQuery) (m *kpi.Morning, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = withSources(ctx, cfg, log, func(s *system, sources *source.Registry) error {
		calls, err := s.callDesk(sources)
		if err == nil {
			m, err = s.morning(ctx, sources, calls, q)
		}
		return err
	})
	return m, err
}

func (o *office) Morning(ctx context.Context, q web.MorningQuery) (*kpi.Morning, error) {
	m, err := o.sys.morning(ctx, o.sources, o.calls, MorningQuery{Date: q.Date, Centre: q.Centre, Seats: q.Seats, Zone: o.zone, Now: time.Now()})
	return m, told(err)
}

// dawn is one morning being put together.
type dawn struct {
	sys      *system
	sources  *source.Registry
	q        MorningQuery
	day      time.Time
	build    kpi.Build
	entries  []kpi.Entry // by source, of the days before that are looked at, service hours marked
	calendar calendar.Calendar
	seen     []string // sources that have calls in them
	outages  []journal.Outage
}

func (s *system) morning(ctx context.Context, sources *source.Registry, calls *callDesk, q MorningQuery) (*kpi.Morning, error) {
	day, err := q.day()
	if err != nil {
		return nil, err
	}
	d := &dawn{sys: s, sources: sources, q: q, day: day}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	m := &kpi.Morning{Date: day.Format(time.DateOnly), Zone: q.Zone.String(), Centre: q.Centre}
	if !d.build.DataTo.IsZero() {
		to := d.build.DataTo.In(q.Zone)
		m.DataTo = &to
	}
	if m.Before, err = d.before(ctx); err != nil {
		return nil, err
	}
	owed, err := calls.owed(ctx, q.Centre)
	if err != nil {
		return nil, err
	}
	_, knows := d.build.Sum(d.entries)
	m.Owed = kpi.CallBacks{
		Days: s.cfg.Callbacks.Days, Owed: int64(owed.Owed), Taken: int64(owed.Taken), Overdue: int64(owed.Overdue),
		NotConnected: knows.MissingFor("requested", int64(owed.Owed)),
	}
	m.Sort, err = d.sort(day)
	var missing *calendar.MissingYear
	if errors.As(err, &missing) {
		m.Refused, m.Why = err.Error(), kpi.WordingOf(err)
		return m, nil
	}
	if err == nil {
		m.Staff, err = d.staff(ctx)
	}
	return m, err
}

// read brings what came in the weeks before, and what is known of them. A day that is not
// like those of every week looks further back.
func (d *dawn) read(ctx context.Context) error {
	s, q := d.sys, &d.q
	defined, err := s.definitions(ctx, definitionQuery{Now: q.Now})
	if err != nil {
		return err
	}
	d.build = buildOf(d.sources, q.Zone, defined)
	d.build.Now = q.Now
	if d.build.DataTo, err = s.store.DataTo(ctx, q.Now); err != nil {
		return fmt.Errorf("reading how far the data reach: %w", err)
	}
	if err := d.readOutages(ctx); err != nil {
		return err
	}
	d.calendar = d.sources.Calendar("")
	if err := d.readFrom(ctx, kpi.UsualSince(d.day, calendar.Worked, q.Zone)); err != nil {
		return err
	}
	if sort, err := d.sort(d.day); err == nil && (sort == calendar.MadeUp || sort == calendar.Holiday) {
		return d.readFrom(ctx, kpi.UsualSince(d.day, sort, q.Zone))
	}
	return nil
}

func (d *dawn) readFrom(ctx context.Context, from time.Time) error {
	entries, err := d.sys.entries(ctx, store.TallyQuery{From: from, To: d.day, Dimension: kpi.ByQueue, Centre: d.q.Centre})
	if err != nil {
		return err
	}
	d.entries, d.seen = d.build.Served(entries), nil
	for i := range entries {
		if e := &entries[i]; e.Tally.Calls > 0 && !slices.Contains(d.seen, e.Key.Source) {
			d.seen = append(d.seen, e.Key.Source)
		}
	}
	// Where all calls come from sources of one calendar it is that which says what sort of
	// day one is.
	for i, name := range d.seen {
		switch c := d.sources.Calendar(name); {
		case i == 0:
			d.calendar = c
		case c.Name() != d.calendar.Name():
			d.calendar = d.sources.Calendar("")
			return nil
		}
	}
	return nil
}

func (d *dawn) readOutages(ctx context.Context) error {
	list, err := d.sys.store.Entries(ctx, store.EntryQuery{Kind: journal.KindOutage})
	if err != nil {
		return fmt.Errorf("reading the outages: %w", err)
	}
	for _, e := range holding(list) {
		if !concerns(e.Kind, e.Centre, d.q.Centre) {
			continue
		}
		o, err := journal.Decode[journal.Outage](e)
		if err != nil {
			return err
		}
		d.outages = append(d.outages, o)
	}
	return nil
}

func (d *dawn) sort(day time.Time) (calendar.DaySort, error) {
	return d.calendar.Sort(day.Add(12 * time.Hour)) // the middle of it: zones may differ
}

// open says whether any source whose calls come is in service in a quarter hour.
func (d *dawn) open(bucket time.Time) bool {
	in := func(name string) bool {
		c := d.sources.Calendar(name)
		return c.Covers(bucket) && c.InService(bucket)
	}
	return slices.ContainsFunc(d.seen, in) || len(d.seen) == 0 && in("")
}

func (d *dawn) end(day time.Time) time.Time {
	y, m, n := day.In(d.q.Zone).Date()
	return kpi.DayStart(y, m, n+1, d.q.Zone)
}

// longOutage is from where on a day with an outage is not like others.
const longOutage = 30 * time.Minute

// outagesOf counts the outages of a day, and how much of its service they took.
func (d *dawn) outagesOf(day time.Time) (n int, out time.Duration) {
	end := d.end(day)
	for _, o := range d.outages {
		until := end
		if o.To != nil && o.To.Before(end) {
			until = *o.To
		}
		if !o.From.Before(end) || !until.After(day) {
			continue
		}
		n++
		for b := hotline.BucketOf(day); b.Before(until); b = b.Add(hotline.BucketLength) {
			from, to := b, earlier(until, b.Add(hotline.BucketLength))
			if o.From.After(from) {
				from = o.From
			}
			if from.Before(to) && d.open(b) {
				out += to.Sub(from)
			}
		}
	}
	return n, out
}

// unusual says which days nothing usual is learned from, for the board as for the morning.
func (s *system) unusual(ctx context.Context, sources *source.Registry, zone *time.Location) (func(day time.Time) bool, error) {
	d := &dawn{sys: s, sources: sources, q: MorningQuery{Zone: zone}}
	if err := d.readOutages(ctx); err != nil {
		return nil, err
	}
	return func(day time.Time) bool {
		_, out := d.outagesOf(day)
		return out >= longOutage
	}, nil
}

func (d *dawn) staff(ctx context.Context) (*kpi.Staffing, error) {
	usual, err := kpi.UsualDayOf(kpi.UsualQuery{
		Day: d.day, Zone: d.q.Zone, Sort: d.sort, Entries: d.entries,
		Skip: func(day time.Time) bool {
			_, out := d.outagesOf(day)
			return d.end(day).After(d.q.Now) || out >= longOutage
		},
	})
	if err != nil {
		return nil, err
	}
	c := &d.sys.cfg.Staffing
	q := kpi.StaffingQuery{
		Day: d.day, Zone: d.q.Zone, Usual: usual, Open: d.open, Seats: d.q.Seats,
		Goal:            kpi.SeatsGoal{Answered: kpi.AnswerRateTarget.Value(), Level: c.ServiceLevel, Within: c.Within.Seconds()},
		AssumedHandling: c.Handling.Seconds(), AssumedPatience: c.Patience.Seconds(),
	}
	on := d.on(usual.Days)
	q.Centres = centresOf(on)
	_, knows := d.build.Sum(on)
	q.Waits = knows == nil || knows[kpi.CanQueueWait]
	q.NotConnected = knows.MissingFor("requested", 1)
	if q.Planned, err = d.planned(ctx, usual.Days); err != nil {
		return nil, err
	}
	return kpi.Staff(q), nil
}

// centresOf counts the centres that have calls.
func centresOf(entries []kpi.Entry) int {
	centres := make(map[string]bool)
	for i := range entries {
		if entries[i].Tally.Calls > 0 {
			centres[entries[i].Key.Centre] = true
		}
	}
	return len(centres)
}

// on are the entries of some days.
func (d *dawn) on(days []time.Time) (list []kpi.Entry) {
	for i := range d.entries {
		y, m, n := d.entries[i].Key.Bucket.In(d.q.Zone).Date()
		if slices.ContainsFunc(days, kpi.DayStart(y, m, n, d.q.Zone).Equal) {
			list = append(list, d.entries[i])
		}
	}
	return list
}

// planned is how many agents could usually take calls on the like days; nil where too few of
// them have agents' states.
func (d *dawn) planned(ctx context.Context, days []time.Time) (*kpi.Usual, error) {
	var sum kpi.Usual
	told := 0.0
	for _, day := range days {
		agents, err := d.sys.store.SignedIn(ctx, day, d.end(day), d.q.Centre)
		if err != nil {
			return nil, fmt.Errorf("reading who was signed in: %w", err)
		}
		if len(agents) > 0 {
			told++
		}
		for bucket, n := range agents {
			sum[kpi.QuarterOfDay(bucket.In(d.q.Zone))] += float64(n)
		}
	}
	if told < kpi.FewestUsualDays {
		return nil, nil
	}
	for i := range sum {
		sum[i] /= told
	}
	return &sum, nil
}

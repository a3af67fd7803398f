package report

import (
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/kpi"
)

// Input is what a report is built from: counts from the store, what people have entered,
// and the rules that hold. Nothing in it is a figure yet.
type Input struct {
	Program string
	Unit    kpi.Wording
	Centre  string // whose entries these are; empty: of all centres
	Span    kpi.Span
	Until   time.Time // how far the period has come; its end, where it is over
	Count   kpi.Build

	// Year holds every quarter hour by queue, names summed, from the beginning of the year
	// that the period ends in, or of the period where that is earlier, to its end.
	Year []kpi.Entry
	// Of the period, by name; quarter hours may be summed (store.TallySums).
	Queues, Agents, Topics []kpi.Entry
	Compared               []Compared

	Forms       []Filled
	Volume      *Volume     // nil: the year has no targets
	Behind      kpi.Wording // how far the year's answered calls are behind, and when; blank: they are not
	Definitions []Definition
	Notices     []kpi.Wording

	Sources  []string // that are expected to have records
	Quality  Quality  // all but Completeness and Differences
	Controls []Control
	Lost     []LostCall
}

// Compared is another period with its entries by queue.
type Compared struct {
	Kind    ComparisonKind
	Span    kpi.Span
	Entries []kpi.Entry
}

// Filled is a form to fill in, with what people have entered for it. Its figures and its
// period come from the report: a self-evaluation is about the period itself, monitoring
// about the year up to the period's end.
type Filled struct {
	Form       *kpi.Form
	Centre     kpi.Wording
	Evaluation kpi.Evaluation         // without Form, Zone, Span, Figures, Draft
	Said       map[string]Explanation // by code of the indicator
}

// Control is what somebody else counted on a day; nil: they do not say.
type Control struct {
	Day                          time.Time
	Centre                       string // whose calls; empty: all that the report is about
	By, Evidence                 string
	Offered, Requested, Answered *int64
}

// Explanation is what a person has written about an indicator that is off its target.
type Explanation struct {
	Cause      string         `json:"cause,omitempty"`
	Measures   string         `json:"measures,omitempty"`
	Category   string         `json:"category,omitempty"` // of the form's causes
	Likelihood kpi.Likelihood `json:"likelihood,omitempty"`
	Note       string         `json:"note,omitempty"`
}

// Build makes a report. It asks kpi for every figure.
func Build(in Input) (*Report, error) {
	zone := in.Count.Zone
	r := &Report{
		Schema: Schema, Program: in.Program, Unit: in.Unit, Centre: in.Centre, Definitions: in.Definitions, Notices: in.Notices,
		Period:  periodOf(in.Span, in.Until, zone),
		Choices: in.Count.Definitions, Quality: in.Quality, Volume: in.Volume,
	}
	own := within(in.Year, in.Span)
	r.Total = *in.Count.Statement(r.Period.of(), own, kpi.Undivided, nil)
	r.DataTo = r.Total.DataTo
	r.Notices = append(slices.Clip(r.Notices), definitionNotices(&r.Total, in.Definitions)...)
	r.Draft = slices.ContainsFunc(in.Definitions, func(d Definition) bool { return d.Official && !d.Confirmed })
	year := toDate(in.Span, zone)
	inYear := within(in.Year, year)
	yearPeriod := periodOf(year, in.Until, zone)
	r.YearToDate = in.Count.Statement(yearPeriod.of(), inYear, kpi.Undivided, nil)
	r.Months = in.groups(inYear, kpi.Month)
	r.Days, r.DayHours, r.Weeks = in.groups(own, kpi.Day), in.groups(own, kpi.HourOfDay), in.groups(own, kpi.WeekHour)
	r.Queues, r.Agents, r.Topics = in.groups(in.Queues, kpi.Queue), in.groups(in.Agents, kpi.Agent), in.groups(in.Topics, kpi.Topic)
	for _, c := range in.Compared {
		other := periodOf(c.Span, c.Span.To, zone)
		r.Comparisons = append(r.Comparisons, Comparison{Kind: c.Kind, Title: other.Title, Statement: *in.Count.Statement(other.of(), c.Entries, kpi.Undivided, nil)})
	}
	r.Quality.Completeness = in.Count.Completeness(in.Span.From, in.Until, own, in.Sources)
	r.Quality.Differences, r.Quality.Controls = in.differences(own, r.Days), len(in.Controls)
	r.Lost = LostCalls{Total: r.Total.Counts.Asked - r.Total.Counts.Answered, List: in.Lost}
	for _, f := range in.Forms {
		span, s := in.Span, &r.Total
		if f.Form.Kind == kpi.Monitoring {
			span, s = year, r.YearToDate
		}
		table, err := in.table(f, span, s)
		if err != nil {
			return nil, fmt.Errorf("filling in form %s: %w", f.Form.Name, err)
		}
		r.Tables = append(r.Tables, *table)
	}
	return r, nil
}

func (in *Input) groups(entries []kpi.Entry, by kpi.By) []kpi.Group {
	return in.Count.Statement(kpi.Period{Zone: in.Count.Zone.String()}, nil, by, entries).Groups
}

func (in *Input) table(f Filled, span kpi.Span, s *kpi.Statement) (*FilledTable, error) {
	e := f.Evaluation
	e.Form, e.Zone, e.Span, e.Figures = f.Form, in.Count.Zone, span, s.Exact.Reported()
	e.Draft = make(map[kpi.Figure]bool)
	for _, d := range in.Definitions {
		if d.Official && !d.Confirmed {
			e.Draft[kpi.Figure(d.Code)] = true
		}
	}
	done, err := kpi.Evaluate(e)
	if err != nil {
		return nil, err
	}
	t := fill(f, done, periodOf(span, in.Until, in.Count.Zone))
	in.deviations(&t, e.Table, span, s.Exact.ResponseLeads)
	return &t, nil
}

func periodOf(s kpi.Span, until time.Time, zone *time.Location) Period {
	if until.After(s.To) || until.IsZero() {
		until = s.To
	}
	return Period{
		Name: s.Name, Title: kpi.Wording{ZH: s.ZH, EN: s.EN}, From: s.From.In(zone), To: s.To.In(zone),
		Zone: zone.String(), Until: until.In(zone),
	}
}

func (p *Period) of() kpi.Period { return kpi.Period{From: &p.From, To: &p.To, Zone: p.Zone} }

// toDate is the year of a period's last day, up to the period's end.
func toDate(s kpi.Span, zone *time.Location) kpi.Span {
	last := s.To.Add(-time.Nanosecond).In(zone)
	from := kpi.DayStart(last.Year(), time.January, 1, zone)
	if s.From.Equal(from) {
		return s
	}
	return kpi.Span{
		Name: from.Format(time.DateOnly) + ".." + last.Format(time.DateOnly), From: from, To: s.To,
		ZH: fmt.Sprintf("%d年1月1日至%d月%d日", last.Year(), int(last.Month()), last.Day()),
		EN: from.Format("2 January") + " to " + last.Format("2 January 2006"),
	}
}

// within are the entries of a span.
func within(entries []kpi.Entry, s kpi.Span) []kpi.Entry {
	var out []kpi.Entry
	for i := range entries {
		if b := entries[i].Key.Bucket; !b.Before(s.From) && b.Before(s.To) {
			out = append(out, entries[i])
		}
	}
	return out
}

// differences are the days on which somebody else counted another number. A day without
// calls has counted none. In a report of all centres the count of one is held against the
// calls of that one.
func (in *Input) differences(own []kpi.Entry, days []kpi.Group) []Difference {
	byCentre := map[string]map[string]*kpi.Counts{"": byDay(days)}
	var list []Difference
	for _, c := range in.Controls {
		counted, ok := byCentre[c.Centre]
		if !ok {
			of := func(e kpi.Entry) bool { return e.Key.Centre != c.Centre }
			counted = byDay(in.groups(slices.DeleteFunc(slices.Clone(own), of), kpi.Day))
			byCentre[c.Centre] = counted
		}
		n := counted[c.Day.Format(time.DateOnly)]
		if n == nil {
			n = &kpi.Counts{}
		}
		for _, x := range []struct {
			count   string
			control *int64
			counted int64
		}{{"offered", c.Offered, n.Offered}, {"requested", c.Requested, n.Requested}, {"answered", c.Answered, n.Answered}} {
			if x.control != nil && *x.control != x.counted && n.NotConnected[x.count] == "" {
				list = append(list, Difference{Day: c.Day, Centre: c.Centre, Source: c.By, Count: x.count, Counted: x.counted, Control: *x.control, Evidence: c.Evidence})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Difference) int { return a.Day.Compare(b.Day) })
	return list
}

func byDay(days []kpi.Group) map[string]*kpi.Counts {
	counted := make(map[string]*kpi.Counts, len(days))
	for i := range days {
		counted[days[i].Key] = &days[i].Counts
	}
	return counted
}

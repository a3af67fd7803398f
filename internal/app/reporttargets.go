package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// targets puts the year's performance tables and their forms beside the figures.
func (g *gathering) targets(ctx context.Context) error {
	start := g.yearStart()
	if g.span.From.Before(start) {
		g.in.Notices = append(g.in.Notices, kpi.Wording{
			ZH: "报告期跨年度，不填绩效目标表。", EN: "The period lies in several years: the tables of a year's targets are left out.",
		})
		return nil
	}
	year := start.Year()
	set, err := g.rules.Indicators.Of(year)
	if err != nil {
		years := g.rules.Indicators.Years()
		if len(years) == 0 {
			return err
		}
		nearest := years[0]
		for _, y := range years {
			if y < year {
				nearest = y
			}
		}
		if set, err = g.rules.Indicators.Of(nearest); err != nil {
			return err
		}
		g.in.Notices = append(g.in.Notices, kpi.Wording{
			ZH: fmt.Sprintf("没有%d年的指标文件，以%d年指标值对照，仅供参考。", year, nearest),
			EN: fmt.Sprintf("There is no file of the targets of %d: those of %d stand in, for orientation only.", year, nearest),
		})
	}
	g.in.Unit = set.Centre
	for i := range g.in.Quality.Entered {
		e := &g.in.Quality.Entered[i]
		e.Name = kpi.Wording{ZH: e.Code, EN: e.Code}
		if known, ok := set.Find(e.Code); ok {
			e.Name = known.Name
		}
	}
	outlook, err := g.outlook(ctx, start)
	if err != nil {
		return err
	}
	g.in.Volume = outlook.volume
	for i := range set.Tables {
		table := &set.Tables[i]
		for _, kind := range kpi.FormKinds() {
			form, err := g.rules.Forms.Lookup(kind, table.Number)
			if err != nil {
				return err
			}
			span := g.span
			if kind == kpi.Monitoring {
				span.From = start
			}
			g.in.Forms = append(g.in.Forms, report.Filled{
				Form: form, Centre: set.Centre, Said: g.entered.said,
				Evaluation: kpi.Evaluation{
					Table: table, Year: year, Working: outlook.progress(span.From, earlier(g.in.Until, span.To)),
					Entered: g.of(table, span), Execution: g.entered.execution[table.ExecutionCode()].Execution,
					Forecasts: outlook.forecasts,
				},
			})
		}
	}
	return nil
}

// outlook is what the days of the year say about its end.
type outlook struct {
	days      []kpi.DayCount
	volume    *report.Volume
	forecasts map[kpi.Figure]*kpi.Forecast
}

// progress counts the working days of a span, of those of the year.
func (o *outlook) progress(from, to time.Time) kpi.Progress {
	p := kpi.ProgressOf(o.days, to)
	p.Done -= kpi.ProgressOf(o.days, from).Done
	return p
}

// outlook forecasts the year from the days that are over.
func (g *gathering) outlook(ctx context.Context, start time.Time) (*outlook, error) {
	year := start.Year()
	empty, err := kpi.YearDays(year, g.q.Zone, g.centre.IsWorkingDay)
	if err != nil {
		return nil, fmt.Errorf("working days of %d: %w", year, err)
	}
	past, pastEmpty, err := g.pastYear(ctx, year-1)
	if err != nil {
		return nil, err
	}
	over := kpi.Over(empty, g.in.Until)
	to := start
	if over > 0 {
		to = kpi.DayStart(year, time.January, over+1, g.q.Zone)
	}
	served := g.in.Count.Served(g.in.Year)
	fill := func(what func(*kpi.Tally) kpi.Ratio) (days, before []kpi.DayCount) {
		days, before = slices.Clone(empty), slices.Clone(pastEmpty)
		kpi.FillDays(days, served, to, g.noData, what)
		kpi.FillDays(before, past, start, nil, what)
		return days, before
	}
	rate := func(t *kpi.Tally) kpi.Ratio { return kpi.Compute(t, nil, g.in.Count.Definitions).AnswerRate }
	answered, answeredBefore := fill(func(t *kpi.Tally) kpi.Ratio { return kpi.Ratio{Num: t.Answered} })
	asked, askedBefore := fill(func(t *kpi.Tally) kpi.Ratio { return kpi.Ratio{Num: rate(t).Den} })
	rates, ratesBefore := fill(rate)

	o := &outlook{days: empty, forecasts: map[kpi.Figure]*kpi.Forecast{}}
	pace := kpi.PaceOf(answered, over, answeredBefore, kpi.AnsweredCallsTarget.Num)
	g.in.Behind = kpi.VolumeDeviation(kpi.Wording{ZH: "12333热线接听通数", EN: "calls answered by 12333"}, "通", answered, over, kpi.AnsweredCallsTarget.Num)
	o.volume = report.VolumeOf(&pace, kpi.Course(answered, over, kpi.AnsweredCallsTarget.Num))
	if over > 0 {
		o.volume.LastDay = empty[over-1].Date.Format(time.DateOnly)
	}
	if pace.Outlook != nil {
		o.forecasts[kpi.FigureAnsweredCalls] = pace.Outlook.Forecast
	}
	volume := kpi.Volume(asked, over, askedBefore)
	if volume == nil {
		return o, nil
	}
	if r := kpi.Rate(rates, over, ratesBefore, volume); r != nil {
		o.forecasts[kpi.FigureAnswerRate] = r.Forecast
		now := kpi.Ratio{Num: r.ToDate, Den: volume.ToDate}
		o.volume.Allow(kpi.AnswerRateTarget.Allow(now, int64(volume.Between(to, kpi.DayStart(year+1, time.January, 1, g.q.Zone)))))
	}
	return o, nil
}

// noData says of a day that nothing is known of it: it lies before the first record, or
// after what the last one tells of.
func (g *gathering) noData(day time.Time) bool {
	if g.first.IsZero() || day.After(g.in.Count.DataTo) {
		return true
	}
	y, m, d := day.Date()
	return !kpi.DayStart(y, m, d+1, g.q.Zone).After(g.first)
}

// pastYear reads the year before, which gives the season. Without data of it, or without a
// calendar, there is none.
func (g *gathering) pastYear(ctx context.Context, year int) (entries []kpi.Entry, days []kpi.DayCount, err error) {
	days, err = kpi.YearDays(year, g.q.Zone, g.centre.IsWorkingDay)
	var unknown *calendar.MissingYear
	if errors.As(err, &unknown) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("working days of %d: %w", year, err)
	}
	span, err := kpi.ParsePeriod(fmt.Sprint(year), g.q.Zone)
	if err != nil {
		return nil, nil, err
	}
	if entries, err = g.sys.entries(ctx, g.query(span)); err != nil || len(entries) == 0 {
		return nil, nil, err
	}
	return g.in.Count.Served(entries), days, nil
}

// of are the entered values that a table takes over a span. That a row does not apply is
// said of it whatever it is computed from, and of the span or longer.
func (g *gathering) of(t *kpi.Table, s kpi.Span) []kpi.Entered {
	var list []kpi.Entered
	for _, e := range g.entered.values {
		r, ok := t.Row(e.Code)
		if ok && e.NotApplicable || ok && r.Figure == "" && !e.Span.From.Before(s.From) && !e.Span.To.After(s.To) {
			list = append(list, e)
		}
	}
	return list
}

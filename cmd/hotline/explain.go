package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

func (c *command) explain() *cobra.Command {
	var period, zoneName, format string
	var all bool
	var definitions []string
	var at narrowed
	var q app.ExplainQuery
	cmd := &cobra.Command{
		Use:   "explain FIGURE",
		Short: "Show the calls behind a figure, with the rule that put each there",
		Long: `explain leads a figure back to its calls: how many are in the numerator, in the denominator
alone or left out, by which rule, and a sample of each with id, arrival, queue, agent, outcome,
wait, masked caller and the line of the file it came from. The same seed draws the same calls.

FIGURE is a name from the JSON of kpi: answer_rate, answer_rate_agent, answer_rate_composite,
response_timeliness, consultation_timeliness (of tickets, told one by one), abandonment_rate, satisfaction_rate, asa_seconds, requested, offered,
after_hours, short_abandoned, an outcome, excluded_test …; a threshold follows the name, as in
service_level_20. A wrong name lists them all.

The calls are counted one by one and held against the tallies that every report is made of.
If they differ, where is shown, and the exit code is not 0.`,
		Example: `  hotline explain answer_rate --period 2026Q1
  hotline explain service_level_20 --period 2026-07 --queue 社保卡 --sample 50 --seed 7
  hotline explain requested --period 2026Q1 --hour 9 --weekday mon
  hotline explain requested --period 2026-03-01..2026-03-15 --all --format csv > calls.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("explain needs one FIGURE, as answer_rate (see hotline explain --help)")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON, report.CSV)
			if err != nil {
				return usageError{err}
			}
			q.Figure = args[0]
			if _, err := kpi.LookupExplained(q.Figure, kpi.DefaultDefinitions()); err != nil {
				return usageError{err}
			}
			if q.Definitions, err = versions(definitions); err != nil {
				return err
			}
			if q.Zone, err = c.zone(zoneName); err != nil {
				return err
			}
			if period == "" {
				return usageError{fmt.Errorf("explain needs --period, as 2026Q1 (see hotline explain --help)")}
			}
			if q.Span, err = kpi.ParsePeriod(period, q.Zone); err != nil {
				return usageError{fmt.Errorf("--%w", err)}
			}
			if err := at.narrow(&q.Place); err != nil {
				return usageError{err}
			}
			if q.Sample.Size < 0 {
				return usageError{fmt.Errorf("--sample %d is below 0", q.Sample.Size)}
			}
			return c.explained(cmd, q, f, all)
		},
	}
	cmd.Flags().StringVar(&period, "period", "", "`PERIOD`: 2026, 2026H1, 2026Q1, 2026-07, 2026-07-15 or 2026-03-01..2026-03-15")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of the period's days (default: publish.zone)")
	cmd.Flags().IntVar(&q.Sample.Size, "sample", 10, "draw `N` calls of each side; 0: only how many there are")
	cmd.Flags().Uint64Var(&q.Sample.Seed, "seed", 1, "what the sample is drawn by")
	cmd.Flags().BoolVar(&all, "all", false, "tell all calls, in order of arrival, instead of a sample")
	cmd.Flags().StringVar(&format, "format", "table", "table, json or csv")
	definitionFlags(cmd, &definitions, nil)
	cmd.Flags().StringVar(&q.Place.Centre, "centre", "", "calls of one `CENTRE` only")
	cmd.Flags().StringVar(&q.Place.Source, "source", "", "calls of one `SOURCE` only")
	cmd.Flags().StringVar(&q.Place.Queue, "queue", "", "calls of one `QUEUE` only")
	cmd.Flags().StringVar(&q.Place.Agent, "agent", "", "calls of one `AGENT` only")
	cmd.Flags().StringVar(&q.Place.Topic, "topic", "", "calls of one `TOPIC` only")
	cmd.Flags().StringVar(&at.nameless, "nameless", "", "calls that have no `WHAT` only: queue, agent (of a leg) or topic")
	cmd.Flags().StringVar(&at.hour, "hour", "", "calls that arrived in one `HOUR` of the day, 0 to 23, by the clocks of the zone; 01-04:00 is that by one offset")
	cmd.Flags().StringVar(&at.weekday, "weekday", "", "calls that arrived on one `DAY` of the week: mon, tue … or 1 (Monday) to 7")
	return cmd
}

// narrowed is what of a place is read from words.
type narrowed struct{ nameless, hour, weekday string }

func (n *narrowed) narrow(p *kpi.Place) (err error) {
	if n.hour != "" {
		if p.Hour, err = kpi.ParseHour(n.hour); err != nil {
			return fmt.Errorf("--hour: %w", err)
		}
	}
	if n.weekday != "" {
		if p.Weekday, err = kpi.ParseWeekday(n.weekday); err != nil {
			return fmt.Errorf("--weekday: %w", err)
		}
	}
	p.Nameless = kpi.Dimension(n.nameless)
	if err := p.Check(); err != nil {
		return fmt.Errorf("--nameless: %w", err)
	}
	return nil
}

func (c *command) explained(cmd *cobra.Command, q app.ExplainQuery, f report.Format, all bool) error {
	w := report.NewExplanationWriter(c.out, f)
	var e *kpi.Explanation
	begin := func(found *kpi.Explanation) error {
		e = found
		return w.Begin(e)
	}
	var err error
	if all {
		q.Sample = kpi.Sample{}
		err = app.ExplainAll(cmd.Context(), c.cfg.Value, c.log, q, begin, w.Call)
	} else if e, err = app.Explain(cmd.Context(), c.cfg.Value, c.log, q); err == nil {
		err = report.WriteExplanation(c.out, f, e)
	}
	if err != nil {
		return err
	}
	if all {
		if err := w.End(); err != nil {
			return err
		}
	}
	if e.Checked.Without == "" && !e.Checked.Equal {
		return fmt.Errorf("%s: the calls and the tallies differ in %d parts of the period, shown with the figure", q.Figure, len(e.Checked.Differences))
	}
	return nil
}

package main

import (
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
)

func (c *command) morning() *cobra.Command {
	var zoneName, format string
	var q app.MorningQuery
	cmd := &cobra.Command{
		Use:   "morning",
		Short: "How the last day closed, and the calls and seats today is expected to need",
		Long: `morning prints what a supervisor wants to know before the lines open: how the last working day closed
against the target of the answer rate, when most was lost and whether its data are whole; then how many
calls are to be expected in each half hour of the day, from the days before that are like it, and how many
agents the target needs, by the model Erlang-A. It says what it takes for granted.

The same stands on the page /morning. What is expected with another number of seats says --seats.`,
		Example: `  hotline morning
  hotline morning --date 2026-03-03 --seats 6
  hotline morning --format json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			if q.Zone, err = c.zone(zoneName); err != nil {
				return err
			}
			q.Now = time.Now()
			if err := q.Check(); err != nil {
				return usageError{err}
			}
			m, err := app.Morning(cmd.Context(), c.cfg.Value, c.log, q)
			if err != nil {
				return err
			}
			if f == report.JSON {
				return app.WriteMorning(c.out, m)
			}
			return app.PrintMorning(c.out, m)
		},
	}
	cmd.Flags().StringVar(&q.Date, "date", "", "the `DAY` asked about, as 2026-03-02 (default: today)")
	cmd.Flags().IntVar(&q.Seats, "seats", 0, "say also what `N` seats come to")
	cmd.Flags().StringVar(&q.Centre, "centre", "", "one `CENTRE` only (default: all)")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of the day (default: publish.zone)")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// zone reads a time zone's name; the default is the centre's.
func (c *command) zone(name string) (*time.Location, error) {
	if name == "" {
		name = c.cfg.Value.Publish.Zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("--zone %q is no IANA time zone, as Asia/Shanghai", name)}
	}
	return zone, nil
}

// instant reads a day, a local time or an instant with its offset.
func instant(flag, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		y, m, d := t.Date()
		return kpi.DayStart(y, m, d, zone), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return wholeQuarter(flag, t)
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return wholeQuarter(flag, t)
	}
	return time.Time{}, usageError{fmt.Errorf("--%s %q is neither a day (2026-03-02) nor a time (2026-03-02T09:30, with or without +08:00)", flag, s)}
}

// wholeQuarter keeps a period to what tallies can answer exactly.
func wholeQuarter(flag string, t time.Time) (time.Time, error) {
	if !t.Equal(t.Truncate(15 * time.Minute)) {
		return time.Time{}, usageError{fmt.Errorf("--%s %s is not on a quarter hour: figures are counted by quarter hours", flag, t.Format(time.RFC3339))}
	}
	return t, nil
}

func (c *command) kpi() *cobra.Command {
	var from, to, zoneName, by, format string
	var definitions []string
	var q app.FigureQuery
	cmd := &cobra.Command{
		Use:   "kpi",
		Short: "Print the figures of a period from a running system",
		Long: `kpi prints counts and rates of the calls that arrived in a period, from a running system
(up, or Kafka and ClickHouse of the configuration). The same figures stand on the board,
in /metrics and in reports.

The definitions are those in force at the period's end; where another was in force earlier in it,
the output says so. --definitions asks for other versions (hotline definitions list).`,
		Example: `  hotline kpi --from 2026-03-01 --to 2026-04-01
  hotline kpi --from 2026-11-23 --by hour
  hotline kpi --from 2026-01-01 --by queue --format csv
  hotline kpi --from 2026-01-01 --to 2026-04-01 --definitions answer_rate=2`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON, report.CSV)
			if err != nil {
				return usageError{err}
			}
			if q.Zone, err = c.zone(zoneName); err != nil {
				return err
			}
			if q.By, err = kpi.ParseBy(by); err != nil {
				return usageError{err}
			}
			if q.Definitions, err = versions(definitions); err != nil {
				return err
			}
			if q.From, err = instant("from", from, q.Zone); err != nil {
				return err
			}
			if q.To, err = instant("to", to, q.Zone); err != nil {
				return err
			}
			if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
				return usageError{fmt.Errorf("--from %s is not before --to %s; --to is the first moment that is not in the period", from, to)}
			}
			s, err := app.Figures(cmd.Context(), c.cfg.Value, c.log, q)
			if err != nil {
				return err
			}
			return report.Write(c.out, f, s)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first moment `TIME` of the period (default: the first call)")
	cmd.Flags().StringVar(&to, "to", "", "first moment `TIME` after the period (default: no end)")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of days, hours and times without an offset (default: publish.zone)")
	cmd.Flags().StringVar(&by, "by", "", "divide by day, hour, queue, agent or topic")
	cmd.Flags().StringVar(&format, "format", "table", "table, json or csv")
	definitionFlags(cmd, &definitions, &q.Texts)
	cmd.Flags().StringVar(&q.Centre, "centre", "", "one `CENTRE` only (default: all)")
	return cmd
}

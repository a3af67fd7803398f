package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// reportFlags say how a report is printed.
type reportFlags struct{ format, lang, table, form string }

func (f *reportFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.lang, "lang", "zh", "language: zh or en")
	cmd.Flags().StringVar(&f.table, "table", "", "forms of one performance `TABLE` only, as 13 (default: all)")
	cmd.Flags().StringVar(&f.form, "form", "", "one kind of form only: self-evaluation or monitoring (default: both)")
}

// options reads the flags; the format is that of the file's name where no flag says it.
func (f *reportFlags) options(file string) (report.Options, error) {
	var o report.Options
	name := f.format
	if name == "" {
		name = strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	}
	if name == "" {
		name = string(report.XLSX)
	}
	var err error
	if o.Format, err = report.ParseFormat(name, report.ReportFormats()...); err != nil {
		return o, usageError{err}
	}
	if o.Lang, err = report.ParseLang(f.lang); err != nil {
		return o, usageError{err}
	}
	o.Table = f.table
	switch f.form {
	case "":
	case "self-evaluation":
		o.Form = kpi.SelfEvaluation
	case "monitoring":
		o.Form = kpi.Monitoring
	default:
		return o, usageError{fmt.Errorf("--form %q is neither self-evaluation nor monitoring", f.form)}
	}
	return o, nil
}

// known is an error where the report has not the table that was asked for.
func (f *reportFlags) known(r *report.Report) error {
	if f.table == "" {
		return nil
	}
	var have []string
	for i := range r.Tables {
		if n := r.Tables[i].Number; n == f.table {
			return nil
		} else if len(have) == 0 || have[len(have)-1] != n {
			have = append(have, n)
		}
	}
	if len(have) == 0 {
		return fmt.Errorf("--table %s: the period has no performance table", f.table)
	}
	return fmt.Errorf("--table %s is no table of the year: it has %s", f.table, strings.Join(have, ", "))
}

func (c *command) report() *cobra.Command {
	var f reportFlags
	var q app.ReportQuery
	var out, zoneName string
	var definitions []string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write the performance report of a period, with its forms",
		Long: `report writes what is handed in for a period: the forms 绩效目标自评表 and 绩效运行监控表 of each
performance table, filled in, and behind them the figures, their definitions and the quality
of the data. It reads a running system (up, or Kafka and ClickHouse of the configuration).

Periods: a month (2026-07), quarter (2026Q1), half-year (2026H1), year (2026), two days, both
in it (2026-03-01..2026-03-15), or ytd, this year until today. Self-evaluation is about the
period, monitoring about the year to its end.

Formats: xlsx has everything, docx the text that goes with it (基本情况, 话务分析, 指标完成情况,
偏差原因, 改进措施), html is xlsx for printing from a browser, csv and json are for programs.
The same data give the same file, byte for byte. Until the definitions are confirmed a report
is a draft, and says so.`,
		Example: `  hotline report --period 2026Q1 --out 2026Q1.xlsx
  hotline report --period 2026H1 --format docx --out 半年分析.docx
  hotline report --period 2026 --table 13 --form self-evaluation --out 自评表.xlsx
  hotline report --period ytd --lang en --out year.html`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Period == "" {
				return usageError{fmt.Errorf("--period is needed, as 2026Q1")}
			}
			if out == "" {
				return usageError{fmt.Errorf("--out is needed: the file to write")}
			}
			o, err := f.options(out)
			if err != nil {
				return err
			}
			if q.Zone, err = c.zone(zoneName); err != nil {
				return err
			}
			if q.Definitions, err = versions(definitions); err != nil {
				return err
			}
			q.Now, q.Program = time.Now(), version
			r, err := app.Report(cmd.Context(), c.cfg.Value, c.quiet(), q)
			if err != nil {
				return err
			}
			if err := f.known(r); err != nil {
				return err
			}
			return app.WriteReport(out, r, o)
		},
	}
	cmd.Flags().StringVar(&q.Period, "period", "", "`PERIOD`: 2026, 2026H1, 2026Q1, 2026-07, 2026-03-01..2026-03-15 or ytd")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write; one that is there is replaced")
	cmd.Flags().StringVar(&f.format, "format", "", "xlsx, docx, html, csv or json (default: by the name of the file)")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of days and months (default: publish.zone)")
	cmd.Flags().StringVar(&q.Centre, "centre", "", "one `CENTRE` only (default: all)")
	definitionFlags(cmd, &definitions, nil)
	f.add(cmd)
	cmd.AddCommand(c.reportClose(), c.reportList(), c.reportShow(), c.reportDiff())
	for _, sub := range cmd.Commands() {
		sub.Args = noArgs
	}
	return cmd
}

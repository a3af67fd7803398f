package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hotline12333/internal/app"
	"hotline12333/internal/intake"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// importFlags are what import and analyze have in common.
type importFlags struct {
	opts        app.ImportOptions
	by, format  string
	definitions []string
}

func (f *importFlags) add(cmd *cobra.Command) {
	cmd.Args = needArgs("at least one file")
	cmd.Flags().StringVar(&f.opts.Source, "source", "", "`NAME` of the system that wrote the files (hotline source list)")
	cmd.Flags().StringVar(&f.opts.Zone, "zone", "", "time zone `TZ` of times without an offset, as Asia/Shanghai (default: the source's)")
	cmd.Flags().Uint64Var(&f.opts.Revision, "revision", 1, "version of records whose source has none; raise it to correct an earlier import")
	cmd.Flags().StringVar(&f.opts.Centre, "centre", "", "`CENTRE` the calls belong to (default: "+`"default"`+")")
	cmd.Flags().StringVar(&f.by, "by", "", "divide by day, hour, queue, agent or topic")
	cmd.Flags().StringVar(&f.format, "format", "table", "table, json or csv")
	definitionFlags(cmd, &f.definitions, &f.opts.Texts)
}

// parse checks what does not need anything else.
func (f *importFlags) parse(c *command, files []string) (report.Format, error) {
	f.opts.Files = files
	f.opts.Stdin = c.in
	if f.opts.Source == "" {
		return "", usageError{fmt.Errorf("--source is needed: the system that wrote the files (hotline source list)")}
	}
	var err error
	if f.opts.By, err = kpi.ParseBy(f.by); err != nil {
		return "", usageError{err}
	}
	if f.opts.Definitions, err = versions(f.definitions); err != nil {
		return "", err
	}
	format, err := report.ParseFormat(f.format, report.Table, report.JSON, report.CSV)
	if err != nil {
		return "", usageError{err}
	}
	return format, nil
}

func (c *command) analyze() *cobra.Command {
	var f importFlags
	var as reportFlags
	var file string
	cmd := &cobra.Command{
		Use:   "analyze FILE…",
		Short: "Print the figures of files, on a system of its own that is thrown away",
		Long: `analyze starts a broker and a ClickHouse engine on free ports, sends the files through intake,
Kafka, ClickHouse and aggregation exactly as a running system would, prints the figures and
removes everything. Progress goes to standard error. With --report it also writes the report
of the month, quarter, half-year or year that the calls lie in (hotline help report).`,
		Example: `  hotline analyze february.txt --source anonymous-bank --zone Asia/Jerusalem
  hotline analyze calls.csv.gz --source generic-csv --by day --format csv
  hotline analyze february.txt --source anonymous-bank --zone Asia/Jerusalem --report feb.xlsx
  zcat calls-*.gz | hotline analyze - --source generic-csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.parse(c, args)
			if err != nil {
				return err
			}
			if file != "" {
				o, err := as.options(file)
				if err != nil {
					return err
				}
				f.opts.Program = version
				f.opts.Report = func(r *report.Report) error {
					if err := as.known(r); err != nil {
						return err
					}
					return app.WriteReport(file, r, o)
				}
			}
			done := c.watch(&f.opts)
			s, err := app.Analyze(cmd.Context(), c.cfg.Value, c.quiet(), f.opts)
			done()
			if err != nil {
				return err
			}
			return report.Write(c.out, format, s)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&file, "report", "", "also write a report to `FILE`: .xlsx, .docx, .html, .csv or .json")
	as.add(cmd)
	return cmd
}

func (c *command) importFiles() *cobra.Command {
	var f importFlags
	var follow bool
	var metrics string
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Send files to a running system, once or as they are written",
		Long: `import sends files to the Kafka of the configuration (hotline up, by default) and waits until
every record is loaded and tallied. Then it prints the figures of the time they cover.

Interrupted, it goes on where it was when it is started again. A file that was imported
to its end is read again, and changes nothing: a call counts once. Without a broker it
gives up after 15 s (exit code 75). Standard input (-) is read once: an interrupted import
of it begins anew, which changes no figure.

With --follow it reads files as they grow and runs until it is interrupted (exit code 0). It goes
on where it was, also after a kill; a file that is rotated, by renaming or by copying and
truncating, is read to its end before the next; one that does not exist yet is waited for,
and so is Kafka. What it has sent shows in the figures a moment later. A line is read when its
line end is written.`,
		Example: `  hotline import calls-2026-03.csv --source generic-csv
  hotline import corrected.csv --source generic-csv --revision 2
  hotline import --follow /var/log/asterisk/queue_log --source asterisk-queue-log --metrics 127.0.0.1:8335`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !follow && metrics != "" {
				return usageError{errors.New("--metrics is for --follow")}
			}
			if follow && (cmd.Flags().Changed("by") || cmd.Flags().Changed("format")) {
				return usageError{errors.New("--by and --format mean nothing with --follow: hotline kpi prints the figures")}
			}
			format, err := f.parse(c, args)
			if err != nil {
				return err
			}
			if follow {
				return c.follow(cmd.Context(), app.FollowOptions{ImportOptions: f.opts, Metrics: metrics})
			}
			done := c.watch(&f.opts)
			s, err := app.Import(cmd.Context(), c.cfg.Value, c.quiet(), f.opts)
			done()
			if err != nil {
				return err
			}
			return report.Write(c.out, format, s)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&follow, "follow", false, "read the files as they grow, until interrupted")
	cmd.Flags().StringVar(&metrics, "metrics", "", "with --follow: serve /metrics, /healthz and /readyz at `ADDRESS`, as 127.0.0.1:8335")
	return cmd
}

// watch shows progress on a terminal and sentences anywhere; the returned function ends it.
func (c *command) watch(opts *app.ImportOptions) func() {
	opts.Notice = func(s string) { fmt.Fprintln(c.err, s) }
	file, ok := c.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(file), progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("starting"))
	show := func(err error) { _ = err } // a bar that cannot be drawn is no reason to fail
	opts.Progress = func(p intake.Progress) {
		bar.ChangeMax64(p.Total)
		bar.Describe(fmt.Sprintf("reading %s, %d rows", p.File, p.Rows))
		show(bar.Set64(p.Bytes))
	}
	opts.Waiting = func(toLoad, toTally int64) {
		if toLoad > 0 {
			bar.Describe(fmt.Sprintf("loading, %d records to go", toLoad))
		} else {
			bar.Describe(fmt.Sprintf("tallying, %d quarter hours to go", toTally))
		}
		show(bar.Add(0))
	}
	return func() { show(bar.Finish()) }
}

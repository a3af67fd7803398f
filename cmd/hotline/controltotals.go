package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/journal"
)

func (c *command) controlTotals() *cobra.Command {
	root := &cobra.Command{
		Use:   "control-totals",
		Short: "Enter what the telephone system's or the carrier's own statistics counted per day",
		Long: `Control totals are counts of a day that somebody else made: the telephone system's own statistics,
the carrier's bill. Reports hold every day against them, and list those that differ.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("control-totals", "import, add or list", args)}
		},
	}
	root.AddCommand(c.controlImport(), c.controlAdd(), c.controlList())
	return root
}

func controlFlags(cmd *cobra.Command, t *app.ControlTotals) {
	cmd.Flags().StringVar(&t.Counter, "counter", "pbx", "`WHO` counted: pbx, carrier, or another name")
	cmd.Flags().StringVar(&t.Centre, "centre", "", "the `CENTRE` they are about (default: the whole system)")
	cmd.Flags().BoolVar(&t.Replace, "replace", false, "days that have other totals get these")
	authorFlags(cmd, &t.By, &t.Reason)
	cmd.Flags().StringVar(&t.Evidence, "evidence", "", "`WHERE` it can be looked up: a file, a document")
}

func (c *command) enterTotals(cmd *cobra.Command, t app.ControlTotals) error {
	r, err := app.EnterControlTotals(cmd.Context(), c.cfg.Value, c.log, t)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%d days entered, %d replaced, %d as they were\n", r.Entered, r.Replaced, r.Unchanged)
	return err
}

func (c *command) controlImport() *cobra.Command {
	var t app.ControlTotals
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Enter the days of a CSV file",
		Long: `import reads a CSV file with a title line: date, and any of offered, requested, answered (or 日期,
来电总量, 人工请求量, 人工接听量). Every line is checked before anything is written. Days that have the
same totals already are left as they are, so a file can be given again.`,
		Example: "  hotline control-totals import 交换机2026-03.csv --counter pbx --evidence 交换机月报2026-03 --by 王芳",
		Args:    one("a CSV file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if t.Days, err = app.ReadControlTotals(args[0]); err != nil {
				return err
			}
			return c.enterTotals(cmd, t)
		},
	}
	controlFlags(cmd, &t)
	return cmd
}

func (c *command) controlAdd() *cobra.Command {
	var t app.ControlTotals
	counts := map[string]*int64{"offered": new(int64), "requested": new(int64), "answered": new(int64)}
	cmd := &cobra.Command{
		Use: "add DATE", Short: "Enter one day",
		Example: "  hotline control-totals add 2026-03-02 --offered 512 --answered 431 --evidence 交换机日报 --by 王芳",
		Args:    one("a day, as 2026-03-02"),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := app.CheckDay(args[0])
			if err != nil {
				return usageError{err}
			}
			given := func(name string) *int64 {
				if cmd.Flags().Changed(name) {
					return counts[name]
				}
				return nil
			}
			total := journal.ControlTotal{Offered: given("offered"), Requested: given("requested"), Answered: given("answered")}
			if total == (journal.ControlTotal{}) {
				return usageError{errors.New("at least one of --offered, --requested and --answered is needed")}
			}
			t.Days = []app.ControlDay{{Day: day, ControlTotal: total}}
			return c.enterTotals(cmd, t)
		},
	}
	cmd.Flags().Int64Var(counts["offered"], "offered", 0, "`CALLS` offered")
	cmd.Flags().Int64Var(counts["requested"], "requested", 0, "`CALLS` that asked for an agent")
	cmd.Flags().Int64Var(counts["answered"], "answered", 0, "`CALLS` answered by agents")
	controlFlags(cmd, &t)
	return cmd
}

func (c *command) controlList() *cobra.Command {
	var format string
	filter := app.EntryFilter{Kinds: []journal.Kind{journal.KindControlTotal}}
	cmd := &cobra.Command{
		Use: "list", Short: "List control totals with their history", Args: noArgs,
		Example: "  hotline control-totals list --day 2026-03-02",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.listEntries(cmd, format, filter)
		},
	}
	cmd.Flags().StringVar(&filter.Subject, "counter", "", "only those of `WHO` counted")
	cmd.Flags().StringVar(&filter.Period, "day", "", "only those of a `DAY`")
	cmd.Flags().StringVar(&filter.Centre, "centre", "", "only those of a `CENTRE`")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

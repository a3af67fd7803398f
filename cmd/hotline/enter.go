package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/journal"
	"hotline12333/internal/report"
)

// enterFlags are everything that can be entered about an indicator.
type enterFlags struct {
	value     app.EnteredValue
	deviation journal.Deviation
	author    app.Author
	likely    string
	list      bool
	format    string
}

func (c *command) enter() *cobra.Command {
	var f enterFlags
	cmd := &cobra.Command{
		Use:   "enter CODE",
		Short: "Enter a value that no record gives, or why an indicator is off its target",
		Long: `enter writes into the journal what a person knows and no call record tells, for an indicator and a
period: a value with its evidence (surveys, events, cards issued), the score of a graded indicator
with its reason, the execution of the budget (CODE budget_execution_13, with --executed and --adjusted),
that a row does not apply, or the cause of a deviation and the measures. Codes stand in the year's
indicator file; a wrong one is answered with the near one.

Nothing is ever changed: a later entry takes the place of the one that --replaces names, and the
history stays. Who is overtaken by somebody else is told by whom, and when.`,
		Example: `  hotline enter policy_awareness --period 2026Q1 --value 95.3% --evidence 问卷2026-1号 --by 王芳
  hotline enter service_continuity --period 2026H1 --score 90 --reason 制度健全 --evidence 文件汇编 --by 王芳
  hotline enter budget_execution_13 --period 2026H1 --executed 60.5 --adjusted 120 --evidence 决算表 --by 王芳
  hotline enter answer_rate --period 2026Q1 --cause 系统升级停机两日 --measures 增设备用线路 --category 硬件 --by 王芳
  hotline enter --list policy_awareness`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 0 && !f.list {
				return usageError{fmt.Errorf("enter needs one CODE of an indicator, got %d arguments (see hotline enter --help)", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			code := strings.Join(args, "")
			if f.list {
				return c.listEntries(cmd, f.format, app.EntryFilter{
					Kinds: []journal.Kind{journal.KindValue, journal.KindDeviation}, Subject: code, Period: f.value.Period, Centre: f.value.Centre,
				})
			}
			if f.value.Period == "" {
				return usageError{errors.New("--period is needed, as 2026Q1")}
			}
			kept, err := f.enter(cmd, c, code)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	v := &f.value
	cmd.Flags().StringVar(&v.Period, "period", "", "`PERIOD`: 2026, 2026H1, 2026Q1, 2026-07, 2026-07-15 or 2026-03-01..2026-03-15")
	cmd.Flags().StringVar(&v.Centre, "centre", "", "the `CENTRE` it is about (default: the whole system)")
	cmd.Flags().StringVar(&v.Value, "value", "", "the `VALUE` in the indicator's unit, as 95.3 or 95.3%")
	cmd.Flags().StringVar(&v.Score, "score", "", "of a graded indicator: the `PERCENT` of its weight")
	cmd.Flags().StringVar(&v.Band, "band", "", "the `BAND` of the score, which is checked: reached, partly or missed")
	cmd.Flags().StringVar(&v.Executed, "executed", "", "`AMOUNT` of the budget that was executed, in 万元")
	cmd.Flags().StringVar(&v.Adjusted, "adjusted", "", "`AMOUNT` of the adjusted budget, in 万元")
	cmd.Flags().BoolVar(&v.NotApplicable, "not-applicable", false, "the row does not apply in the period (with --reason and --reviewer)")
	cmd.Flags().StringVar(&v.Reviewer, "reviewer", "", "`NAME` of who agrees that it does not apply")
	cmd.Flags().StringVar(&f.deviation.Cause, "cause", "", "`WHY` the indicator is off its target (偏差原因)")
	cmd.Flags().StringVar(&f.deviation.Measures, "measures", "", "`WHAT` is done about it (改进措施)")
	cmd.Flags().StringVar(&f.deviation.Category, "category", "", "the `KIND` of cause: "+strings.Join(journal.Categories(), ", "))
	cmd.Flags().StringVar(&f.likely, "likelihood", "", "whether the year's target will be reached: certain, possible or impossible")
	cmd.Flags().StringVar(&f.deviation.Note, "note", "", "a `REMARK` for the form")
	cmd.Flags().BoolVar(&f.list, "list", false, "list what was entered, with its history, instead")
	cmd.Flags().StringVar(&f.format, "format", "table", "of --list: table or json")
	addAuthor(cmd, &f.author, true)
	return cmd
}

// enter decides by the flags what is entered.
func (f *enterFlags) enter(cmd *cobra.Command, c *command, code string) (journal.Entry, error) {
	f.deviation.Likelihood = journal.Likelihood(f.likely)
	if f.deviation != (journal.Deviation{}) {
		if v := f.value; v.Value != "" || v.Score != "" || v.Executed != "" || v.Adjusted != "" || v.NotApplicable {
			return journal.Entry{}, usageError{errors.New("a value and a cause are two entries: enter one after the other")}
		}
		return app.EnterDeviation(cmd.Context(), c.cfg.Value, c.log, app.EnteredDeviation{
			Code: code, Period: f.value.Period, Centre: f.value.Centre, Deviation: f.deviation, Author: f.author,
		})
	}
	f.value.Code, f.value.Author = code, f.author
	return app.Enter(cmd.Context(), c.cfg.Value, c.log, f.value)
}

// addAuthor adds the flags of everything that goes into the journal.
func addAuthor(cmd *cobra.Command, a *app.Author, withdraw bool) {
	authorFlags(cmd, &a.By, &a.Reason)
	replacesFlag(cmd, &a.Replaces)
	cmd.Flags().StringVar(&a.Evidence, "evidence", "", "`WHERE` it can be looked up: a file, a document")
	if withdraw {
		cmd.Flags().BoolVar(&a.Withdraw, "withdraw", false, "withdraw the value that --replaces names")
	}
}

func (c *command) listEntries(cmd *cobra.Command, format string, filter app.EntryFilter) error {
	f, err := report.ParseFormat(format, report.Table, report.JSON)
	if err != nil {
		return usageError{err}
	}
	list, err := app.ListEntries(cmd.Context(), c.cfg.Value, c.log, filter)
	if err != nil {
		return err
	}
	if f == report.JSON {
		return c.json(map[string]any{"entries": list})
	}
	return app.PrintEntries(c.out, list)
}

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
	"hotline12333/internal/report"
)

func (c *command) callbacks() *cobra.Command {
	root := &cobra.Command{
		Use:   "callbacks",
		Short: "Lost callers to be called back: whom next, who does it, what came of it",
		Long: `Each caller who asked for an agent and reached none, or left a message, is one item until somebody has
called back, or the caller has called again and was answered. An item is named by any of its calls.
The list is work, not an indicator: it is in no rate, and tickets are answered in their own system.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("callbacks", "list, take, tried, done, give-back or reopen", args)}
		},
	}
	root.AddCommand(c.callbackList(),
		c.callbackAct("take", "Take a caller in hand", journal.CallBackTaken),
		c.callbackAct("tried", "Note that nobody answered; after callbacks.attempts times it is done", journal.CallBackTried),
		c.callbackDone(),
		c.callbackAct("give-back", "Let somebody else call", journal.CallBackGivenBack),
		c.callbackAct("reopen", "Open again what was ended by mistake, with a reason", journal.CallBackReopened))
	return root
}

func (c *command) callbackList() *cobra.Command {
	q := app.CallbackQuery{Limit: 50}
	var view, day, format string
	cmd := &cobra.Command{
		Use: "list", Short: "List them, the one to call next first", Args: noArgs,
		Example: "  hotline callbacks list\n  hotline callbacks list --view overdue --queue 社保卡\n  hotline callbacks list --view mine --by 王芳",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			if q.View, err = callback.ParseView(view); err != nil {
				return usageError{fmt.Errorf("--view: %w", err)}
			}
			if q.View == callback.Mine && q.Person == "" {
				return usageError{errors.New("--view mine needs --by: whose they are")}
			}
			if q.Limit < 1 || q.Skip < 0 {
				return usageError{errors.New("--limit is at least 1, --skip at least 0")}
			}
			if day != "" {
				zone, err := c.zone("")
				if err != nil {
					return err
				}
				if q.Day, err = time.ParseInLocation(time.DateOnly, day, zone); err != nil {
					return usageError{fmt.Errorf("--day %q is no day: write it as 2026-03-02", day)}
				}
			}
			list, err := app.Callbacks(cmd.Context(), c.cfg.Value, c.quiet(), q)
			if err != nil {
				return err
			}
			if f == report.JSON {
				return c.json(list)
			}
			return app.PrintCallbacks(c.out, list)
		},
	}
	cmd.Flags().StringVar(&view, "view", string(callback.ToDo), "which of them: "+strings.Join(callback.ViewNames(), ", "))
	cmd.Flags().StringVar(&q.Person, "by", "", "whose, of --view mine: `NAME`")
	cmd.Flags().StringVar(&q.Queue, "queue", "", "only those with a call of a `QUEUE`")
	cmd.Flags().StringVar(&q.Centre, "centre", "", "only those of a `CENTRE`")
	cmd.Flags().StringVar(&day, "day", "", "only those with a call of a `DAY`, also before the days listed")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "list so many")
	cmd.Flags().IntVar(&q.Skip, "skip", 0, "leave out so many first")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

// callbackAct is a command that takes a step.
func (c *command) callbackAct(name, short string, step journal.CallBackStep) *cobra.Command {
	a := app.CallbackAct{Act: callback.Act{Step: step}}
	example := "  hotline callbacks " + name + " 20260302-0001 --by 王芳"
	if step == journal.CallBackReopened {
		example += " --reason 登记错误"
	}
	cmd := &cobra.Command{
		Use: name + " CALL_ID", Short: short, Args: one("the id of a lost call, from callbacks list"),
		Example: example,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.CallID = args[0]
			return c.callBack(cmd, a)
		},
	}
	authorFlags(cmd, &a.By, &a.Reason)
	replacesFlag(cmd, &a.Replaces)
	return cmd
}

func (c *command) callbackDone() *cobra.Command {
	a := app.CallbackAct{Act: callback.Act{Step: journal.CallBackDone}}
	var result string
	cmd := &cobra.Command{
		Use: "done CALL_ID", Short: "Say what came of it", Args: one("the id of a lost call, from callbacks list"),
		Example: "  hotline callbacks done 20260302-0001 --result reached --by 王芳",
		RunE: func(cmd *cobra.Command, args []string) error {
			a.Result = journal.CallBackResult(result)
			a.CallID = args[0]
			return c.callBack(cmd, a)
		},
	}
	cmd.Flags().StringVar(&result, "result", "", "reached, not_reached, wrong_number or withdrawn (with --reason)")
	authorFlags(cmd, &a.By, &a.Reason)
	replacesFlag(cmd, &a.Replaces)
	return cmd
}

func (c *command) callBack(cmd *cobra.Command, a app.CallbackAct) error {
	kept, err := app.CallBack(cmd.Context(), c.cfg.Value, c.log, a)
	if err != nil {
		return err
	}
	return app.PrintEntered(c.out, kept)
}

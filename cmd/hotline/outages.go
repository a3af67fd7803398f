package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/journal"
)

func (c *command) outages() *cobra.Command {
	root := &cobra.Command{
		Use:   "outages",
		Short: "Register times in which calls could not be taken, or were not recorded",
		Long: `A registered outage says why a time has no calls or few: power, the carrier, the recording. Reports
list it beside the gaps they find in the data. It takes no call out of any figure.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("outages", "add, end, withdraw or list", args)}
		},
	}
	root.AddCommand(c.outageAdd(), c.outageEnd(), c.outageWithdraw(), c.outageList())
	return root
}

// minute reads a time of an outage, which need not be on a quarter hour.
func minute(flag, s string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.In(zone), nil
	}
	return time.Time{}, usageError{fmt.Errorf("--%s %q is no time: write it as 2026-03-02T09:30, with or without +08:00", flag, s)}
}

func (c *command) outageAdd() *cobra.Command {
	var o app.EnteredOutage
	var from, to, zoneName string
	cmd := &cobra.Command{
		Use: "add", Short: "Register an outage; without --to it is not over", Args: noArgs,
		Example: "  hotline outages add --from 2026-03-02T09:10 --to 2026-03-02T10:45 --cause 运营商线路故障 --evidence 故障单0312 --by 王芳",
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := c.zone(zoneName)
			if err != nil {
				return err
			}
			if from == "" {
				return usageError{errors.New("--from is needed: when it began")}
			}
			if o.From, err = minute("from", from, zone); err != nil {
				return err
			}
			if to != "" {
				end, err := minute("to", to, zone)
				if err != nil {
					return err
				}
				o.To = &end
			}
			kept, err := app.EnterOutage(cmd.Context(), c.cfg.Value, c.log, o)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the `TIME` it began")
	cmd.Flags().StringVar(&to, "to", "", "the `TIME` it ended")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of times without an offset (default: publish.zone)")
	cmd.Flags().StringVar(&o.Cause, "cause", "", "`WHAT` happened")
	cmd.Flags().StringVar(&o.Source, "source", "", "the `SOURCE` whose records are missing (default: all)")
	cmd.Flags().StringVar(&o.Centre, "centre", "", "the `CENTRE` it is about (default: the whole system)")
	cmd.Flags().StringVar(&o.By, "by", "", "`NAME` of the person who answers for it")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "`WHY` it is entered only now, or the like")
	cmd.Flags().StringVar(&o.Evidence, "evidence", "", "`WHERE` it can be looked up: a file, a document")
	return cmd
}

func (c *command) outageEnd() *cobra.Command {
	var a app.Author
	var to, zoneName string
	cmd := &cobra.Command{
		Use: "end ID", Short: "Say when an outage ended", Args: one("the ID of an outage, from outages list"),
		Example: "  hotline outages end 01KN5ZAJWVMN8239MZ5EW3H4SE --to 2026-03-02T10:45 --by 王芳",
		RunE: func(cmd *cobra.Command, args []string) error {
			zone, err := c.zone(zoneName)
			if err != nil {
				return err
			}
			end, err := minute("to", to, zone)
			if err != nil {
				return err
			}
			kept, err := app.ChangeOutage(cmd.Context(), c.cfg.Value, c.log, args[0], end, a)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the `TIME` it ended")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of times without an offset (default: publish.zone)")
	authorFlags(cmd, &a.By, &a.Reason)
	cmd.Flags().StringVar(&a.Evidence, "evidence", "", "`WHERE` it can be looked up (default: as before)")
	return cmd
}

func (c *command) outageWithdraw() *cobra.Command {
	a := app.Author{Withdraw: true}
	cmd := &cobra.Command{
		Use: "withdraw ID", Short: "Withdraw an outage that was none; its history stays", Args: one("the ID of an outage, from outages list"),
		Example: "  hotline outages withdraw 01KN5ZAJWVMN8239MZ5EW3H4SE --reason 登记错误 --by 王芳",
		RunE: func(cmd *cobra.Command, args []string) error {
			kept, err := app.ChangeOutage(cmd.Context(), c.cfg.Value, c.log, args[0], time.Time{}, a)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	authorFlags(cmd, &a.By, &a.Reason)
	return cmd
}

func (c *command) outageList() *cobra.Command {
	var format string
	filter := app.EntryFilter{Kinds: []journal.Kind{journal.KindOutage}}
	cmd := &cobra.Command{
		Use: "list", Short: "List outages with their history", Args: noArgs,
		Example: "  hotline outages list",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.listEntries(cmd, format, filter) },
	}
	cmd.Flags().StringVar(&filter.Centre, "centre", "", "only those of a `CENTRE`")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

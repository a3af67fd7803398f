package main

import (
	"errors"
	"os/user"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/journal"
)

func (c *command) maintenance() *cobra.Command {
	var m journal.Maintenance
	var a app.Author
	var from, to, zoneName string
	cmd := &cobra.Command{
		Use:   "maintenance --from TIME --to TIME --reason WHAT",
		Short: "Silence alerts while somebody works on the system",
		Long: `Alerts are silent from one time to another, and speak by themselves afterwards. Who announced it and
why stays in the journal; hotline_maintenance tells Prometheus, within seconds.`,
		Args:    noArgs,
		Example: "  hotline maintenance --from 2026-03-07T20:00 --to 2026-03-07T22:00 --reason 交换机升级 --by 王芳",
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := c.zone(zoneName)
			if err != nil {
				return err
			}
			if from == "" || to == "" {
				return usageError{errors.New("--from and --to are needed")}
			}
			if m.From, err = minute("from", from, zone); err != nil {
				return err
			}
			if m.To, err = minute("to", to, zone); err != nil {
				return err
			}
			a.By = whoElse(a.By)
			m.Cause = a.Reason
			kept, err := app.EnterMaintenance(cmd.Context(), c.cfg.Value, c.log, m, a)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the `TIME` it begins")
	cmd.Flags().StringVar(&to, "to", "", "the `TIME` it ends")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of times without an offset (default: publish.zone)")
	cmd.Flags().StringVar(&a.Reason, "reason", "", "`WHAT` is done")
	cmd.Flags().StringVar(&a.By, "by", "", "`NAME` of the person who answers for it (default: who is logged in)")
	cmd.AddCommand(c.maintenanceEnd(), c.maintenanceList())
	return cmd
}

// whoElse is the given name, else that of the login.
func whoElse(name string) string {
	if name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "" // which is refused with what to give
}

func (c *command) maintenanceEnd() *cobra.Command {
	var a app.Author
	cmd := &cobra.Command{
		Use: "end ID", Short: "End a maintenance early, or call it off", Args: one("the ID of a maintenance, from maintenance list"),
		Example: "  hotline maintenance end 01KN5ZAJWVMN8239MZ5EW3H4SE --reason 提前完成 --by 王芳",
		RunE: func(cmd *cobra.Command, args []string) error {
			a.By = whoElse(a.By)
			kept, err := app.EndMaintenance(cmd.Context(), c.cfg.Value, c.log, args[0], a)
			if err != nil {
				return err
			}
			return app.PrintEntered(c.out, kept)
		},
	}
	cmd.Flags().StringVar(&a.By, "by", "", "`NAME` of the person who answers for it (default: who is logged in)")
	cmd.Flags().StringVar(&a.Reason, "reason", "", "`WHY`")
	return cmd
}

func (c *command) maintenanceList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List maintenance, past and to come, with its history", Args: noArgs,
		Example: "  hotline maintenance list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.listEntries(cmd, format, app.EntryFilter{Kinds: []journal.Kind{journal.KindMaintenance}})
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

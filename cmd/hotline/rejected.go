package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) rejected() *cobra.Command {
	var q app.RejectedQuery
	root := &cobra.Command{
		Use:   "rejected",
		Short: "List, show and replay the records that could not be counted",
		Long: `Every record that cannot be counted is kept, sealed, with the reason and the field at fault.
After the cause is mended (a source's description, the program) replay counts it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError{errSubcommand("rejected", "list, show or replay", args)}
		},
	}
	root.Args = cobra.ArbitraryArgs
	filter := func(cmd *cobra.Command) {
		cmd.Flags().StringVar(&q.Reason, "reason", "", "only this `REASON`, as missing_field")
		cmd.Flags().StringVar(&q.Source, "source", "", "only this `SOURCE`")
		cmd.Flags().StringVar(&q.Run, "run", "", "only of this import `RUN`")
	}
	list := &cobra.Command{
		Use: "list", Short: "List rejected records with reason, field and place", Args: noArgs,
		Example: "  hotline rejected list --reason out_of_range",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.ListRejected(cmd.Context(), c.cfg.Value, c.log, c.out, q)
		},
	}
	filter(list)
	list.Flags().IntVar(&q.Limit, "limit", 100, "at most so many `LINES`; 0 is all")
	var opts app.ShowOptions
	show := &cobra.Command{
		Use: "show ID", Short: "Open one rejected record; long numbers in it are masked", Args: needArgs("the ID of a rejected record, from rejected list"),
		Example: "  hotline rejected show 0-17",
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			return app.ShowRejected(cmd.Context(), c.cfg.Value, c.log, c.out, opts)
		},
	}
	show.Flags().StringVar(&opts.Reason, "reason", "", "`WHY` it is opened, for the audit log")
	replay := &cobra.Command{
		Use: "replay", Short: "Send rejected records again", Args: noArgs,
		Example: "  hotline rejected replay --source anonymous-bank",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.ReplayRejected(cmd.Context(), c.cfg.Value, c.log, c.out, q)
		},
	}
	filter(replay)
	root.AddCommand(list, show, replay)
	return root
}

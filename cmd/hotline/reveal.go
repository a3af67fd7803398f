package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) reveal() *cobra.Command {
	var opts app.ShowOptions
	cmd := &cobra.Command{
		Use:   "reveal CALL_ID",
		Short: "Show the number of one call, to call back",
		Long: `With intake.callbacks.enabled the number of each caller is kept in its call, sealed. reveal opens one,
for the users that intake.callbacks.reveal_by names. Who, when and why goes into the audit log first.`,
		Args:    needArgs("the id of a call"),
		Example: `  hotline reveal 20260302-0001 --reason "call-back asked for"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			return app.Reveal(cmd.Context(), c.cfg.Value, c.quiet(), c.out, opts)
		},
	}
	cmd.Flags().StringVar(&opts.Reason, "reason", "", "`WHY` it is revealed, for the audit log")
	return cmd
}

package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) retention() *cobra.Command {
	root := &cobra.Command{
		Use:   "retention",
		Short: "Show or remove what has been kept long enough",
		Long: `retention says how long each kind of data is kept (settings retention.…) and what is older. up and the
role aggregate remove that by themselves, once an hour; apply does it at once. Figures stay: before calls are
removed, the tallies of their quarter hours are sealed, and late records for them are rejected.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("retention", "show or apply", args)}
		},
	}
	show := &cobra.Command{
		Use: "show", Short: "Show how long each kind of data is kept, and what is older", Args: noArgs,
		Example: "  hotline retention show",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Retention(cmd.Context(), c.cfg.Value, c.quiet(), c.out, false)
		},
	}
	dry := false
	apply := &cobra.Command{
		Use: "apply", Short: "Remove what has been kept long enough; what and when goes into the audit log", Args: noArgs,
		Example: "  hotline retention apply --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Retention(cmd.Context(), c.cfg.Value, c.quiet(), c.out, !dry)
		},
	}
	apply.Flags().BoolVar(&dry, "dry-run", false, "only say what would be removed")
	root.AddCommand(show, apply)
	return root
}

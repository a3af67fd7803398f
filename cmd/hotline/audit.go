package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) audit() *cobra.Command {
	root := &cobra.Command{
		Use:   "audit",
		Short: "List and verify the log of who saw or removed personal data",
		Long: `Every opened dead letter, every change of the keys and whatever else brings a person's data to
light is a line in the audit log (audit.file). The lines are chained by their hashes.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("audit", "list or verify", args)}
		},
	}
	var action, seen string
	limit := 100
	list := &cobra.Command{
		Use: "list", Short: "List who did what, when and why", Args: noArgs,
		Example: "  hotline audit list --action show_rejected",
		RunE: func(*cobra.Command, []string) error {
			return app.ListAudit(c.cfg.Value, c.out, action, limit)
		},
	}
	list.Flags().StringVar(&action, "action", "", "only this `ACTION`, as show_rejected")
	list.Flags().IntVar(&limit, "limit", limit, "the newest `LINES`; 0 is all")
	verify := &cobra.Command{
		Use: "verify", Short: "Check that no line was changed, removed or put in between", Args: noArgs,
		Example: "  hotline audit verify --seen 5f0c…",
		RunE:    func(*cobra.Command, []string) error { return app.VerifyAudit(c.cfg.Value, c.out, seen) },
	}
	verify.Flags().StringVar(&seen, "seen", "", "a `HASH` that was noted earlier and must still be there")
	root.AddCommand(list, verify)
	return root
}

package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
)

func (c *command) shift() *cobra.Command {
	root := &cobra.Command{
		Use:   "shift",
		Short: "Look at shifts that were handed over",
		Long: `Two supervisors sign a hand-over on the page /shift, each signed in as themselves; a command could not
tell who they are. What they have signed is listed and shown here.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("shift", "list or show", args)}
		},
	}
	var centre, format string
	list := &cobra.Command{
		Use: "list", Short: "List the hand-overs of the last thirteen months, the newest first", Args: noArgs,
		Example: "  hotline shift list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, lines, err := c.shifts(cmd, centre, format)
			if err != nil {
				return err
			}
			if f == report.JSON {
				return c.json(map[string]any{"shifts": lines})
			}
			return app.PrintShifts(c.out, lines)
		},
	}
	show := &cobra.Command{
		Use: "show ID", Short: "Show one, with the state at its signature", Args: one("the ID of a hand-over, from shift list"),
		Example: "  hotline shift show 01KN5ZAJWVMN8239MZ5EW3H4SE",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, lines, err := c.shifts(cmd, centre, format)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(lines, func(l app.ShiftLine) bool { return l.ID == args[0] })
			if at < 0 {
				return fmt.Errorf("there is no hand-over %q: shift list shows them", args[0])
			}
			if f == report.JSON {
				return c.json(lines[at])
			}
			return app.PrintShift(c.out, &lines[at])
		},
	}
	for _, cmd := range []*cobra.Command{list, show} {
		cmd.Flags().StringVar(&centre, "centre", "", "those of a `CENTRE` (default: of the whole system)")
		cmd.Flags().StringVar(&format, "format", "table", "table or json")
	}
	root.AddCommand(list, show)
	return root
}

func (c *command) shifts(cmd *cobra.Command, centre, format string) (report.Format, []app.ShiftLine, error) {
	f, err := report.ParseFormat(format, report.Table, report.JSON)
	if err != nil {
		return f, nil, usageError{err}
	}
	lines, err := app.Shifts(cmd.Context(), c.cfg.Value, c.quiet(), centre)
	return f, lines, err
}

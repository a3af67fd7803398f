package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) source() *cobra.Command {
	root := &cobra.Command{
		Use:   "source",
		Short: "List, explain and try the telephone systems whose records can be read",
		Long: `A source is a file that says how the records of a telephone system become calls. The centre's
own stand in the directories that sources.dir of the configuration names.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("source", "list, describe or try", args)}
		},
	}
	root.Args = cobra.ArbitraryArgs
	list := &cobra.Command{
		Use: "list", Short: "List the sources", Args: noArgs, Example: "  hotline source list",
		RunE: func(*cobra.Command, []string) error { return app.ListSources(c.cfg.Value, c.out) },
	}
	describe := &cobra.Command{
		Use: "describe NAME", Short: "Print a source's format and mapping, and what it cannot know",
		Args: needArgs("the name of a source, from source list"), Example: "  hotline source describe generic-csv",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("source describe takes one name, got %d", len(args))}
			}
			return app.DescribeSource(c.cfg.Value, c.out, args[0])
		},
	}
	root.AddCommand(list, describe, c.try())
	return root
}

func (c *command) try() *cobra.Command {
	opts := app.TryOptions{Rows: 5}
	cmd := &cobra.Command{
		Use:   "try FILE",
		Short: "Show what becomes of the rows of a file; nothing is imported",
		Long: `try reads a file through a source and shows, for its first rows, what each field of the record
became and from which columns; then how many rows would be accepted, ignored and rejected,
and why. Callers' numbers are masked, and nothing is kept.`,
		Args: needArgs("a file, or - for standard input"),
		Example: `  hotline source try export.csv --source west-pbx
  hotline source try export.xlsx --source west-pbx --rows 20`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("source try takes one file, got %d", len(args))}
			}
			if opts.Source == "" {
				return usageError{fmt.Errorf("--source is needed: the system that wrote the file (hotline source list)")}
			}
			opts.File, opts.Stdin = args[0], c.in
			return app.TrySource(cmd.Context(), c.cfg.Value, c.out, opts)
		},
	}
	cmd.Flags().StringVar(&opts.Source, "source", "", "`NAME` of the system that wrote the file (hotline source list)")
	cmd.Flags().StringVar(&opts.Zone, "zone", "", "time zone `TZ` of times without an offset (default: the source's)")
	cmd.Flags().IntVar(&opts.Rows, "rows", opts.Rows, "so many `ROWS` are shown")
	return cmd
}

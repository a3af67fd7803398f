package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/simulate"
)

func errSubcommand(name, choices string, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s %q is not a command: %s needs one of %s", name, args[0], name, choices)
	}
	return fmt.Errorf("%s needs one of %s", name, choices)
}

func (c *command) simulate() *cobra.Command {
	var opts app.SimulateOptions
	var from, to, zoneName string
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Write the calls of a hotline that does not exist, as lines of JSON",
		Long: `simulate runs a discrete-event hotline (menu, queues, agents with shifts, callers with
patience) and writes its call records. The same scenario and seed give the same calls.`,
		Example: `  hotline simulate --from 2026-01-01 --to 2027-01-01 > year.ndjson
  hotline simulate --scenario my.yaml --from 2026-03-02 --to 2026-03-03 --life`,
		RunE: func(*cobra.Command, []string) error {
			zone, err := c.zone(zoneName)
			if err != nil {
				return err
			}
			if opts.From, err = instant("from", from, zone); err != nil {
				return err
			}
			if opts.To, err = instant("to", to, zone); err != nil {
				return err
			}
			if opts.From.IsZero() || !opts.From.Before(opts.To) {
				return usageError{fmt.Errorf("simulate needs --from and a later --to, as --from 2026-03-02 --to 2026-03-03")}
			}
			w := bufio.NewWriter(c.out)
			if err := app.Simulate(w, opts); err != nil {
				return err
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&opts.Scenario, "scenario", simulate.NormalYear, "`NAME` of a built-in scenario, or a .yaml file")
	cmd.Flags().Uint64Var(&opts.Seed, "seed", 12333, "seed of everything that is drawn")
	cmd.Flags().StringVar(&from, "from", "", "first moment `TIME` of arrivals")
	cmd.Flags().StringVar(&to, "to", "", "first moment `TIME` after them")
	cmd.Flags().StringVar(&zoneName, "zone", "", "time zone `TZ` of --from and --to (default: publish.zone)")
	cmd.Flags().BoolVar(&opts.Life, "life", false, "every version of every call as it comes about, instead of the final ones")
	return cmd
}

func (c *command) source() *cobra.Command {
	root := &cobra.Command{
		Use:   "source",
		Short: "List the telephone systems whose records can be read",
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("source", "list", args)}
		},
	}
	root.Args = cobra.ArbitraryArgs
	root.AddCommand(&cobra.Command{
		Use: "list", Short: "List the sources", Args: noArgs, Example: "  hotline source list",
		RunE: func(*cobra.Command, []string) error { return app.ListSources(c.cfg.Value, c.out) },
	})
	return root
}

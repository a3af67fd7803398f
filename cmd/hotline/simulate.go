package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/simulate"
	"hotline12333/internal/simulate/write"
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
		Short: "Write the calls of a hotline that does not exist, in any format of a source",
		Long: `simulate runs a discrete-event hotline (menu, queues, agents with shifts, callers with
patience) and writes its calls as a telephone system would. The same scenario and seed
give the same calls. Into a directory it also writes truth.json: the exact figures of the
hotline, and of them what the file can tell.

Scenarios: ` + strings.Join(simulate.Builtin(), ", ") + `
Formats:   ` + strings.Join(write.Names(), ", "),
		Example: `  hotline simulate --from 2026-01-01 --to 2027-01-01 > year.ndjson
  hotline simulate --scenario pbx-outage --format asterisk-queue-log --from 2026-03-16 --to 2026-03-21 --out ./outage
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
			if _, err := write.Named(opts.Format); err != nil {
				return usageError{err}
			}
			if beside := opts.Tickets || opts.Agents || opts.RatingsApart; beside && opts.Out == "-" {
				return usageError{fmt.Errorf("--tickets, --agents and --ratings-apart write files beside that of the calls: give a directory with --out")}
			}
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
	cmd.Flags().StringVar(&opts.Format, "format", write.Record, "`NAME` of the format")
	cmd.Flags().StringVar(&opts.Out, "out", "-", "directory `DIR` for the file and truth.json; - is standard output, without the truth")
	cmd.Flags().BoolVar(&opts.Tickets, "tickets", false, "write tickets.ndjson too")
	cmd.Flags().BoolVar(&opts.Agents, "agents", false, "write agents.ndjson too: what each agent did, when")
	cmd.Flags().BoolVar(&opts.RatingsApart, "ratings-apart", false, "write ratings to supplements.ndjson instead of into the calls")
	return cmd
}

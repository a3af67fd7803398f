package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/config"
)

// setting makes a flag stand for a key of the configuration.
func (c *command) setting(cmd *cobra.Command, flag, path, usage string) {
	cmd.Flags().Func(flag, usage, func(value string) error {
		c.flags = append(c.flags, config.Setting{Path: path, Value: value, Flag: "--" + flag})
		return nil
	})
}

// dataDir lets the command take the directory as up does.
func (c *command) dataDir(cmd *cobra.Command) {
	c.setting(cmd, "data", "data.dir", "data directory `DIR` (default: data.dir of the configuration)")
}

func (c *command) up() *cobra.Command {
	var opts app.UpOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything on this machine: broker, ClickHouse, loader, aggregator, live board",
		Long: `up runs the whole product in one place, durable and on loopback only. Stop it with
Ctrl-C; start it again with the same directory and it goes on where it was.

With --simulate it fills the year with the calls of a hotline that does not exist and
goes on live. Give the simulation a directory of its own: its calls count like any others.`,
		Example: `  hotline up
  hotline up --data /srv/hotline
  hotline up --simulate --data ./demo`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Out = c.out
			opts.Program = version
			return app.Up(cmd.Context(), c.cfg.Value, c.log, opts)
		},
	}
	c.dataDir(cmd)
	cmd.Flags().BoolVar(&opts.Simulate, "simulate", false, "fill this year with simulated calls and go on live")
	cmd.Flags().Uint64Var(&opts.Seed, "seed", 12333, "seed of the simulation; the same seed gives the same calls")
	return cmd
}

func (c *command) role(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short + " (a role of the distributed form)",
		Long: short + `.

One role of the distributed form: broker.addresses and store.address say where Kafka and
ClickHouse are. It may run several times; the copies share the work or stand by.
/metrics, /healthz and /readyz are at web.listen.`,
		Example: "  hotline " + name + " --config hotline.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.RunRole(cmd.Context(), c.cfg.Value, c.log, app.RoleOptions{Role: app.Role(name), Program: version})
		},
	}
}

func (c *command) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade the tables and topics, then exit",
		Long: `migrate brings the tables of store.database to the version this program knows and creates
the topics that are missing. Running it again changes nothing. Data of a newer program is
left alone, with an error.`,
		Example: "  hotline migrate --config hotline.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Migrate(cmd.Context(), c.cfg.Value, c.log, c.out)
		},
	}
}

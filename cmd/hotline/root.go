package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hotline12333/internal/app"
	"hotline12333/internal/config"
	"hotline12333/internal/intake"
	"hotline12333/internal/personal"
)

// Exit codes beyond 0 and 1, as in sysexits.h.
const (
	exitUsage    = 64
	exitTempFail = 75 // no broker: try again later
)

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// command is what the subcommands share.
type command struct {
	stdio
	file     string
	settings []string
	flags    []config.Setting // of flags that stand for a setting
	cfg      *config.Loaded[config.Root]
	log      *slog.Logger
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, std stdio) int {
	c := &command{stdio: std}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(std.err, "hotline: %v\n", err)
		fmt.Fprintln(std.err, "hotline help explains the commands")
		return exitUsage
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(std.err, "hotline: interrupted")
		return 130
	default:
		fmt.Fprintf(std.err, "hotline: %v\n", err)
		var found app.Found
		switch {
		case errors.Is(err, intake.ErrNoBroker):
			return exitTempFail
		case errors.As(err, &found):
			return found.Code
		}
		return 1
	}
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "hotline",
		Short: "Call records in, defended performance figures out",
		Long: `hotline takes the call records of a public hotline from files or a live feed, through
Kafka into ClickHouse, and computes answer rate, response timeliness and volume
against the hotline's targets: live, and exact to the last call.

Begin with:
  hotline up --simulate                       a hotline that does not exist, live on http://127.0.0.1:8333
  hotline analyze calls.csv --source NAME     figures of a file, nothing installed or kept`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              cobra.ArbitraryArgs, // see RunE: a wrong one gets a sentence of ours
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.load(cmd) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetIn(c.in)
	root.PersistentFlags().StringVar(&c.file, "config", "", "configuration `FILE` (YAML); also HOTLINE_CONFIG")
	root.PersistentFlags().StringArrayVar(&c.settings, "set", nil, "one `KEY=VALUE` of the configuration, as web.listen=127.0.0.1:9000")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if first := cmd.Flags().Arg(0); !cmd.HasParent() && first != "" {
			return unknownCommand(cmd, first) // whose flags are unknown, too
		}
		return usageError{fmt.Errorf("%w (see hotline %s --help)", err, cmd.Name())}
	})
	root.AddCommand(
		c.up(), c.analyze(), c.importFiles(), c.kpi(), c.explain(), c.report(), c.definitions(), c.enter(), c.controlTotals(), c.outages(), c.maintenance(), c.callbacks(), c.shift(), c.alert(), c.watchOthers(),
		c.role("intake", "Take records over HTTP into Kafka"),
		c.role("load", "Write records from Kafka into ClickHouse"),
		c.role("aggregate", "Recompute the tallies of buckets that changed"),
		c.role("web", "Serve the live board and /metrics"),
		c.migrate(), c.rejected(), c.keys(), c.tokens(), c.people(), c.audit(), c.reveal(), c.export(), c.erase(), c.retention(), c.source(), c.simulate(),
		c.morning(),
		c.config(), c.doctor(), c.measure(), c.dashboards(), c.healthcheck(), c.version(),
	)
	for _, sub := range root.Commands() {
		if sub.Args == nil {
			sub.Args = noArgs
		}
	}
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	hint := ""
	if near := root.SuggestionsFor(name); len(near) > 0 {
		hint = ": did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("%q is not a command%s", name, hint)}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, got %q (see hotline %s --help)", cmd.CommandPath(), args[0], cmd.Name())}
	}
	return nil
}

func needArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{fmt.Errorf("%s needs %s (see hotline %s --help)", cmd.CommandPath(), what, cmd.Name())}
		}
		return nil
	}
}

// load reads the configuration before any command runs.
func (c *command) load(cmd *cobra.Command) error {
	if cmd.Name() == "help" || cmd.Name() == "version" || !cmd.HasParent() {
		return nil
	}
	var flags []config.Setting
	for _, s := range c.settings {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return usageError{fmt.Errorf("--set %q: write it as KEY=VALUE", s)}
		}
		flags = append(flags, config.Setting{Path: path, Value: value, Flag: "--set " + path})
	}
	cfg, err := config.Load(config.DefaultRoot(), config.Layers{
		File: c.file, Environ: os.Environ(), Flags: append(flags, c.flags...),
	})
	if err != nil {
		return err
	}
	c.cfg = cfg
	c.log = newLog(c.err, cfg.Value.Log)
	for _, w := range cfg.Warnings() {
		c.log.Warn("environment", "note", w)
	}
	// A command that shows the configuration must be able to show a wrong one.
	if cmd.Name() == "config" {
		return nil
	}
	if err := cfg.Check(); err != nil {
		return fmt.Errorf("the configuration is not valid: %w", err)
	}
	return nil
}

func newLog(w any, cfg config.Log) *slog.Logger {
	out, ok := w.(*os.File)
	terminal := ok && term.IsTerminal(int(out.Fd()))
	var level slog.Level
	// Validated already; an invalid one would be "info".
	_ = level.UnmarshalText([]byte(cfg.Level))
	options := &slog.HandlerOptions{Level: level}
	writer, _ := w.(interface{ Write([]byte) (int, error) })
	if cfg.Format == "json" || cfg.Format == "auto" && !terminal {
		options.ReplaceAttr = spelledDuration
		return slog.New(personal.NewHandler(slog.NewJSONHandler(writer, options)))
	}
	return slog.New(personal.NewHandler(slog.NewTextHandler(writer, options)))
}

// spelledDuration writes a duration as text does, with its unit; JSON's would be nanoseconds.
func spelledDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// quiet is the log of commands whose output is figures: only what needs attention.
func (c *command) quiet() *slog.Logger {
	if c.cfg.Origin("log.level").Kind != config.FromDefault {
		return c.log
	}
	cfg := c.cfg.Value.Log
	cfg.Level = "error"
	return newLog(c.err, cfg)
}

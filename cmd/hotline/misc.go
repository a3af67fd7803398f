package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  hotline version",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.out, "hotline %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

func (c *command) config() *cobra.Command {
	var check, dump bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check or print the configuration",
		Long: `config shows what the program would run with: the defaults, over them the file of --config,
over it the environment (HOTLINE_WEB_LISTEN sets web.listen), over it --set.`,
		Example: `  hotline config --dump > hotline.yaml
  hotline config --check --config hotline.yaml`,
		RunE: func(*cobra.Command, []string) error {
			if check == dump {
				return usageError{fmt.Errorf("config needs one of --check and --dump")}
			}
			if dump {
				return c.cfg.Dump(c.out)
			}
			if err := c.cfg.Check(); err != nil {
				return err
			}
			notes, err := app.CheckFiles(c.cfg.Value, time.Now())
			for _, n := range notes {
				fmt.Fprintln(c.err, "note: "+n)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, "the configuration is valid")
			return err
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "check every value and the files it names; exit code 1 when one is wrong, or the calendar does not know this year")
	cmd.Flags().BoolVar(&dump, "dump", false, "print the whole configuration as YAML, with the meaning and origin of each value")
	return cmd
}

func (c *command) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything the program needs and say what is wrong",
		Long: `doctor looks at the configuration, the engine's library, directories, the key file, ports, broker,
store, tables, topics and lag, and says for each what to do if it is wrong. It changes nothing.`,
		Example: "  hotline doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Doctor(cmd.Context(), c.cfg.Value, c.log, c.out)
		},
	}
}

// healthcheck is for containers, which have no curl.
func (c *command) healthcheck() *cobra.Command {
	path := "/readyz"
	cmd := &cobra.Command{
		Use:     "healthcheck",
		Short:   "Ask the program at web.listen whether it is ready (for containers)",
		Example: "  hotline healthcheck --path /healthz",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			url := "http://" + dialable(c.cfg.Value.Web.Listen) + path
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				return fmt.Errorf("asking %s: %w", url, err)
			}
			defer func() { _ = answer.Body.Close() }() // only read from
			body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<12))
			if err != nil {
				return fmt.Errorf("asking %s: %w", url, err)
			}
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("%s says: %s", url, strings.TrimSpace(string(body)))
			}
			_, err = c.out.Write(body)
			return err
		},
	}
	cmd.Flags().StringVar(&path, "path", path, "what to ask: /readyz or /healthz")
	return cmd
}

// dialable turns an address to listen on into one to connect to.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (c *command) measure() *cobra.Command {
	opts := app.MeasureOptions{Records: 300_000, Rate: 500, For: 20 * time.Second, Idle: 10 * time.Second, Viewers: 50}
	cmd := &cobra.Command{
		Use:   "measure",
		Short: "Measure how fast this machine is, on a system that is thrown away",
		Long: `measure starts a system of its own, as durable as a real one, and prints the time to start, memory
and CPU when idle, the speed of a backfill, and the time from a record's acknowledgement
until /metrics counts it and the last of the boards that are open shows it. All records of the
feed lie in the quarter hour in which they are sent, which costs more the more it holds: a feed of
minutes says more than one of seconds. Nothing else should be busy on the machine.`,
		Example: "  hotline measure --rate 500 --for 10m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Records < 1 || opts.Rate < 1 || opts.For < time.Second || opts.Idle < time.Second || opts.Viewers < 0 {
				return usageError{fmt.Errorf("--records and --rate must be at least 1, --for and --idle at least 1s, --viewers at least 0")}
			}
			return app.Measure(cmd.Context(), c.cfg.Value, c.quiet(), c.out, opts)
		},
	}
	cmd.Flags().IntVar(&opts.Records, "records", opts.Records, "records of the backfill")
	cmd.Flags().IntVar(&opts.Rate, "rate", opts.Rate, "records a second of the live feed")
	cmd.Flags().DurationVar(&opts.For, "for", opts.For, "length of the live feed")
	cmd.Flags().IntVar(&opts.Viewers, "viewers", opts.Viewers, "boards that are open during the live feed")
	cmd.Flags().DurationVar(&opts.Idle, "idle", opts.Idle, "length of the look at an idle system")
	return cmd
}

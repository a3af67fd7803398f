package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) watchOthers() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "watch [URL…]",
		Short: "Ask from another machine whether a hotline is there, and tell people when it is gone",
		Long: `What evaluates alerts dies with its machine: run watch on a second one. It asks /readyz and /healthz of each
URL, or of watch.urls, and tells the robots and gateways of notify when a hotline is gone, why and for how
long, again while it lasts, and when it is back. Maintenance that the hotline told of before is kept silent.
/metrics, /healthz and /readyz of the watcher itself are at web.listen.

With --once each URL is asked once, nobody is told, and the exit code is that of a monitoring plug-in:
0 ready, 1 not ready, 2 gone, 3 or 64 when it could not be asked.`,
		Args: cobra.ArbitraryArgs,
		Example: `  hotline watch http://10.0.0.5:8333 --config alert.yaml
  hotline watch --once https://12333.example.cn`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg := c.cfg.Value
			if len(args) > 0 {
				cfg.Watch.URLs = args
			}
			if once {
				return app.WatchOnce(cmd.Context(), cfg, c.quiet(), c.out)
			}
			return app.Watch(cmd.Context(), cfg, c.log)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "ask once, tell nobody; for cron and monitoring plug-ins")
	c.setting(cmd, "every", "watch.every", "how often each is asked, a `DURATION` as 10s (default: watch.every)")
	c.setting(cmd, "timeout", "watch.timeout", "limit for one answer, a `DURATION` (default: watch.timeout)")
	c.setting(cmd, "failures", "watch.failures", "after `N` checks in a row without an answer people are told (default: watch.failures)")
	c.setting(cmd, "not-ready-for", "watch.not_ready_for", "after this `DURATION` people are told of one that is not ready (default: watch.not_ready_for)")
	c.setting(cmd, "repeat", "watch.repeat", "how often people are told again, a `DURATION` (default: watch.repeat)")
	return cmd
}

package main

import (
	"github.com/spf13/cobra"

	"hotline12333/internal/app"
)

func (c *command) alert() *cobra.Command {
	root := &cobra.Command{
		Use:   "alert",
		Short: "Tell people of alerts: robots of groups, short messages",
		Long: `Alertmanager posts to notify.listen, and hotline tells robots of DingTalk, Feishu and WeCom groups and a
gateway for short messages. hotline up takes them too, where notify.listen is set.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("alert", "test or serve", args)}
		},
	}
	test := &cobra.Command{
		Use: "test", Short: "Send a test over every route, and say which failed", Args: noArgs,
		Example: "  hotline alert test --config hotline.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.TestAlerts(cmd.Context(), c.cfg.Value, c.quiet(), c.out)
		},
	}
	serve := &cobra.Command{
		Use: "serve", Short: "Take Alertmanager's webhook and tell people, as a role of its own", Args: noArgs,
		Long: `This role needs neither Kafka nor ClickHouse, so that it works when they do not. Run it on the machine
of Alertmanager.`,
		Example: "  hotline alert serve --set notify.listen=127.0.0.1:8335 --config hotline.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.RunNotify(cmd.Context(), c.cfg.Value, c.log)
		},
	}
	root.AddCommand(test, serve)
	return root
}

package main

import (
	"errors"
	"fmt"

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
			return usageError{errSubcommand("alert", "test, send or serve", args)}
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
	root.AddCommand(test, c.alertSend(), serve)
	return root
}

func (c *command) alertSend() *cobra.Command {
	m := app.Message{Name: "HotlineMessage", Severity: "page"}
	cmd := &cobra.Command{
		Use: "send --summary TEXT", Short: "Tell people something now, over every robot and gateway", Args: noArgs,
		Long: `For a service that has failed (hotline-failed@.service) and for scripts. Nothing is grouped or held back:
each call is a message. Whoever could not be reached is named, and the exit code is 1.`,
		Example: `  hotline alert send --summary 备份失败 --severity warning --config alert.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case m.Summary == "":
				return usageError{errors.New("--summary is needed: what people are told")}
			case m.Severity != "page" && m.Severity != "warning":
				return usageError{fmt.Errorf("--severity %q: page, or warning, of which no short message is sent", m.Severity)}
			}
			return app.SendAlert(cmd.Context(), c.cfg.Value, c.quiet(), c.out, m)
		},
	}
	cmd.Flags().StringVar(&m.Summary, "summary", "", "`TEXT` in Chinese")
	cmd.Flags().StringVar(&m.SummaryEN, "summary-en", "", "`TEXT` in English")
	cmd.Flags().StringVar(&m.Detail, "detail", "", "`TEXT` put behind both in brackets, where it is not empty")
	cmd.Flags().StringVar(&m.Name, "name", m.Name, "`NAME` of the alert")
	cmd.Flags().StringVar(&m.Severity, "severity", m.Severity, "page or warning")
	cmd.Flags().StringVar(&m.Runbook, "runbook", "", "`PATH` of the page that says what to do")
	cmd.Flags().BoolVar(&m.Resolved, "resolved", false, "it is over")
	return cmd
}

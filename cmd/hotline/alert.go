package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/config"
)

func (c *command) alert() *cobra.Command {
	root := &cobra.Command{
		Use:   "alert",
		Short: "Tell people of alerts: robots of groups, short messages",
		Long: `hotline up evaluates the rules of alerts itself and tells robots of DingTalk, Feishu and WeCom groups, a
gateway for short messages, and whatever else takes Alertmanager's webhook (notify). Where a Prometheus and an
Alertmanager do it, Alertmanager posts to notify.listen, of hotline up or of hotline alert serve.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("alert", "test, send, serve, rules or routes", args)}
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
	rules := &cobra.Command{
		Use: "rules", Short: "Print the rules of alerts that hold, in Prometheus's form", Args: noArgs,
		Long: `Those of alarm.rules, or the built-in ones. To change a threshold keep what is printed in a file, change it
there, and name the file in alarm.rules; hotline config --check says what is wrong in it. After an upgrade compare it
with the built-in ones.`,
		Example: "  hotline alert rules > rules.yml\n  hotline config --check --set alarm.rules=rules.yml",
		RunE:    func(*cobra.Command, []string) error { return c.printed(app.AlarmRules) },
	}
	routes := &cobra.Command{
		Use: "routes", Short: "Print what is grouped, held back and repeated, in Alertmanager's form", Args: noArgs,
		Long:    `The file of alarm.routes, or the built-in one. A file of your own is named in alarm.routes.`,
		Example: "  hotline alert routes > routes.yml",
		RunE:    func(*cobra.Command, []string) error { return c.printed(app.AlarmRoutes) },
	}
	root.AddCommand(test, c.alertSend(), serve, rules, routes)
	return root
}

// printed prints a text of the configuration's files.
func (c *command) printed(text func(config.Root) ([]byte, error)) error {
	b, err := text(c.cfg.Value)
	if err != nil {
		return err
	}
	_, err = c.out.Write(b)
	return err
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

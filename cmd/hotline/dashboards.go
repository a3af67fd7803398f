package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
)

func (c *command) dashboards() *cobra.Command {
	root := &cobra.Command{
		Use:   "dashboards",
		Short: "Bring the Grafana dashboards into a Grafana, and see what was edited there",
		Long: `The dashboards are part of the program: Supervisor (班长现场), Indicators (绩效指标), Pipeline (数据管道)
and History (历史). They need Grafana 9.3 or newer, and its data sources by the uids hotline-prometheus
and hotline-clickhouse.

Grafana is at grafana.url. The token is that of a service account with the role Editor; it stands in the
environment variable HOTLINE_GRAFANA_TOKEN or in a file named by grafana.token_file.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("dashboards", "push, diff or check", args)}
		},
	}
	root.AddCommand(c.dashboardsPush(), c.dashboardsDiff(), c.dashboardsCheck())
	return root
}

// grafanaFlags stand for the settings of where Grafana is.
func (c *command) grafanaFlags(cmd *cobra.Command) {
	c.setting(cmd, "url", "grafana.url", "`URL` of Grafana (default: grafana.url of the configuration)")
	c.setting(cmd, "token-file", "grafana.token_file", "`FILE` that holds the token")
}

func (c *command) dashboardsPush() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "push", Short: "Bring the dashboards into Grafana",
		Long: `push makes the folder and stores every dashboard that is missing or of another version, reads it back
and compares. Pushing again changes nothing. A dashboard that somebody has edited in Grafana, or moved,
stops it before anything is stored; --force overwrites such ones.`,
		Example: `  HOTLINE_GRAFANA_TOKEN=… hotline dashboards push
  hotline dashboards push --url https://grafana.example.cn/watch --token-file /run/secrets/grafana_token
  hotline dashboards push --force`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := app.PushDashboards(cmd.Context(), c.cfg.Value, version, force)
			if len(all) > 0 {
				err = errors.Join(app.PrintPushed(c.out, all), err)
			}
			return err
		},
	}
	c.grafanaFlags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "overwrite what was edited in Grafana")
	return cmd
}

func (c *command) dashboardsDiff() *cobra.Command {
	var format string
	most := 20
	cmd := &cobra.Command{
		Use: "diff", Short: "Show where the dashboards in Grafana are others than the program's",
		Long: `diff says of each dashboard: same, missing, outdated (of another version of hotline, untouched) or
edited (by somebody in Grafana), with every place that differs. It changes nothing. The exit code is 1
when something was edited.`,
		Example: `  hotline dashboards diff
  hotline dashboards diff --differences 200 --format json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			all, err := app.DiffDashboards(cmd.Context(), c.cfg.Value, version)
			if err != nil {
				return err
			}
			if f == report.JSON {
				err = c.json(all)
			} else {
				err = app.PrintDashboards(c.out, all, most)
			}
			if edited := app.EditedDashboards(all); err == nil && edited > 0 {
				err = fmt.Errorf("%d dashboards were edited in Grafana", edited)
			}
			return err
		},
	}
	c.grafanaFlags(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().IntVar(&most, "differences", most, "show at most `N` differences of each")
	return cmd
}

func (c *command) dashboardsCheck() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "check", Short: "Say what the dashboards lack in a Grafana",
		Long: `check asks Grafana for its version, the two data sources, the folder and the dashboards, and says what
to do about what is missing. It changes nothing. The exit code is 1 while something is missing.`,
		Example: "  hotline dashboards check --url http://127.0.0.1:3000",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			found, err := app.CheckDashboards(cmd.Context(), c.cfg.Value, version)
			if err != nil {
				return err
			}
			if f == report.JSON {
				err = c.json(found)
			} else {
				err = app.PrintDashboardCheck(c.out, found)
			}
			if err == nil && !found.Ready() {
				err = errors.New("not all that the dashboards need is in Grafana")
			}
			return err
		},
	}
	c.grafanaFlags(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

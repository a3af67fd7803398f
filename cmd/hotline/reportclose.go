package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
)

// periodFlags name the period of a closed report.
func (c *command) periodFlags(cmd *cobra.Command, q *app.ReportQuery, zone *string) {
	cmd.Flags().StringVar(&q.Period, "period", "", "`PERIOD`: 2026, 2026H1, 2026Q1, 2026-07 or 2026-03-01..2026-03-15")
	cmd.Flags().StringVar(&q.Centre, "centre", "", "one `CENTRE` only (default: all)")
	cmd.Flags().StringVar(zone, "zone", "", "time zone `TZ` of days and months (default: publish.zone)")
}

func (c *command) periodOf(q *app.ReportQuery, zone string) (err error) {
	if q.Period == "" {
		return usageError{fmt.Errorf("--period is needed, as 2026Q1")}
	}
	q.Now, q.Program = time.Now(), version
	q.Zone, err = c.zone(zone)
	return err
}

func (c *command) reportClose() *cobra.Command {
	var q app.CloseQuery
	var zone string
	var accept []string
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Close a period: seal its report, with the evidence behind it",
		Long: `close makes the report of a period that is over, and seals it: the bytes of every format, the
counts behind each row, the files of definitions, indicators, calendars and forms, what people
have entered, and the list of calls with version and where each counted. Entries form a chain
of SHA-256 hashes; what is in it is never changed, only replaced by a numbered 更正版 (--revise).

It looks at a check list (关账清单) first, and refuses while an item is open. An item is settled,
or answered with --accept CODE=REASON; answers are kept and printed in the report. Items:
  ` + strings.Join(app.Checks(), ", ") + `

It is sealed whole or not at all, whatever happens meanwhile.`,
		Example: `  hotline report close --period 2026Q1 --preparer 王芳 --reviewer 李强 --head 赵敏
  hotline report close --period 2026Q1 --preparer 王芳 --reviewer 李强 --head 赵敏 --accept open_calls=3月31日系统故障
  hotline report close --period 2026Q1 --preparer 王芳 --reviewer 李强 --head 赵敏 --revise --reason 补录3月话单`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.periodOf(&q.ReportQuery, zone); err != nil {
				return err
			}
			if q.Revise != (q.Reason != "") {
				return usageError{errors.New("--revise and --reason go together: a revision says why")}
			}
			q.Accept = map[string]string{}
			for _, a := range accept {
				code, reason, ok := strings.Cut(a, "=")
				if !ok || strings.TrimSpace(reason) == "" {
					return usageError{fmt.Errorf("--accept %q: write it as CODE=REASON", a)}
				}
				q.Accept[strings.TrimSpace(code)] = reason
			}
			done, err := app.CloseReport(cmd.Context(), c.cfg.Value, c.quiet(), q)
			if done != nil {
				err = errors.Join(err, app.PrintCheckList(c.out, done.Found))
			}
			if err != nil || done == nil || done.Entry == nil {
				return err
			}
			e := done.Entry
			_, err = fmt.Fprintf(c.out, "已锁定 sealed %s, entry %d of the chain\n%s\n", e.Title(), e.Sequence, e.Hash)
			return err
		},
	}
	c.periodFlags(cmd, &q.ReportQuery, &zone)
	cmd.Flags().StringVar(&q.Preparer, "preparer", "", "`NAME` of who has prepared it (填报人)")
	cmd.Flags().StringVar(&q.Reviewer, "reviewer", "", "`NAME` of who has reviewed it, another person (复核人)")
	cmd.Flags().StringVar(&q.Head, "head", "", "`NAME` of the head (负责人)")
	cmd.Flags().StringArrayVar(&accept, "accept", nil, "`CODE=REASON`: close although the item of the check list is open; also several times")
	cmd.Flags().BoolVar(&q.Revise, "revise", false, "replace the report that is closed by a 更正版")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "`WHY` it is revised")
	return cmd
}

func (c *command) reportList() *cobra.Command {
	var verify bool
	var seen string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the closed reports, and check that nothing of them was changed",
		Example: `  hotline report list
  hotline report list --verify`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := app.ListSealed(cmd.Context(), c.cfg.Value, c.quiet(), verify, seen)
			if err != nil {
				return err
			}
			if err := app.PrintSealed(c.out, list, verify); err != nil {
				return err
			}
			if n := len(list.Faults); n > 0 {
				return fmt.Errorf("%d things are not as they were sealed", n)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&verify, "verify", false, "read every byte that was sealed and hold it against its hash")
	cmd.Flags().StringVar(&seen, "seen", "", "a `HASH` noted earlier, which must be in the chain")
	return cmd
}

func (c *command) reportShow() *cobra.Command {
	var q app.SealedQuery
	var f reportFlags
	var zone string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Write a closed report into a file, byte for byte as it was sealed",
		Example: `  hotline report show --period 2026Q1 --out 2026Q1.xlsx
  hotline report show --period 2026Q1 --revision 0 --format docx --out 首次上报.docx
  hotline report show --period 2026Q1 --part calls.tsv.gz --out calls.tsv.gz`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := c.periodOf(&q.ReportQuery, zone); err != nil {
				return err
			}
			if q.Out == "" {
				return usageError{fmt.Errorf("--out is needed: the file to write")}
			}
			if q.Part == "" {
				if q.Options, err = f.options(q.Out); err != nil {
					return err
				}
			}
			e, err := app.ShowSealed(cmd.Context(), c.cfg.Value, c.quiet(), q)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s, sealed as entry %d: %s\n", e.Title(), e.Sequence, q.Out)
			return err
		},
	}
	c.periodFlags(cmd, &q.ReportQuery, &zone)
	cmd.Flags().StringVar(&q.Out, "out", "", "`FILE` to write; one that is there is replaced")
	cmd.Flags().StringVar(&f.format, "format", "", "xlsx, docx, html, csv or json (default: by the name of the file)")
	cmd.Flags().StringVar(&f.lang, "lang", "zh", "language: zh or en")
	cmd.Flags().StringVar(&q.Part, "part", "", "a piece of evidence instead, by `NAME`: counts.json, entered.json, calls.tsv.gz, rules/…")
	cmd.Flags().IntVar(&q.Revision, "revision", -1, "`N`: 0 as first handed in, from 1 on 更正版 (default: the newest)")
	return cmd
}

func (c *command) reportDiff() *cobra.Command {
	var q app.SealedQuery
	var zone, format string
	most := 20
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Hold a closed report against the present: 上报值 | 现值 | 差异 | 原因",
		Long: `diff shows every value of a closed report that would be another today, and why: which calls were
corrected, came late or were deleted, what was entered since, which rules are others.`,
		Example: `  hotline report diff --period 2026Q1
  hotline report diff --period 2026Q1 --revision 0 --calls 1000 --format json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.periodOf(&q.ReportQuery, zone); err != nil {
				return err
			}
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			d, err := app.DiffReport(cmd.Context(), c.cfg.Value, c.quiet(), q, most)
			if err != nil {
				return err
			}
			if f == report.JSON {
				return c.json(d)
			}
			return app.PrintDifference(c.out, d)
		},
	}
	c.periodFlags(cmd, &q.ReportQuery, &zone)
	cmd.Flags().IntVar(&q.Revision, "revision", -1, "`N`: 0 as first handed in, from 1 on 更正版 (default: the newest)")
	cmd.Flags().IntVar(&most, "calls", most, "name at most `N` calls that changed")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

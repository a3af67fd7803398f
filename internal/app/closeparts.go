package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/report"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/seal"
	"hotline12333/internal/store"
	"hotline12333/pipelines"
)

// part writes one part.
func (c *closing) part(ctx context.Context, name string, write func(io.Writer) error) error {
	w := c.sys.store.SealPart(ctx, c.manifest.ID, name)
	if err := write(w); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p, err := w.Close()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.manifest.Parts = append(c.manifest.Parts, p)
	return nil
}

func (c *closing) bytes(ctx context.Context, name string, data []byte) error {
	return c.part(ctx, name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// partOf names the part that holds a format. CSV and JSON have every language.
func partOf(f report.Format, l report.Lang) string {
	if f == report.CSV || f == report.JSON {
		return "report." + string(f)
	}
	return "report." + string(l) + "." + string(f)
}

// formats are the report's bytes, and the counts behind each row.
func (c *closing) formats(ctx context.Context) error {
	for _, f := range report.ReportFormats() {
		for _, l := range []report.Lang{report.Chinese, report.English} {
			if name := partOf(f, l); l == report.Chinese || name != partOf(f, report.Chinese) {
				var out bytes.Buffer
				if err := report.Render(&out, c.r, report.Options{Format: f, Lang: l}); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if err := c.bytes(ctx, name, out.Bytes()); err != nil {
					return err
				}
			}
		}
	}
	counts, err := json.MarshalIndent(countsOf(c.r), "", "  ")
	if err != nil {
		return err
	}
	return c.bytes(ctx, "counts.json", counts)
}

// rowCounts are what a row of a table was computed from.
type rowCounts struct {
	Table       string `json:"table"`
	Form        string `json:"form"`
	Code        string `json:"code"`
	Value       string `json:"value,omitempty"`
	Numerator   *int64 `json:"numerator"` // null: not computed, or nothing to compute it from
	Denominator *int64 `json:"denominator"`
}

// sealedCounts are the counts behind a report.
type sealedCounts struct {
	Rows       []rowCounts `json:"rows"`
	Total      kpi.Counts  `json:"total"`
	YearToDate *kpi.Counts `json:"year_to_date,omitempty"`
	Months     []kpi.Group `json:"months"`
}

func countsOf(r *report.Report) sealedCounts {
	s := sealedCounts{Total: r.Total.Counts, Months: r.Months}
	if r.YearToDate != nil {
		s.YearToDate = &r.YearToDate.Counts
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		for j := range t.Rows {
			x := &t.Rows[j]
			s.Rows = append(s.Rows, rowCounts{Table: t.Number, Form: string(t.Form), Code: x.Code, Value: x.Value, Numerator: x.Numerator, Denominator: x.Denominator})
		}
	}
	return s
}

// rulesPart is where the files of rules are kept.
const rulesPart = "rules/"

// rules are the files of definitions, indicators, calendars and forms.
func (c *closing) rules(ctx context.Context) error {
	files, err := ruleset.Files(pipelines.Rules, c.sys.cfg.Rules)
	if err != nil {
		return err
	}
	for i := range files {
		if err := c.bytes(ctx, rulesPart+files[i].Name(), files[i].Data); err != nil {
			return err
		}
	}
	return nil
}

// entered is all that people have entered, with its history.
func (c *closing) entered(ctx context.Context) error {
	all := []journal.Entry{}
	for _, kind := range []journal.Kind{journal.KindValue, journal.KindDeviation, journal.KindDefinition, journal.KindControlTotal, journal.KindOutage} {
		list, err := c.sys.store.Entries(ctx, store.EntryQuery{Kind: kind})
		if err != nil {
			return fmt.Errorf("reading what was entered: %w", err)
		}
		slices.SortFunc(list, func(a, b journal.Entry) int { return strings.Compare(a.ID, b.ID) })
		all = append(all, list...)
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return c.bytes(ctx, "entered.json", data)
}

// calls is the list of calls. It must be what the tallies have counted, or nothing is
// closed; where calls have reached retention there is nothing to hold it against.
func (c *closing) calls(ctx context.Context) error {
	l, err := c.g.callList()
	if err != nil {
		return err
	}
	if err := c.part(ctx, callsPart, func(w io.Writer) error { return l.write(ctx, w) }); err != nil {
		return err
	}
	still, err := c.still(ctx)
	if err != nil {
		return err
	}
	if !still {
		return c.restless()
	}
	waived := func(a seal.Answer) bool { return a.Code == CheckRemoved || a.Code == CheckPending }
	if slices.ContainsFunc(c.manifest.Answers, waived) {
		return nil
	}
	if err := l.agree(c.g.in.Year); err != nil {
		return refusal.Errorf("未锁定:%[3]s的来电清单与计数不符,请联系运维(hotline explain)", "the calls of %[1]s are not what was counted, nothing was closed (hotline explain shows where): %[2]v", c.span.Name, err, c.span.ZH)
	}
	return nil
}

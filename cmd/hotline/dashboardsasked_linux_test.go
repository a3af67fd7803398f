package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"hotline12333/internal/testkit"
)

// variables are the values a dashboard has when it is opened.
func (d *dashboard) variables() map[string]string {
	out := map[string]string{}
	for _, v := range d.Templating.List {
		out[v.Name] = v.Current.Value
	}
	return out
}

var reference = regexp.MustCompile(`\$\{(\w+)(?::(\w+))?\}|\$(\w+)`)

// filled puts values into a query as Grafana does; a name it does not know is an error.
func filled(query string, values map[string]string) (string, error) {
	var err error
	out := reference.ReplaceAllStringFunc(query, func(s string) string {
		m := reference.FindStringSubmatch(s)
		name := m[1] + m[3]
		value, ok := values[name]
		switch {
		case !ok:
			err = fmt.Errorf("there is no variable %q", name)
		case m[2] == "sqlstring":
			value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
		case m[2] != "":
			err = fmt.Errorf("unknown format %q", m[2])
		}
		return value
	})
	return out, err
}

// of gives the values with what Grafana itself defines for a query of the last minute.
func (w *watched) of(values map[string]string) map[string]string {
	all := maps.Clone(values)
	maps.Copy(all, map[string]string{
		"__rate_interval": "10s", "__range": "60s",
		"__fromTime": fmt.Sprintf("toDateTime(%d)", w.from.Unix()), "__toTime": fmt.Sprintf("toDateTime(%d)", w.to.Unix()),
	})
	return all
}

// ask runs a query of Prometheus as a panel does, and gives the newest value of each series.
func (w *watched) ask(ctx context.Context, target dashboardTarget, values map[string]string) (map[string]float64, error) {
	expr, err := filled(target.Expr, w.of(values))
	if err != nil {
		return nil, err
	}
	var found []testkit.Series
	if now := time.Now(); target.Instant {
		found, err = w.prometheus.Query(ctx, expr, now)
	} else {
		found, err = w.prometheus.Range(ctx, expr, now.Add(-time.Minute), now, time.Second)
	}
	out := map[string]float64{}
	for _, s := range found {
		finite := slices.DeleteFunc(s.Values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
		if len(finite) > 0 {
			delete(s.Labels, "__name__")
			out[labels.FromMap(s.Labels).String()] = finite[len(finite)-1]
		}
	}
	return out, err
}

// rows runs a query of ClickHouse as a panel does.
func (w *watched) rows(ctx context.Context, sql string, values map[string]string) ([]map[string]any, error) {
	sql, err := filled(sql, w.of(values))
	if err != nil {
		return nil, err
	}
	text, err := testkit.QueryInside(ctx, w.root().Store, "SELECT * FROM ("+sql+") SETTINGS output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow")
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, sql)
	}
	var out []map[string]any
	for line := range strings.Lines(text) {
		row := map[string]any{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// number runs the query of a panel of one number; nil: there is none.
func (w *watched) number(ctx context.Context, sql string, values map[string]string) (*float64, error) {
	rows, err := w.rows(ctx, sql, values)
	if err != nil || len(rows) != 1 {
		return nil, fmt.Errorf("%d rows, %w", len(rows), err)
	}
	if n, ok := rows[0]["value"].(float64); ok {
		return &n, nil
	}
	return nil, nil
}

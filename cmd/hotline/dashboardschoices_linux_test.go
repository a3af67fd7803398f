package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hotline12333/internal/hotline"
)

// choices are the values a variable can have.
func (w *watched) choices(t *testing.T, v dashboardVariable, values map[string]string) []string {
	t.Helper()
	switch {
	case v.Type == "custom":
		var out []string
		for _, o := range v.Options {
			out = append(out, o.Value)
		}
		return out
	case v.Type != "query":
		return []string{v.Current.Value}
	case v.Datasource.UID == "hotline-clickhouse":
		found, err := w.rows(bounded(t), v.Definition, values)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, row := range found {
			out = append(out, fmt.Sprint(row[v.Name]))
		}
		return out
	}
	query, err := filled(v.Definition, values)
	inner, isValues := strings.CutPrefix(strings.TrimSuffix(query, ")"), "label_values(")
	cut := strings.LastIndex(inner, ", ")
	if err != nil || !isValues || cut < 0 {
		t.Fatalf("%s asks %s, %v", v.Name, query, err)
	}
	out, err := w.prometheus.LabelValues(bounded(t), inner[cut+2:], inner[:cut])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// takesChoices turns every variable to each of its values: what is chosen at first is among
// them, and no query errs.
func (w *watched) takesChoices(t *testing.T, all map[string]*dashboard) {
	for _, d := range all {
		for _, v := range d.Templating.List {
			values := d.variables()
			if v.Name == "queue" { // of one centre
				values["centre"] = hotline.DefaultCentre
			}
			found := w.choices(t, v, values)
			if !slices.Contains(found, v.Current.Value) {
				t.Errorf("%s: %s is %q at first, which is none of %q", d.UID, v.Name, v.Current.Value, found)
			}
			if v.Name == "queue" && len(found) < 5 {
				t.Errorf("%s: only the queues %q", d.UID, found)
			}
			for _, value := range found {
				if value == v.Current.Value {
					continue
				}
				values[v.Name] = value
				for _, p := range d.Panels {
					for _, target := range p.Targets {
						var err error
						switch {
						case !strings.Contains(target.Expr+target.RawSQL, "$"+v.Name) && !strings.Contains(target.RawSQL, "${"+v.Name):
							continue
						case target.Expr != "":
							_, err = w.ask(bounded(t), target, values)
						default:
							_, err = w.rows(bounded(t), target.RawSQL, values)
						}
						if err != nil {
							t.Errorf("%s, %s=%s, %s: %v", d.UID, v.Name, value, p.Title, err)
						}
					}
				}
			}
		}
	}
}

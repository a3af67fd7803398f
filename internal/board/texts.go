package board

import (
	"fmt"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
)

// texts are what the definitions say, for the panels' descriptions.
type texts struct {
	rules *ruleset.Rules
	err   error // the first definition that is not there
}

// of is the text (口径) of every version of a definition.
func (t *texts) of(name string) string {
	d, err := t.rules.Definitions.Lookup(name)
	if err != nil {
		if t.err == nil {
			t.err = err
		}
		return ""
	}
	var zh, en []string
	for _, v := range d.Versions {
		head := ""
		if v.Form != "" {
			head = fmt.Sprintf("`%s` ", v.Form)
		}
		zh, en = append(zh, head+"口径："+v.Text.ZH), append(en, head+v.Text.EN)
	}
	return about(strings.Join(zh, "\n\n"), strings.Join(en, "\n\n"))
}

// version is the text of the version that has the form.
func (t *texts) version(name, form string) string {
	d, err := t.rules.Definitions.Lookup(name)
	if err == nil {
		for _, v := range d.Versions {
			if v.Form == form {
				return about("口径："+v.Text.ZH, v.Text.EN)
			}
		}
		err = fmt.Errorf("the definition %s has no version %q", name, form)
	}
	if t.err == nil {
		t.err = err
	}
	return ""
}

// indicatorNames says what the codes of all years' indicators are called.
func indicatorNames(rules *ruleset.Rules) ([][2]string, error) {
	var out [][2]string
	seen := make(map[string]bool)
	for _, year := range rules.Indicators.Years() {
		tables, err := rules.Indicators.Of(year)
		if err != nil {
			return nil, err
		}
		for i := range tables.Tables {
			for _, row := range tables.Tables[i].Rows {
				if !seen[row.Code] {
					seen[row.Code] = true
					out = append(out, [2]string{row.Code, both(row.Name)})
				}
			}
		}
	}
	return out, nil
}

// goals are the targets of the rows that have a number, each once.
func goals(rules *ruleset.Rules) ([]float64, error) {
	var out []float64
	seen := make(map[float64]bool)
	for _, year := range rules.Indicators.Years() {
		tables, err := rules.Indicators.Of(year)
		if err != nil {
			return nil, err
		}
		for i := range tables.Tables {
			for _, row := range tables.Tables[i].Rows {
				if v := row.Target.Float(); row.Sign != kpi.Graded && v > 0 && !seen[v] {
					seen[v] = true
					out = append(out, v)
				}
			}
		}
	}
	return out, nil
}

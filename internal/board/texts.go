package board

import (
	"fmt"
	"slices"
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

// eachRow visits the rows of all tables of all years.
func eachRow(rules *ruleset.Rules, visit func(row *kpi.Row)) error {
	for _, year := range rules.Indicators.Years() {
		of, err := rules.Indicators.Of(year)
		if err != nil {
			return err
		}
		for i := range of.Tables {
			for j := range of.Tables[i].Rows {
				visit(&of.Tables[i].Rows[j])
			}
		}
	}
	return nil
}

// indicatorNames says what the codes of the indicators are called.
func indicatorNames(rules *ruleset.Rules) (names [][2]string, err error) {
	seen := make(map[string]bool)
	err = eachRow(rules, func(row *kpi.Row) {
		if !seen[row.Code] {
			seen[row.Code] = true
			names = append(names, [2]string{row.Code, both(row.Name)})
		}
	})
	return names, err
}

// goals are the targets of the rows that have a number, each once.
func goals(rules *ruleset.Rules) (targets []float64, err error) {
	err = eachRow(rules, func(row *kpi.Row) {
		if v := row.Target.Float(); row.Sign != kpi.Graded && v > 0 && !slices.Contains(targets, v) {
			targets = append(targets, v)
		}
	})
	return targets, err
}

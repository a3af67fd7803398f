package ruleset

import (
	"errors"
	"path"
	"slices"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// ParseForm reads the layout of a form; name is the file's, for messages. Every fault of
// the file is told.
func ParseForm(name string, data []byte) (*kpi.Form, error) {
	root, err := strictyaml.Parse(name, data)
	if err != nil {
		return nil, err
	}
	f := &kpi.Form{Name: strings.TrimSuffix(path.Base(name), path.Ext(name))}
	fields(root, map[string]func(strictyaml.Node){
		"form":       into(&f.Kind, choice(kpi.FormKinds())),
		"table":      into(&f.Table, filled),
		"title":      into(&f.Title, wording),
		"landscape":  into(&f.Landscape, strictyaml.Node.Boolean),
		"header":     func(n strictyaml.Node) { f.Header = formHeader(n) },
		"execution":  into(&f.Execution, amount),
		"money":      func(n strictyaml.Node) { f.Money = formMoney(n) },
		"columns":    func(n strictyaml.Node) { f.Columns = formColumns(n) },
		"grades":     func(n strictyaml.Node) { f.Grades = formGrades(n) },
		"bands":      func(n strictyaml.Node) { f.Bands = formBands(n) },
		"signatures": into(&f.Signatures, wordings),
		"notes":      into(&f.Notes, wordings),
	}, "form", "table", "title", "execution", "columns", "grades", "bands", "signatures")
	if err := errors.Join(root.Faults()...); err != nil {
		return nil, err
	}
	return f, nil
}

func formHeader(n strictyaml.Node) (list []kpi.FormField) {
	for _, item := range n.Items() {
		var v kpi.FormField
		fields(item, map[string]func(strictyaml.Node){
			"field": into(&v.Field, choice(kpi.HeaderFields())),
			"title": into(&v.Title, wording),
		}, "field", "title")
		if slices.ContainsFunc(list, func(o kpi.FormField) bool { return o.Field == v.Field }) {
			item.Fail("field %s stands twice", v.Field)
		}
		list = append(list, v)
	}
	return list
}

func formMoney(n strictyaml.Node) (list []kpi.FormMoney) {
	for _, item := range n.Items() {
		var v kpi.FormMoney
		fields(item, map[string]func(strictyaml.Node){
			"column": into(&v.Column, choice(kpi.MoneyColumns())),
			"title":  into(&v.Title, wording),
		}, "column", "title")
		if slices.ContainsFunc(list, func(o kpi.FormMoney) bool { return o.Column == v.Column }) {
			item.Fail("column %s stands twice", v.Column)
		}
		list = append(list, v)
	}
	return list
}

// widest is more than a page holds.
const widest = 120

func formColumns(n strictyaml.Node) (list []kpi.FormColumn) {
	for _, item := range n.Items() {
		v := kpi.FormColumn{Width: 10}
		fields(item, map[string]func(strictyaml.Node){
			"column": into(&v.Column, choice(kpi.Columns())),
			"title":  into(&v.Title, wording),
			"width":  func(n strictyaml.Node) { v.Width = float64(n.Integer(2, widest)) },
			"parts":  into(&v.Parts, wordings),
		}, "column", "title")
		switch {
		case slices.ContainsFunc(list, func(o kpi.FormColumn) bool { return o.Column == v.Column }):
			item.Fail("column %s stands twice", v.Column)
		case v.Column == kpi.ColumnLikelihood && len(v.Parts) != len(kpi.Likelihoods()):
			item.Fail("%s has three parts: that it is certain, possible, impossible", v.Column)
		case v.Column == kpi.ColumnCauses && len(v.Parts) == 0:
			item.Fail("%s has parts: the causes to tick", v.Column)
		case v.Column != kpi.ColumnCauses && v.Column != kpi.ColumnLikelihood && len(v.Parts) > 0:
			item.Fail("%s has no parts", v.Column)
		}
		list = append(list, v)
	}
	if !slices.ContainsFunc(list, func(c kpi.FormColumn) bool { return c.Column == kpi.ColumnLevel3 }) {
		n.Fail("no column names the indicator: add level3")
	}
	return list
}

func formGrades(n strictyaml.Node) (list []kpi.GradeBand) {
	for _, item := range n.Items() {
		var v kpi.GradeBand
		fields(item, map[string]func(strictyaml.Node){
			"name":  into(&v.Name, wording),
			"least": into(&v.Least, amount),
		}, "name", "least")
		if len(list) > 0 && !less(v.Least, list[len(list)-1].Least) {
			item.Fail("grades go down: %s does not lie below %s", v.Least, list[len(list)-1].Least)
		}
		list = append(list, v)
	}
	if len(list) == 0 || list[len(list)-1].Least.Num != 0 {
		n.Fail("the last grade begins at 0, so that every total has one")
	}
	return list
}

func formBands(n strictyaml.Node) (list []kpi.ScoreBand) {
	most := kpi.Whole(100)
	for _, item := range n.Items() {
		var v kpi.ScoreBand
		fields(item, map[string]func(strictyaml.Node){
			"name":  into(&v.Name, wording),
			"most":  into(&v.Most, amount),
			"least": into(&v.Least, amount),
		}, "name", "most", "least")
		if v.Most.Rat().Cmp(most.Rat()) != 0 || !less(v.Least, v.Most) {
			item.Fail("bands go down from 100 to 0 without a gap: want one from %s down", most)
		}
		most = v.Least
		list = append(list, v)
	}
	if len(list) == 0 || most.Num != 0 {
		n.Fail("the last band ends at 0")
	}
	return list
}

func less(a, b kpi.Fraction) bool { return a.Rat().Cmp(b.Rat()) < 0 }

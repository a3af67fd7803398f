package ruleset

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"path"
	"slices"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
)

// Indicators holds the performance tables by year.
type Indicators struct {
	byYear map[int]*kpi.Indicators
	files  map[int]File
	own    string // directory of the centre's own
}

// Of gives the tables of a year. Without any the error names the file to add.
func (i *Indicators) Of(year int) (*kpi.Indicators, error) {
	if found, ok := i.byYear[year]; ok {
		return found, nil
	}
	where := kpi.Wording{ZH: "rules.dir 下的 indicators 目录", EN: "the folder indicators of rules.dir"}
	if i.own != "" {
		own := path.Join(i.own, "indicators")
		where = kpi.Wording{ZH: own, EN: own}
	}
	return nil, refusal.Errorf("没有 %d 年的指标值(已有:%s):请把 %d.yaml 放进 %s", "the targets of %d are not known (known: %s): add %d.yaml to %s", year, i.years(), year, where)
}

func (i *Indicators) years() string {
	var list []string
	for _, year := range i.Years() {
		list = append(list, fmt.Sprint(year))
	}
	return strings.Join(list, ", ")
}

// Years that have tables, in order.
func (i *Indicators) Years() []int { return slices.Sorted(maps.Keys(i.byYear)) }

// File is the file of a year's tables, as evidence.
func (i *Indicators) File(year int) (File, bool) {
	f, ok := i.files[year]
	return f, ok
}

func loadIndicators(builtin fs.FS, dir string) (*Indicators, error) {
	files, err := read(builtin, dir, "indicators")
	if err != nil {
		return nil, err
	}
	out := &Indicators{byYear: make(map[int]*kpi.Indicators), files: make(map[int]File), own: dir}
	var errs []error
	for _, f := range files {
		set, err := ParseIndicators(f.Path, f.Data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if have, ok := out.files[set.Year]; ok && have.Own == f.Own {
			errs = append(errs, fmt.Errorf("the targets of %d are given twice: in %s and in %s", set.Year, have.Path, f.Path))
			continue
		}
		out.byYear[set.Year], out.files[set.Year] = set, f
	}
	return out, errors.Join(errs...)
}

// formKey is what forms take each other's place by.
type formKey struct {
	kind  kpi.FormKind
	table string
}

// Forms holds the layouts of forms.
type Forms struct {
	byKey map[formKey]*kpi.Form
	files map[formKey]File
}

// Lookup finds the form of a kind for a table.
func (f *Forms) Lookup(kind kpi.FormKind, table string) (*kpi.Form, error) {
	if found, ok := f.byKey[formKey{kind, table}]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("there is no form %s for table %s: add one to the folder forms of rules.dir", kind, table)
}

// File is the file of a form, as evidence.
func (f *Forms) File(kind kpi.FormKind, table string) (File, bool) {
	file, ok := f.files[formKey{kind, table}]
	return file, ok
}

func loadForms(builtin fs.FS, dir string, tables *Indicators) (*Forms, error) {
	files, err := read(builtin, dir, "forms")
	if err != nil {
		return nil, err
	}
	out := &Forms{byKey: make(map[formKey]*kpi.Form), files: make(map[formKey]File)}
	var errs []error
	for _, f := range files {
		form, err := ParseForm(f.Path, f.Data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		key := formKey{form.Kind, form.Table}
		if have, ok := out.files[key]; ok && have.Own == f.Own {
			errs = append(errs, fmt.Errorf("the form %s for table %s is given twice: in %s and in %s", key.kind, key.table, have.Path, f.Path))
			continue
		}
		out.byKey[key], out.files[key] = form, f
	}
	for key, form := range out.byKey {
		errs = append(errs, fits(form, out.files[key], tables))
	}
	return out, errors.Join(errs...)
}

// fits holds a form against the tables it is about: the points of both make 100.
func fits(form *kpi.Form, file File, tables *Indicators) error {
	if tables == nil {
		return nil // which is said already
	}
	known := false
	for _, year := range tables.Years() {
		t, ok := tables.byYear[year].Table(form.Table)
		if !ok {
			continue
		}
		known = true
		if new(big.Rat).Add(form.Execution.Rat(), t.Points.Rat()).Cmp(big.NewRat(100, 1)) != 0 {
			return fmt.Errorf("%s: execution: %s points for the budget and the %s of table %s in %s do not make 100",
				file.Path, form.Execution, t.Points, form.Table, tables.files[year].Path)
		}
	}
	if !known && file.Own {
		return fmt.Errorf("%s: table: %q is no table of any year's indicators", file.Path, form.Table)
	}
	return nil
}

package ruleset

import (
	"cmp"
	"errors"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// indicatorReader reads a file of indicators; later parts refer to earlier ones.
type indicatorReader struct {
	set    kpi.Indicators
	units  map[string]kpi.Unit
	levels map[string]kpi.Wording
	tables []tablePlan
}

// tablePlan is what a table says its rows come to.
type tablePlan struct {
	number   string
	points   strictyaml.Node
	expected []stated
}

// stated is a sum that the file states, of a level's weights.
type stated struct {
	node  strictyaml.Node
	level string
	sum   kpi.Fraction
}

var (
	codes   = regexp.MustCompile(`^[a-z][a-z0-9_]{1,59}$`)
	numbers = regexp.MustCompile(`^[0-9A-Za-z-]{1,12}$`)
)

// ParseIndicators reads the performance tables of a year; name is the file's, for
// messages. Every fault of the file is told.
func ParseIndicators(name string, data []byte) (*kpi.Indicators, error) {
	root, err := strictyaml.Parse(name, data)
	if err != nil {
		return nil, err
	}
	r := &indicatorReader{units: make(map[string]kpi.Unit), levels: make(map[string]kpi.Wording)}
	parts := make(map[string]strictyaml.Node)
	part := func(key string) func(strictyaml.Node) { return func(n strictyaml.Node) { parts[key] = n } }
	fields(root, map[string]func(strictyaml.Node){
		"year":       func(n strictyaml.Node) { r.set.Year = n.Integer(1990, 2099) },
		"centre":     into(&r.set.Centre, wording),
		"source":     into(&r.set.Source, filled),
		"units":      part("units"),
		"levels":     part("levels"),
		"tables":     part("tables"),
		"indicators": part("indicators"),
	}, "year", "centre", "units", "levels", "tables", "indicators")
	for _, p := range []struct {
		key  string
		read func(strictyaml.Node)
	}{{"units", r.readUnits}, {"levels", r.readLevels}, {"tables", r.readTables}, {"indicators", r.readIndicators}} {
		if n, given := parts[p.key]; given {
			p.read(n)
		}
	}
	r.checkTables()
	if err := errors.Join(root.Faults()...); err != nil {
		return nil, err
	}
	return &r.set, nil
}

func (r *indicatorReader) readUnits(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		u := kpi.Unit{Name: kpi.Wording{ZH: p.Name}, Scale: kpi.Whole(1)}
		fields(p.Node, map[string]func(strictyaml.Node){
			"en": into(&u.Name.EN, filled),
			"scale": func(n strictyaml.Node) {
				if u.Scale = amount(n); u.Scale.Num == 0 {
					n.Fail("a unit of nothing measures nothing")
					u.Scale = kpi.Whole(1)
				}
			},
			"decimals": func(n strictyaml.Node) { u.Decimals = n.Integer(0, 6) },
		}, "en")
		r.units[p.Name] = u
	}
}

func (r *indicatorReader) readLevels(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		r.levels[p.Name] = kpi.Wording{ZH: p.Name, EN: filled(p.Node)}
	}
}

func (r *indicatorReader) readTables(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		if !numbers.MatchString(p.Name) {
			p.Key.Fail("%q is no number of a table: letters, digits and - make one", p.Name)
		}
		t := kpi.Table{Number: p.Name}
		plan := tablePlan{number: p.Name, points: p.Key}
		fields(p.Node, map[string]func(strictyaml.Node){
			"title":      into(&t.Title, wording),
			"subject":    into(&t.Subject, wording),
			"department": into(&t.Department, wording),
			"term":       into(&t.Term, wording),
			"goals":      into(&t.Goals, wordings),
			"points":     func(n strictyaml.Node) { plan.points, t.Points = n, amount(n) },
			"execution":  into(&t.Execution, amount),
			"groups":     func(n strictyaml.Node) { plan.expected = append(plan.expected, r.sums(n)...) },
			"subgroups":  func(n strictyaml.Node) { plan.expected = append(plan.expected, r.sums(n)...) },
			"budget":     into(&t.Budget, budget),
			"note":       into(&t.Note, wording),
		}, "title", "subject", "points", "execution", "groups", "budget")
		if sum := new(big.Rat).Add(t.Points.Rat(), t.Execution.Rat()); sum.Cmp(big.NewRat(100, 1)) != 0 {
			p.Key.Fail("points and execution come to %s, not to 100", sum.FloatString(2))
		}
		r.set.Tables = append(r.set.Tables, t)
		r.tables = append(r.tables, plan)
	}
}

func (r *indicatorReader) sums(n strictyaml.Node) (list []stated) {
	for _, p := range n.Pairs() {
		if _, known := r.levels[p.Name]; !known {
			p.Key.Fail("is none of the file's levels")
		}
		list = append(list, stated{node: p.Node, level: p.Name, sum: amount(p.Node)})
	}
	return list
}

func budget(n strictyaml.Node) (b kpi.Budget) {
	fields(n, map[string]func(strictyaml.Node){
		"total":  into(&b.Total, amount),
		"fiscal": into(&b.Fiscal, amount),
		"other":  into(&b.Other, amount),
		"tasks": func(n strictyaml.Node) {
			for _, item := range n.Items() {
				var t kpi.Task
				fields(item, map[string]func(strictyaml.Node){
					"name": into(&t.Name, wording), "content": into(&t.Content, wording), "amount": into(&t.Amount, amount),
				}, "name", "content", "amount")
				b.Tasks = append(b.Tasks, t)
			}
		},
	}, "total")
	return b
}

// checkTables holds the rows against what their table states.
func (r *indicatorReader) checkTables() {
	for i := range r.set.Tables {
		t, plan := &r.set.Tables[i], &r.tables[i]
		slices.SortStableFunc(t.Rows, func(a, b kpi.Row) int { return cmp.Compare(a.Number, b.Number) })
		total := new(big.Rat)
		byLevel := make(map[string]*big.Rat)
		for j := range t.Rows {
			row := &t.Rows[j]
			if row.Number != j+1 {
				plan.points.Fail("its rows are not numbered 1 to %d: there is no row %d, or two of one number", len(t.Rows), j+1)
				break
			}
			weight := row.Weight.Rat()
			total.Add(total, weight)
			for _, level := range []string{row.Level1.ZH, row.Level2.ZH} {
				if byLevel[level] == nil {
					byLevel[level] = new(big.Rat)
				}
				byLevel[level].Add(byLevel[level], weight)
			}
		}
		if total.Cmp(t.Points.Rat()) != 0 {
			plan.points.Fail("the weights of the rows come to %s, not to %s", decimal(total), t.Points)
		}
		for _, s := range plan.expected {
			have := byLevel[s.level]
			if have == nil {
				have = new(big.Rat)
			}
			if have.Cmp(s.sum.Rat()) != 0 {
				s.node.Fail("the weights of its rows come to %s, not to %s", decimal(have), s.sum)
			}
		}
	}
}

func decimal(r *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(r.FloatString(6), "0"), ".")
}

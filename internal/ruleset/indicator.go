package ruleset

import (
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

func (r *indicatorReader) readIndicators(n strictyaml.Node) {
	seen := make(map[string]bool)
	for _, item := range n.Items() {
		var v kpi.Indicator
		var rows strictyaml.Node
		fields(item, map[string]func(strictyaml.Node){
			"code": func(n strictyaml.Node) {
				switch v.Code = n.Text(); {
				case !codes.MatchString(v.Code):
					n.Fail("%q is no code: small letters, digits and _ make one", v.Code)
				case seen[v.Code]:
					n.Fail("%s is described twice", v.Code)
				}
				seen[v.Code] = true
			},
			"level":  func(n strictyaml.Node) { v.Level1, v.Level2 = r.level(n) },
			"name":   into(&v.Name, wording),
			"sign":   func(n strictyaml.Node) { v.SignPrinted, v.Sign = sign(n) },
			"value":  func(n strictyaml.Node) { v.Figure, v.Gather = value(n) },
			"pace":   func(n strictyaml.Node) { v.Pace = n.Boolean() },
			"tables": func(n strictyaml.Node) { rows = n },
			"note":   into(&v.Note, wording),
		}, "code", "level", "name", "sign", "value", "tables")
		checkIndicator(item, &v)
		r.set.List = append(r.set.List, v)
		if !rows.IsZero() {
			r.readRows(rows, &v)
		}
	}
	if len(r.set.List) == 0 {
		n.Fail("there are none")
	}
}

// checkIndicator refuses what cannot be scored.
func checkIndicator(n strictyaml.Node, v *kpi.Indicator) {
	if v.Sign == kpi.Graded && v.Figure != "" {
		n.Fail("%s is graded by a person and cannot be computed", v.Code)
	}
	if v.Pace && (v.Sign != kpi.AtLeast || v.Figure == "" && v.Gather != kpi.Sum) {
		n.Fail("%s: the pace of the year is that of a volume: of ≥, and computed or a sum of what is entered", v.Code)
	}
}

func (r *indicatorReader) level(n strictyaml.Node) (first, second kpi.Wording) {
	names := n.Texts()
	if len(names) != 2 {
		n.Fail("want the names of two levels")
		return first, second
	}
	for _, name := range names {
		if _, known := r.levels[name]; !known {
			n.Fail("%q is none of the file's levels", name)
		}
	}
	return r.levels[names[0]], r.levels[names[1]]
}

func sign(n strictyaml.Node) (printed string, used kpi.Sign) {
	signs := []kpi.Sign{kpi.AtLeast, kpi.AtMost, kpi.Equals, kpi.Graded}
	fields(n, map[string]func(strictyaml.Node){
		"printed": into(&printed, strictyaml.Node.Text),
		"used":    into(&used, choice(signs)),
	}, "printed", "used")
	return printed, used
}

func value(n strictyaml.Node) (figure kpi.Figure, gather kpi.Gather) {
	fields(n, map[string]func(strictyaml.Node){
		"figure":  into(&figure, choice(kpi.IndicatorFigures())),
		"entered": into(&gather, choice([]kpi.Gather{kpi.Sum, kpi.Latest})),
	})
	if (figure == "") == (gather == "") {
		n.Fail("say one of figure (it is computed) and entered (a person gives it)")
	}
	return figure, gather
}

// readRows reads where an indicator stands, table by table.
func (r *indicatorReader) readRows(n strictyaml.Node, v *kpi.Indicator) {
	pairs := n.Pairs()
	if len(pairs) == 0 && n.IsMapping() {
		n.Fail("%s stands in no table", v.Code)
	}
	var unit string
	for _, p := range pairs {
		t, known := r.set.Table(p.Name)
		if !known {
			p.Key.Fail("is none of the file's tables")
			continue
		}
		row := kpi.Row{Indicator: *v, NamePrinted: v.Name.ZH, Per: kpi.PerYear}
		required := []string{"row", "printed", "weight"}
		if v.Sign != kpi.Graded {
			required = append(required, "target", "unit")
		}
		counts := ""
		fields(p.Node, map[string]func(strictyaml.Node){
			"row":     func(n strictyaml.Node) { row.Number = n.Integer(1, 999) },
			"printed": into(&row.TargetPrinted, filled),
			"name":    into(&row.NamePrinted, filled),
			"target":  into(&row.Target, amount),
			"unit":    func(n strictyaml.Node) { row.Unit = r.unit(n) },
			"per":     into(&row.Per, choice([]kpi.Part{kpi.PerMonth, kpi.PerQuarter})),
			"counts":  func(n strictyaml.Node) { counts = n.Choice("mean", "every") },
			"weight":  into(&row.Weight, amount),
			"broken": func(n strictyaml.Node) {
				for _, item := range n.Items() {
					row.Broken = append(row.Broken, choice(kpi.Breaks())(item))
				}
			},
		}, required...)
		row.Every = counts == "every"
		switch {
		case v.Sign == kpi.Graded && (row.Target.Num != 0 || row.Unit.Name.ZH != ""):
			p.Node.Fail("%s is graded: it has neither target nor unit, printed says what is wanted", v.Code)
		case (v.Sign == kpi.AtLeast || v.Sign == kpi.Equals) && row.Target.Num == 0:
			p.Node.Fail("a target of 0 is always reached")
		case (row.Per == kpi.PerYear) != (counts == ""):
			p.Node.Fail("a target per month or quarter says what counts: mean or every; one of the year does not")
		case row.Per != kpi.PerYear && v.Gather != kpi.Sum:
			p.Node.Fail("a target per month or quarter is for what adds up: entered: sum")
		}
		if unit != "" && row.Unit.Name.ZH != unit {
			p.Node.Fail("%s is measured in %s here and in %s in another table: one value is entered for both", v.Code, row.Unit.Name.ZH, unit)
		}
		unit = row.Unit.Name.ZH
		t.Rows = append(t.Rows, row)
	}
}

func (r *indicatorReader) unit(n strictyaml.Node) kpi.Unit {
	u, known := r.units[n.Text()]
	if !known {
		n.Fail("%q is none of the file's units", n.Text())
	}
	return u
}

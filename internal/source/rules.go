package source

import (
	"regexp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
)

// rule decides what a row is; the first one that fits counts.
type rule struct {
	when     condition
	outcome  hotline.Outcome
	from     *textField // the outcome is the value of a column
	excluded hotline.Exclusion
	ignore   string
	deleted  bool
}

func (b *builder) outcome(n strictyaml.Node) {
	for _, it := range n.Items() {
		b.src.mapping.rules = append(b.src.mapping.rules, b.rule(it))
	}
	if len(b.src.mapping.rules) == 0 {
		n.Fail("at least one rule is needed")
	}
}

func (b *builder) rule(n strictyaml.Node) rule {
	var r rule
	decided := 0
	source := func(n strictyaml.Node) {
		if r.from == nil {
			r.from = &textField{unlisted: "keep"}
			decided++
		}
	}
	n.Object(map[string]func(strictyaml.Node){
		"when": func(n strictyaml.Node) { r.when = b.condition(n) },
		"outcome": func(n strictyaml.Node) {
			if o := b.outcomes(n); len(o) == 1 {
				r.outcome = o[0]
			}
			decided++
		},
		"excluded": func(n strictyaml.Node) {
			known := make([]string, 0, len(hotline.Exclusions()))
			for _, e := range hotline.Exclusions() {
				known = append(known, string(e))
			}
			r.excluded = hotline.Exclusion(n.Choice(known...))
		},
		"ignore": func(n strictyaml.Node) {
			decided++
			r.ignore = n.Text()
			if ok, err := regexp.MatchString(`^[a-z][a-z0-9_]{0,31}$`, r.ignore); err != nil || !ok {
				n.Fail("%q is no reason: small letters, digits and _, at most 32", r.ignore)
			}
		},
		"deleted":   func(n strictyaml.Node) { decided++; r.deleted = n.Boolean() },
		"column":    func(n strictyaml.Node) { source(n); r.from.column = b.plain(n) },
		"translate": func(n strictyaml.Node) { source(n); r.from.translate = n.Table() },
	})
	if decided != 1 {
		n.Fail("a rule decides one thing: outcome (with or without excluded), column, ignore or deleted")
	}
	if r.from != nil && r.from.column == nil && len(n.Faults()) == 0 {
		n.Fail("translate needs a column")
	}
	if r.excluded != "" && r.outcome == "" {
		n.Fail("an excluded call needs its outcome beside excluded")
	}
	if r.from != nil {
		for from, to := range r.from.translate {
			if !hotline.Outcome(to).Valid() {
				n.Fail("translate: %q becomes %q, which is no outcome", from, to)
			}
		}
	}
	return r
}

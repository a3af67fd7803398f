package source

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
)

// condition decides something about a row.
type condition func(r *record) (bool, *hotline.RejectError)

// condition reads `{column: test, …, any_of: […], all_of: […], none_of: […]}`: all of
// its entries must hold.
func (b *builder) condition(n strictyaml.Node) condition {
	var all []condition
	for _, p := range n.Pairs() {
		switch p.Name {
		case "any_of":
			all = append(all, anyOf(b.conditions(p.Node)))
		case "all_of":
			all = append(all, allOf(b.conditions(p.Node)))
		case "none_of":
			all = append(all, not(anyOf(b.conditions(p.Node))))
		default:
			if c := b.find(p.Key, p.Name); c != nil {
				all = append(all, b.test(c, p.Node))
			}
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return allOf(all)
}

func (b *builder) conditions(n strictyaml.Node) []condition {
	var out []condition
	for _, it := range n.Items() {
		out = append(out, b.condition(it))
	}
	if len(out) == 0 {
		n.Fail("at least one condition is needed")
	}
	return out
}

// find returns the column of that name, nil after noting the fault.
func (b *builder) find(at strictyaml.Node, name string) *column {
	c := b.byName[name]
	if field := target(at.Path()); c != nil && !slices.Contains(b.uses[field], name) {
		b.uses[field] = append(b.uses[field], name)
	}
	if c == nil {
		names := slices.Sorted(maps.Keys(b.byName))
		at.Fail("column %q is not under columns%s; there are: %s", name, strictyaml.Meant(name, names), strings.Join(names, ", "))
	}
	return c
}

// test reads what one column must be: a value, a list of them, present or absent, or a
// mapping of tests that must all hold.
func (b *builder) test(c *column, n strictyaml.Node) condition {
	if !n.IsMapping() {
		values := n.Texts()
		if len(values) == 1 && !n.IsList() {
			switch values[0] {
			case "present":
				return present(c)
			case "absent":
				return not(present(c))
			}
		}
		return oneOf(c, values)
	}
	var all []condition
	n.Object(map[string]func(strictyaml.Node){
		"is":          func(n strictyaml.Node) { all = append(all, oneOf(c, n.Texts())) },
		"not":         func(n strictyaml.Node) { all = append(all, not(oneOf(c, n.Texts()))) },
		"starts_with": func(n strictyaml.Node) { all = append(all, anyText(c, n.Texts(), strings.HasPrefix)) },
		"ends_with":   func(n strictyaml.Node) { all = append(all, anyText(c, n.Texts(), strings.HasSuffix)) },
		"contains":    func(n strictyaml.Node) { all = append(all, anyText(c, n.Texts(), strings.Contains)) },
		"above":       func(n strictyaml.Node) { all = append(all, compare(c, n, func(a, b float64) bool { return a > b })) },
		"below":       func(n strictyaml.Node) { all = append(all, compare(c, n, func(a, b float64) bool { return a < b })) },
		"at_least":    func(n strictyaml.Node) { all = append(all, compare(c, n, func(a, b float64) bool { return a >= b })) },
		"at_most":     func(n strictyaml.Node) { all = append(all, compare(c, n, func(a, b float64) bool { return a <= b })) },
	})
	return allOf(all)
}

func present(c *column) condition {
	return func(r *record) (bool, *hotline.RejectError) { return r.value(c) != "", nil }
}

// oneOf compares the text as it stands in the file, before `none` is applied.
func oneOf(c *column, values []string) condition {
	return func(r *record) (bool, *hotline.RejectError) { return slices.Contains(values, r.bare(c)), nil }
}

func anyText(c *column, values []string, holds func(s, sub string) bool) condition {
	return func(r *record) (bool, *hotline.RejectError) {
		v := r.bare(c)
		return slices.ContainsFunc(values, func(want string) bool { return holds(v, want) }), nil
	}
}

// compare holds integers, and durations in seconds, against a number. A column without a
// value compares with nothing: the test fails.
func compare(c *column, n strictyaml.Node, holds func(a, b float64) bool) condition {
	if c.kind != typeInteger && c.kind != typeDuration {
		n.Fail("only integers and durations (in seconds) can be compared; column %s is a %s", c.name, c.kind)
	}
	limit, err := strconv.ParseFloat(n.Text(), 64)
	if err != nil {
		n.Fail("%q is not a number", n.Text())
	}
	return func(r *record) (bool, *hotline.RejectError) {
		v := r.value(c)
		if v == "" {
			return false, nil
		}
		if c.kind == typeDuration {
			ms, err := r.duration(c, v)
			return err == nil && holds(float64(ms)/1000, limit), err
		}
		i, err := c.integer(v)
		return err == nil && holds(float64(i), limit), err
	}
}

func allOf(list []condition) condition {
	return func(r *record) (bool, *hotline.RejectError) {
		for _, c := range list {
			if ok, err := c(r); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

func anyOf(list []condition) condition {
	return func(r *record) (bool, *hotline.RejectError) {
		for _, c := range list {
			if ok, err := c(r); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
}

func not(c condition) condition {
	return func(r *record) (bool, *hotline.RejectError) {
		ok, err := c(r)
		return !ok && err == nil, err
	}
}

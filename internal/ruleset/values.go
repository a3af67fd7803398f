package ruleset

import (
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// fields reads a mapping and refuses unknown keys and the lack of any that is required.
func fields(n strictyaml.Node, readers map[string]func(strictyaml.Node), required ...string) {
	given := make(map[string]bool, len(readers))
	noting := make(map[string]func(strictyaml.Node), len(readers))
	for key, read := range readers {
		noting[key] = func(n strictyaml.Node) {
			given[key] = true
			read(n)
		}
	}
	n.Object(noting)
	for _, key := range required {
		if !given[key] && n.IsMapping() {
			n.Fail("%s is missing", key)
		}
	}
}

// into reads a value into a variable.
func into[T any](to *T, read func(strictyaml.Node) T) func(strictyaml.Node) {
	return func(n strictyaml.Node) { *to = read(n) }
}

// wording reads a text in two languages.
func wording(n strictyaml.Node) (w kpi.Wording) {
	fields(n, map[string]func(strictyaml.Node){"zh": into(&w.ZH, filled), "en": into(&w.EN, filled)}, "zh", "en")
	return w
}

func wordings(n strictyaml.Node) (list []kpi.Wording) {
	for _, item := range n.Items() {
		list = append(list, wording(item))
	}
	return list
}

// filled reads a text that says something.
func filled(n strictyaml.Node) string {
	s := n.Text()
	if s == "" {
		n.Fail("is empty")
	}
	return s
}

// amount reads a decimal number that is not negative.
func amount(n strictyaml.Node) kpi.Fraction {
	f, err := kpi.ParseFraction(n.Text())
	if err != nil {
		n.Fail("%v", err)
	} else if f.Num < 0 {
		n.Fail("%s is negative", f)
	}
	return f
}

// choice reads one of a type's words.
func choice[T ~string](words []T) func(strictyaml.Node) T {
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	return func(n strictyaml.Node) T { return T(n.Choice(plain...)) }
}
